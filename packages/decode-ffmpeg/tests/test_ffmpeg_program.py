"""The ffmpeg program: which one is run, that it never outlives its call, and that it opens nothing but the source."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import psutil
import pytest

from mediarack import (
    Audio,
    BackendUnavailable,
    BadInput,
    Cancelled,
    CancelToken,
    Config,
    CorruptMedia,
    DeadlineExceeded,
    NotMedia,
    Rack,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="programs are made here as shell scripts and links")


@pytest.fixture
def rack() -> Iterator[Rack]:
    with Rack(Config(disabled=frozenset({"pyav"}))) as made:
        yield made


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | Path | None], None]:
    """Puts a program of this text, or a link to this file, on PATH as ffmpeg; None: nothing is there."""

    def put(program: str | Path | None) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        if isinstance(program, Path):
            (folder / "ffmpeg").symlink_to(program)
        elif program is not None:
            (folder / "ffmpeg").write_text(f"#!/bin/sh\n{program}\n")
            (folder / "ffmpeg").chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))

    return put


def children() -> list[psutil.Process]:
    """But for the one that watches shared memory, which stays once any test has used multiprocessing."""
    found = psutil.Process().children(recursive=True)
    return [child for child in found if not any("resource_tracker" in word for word in child.cmdline())]


def test_the_program_on_path_is_preferred(rack: Rack, on_path: Callable[..., None], wav: Path) -> None:
    on_path(Path(imageio_ffmpeg.get_ffmpeg_exe()))
    audio = rack.read_audio(wav)
    assert audio.provenance is not None
    assert audio.provenance.details["ffmpeg"].endswith("(PATH)")


def test_without_one_on_path_that_of_imageio_is_used(rack: Rack, on_path: Callable[..., None], wav: Path) -> None:
    on_path(None)
    audio = rack.read_audio(wav)
    assert audio.provenance is not None
    assert audio.provenance.details["ffmpeg"].endswith("(imageio-ffmpeg)")


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("echo 'ffmpeg version 4.2.7 Copyright'", r"is FFmpeg 4\.2: install FFmpeg 4\.4 or newer"),
        ("echo 'cannot load libavutil' >&2; exit 127", r"does not run \(cannot load libavutil\)"),
        ("echo hello", r"does not say that it is ffmpeg \('hello'\)"),
    ],
    ids=["old", "broken", "another program"],
)
def test_a_program_that_cannot_be_used_is_told(
    rack: Rack, on_path: Callable[..., None], wav: Path, program: str, told: str
) -> None:
    on_path(program)
    with pytest.raises(BackendUnavailable, match=told):
        rack.read_audio(wav)


def test_an_encoder_that_was_left_out_is_told_before_any_work(
    rack: Rack, on_path: Callable[..., None], tmp_path: Path
) -> None:
    on_path('case "$2" in -version) echo "ffmpeg version 7.1";; -encoders) echo " A....D flac  FLAC";; esac')
    audio = Audio(samples=np.zeros((1, 100), np.float32), sample_rate=8000)
    with pytest.raises(BackendUnavailable, match="was built without the encoder libmp3lame"):
        rack.write_audio(audio, tmp_path / "a.mp3")


def test_ogg_holds_vorbis(rack: Rack, tmp_path: Path, wav: Path) -> None:
    path = rack.write_audio(rack.read_audio(wav), tmp_path / "a.ogg", bit_rate=96_000)
    info = rack.probe(path).audio
    assert info is not None
    assert (info.codec, info.sample_rate, info.channels) == ("vorbis", 44_100, 2)
    assert rack.read_audio(path).duration == pytest.approx(12.0, abs=0.01)


@pytest.mark.parametrize(
    "name", ["a b.wav", "-i.wav", 'it\'s "x".wav', "100%d.wav", "pipe:0.wav", "[a];b,c.wav", "two\nlines.wav"]
)
def test_any_name(rack: Rack, tmp_path: Path, wav: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).write_bytes(wav.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert rack.read_audio(name, end=1.0).duration == 1.0
    assert rack.probe(name).audio is not None


@pytest.mark.skipif(sys.platform != "linux", reason="names are UTF-8 there")
def test_a_name_that_is_no_text(rack: Rack, tmp_path: Path, wav: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.wav"
    Path(os.fsdecode(name)).write_bytes(wav.read_bytes())
    assert rack.read_audio(os.fsdecode(name), end=1.0).duration == 1.0
    assert rack.write_audio(rack.read_audio(wav, end=1.0), os.fsdecode(name)).stat().st_size > 1000


def test_text_in_a_file_is_not_taken_for_what_the_program_says(rack: Rack, tmp_path: Path, wav: Path) -> None:
    path = tmp_path / "a.mka"
    title = "x\n  Stream #0:7: Audio: aac, 8000 Hz, mono\nInput #0, y, from 'z':\n[ashowinfo@mediarack] n:0 pts:9"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(wav), "-metadata", f"title={title}", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    assert [s.index for s in rack.probe(path).streams] == [0]
    assert rack.read_audio(path).start_seconds == 0.0


def test_a_long_list_of_times(rack: Rack, make_video: Callable[..., Path]) -> None:
    path = make_video("many.mp4", [n / 25 for n in range(6000)], size=(16, 16), g=250)
    times = [n / 25 for n in range(0, 6000, 2)]
    assert rack.read_frames(path, at=times).seconds == pytest.approx(times)


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """Ten minutes of sound: far more than a pipe holds."""
    path = tmp_path / "long.flac"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "anoisesrc=d=600", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def test_a_stream_left_early_ends_the_program(rack: Rack, endless: Path) -> None:
    with rack.iter_audio(endless) as blocks:
        next(blocks)
        assert len(children()) == 1
    assert children() == []


def test_a_cancelled_call_ends_the_program(rack: Rack, endless: Path) -> None:
    token = CancelToken()
    with pytest.raises(Cancelled), rack.iter_audio(endless, cancel=token) as blocks:
        next(blocks)
        token.cancel()
        for _ in blocks:
            pass
    assert children() == []


def test_a_program_that_hangs_ends_with_the_deadline(rack: Rack, on_path: Callable[..., None], wav: Path) -> None:
    real = imageio_ffmpeg.get_ffmpeg_exe()
    # Hangs at its work and does not listen to a polite request either.
    on_path(f'for a; do [ "$a" = f32le ] && trap "" TERM && while :; do :; done; done; exec {real} "$@"')
    with pytest.raises(DeadlineExceeded):
        rack.read_audio(wav, deadline=2.0)
    assert children() == []


def test_nothing_is_left_after_many_calls_and_errors(rack: Rack, wav: Path, steady: Path) -> None:
    data = wav.read_bytes()
    rack.read_audio(data, end=1.0)

    def left_behind() -> tuple[list[str], set[str], int]:
        temporary = {path.name for path in Path(tempfile.gettempdir()).glob("mediarack-*")}
        return sorted(path.name for path in Path("/dev/fd").iterdir()), temporary, threading.active_count()

    before = left_behind()
    for _ in range(5):
        rack.read_audio(data, sample_rate=16_000, end=1.0)
        rack.read_audio(io.BytesIO(data), start=11.0)
        rack.read_frames(steady, at=[1.0])
        with pytest.raises(NotMedia):
            rack.probe(b"no media at all" * 100)
    assert left_behind() == before
    assert children() == []


@pytest.mark.skipif(sys.platform != "linux", reason="temporary files have names elsewhere")
def test_the_program_ends_when_its_host_is_killed(endless: Path) -> None:
    program = f"""
import time, mediarack, psutil
rack = mediarack.Rack(mediarack.Config(disabled=frozenset({{"pyav"}})))
blocks = rack.iter_audio(open({str(endless)!r}, "rb").read())
next(blocks)
print(psutil.Process().children()[0].pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        child = psutil.Process(int(host.stdout.readline()))
        host.send_signal(signal.SIGKILL)
    gone, alive = psutil.wait_procs([child], timeout=20)
    assert (len(gone), alive) == (1, [])


def test_many_threads_at_once(rack: Rack, wav: Path) -> None:
    whole = rack.read_audio(wav).samples
    found: list[bool] = []
    threads = [
        threading.Thread(target=lambda: found.append(np.array_equal(rack.read_audio(wav).samples, whole)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 8


def serving(handler: type[BaseHTTPRequestHandler] | partial[SimpleHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site(media: Path) -> Iterator[str]:
    """The folder of media as a site."""
    yield from serving(partial(Quiet, directory=str(media)))


def test_sound_is_read_from_an_address(rack: Rack, site: str, wav: Path) -> None:
    audio = rack.read_audio(f"{site}/{wav.name}", sample_rate=16_000)
    assert np.array_equal(audio.samples, rack.read_audio(wav, sample_rate=16_000).samples)


def test_pictures_are_read_from_an_address(rack: Rack, site: str, make_video: Callable[..., Path]) -> None:
    path = make_video("net.mkv", [n / 25 for n in range(50)])
    assert np.array_equal(rack.read_frames(f"{site}/{path.name}").images, rack.read_frames(path).images)


def test_an_address_with_nothing_there_is_told_without_its_secrets(rack: Rack, site: str) -> None:
    address = site.replace("http://", "http://user:hunter2@")
    with pytest.raises(BadInput, match=r"cannot fetch http://127\.0\.0\.1:\d+/none\.wav: .*404") as told:
        rack.read_audio(f"{address}/none.wav?token=hunter2")
    assert "hunter2" not in str(told.value)


def test_a_playlist_at_an_address_is_refused(rack: Rack, site: str, media: Path, wav: Path) -> None:
    (media / "list.m3u8").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:12\n#EXTINF:12,\n{wav.name}\n#EXT-X-ENDLIST\n")
    with pytest.raises(NotMedia, match="is refused"):
        rack.read_audio(f"{site}/list.m3u8")


def test_an_address_cannot_lead_to_a_file(rack: Rack, wav: Path) -> None:
    class Redirecting(Quiet):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", f"file://{wav}")
            self.end_headers()

    for site in serving(Redirecting):
        with pytest.raises(BadInput, match="cannot fetch"):
            rack.read_audio(f"{site}/a.wav")


def test_a_server_that_says_nothing_ends_with_the_deadline(rack: Rack) -> None:
    class Silent(Quiet):
        def do_GET(self) -> None:
            time.sleep(3)

    for site in serving(Silent):
        with pytest.raises(DeadlineExceeded):
            rack.read_audio(f"{site}/a.wav", deadline=1.0)
    assert children() == []


def test_a_server_without_ranges_is_told_for_a_film_with_its_index_at_the_end(
    rack: Rack, site: str, media: Path, steady: Path
) -> None:
    data = steady.read_bytes()
    assert data.index(b"mdat") < data.index(b"moov")
    for read in (rack.read_audio, rack.read_frames):
        with pytest.raises(CorruptMedia, match="server cannot serve parts of it"):
            read(f"{site}/{steady.name}", backend="ffmpeg")
