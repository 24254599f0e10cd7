"""Formats: what is written is what is read, and what other libraries read."""

import json
import logging
import math

import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from speech import said, spoken, transcript

from mediarack.errors import BadInput
from mediarack.subtitles import FORMATS, Cue, cues, read_subtitles, read_transcript, render, write_subtitles
from mediarack.subtitles import write_transcript as write
from mediarack.transcript import Segment

SYNTAX = [
    "-->", "--", ">", "<i>", "</i>", "<", "{\\an8}", "{", "}", "\\", "\\N", "\\h", "&", "&amp;", "&lt;", "\u2060",
    "{y:i}", "00:00:01,000", "00:00:01.000", " ", "1", "\t", "NOTE", "STYLE", "WEBVTT", "Dialogue: 0,", "[Events]",
    "\ufeff", "\u2028", "\x85", "\x0b", "#", "\u200f", "<font>", "<v Bob>", "Format: a, Text", "Comment:", ";",
    "\n", "\r",
]  # fmt: skip
line = st.lists(
    st.sampled_from(SYNTAX) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), max_size=6
).map("".join)


@st.composite
def any_cues(draw, last=359_990_000, unit=1):
    """Cues of any text; their times are whole ``unit`` milliseconds."""
    made = []
    for lines in draw(st.lists(st.lists(line, min_size=1, max_size=4), max_size=6)):
        start = draw(st.integers(0, last // unit)) * unit
        length = draw(st.integers(0, 9_000 // unit)) * unit
        if any(line.strip() for line in lines):
            made.append(Cue(start=start / 1000, end=(start + length) / 1000, lines=tuple(lines)))
    return made


def as_kept(cue):
    """A cue without the space around its lines; a line break in a line begins another."""
    text = "\n".join(cue.lines).replace("\r\n", "\n").replace("\r", "\n")
    return Cue(start=cue.start, end=cue.end, lines=tuple(line.strip() for line in text.split("\n")))


def again(made, format, directory):
    return list(read_subtitles(write_subtitles(made, directory / f"a.{format}")))


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("formats")


@given(any_cues())
def test_srt_gives_back_any_text(directory, made):
    assert again(made, "srt", directory) == [as_kept(cue) for cue in made]


@given(any_cues())
def test_vtt_gives_back_any_text_in_the_order_of_time(directory, made):
    ordered = sorted(made, key=lambda cue: cue.start)
    assert again(made, "vtt", directory) == [as_kept(cue) for cue in ordered]


@given(any_cues(last=35_990_000, unit=10))
def test_ass_gives_back_any_text(directory, made):
    assert again(made, "ass", directory) == [as_kept(cue) for cue in made]


@given(any_cues())
def test_json_gives_back_everything(directory, made):
    assert again(made, "json", directory) == made


@given(any_cues())
def test_tsv_gives_back_any_text_on_one_line(directory, made):
    found = again(made, "tsv", directory)
    assert [(cue.start, cue.end) for cue in found] == [(cue.start, cue.end) for cue in made]
    assert ["".join(cue.lines[0].split()) for cue in found] == ["".join("".join(cue.lines).split()) for cue in made]


@given(said())
def test_a_transcript_in_json_gives_back_what_it_holds(directory, segments):
    original = transcript(*segments)
    assert read_transcript(write(original, directory / "t.json")) == original


@pytest.mark.parametrize("format", ["srt", "vtt", "ass", "json"])
def test_what_is_written_of_a_transcript_is_its_cues(tmp_path, format):
    original = transcript(spoken("He said {music} and left -> <i>then</i>, at 5 & 6.", start=10))
    assert read_subtitles(write(original, tmp_path / f"a.{format}")) == tuple(cues(original))


@pytest.mark.parametrize("format", ["srt", "vtt", "ass"])
def test_another_library_reads_the_same_times_and_text(tmp_path, format):
    original = transcript(spoken("Are you there? I have been waiting for an hour.", start=3661.5))
    events = pysubs2.load(str(write(original, tmp_path / f"a.{format}")))
    assert [(e.start, e.end, e.plaintext.split("\n")) for e in events] == [
        (round(cue.start * 1000), round(cue.end * 1000), list(cue.lines)) for cue in cues(original)
    ]


def test_srt_as_it_stands_in_the_file():
    made = render(transcript(spoken("He said {music} and left.", start=3661.5)), "srt")
    assert made == "1\n01:01:01,500 --> 01:01:03,000\nHe said {music} and left.\n\n"


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("<i>", "<\u2060i>"), ("</i>", "<\u2060/i>"), ("1 < 2", "1 < 2"), ("{\\an8}", "{\u2060\\an8}"),
        ("{music}", "{music}"), ("{y:i}", "{\u2060y:i}"), ("a --> b", "a --\u2060> b"), ("C:\\New", "C:\\\u2060New"),
        ("C:\\Old", "C:\\Old"),
        ("a\n\nb", "a\n\u2060\nb"), ("00:00:01,000 --> 00:00:02,000", "00:00:01,000 --\u2060> 00:00:02,000"),
        ("7", "7"),
    ],
)  # fmt: skip
def test_srt_parts_what_players_would_take_for_markup(tmp_path, said, written):
    made = [Cue(start=0, end=1, lines=tuple(said.split("\n"))), Cue(start=1, end=2, lines=("next",))]
    path = write_subtitles(made, tmp_path / "a.srt")
    assert path.read_text(encoding="utf-8").startswith(f"1\n00:00:00,000 --> 00:00:01,000\n{written}\n\n2\n")
    assert list(read_subtitles(path)) == made


def test_vtt_as_it_stands_in_the_file():
    made = render(transcript(spoken("You & I: <loud> music", start=1)), "vtt")
    assert made == "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nYou &amp; I: &lt;loud&gt; music\n\n"


def test_tsv_is_whispers():
    original = transcript(spoken("One."), Segment(start=2, end=3.5, text="Two\tor\nthree."))
    assert render(original, "tsv") == "start\tend\ttext\n0\t300\tOne.\n2000\t3500\tTwo or three.\n"


def test_tsv_has_times_in_order_even_where_the_engine_gave_none():
    segments = [Segment(start=1, end=2, text="One."), Segment(start=math.nan, end=math.inf, text="Two.")]
    assert render(transcript(*segments), "tsv") == "start\tend\ttext\n1000\t2000\tOne.\n1000\t1000\tTwo.\n"


def test_txt_has_a_segment_per_line():
    assert render(transcript(spoken("One."), spoken("Zwölf.", start=2)), "txt") == "One.\nZwölf.\n"


def test_json_has_everything(tmp_path):
    path = write(transcript(spoken("Zwölf Uhr.")), tmp_path / "a.json")
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data["schema"] == 1
    assert (data["language"], data["text"], data["duration"]) == ("en", "Zwölf Uhr.", 60.0)
    assert [w["text"] for w in data["segments"][0]["words"]] == ["Zwölf", "Uhr."]
    assert data["provenance"]["backend"] == "b"


@pytest.mark.parametrize("format", ["srt", "vtt", "ass", "tsv", "json"])
def test_a_recording_without_speech_has_no_cues(tmp_path, format):
    assert read_subtitles(write(transcript(), tmp_path / f"a.{format}")) == ()


def test_ass_lets_the_player_find_the_direction_of_right_to_left_text():
    assert [pysubs2.SSAFile.from_string(render(transcript(spoken(text)), "ass")).styles["Default"].encoding
            for text in ("שלום עולם", "Hello world")] == [-1, 1]  # fmt: skip


def test_ass_refuses_times_that_it_cannot_write(tmp_path):
    late = [Cue(start=36_000, end=36_001, lines=("late",))]
    with pytest.raises(BadInput, match="10 hours"):
        write_subtitles(late, tmp_path / "a.ass")
    assert list(tmp_path.iterdir()) == []
    assert again(late, "srt", tmp_path) == late


def test_what_tsv_cannot_hold_is_told(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "mediarack"):
        write_subtitles([Cue(start=0, end=1, lines=("a", "b")), Cue(start=1, end=2, lines=("c",))], tmp_path / "a.tsv")
    assert "spaces in 1 cues" in caplog.text
    assert (tmp_path / "a.tsv").read_text() == "start\tend\ttext\n0\t1000\ta b\n1000\t2000\tc\n"


def test_half_a_character_is_told(tmp_path):
    with pytest.raises(BadInput, match=r"\\ud83d"):
        write_subtitles([Cue(start=0, end=1, lines=("\ud83d",))], tmp_path / "a.srt")


def test_a_character_of_code_0_is_told(tmp_path):
    made = [Cue(start=0, end=1, lines=("a\0b",))]
    with pytest.raises(BadInput, match="code 0"):
        write_subtitles(made, tmp_path / "a.srt")
    assert again(made, "json", tmp_path) == made


def test_an_unknown_format_is_told(tmp_path):
    with pytest.raises(BadInput, match=", ".join(FORMATS)):
        write(transcript(), tmp_path / "a.doc")
    with pytest.raises(BadInput, match="'doc' is no format"):
        write(transcript(), tmp_path / "a.srt", format="doc")


def test_text_of_a_language_without_spaces_has_none():
    assert transcript(spoken("私は", space=""), spoken("猫", space=""), language="ja").text == "私は猫"
