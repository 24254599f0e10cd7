"""Files made to do harm: to reach other files and hosts, to fill the memory, to bring the process down."""

from __future__ import annotations

import base64
import contextlib
import gc
import io
import json
import socket
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from layouts import Pictures, Sound

from mediarack import BackendUnavailable, BadInput, NotMedia

LARGEST = 16_384 * 16_384
"""Pixels of one picture (mediarack.plugin.MAX_PIXELS)."""


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """Listens; whoever connects is in its queue."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def playlists(address: str, file: Path) -> dict[str, str]:
    """Texts that lead FFmpeg to another host, or to another file."""
    hls = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n"
    dash = (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT1S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period>'
        '<AdaptationSet mimeType="audio/mp4"><Representation id="1" bandwidth="1"><BaseURL>{}</BaseURL>'
        '<SegmentBase indexRange="0-1"/></Representation></AdaptationSet></Period></MPD>'
    )
    host, port = address.removeprefix("http://").rstrip("/").split(":")
    return {
        "hls of a host.m3u8": hls.format(f"{address}a.ts"),
        "hls of a file.m3u8": hls.format(file.as_uri()),
        "hls by another name.mp4": hls.format(f"{address}a.ts"),
        "hls with a key.m3u8": hls.format(f'{file}\n#EXT-X-KEY:METHOD=AES-128,URI="{address}key"'),
        "concat of a host.ffconcat": f"ffconcat version 1.0\nfile '{address}a.mp4'\n",
        "concat of a file.txt": f"ffconcat version 1.0\nfile '{file}'\n",
        "dash of a host.mpd": dash.format(f"{address}a.mp4"),
        "dash of a file.mpd": dash.format(file.as_uri()),
        "a session.sdp": f"v=0\no=- 0 0 IN IP4 {host}\ns=x\nc=IN IP4 {host}\nt=0 0\nm=audio {port} RTP/AVP 0\n",
        "a list.m3u": f"#EXTM3U\n{address}a.mp3\n",
        "a redirection.asx": f'<asx version="3.0"><entry><ref href="{address}a.wmv"/></entry></asx>',
        "an RTSP redirection.mov": f"rtsptext\nrtsp://{host}:{port}/a\n",
    }


@pytest.mark.parametrize("name", playlists("http://127.0.0.1:1/", Path("/a")))
def test_what_points_elsewhere_is_no_media_and_nobody_goes_there(
    read: Callable[..., Any], server: socket.socket, wav: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_text(playlists(f"http://127.0.0.1:{server.getsockname()[1]}/", wav)[name])
    for source in (path, path.read_bytes(), io.BytesIO(path.read_bytes())):
        with pytest.raises(NotMedia):
            read(source)
    with pytest.raises(BlockingIOError):  # nobody has connected
        server.accept()


@pytest.mark.parametrize(
    "text",
    ["[playlist]\nFile1={}a.mp3\n", '<svg xmlns="http://www.w3.org/2000/svg"><image href="{}a.png"/></svg>'],
    ids=["pls", "svg"],
)
def test_what_is_taken_for_a_subtitle_or_a_picture_leads_nowhere_either(
    read: Callable[..., Any], server: socket.socket, tmp_path: Path, text: str, request: pytest.FixtureRequest
) -> None:
    path = tmp_path / f"a.{request.node.callspec.id.rpartition('-')[2]}"
    path.write_text(text.format(f"http://127.0.0.1:{server.getsockname()[1]}/"))
    with contextlib.suppress(BadInput, BackendUnavailable):
        read(path)
    with pytest.raises(BlockingIOError):
        server.accept()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *others: bytes, pixels: bytes | None = None) -> bytes:
    """Black, 8 bits a colour."""
    pixels = zlib.compress(bytes(height * (1 + 3 * width))) if pixels is None else pixels
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"".join(
        [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *others, chunk(b"IDAT", pixels), chunk(b"IEND", b"")]
    )


def deflated_zeros(megabytes: int) -> bytes:
    """What ``megabytes`` of zeros become, without making them: a thousandth."""
    compressor = zlib.compressobj(9)
    first = compressor.compress(bytes(2**20)) + compressor.flush(zlib.Z_FULL_FLUSH)
    again = compressor.compress(bytes(2**20)) + compressor.flush(zlib.Z_FULL_FLUSH)
    return first + again * (megabytes - 1)


BOMBS: dict[str, Callable[[], bytes]] = {
    "a header": lambda: png(100_000, 100_000, pixels=zlib.compress(b"\0")),
    "just above the limit": lambda: png(16_385, 16_384, pixels=zlib.compress(b"\0")),
    "pixels": lambda: png(8, 8, pixels=deflated_zeros(300)),
    "text": lambda: png(8, 8, chunk(b"zTXt", b"Comment\0\0" + deflated_zeros(6000))),
    "a colour profile": lambda: png(8, 8, chunk(b"iCCP", b"icc\0\0" + deflated_zeros(6000))),
    "a hundred texts": lambda: png(8, 8, *[chunk(b"zTXt", b"Comment\0\0" + deflated_zeros(60))] * 100),
}
MEASURE = """
import json, resource, sys
import mediarack
source, backend, capability, asked = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
if sys.platform == "linux":
    resource.setrlimit(resource.RLIMIT_AS, (12 * 2**30, 12 * 2**30))  # the machine is to live on if this test fails
try:
    result = getattr(mediarack.Rack(), capability)(source, backend=backend, **asked)
    told = getattr(result, "num_samples", None)
except mediarack.MediarackError as error:
    told = f"{type(error).__name__}: {error}"
peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
unit = 2**20 if sys.platform == "darwin" else 2**10
print(json.dumps([told, max(peaks) / unit]))
"""


@pytest.fixture
def measured() -> Callable[..., tuple[Any, float]]:
    """Reads in a process of its own: the number of samples, or the error; and the peak of its memory in MB."""
    pytest.importorskip("resource", reason="only POSIX tells a process's peak of memory")

    def measure(backend: str, capability: str, source: Path, **asked: Any) -> tuple[Any, float]:
        argv = [sys.executable, "-c", MEASURE, str(source), backend, capability, json.dumps(asked)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, f"{backend} died by {done.returncode}: {done.stderr}"
        told, peak = json.loads(done.stdout)
        return told, peak

    return measure


@pytest.mark.parametrize("case", BOMBS)
def test_a_picture_that_would_fill_the_memory_does_not(
    read_frames: Any, backend: str, measured: Callable[..., tuple[Any, float]], tmp_path: Path, case: str
) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(BOMBS[case]())
    told, peak = measured(backend, "read_frames", path)
    assert peak < 2500, f"{peak:.0f} MB for {path.stat().st_size} bytes"
    if case in ("a header", "just above the limit"):
        assert str(LARGEST) in told


def test_a_film_of_pictures_beyond_the_limit_is_told(
    read_frames: Callable[..., Any], made: Callable[..., Path]
) -> None:
    data = bytearray(made("small.mov", Pictures(codec="qtrle", count=2)).read_bytes())
    at = data.index(b"rle ", data.index(b"stsd")) + 28  # of the sample description: width and height
    assert struct.unpack_from(">HH", data, at) == (64, 48)
    struct.pack_into(">HH", data, at, 65_000, 65_000)
    with pytest.raises(BadInput, match=str(LARGEST)):
        read_frames(bytes(data))


def test_a_colour_profile_does_no_harm(read_frames: Callable[..., Any]) -> None:
    """PyAV 18.1 frees its name twice when the side data of such a frame is looked at."""
    picture = png(8, 8, chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(bytes(3000))))
    for _ in range(20):
        assert read_frames(picture).images.shape == (1, 8, 8, 3)
        gc.collect()


def test_channels_in_an_order_of_their_own_do_no_harm(
    probe: Any, read_audio: Any, backend: str, measured: Callable[..., tuple[Any, float]], made: Callable[..., Path]
) -> None:
    """FFmpeg lists the channels of a 7.1 AIFF one by one; PyAV 18.1 frees the list of every frame twice."""
    path = made("7.1.aiff", Sound(codec="pcm_s16be", channels=8, seconds=0.5))
    for _ in range(5):
        assert probe(path).audio.channels == 8
        gc.collect()
    told, _ = measured(backend, "read_audio", path)
    assert told == 24_000 or told.startswith("BackendUnavailable")


LISTS_CODECS_ANEW = zlib.decompress(
    base64.b85decode(
        "c-nJ!WH4=F_&?Bqfr0S>14F|BE>bkPJ2II4AELnBk<nntx}A~Ha0rLH(U5g}0D}Mn(*|({#)AwD4;el%Fo6i>hm0Q>zIic+4)SnkFo+Cb"
        "VE8`@Mgbo1!QFvDkbz+XFF27i0F$=XMwU%OCxZ&2WKd}k!4Jxy`Yt<X4{Emq0Neqlw*"
    )
)
"""MPEG-TS in which a second program map makes H.264 of a stream whose decoder is open as MPEG-2."""
NEW_STREAM = zlib.decompress(
    base64.b85decode(
        "c-s5_f9L{t2L^#5>-GQ!0S2ZG;zQEyjtmAvHryE*jfZf07i3`Az{|jRkb!}L@dJa_MwU%OC%p>}+4PR&c7}%x9~h+nkAhJE28TLNyE`(P"
        "Fgg4O=EwsK>l+$a6=8BB|Nk%!a_0j8Pf)fV"
    )
)
"""MPEG-TS in which a stream comes up after the streams were listed."""


def test_a_stream_that_comes_up_late_is_no_failure(
    probe: Callable[..., Any], read_audio: Callable[..., Any], read_frames: Callable[..., Any]
) -> None:
    """Found by fuzzing: PyAV 18.1 looks for it in a list that is too short."""
    assert probe(NEW_STREAM).streams
    for read in (read_audio, read_frames):
        with pytest.raises(BadInput):
            read(NEW_STREAM)


def test_a_stream_that_changes_its_codec_does_not_end_the_process(
    read: Any, measured: Callable[..., tuple[Any, float]], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if read.backend == "pyav":
        request.applymarker(
            pytest.mark.xfail(
                reason="FFmpeg 8.1 and 9.0 end the process by an assertion (libavformat/demux.c, "
                "has_decode_delay_been_guessed), which cannot be avoided from outside of libavformat",
                strict=av.__version__.startswith("18."),  # others were not tried
            )
        )
    path = tmp_path / "changes.ts"
    path.write_bytes(LISTS_CODECS_ANEW)
    told, _ = measured(read.backend, read.capability, path)
    assert told.startswith(("CorruptMedia", "NotMedia", "NoSuchStream", "BackendFailed"))


RATE, CHANNELS = 48_000, 2
BYTES_PER_SECOND = RATE * CHANNELS * 2


@pytest.fixture(params=["RIFF", "RF64"])
def long_wav(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, int]:
    """Hours of silence that take no room on the disk, as a sparse file: just below 4 GB, and above; and its seconds.

    The last second is a quarter of full scale.
    """
    seconds = 22_000 if request.param == "RIFF" else 30_000
    size = seconds * BYTES_PER_SECOND
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, CHANNELS, RATE, BYTES_PER_SECOND, 2 * CHANNELS, 16)
    if request.param == "RIFF":
        header = struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + form + struct.pack("<4sI", b"data", size)
    else:
        sizes = struct.pack("<4sIQQQI", b"ds64", 28, 72 + size, size, size // 4, 0)
        header = struct.pack("<4sI4s", b"RF64", 2**32 - 1, b"WAVE") + sizes + form
        header += struct.pack("<4sI", b"data", 2**32 - 1)
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.write(header)
        file.seek(len(header) + size - BYTES_PER_SECOND)
        file.write(struct.pack("<h", 8192) * (RATE * CHANNELS))
    if path.stat().st_blocks * 512 > 10**8:
        pytest.skip("this file system has no sparse files")
    return path, seconds


@pytest.mark.skipif(sys.platform == "win32", reason="no sparse files without further ado")
def test_a_window_of_a_wav_of_4_gb_is_read_in_bounded_memory(
    read_audio: Callable[..., Any],
    backend: str,
    long_wav: tuple[Path, int],
    measured: Callable[..., tuple[Any, float]],
    wav: Path,
) -> None:
    path, seconds = long_wav
    audio = read_audio(path, start=seconds - 1.5)
    assert audio.num_samples == RATE * 3 // 2
    assert audio.samples[:, [0, RATE // 2 - 1, RATE // 2, -1]].tolist() == [[0, 0, 0.25, 0.25]] * 2
    _, usual = measured(backend, "read_audio", wav)
    told, peak = measured(backend, "read_audio", path, start=seconds - 1.5, end=seconds - 0.5)
    assert told == RATE
    assert peak < usual + 100


LIES = {
    "RIFF that promises 4 GB": struct.pack("<4sI4s", b"RIFF", 2**32 - 9, b"WAVE"),
    "RF64 that promises 4 EB": struct.pack("<4sI4s", b"RF64", 2**32 - 1, b"WAVE")
    + struct.pack("<4sIQQQI", b"ds64", 28, 2**62, 2**62 - 100, 2**60, 0),
}


@pytest.mark.parametrize("case", LIES)
def test_a_wav_that_promises_more_than_it_holds_takes_no_more_memory_than_it_holds(
    backend: str, read_audio: Callable[..., Any], measured: Callable[..., tuple[Any, float]], tmp_path: Path, case: str
) -> None:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, CHANNELS, RATE, BYTES_PER_SECOND, 2 * CHANNELS, 16)
    path = tmp_path / "lies.wav"
    path.write_bytes(LIES[case] + form + struct.pack("<4sI", b"data", 2**32 - 50) + bytes(BYTES_PER_SECOND))
    told, peak = measured(backend, "read_audio", path)
    assert told == RATE or told.startswith(("CorruptMedia", "BadInput"))
    assert peak < 500
    assert read_audio(path, end=0.5).num_samples == RATE // 2
