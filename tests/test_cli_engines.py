"""The commands speak and separate: results, messages, and what they leave behind."""

from __future__ import annotations

import json
import subprocess
import sys
import wave

import pytest


@pytest.fixture
def cli(tmp_path):
    """Runs mediarack in an empty directory, without a terminal."""

    def run(*arguments: object, code: int = 0, stdin: str = "") -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "mediarack", *map(str, arguments)]
        done = subprocess.run(
            argv, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False, input=stdin, encoding="utf-8"
        )
        assert done.returncode == code, f"exit code {done.returncode}, stdout {done.stdout!r}, stderr {done.stderr!r}"
        assert "Traceback" not in done.stderr
        return done

    return run


def files(directory) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def seconds_of(path) -> float:
    with wave.open(str(path)) as file:
        return file.getnframes() / file.getframerate()


def test_speak_writes_the_speech_and_its_subtitles(cli, tmp_path):
    done = cli("speak", "It was the best of times. It was the worst of times.", "two.wav", "--seed", "1", "--subtitles")
    assert done.stdout.split() == ["two.wav", "two.srt"]
    assert files(tmp_path) == ["two.srt", "two.wav"]
    subtitles = (tmp_path / "two.srt").read_text(encoding="utf-8")
    assert subtitles.count("-->") == 2
    assert "It was the worst of times." in subtitles
    assert 3 < seconds_of(tmp_path / "two.wav") < 8


def test_speak_reads_a_file_or_stdin(cli, tmp_path):
    (tmp_path / "a.txt").write_text("\ufeffGood morning.", encoding="utf-8")
    assert cli("speak", "--file", "a.txt").stdout.strip() == "speech.wav"
    cli("speak", "--file", "a.txt", "b.wav", "--seed", "1")
    cli("speak", "-", "c.wav", "--seed", "1", stdin="Good morning.")
    assert (tmp_path / "b.wav").read_bytes() == (tmp_path / "c.wav").read_bytes()


def test_speak_as_json(cli, tmp_path):
    data = json.loads(cli("speak", "Good morning.", "a.wave", "--json").stdout)
    assert (data["voice"], data["language"], data["written"]) == ("heart", "en", ["a.wave"])
    assert data["segments"][0]["text"] == "Good morning."
    assert data["duration"] == data["segments"][-1]["end"]
    assert data["provenance"]["backend"] == "hibari"


def test_what_speak_cannot_do_is_told_and_leaves_nothing(cli, tmp_path):
    assert "nothing to say" in cli("speak", code=3).stderr
    assert "nothing to speak" in cli("speak", "-", code=3).stderr
    assert "cannot speak 你" in cli("speak", "Hello 你", code=3).stderr
    assert "must end in .wav" in cli("speak", "Hello.", "a.xyz", code=3).stderr
    assert "has no voice 'emma'" in cli("speak", "Hello.", "--voice", "emma", code=5).stderr
    assert "no such file: 'gone.txt'" in cli("speak", "--file", "gone.txt", code=3).stderr
    assert "give one of them" in cli("speak", "Hello.", "a.wav", "--file", "gone.txt", code=3).stderr
    assert files(tmp_path) == []


def test_speak_never_overwrites_the_text_it_reads(cli, tmp_path):
    (tmp_path / "a.wav").write_text("Good morning.", encoding="utf-8")
    (tmp_path / "b.srt").write_text("Good morning.", encoding="utf-8")
    assert "is the source itself" in cli("speak", "--file", "a.wav", "a.wav", code=4).stderr
    assert "is the source itself" in cli("speak", "--file", "b.srt", "b.wav", "--subtitles", code=4).stderr
    assert files(tmp_path) == ["a.wav", "b.srt"]
    assert (tmp_path / "b.srt").read_text(encoding="utf-8") == "Good morning."


def test_separate_writes_a_file_for_each_stem(cli, talk, tmp_path):
    cli("extract-audio", talk, "short.wav", "--end", "3", "--sample-rate", "0")
    done = cli("separate", "short.wav")
    assert done.stdout.split() == ["short.speech.wav", "short.rest.wav"]
    assert files(tmp_path) == ["short.rest.wav", "short.speech.wav", "short.wav"]
    assert seconds_of(tmp_path / "short.rest.wav") == seconds_of(tmp_path / "short.wav")
    options = ("-b", "deepfilternet", "-O", "attenuation_limit=12")
    data = json.loads(cli("separate", "short.wav", "--stem", "speech", "-f", "wave", *options, "--json").stdout)
    assert data["written"] == {"speech": "short.speech.wave"}


def test_what_separate_cannot_do_is_told_and_leaves_nothing(cli, talk, tmp_path):
    assert "cannot do stem:vocals" in cli("separate", talk, "--stem", "vocals", code=5).stderr
    assert "must end in .wav" in cli("separate", talk, "-f", "xyz", code=3).stderr
    assert "no such file" in cli("separate", "gone.mp4", code=3).stderr
    assert files(tmp_path) == []


def test_transcribe_takes_speech_out_of_the_noise_first(cli, talk, tiny_en):
    data = json.loads(cli("transcribe", talk, "-m", tiny_en, "--separate", "speech", "--json").stdout)
    assert data["text"].startswith("It was the best of times")
    assert "separate" in json.dumps(data["provenance"]["calls"])


@pytest.mark.parametrize("command", ["speak", "separate"])
def test_every_command_has_help(cli, command):
    assert "Usage" in cli(command, "--help").stdout
