"""A text made ready to be read aloud: characters that a voice would leave out, and sentences too long for it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from mediarack.plugin import BadInput

_CLAUSE = re.compile(r"(?<=[,;:—])\s+")
_SPACE = re.compile(r"\s+")
_SHOWN = 10
"""Characters named in a message."""


def respelling(text: str, letters: Collection[str], language: str) -> dict[int, str]:
    """A table for ``str.translate`` that leaves only letters and digits which are among ``letters``.

    Other shapes of a letter or digit (full-width, mathematical, Arabic-Indic) become the plain one. Raises BadInput
    naming those that have none: a voice would leave them out in silence.
    """
    plain = {
        character: _plain(character) for character in set(text) if character.isalnum() and character not in letters
    }
    if unknown := sorted(character for character in plain if plain[character] not in letters):
        named = ", ".join(f"{c} ({unicodedata.name(c, f'U+{ord(c):04X}')})" for c in unknown[:_SHOWN])
        more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
        raise BadInput(
            f"the voice reads {language} and cannot speak {named}{more}: spell them in {language}, or leave them out"
        )
    return str.maketrans(plain)


def _plain(character: str) -> str:
    """The letter or digit that this one is another shape of; itself if there is none or it stands for several."""
    digit = unicodedata.decimal(character, None)
    plain = unicodedata.normalize("NFKC", character)
    if digit is not None:
        return str(digit)
    return plain if len(plain) == 1 else character


def halves(sentence: str) -> tuple[str, str]:
    """The sentence in two, at the end of a clause if it has any, else between words, as near the middle as can be.

    A single word is cut in the middle. Takes two characters or more.
    """
    sentence = sentence.strip()
    middle = len(sentence) // 2
    for gap in (_CLAUSE, _SPACE):
        if gaps := list(gap.finditer(sentence)):
            nearest = min(gaps, key=lambda found: abs(found.start() - middle))
            return sentence[: nearest.start()], sentence[nearest.end() :]
    return sentence[:middle], sentence[middle:]
