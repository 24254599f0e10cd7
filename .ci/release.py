"""``hatch run release [PACKAGE...]``: build, check and try the packages, then print the commands that release them.

Nothing is tagged or uploaded from here. ``--rehearse`` (``hatch run packages``) does the same on a tree at work.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from distributions import ROOT, NotReady, Package, build, check_sdist, check_wheel, git, packages

sys.path.insert(0, str(ROOT / "demo"))
DIST = ROOT / "dist"
TALK = ROOT / "demo" / "assets" / "talk.mp4"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], prog="hatch run release")
    parser.add_argument("package", nargs="*", help="names; all packages if none is given")
    parser.add_argument("--rehearse", action="store_true", help="a dirty tree and unreleased versions will do")
    arguments = parser.parse_args()
    try:
        every = packages()
        chosen = choose(every, arguments.package)
        for package in every:
            print(f"{package.requirement}, {package.released_on}")
        if not arguments.rehearse:
            check_tree()
            for package in chosen:
                check_release(package)
        shutil.rmtree(DIST, ignore_errors=True)
        for package in every:
            wheel, sdist = build(package, DIST)
            check_wheel(package, wheel)
            check_sdist(package, sdist)
            run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist)
            run(sys.executable, "-m", "check_wheel_contents", wheel)
        try_fresh(every)
    except NotReady as error:
        raise SystemExit(f"not ready: {error}") from error
    if not arguments.rehearse:
        print("\nReady. In this order:\n")
        print("\n".join(line for package in chosen for line in commands(package)))


def choose(every: list[Package], names: list[str]) -> list[Package]:
    known = {package.name for package in every}
    if unknown := sorted(set(names) - known):
        raise NotReady(f"there is no package {', '.join(unknown)}; there is {', '.join(sorted(known))}")
    return [package for package in every if not names or package.name in names]


def check_tree(root: Path = ROOT) -> None:
    if changes := git("status", "--porcelain", cwd=root).rstrip():
        raise NotReady(f"the tree has changes that are not committed; commit or stash them:\n{changes}")


def check_release(package: Package) -> None:
    """Its version is dated and has not been released before."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", package.released_on):
        raise NotReady(
            f"{package.name}: its CHANGELOG.md says {package.version} - {package.released_on}: write the day"
        )
    if git("tag", "--list", package.tag, cwd=package.folder).strip():
        raise NotReady(
            f"{package.name}: the tag {package.tag} exists: released versions stay as they are, take the next"
        )


def commands(package: Package) -> list[str]:
    return [
        f'git tag -a {package.tag} -m "{package.name} {package.version}"',
        f"git push origin {package.tag}",
        f"python -m twine upload dist/{package.stem}*",
    ]


def try_fresh(every: list[Package]) -> None:
    """Install all of it by version into an environment of its own; transcribe the talk, speak and separate there."""
    from weights import tiny_en

    with tempfile.TemporaryDirectory() as directory:
        fresh = Path(directory) / "fresh"
        print("fresh environment", flush=True)
        venv.create(fresh, with_pip=True)
        binaries = fresh / ("Scripts" if sys.platform == "win32" else "bin")
        pip = (binaries / "python", "-m", "pip", "--disable-pip-version-check")
        run(*pip, "install", "--quiet", "--find-links", DIST, *(package.requirement for package in every))
        run(*pip, "check")
        run(binaries / "python", "-c", LOAD_ENTRY_POINTS)
        run(binaries / "mediarack", "backends")
        listing = subprocess.run([binaries / "mediarack", "backends", "--json"], capture_output=True, check=True)
        if problems := json.loads(listing.stdout)["problems"]:
            raise NotReady(f"in the fresh environment: {problems}")
        run(binaries / "mediarack", "transcribe", TALK, "--model", tiny_en(), "-o", directory, "-f", "txt", "-v")
        text = (Path(directory) / "talk.txt").read_text(encoding="utf-8")
        run(binaries / "mediarack", "speak", "It was the best of times.", Path(directory) / "speech.wav")
        run(binaries / "mediarack", "separate", Path(directory) / "speech.wav", "-o", directory)
    if "best of times" not in text:
        raise NotReady(f"the fresh environment heard {text!r}")
    print(f"{len(every)} packages in {DIST}; the fresh environment heard: {text[:60]!r}")


LOAD_ENTRY_POINTS = """
import importlib.metadata
for distribution in importlib.metadata.distributions():
    if distribution.name.startswith("mediarack"):
        print(distribution.name, [point.load() and point.name for point in distribution.entry_points])
"""


def run(*command: object) -> None:
    sys.stdout.flush()
    done = subprocess.run([str(part) for part in command], check=False)
    if done.returncode:
        raise NotReady(f"{' '.join(map(str, command))} ended with {done.returncode}")


if __name__ == "__main__":
    main()
