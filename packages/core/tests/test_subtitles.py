"""Cues: lines that fit, times that do not overlap, nothing lost."""

import itertools
import json

import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediarack.errors import BadInput
from mediarack.provenance import Provenance
from mediarack.subtitles import Layout, cues, render, write_transcript
from mediarack.transcript import Segment, SpeechInfo, Transcript, Word

PROVENANCE = Provenance(
    call_id="1", capability="transcribe", backend="b", engine="e", engine_version="1", plugin="p", plugin_version="1",
    placement="host", device="cpu", threads=1, seconds=1.0,
)  # fmt: skip


def transcript(*segments, language="en"):
    info = SpeechInfo(language=language, language_confidence=0.9, duration=60.0, task="transcribe")
    return Transcript(info=info, segments=tuple(segments), provenance=PROVENANCE)


def spoken(text, start=0.0, seconds_per_word=0.3, space=" "):
    """A segment whose words follow one another without pause."""
    parts = text.split(space) if space else list(text)
    words = [
        Word(start=start + i * seconds_per_word, end=start + (i + 1) * seconds_per_word, text=part)
        for i, part in enumerate(parts)
    ]
    return Segment(start=start, end=words[-1].end, text=text, words=tuple(words))


def test_a_long_segment_is_split_by_its_word_times():
    text = "It was the best of times it was the worst of times it was the age of wisdom it was the age of foolishness"
    found = cues(transcript(spoken(text)))
    assert len(found) == 2
    assert [len(cue.lines) for cue in found] == [2, 1]
    assert max(len(line) for cue in found for line in cue.lines) <= 42
    assert " ".join(line for cue in found for line in cue.lines) == text
    assert found[1].start == pytest.approx(found[0].end)


def test_a_pause_ends_a_cue():
    words = (Word(start=0, end=1, text="One."), Word(start=4, end=5, text="Two."))
    found = cues(transcript(Segment(start=0, end=5, text="One. Two.", words=words)))
    assert [(cue.start, cue.end, cue.lines) for cue in found] == [(0, 1, ("One.",)), (4, 5, ("Two.",))]


def test_lines_are_of_even_length():
    (cue,) = cues(transcript(spoken("one two three four five six seven eight nine ten", seconds_per_word=0.1)))
    assert cue.lines == ("one two three four five", "six seven eight nine ten")


def test_a_short_word_stays_long_enough_to_be_read_but_not_into_the_next():
    found = cues(transcript(spoken("No.", start=0), spoken("Yes.", start=0.6)))
    assert [(cue.start, cue.end) for cue in found] == [(0, 0.6), (0.6, 1.6)]


def test_punctuation_that_the_engine_splits_off_stays_with_its_word():
    words = tuple(Word(start=i, end=i + 0.5, text=text) for i, text in enumerate(["twenty", "-five", "!"]))
    (cue,) = cues(transcript(Segment(start=0, end=3, text="twenty-five!", words=words)), Layout(pause=0.4))
    assert cue.lines == ("twenty-five!",)


def test_a_script_without_spaces_is_not_given_any():
    found = cues(transcript(spoken("私は猫です。名前はまだない。", space="", seconds_per_word=0.1), language="ja"))
    assert "".join(line for cue in found for line in cue.lines) == "私は猫です。名前はまだない。"


def test_without_word_times_a_segment_is_one_cue():
    (cue,) = cues(transcript(Segment(start=1, end=9, text="a " * 60 + "end")))
    assert (cue.start, cue.end) == (1, 9)
    assert len(cue.lines) > 2
    assert max(map(len, cue.lines)) <= 42


word = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=60)
durations = st.lists(st.tuples(word, st.floats(0, 3), st.floats(0, 2)), min_size=1, max_size=30)


@given(st.lists(durations, min_size=1, max_size=5))
def test_whatever_is_said_cues_are_in_order_whole_and_within_their_lines(segments):
    clock, made = 0.0, []
    for parts in segments:
        words = []
        for text, gap, length in parts:
            clock += gap
            words.append(Word(start=clock, end=clock + length, text=text))
            clock += length
        text = " ".join(text for text, _, _ in parts)
        made.append(Segment(start=words[0].start, end=clock, text=text, words=tuple(words)))
    layout = Layout()
    found = cues(transcript(*made), layout)
    assert all(cue.start <= cue.end for cue in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert " ".join(line for cue in found for line in cue.lines) == " ".join(segment.text for segment in made)
    longest = max(len(text) for parts in segments for text, _, _ in parts)
    assert all(len(line) <= max(layout.max_line_chars, longest) for cue in found for line in cue.lines)


def test_srt_is_read_back_by_another_library_with_braces_kept(tmp_path):
    path = write_transcript(transcript(spoken("He said {music} and left.", start=3661.5)), tmp_path / "a.srt")
    (event,) = pysubs2.load(str(path))
    assert event.start == 3_661_500
    assert path.read_text(encoding="utf-8") == "1\n01:01:01,500 --> 01:01:03,000\nHe said {music} and left.\n\n"


def test_txt_has_a_segment_per_line():
    assert render(transcript(spoken("One."), spoken("Zwölf.", start=2)), "txt") == "One.\nZwölf.\n"


def test_json_has_everything(tmp_path):
    path = write_transcript(transcript(spoken("Zwölf Uhr.")), tmp_path / "a.json")
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data["schema"] == 1
    assert (data["language"], data["text"], data["duration"]) == ("en", "Zwölf Uhr.", 60.0)
    assert [w["text"] for w in data["segments"][0]["words"]] == ["Zwölf", "Uhr."]
    assert data["provenance"]["backend"] == "b"


def test_an_empty_transcript_is_an_empty_file(tmp_path):
    assert write_transcript(transcript(), tmp_path / "a.srt").read_text() == ""


def test_an_unknown_format_is_told(tmp_path):
    with pytest.raises(BadInput, match="srt, txt, json"):
        write_transcript(transcript(), tmp_path / "a.doc")


def test_text_of_a_language_without_spaces_has_none():
    assert transcript(spoken("私は", space=""), spoken("猫", space=""), language="ja").text == "私は猫"
