"""THIRD_PARTY_NOTICES.md names all that the packages and this workspace require, with the licence it states itself."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
NOTICES = (ROOT / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8")


def of_packages() -> set[str]:
    names = set()
    for path in ROOT.glob("packages/*/pyproject.toml"):
        project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        lines = [
            *project["dependencies"],
            *(line for lines in project.get("optional-dependencies", {}).values() for line in lines),
        ]
        names |= {canonicalize_name(Requirement(line).name) for line in lines}
    return {name for name in names if not name.startswith("mediarack")}


def of_workspace() -> set[str]:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    environments = tool["hatch"]["envs"].values()
    return {
        canonicalize_name(Requirement(line).name)
        for env in environments
        for key in ("dependencies", "extra-dependencies")
        for line in env.get(key, ())
    }


ROWS = {
    canonicalize_name(cells[0].split()[0]): line
    for line in NOTICES.splitlines()
    if line.startswith("| ") and (cells := [cell.strip() for cell in line.strip("|").split("|")])
}


@pytest.mark.parametrize("name", sorted(of_packages()))
def test_what_a_package_requires_has_a_row(name):
    assert name in ROWS


@pytest.mark.parametrize("name", sorted(of_workspace()))
def test_what_the_workspace_requires_is_named(name):
    assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", NOTICES)


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_row_gives_the_licence_that_the_package_states(name):
    """Where it is installed and its metadata has an SPDX expression, which older releases have not."""
    try:
        stated = importlib.metadata.metadata(name).get("License-Expression")
    except importlib.metadata.PackageNotFoundError:
        stated = None
    if stated:
        assert re.split(r" (?:AND|OR) ", stated)[0] in ROWS[name]
