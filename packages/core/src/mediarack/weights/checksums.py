"""Whether the files of a model are what they were: compared with what is known of them, nothing of them is run.

What is known comes from the plugin (WeightsSpec.sha256), from the hub's cache, which names a file's content by its
sha256 (large files) or its git object id (the others), from the RECORD of an installed package, or from the SHA256SUMS
that ``mediarack models pull --to`` writes and ``sha256sum -c`` reads.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mediarack.errors import BackendUnavailable, BadInput
from mediarack.output import replacing
from mediarack.weights.files import is_inside

SUMS = "SHA256SUMS"
_WRITTEN_BY_PULL = "# mediarack models pull: "
_LINE = re.compile(r"([0-9a-fA-F]{64}) [ *](.+)")
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Digest:
    """``value`` in hexadecimal; "git-sha1" is the sha1 of ``blob SIZE NUL CONTENT``, git's id of a file."""

    algorithm: Literal["sha256", "git-sha1"]
    value: str


@dataclass(frozen=True, kw_only=True)
class Verification:
    """Files of a model, by name: ``same`` as known, ``damaged``, ``missing``, or ``unknown`` to ``source``.

    source: where the sums come from, "" if nothing is known to compare with.
    """

    directory: Path
    source: str
    same: tuple[str, ...]
    damaged: tuple[str, ...]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]


def verify(
    directory: Path, source: str, known: Mapping[str, Digest], report: Callable[[float, float | None, str], None]
) -> Verification:
    """Compare the directory's files with what is known of them; ``report`` gets progress in bytes."""
    names = _names(directory)
    compared = [name for name in sorted(known) if (directory / name).is_file()]
    total = float(sum((directory / name).stat().st_size for name in compared))
    done = 0.0

    def read(size: int) -> None:
        nonlocal done
        done += size
        report(done, total, "bytes")

    try:
        damaged = [name for name in compared if digest_of(directory / name, known[name].algorithm, read) != known[name]]
    except OSError as error:
        raise BadInput(f"cannot read {error.filename!r} to verify it: {error.strerror}") from error
    return Verification(
        directory=directory,
        source=source if known else "",
        same=tuple(name for name in compared if name not in damaged),
        damaged=tuple(damaged),
        missing=tuple(sorted(known.keys() - set(compared))),
        unknown=tuple(sorted(names - known.keys() - {SUMS})),
    )


def digest_of(
    path: Path, algorithm: Literal["sha256", "git-sha1"], read: Callable[[int], None] = lambda size: None
) -> Digest:
    """The file's digest; ``read`` is called with the size of each piece."""
    # sha1 is git's name for the content here, no protection.
    state = hashlib.sha256() if algorithm == "sha256" else hashlib.sha1(usedforsecurity=False)
    if algorithm == "git-sha1":
        state.update(b"blob %d\0" % path.stat().st_size)
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            state.update(piece)
            read(len(piece))
    return Digest(algorithm, state.hexdigest())


def refuse_wrong(directory: Path, known: Mapping[str, Digest], model: str) -> None:
    """Remove a file that is not as known and raise BackendUnavailable."""
    for name, expected in known.items():
        path = directory / name
        if not path.is_file():
            raise BackendUnavailable(
                f"the model {model!r} lacks the file {name!r}, whose {expected.algorithm} is known"
            )
        found = digest_of(path, expected.algorithm)
        if found != expected:
            _unlink(path)
            raise BackendUnavailable(
                f"the model {model!r} is refused: the {expected.algorithm} of {name!r} is {found.value}, not "
                f"{expected.value}; the file was removed. Try again; if it stays so, tell the plugin's maintainer"
            )


def of_the_hub(snapshot: Path) -> dict[str, Digest]:
    """What the hub's cache knows: each file of a snapshot is a link to content that is named by its digest."""
    known = {}
    for name in _names(snapshot):
        path = snapshot / name
        if path.is_symlink():
            value = path.readlink().name
            if re.fullmatch(r"[0-9a-f]{64}", value):
                known[name] = Digest("sha256", value)
            elif re.fullmatch(r"[0-9a-f]{40}", value):
                known[name] = Digest("git-sha1", value)
    return known


def of_the_package(directory: Path, distribution: str) -> dict[str, Digest]:
    """What the RECORD of an installed distribution says of the files in ``directory``; nothing if it is editable."""
    known = {}
    root = directory.resolve()
    try:
        files = importlib.metadata.distribution(distribution).files or []
    except importlib.metadata.PackageNotFoundError:
        return {}
    for file in files:
        path = Path(os.fspath(file.locate())).resolve()
        if file.hash is not None and file.hash.mode == "sha256" and path.is_relative_to(root):
            padded = file.hash.value + "=" * (-len(file.hash.value) % 4)
            known[path.relative_to(root).as_posix()] = Digest("sha256", base64.urlsafe_b64decode(padded).hex())
    return known


def of_the_list(directory: Path) -> dict[str, Digest]:
    """What SHA256SUMS says; nothing if there is none. Raises BadInput for a list that cannot be trusted."""
    path = directory / SUMS
    if not path.is_file():
        return {}
    known = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.rstrip("\r"))
        if match is None:
            raise BadInput(f"{path}, line {number}: {line!r} is no sum: 64 hexadecimal digits, two spaces, a name")
        if not is_inside(match[2]):
            raise BadInput(f"{path}, line {number}: {match[2]!r} lies outside the directory: such a list is not used")
        known[match[2]] = Digest("sha256", match[1].lower())
    return known


def write_sums(directory: Path, about: str) -> None:
    """SHA256SUMS of all files in the directory, in the form of coreutils, with a first line that says who wrote it."""
    lines = [f"{digest_of(directory / name, 'sha256').value}  {name}" for name in sorted(_names(directory) - {SUMS})]
    with replacing(directory / SUMS) as aside:
        aside.write_text("\n".join([_WRITTEN_BY_PULL + about, *lines, ""]), encoding="utf-8", newline="\n")


def written_by_pull(directory: Path, about: str = "") -> bool:
    """Whether ``mediarack models pull --to`` wrote this directory, and for what ``write_sums`` was told."""
    path = directory / SUMS
    if not path.is_file():
        return False
    first = path.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    return first == _WRITTEN_BY_PULL + about if about else first.startswith(_WRITTEN_BY_PULL)


def _names(directory: Path) -> set[str]:
    """Files below the directory, links to nothing too, by their names with /; not those that Python or a hub adds."""
    files = (path.relative_to(directory) for path in directory.rglob("*") if path.is_symlink() or path.is_file())
    return {path.as_posix() for path in files if not {".cache", "__pycache__"} & set(path.parts)}


def _unlink(path: Path) -> None:
    """The file, and what it links to: the hub's cache keeps the content elsewhere."""
    while path.is_symlink():
        target = path.parent / path.readlink()
        path.unlink()
        path = target
    path.unlink()
