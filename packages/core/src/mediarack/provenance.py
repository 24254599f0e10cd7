"""How a result came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mediarack.errors import PassedOver


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What ran where, how long, and who was passed over.

    ``seconds`` is wall time from the call to its last item, as far as it has got while a stream is still open; it
    includes the time of the ``calls`` this one made and, in a stream, the time the consumer took. ``details`` is what
    the backend says of itself (weights, compute type).
    """

    call_id: str
    capability: str
    backend: str
    engine: str
    engine_version: str
    plugin: str
    plugin_version: str
    placement: str
    device: str
    threads: int
    seconds: float
    details: Mapping[str, str] = field(default_factory=dict)
    passed_over: tuple[PassedOver, ...] = ()
    calls: tuple[Provenance, ...] = ()
