"""What is refused, what is damaged, and that nothing stays open."""

from __future__ import annotations

import gc
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from mediarack import CorruptMedia, NoSuchStream, NotMedia, Rack

Data = bytes


@pytest.fixture(params=["path", "bytes", "file"])
def given(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str, Data], Path | bytes | io.BytesIO]:
    """The same data as each kind of source."""

    def give(name: str, data: Data) -> Path | bytes | io.BytesIO:
        if request.param == "path":
            (tmp_path / name).write_bytes(data)
            return tmp_path / name
        return data if request.param == "bytes" else io.BytesIO(data)

    return give


@pytest.fixture
def playlists(steady: Path) -> dict[str, Data]:
    """Texts that make FFmpeg open another file."""
    return {
        "a.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:12\n#EXTINF:12,\n{steady}\n#EXT-X-ENDLIST\n".encode(),
        "a.ffconcat": f"ffconcat version 1.0\nfile '{steady}'\n".encode(),
        "a.txt": f"ffconcat version 1.0\nfile '{steady}'\n".encode(),
        "a.sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
        "a.mpd": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"></MPD>',
    }


@pytest.mark.parametrize("name", ["a.m3u8", "a.ffconcat", "a.txt", "a.sdp", "a.mpd"])
def test_playlists_are_refused(rack: Rack, playlists: dict[str, Data], name: str, given: Callable[..., Path]) -> None:
    for read in (rack.probe, rack.read_audio, rack.read_frames):
        with pytest.raises(NotMedia):
            read(given(name, playlists[name]))


def test_the_refusal_of_a_playlist_says_why(rack: Rack, playlists: dict[str, Data], tmp_path: Path) -> None:
    path = tmp_path / "a.m3u8"
    path.write_bytes(playlists["a.m3u8"])
    with pytest.raises(NotMedia, match=r"is refused: .*points to other files .* give the media file it points to"):
        rack.read_audio(path)


@pytest.mark.parametrize("name", ["a.txt", "a.mp4", "a.wav", "a"])
def test_text_is_no_media(rack: Rack, name: str, given: Callable[..., Path]) -> None:
    with pytest.raises(NotMedia):
        rack.probe(given(name, b"To be, or not to be, that is the question.\n" * 200))


def test_junk_is_no_media(rack: Rack, given: Callable[..., Path]) -> None:
    with pytest.raises(NotMedia, match="no media file that FFmpeg knows"):
        rack.read_audio(given("a.bin", np.random.default_rng(0).bytes(100_000)))


def test_junk_by_the_name_of_an_mp3_cannot_be_decoded(rack: Rack, tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(np.random.default_rng(0).bytes(100_000))
    with pytest.raises((NotMedia, CorruptMedia), match=r"a\.mp3"):
        rack.read_audio(path)


def test_a_name_like_an_address_is_still_a_name(rack: Rack, tmp_path: Path, wav: Path) -> None:
    colon = "" if sys.platform == "win32" else ":"  # which Windows does not allow in names
    path = tmp_path / f"http{colon}x%03d[a] é.wav"
    shutil.copy(wav, path)
    assert rack.read_audio(path).duration == 12.0


def test_missing_kind_of_stream_lists_those_there_are(rack: Rack, wav: Path) -> None:
    with pytest.raises(NoSuchStream, match=r"has no video stream \(it has 0: audio pcm_s16le\)"):
        rack.read_frames(wav)


def test_a_stream_of_the_other_kind_is_refused(rack: Rack, steady: Path) -> None:
    with pytest.raises(NoSuchStream, match="stream 0 is video, not audio"):
        rack.read_audio(steady, stream=0)
    with pytest.raises(NoSuchStream, match=r"there is no stream 5 \(it has 0: video h264, 1: audio aac\)"):
        rack.read_frames(steady, stream=5)


def test_a_stream_can_be_chosen_by_its_index(rack: Rack, steady: Path) -> None:
    assert np.array_equal(rack.read_audio(steady, stream=1).samples, rack.read_audio(steady).samples)


def test_an_mp4_without_its_index_is_told(rack: Rack, steady: Path, given: Callable[..., Path]) -> None:
    data = steady.read_bytes()
    with pytest.raises(CorruptMedia, match=r"index \(moov\).* is missing"):
        rack.probe(given("cut.mp4", data[: data.rindex(b"moov") - 100]))


@pytest.mark.parametrize("suffix", ["mkv", "flv"])
def test_a_video_that_was_cut_off_is_told_with_both_durations(
    rack: Rack, make_video: Callable[..., Path], suffix: str
) -> None:
    path = make_video(f"whole.{suffix}", [n / 25 for n in range(300)], sound=True, g=25)
    data = path.read_bytes()
    with pytest.raises(CorruptMedia, match=r"ends at \d\.\d s of the 12\.\d s it states: it is cut off"):
        rack.read_frames(data[: len(data) // 2])


@pytest.mark.parametrize(("suffix", "codec"), [("wav", "pcm_s16le"), ("flac", "flac"), ("mka", "flac")])
def test_sound_that_was_cut_off_is_told_with_both_durations(
    rack: Rack, make_sound: Callable[..., Path], suffix: str, codec: str
) -> None:
    data = make_sound(f"any.{suffix}", codec).read_bytes()
    with pytest.raises(CorruptMedia, match=r"ends at \d\.\d s of the 12\.0 s it states: it is cut off"):
        rack.read_audio(data[: len(data) // 2])


def test_what_is_there_of_a_cut_off_file_can_be_read(rack: Rack, wav: Path) -> None:
    data = wav.read_bytes()
    assert rack.read_audio(data[: len(data) // 2], end=5.0).duration == 5.0


@pytest.mark.parametrize(("suffix", "codec"), [("mp3", "libmp3lame"), ("ts", "aac"), ("aac", "aac")])
def test_no_alarm_where_the_file_states_no_duration(
    rack: Rack, make_sound: Callable[..., Path], suffix: str, codec: str
) -> None:
    data = make_sound(f"cut.{suffix}", codec).read_bytes()
    assert 5 < rack.read_audio(data[: len(data) // 2]).duration < 7


def test_no_alarm_for_a_wav_that_came_through_a_pipe(rack: Rack, wav: Path) -> None:
    data = bytearray(wav.read_bytes())
    data[4:8] = b"\xff" * 4
    at = data.index(b"data") + 4
    data[at : at + 4] = b"\xff" * 4
    assert rack.read_audio(bytes(data)).duration == 12.0


def test_no_alarm_where_the_sound_ends_before_the_pictures(
    rack: Rack, media: Path, make_video: Callable[..., Path]
) -> None:
    path = make_video("short-sound.mkv", [0.0, *(3 + n / 25 for n in range(75))], sound=True)
    long = make_video("long-pictures.mkv", [n / 25 for n in range(100)])
    assert rack.read_audio(path).duration > 5
    assert len(rack.read_frames(long)) == 100


def test_damage_in_the_middle_is_told_with_its_time(rack: Rack, steady: Path) -> None:
    data = bytearray(steady.read_bytes())
    begin = data.index(b"mdat") + 4
    middle = begin + (data.rindex(b"moov") - begin) // 4
    data[middle : middle + 2000] = np.random.default_rng(0).bytes(2000)
    with pytest.raises(CorruptMedia, match=r"is damaged at \d+\.\d\d s: video stream 0 cannot be decoded there"):
        rack.read_frames(bytes(data))


def test_samples_missing_from_a_flac_are_told(rack: Rack, make_sound: Callable[..., Path]) -> None:
    data = bytearray(make_sound("any.flac", "flac").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 5000] = np.random.default_rng(0).bytes(5000)
    with pytest.raises(CorruptMedia, match=r"is damaged(: 0\.\d+ s are missing)? at \d\.\d\d s"):
        rack.read_audio(bytes(data))


def test_a_recording_that_begins_between_keyframes_begins_with_the_first_whole_frame(
    rack: Rack, make_video: Callable[..., Path], number_of: Callable[[npt.NDArray[np.uint8]], int]
) -> None:
    path = make_video("begin.ts", [1.5 + n / 25 for n in range(150)], g=50, sc_threshold=0)
    data = path.read_bytes()
    cut = data[188 * (len(data) // 188 // 6) :]
    numbers = [number_of(image) for image in rack.read_frames(cut).images]
    assert numbers[0] in (50, 100)
    assert numbers == list(range(numbers[0], 150))


@pytest.fixture
def open_files() -> Iterator[Callable[[], int]]:
    directory = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"
    if not Path(directory).is_dir():
        pytest.skip("no directory of open files")
    yield lambda: len(os.listdir(directory))  # noqa: PTH208


def test_no_file_stays_open(rack: Rack, steady: Path, wav: Path, open_files: Callable[[], int]) -> None:
    rack.read_frames(steady, at=[1.0])
    before = open_files()
    for _ in range(50):
        rack.probe(steady)
        rack.read_audio(wav, start=10, sample_rate=16_000)
        rack.read_frames(steady, at=[11.0, 1.0])
        with pytest.raises(NoSuchStream):
            rack.read_frames(wav)
    assert open_files() == before


def test_a_stream_left_early_closes_its_file(rack: Rack, steady: Path, open_files: Callable[[], int]) -> None:
    before = open_files()
    with rack.iter_frames(steady) as frames:
        next(frames)
        assert open_files() > before
    with rack.iter_audio(steady) as blocks:
        next(blocks)
    dropped = rack.iter_audio(steady)
    next(dropped)
    del dropped
    gc.collect()
    assert open_files() == before


def test_a_file_object_is_read_from_its_beginning_and_stays_open(rack: Rack, wav: Path) -> None:
    with wav.open("rb") as file:
        file.read(1000)
        assert rack.read_audio(file).duration == 12.0
        assert rack.read_audio(file, start=6).duration == 6.0
        assert not file.closed


def test_ffmpeg_writes_nothing_to_stderr(steady: Path, tmp_path: Path) -> None:
    data = bytearray(steady.read_bytes())
    data[2000:3000] = bytes(1000)
    (tmp_path / "a.mp4").write_bytes(data)
    program = f"""
import mediarack
try:
    mediarack.Rack().read_frames({str(tmp_path / "a.mp4")!r})
except mediarack.MediarackError:
    pass
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_nothing_of_the_engine_is_loaded_to_list_the_backends() -> None:
    program = (
        "import sys, mediarack; mediarack.Rack().registry.backends; print(sorted({'av', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
