"""``mediarack backends``: what is installed, what of it can be used, and why the rest cannot."""

from __future__ import annotations

from typing import Any

from mediarack.cli.options import Debug, Json
from mediarack.cli.terminal import console, print_json
from mediarack.registry import Registry


def backends(json: Json = False, debug: Debug = False) -> None:
    """List backends by capability, best first, and why some cannot be used. Imports no engine."""
    registry = Registry()
    rows = [_row(backend) for backend in registry.backends]
    if json:
        problems = [{"plugin": problem.plugin, "reason": problem.reason} for problem in registry.problems]
        print_json({"backends": rows, "problems": problems})
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table("capability", "backend", "engine", "plugin", "state", box=None, pad_edge=False)
    for row in rows:
        state = "[green]installed[/]" if row["usable"] else f"[yellow]{escape(row['reason'])}[/]"
        engine, plugin = f"{row['engine']} {row['engine_version']}", f"{row['plugin']} {row['plugin_version']}"
        table.add_row(row["capability"], row["backend"], engine, plugin, state)
    out = console(stderr=False)
    if rows:
        out.print(table)
    else:
        out.print("No backend is installed. For example: pip install 'mediarack-decode-ffmpeg[pyav]'", markup=False)
    for problem in registry.problems:
        out.print(f"[bold red]{escape(problem.plugin)}[/] {escape(problem.reason)}")


def _row(backend: Any) -> dict[str, Any]:
    spec, unmet = backend.spec, backend.unmet_requirements
    return {
        "capability": spec.capability,
        "backend": spec.name,
        "engine": spec.engine,
        "engine_version": backend.engine_version,
        "plugin": backend.plugin,
        "plugin_version": backend.plugin_version,
        "usable": not unmet,
        "reason": f"{'; '.join(unmet)}: {backend.install_command}" if unmet else "",
        "features": sorted(spec.features),
        "devices": list(spec.devices),
        "inputs": sorted(spec.inputs),
        "languages": sorted(set(spec.languages.values())),
        "priority": spec.priority,
    }
