"""``mediarack config``: what the settings are, where they come from, whether they are right."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from mediarack.cli.options import Debug, Json
from mediarack.cli.terminal import console, print_json
from mediarack.config import Config
from mediarack.config.settings import KEYS
from mediarack.config.sources import Loaded, load, read_file
from mediarack.registry import Registry
from mediarack.requests import Capability

app = typer.Typer(
    name="config",
    help="Settings: mediarack.toml, the variables MEDIARACK_..., and what holds now.",
    no_args_is_help=True,
)


@app.command("show")
def show(json: Json = False, debug: Debug = False) -> None:
    """Every setting, its value, and where it comes from."""
    loaded = load()
    rows = [
        {"key": key, "value": _plain(getattr(loaded.config, key)), "origin": loaded.origins.get(key, "default")}
        for key in KEYS
    ]
    if json:
        print_json({"file": None if loaded.file is None else str(loaded.file), "settings": rows})
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table("setting", "value", "from", box=None, pad_edge=False)
    for row in rows:
        table.add_row(row["key"], escape(_shown(row["value"])), escape(row["origin"]))
    console(stderr=False).print(table)


@app.command("check")
def check(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A mediarack.toml; default: all that holds here.", show_default=False),
    ] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Tell what is wrong in the settings, and which backends they name that no plugin has."""
    if file is None:
        loaded = load()
    else:
        found = read_file(file)
        config = Config(**{key: value for key, (value, _) in found.items()})
        loaded = Loaded(config=config, origins={key: origin for key, (_, origin) in found.items()}, file=file)
    warnings = _unknown_backends(loaded)
    if json:
        print_json({"file": None if loaded.file is None else str(loaded.file), "warnings": warnings})
        return
    out = console()
    for warning in warnings:
        out.print(warning, style="yellow", markup=False)
    read = "no file" if loaded.file is None else loaded.file
    typer.echo(f"The settings are valid ({read}).")


@app.command("schema")
def schema(debug: Debug = False) -> None:
    """Print the JSON Schema of mediarack.toml, for editors."""
    print_json(file_schema())


def file_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of mediarack.toml, made from Config."""
    import msgspec

    def of_path(kind: type) -> dict[str, Any]:
        if kind is Path:
            return {"type": "string", "minLength": 1}
        raise NotImplementedError(kind)

    made = msgspec.json.schema(Config, schema_hook=of_path)["$defs"]["Config"]
    properties = {}
    for field in dataclasses.fields(Config):
        told = made["properties"][field.name]
        told.pop("default", None)
        # TOML has no null: what is not set is left out.
        told = next((kind for kind in told.get("anyOf", ()) if kind != {"type": "null"}), told)
        for number in (told, told.get("additionalProperties", {})):
            if number.get("type") == "integer":
                number["minimum"] = 1
        properties[field.name] = {"description": field.metadata["about"], **told}
    properties["prefer"]["propertyNames"] = {"enum": list(get_args(Capability))}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mediarack.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }


def _unknown_backends(loaded: Loaded) -> list[str]:
    config, registry = loaded.config, Registry()
    pairs = {(backend.spec.capability, backend.spec.name) for backend in registry.backends}
    names = {name for _, name in pairs}
    wrong = [("disabled", name) for name in sorted(config.disabled - names)]
    wrong += [("concurrency", name) for name in sorted(config.concurrency.keys() - names)]
    wrong += [(f"prefer.{capability}", name) for capability, name in sorted(config.prefer.items() - pairs)]
    return [
        f"{loaded.origins[key.split('.')[0]]}: {key} names {name!r}, which no installed plugin has (mediarack backends)"
        for key, name in wrong
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | frozenset):
        return sorted(map(str, value)) if isinstance(value, frozenset) else [str(entry) for entry in value]
    return str(value) if isinstance(value, Path) else value


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        value = [f"{name}={entry}" for name, entry in value.items()]
    if isinstance(value, list):
        return ", ".join(value) or "-"
    return "-" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
