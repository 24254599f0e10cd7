"""The command line: results, messages, exit codes, and what it leaves behind."""

from __future__ import annotations

import functools
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
import wave
from pathlib import Path

import av
import psutil
import pytest

MEDIA = Path(__file__).parent / "media"


@pytest.fixture
def cli(tmp_path):
    """Runs mediarack in an empty directory, without a terminal."""

    def run(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "mediarack", *map(str, arguments)]
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == code, f"exit code {done.returncode}, stdout {done.stdout!r}, stderr {done.stderr!r}"
        assert "Traceback" not in done.stderr
        return done

    return run


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_probe_shows_the_streams(cli, talk):
    shown = cli("probe", talk).stdout
    assert "44.400 s" in shown
    assert "640x360" in shown
    assert "48000 Hz" in shown


def test_tags_of_a_file_cannot_steer_the_terminal(cli, tmp_path):
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        stream.metadata["language"] = "[/]\x1b[2J"
        silence = av.AudioFrame(format="s16", layout="mono", samples=800)
        silence.sample_rate = 8000
        container.mux(stream.encode(silence))
    shown = cli("probe", "a.mkv").stdout
    assert "[/]" in shown
    assert "\x1b" not in shown


def test_probe_as_json(cli, talk):
    data = json.loads(cli("probe", talk, "--json").stdout)
    assert data["duration"] == pytest.approx(44.4)
    assert [stream["kind"] for stream in data["streams"]] == ["video", "audio"]
    assert data["provenance"]["backend"] == "pyav"


def test_extract_audio_is_what_speech_engines_take(cli, talk, tmp_path):
    done = cli("extract-audio", talk)
    assert done.stdout.strip() == "talk.wav"
    with wave.open(str(tmp_path / "talk.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        assert file.getnframes() / 16_000 == pytest.approx(44.4, abs=0.1)


def test_extract_frames_are_named_by_their_times(cli, talk, tmp_path):
    cli("extract-frames", talk, "-o", tmp_path, "--at", "1.5", "--at", "30", "--width", "320", "-f", "png")
    assert files(tmp_path) == ["talk-00h00m01.480s.png", "talk-00h00m30.000s.png"]


def test_transcribe_writes_what_is_asked_for(cli, talk, tiny_en, tmp_path):
    done = cli("transcribe", talk, "-m", tiny_en, "-f", "srt", "-f", "txt", "-f", "json", "-v")
    assert files(tmp_path) == ["talk.json", "talk.srt", "talk.txt"]
    assert done.stdout.split() == ["talk.srt", "talk.txt", "talk.json"]
    assert "transcribe: faster-whisper (faster-whisper 1." in done.stderr
    assert "read_audio: pyav (av 1" in done.stderr
    assert (tmp_path / "talk.txt").read_text().startswith("It was the best of times")
    assert "-->" in (tmp_path / "talk.srt").read_text()


def test_transcribe_as_json_prints_and_writes_nothing_else(cli, talk, tiny_en, tmp_path):
    data = json.loads(cli("transcribe", talk, "-m", tiny_en, "--json").stdout)
    assert data["text"].startswith("It was the best of times")
    assert data["segments"][0]["words"]
    assert files(tmp_path) == []


def test_transcribe_lays_out_cues_as_asked(cli, talk, tiny_en, tmp_path):
    cli(
        "transcribe",
        talk,
        "-m",
        tiny_en,
        "-f",
        "vtt",
        "-f",
        "ass",
        "-f",
        "tsv",
        "--max-line-chars",
        20,
        "--max-lines",
        1,
    )
    assert files(tmp_path) == ["talk.ass", "talk.tsv", "talk.vtt"]
    lines = (tmp_path / "talk.vtt").read_text().splitlines()
    assert max(len(line) for line in lines if "-->" not in line) <= 20
    error = cli("transcribe", talk, "-m", tiny_en, "--max-seconds", 0, code=3).stderr
    assert "max_seconds is 0.0: it must be more than 0" in error


def test_convert_writes_another_format_and_tells_what_is_lost(cli, tmp_path):
    (tmp_path / "a.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\n{\\an8}one two\n")
    done = cli("convert", "a.srt", "a.vtt")
    assert done.stdout.strip() == "a.vtt"
    assert "a.vtt is without what a.srt has beyond its text: \\an" in " ".join(done.stderr.split())
    assert (tmp_path / "a.vtt").read_text() == "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\none two\n\n"


def test_convert_lays_out_cues_anew_when_asked(cli, tmp_path):
    (tmp_path / "a.sub").write_text("1\n00:00:01,000 --> 00:00:03,000\none two\n")
    asked = ("--from", "srt", "--to", "tsv", "--max-line-chars", 3, "--max-lines", 1)
    assert json.loads(cli("convert", "a.sub", "b", *asked, "--json").stdout) == {"file": "a.sub", "written": "b"}
    assert (tmp_path / "b").read_text() == "start\tend\ttext\n1000\t2000\tone\n2000\t3000\ttwo\n"


def test_convert_tells_what_it_cannot_do(cli, tmp_path):
    (tmp_path / "a.srt").write_bytes(b"1\n00:00:01,000 --> 00:00:02,000\n\xe4\n")
    assert "name its encoding" in cli("convert", "a.srt", "a.vtt", code=3).stderr
    assert "the source itself" in cli("convert", "a.srt", "a.srt", code=4).stderr
    assert json.loads(cli("convert", "a.srt", "a.doc", "--json", code=3).stdout)["error"]["type"] == "BadInput"
    assert files(tmp_path) == ["a.srt"]
    cli("convert", "a.srt", "a.vtt", "--encoding", "latin-1")
    assert (tmp_path / "a.vtt").read_text(encoding="utf-8").endswith("\nä\n\n")


def test_of_several_files_the_good_ones_are_done(cli, talk, tiny_en, tmp_path):
    (tmp_path / "junk.mp4").write_bytes(b"no media at all " * 100)
    done = cli("transcribe", talk, "junk.mp4", "-m", tiny_en, code=3)
    assert files(tmp_path) == ["junk.mp4", "talk.srt"]
    assert "junk.mp4" in done.stderr


def test_files_that_would_overwrite_one_another_are_told_before_any_work(cli, talk, tmp_path):
    (tmp_path / "talk.wav").write_bytes(b"x")
    assert "do them apart" in cli("transcribe", talk, "talk.wav", code=3).stderr


def test_engine_options_are_read_by_their_types(cli, talk, tiny_en):
    common = ("transcribe", talk, "-m", tiny_en, "--json", "-b", "faster-whisper")
    data = json.loads(cli(*common, "-O", "compute_type=int8", "-O", "temperature=0", "-O", "beam_size=1").stdout)
    assert data["provenance"]["details"]["compute_type"].startswith("int8")
    error = json.loads(cli(*common, "-O", "beam_sise=1", code=3).stdout)["error"]
    assert "did you mean 'beam_size'" in error["message"]
    assert "int" in json.loads(cli(*common, "-O", "beam_size=many", code=3).stdout)["error"]["message"]


def test_backends_lists_what_is_installed(cli):
    assert "faster-whisper" in cli("backends").stdout
    data = json.loads(cli("backends", "--json").stdout)
    assert {(b["capability"], b["backend"]) for b in data["backends"]} >= {
        ("probe", "pyav"), ("read_audio", "pyav"), ("read_frames", "pyav"), ("transcribe", "faster-whisper"),
    }  # fmt: skip
    assert all(backend["usable"] for backend in data["backends"])
    assert data["problems"] == []


@pytest.mark.parametrize(
    "command", ["probe", "extract-audio", "extract-frames", "transcribe", "convert", "backends", "doctor"]
)
def test_every_command_has_help(cli, command):
    assert "Usage" in cli(command, "--help").stdout


def test_the_doctor_finds_nothing_wrong_here(cli):
    assert "can be imported (pyav)" in cli("doctor").stdout
    findings = json.loads(cli("doctor", "--json").stdout)["findings"]
    assert {finding["level"] for finding in findings} == {"ok"}
    assert {finding["check"] for finding in findings} >= {"python", "plugins", "imports"}


def test_wrong_usage_is_exit_code_2(cli):
    cli("transcribe", code=2)
    cli("transkribe", code=2)


def bad_input(tmp_path: Path, talk: Path, kind: str) -> Path:
    path = tmp_path / f"{kind}.mp4"
    if kind == "directory":
        path.mkdir()
    elif kind == "empty":
        path.touch()
    elif kind == "junk":
        path.write_bytes(os.urandom(50_000))
    elif kind == "text":
        path.write_text("It was the best of times, it was the worst of times.\n" * 50)
    elif kind == "cut":  # the index stands at the front: what is there can be decoded, up to the cut
        path.write_bytes(talk.read_bytes()[:400_000])
    elif kind == "no_index":
        path.write_bytes(talk.read_bytes()[:5_000])
    elif kind == "playlist":
        path.write_text(f"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:44,\n{talk}\n#EXT-X-ENDLIST\n")
    return path


KINDS = ["missing", "directory", "empty", "junk", "text", "cut", "no_index", "playlist"]


COMMANDS = ["probe", "extract-audio", "extract-frames", "transcribe"]


@pytest.mark.parametrize(
    ("kind", "command"),
    # probe does not decode: what it tells of a file that was cut off is what its header says
    [(kind, command) for kind in KINDS for command in COMMANDS if (kind, command) != ("cut", "probe")],
)
def test_bad_input_is_one_clear_error_and_leaves_nothing(cli, talk, tiny_en, tmp_path, kind, command):
    path = bad_input(tmp_path, talk, kind)
    out = tmp_path / "out"
    out.mkdir()
    more = {
        "probe": (),
        "extract-audio": (out / "a.wav",),
        "extract-frames": ("-o", out),
        "transcribe": ("-o", out, "-m", tiny_en),
    }[command]
    error = cli(command, path, *more, code=3).stderr
    assert error.startswith("error: ")
    assert path.name in error
    assert files(out) == []
    data = json.loads(cli(command, path, *more, "--json", code=3).stdout)
    assert data["error"]["message"]


def test_a_video_without_sound_is_told(cli, talk, tiny_en, tmp_path):
    import av

    with av.open(str(tmp_path / "mute.mp4"), "w") as file, av.open(str(talk)) as original:
        video = file.add_stream_from_template(original.streams.video[0])
        for packet in original.demux(original.streams.video[0]):
            if packet.dts is not None and packet.pts < 25_000:
                packet.stream = video
                file.mux(packet)
    assert "no audio stream" in cli("extract-audio", "mute.mp4", code=3).stderr
    assert "no audio stream" in cli("transcribe", "mute.mp4", "-m", tiny_en, code=3).stderr
    assert files(tmp_path) == ["mute.mp4"]


def test_an_output_that_cannot_be_written_is_told_before_the_work(cli, talk, tiny_en, tmp_path):
    (tmp_path / "file").touch()
    assert "make it first" in cli("transcribe", talk, "-m", tiny_en, "-o", tmp_path / "gone", code=4).stderr
    assert "make it first" in cli("extract-audio", talk, tmp_path / "file" / "a.wav", code=4).stderr
    (tmp_path / "a.wav").mkdir()
    assert "is a directory" in cli("extract-audio", talk, tmp_path / "a.wav", code=4).stderr


def test_the_source_is_never_overwritten(cli, talk, tmp_path):
    copy = tmp_path / "a.wav"
    copy.write_bytes(talk.read_bytes())
    assert "is the source itself" in cli("extract-audio", "a.wav", "a.wav", code=4).stderr
    (tmp_path / "a.txt").write_bytes(talk.read_bytes())
    assert "is the source itself" in cli("transcribe", "a.txt", "-m", tmp_path, "-f", "txt", code=4).stderr
    assert copy.read_bytes() == talk.read_bytes()


def test_debug_shows_the_traceback(tmp_path):
    argv = [sys.executable, "-m", "mediarack", "probe", str(tmp_path), "--debug"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "Traceback" in done.stderr


def test_a_deadline_is_exit_code_7(cli, talk, tiny_en, tmp_path):
    assert "deadline of 0.01 s" in cli("transcribe", talk, "-m", tiny_en, "--deadline", "0.01", code=7).stderr
    assert files(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_leaves_no_file_and_no_process(long_talk, tiny_en, tmp_path, number):
    argv = [sys.executable, "-m", "mediarack", "transcribe", str(long_talk), "-m", str(tiny_en)]
    process = subprocess.Popen(argv, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    running = psutil.Process(process.pid)
    deadline = time.monotonic() + 60
    while running.cpu_times().user < 2 and time.monotonic() < deadline:  # at work, past its imports
        time.sleep(0.05)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "cancelled" in stderr
    assert "Traceback" not in stderr
    assert files(tmp_path) == []
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(long_talk) in (p.info["cmdline"] or [])]


@pytest.fixture
def served(talk):
    """The address of the talk on a server of this machine."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Handler, directory=str(talk.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{talk.name}"
        server.shutdown()


def test_an_address_is_read_like_a_file(cli, served, tmp_path):
    assert json.loads(cli("probe", served, "--json").stdout)["duration"] == pytest.approx(44.4, abs=0.05)
    cli("extract-audio", f"{served}?token=secret", "--end", 2)
    assert files(tmp_path) == ["talk.wav"]


def test_other_addresses_are_refused(cli):
    assert "must be http:// or https://" in cli("probe", "file:///etc/passwd", code=3).stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_stdout_is_told_in_one_line(talk):
    argv = [sys.executable, "-m", "mediarack", "probe", str(talk), "--json"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        4,
        "error: the result cannot be written to stdout: No space left on device\n",
    )


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no /dev/zero here")
def test_a_text_without_end_is_refused(cli):
    assert "no regular file" in cli("speak", "--file", "/dev/zero", "a.wav", code=3).stderr
