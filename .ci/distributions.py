"""The packages of this workspace, their wheels and sdists, and what has to hold of each."""

from __future__ import annotations

import email.parser
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
CORE = "mediarack"


class NotReady(Exception):
    """What keeps a package from being released, in words."""


@dataclass(frozen=True)
class Package:
    """A folder below packages/."""

    folder: Path

    @cached_property
    def pyproject(self) -> dict[str, Any]:
        return tomllib.loads((self.folder / "pyproject.toml").read_text(encoding="utf-8"))

    @property
    def name(self) -> str:
        return str(self.pyproject["project"]["name"])

    @property
    def extras(self) -> dict[str, list[str]]:
        return dict(self.pyproject["project"].get("optional-dependencies", {}))

    @cached_property
    def version(self) -> str:
        """As hatchling will find it: ``__version__`` in the file that pyproject.toml names."""
        path = self.folder / self.pyproject["tool"]["hatch"]["version"]["path"]
        found = re.search(r'^__version__ = "(.+)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
        if found is None:
            raise NotReady(f'{path.relative_to(self.folder.parent)} has no line __version__ = "..."')
        return found[1]

    @property
    def tag(self) -> str:
        return f"{self.name}-v{self.version}"

    @property
    def requirement(self) -> str:
        """All of it, by version: what a user would ask pip for."""
        extras = f"[{','.join(sorted(self.extras))}]" if self.extras else ""
        return f"{self.name}{extras}=={self.version}"

    @property
    def stem(self) -> str:
        """How the names of its wheel and sdist begin."""
        return f"{canonicalize_name(self.name).replace('-', '_')}-{self.version}"

    @property
    def released_on(self) -> str:
        """What its CHANGELOG says beside the version: a date, or "unreleased"."""
        text = (self.folder / "CHANGELOG.md").read_text(encoding="utf-8")
        sections = re.findall(r"^## (\S+) - (\S+)\n+(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        if not sections or sections[0][0] != self.version:
            newest = sections[0][0] if sections else "nothing"
            raise NotReady(f"{self.name}: its CHANGELOG.md begins with {newest}, the version is {self.version}")
        if not sections[0][2].strip():
            raise NotReady(f"{self.name}: the section of {self.version} in its CHANGELOG.md is empty")
        return str(sections[0][1])

    @property
    def files(self) -> set[str]:
        """Files of its folder that git has or would take, relative to the folder."""
        listing = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=self.folder)
        return {name for name in listing.split("\0") if (self.folder / name).is_file()}


def git(*arguments: str, cwd: Path = ROOT) -> str:
    done = subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotReady(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def packages(root: Path = ROOT) -> list[Package]:
    """In the order of their release: the core, on which the others depend, then the plugins by name."""
    found = [Package(path.parent) for path in (root / "packages").glob("*/pyproject.toml")]
    return sorted(found, key=lambda package: (package.name != CORE, package.name))


def build(package: Package, dist: Path) -> tuple[Path, Path]:
    """Its wheel, made from its sdist as an installer without wheels would, and the sdist."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(dist), str(package.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotReady(f"{package.name} does not build:\n{done.stdout}{done.stderr}")
    return dist / f"{package.stem}-py3-none-any.whl", dist / f"{package.stem}.tar.gz"


def check_wheel(package: Package, wheel: Path) -> None:
    """The wheel holds the files of src/, the licence, and the metadata that pyproject.toml states; nothing else."""
    with zipfile.ZipFile(wheel) as file:
        names = {name for name in file.namelist() if not name.endswith("/")}
        metadata = email.parser.BytesParser().parsebytes(file.read(f"{package.stem}.dist-info/METADATA"))
    own = {name for name in names if not name.startswith(f"{package.stem}.dist-info/")}
    source = {name.removeprefix("src/") for name in package.files if name.startswith("src/")}
    if own != source:
        strays, missing = sorted(own - source), sorted(source - own)
        raise NotReady(f"{wheel.name}: {strays or 'nothing'} too many, {missing or 'nothing'} missing")
    if not any(re.fullmatch(r"\w+/py\.typed", name) for name in own):
        raise NotReady(f"{wheel.name} lacks py.typed: without it type checkers ignore our types")
    if f"{package.stem}.dist-info/licenses/LICENSE" not in names:
        raise NotReady(f"{wheel.name} lacks the LICENSE: set license-files in pyproject.toml")
    asked = {Requirement(line) for line in package.pyproject["project"]["dependencies"]}
    for extra, lines in package.extras.items():
        asked |= {of_extra(Requirement(line), extra) for line in lines}
    stated = {Requirement(line) for line in metadata.get_all("Requires-Dist", [])}
    if asked != stated:
        raise NotReady(f"{wheel.name}: its metadata and pyproject.toml differ in {sorted(map(str, asked ^ stated))}")


def of_extra(requirement: Requirement, extra: str) -> Requirement:
    """As it stands in metadata: with the extra as a marker."""
    marker = f'({requirement.marker}) and extra == "{extra}"' if requirement.marker else f'extra == "{extra}"'
    bare = str(requirement).partition(";")[0]
    return Requirement(f"{bare} ; {marker}")


def check_sdist(package: Package, sdist: Path) -> None:
    """The sdist holds files that git has, all of src/ among them."""
    with tarfile.open(sdist) as file:
        names = {member.name.removeprefix(f"{package.stem}/") for member in file.getmembers() if member.isfile()}
    if strays := sorted(names - package.files - {"PKG-INFO", ".gitignore"}):
        raise NotReady(f"{sdist.name} carries {', '.join(strays)}, which git does not have")
    needed = {name for name in package.files if name.startswith("src/")} | {"LICENSE", "README.md", "CHANGELOG.md"}
    if missing := sorted(needed - names):
        raise NotReady(f"{sdist.name} lacks {', '.join(missing)}")
