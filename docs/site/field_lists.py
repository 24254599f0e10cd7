"""Shows the fields of our docstrings, written as "name: what it is", as lists. Their text is plain prose otherwise."""

from __future__ import annotations

import re
from typing import Any

import griffe

FIELD = re.compile(r"(?P<names>[*\w]+(?:, [*\w]+)*): (?=\S)")


class FieldLists(griffe.Extension):
    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring:
            paragraphs = obj.docstring.value.split("\n\n")
            obj.docstring.value = "\n\n".join(map(as_list, paragraphs))


def as_list(paragraph: str) -> str:
    """The paragraph as a Markdown list if each line that is not indented begins a field; otherwise as it is."""
    lines = paragraph.split("\n")
    fields = [FIELD.match(line) for line in lines if not line.startswith(" ")]
    if len(fields) < 2 or not all(fields):
        return paragraph
    return "\n".join(FIELD.sub(r"- `\g<names>`: ", line, count=1) if line[0] != " " else line for line in lines)
