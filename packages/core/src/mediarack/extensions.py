"""What a plugin may bring beside backends: commands and checks of the installation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RESERVED_COMMANDS = frozenset(
    {
        "align", "backends", "bench", "burn", "caption", "captions", "compare", "config", "convert", "demo",
        "detect", "diarize", "doctor", "envs", "extract-audio", "extract-frames", "hardware", "help", "merge",
        "migrate", "models", "play", "plugins", "probe", "render", "separate", "speak", "subtitles",
        "transcribe", "version", "weights", "write",
    }
)  # fmt: skip
"""Names of the core's own commands, those it may get later included: a plugin's command cannot have them."""


@dataclass(frozen=True, kw_only=True)
class CommandSpec:
    """A verb of a plugin's own: ``rack.command(name)(...)`` in Python, ``mediarack NAME ...`` in a terminal.

    name: lower case, words parted by hyphens, none of RESERVED_COMMANDS. implementation: "module:function"; the module
    is imported when the command is run or its own help asked for. summary: one line for the list of commands.
    The function's first parameter is the Calls. The others become arguments and options as typer reads their types and
    defaults; ``json``, ``quiet`` and ``debug`` are options of every command and cannot be among them. What it returns
    is the verb's result; the command line prints it, as JSON with --json.
    """

    name: str
    implementation: str
    summary: str


@dataclass(frozen=True, kw_only=True)
class CheckSpec:
    """A look at the installation. implementation: "module:function", without arguments, returning Findings."""

    name: str
    implementation: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found. ``remedy`` is what to do about it: a command where there is one."""

    level: Literal["ok", "warning", "problem"]
    message: str
    remedy: str = ""
