"""``hatch run bench-resources``: the memory of long reads, and how long an event loop is held up.

Memory is the peak of the whole process and its children over the bytes of the result. The loop's lag is how much later
than asked a sleep of a millisecond ends, while a model is loaded for the first time and while it works. Writes
benchmarks/out/resources.json too.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "demo"))
TALK = ROOT / "demo" / "assets" / "talk.mp4"
OUT = Path(__file__).parent / "out"

READ = """
import resource, sys
import mediarack as mr
from memory import peak

audio = mr.read_audio(sys.argv[1], sample_rate=16_000, channels=1, backend=sys.argv[2])
programs = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
print((peak() + programs) / audio.samples.nbytes)
"""


def main() -> None:
    if sys.argv[1:] == ["--lag"]:
        print(json.dumps(asyncio.run(lags())))
        return
    results: dict[str, Any] = {"read_audio of two hours, peak over result": memory()}
    # In a process of its own: only the first call of a process loads the engines.
    argv = [sys.executable, __file__, "--lag"]
    results["event loop, milliseconds"] = json.loads(subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout)
    for title, values in results.items():
        print(title)
        for name, value in values.items():
            print(f"  {name:40}{value:10.2f}")
    OUT.mkdir(exist_ok=True)
    (OUT / "resources.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def memory() -> dict[str, float]:
    from long_sound import repeated_talk

    import mediarack as mr

    argv = [sys.executable, "-c", READ]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "demo")}
    names = [b.spec.name for b in mr.Rack().registry.backends if b.spec.capability == "read_audio"]
    with tempfile.TemporaryDirectory() as folder:
        path = repeated_talk(Path(folder) / "two-hours.m4a", 162)
        for name in names:  # so that the engine's import has been tried, in a process of its own
            mr.read_audio(path, end=1.0, backend=name)
        return {
            name: float(subprocess.run([*argv, path, name], check=True, stdout=subprocess.PIPE, env=env).stdout)
            for name in names
        }


async def lags() -> dict[str, float]:
    from weights import tiny_en

    import mediarack as mr

    model = tiny_en()
    with mr.Rack() as rack:
        return {
            "idle": await worst_lag(lambda: asyncio.sleep(1)),
            "while tiny.en loads and transcribes 44 s": await worst_lag(lambda: rack.aio.transcribe(TALK, model=model)),
            "while it transcribes again": await worst_lag(lambda: rack.aio.transcribe(TALK, model=model)),
            "while a minute of frames is read": await worst_lag(lambda: rack.aio.read_frames(TALK, every=0.2)),
        }


async def worst_lag(work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds."""
    worst = 0.0

    async def tick() -> None:
        nonlocal worst
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0.001)
            worst = max(worst, time.perf_counter() - begun - 0.001)

    ticker = asyncio.create_task(tick())
    await work()
    ticker.cancel()
    return worst * 1e3


if __name__ == "__main__":
    main()
