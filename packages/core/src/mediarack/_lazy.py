"""Names of a façade, imported from their own modules when first used (PEP 562)."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def attach(module: dict[str, Any], exports: Mapping[str, tuple[str, ...]]) -> tuple[Callable[[str], Any], list[str]]:
    """``__getattr__`` and ``__all__`` for the module with these globals; ``exports`` maps modules to their names."""
    home = {name: source for source, names in exports.items() for name in names}

    def getattr_(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module {module['__name__']!r} has no attribute {name!r}")
        module[name] = getattr(importlib.import_module(home[name]), name)
        return module[name]

    return getattr_, sorted(home)
