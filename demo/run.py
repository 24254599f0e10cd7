"""``hatch run demo [FILE...]``: a talk goes in, subtitles come out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from weights import tiny_en

HERE = Path(__file__).parent
OUT = HERE / "out"


def main() -> int:
    files = sys.argv[1:] or [str(HERE / "assets" / "talk.mp4")]
    OUT.mkdir(exist_ok=True)
    print(f"Whisper tiny.en (English) from a package; the files go to {OUT}\n", flush=True)
    command = [sys.executable, "-m", "mediarack", "transcribe", *files, "--model", str(tiny_en())]
    command += ["--format", "srt", "--format", "txt", "--format", "json", "--output-dir", str(OUT), "--verbose"]
    code = subprocess.run(command, check=False).returncode
    if code == 0:
        for file in files:
            print(f"\n{(OUT / Path(file).stem).with_suffix('.srt').read_text(encoding='utf-8')}")
    return code


if __name__ == "__main__":
    sys.exit(main())
