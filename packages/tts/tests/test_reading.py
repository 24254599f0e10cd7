"""What is done to a text before a voice reads it."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mediarack as mr
from mediarack_tts.reading import halves, respelling

LETTERS = frozenset(string.ascii_letters + string.digits + "é")


def test_a_text_of_known_letters_stays_as_it_is():
    assert respelling("Two cafés, 3 o'clock - and a row: ***", LETTERS, "English") == {}


def test_other_shapes_of_a_letter_or_digit_become_the_plain_one():
    text = "ｆｕｌｌ 𝐛old ٣ ①"
    assert text.translate(respelling(text, LETTERS, "English")) == "full bold 3 1"


def test_letters_that_cannot_be_spoken_are_named():
    with pytest.raises(mr.BadInput, match=r"你 \(CJK UNIFIED IDEOGRAPH-4F60\).*spell them in English"):
        respelling("Hello 你 world", LETTERS, "English")


def test_a_page_in_another_script_is_told_in_one_line():
    with pytest.raises(mr.BadInput, match="and 80 more"):
        respelling("".join(chr(0x4E00 + number) for number in range(90)), LETTERS, "English")


@given(st.text(st.sampled_from("ab,;: \n—"), min_size=2))
def test_halves_hold_the_whole_sentence_and_both_are_shorter(sentence):
    first, rest = halves(sentence)
    assert "".join((first + rest).split()) == "".join(sentence.split())
    assert max(len(first), len(rest)) < len(sentence)


def test_a_sentence_is_split_at_a_clause_rather_than_between_words():
    assert halves("one two three four, five six") == ("one two three four,", "five six")
    assert halves("one two three four") == ("one two", "three four")
