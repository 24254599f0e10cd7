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
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "packages").glob("*/README.md"))]
BLOCK = re.compile(r"(?:`(?P<file>[\w/]+\.py)`[^`\n]*:\n\n)?```(?P<language>\w+)\n(?P<code>.*?)```", re.DOTALL)
RUN_ELSEWHERE = (
    "pip install hatch && hatch run demo\n",  # both by .ci/run, in a fresh clone
    "pip install hatch && hatch run test\n",
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
        language, code = block["language"], block["code"]
        if language == "python" and block["file"]:
            Path(block["file"]).parent.mkdir(exist_ok=True)
            Path(block["file"]).write_text(code, encoding="utf-8")
        elif language == "python":
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(code, str(page), "exec"), names)
        elif language == "console":
            run_console(code, tiny_en)
        elif language == "toml":
            tomllib.loads(code)
        elif language == "sh":
            assert code in RUN_ELSEWHERE or installs_what_exists(code), code
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
