"""Which samples are read, and by which laws they are mixed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt
import pytest

from mediarack import Audio, BadInput, Rack

Sound = npt.NDArray[np.float32]
RATE = 44_100
EXACT = {
    "wav": "pcm_s16le",
    "flac": "flac",
    "mka": "flac",
    "mov": "pcm_s16be",
    "aiff": "pcm_s16be",
    "caf": "pcm_s16le",
}
LOSSY = {
    "mp3": ("libmp3lame", {}),
    # Perceptual noise substitution draws its noise anew with every decoder.
    "m4a": ("aac", {"aac_pns": "0"}),
    "mkv": ("aac", {"aac_pns": "0"}),
    "ts": ("aac", {"aac_pns": "0"}),
    "ogg": ("libopus", {"rate": "48000"}),
    "ac3": ("ac3", {}),
}
WINDOWS = [(0.0, 0.5), (3.3, 4.0), (8.1234, 9.9), (10.77, 10.7701), (11.5, None)]


@pytest.fixture(params=[*EXACT, *LOSSY])
def any_file(make_sound: Callable[..., Path], request: pytest.FixtureRequest) -> Path:
    codec, options = (EXACT[request.param], {}) if request.param in EXACT else LOSSY[request.param]
    return make_sound(f"any.{request.param}", codec, **options)


def between(whole: Sound, rate: int, begin: float, start: float, end: float | None) -> Sound:
    first = max(0, round((start - begin) * rate))
    return whole[:, first : None if end is None else round((end - begin) * rate)]


@pytest.mark.parametrize("suffix", EXACT)
def test_lossless_files_give_back_what_was_written(
    rack: Rack, make_sound: Callable[..., Path], sound: Sound, suffix: str
) -> None:
    audio = rack.read_audio(make_sound(f"any.{suffix}", EXACT[suffix]))
    assert (audio.sample_rate, audio.start_seconds) == (RATE, 0.0)
    assert audio.samples.dtype == np.float32
    assert np.array_equal(audio.samples, sound)


@pytest.mark.parametrize(("start", "end"), WINDOWS)
def test_a_window_is_a_slice_of_the_whole(rack: Rack, any_file: Path, start: float, end: float | None) -> None:
    whole = rack.read_audio(any_file)
    window = rack.read_audio(any_file, start=start, end=end)
    expected = between(whole.samples, whole.sample_rate, whole.start_seconds, start, end)
    assert window.samples.shape == expected.shape
    if any_file.suffix != ".ac3":  # whose decoder fills up with noise
        assert np.array_equal(window.samples, expected)
    assert window.start_seconds == pytest.approx(max(start, whole.start_seconds), abs=1 / RATE)


@pytest.mark.parametrize(("start", "end"), WINDOWS)
@pytest.mark.parametrize("rate", [16_000, 48_000, 11_027])
def test_a_resampled_window_is_a_slice_of_the_resampled_whole(
    rack: Rack, wav: Path, rate: int, start: float, end: float | None
) -> None:
    whole = rack.read_audio(wav, sample_rate=rate, channels=1)
    window = rack.read_audio(wav, sample_rate=rate, channels=1, start=start, end=end)
    expected = between(whole.samples, rate, 0.0, start, end)
    assert window.samples.shape == expected.shape
    assert np.abs(window.samples - expected).max() < 1e-6


def test_seconds_count_from_where_the_container_starts(rack: Rack, make_sound: Callable[..., Path]) -> None:
    path = make_sound("any.mp3", "libmp3lame")
    assert rack.probe(path).start_seconds == pytest.approx(1105 / RATE, abs=1e-6)  # what the decoder needs to begin
    assert rack.read_audio(path).start_seconds == 0.0


def test_sound_that_begins_later_than_the_pictures_says_when(rack: Rack, media: Path, steady: Path) -> None:
    import av

    path = media / "late.mkv"
    with av.open(str(steady)) as source, av.open(str(path), "w") as target:
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is None:
                continue
            if packet.stream.type == "audio":
                packet.pts += 48_000 * 2
                packet.dts += 48_000 * 2
            packet.stream = streams[packet.stream.index]
            target.mux(packet)
    whole = rack.read_audio(path)
    assert whole.start_seconds == pytest.approx(2.0, abs=0.03)
    window = rack.read_audio(path, start=1.0, end=3.0)
    assert window.start_seconds == whole.start_seconds
    assert window.num_samples == round((3.0 - whole.start_seconds) * 48_000)
    with pytest.raises(BadInput, match=r"no audio from 0 s to 1 s: its audio begins at (2\.0|1\.9)"):
        rack.read_audio(path, end=1.0)


@pytest.mark.parametrize(("start", "end"), [(12.0, None), (12.5, 13.0), (5000.0, None)])
def test_a_window_past_the_end_is_refused_with_the_duration(
    rack: Rack, wav: Path, start: float, end: float | None
) -> None:
    with pytest.raises(BadInput, match=r"no audio from .* lasts 12\.000 s"):
        rack.read_audio(wav, start=start, end=end)


def test_mean_downmix_of_stereo_is_the_mean_of_both_channels(rack: Rack, wav: Path, sound: Sound) -> None:
    mono = rack.read_audio(wav, channels=1)
    assert mono.samples.shape == (1, sound.shape[1])
    assert np.abs(mono.samples[0] - sound.mean(axis=0)).max() < 1e-7


def test_ffmpeg_downmix_of_stereo_is_3_db_louder(rack: Rack, wav: Path, sound: Sound) -> None:
    mono = rack.read_audio(wav, channels=1, downmix="ffmpeg")
    assert np.abs(mono.samples[0] - sound.sum(axis=0) * np.float32(0.5**0.5)).max() < 1e-6


@pytest.mark.parametrize("downmix", ["mean", "ffmpeg"])
def test_weights_of_surround_channels(rack: Rack, make_sound: Callable[..., Path], downmix: str) -> None:
    one_after_the_other = np.kron(np.eye(6, dtype=np.float32), np.ones((1, 1000), np.float32)) / 2
    path = make_sound("surround.wav", "pcm_f32le", one_after_the_other, layout="5.1")
    mono = rack.read_audio(path, channels=1, downmix=downmix)  # type: ignore[arg-type]
    weights = mono.samples[0, 500::1000] * 2
    # Front left and right, centre, low frequencies (left out), back left and right; 0.7071 each step down.
    ffmpeg = np.array([0.5**0.5, 0.5**0.5, 1.0, 0.0, 0.5, 0.5])
    assert weights == pytest.approx(ffmpeg / ffmpeg.sum() if downmix == "mean" else ffmpeg, abs=1e-6)


def test_more_channels_than_there_are(rack: Rack, wav: Path) -> None:
    mono = rack.read_audio(wav, channels=1)
    rack_mono = rack.write_audio(mono, wav.with_name("mono.wav"), encoding="float32")
    stereo = rack.read_audio(rack_mono, channels=2)
    assert np.abs(stereo.samples - mono.samples * np.float32(0.5**0.5)).max() < 1e-6


def test_resampling_keeps_a_tone_and_its_level(rack: Rack, make_sound: Callable[..., Path]) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(2 * RATE) / RATE)[None].astype(np.float32)
    audio = rack.read_audio(make_sound("tone.wav", "pcm_f32le", tone, layout="mono"), sample_rate=16_000)
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(audio.num_samples) / 16_000)
    assert audio.num_samples == pytest.approx(32_000, abs=1)
    assert np.abs(audio.samples[0, 200:-200] - expected[200:-200]).max() < 1e-3


def test_blocks_last_a_second_and_are_the_callers_own(rack: Rack, wav: Path) -> None:
    with rack.iter_audio(wav) as blocks:
        assert blocks.header.expected_samples == 12 * RATE
        held = list(blocks)
    assert [block.num_samples for block in held] == [RATE] * 12
    assert [block.start_seconds for block in held] == list(range(12))
    assert all(block.samples.flags.c_contiguous and block.samples.flags.writeable for block in held)


def test_progress_tells_seconds_done_of_all(rack: Rack, wav: Path) -> None:
    seen: list[tuple[float, float | None, str]] = []
    rack.read_audio(wav, progress=lambda p: seen.append((p.done, p.total, p.unit)))
    assert seen == [(n, 12.0, "seconds") for n in range(1, 13)]


def test_sound_without_any_sample_is_empty(rack: Rack, tmp_path: Path) -> None:
    silent = rack.write_audio(Audio(samples=np.zeros((1, 0), np.float32), sample_rate=RATE), tmp_path / "empty.wav")
    assert rack.read_audio(silent).samples.shape == (1, 0)


@pytest.mark.parametrize("suffix", [s for s in [*EXACT, *LOSSY] if s not in ("m4a",)])
def test_the_whole_equals_what_the_ffmpeg_command_decodes(
    rack: Rack, make_sound: Callable[..., Path], suffix: str
) -> None:
    codec, options = (EXACT[suffix], {}) if suffix in EXACT else LOSSY[suffix]
    path = make_sound(f"any.{suffix}", codec, **options)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-f", "f32le", "-"]
    raw = subprocess.run(command, capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout
    theirs = np.frombuffer(raw, np.float32).reshape(-1, 2).T
    ours = rack.read_audio(path).samples
    # Other FFmpeg versions round AAC and Vorbis otherwise.
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 1e-6


def test_sound_in_memory_is_read_like_its_file(rack: Rack, wav: Path) -> None:
    asked = {"sample_rate": 16_000, "channels": 1, "start": 3.0, "end": 7.5}
    from_memory = rack.read_audio(rack.read_audio(wav), **asked)  # type: ignore[arg-type]
    assert np.array_equal(from_memory.samples, rack.read_audio(wav, **asked).samples)  # type: ignore[arg-type]


def test_a_stream_of_sound_is_a_source(rack: Rack, wav: Path) -> None:
    whole = rack.read_audio(wav, sample_rate=16_000, channels=1, start=3.0)
    again = rack.read_audio(rack.iter_audio(wav), sample_rate=16_000, channels=1, start=3.0)
    assert np.array_equal(again.samples, whole.samples)
    assert [record.capability for record in again.provenance.calls] == ["read_audio"]


@pytest.mark.parametrize(("rate", "channels"), [(None, None), (16_000, 1), (48_000, 2), (22_050, None)])
def test_a_far_window_of_uncompressed_sound_is_the_same_part_of_the_whole(
    rack: Rack, wav: Path, rate: int | None, channels: int | None
) -> None:
    whole = rack.read_audio(wav, sample_rate=rate, channels=channels)
    part = rack.read_audio(wav, sample_rate=rate, channels=channels, start=7.123, end=9.876)
    first = round(7.123 * whole.sample_rate)
    assert part.start_seconds == first / whole.sample_rate
    assert np.allclose(part.samples, whole.samples[:, first : first + part.num_samples], atol=1e-6)
