"""Each engine's own options, importable without the engine."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mediarack.plugin import BadInput

MIN_ATTENUATION_DB = 0.1
"""At 0 the engine hands its input back at once, out of step with what it has worked on."""
MAX_ATTENUATION_DB = 100.0
"""What the engine takes for no limit."""


@dataclass(frozen=True, kw_only=True)
class DeepFilterNetOptions:
    """What DeepFilterNet offers beyond the common arguments; names, meanings and defaults are the engine's.

    attenuation_limit: decibels by which noise is lowered at most, 0.1 to 100 (no limit); less keeps some of the room,
        and fewer artefacts.
    post_filter_beta: strength of a filter that lowers very noisy parts further, 0 (none) to 0.1; the engine's authors
        use 0.02.
    """

    attenuation_limit: float = MAX_ATTENUATION_DB
    post_filter_beta: float = 0.0

    def __post_init__(self) -> None:
        for name, lowest, highest in (
            ("attenuation_limit", MIN_ATTENUATION_DB, MAX_ATTENUATION_DB),
            ("post_filter_beta", 0.0, 0.1),
        ):
            value = getattr(self, name)
            if not (math.isfinite(value) and lowest <= value <= highest):
                raise BadInput(f"{name}={value!r}: must be between {lowest:g} and {highest:g}")
