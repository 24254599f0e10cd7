"""Every code block of the README and the docs is run, in the order it stands there."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest

import mediarack as mr

ROOT = Path(__file__).parents[1]
AT_ROOT = ("README", "CONTRIBUTING", "SECURITY", "THIRD_PARTY_NOTICES")
PAGES = [
    *(ROOT / f"{name}.md" for name in AT_ROOT),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "packages").glob("*/README.md")),
]
BLOCK = re.compile(
    r"(?:`(?P<file>[\w/]+\.py|mediarack\.toml)`[^`\n]*:\n\n)?^ *```(?P<language>\w+)\n(?P<code>.*?)^ *```",
    re.DOTALL | re.MULTILINE,
)


def blocks(page: Path) -> list[re.Match[str]]:
    return list(BLOCK.finditer(page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_code_block_runs(page, tmp_path, monkeypatch, talk, tiny_en):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    shutil.copy(talk, "talk.mp4")
    names: dict[str, object] = {"MODEL": tiny_en, "__name__": "docs"}
    for block in blocks(page):
        language, code = block["language"], textwrap.dedent(block["code"])
        if language == "python" and block["file"]:
            Path(block["file"]).parent.mkdir(parents=True, exist_ok=True)
            Path(block["file"]).write_text(code, encoding="utf-8")
        elif language == "python":
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(code, str(page), "exec"), names)
        elif language == "console":
            run_console(code, tiny_en)
        elif language == "toml" and block["file"]:
            Path(block["file"]).write_text(code, encoding="utf-8")
            mr.Config.load(tmp_path, {})
        elif language == "toml":
            tomllib.loads(code)
        elif language == "sh":
            for line in code.splitlines():
                assert runs_a_script(line) or installs_what_exists(line), line
        else:
            pytest.fail(f"{page.name}: nobody runs blocks of {language!r}")
    for module in [name for name in sys.modules if name.startswith("mediarack_wave")]:
        del sys.modules[module]


def run_console(code: str, model: Path) -> None:
    for line in code.splitlines():
        assert line.startswith("$ mediarack "), line
        arguments = [str(model) if word == "tiny.en" else word for word in shlex.split(line)[2:]]
        argv = [sys.executable, "-m", "mediarack", *arguments]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stderr}"


def runs_a_script(line: str) -> bool:
    """A script of the workspace. Those of the README are run by .ci/run, in a fresh environment."""
    command, _, arguments = line.partition("hatch run ")
    workspace = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    scripts = workspace["tool"]["hatch"]["envs"]["default"]["scripts"]
    return command in ("", "pip install hatch && ") and arguments.split(" ")[0] in scripts


def installs_what_exists(code: str) -> bool:
    """The packages and extras named after ``pip install`` are those of this repository."""
    command, _, names = code.strip().partition("pip install ")
    for requirement in shlex.split(names):
        name, _, extra = requirement.rstrip("]").partition("[")
        folder = {"mediarack": "core"}.get(name, name.removeprefix("mediarack-"))
        project = tomllib.loads((ROOT / "packages" / folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        if project["name"] != name or (extra and extra not in project.get("optional-dependencies", {})):
            return False
    return not command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{os.path.relpath(page, ROOT)}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_picture_says_what_it_shows(page):
    for text in re.findall(r"!\[([^\]]*)\]\(", page.read_text(encoding="utf-8")):
        assert len(text.split()) >= 4, f"{page.name}: the alternative text {text!r} does not say what there is to see"


@pytest.mark.parametrize("page", sorted((ROOT / "packages").glob("*/README.md")), ids=lambda page: page.parent.name)
def test_the_readme_of_a_package_has_no_links_that_an_index_would_break(page):
    assert re.findall(r"\]\((?!https?:|#)[^)]+\)", page.read_text(encoding="utf-8")) == []
