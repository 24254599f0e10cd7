"""Transcripts for the tests of subtitles."""

from hypothesis import strategies as st

from mediarack.provenance import Provenance
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


@st.composite
def said(draw, max_word=60, letters=None):
    """Segments whose words have times in order, a frame or more apart, with and without spaces between them."""
    alphabet = st.sampled_from(letters) if letters else st.characters(categories=["L", "N", "P"])
    word = st.text(alphabet, min_size=1, max_size=max_word)
    clock, segments = 0.0, []
    for parts in draw(
        st.lists(st.lists(st.tuples(word, st.floats(0, 3), st.floats(0.05, 2)), min_size=1, max_size=30), max_size=5)
    ):
        words = []
        for text, gap, length in parts:
            clock += gap
            words.append(Word(start=clock, end=clock + length, text=text))
            clock += length
        text = " ".join(text for text, _, _ in parts)
        segments.append(Segment(start=words[0].start, end=clock, text=text, words=tuple(words)))
    return segments
