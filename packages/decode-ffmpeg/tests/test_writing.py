"""Sound and pictures into files."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from mediarack import Audio, BadInput, OutputError, Rack


@pytest.fixture
def every_level() -> Audio:
    """Each 16-bit value once, as two channels."""
    levels = np.arange(-32768, 32768, dtype=np.int16)
    samples = np.stack([levels, levels[::-1]]).astype(np.float32) / np.float32(32768)
    return Audio(samples=samples, sample_rate=44_100)


def test_sixteen_bits_come_back_bit_for_bit(rack: Rack, tmp_path: Path, every_level: Audio) -> None:
    path = rack.write_audio(every_level, tmp_path / "a.wav")
    assert np.array_equal(rack.read_audio(path).samples, every_level.samples)


def test_the_standard_library_reads_the_same(rack: Rack, tmp_path: Path, every_level: Audio) -> None:
    path = rack.write_audio(every_level, tmp_path / "a.wav")
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (44_100, 2, 2)
        stored = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2).T
    assert np.array_equal(stored, np.rint(every_level.samples * 32768).astype(np.int16))


def test_levels_beyond_full_scale_are_clipped(rack: Rack, tmp_path: Path) -> None:
    loud = Audio(samples=np.array([[1.5, 1.0, -1.0, -7.0]], np.float32), sample_rate=8000)
    path = rack.write_audio(loud, tmp_path / "a.wav")
    assert (rack.read_audio(path).samples * 32768).tolist() == [[32767, 32767, -32768, -32768]]


def test_float_samples_are_written_as_they_are(rack: Rack, tmp_path: Path) -> None:
    samples = np.random.default_rng(1).normal(0, 2, (3, 5000)).astype(np.float32)
    path = rack.write_audio(Audio(samples=samples, sample_rate=22_050), tmp_path / "a.wav", encoding="float32")
    assert np.array_equal(rack.read_audio(path).samples, samples)


@pytest.mark.parametrize("channels", [1, 2, 6, 9, 20])
def test_any_number_of_channels(rack: Rack, tmp_path: Path, channels: int) -> None:
    samples = np.random.default_rng(1).uniform(-1, 1, (channels, 900)).astype(np.float32)
    path = rack.write_audio(Audio(samples=samples, sample_rate=8000), tmp_path / "a.wav", encoding="float32")
    assert np.array_equal(rack.read_audio(path).samples, samples)


def test_no_samples_make_a_whole_file(rack: Rack, tmp_path: Path) -> None:
    path = rack.write_audio(Audio(samples=np.zeros((1, 0), np.float32), sample_rate=8000), tmp_path / "a.wav")
    with wave.open(str(path)) as file:
        assert file.getnframes() == 0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_refused_with_its_place(rack: Rack, tmp_path: Path, value: float) -> None:
    samples = np.zeros((2, 8000), np.float32)
    samples[1, 4000] = value
    with pytest.raises(BadInput, match=r"at 0\.500 s it holds NaN or infinity"):
        rack.write_audio(Audio(samples=samples, sample_rate=8000), tmp_path / "a.wav")
    assert not (tmp_path / "a.wav").exists()


def test_extracted_sound_is_the_sound_that_is_read(rack: Rack, tmp_path: Path, wav: Path) -> None:
    path = rack.extract_audio(wav, tmp_path / "a.wav", encoding="float32")
    expected = rack.read_audio(wav, sample_rate=16_000, channels=1)
    assert np.array_equal(rack.read_audio(path).samples, expected.samples)


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    # A limit on the size of files does to a write what a full disk does, but must not hit this process.
    program = f"""
import resource, signal
import numpy as np
import mediarack
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
audio = mediarack.Audio(samples=np.zeros((1, 1_000_000), np.float32), sample_rate=8000)
try:
    mediarack.Rack().write_audio(audio, {str(tmp_path / "a.wav")!r})
except mediarack.OutputError as error:
    print("told:", error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "told: cannot write" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def tone() -> Audio:
    """A second and a half of 440 Hz on the left and 660 Hz on the right."""
    seconds = np.arange(66_150) / 44_100
    both = 0.5 * np.sin(2 * np.pi * np.array([[440], [660]]) * seconds)
    return Audio(samples=both.astype(np.float32), sample_rate=44_100)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_twenty_four_bits_come_back_bit_for_bit(rack: Rack, tmp_path: Path, suffix: str) -> None:
    levels = np.random.default_rng(2).integers(-(2**23), 2**23, (2, 10_000))
    audio = Audio(samples=(levels / 2**23).astype(np.float32), sample_rate=48_000)
    path = rack.write_audio(audio, tmp_path / f"a.{suffix}", encoding="s24")
    assert np.array_equal(rack.read_audio(path).samples, audio.samples)


@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_flac_keeps_every_sample_of_every_channel(rack: Rack, tmp_path: Path, channels: int) -> None:
    levels = np.random.default_rng(2).integers(-32768, 32768, (channels, 10_000))
    audio = Audio(samples=(levels / 32768).astype(np.float32), sample_rate=44_100)
    path = rack.write_audio(audio, tmp_path / "a.flac")
    assert np.array_equal(rack.read_audio(path).samples, audio.samples)


@pytest.mark.parametrize(
    ("suffix", "codec", "rate"),
    [("mp3", "mp3", 44_100), ("opus", "opus", 48_000), ("m4a", "aac", 44_100)],
)
def test_lossy_formats_keep_the_tones_of_each_channel(
    rack: Rack, tmp_path: Path, tone: Audio, suffix: str, codec: str, rate: int
) -> None:
    path = rack.write_audio(tone, tmp_path / f"a.{suffix}")
    read = rack.read_audio(path)
    info = rack.probe(path).audio
    assert info is not None
    assert (info.codec, info.sample_rate, info.channels) == (codec, rate, 2)
    assert read.duration == pytest.approx(1.5, abs=0.08)
    middle = read.samples[:, rate // 4 : rate // 4 + rate]
    spectrum = np.abs(np.fft.rfft(middle)) * 2 / rate
    assert spectrum.argmax(axis=1).tolist() == [440, 660]
    assert spectrum.max(axis=1) == pytest.approx(0.5, abs=0.03)  # LAME takes 5 % off


@pytest.mark.parametrize(("suffix", "rate", "expected"), [("mp3", 96_000, 48_000), ("opus", 44_100, 48_000)])
def test_a_rate_that_an_encoder_does_not_know_becomes_the_nearest(
    rack: Rack, tmp_path: Path, suffix: str, rate: int, expected: int
) -> None:
    noise = np.random.default_rng(2).uniform(-0.5, 0.5, (1, rate)).astype(np.float32)
    path = rack.write_audio(Audio(samples=noise, sample_rate=rate), tmp_path / f"a.{suffix}")
    audio = rack.read_audio(path)
    assert (audio.sample_rate, audio.duration) == (expected, pytest.approx(1.0, abs=0.08))


@pytest.mark.parametrize("suffix", ["mp3", "opus", "m4a"])
def test_more_bits_a_second_make_a_larger_file(
    rack: Rack, tmp_path: Path, sound: npt.NDArray[np.float32], suffix: str
) -> None:
    audio = Audio(samples=sound[:, :200_000], sample_rate=44_100)
    sizes = [
        rack.write_audio(audio, tmp_path / f"{rate}.{suffix}", bit_rate=rate).stat().st_size
        for rate in (64_000, 128_000)
    ]
    assert sizes[1] > 1.3 * sizes[0]


def test_more_channels_than_a_format_holds_are_refused(rack: Rack, tmp_path: Path) -> None:
    audio = Audio(samples=np.zeros((6, 4410), np.float32), sample_rate=44_100)
    with pytest.raises(BadInput, match=r"cannot write 6 channels as mp3: it can hold 1, 2"):
        rack.write_audio(audio, tmp_path / "a.mp3")
    assert list(tmp_path.iterdir()) == []


def test_six_channels_stay_in_their_places(rack: Rack, tmp_path: Path) -> None:
    places = np.kron(np.eye(6), np.ones((1, 44_100))) * 0.5 * np.sin(np.arange(6 * 44_100) / 7)
    audio = Audio(samples=places.astype(np.float32), sample_rate=44_100)
    read = rack.read_audio(rack.write_audio(audio, tmp_path / "a.m4a")).samples
    power = np.stack([(read[:, n * 44_100 + 10_000 : n * 44_100 + 30_000] ** 2).mean(axis=1) for n in range(6)])
    # The fourth is the low frequencies, which encoders cut at 120 Hz; the tone is above.
    assert power.argmax(axis=1)[[0, 1, 2, 4, 5]].tolist() == [0, 1, 2, 4, 5]


@pytest.fixture
def picture() -> npt.NDArray[np.uint8]:
    """Smooth colours, of odd size."""
    down, across = np.mgrid[0:51, 0:77]
    return np.stack([across * 3, down * 4, 200 - across - down], axis=2).astype(np.uint8)


def test_png_gives_back_every_pixel(rack: Rack, tmp_path: Path, picture: npt.NDArray[np.uint8]) -> None:
    path = rack.write_image(picture, tmp_path / "a.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert np.array_equal(rack.read_frames(path).images[0], picture)


def test_gray_png_gives_back_every_pixel(rack: Rack, tmp_path: Path, picture: npt.NDArray[np.uint8]) -> None:
    path = rack.write_image(picture[:, :, :1], tmp_path / "a.png")
    assert np.array_equal(rack.read_frames(path, format="gray").images[0], picture[:, :, :1])


def test_webp_is_close_to_the_picture(rack: Rack, tmp_path: Path, picture: npt.NDArray[np.uint8]) -> None:
    path = rack.write_image(picture, tmp_path / "a.webp")
    assert path.read_bytes()[8:12] == b"WEBP"
    assert np.abs(rack.read_frames(path).images[0].astype(int) - picture).mean() < 4


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_is_close_to_the_picture(
    rack: Rack, tmp_path: Path, picture: npt.NDArray[np.uint8], channels: int
) -> None:
    path = rack.write_image(picture[:, :, :channels], tmp_path / "a.jpg")
    assert path.read_bytes().startswith(b"\xff\xd8\xff")
    expected = np.broadcast_to(picture[:, :, :channels], (51, 77, 3)).astype(int)
    assert np.abs(rack.read_frames(path).images[0] - expected).mean() < 3


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
def test_better_quality_makes_a_larger_file(rack: Rack, tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    sizes = [rack.write_image(noise, tmp_path / f"a.{suffix}", quality=q).stat().st_size for q in (1, 25, 50, 75, 95)]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 2), (0, 4, 3), (1, 70_000, 3)])
def test_other_shapes_are_refused(rack: Rack, tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(BadInput, match="cannot write an image of shape"):
        rack.write_image(np.zeros(shape, np.uint8), tmp_path / "a.jpg")


def test_an_extracted_frame_is_the_frame_on_screen(rack: Rack, tmp_path: Path, steady: Path) -> None:
    path = rack.extract_frame(steady, 4.0, tmp_path / "a.png")
    assert np.array_equal(rack.read_frames(path).images, rack.read_frames(steady, indices=[100]).images)


def test_a_missing_directory_is_an_output_error(rack: Rack, tmp_path: Path, picture: npt.NDArray[np.uint8]) -> None:
    with pytest.raises(OutputError, match="no directory"):
        rack.write_image(picture, tmp_path / "none" / "a.png")
