"""A plugin of several commands, some at fault: tests/test_plugins.py puts it beside mediarack."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mediarack.plugin import CommandSpec, ProbeRequest, hookimpl

if TYPE_CHECKING:
    from mediarack.plugin import Calls

PLUGIN_API = 1


@hookimpl
def mediarack_commands() -> list[CommandSpec]:
    names = ["lengths", "taken", "gone", "breaking", "samples"]
    return [CommandSpec(name=name, implementation=f"house_plugin:{name}", summary=f"The {name}.") for name in names]


def lengths(
    calls: Calls, sources: list[Path], times: Annotated[float, typer.Option("--times", "-t")] = 1, upper: bool = False
) -> list[dict[str, object]]:
    infos = [calls.perform(ProbeRequest(), source) for source in sources]
    names = [str(source).upper() if upper else str(source) for source in sources]
    return [{"name": name, "seconds": i.duration * times} for name, i in zip(names, infos, strict=True)]


def taken(calls: Calls, json: bool = False) -> None:
    pass


def breaking(calls: Calls) -> None:
    raise KeyError("inside the plugin")


def samples(calls: Calls) -> object:
    import numpy as np

    return np.zeros(3)
