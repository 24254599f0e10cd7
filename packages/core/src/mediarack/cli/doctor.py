"""``mediarack doctor``: what is wrong with the installation and what to do about it."""

from __future__ import annotations

import typer

from mediarack.cli.options import Debug, Json
from mediarack.cli.terminal import EXIT_CODES, console, print_json
from mediarack.config import Config
from mediarack.doctor import Diagnosis, examine
from mediarack.errors import BackendUnavailable
from mediarack.registry import Registry

_SHOWN = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "problem": "[bold red]problem[/]"}


def doctor(json: Json = False, debug: Debug = False) -> None:
    """Look the installation over, and say what to do about what is wrong. Exit code 5 if there is a problem."""
    diagnoses = list(examine(Registry(), Config.load()))
    if json:
        print_json({"findings": [_row(diagnosis) for diagnosis in diagnoses]})
    else:
        _show(diagnoses)
    if any(diagnosis.finding.level == "problem" for diagnosis in diagnoses):
        raise typer.Exit(EXIT_CODES[BackendUnavailable])


def _show(diagnoses: list[Diagnosis]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("", "check", "found", box=None, pad_edge=False, show_header=False)
    for diagnosis in diagnoses:
        finding = diagnosis.finding
        remedy = f"\n-> {finding.remedy}" if finding.remedy else ""
        name = diagnosis.check if diagnosis.plugin == "mediarack" else f"{diagnosis.check} ({diagnosis.plugin})"
        table.add_row(_SHOWN[finding.level], escape(name), escape(finding.message + remedy))
    console(stderr=False).print(table)


def _row(diagnosis: Diagnosis) -> dict[str, str]:
    finding = diagnosis.finding
    return {
        "check": diagnosis.check,
        "plugin": diagnosis.plugin,
        "level": finding.level,
        "message": finding.message,
        "remedy": finding.remedy,
    }
