"""The pictures of the docs come from the product."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pictures

import mediarack as mr

ROOT = Path(__file__).parents[1]


def test_the_terminal_shows_what_the_command_writes(tmp_path):
    target = tmp_path / "probe.svg"
    pictures.PICTURES["probe.svg"](target)
    svg = target.read_text(encoding="utf-8")
    shown = html.unescape(re.sub(r"<[^>]+>", "", svg)).replace("\xa0", " ")
    assert "$ mediarack probe talk.mp4" in shown
    assert "640x360, yuv420p, 25.000 fps" in shown
    assert "url(" not in re.sub(r"url\(#", "", svg), "a reader's browser would fetch something"


def test_the_contact_sheet_holds_its_frames(tmp_path):
    pictures.contact_sheet(tmp_path / "sheet.jpg", columns=2, rows=1)
    video = mr.probe(tmp_path / "sheet.jpg").video
    assert (video.width, video.height) == (480, 135)


def test_the_table_shown_has_every_backend_there_is():
    """If not: hatch run docs-images backends.svg."""
    shown = html.unescape((pictures.IMAGES / "backends.svg").read_text(encoding="utf-8"))
    with mr.Rack() as rack:
        assert [name for b in rack.registry.backends if (name := b.spec.name) not in shown] == []


def test_every_picture_is_made_by_the_script_and_none_is_large():
    there = {path.name: path.stat().st_size for path in pictures.IMAGES.iterdir()}
    assert there.keys() == pictures.PICTURES.keys()
    assert sum(there.values()) < 300_000


def test_no_picture_shows_a_path_of_the_machine_that_made_it():
    for path in pictures.IMAGES.glob("*.svg"):
        assert re.findall(r"/(?:home|root|tmp|Users|usr)\b", path.read_text(encoding="utf-8")) == []
