"""Packages of third parties: written to files, built as wheels, installed beside the core's own wheel."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement


def run(*command: object, cwd: Path | None = None, code: int = 0, **environment: str) -> str:
    """What it writes to stdout and stderr. No variable of this process leads it to the packages here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "VIRTUAL"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd, env=kept | environment, capture_output=True, text=True, timeout=250, check=False,
    )  # fmt: skip
    assert done.returncode == code, f"{command}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def wheel_of(project: Path, directory: Path) -> Path:
    before = set(directory.glob("*.whl"))
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", directory, project)
    (built,) = set(directory.glob("*.whl")) - before
    return built


class Environment:
    """A virtual environment of its own, with third-party packages linked in from the one that runs the tests."""

    def __init__(self, directory: Path, requirements: Iterable[str]) -> None:
        venv.create(directory, with_pip=True)
        self.directory = directory
        self.binaries = directory / ("Scripts" if sys.platform == "win32" else "bin")
        self.python = self.binaries / "python"
        site = "import sysconfig; print(sysconfig.get_path('purelib'))"
        self.packages = Path(run(self.python, "-c", site).strip())
        for name in closure(requirements):
            self._link(importlib.metadata.distribution(name))

    def install(self, *wheels: Path) -> None:
        run(self.python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", *wheels)

    def uninstall(self, *names: str) -> None:
        run(self.python, "-m", "pip", "uninstall", "--quiet", "--yes", *names)

    def mediarack(self, *arguments: object, cwd: Path | None = None, code: int = 0) -> str:
        cache = str(self.directory / "cache")
        return run(self.binaries / "mediarack", *arguments, cwd=cwd, code=code, XDG_CACHE_HOME=cache)

    def _link(self, distribution: importlib.metadata.Distribution) -> None:
        tops = {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}
        for top in tops:
            source, target = Path(str(distribution.locate_file(top))), self.packages / top
            if target.exists():
                continue
            if sys.platform != "win32":
                target.symlink_to(source)
            elif source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy(source, target)


def closure(requirements: Iterable[str]) -> set[str]:
    """Names of all distributions that these need, themselves included."""
    found: set[str] = set()
    waiting = list(requirements)
    while waiting:
        requirement = Requirement(waiting.pop())
        if requirement.name.lower() in found or not wanted(requirement):
            continue
        found.add(requirement.name.lower())
        waiting += importlib.metadata.requires(requirement.name) or ()
    return found


def wanted(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})
