"""Commands of plugins: listed from their specs, imported when one is run or its own help asked for."""

from __future__ import annotations

import inspect
import json as json_format
import numbers
import os
import types
import typing
from typing import Any, cast

import typer
from typer.core import TyperGroup

from mediarack.calls import Calls, How
from mediarack.cli.options import Debug, Json, Quiet
from mediarack.cli.terminal import calling, print_json
from mediarack.errors import BackendUnavailable
from mediarack.extensions import CommandSpec
from mediarack.rack import Rack
from mediarack.registry import Extension, Registry

_OF_EVERY_COMMAND = {"json": Json, "quiet": Quiet, "debug": Debug}


class WithPlugins(TyperGroup):
    """The group of built-in commands, and behind them those of plugins. Built-in ones ask for no plugin."""

    _extensions: dict[str, Extension] | None = None

    def list_commands(self, ctx: Any) -> list[str]:
        self._add_plugins()
        return super().list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.commands:
            self._add_plugins()
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Where the command is about to be used, what stood for it in the list becomes the real one."""
        name, command, rest = super().resolve_command(ctx, args)
        if name in (self._extensions or {}):
            assert self._extensions is not None
            command = _command(self._extensions[name])
        return name, command, rest

    def _add_plugins(self) -> None:
        if self._extensions is None:
            self._extensions = {c.spec.name: c for c in Registry().commands if c.spec.name not in self.commands}
            self.commands.update({name: _listed(command) for name, command in self._extensions.items()})


def _listed(command: Extension) -> Any:
    """What stands for a command in the list."""

    def nothing() -> None:
        raise AssertionError("only what resolve_command gives is run")

    return _as_click(command, nothing)


def _command(command: Extension) -> Any:
    """The command with the function's own parameters. Raises BackendUnavailable if the plugin is at fault."""
    function = command.load()
    first, *parameters = inspect.signature(function).parameters.values()
    hints = _hints(function, without=first.name)
    if taken := sorted(_OF_EVERY_COMMAND.keys() & {parameter.name for parameter in parameters}):
        raise BackendUnavailable(
            f"command {command.spec.name!r} of {command.plugin or 'a plugin'} has a parameter {taken[0]!r}, "
            f"which is an option of every command: the plugin must give it another name"
        )

    def run(**arguments: Any) -> None:
        as_json = arguments.pop("json")
        for name in ("quiet", "debug"):  # their callbacks have noted them
            arguments.pop(name)
        with Rack() as rack, calling(command.spec.name) as how:
            result = function(_Calls(rack.calls, how), **arguments)
        _show(result, as_json=as_json)

    keyword = inspect.Parameter.KEYWORD_ONLY
    own = [p.replace(kind=keyword, annotation=hints.get(p.name, str)) for p in parameters]
    shared = [
        inspect.Parameter(name, keyword, default=False, annotation=kind) for name, kind in _OF_EVERY_COMMAND.items()
    ]
    run.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *shared)}
    run.__doc__ = inspect.getdoc(function)
    return _as_click(command, run)


def _hints(function: Any, *, without: str) -> dict[str, Any]:
    """Types of the parameters but the Calls, which plugins often import for type checkers alone."""
    names = {name: kind for name, kind in function.__annotations__.items() if name not in (without, "return")}
    described = types.SimpleNamespace(__annotations__=names)
    return typing.get_type_hints(described, globalns=function.__globals__, include_extras=True)


def _as_click(command: Extension, function: Any) -> Any:
    spec = cast("CommandSpec", command.spec)
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.command(
        spec.name,
        help=inspect.getdoc(function) or spec.summary,
        short_help=spec.summary,
        rich_help_panel=f"Commands of {command.plugin or 'plugins'}",
    )(function)
    return typer.main.get_command(app)


class _Calls:
    """The Calls of a command: Ctrl-C and the progress bar reach every call it makes."""

    def __init__(self, calls: Calls, how: How) -> None:
        self._calls = calls
        self._how = how

    def perform(self, request: Any, source: Any, how: How | None = None) -> Any:
        return self._calls.perform(request, source, cast("How", {**self._how, **(how or {})}))


def _show(result: Any, *, as_json: bool) -> None:
    plain = _plain(result)
    if as_json:
        print_json(plain)
    elif isinstance(plain, dict):
        for key, value in plain.items():
            typer.echo(f"{key}: {_line(value)}")
    elif plain is not None:
        for value in plain if isinstance(plain, list) else [plain]:
            typer.echo(_line(value))


def _line(value: Any) -> str:
    return value if isinstance(value, str) else json_format.dumps(value, ensure_ascii=False)


def _plain(result: Any) -> Any:
    """The result as JSON has it. Raises TypeError for what has no form there, such as samples."""
    import msgspec

    return msgspec.to_builtins(result, str_keys=True, enc_hook=_plain_value)


def _plain_value(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, numbers.Integral):  # numpy's, as the next
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    raise TypeError(f"a command cannot print {type(value).__name__}: it must return text, numbers or data made of them")
