"""``hatch run docs-images``: the pictures of the README and the docs, made by mediarack itself, into docs/images/.

Names after the command make only those. A terminal is shown with what the real command writes on it now.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.text import Text

import mediarack as mr
from mediarack.output import replacing

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
TALK = ROOT / "demo" / "assets" / "talk.mp4"
COLUMNS = 100
sys.path.insert(0, str(ROOT / "demo"))


def terminal(command: str, target: Path) -> None:
    """A command of mediarack, and what it writes, as SVG."""
    with tempfile.TemporaryDirectory() as directory:
        shutil.copy(TALK, directory)
        if "--model" in command:
            from weights import tiny_en

            shutil.copytree(tiny_en(), Path(directory) / "tiny.en")
        arguments = [sys.executable, "-m", *command.split()]
        done = subprocess.run(
            arguments,
            cwd=directory,
            env={**os.environ, "FORCE_COLOR": "1", "PYTHONUTF8": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )
        written = done.stdout.replace(f"{os.path.realpath(directory)}{os.sep}", "").replace(f"{directory}{os.sep}", "")
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{written}")
    lines = [Text(f"$ {command}", style="bold green"), *map(Text.from_ansi, written.rstrip().splitlines())]
    width = min(COLUMNS, max(len(line.plain.rstrip()) for line in lines))
    console = Console(record=True, file=io.StringIO(), width=width)
    for line in lines:
        line.rstrip()
        console.print(line, highlight=False)
    # rich names a font on a server; the readers' own monospaced one will do, and nobody learns what they read
    svg = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title=""), flags=re.DOTALL)
    with replacing(target) as aside:
        aside.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8", newline="\n")


def contact_sheet(target: Path, columns: int = 4, rows: int = 2) -> None:
    """Frames of the talk, evenly spread, side by side."""
    duration = mr.probe(TALK).duration or 0.0
    count = columns * rows
    frames = mr.read_frames(TALK, at=[duration * (n + 0.5) / count for n in range(count)], width=240)
    height, width = frames.images.shape[1:3]
    sheet = frames.images.reshape(rows, columns, height, width, 3).swapaxes(1, 2).reshape(rows * height, -1, 3)
    mr.write_image(np.ascontiguousarray(sheet), target, quality=85)


PICTURES: dict[str, Callable[[Path], None]] = {
    "probe.svg": partial(terminal, "mediarack probe talk.mp4"),
    "backends.svg": partial(terminal, "mediarack backends"),
    "transcribe.svg": partial(terminal, "mediarack transcribe talk.mp4 --model ./tiny.en -f srt -f txt -v"),
    "frames.jpg": contact_sheet,
}


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    for name in sys.argv[1:] or PICTURES:
        PICTURES[name](IMAGES / name)
        print(f"docs/images/{name}, {(IMAGES / name).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
