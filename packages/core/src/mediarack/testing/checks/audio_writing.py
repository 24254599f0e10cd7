"""write_audio: whole files, read back by the standard library or by another backend."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pytest

from mediarack.errors import BackendUnavailable
from mediarack.media import Audio
from mediarack.requests import AudioContainer
from mediarack.testing.checks.audio_reading import loudest_frequency
from mediarack.testing.checks.sources import stream_of
from mediarack.testing.media import tones
from mediarack.testing.subject import Subject, check

_BEGINNINGS = {
    "wav": (b"RIFF", b"RF64"),
    "flac": (b"fLaC",),
    "mp3": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"),
    "ogg": (b"OggS",),
    "opus": (b"OggS",),
    "m4a": (b"\0\0\0",),
}


def containers(subject: Subject, *among: str) -> list[str]:
    """Those of them that the spec claims, less those whose encoder the engine at hand was built without."""
    there: list[str] = []
    for container in sorted(subject.spec.features & set(among)):
        try:
            written(subject, tones(seconds=0.5, sample_rate=48_000), container=container)
        except BackendUnavailable:
            continue
        there.append(container)
    return there


def written(subject: Subject, audio: Any, **fields: Any) -> Path:
    request = subject.request(**fields)
    request.target.unlink(missing_ok=True)
    before = set(subject.directory.iterdir())
    subject.perform(audio, request)
    assert set(subject.directory.iterdir()) - before == {request.target}, "more is left than the file asked for"
    return Path(request.target)


def of_wav(path: Path) -> npt.NDArray[np.float64]:
    """Samples [channels, samples] of a WAV file; the standard library knows no extensible header before Python 3.12."""
    data, position, channels, bits = path.read_bytes(), 12, 0, 0
    while position < len(data):
        name, size = struct.unpack_from("<4sI", data, position)
        position += 8
        if name == b"fmt ":
            _, channels, _, _, _, bits = struct.unpack_from("<HHIIHH", data, position)
        elif name == b"data":
            return _samples(data[position : position + size], bits).reshape(-1, channels).T
        position += size + size % 2
    raise AssertionError(f"{path.name} has no data")


def _samples(data: bytes, bits: int) -> npt.NDArray[np.float64]:
    if bits == 32:
        return np.frombuffer(data, "<f4").astype(np.float64)
    width = bits // 8
    padded = np.zeros((len(data) // width, 4), np.uint8)
    padded[:, 4 - width :] = np.frombuffer(data, np.uint8).reshape(-1, width)
    return padded.view("<i4")[:, 0] / 2**31


@check("write_audio")
def every_container_it_claims_is_written_whole(subject: Subject) -> None:
    audio = tones(sample_rate=48_000)
    there = containers(subject, *get_args(AudioContainer))
    assert there, "none of the containers it claims can be written here"
    for container in there:
        path = written(subject, audio, container=container, target=subject.directory / f"a.{container}")
        assert path.read_bytes().startswith(_BEGINNINGS[container]), f"{path.name} does not begin like {container}"
        if not any(b.spec.capability == "read_audio" for b in subject.rack.registry.backends):
            continue  # nobody here can read it back
        back = subject.rack.read_audio(path)
        assert (back.sample_rate, back.num_channels) == (48_000, 2)
        assert back.duration == pytest.approx(3.0, abs=0.1), container
        for channel, frequency in enumerate((440.0, 1000.0)):
            assert loudest_frequency(back.samples[channel], 48_000) == pytest.approx(frequency, abs=2), container


@check("write_audio", features=("wav", "wav:s16"))
def wav_of_16_bits_keeps_its_samples_and_clips(subject: Subject) -> None:
    audio = tones()
    assert np.array_equal(of_wav(written(subject, audio, container="wav")), audio.samples)
    loud = Audio(samples=np.array([[2.0, -2.0, 0.5]], np.float32), sample_rate=8000)
    clipped = of_wav(written(subject, loud, container="wav"))
    assert clipped[0] == pytest.approx([1.0, -1.0, 0.5], abs=1 / 32768)


@check("write_audio", features=("wav", "wav:s24"))
def wav_of_24_bits_keeps_them_finer(subject: Subject) -> None:
    quiet = Audio(samples=tones().samples / np.float32(1024), sample_rate=44_100)
    back = of_wav(written(subject, quiet, container="wav", encoding="s24"))
    assert np.abs(back - quiet.samples).max() <= 1 / 2**23


@check("write_audio", features=("wav", "wav:float32"))
def wav_of_floats_keeps_samples_as_they_are(subject: Subject) -> None:
    audio = Audio(samples=tones().samples * np.float32(3.7), sample_rate=44_100)  # beyond -1..1
    back = of_wav(written(subject, audio, container="wav", encoding="float32"))
    assert np.array_equal(back, audio.samples)


@check("write_audio")
def a_stream_is_written_as_the_whole_is(subject: Subject) -> None:
    audio = tones(sample_rate=48_000)
    whole = written(subject, audio).read_bytes()
    assert written(subject, stream_of(audio)).read_bytes() == whole


@check("write_audio", features=("bit_rate",))
def a_lower_bit_rate_is_a_smaller_file(subject: Subject) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 48_000 * 4)).astype(np.float32)
    audio = Audio(samples=noise, sample_rate=48_000)
    for container in containers(subject, "mp3", "ogg", "opus", "m4a"):
        target = subject.directory / f"a.{container}"
        small, large = (
            written(subject, audio, container=container, target=target, bit_rate=rate).stat().st_size
            for rate in (64_000, 160_000)
        )
        assert small < 0.75 * large, f"{container}: {small} bytes at 64 kbit/s, {large} at 160"
