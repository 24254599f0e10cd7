"""Cues: lines that fit, times that do not overlap, nothing lost."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from speech import said, spoken, transcript

from mediarack.errors import BadInput
from mediarack.subtitles import Cue, Layout, cues, laid_out
from mediarack.subtitles.wrapping import display_width, fragments
from mediarack.transcript import Segment, Word

TIMES = "It was the best of times it was the worst of times it was the age of wisdom it was the age of foolishness"


def shown(found):
    return [(cue.start, cue.end, cue.lines) for cue in found]


def text_of(found):
    return "".join("".join(line.split()) for cue in found for line in cue.lines)


def test_a_long_segment_is_split_by_its_word_times_into_cues_of_even_length():
    found = cues(transcript(spoken(TIMES)))
    assert [cue.lines for cue in found] == [
        ("It was the best of times it", "was the worst of times it"),
        ("was the age of wisdom it", "was the age of foolishness"),
    ]
    assert found[1].start == pytest.approx(found[0].end)


def test_a_long_segment_without_word_times_shares_out_its_time_by_characters():
    found = cues(transcript(Segment(start=10, end=20, text=TIMES)), Layout(max_lines=1, max_chars_per_second=1000))
    assert " ".join(cue.lines[0] for cue in found) == TIMES
    assert (found[0].start, found[-1].end) == (10, 20)
    speeds = [len(cue.lines[0]) / (cue.end - cue.start) for cue in found]
    assert max(speeds) < 1.1 * min(speeds)


def test_a_pause_ends_a_cue():
    words = (Word(start=0, end=1, text="One."), Word(start=4, end=5, text="Two."))
    found = cues(transcript(Segment(start=0, end=5, text="One. Two.", words=words)))
    assert shown(found) == [(0, 1, ("One.",)), (4, 5, ("Two.",))]


def test_a_sentence_ends_a_cue_that_fills_half_a_line():
    found = cues(transcript(spoken('No. Yes. "I have seen the best of times." What now?')))
    assert [cue.lines for cue in found] == [('No. Yes. "I have seen the best of times."',), ("What now?",)]


def test_a_cue_is_no_longer_than_max_seconds():
    found = cues(transcript(spoken("one two three four five six", seconds_per_word=2)), Layout(max_seconds=5))
    assert [cue.lines for cue in found] == [("one two",), ("three four",), ("five six",)]


def test_lines_are_of_even_length():
    (cue,) = cues(transcript(spoken("one two three four five six seven eight nine ten", seconds_per_word=0.1)))
    assert cue.lines == ("one two three four five", "six seven eight nine ten")


def test_a_short_word_stays_long_enough_to_be_read_but_not_into_the_next():
    found = cues(transcript(spoken("No.", start=0), spoken("Yes.", start=0.6)))
    assert [(cue.start, cue.end) for cue in found] == [(0, 0.6), (0.6, 1.6)]


def test_fast_speech_stays_on_screen_into_the_silence_after_it():
    fast = spoken("He speaks so fast that nobody reads it", seconds_per_word=0.1)  # 38 characters in 0.8 s
    (alone,) = cues(transcript(fast), Layout(max_chars_per_second=19))
    assert (alone.start, alone.end) == (0, 2)
    followed, _ = cues(transcript(fast, spoken("Yes.", start=1.5)), Layout(max_chars_per_second=19))
    assert followed.end == 1.5
    (limited,) = cues(transcript(fast), Layout(max_chars_per_second=1, max_seconds=5))
    assert limited.end == 5


def test_a_gap_before_the_next_cue_is_taken_from_the_end():
    first, second = cues(transcript(spoken("No.", start=0), spoken("Yes.", start=0.6)), Layout(min_gap=0.08))
    assert (first.end, second.start) == (pytest.approx(0.52), 0.6)


def test_punctuation_that_the_engine_splits_off_stays_with_its_word():
    words = tuple(Word(start=i, end=i + 0.5, text=text) for i, text in enumerate(["twenty", "-five", "!"]))
    (cue,) = cues(transcript(Segment(start=0, end=3, text="twenty-five!", words=words)), Layout(pause=0.4))
    assert cue.lines == ("twenty-five!",)


def test_words_that_the_engine_splits_are_kept_whole_and_runs_of_punctuation_are_not():
    words = tuple(Word(start=i / 9, end=i / 9, text=text) for i, text in enumerate(["twenty", "-five", *"。" * 9]))
    found = cues(
        transcript(Segment(start=0, end=1, text="twenty-five" + "。" * 9, words=words)), Layout(max_line_chars=8)
    )
    assert [line for cue in found for line in cue.lines] == ["twenty-five。", "。。。。", "。。。。"]


def test_a_word_that_still_sounds_is_no_pause():
    words = (Word(start=0, end=9, text="Laaa"), Word(start=1, end=2, text="la"), Word(start=4, end=5, text="la"))
    assert len(cues(transcript(Segment(start=0, end=9, text="Laaa la la", words=words)))) == 1


def test_french_punctuation_begins_no_line():
    found = cues(transcript(spoken("Avez-vous lu « Germinal » ? Oui !")), Layout(max_line_chars=14))
    assert [cue.lines for cue in found] == [("Avez-vous lu", "« Germinal » ?"), ("Oui !",)]


def test_a_script_without_spaces_is_not_given_any():
    found = cues(transcript(spoken("私は猫です。名前はまだない。", space="", seconds_per_word=0.1), language="ja"))
    assert text_of(found) == "私は猫です。名前はまだない。"
    assert not any(" " in line for cue in found for line in cue.lines)


def test_full_width_characters_count_two():
    (cue,) = cues(
        transcript(spoken("吾輩は猫である名前はまだ無いどこで生れたか", space="", seconds_per_word=0.1)),
        Layout(max_line_chars=26),
    )
    assert cue.lines == ("吾輩は猫である名前はま", "だ無いどこで生れたか")


@pytest.mark.parametrize("width", range(4, 30, 2))
def test_japanese_lines_begin_with_no_closing_and_end_with_no_opening(width):
    text = "彼は「ちょっと、待って！」と言った。チャーリーは（笑）コーヒーを飲んで、帰っていった。"
    found = cues(transcript(Segment(start=0, end=9, text=text)), Layout(max_line_chars=width))
    lines = [line for cue in found for line in cue.lines]
    assert "".join(lines) == text
    assert all(line[0] not in "、。！」）ょっゃァー" and line[-1] not in "「（" for line in lines)
    assert all(display_width(line) <= width for line in lines if len(list(fragments(line))) > 1)


def test_chinese_with_words_of_latin_script():
    found = cues(
        transcript(Segment(start=0, end=4, text="我们使用Python和FFmpeg处理视频。")), Layout(max_line_chars=12)
    )
    lines = [line for cue in found for line in cue.lines]
    assert "".join(lines) == "我们使用Python和FFmpeg处理视频。"
    assert any("Python" in line for line in lines)
    assert any("FFmpeg" in line for line in lines)


def test_korean_breaks_at_its_spaces():
    (cue,) = cues(transcript(spoken("나는 학교에 가고 있습니다", seconds_per_word=0.2)), Layout(max_line_chars=14))
    assert cue.lines == ("나는 학교에", "가고 있습니다")
    assert list(fragments("있습니다")) == ["있습니다"]


def test_thai_breaks_between_the_words_of_the_engine():
    parts = ["ฉัน", "กำลัง", "เดินทาง", "ไป", "โรงเรียน"]
    words = tuple(Word(start=i / 4, end=i / 4 + 0.25, text=part) for i, part in enumerate(parts))
    segment = Segment(start=0, end=1.25, text="".join(parts), words=words)
    (cue,) = cues(transcript(segment, language="th"), Layout(max_line_chars=16))
    assert cue.lines == ("ฉันกำลังเดินทาง", "ไปโรงเรียน")


@pytest.mark.parametrize(
    "text", ["ذهبت إلى السوق ثم عدت إلى البيت مساء", "הלכתי לשוק ואחר כך חזרתי הביתה בערב ABC 123"]
)
def test_right_to_left_text_stays_in_the_order_it_is_spoken_without_marks(text):
    (cue,) = cues(transcript(spoken(text, seconds_per_word=0.2)), Layout(max_line_chars=24))
    assert " ".join(cue.lines) == text


def test_emoji_are_not_taken_apart():
    family = "👩‍👩‍👧👍🏽"
    assert list(fragments(family)) == ["👩‍👩‍👧", "👍🏽"]


def test_words_that_all_have_the_same_time_are_one_cue_rather_than_unseen_ones():
    words = tuple(Word(start=3, end=3, text=text) for text in TIMES.split())
    found = cues(transcript(Segment(start=3, end=3, text=TIMES, words=words)))
    assert [" ".join(cue.lines) for cue in found] == [TIMES]
    assert found[0].end > 3


def test_times_that_are_none_are_those_before():
    words = (
        Word(start=1, end=2, text="One"), Word(start=math.nan, end=math.nan, text="two"),
        Word(start=0.5, end=math.inf, text="three"), Word(start=-5, end=-4, text="four"),
    )  # fmt: skip
    assert shown(cues(transcript(Segment(start=1, end=2, text="One two three four", words=words)))) == [
        (1, pytest.approx(1 + 18 / 17), ("One two three four",))
    ]


def test_one_word_a_cue_is_put_together_and_long_cues_are_split():
    single = [Cue(start=i / 4, end=i / 4 + 0.25, lines=(word,)) for i, word in enumerate(TIMES.split())]
    anew = laid_out(single, Layout())
    assert [cue.lines for cue in anew] == [cue.lines for cue in cues(transcript(spoken(TIMES, seconds_per_word=0.25)))]
    assert anew[1].start in {cue.start for cue in single}
    assert text_of(laid_out([Cue(start=0, end=20, lines=(TIMES,))], Layout(max_lines=1))) == TIMES.replace(" ", "")


@pytest.mark.parametrize(
    ("limit", "value"),
    [("max_lines", 0), ("max_line_chars", -1), ("max_seconds", 0), ("max_chars_per_second", math.nan), ("pause", 0),
     ("min_seconds", -1), ("min_gap", math.inf)],
)  # fmt: skip
def test_a_limit_that_nothing_meets_is_told(limit, value):
    with pytest.raises(BadInput, match=f"{limit} is {value}"):
        Layout(**{limit: value})


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (2, 1), (math.nan, 1), (0, math.inf)])
def test_a_cue_has_times_that_can_be(start, end):
    with pytest.raises(BadInput, match="0 <= start <= end"):
        Cue(start=start, end=end, lines=("a",))


def test_a_cue_has_text():
    with pytest.raises(BadInput, match="leave it out"):
        Cue(start=0, end=1, lines=("", " "))
    with pytest.raises(BadInput, match=r"lines=\('a',\)"):
        Cue(start=0, end=1, lines="a")


layouts = st.builds(
    Layout, max_line_chars=st.integers(1, 60), max_lines=st.integers(1, 4), max_seconds=st.floats(0.1, 20),
    min_seconds=st.floats(0, 3), max_chars_per_second=st.floats(1, 50), pause=st.floats(0.1, 3),
    min_gap=st.floats(0, 1),
)  # fmt: skip


@given(said(), layouts)
def test_whatever_is_said_in_order_stands_in_cues_that_keep_the_limits(segments, layout):
    found = cues(transcript(*segments), layout)
    words = [word for segment in segments for word in segment.words]
    assert text_of(found) == "".join(word.text for word in words)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert all(cue.start < cue.end and all(cue.lines) for cue in found)
    unbreakable = max((display_width(part) for word in words for part in fragments(word.text)), default=0)
    glued = 2 * unbreakable  # of closing punctuation that belongs to the word before it
    assert all(display_width(line) <= max(layout.max_line_chars, glued) for cue in found for line in cue.lines)


@given(said(max_word=12, letters="abcäö日本猫"), layouts)
def test_a_cue_starts_with_its_first_word_and_ends_after_its_last(segments, layout):
    """With words that fit a line and time between them."""
    layout = Layout(max_line_chars=max(24, layout.max_line_chars), max_lines=layout.max_lines, pause=layout.pause)
    words = [word for segment in segments for word in segment.words]
    found = cues(transcript(*segments), layout)
    at = 0
    for cue, following in itertools.zip_longest(found, found[1:]):
        assert cue.start == words[at].start
        length = len("".join(cue.lines).replace(" ", ""))
        while length > 0:
            length -= len(words[at].text)
            at += 1
        assert length == 0
        assert cue.end >= words[at - 1].end or cue.end == following.start
        assert len(cue.lines) <= layout.max_lines


any_time = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-1, 10)
any_word = st.builds(Word, start=any_time, end=any_time, text=st.text(max_size=8))


@given(
    st.lists(
        st.builds(
            Segment,
            start=any_time,
            end=any_time,
            text=st.text(max_size=40),
            words=st.lists(any_word, max_size=8).map(tuple),
        )
    )
)
def test_times_are_in_order_and_no_text_is_lost_whatever_the_engine_gives(segments):
    found = cues(transcript(*segments))
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert all(0 <= cue.start < cue.end < math.inf for cue in found)
    texts = [[w.text for w in s.words if w.text.strip()] or [s.text] for s in segments]
    assert text_of(found) == "".join("".join(text.split()) for those in texts for text in those)
