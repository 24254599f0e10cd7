"""What the settings are, and which values they may have."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_args

from mediarack.errors import BadInput
from mediarack.requests import Capability


def _about(text: str) -> Mapping[str, str]:
    return {"about": text}


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of a Rack, the same for all its calls.

    Made by its name it holds what it is given and nothing else; ``Config.load`` reads file and environment too. Raises
    BadInput for a value that is not allowed. What each key means stands in its field's metadata, which is where
    ``mediarack config schema`` has it from.
    """

    threads: int | None = field(
        default=None,
        metadata=_about(
            "CPU threads per call, 1 or more; not set: what this process may use (affinity, cgroup limits)."
        ),
    )
    offline: bool = field(
        default=False, metadata=_about("Never download. The hub's own HF_HUB_OFFLINE is obeyed as well.")
    )
    weights_dirs: tuple[Path, ...] = field(
        default=(), metadata=_about("Directories searched for models, each holding one directory per model name.")
    )
    disabled: frozenset[str] = field(default=frozenset(), metadata=_about("Backends never to be used, by name."))
    prefer: Mapping[str, str] = field(
        default_factory=dict, metadata=_about("Capability to backend name: tried first when a call names none.")
    )
    concurrency: Mapping[str, int] = field(
        default_factory=dict, metadata=_about("Backend name to how many of its calls may run at once, 1 or more.")
    )
    cache_dir: Path | None = field(
        default=None,
        metadata=_about("Where mediarack keeps what it can find out again; not set: in the user's cache directory."),
    )

    def __post_init__(self) -> None:
        if self.threads is not None:
            _check_count("threads", self.threads)
        if not isinstance(self.offline, bool):
            raise BadInput(f"offline={self.offline!r}: must be true or false")
        self._set("weights_dirs", tuple(_path("weights_dirs", entry) for entry in _list("weights_dirs", self)))
        self._set("disabled", frozenset(_name("disabled", entry) for entry in _list("disabled", self)))
        self._set("prefer", _table("prefer", self.prefer))
        self._set("concurrency", _table("concurrency", self.concurrency))
        for capability, backend in self.prefer.items():
            check_known(f"prefer={dict(self.prefer)!r}", "capability", capability, get_args(Capability))
            _name(f"prefer.{capability}", backend)
        for backend, calls in self.concurrency.items():
            _check_count(f"concurrency.{backend}", calls)
        if self.cache_dir is not None:
            self._set("cache_dir", _path("cache_dir", self.cache_dir))

    def _set(self, key: str, value: Any) -> None:
        object.__setattr__(self, key, value)

    @classmethod
    def load(
        cls,
        directory: str | os.PathLike[str] | None = None,
        environ: Mapping[str, str] | None = None,
        **arguments: Any,
    ) -> Config:
        """The settings of this process; of the same key the later source wins, whole.

        Sources: defaults; the file that MEDIARACK_CONFIG names, or the first ``mediarack.toml`` found from
        ``directory`` (default: the working directory) upward; variables MEDIARACK_<KEY>; ``arguments``. ``environ``
        stands for os.environ. Raises BadInput, naming the source, for an unknown key, a wrong value or a file that
        cannot be read.
        """
        from mediarack.config.sources import load

        return load(directory, environ, arguments).config


KEYS = tuple(field.name for field in fields(Config))


def check_known(shown: str, kind: str, name: str, known: Iterable[str]) -> None:
    """Raise BadInput, with the names there are and the one that was probably meant, unless ``name`` is known."""
    known = tuple(known)
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise BadInput(f"{shown}: no {kind} is called {name!r} (there is {', '.join(known)}){hint}")


def _check_count(key: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BadInput(f"{key}={value!r}: must be a whole number, 1 or more")


def _list(key: str, config: Config) -> Iterable[Any]:
    value = getattr(config, key)
    if isinstance(value, str) or not isinstance(value, Iterable) or isinstance(value, Mapping):
        raise BadInput(f"{key}={value!r}: must be a list")
    return value


def _table(key: str, value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise BadInput(f"{key}={value!r}: must be a table")
    return {_name(key, name): entry for name, entry in value.items()}


def _name(key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadInput(f"{key}: {value!r} is no name")
    return value


def _path(key: str, value: object) -> Path:
    if not isinstance(value, str | os.PathLike) or not os.fspath(value) or "\0" in str(value):
        raise BadInput(f"{key}: {value!r} is no path")
    return Path(os.fspath(value))
