"""Settings of a Rack."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mediarack.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of a Rack, the same for all its calls.

    threads: CPU threads per call; None takes what this process may use (affinity, cgroup limits).
    offline: never download. The hub's own HF_HUB_OFFLINE is obeyed as well.
    weights_dirs: directories searched for models, each holding one directory per model name.
    disabled: backends never to be used, by name.
    prefer: capability to backend name: tried first when a call names none.
    concurrency: backend name to the number of calls it may do at once; others wait for their turn. Unlimited otherwise.
    """

    threads: int | None = None
    offline: bool = False
    weights_dirs: tuple[Path, ...] = ()
    disabled: frozenset[str] = frozenset()
    prefer: dict[str, str] = field(default_factory=dict)
    concurrency: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.threads is not None and self.threads < 1:
            raise BadInput(f"threads={self.threads}: must be 1 or more")
