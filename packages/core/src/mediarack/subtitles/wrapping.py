"""Text broken into lines: how wide it is, where a line may end, and lines of even length.

Widths are counted in half-width columns: a full-width character (Chinese, Japanese, Korean, most emoji) is 2, a
combining mark 0 (Unicode Standard Annex #11). Between ideographs and kana a line may end anywhere but before closing
punctuation and small kana or after opening brackets (kinsoku shori, JIS X 4051); Korean breaks at its spaces. Thai,
Lao, Khmer and Burmese have neither spaces nor such a rule: there a line ends where the engine's words do.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_NOT_AT_START = frozenset(
    ",.:;!?%)]}'’”…‥"
    "、。，．・：；？！％ー゛゜ヽヾゝゞ々〻‐゠〜～｡､･ｰﾞﾟ"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿｧｨｩｪｫｬｭｮｯ"
)
_NOT_AT_END = frozenset("([{‘“¿¡￥＄")
_ENGINE_SPLITS = (("\u0e00", "\u0eff"), ("\u1000", "\u109f"), ("\u1780", "\u17ff"))
"""Thai and Lao, Burmese, Khmer."""
_HANGUL = (("\u1100", "\u11ff"), ("\u3130", "\u318f"), ("\ua960", "\ua97f"), ("\uac00", "\ud7ff"))
_JOINERS = "\u200d\u2060\ufeff"


@dataclass(frozen=True, slots=True)
class Piece:
    """What is not divided: a word with its punctuation, or an ideograph. Times are seconds."""

    start: float
    end: float
    text: str
    spaced: bool
    """A space stands before it, unless it begins a line."""


def display_width(text: str) -> int:
    """Columns that the text takes, in half-width characters."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def joined(pieces: Iterable[Piece]) -> str:
    return "".join(f" {piece.text}" if piece.spaced else piece.text for piece in pieces).strip()


def one_line(lines: Iterable[str]) -> str:
    """Lines put together again: with a space where the script has spaces."""
    whole = ""
    for line in lines:
        text = " ".join(line.split())
        whole += f" {text}" if whole and text and needs_space(whole, text) else text
    return whole


def needs_space(before: str, after: str) -> bool:
    """Whether words of two lines or phrases get a space between them: not so within scripts without spaces."""
    return not (_spaceless(before[-1]) and _spaceless(after[0]))


def belongs_to(before: str, after: str, *, spaced: bool) -> bool:
    """Whether ``after`` must stay on the line of ``before``."""
    if spaced:  # punctuation that stands alone, as in French
        return all(map(_never_starts, after)) or all(map(_never_ends, before))
    if _in(before[-1], _ENGINE_SPLITS) and _in(after[0], _ENGINE_SPLITS):
        return _extends(after[0])
    return not _may_break(before[-1], after[0])


def fragments(word: str) -> Iterator[str]:
    """A word without spaces, divided wherever a line may end inside it: between ideographs and kana."""
    start = 0
    for at in range(1, len(word)):
        if _may_break(word[at - 1], word[at]):
            yield word[start:at]
            start = at
    yield word[start:]


def wrapped(pieces: Sequence[Piece], width: int) -> tuple[str, ...]:
    """As few lines as the width allows, and those as even as can be. A piece wider than that has a line of its own."""
    lines = _filled(pieces, width)
    while True:
        widest = max(map(display_width, lines))
        narrower = _filled(pieces, widest - 1)
        if len(narrower) > len(lines) or max(map(display_width, narrower)) >= widest:  # one piece may be the widest
            return tuple(lines)
        lines = narrower


def _filled(pieces: Sequence[Piece], width: int) -> list[str]:
    lines: list[list[Piece]] = []
    used = 0
    for piece in pieces:
        wider = used + piece.spaced + display_width(piece.text)
        if lines and wider <= width:
            lines[-1].append(piece)
            used = wider
        else:
            lines.append([piece])
            used = display_width(piece.text)
    return [joined(line) for line in lines]


def _columns(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _may_break(before: str, after: str) -> bool:
    """Whether a line may end between two characters that no space parts."""
    if not (_ideographic(before) or _ideographic(after)):
        return False
    if _extends(after) or before in _JOINERS:
        return False
    return not (_never_starts(after) or _never_ends(before) or '"' in {before, after})


def _ideographic(character: str) -> bool:
    wide = unicodedata.east_asian_width(character) in {"W", "F"} or "\uff61" <= character <= "\uff9f"
    return wide and not _in(character, _HANGUL)


def _extends(character: str) -> bool:
    """It belongs to the character before it: a combining mark, a joiner, a skin tone."""
    return (
        unicodedata.category(character).startswith("M")
        or character in _JOINERS
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def _spaceless(character: str) -> bool:
    return _ideographic(character) or _in(character, _ENGINE_SPLITS)


def _never_starts(character: str) -> bool:
    return character in _NOT_AT_START or unicodedata.category(character) in {"Pe", "Pf"}


def _never_ends(character: str) -> bool:
    return character in _NOT_AT_END or unicodedata.category(character) in {"Ps", "Pi"}


def _in(character: str, ranges: Iterable[tuple[str, str]]) -> bool:
    return any(first <= character <= last for first, last in ranges)
