"""``hatch run packages``: build every wheel and sdist into dist/, and transcribe the talk in an environment of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "demo"))
EXTRAS = {"mediarack_decode_ffmpeg": "[pyav]", "mediarack_asr": "[faster-whisper]"}
TALK = ROOT / "demo" / "assets" / "talk.mp4"


def main() -> None:
    from weights import tiny_en

    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    with tempfile.TemporaryDirectory() as directory:
        fresh = Path(directory) / "fresh"
        for package in sorted((ROOT / "packages").iterdir()):
            run(sys.executable, "-m", "build", "--no-isolation", "--outdir", dist, package)
        wheels, sdists = sorted(dist.glob("*.whl")), sorted(dist.glob("*.tar.gz"))
        for path in (*wheels, *sdists):
            check_contents(path)

        print("fresh environment", flush=True)
        venv.create(fresh, with_pip=True)
        binaries = fresh / ("Scripts" if sys.platform == "win32" else "bin")
        wanted = [f"{name_of(wheel)}{EXTRAS.get(name_of(wheel), '')} @ {wheel.as_uri()}" for wheel in wheels]
        run(binaries / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted)
        run(binaries / "python", "-m", "pip", "check")
        run(binaries / "mediarack", "backends")
        run(binaries / "mediarack", "transcribe", TALK, "--model", tiny_en(), "-o", directory, "-f", "txt", "-v")
        text = (Path(directory) / "talk.txt").read_text(encoding="utf-8")
        if "best of times" not in text:
            raise SystemExit(f"the fresh environment heard {text!r}")
        print(f"{len(wheels)} wheels and {len(sdists)} sdists in {dist}; the fresh environment heard: {text[:60]!r}")


def name_of(wheel: Path) -> str:
    return wheel.name.split("-")[0]


def check_contents(path: Path) -> None:
    """A package carries its licence, its marker for type checkers, and no tests."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as file:
            names = file.namelist()
    else:
        with tarfile.open(path) as file:
            names = file.getnames()
    for needed in ("LICENSE", "py.typed"):
        if not any(name.endswith(f"/{needed}") for name in names):
            raise SystemExit(f"{path.name} lacks {needed}")
    # mediarack/testing/ is for authors of plugins; it has no tests of ours
    strays = [name for name in names if "tests/" in name or Path(name).name.startswith(("test_", "conftest"))]
    if path.suffix == ".whl" and strays:
        raise SystemExit(f"{path.name} carries {', '.join(strays)}")


def run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True)


if __name__ == "__main__":
    main()
