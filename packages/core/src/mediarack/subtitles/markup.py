"""Text with markup, as ASS writes it, and what SubRip and WebVTT make of it.

In all of mediarack's scripts a text is held as ASS has it: override tags in braces, ``\\N`` for a new line, and what
was said escaped as FFmpeg escapes it and libass shows it: ``\\{``, ``\\}``, and a word joiner (U+2060, which has no
width) after a backslash. SubRip has no escapes at all: there the word joiner parts what would be taken for markup, and
stands in a line that would be blank, which ends a cue. Reading takes those word joiners out again.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Callable, Iterable, Iterator

STYLES = frozenset("ibus")
"""Italic, bold, underlined, struck out: the tags of the same name."""
_WJ = "\u2060"
_ASS_TOKEN = re.compile(
    r"\\(?P<brace>[{}])|\\(?P<space>[Nnh])|\\\u2060|\{(?P<tags>[^{}]*)\}|(?P<text>[^\\{]+|.)", re.DOTALL
)
_ASS_TAG = re.compile(r"\\(?:(?P<style>[ibusp])(?P<value>[0-9]+)|(?P<name>[0-9]?[a-z]+))")
_SRT_TAG = re.compile(r"<(?P<close>/?)(?P<style>[ibus])>|</?font\b[^<>]*>|\{\\[^{}]*\}", re.IGNORECASE)
_SRT_SYNTAX = (("<", r"[/A-Za-z]"), (r"\{", r"(?:\\|[A-Za-z]:)"), ("--", ">"), (r"\\", "[Nnh]"))
"""What players take for a tag of HTML, a tag of ASS or MicroDVD, an arrow, a line break: how it begins and goes on."""
_SRT_UNSAFE = re.compile("|".join(f"{begin}(?={_WJ}*{rest})" for begin, rest in _SRT_SYNTAX))
_SRT_MADE_SAFE = re.compile("|".join(f"(?<={begin}){_WJ}(?={_WJ}*{rest})" for begin, rest in _SRT_SYNTAX))
_VTT_TAG = re.compile(r"<(?P<close>/?)(?P<name>[a-z]*)[^<>]*>")


def escaped(text: str) -> str:
    """What was said, as ASS text."""
    text = text.replace("\\", "\\" + _WJ).replace("{", "\\{").replace("}", "\\}")
    return text.replace("\n", "\\N")


def plain(text: str) -> str:
    """What an ASS text shows, without its markup; lines are parted by newlines."""
    return "".join(shown for shown, _ in _spans(text, frozenset()))


def tags(text: str) -> set[str]:
    """Names of the override tags in an ASS text."""
    blocks = (token["tags"] or "" for token in _ASS_TOKEN.finditer(text))
    return {tag["style"] or tag["name"] for block in blocks for tag in _ASS_TAG.finditer(block)}


def to_srt(text: str, base: frozenset[str]) -> str:
    """An ASS text in SubRip. ``base``: the STYLES that it has without any tag."""
    # Block by block: one pattern for it all takes the square of the text's length where a brace stays open.
    positions = (re.findall(r"\\an[1-9]", block) for block in re.findall(r"\{([^{}]*)\}", text))
    position = next((found[-1] for found in positions if found), None)
    whole = _tagged(text, base, STYLES, lambda said: _SRT_UNSAFE.sub(rf"\g<0>{_WJ}", said))
    return (f"{{{position}}}" if position else "") + "\n".join(map(_not_blank, whole.split("\n")))


def from_srt(lines: Iterable[str]) -> tuple[str, set[str]]:
    """A cue of SubRip as ASS text, and what was left out."""
    whole = "\n".join(map(_blank_again, lines))
    text, lost, at = "", set(), 0
    for tag in _SRT_TAG.finditer(whole):
        text += escaped(_SRT_MADE_SAFE.sub("", whole[at : tag.start()]))
        at = tag.end()
        if tag["style"]:
            text += f"{{\\{tag['style'].lower()}{0 if tag['close'] else 1}}}"
        elif tag[0].startswith("{"):
            text += tag[0]
        else:
            lost.add("<font>")
    return text + escaped(_SRT_MADE_SAFE.sub("", whole[at:])), lost


def to_vtt(text: str, base: frozenset[str]) -> str:
    """An ASS text in WebVTT."""
    whole = _tagged(text, base, STYLES - {"s"}, lambda said: html.escape(said, quote=False))
    return "\n".join(map(_not_blank, whole.split("\n")))


def from_vtt(lines: Iterable[str]) -> tuple[str, set[str]]:
    """A cue of WebVTT as ASS text, and what was left out."""
    whole = "\n".join(map(_blank_again, lines))
    text, lost, at = "", set(), 0
    for tag in _VTT_TAG.finditer(whole):
        text += escaped(html.unescape(whole[at : tag.start()]))
        at = tag.end()
        if tag["name"] in STYLES - {"s"}:
            text += f"{{\\{tag['name']}{0 if tag['close'] else 1}}}"
        else:
            lost.add(f"<{tag['name']}>" if tag["name"] else "times inside cues")
    return text + escaped(html.unescape(whole[at:])), lost


def _tagged(text: str, base: frozenset[str], kept: frozenset[str], literal: Callable[[str], str]) -> str:
    whole = ""
    for styles, spans in itertools.groupby(_spans(text, base), key=lambda span: span[1] & kept):
        opening = "".join(f"<{style}>" for style in sorted(styles))
        closing = "".join(f"</{style}>" for style in sorted(styles, reverse=True))
        whole += opening + literal("".join(shown for shown, _ in spans)) + closing
    return whole


def _not_blank(line: str) -> str:
    line = line.strip()
    return line if line.strip(_WJ) else line + _WJ


def _blank_again(line: str) -> str:
    line = line.strip()
    return line if line.strip(_WJ) else line[1:]


def _spans(text: str, base: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """The shown parts of an ASS text, each with the STYLES it has."""
    styles, drawing = base, False
    for token in _ASS_TOKEN.finditer(text):
        if token["tags"] is not None:
            for tag in _ASS_TAG.finditer(token["tags"]):
                if tag["style"] == "p":
                    drawing = int(tag["value"][:4]) > 0
                elif tag["style"]:
                    on = tag["value"] not in {"0", "400"}  # of \b also a weight
                    styles = styles | {tag["style"]} if on else styles - {tag["style"]}
                elif tag["name"].startswith("r"):
                    styles = base
        elif not drawing:
            space = {"N": "\n", "n": " ", "h": "\u00a0"}.get(token["space"] or "")
            yield token["brace"] or space or token["text"] or "\\", styles
