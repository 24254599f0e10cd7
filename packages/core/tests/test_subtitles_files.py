"""Files of subtitles as they are found in the world, read and converted."""

import logging

import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from speech import spoken, transcript

import mediarack as mr
from mediarack.errors import BadInput, NotMedia, OutputError
from mediarack.subtitles import cues, files

STYLED = r"""[Script Info]
Title: A sign
ScriptType: v4.00+
PlayResX: 1920

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Sign,Verdana,40,&H0000FFFF,&H000000FF,&H00000000,&H00000000,0,-1,0,0,100,100,0,0,1,2,2,8,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:09.00,Sign,,0,0,0,,a note to the typesetter
Dialogue: 0,0:00:01.00,0:00:02.50,Sign,Bob,0,0,0,,{\pos(10,20)}Stop{\i0} here, {\b1}now{\b0}\Nplease
Dialogue: 1,0:00:03.00,0:00:04.00,Sign,,0,0,0,,{\p1}m 0 0 l 100 0 100 100{\p0}
"""  # noqa: E501


def file(directory, name, text, encoding="utf-8", **how):
    path = directory / name
    path.write_bytes(text.encode(encoding, **how))
    return path


def read(directory, name, text, **how):
    return [(cue.start, cue.end, cue.lines) for cue in mr.read_subtitles(file(directory, name, text), **how)]


def test_srt_with_what_is_found_in_such_files(tmp_path):
    text = (
        "1\n00:00:01,000 --> 00:00:02,000 X1:0 X2:9\n<i>It was</i> the year\n1984\n\n\n"
        '2\n0:00:03.5 --> 0:00:04,000\n{\\an8}<font color="red">above</font> <music>\n\nafter a blank line\n\n'
        "3\n00:00:05,000 --> 00:00:06,000\n\n"
        "4\n00:00:07,000 --> 00:00:08,000\nbetween 00:00:01,000 and 00:00:02,000, in\n2001"
    )
    expected = [
        (1, 2, ("It was the year", "1984")),
        (3.5, 4, ("above <music>", "", "after a blank line")),
        (7, 8, ("between 00:00:01,000 and 00:00:02,000, in", "2001")),
    ]
    assert read(tmp_path, "a.srt", text) == expected
    assert read(tmp_path, "b.srt", text.replace("\n", "\r\n")) == expected


def test_vtt_with_what_is_found_in_such_files(tmp_path):
    text = (
        "WEBVTT - a talk\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000\n\nSTYLE\n::cue { color: red }\n\nNOTE\nof the editor\n\n"
        "introduction\n00:01.000 --> 00:02.000 line:0 align:start\n<v Bob><b>You</b> &amp; <c.loud>I</c>&lrm;\n\n"
        "NOTE between\n\n01:00:03.000 --> 01:00:04.500\n<00:00:03.500>late &lt;i&gt;\n2001\n"
    )
    assert read(tmp_path, "a.vtt", text) == [
        (1, 2, ("You & I\u200e",)),
        (3603, 3604.5, ("late <i>", "2001")),
    ]


def test_ass_without_its_markup_comments_and_drawings(tmp_path):
    assert read(tmp_path, "a.ass", STYLED) == [(1, 2.5, ("Stop here, now", "please"))]


def test_tsv_of_whisper(tmp_path):
    assert read(tmp_path, "a.tsv", "start\tend\ttext\n0\t1500\tOne, two.\n1500\t2000\t \n2000\t3000\tThree\n") == [
        (0, 1.5, ("One, two.",)), (2, 3, ("Three",)),
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_say_what_they_are(tmp_path, encoding):
    path = file(tmp_path, "a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nZwölf 猫\n", encoding)
    assert mr.read_subtitles(path)[0].lines == ("Zwölf 猫",)


def test_an_encoding_that_does_not_is_told_and_can_be_named(tmp_path):
    path = file(tmp_path, "a.srt", "1\n00:00:01,000 --> 00:00:02,000\nZwölf\n", "cp1252")
    with pytest.raises(BadInput, match=r"not UTF-8 \(byte 34\): name its encoding"):
        mr.read_subtitles(path)
    assert mr.read_subtitles(path, encoding="cp1252")[0].lines == ("Zwölf",)
    for unknown in ("klingon", "hex"):
        with pytest.raises(BadInput, match=f"encoding '{unknown}'"):
            mr.read_subtitles(path, encoding=unknown)


TIMED = "00:00:01,000 --> 00:00:02,000"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.srt", "It was the best of times.\n", "has no cue"),
        ("a.srt", "WEBVTT\n\n00:01.000 --> 00:02.000\na\n", "give 'vtt'"),
        ("a.srt", f"1\n{TIMED}\na\n\n2\n00:00:xx,000 --> 00:00:04,000\nb\n", "line 6"),
        ("a.srt", f"1\n{TIMED}\na\n\n2\n00:00:03 --> 00:00:04,000\nb\n", "line 6"),
        ("a.srt", "1\n00:00:02,000 --> 00:00:01,000\na\n", "line 2.*ends before it starts"),
        ("a.srt", "1\n00:00:02,000 --> 9999:00:01,000\na\n", "after 99:59:59"),
        ("a.srt", "1\0\n", "no text"),
        ("a.vtt", f"1\n{TIMED}\na\n", "no WebVTT"),
        ("a.ass", f"1\n{TIMED}\na\n", "no ASS script"),
        ("a.ass", "[Events]\nDialogue: 0,soon,later,Default,,0,0,0,,a\n", "broken ASS script"),
        ("a.ass", "[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,a\n", "other fields"),
        ("a.ass", "[Events]\nDialogue: 0,0:00:02.00,0:00:01.00,Default,,0,0,0,,a\n", "0 <= start <= end"),
        ("a.tsv", "start\tend\ttext\n1.5\t2\ta\n", "line 2"),
        ("a.tsv", "start\tend\ttext\n2000\t1000\ta\n", "0 <= start <= end"),
        ("a.json", "{", "no JSON"),
        ("a.json", "[" * 100_000, "no JSON|no transcript"),
        ("a.json", '{"text": "of another program", "segments": []}', "'schema'"),
        ("a.json", '{"schema": 2, "cues": []}', "update mediarack"),
        ("a.json", '{"schema": 1, "cues": [{"start": "now", "end": 2, "lines": ["a"]}]}', "Expected"),
        ("a.json", '{"schema": 1, "cues": [{"start": 3, "end": 2, "lines": ["a"]}]}', "0 <= start <= end"),
        ("a.json", '{"schema": 1, "segments": []}', "no transcript"),
        ("a.txt", "a\n", "txt has no times"),
        ("a.sub", "a\n", "name the format"),
    ],
)
def test_what_cannot_be_read_is_told_with_the_file_and_the_place(tmp_path, name, text, message):
    with pytest.raises(BadInput, match=message) as told:
        read(tmp_path, name, text)
    assert name in str(told.value)


SOUND = {
    "srt": f"1\n{TIMED}\n<i>a</i> {{\\an8}}\nb\n\n2\n00:00:03,000 --> 00:00:04,000\nc\n",
    "vtt": "WEBVTT\n\nSTYLE\n::cue {}\n\n00:01.000 --> 00:02.000 line:0\n<v Bob>a<00:01.500>b &amp; c\n",
    "ass": STYLED,
    "tsv": "start\tend\ttext\n0\t1500\tOne, two.\n",
    "json": '{"schema": 1, "cues": [{"start": 0.5, "end": 2, "lines": ["a", "b"]}]}',
}


@given(st.sampled_from(sorted(SOUND)), st.data())
def test_a_damaged_file_is_converted_or_is_one_clear_error(tmp_path_factory, format, data):
    sound = SOUND[format].encode()
    start, end = sorted(data.draw(st.integers(0, len(sound))) for _ in range(2))
    digits_and_syntax = st.text('0123456789.,:-> \n{}\\<>&[]"', max_size=8).map(str.encode)
    path = tmp_path_factory.getbasetemp() / f"damaged.{format}"
    path.write_bytes(sound[:start] + data.draw(st.binary(max_size=20) | digits_and_syntax) + sound[end:])
    target = path.with_name(f"out.{data.draw(st.sampled_from(['srt', 'vtt', 'ass', 'tsv', 'json']))}")
    layout = data.draw(st.none() | st.just(mr.Layout(max_line_chars=3)))
    try:
        mr.convert_subtitles(path, target, layout=layout)
    except BadInput as error:
        assert path.name in str(error)
    else:
        mr.read_subtitles(target)


def test_media_are_no_subtitles(talk):
    with pytest.raises(BadInput, match="is not UTF-8"):
        mr.read_subtitles(talk, "srt")


def test_a_file_that_is_too_large_is_told(tmp_path):
    path = tmp_path / "a.srt"
    with path.open("wb") as sparse:
        sparse.truncate(files.MAX_BYTES + 1)
    with pytest.raises(BadInput, match="larger than 64 MiB"):
        mr.read_subtitles(path)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", ["<font ", "{\\", "<", "-->", "{", "\u2060", "00:00:01,000 -->", "--\u2060", "1\n\n"])
@pytest.mark.parametrize("format", ["srt", "vtt", "ass"])
def test_hostile_text_takes_time_in_proportion_to_its_length(tmp_path, format, text):
    frame = {"srt": f"1\n{TIMED}\n", "vtt": f"WEBVTT\n\n{TIMED.replace(',', '.')}\n",
             "ass": "[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,"}  # fmt: skip
    path = file(tmp_path, f"a.{format}", frame[format] + text * 200_000)
    try:
        mr.read_subtitles(path)
    except BadInput:
        assert "00:00" in text


@pytest.mark.timeout(60)
def test_a_brace_that_stays_open_takes_a_script_no_longer(tmp_path):
    said = "{" + "\\an1" * 200_000
    path = file(tmp_path, "a.ass", f"[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{said}\n")
    assert mr.convert_subtitles(path, tmp_path / "a.srt").stat().st_size > len(said)


@pytest.mark.timeout(60)
def test_empty_lines_before_no_section_take_a_script_no_longer(tmp_path):
    with pytest.raises(NotMedia, match="no section"):
        mr.read_subtitles(file(tmp_path, "a.ass", "\n" * 500_000))


def test_ass_to_ass_keeps_everything(tmp_path):
    made = pysubs2.load(str(mr.convert_subtitles(file(tmp_path, "a.ass", STYLED), tmp_path / "b.ass")))
    assert made.equals(pysubs2.SSAFile.from_string(STYLED))


@pytest.mark.parametrize("format", ["srt", "vtt"])
def test_styles_are_kept_as_far_as_the_target_has_them_and_the_rest_is_told(tmp_path, caplog, format):
    source = file(tmp_path, "a.ass", STYLED)
    with caplog.at_level(logging.WARNING, "mediarack"):
        made = mr.convert_subtitles(source, tmp_path / f"b.{format}").read_text()
    assert "\n<i>Stop</i> here, <b>now</b>\nplease\n" in made
    (record,) = caplog.records
    assert record.getMessage().endswith("\\pos, comments, speakers' names, style 'Sign'")
    assert str(source) in record.getMessage()


def test_times_of_ass_that_cannot_be_stop_a_conversion(tmp_path):
    source = file(tmp_path, "a.ass", STYLED.replace("0:00:02.50", "0:00:00.50"))
    with pytest.raises(BadInput, match=r"a\.ass.*from 1\.0 s to 0\.5 s"):
        mr.convert_subtitles(source, tmp_path / "a.srt")
    assert not (tmp_path / "a.srt").exists()


def test_styles_lost_by_laying_out_anew_are_told(tmp_path, caplog):
    source = file(tmp_path, "a.srt", f"1\n{TIMED}\n<i>one</i> two three four\n")
    with caplog.at_level(logging.WARNING, "mediarack"):
        made = mr.convert_subtitles(source, tmp_path / "b.srt", layout=mr.Layout(max_line_chars=10, max_lines=1))
    assert [cue.lines for cue in mr.read_subtitles(made)] == [("one two",), ("three four",)]
    assert "\\i" in caplog.text


def test_what_vtt_has_alone_or_lacks_is_told(tmp_path, caplog):
    source = file(
        tmp_path, "a.vtt", "WEBVTT\n\nSTYLE\n::cue {}\n\n00:01.000 --> 00:02.000 line:0\n<v Bob>a<00:01.500>b\n"
    )
    assert "\nab\n" in mr.convert_subtitles(source, tmp_path / "b.srt").read_text()
    assert caplog.messages[0].endswith(": <v>, STYLE blocks, positions, times inside cues")
    struck = file(tmp_path, "c.srt", f"1\n{TIMED}\n<s>a</s> b\n")
    assert "\na b\n" in mr.convert_subtitles(struck, tmp_path / "d.vtt").read_text()
    assert caplog.messages[1].endswith(": \\s")


def test_styles_that_both_have_pass_without_a_word(tmp_path, caplog):
    source = file(tmp_path, "a.srt", f"1\n{TIMED}\n<i>one</i> &\n<u>two</u>\n")
    made = mr.convert_subtitles(source, tmp_path / "b.vtt")
    assert "<i>one</i> &amp;\n<u>two</u>\n" in made.read_text()
    back = mr.convert_subtitles(made, tmp_path / "c.srt")
    assert back.read_text() == source.read_text() + "\n"
    assert caplog.records == []


def test_a_transcript_is_converted_by_its_words(tmp_path):
    original = transcript(spoken("one two three four five six"))
    source = mr.write_transcript(original, tmp_path / "a.json")
    layout = mr.Layout(max_line_chars=10, max_lines=1)
    made = mr.convert_subtitles(source, tmp_path / "a.srt", layout=layout)
    assert [cue.start for cue in mr.read_subtitles(made)] == [
        pytest.approx(cue.start) for cue in cues(original, layout)
    ]
    assert mr.convert_subtitles(source, tmp_path / "a.txt").read_text() == "one two three four five six\n"


def test_formats_can_be_named(tmp_path):
    source = file(tmp_path, "talk.sub", f"1\n{TIMED}\na\n")
    made = mr.convert_subtitles(source, tmp_path / "talk.captions", from_format="srt", to_format="tsv")
    assert made.read_text() == "start\tend\ttext\n1000\t2000\ta\n"


def test_the_source_is_never_overwritten_and_a_failure_leaves_nothing(tmp_path):
    source = file(tmp_path, "a.srt", f"1\n{TIMED}\na\n")
    with pytest.raises(OutputError, match="the source itself"):
        mr.convert_subtitles(source, source)
    older = file(tmp_path, "b.vtt", "older")
    with pytest.raises(NotMedia):
        mr.convert_subtitles(file(tmp_path, "c.srt", "junk"), older)
    assert older.read_text() == "older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.srt", "b.vtt", "c.srt"]


@pytest.fixture(scope="module")
def transcribed(rack, talk, tiny_en):
    return rack.transcribe(talk, model=tiny_en, word_times=True)


@pytest.mark.parametrize("format", ["srt", "vtt", "ass", "json"])
def test_a_real_talk_goes_through_every_format(transcribed, tmp_path, format):
    layout = mr.Layout(max_line_chars=32, max_chars_per_second=15)
    shown = cues(transcribed, layout)
    found = mr.read_subtitles(mr.write_subtitles(shown, tmp_path / f"talk.{format}"))
    assert [cue.lines for cue in found] == [cue.lines for cue in shown]
    assert [cue.start for cue in found] == [pytest.approx(cue.start, abs=0.0051) for cue in shown]
    assert " ".join(line for cue in found for line in cue.lines).split() == [word.text for word in transcribed.words]
    assert max(len(line) for cue in found for line in cue.lines) <= 32
    assert {cue.start for cue in shown} <= {word.start for word in transcribed.words}


def test_reading_ass_leaves_the_root_logger_alone(tmp_path, caplog):
    root = logging.getLogger()
    kept, root.handlers = root.handlers, []
    try:
        mr.write_subtitles([mr.Cue(start=0, end=1, lines=("שלום",))], tmp_path / "a.ass")
        mr.convert_subtitles(tmp_path / "a.ass", tmp_path / "a.srt")
        assert root.handlers == []
    finally:
        root.handlers = kept


def test_a_script_of_our_own_loses_nothing_on_its_way_back(tmp_path, caplog):
    mr.write_subtitles([mr.Cue(start=0, end=1, lines=("שלום",))], tmp_path / "a.ass")
    mr.convert_subtitles(tmp_path / "a.ass", tmp_path / "a.srt")
    assert caplog.records == []
