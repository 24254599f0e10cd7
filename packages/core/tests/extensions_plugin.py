"""Commands and checks of a plugin, as a third party would write them."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

from mediarack.plugin import PLUGIN_API, CheckSpec, CommandSpec, Finding, ProbeRequest, hookimpl

if TYPE_CHECKING:
    from mediarack.plugin import Calls


def command(name: str, function: str = "container") -> CommandSpec:
    return CommandSpec(name=name, implementation=f"{__name__}:{function}", summary="Name the container.")


def check(name: str, function: str = "fine") -> CheckSpec:
    return CheckSpec(name=name, implementation=f"{__name__}:{function}")


def plugin(*specs: CommandSpec | CheckSpec) -> object:
    """A plugin object with these commands and checks."""
    module = ModuleType("extensions")
    module.PLUGIN_API = PLUGIN_API
    commands = [spec for spec in specs if isinstance(spec, CommandSpec)]
    checks = [spec for spec in specs if isinstance(spec, CheckSpec)]
    module.mediarack_commands = hookimpl(specname="mediarack_commands")(lambda: commands)
    module.mediarack_doctor_checks = hookimpl(specname="mediarack_doctor_checks")(lambda: checks)
    return module


def container(calls: Calls, source: str, times: int = 1) -> str:
    return " ".join([calls.perform(ProbeRequest(), source).container] * times)


def fine() -> list[Finding]:
    return [Finding(level="ok", message="all is well")]


def raising() -> list[Finding]:
    raise OSError("libtoy.so: cannot open shared object file")


def leaving() -> list[Finding]:
    sys.exit("no licence")


def wrong() -> list[str]:
    return ["all is well"]
