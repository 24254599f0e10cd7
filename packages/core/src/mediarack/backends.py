"""What a backend is: a spec that says all about it without importing it, and a class with one method per capability."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, get_args

from mediarack.calls import Call
from mediarack.errors import BadInput
from mediarack.media import Audio, AudioHeader, Frame, FramesHeader, MediaInfo, Stems, StemsHeader, Stream
from mediarack.requests import (
    Capability,
    ProbeRequest,
    ReadAudioRequest,
    ReadFramesRequest,
    SeparateRequest,
    SpeakRequest,
    TranscribeRequest,
    WriteAudioRequest,
    WriteImageRequest,
)
from mediarack.sources import Decoded, Media, SourceKind
from mediarack.transcript import Segment, SpeechHeader, SpeechInfo, Spoken

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, kw_only=True)
class BackendSpec:
    """A backend as data. Nothing of the engine, nor the module that adapts it, is imported to read it.

    capability, name: what it does and what it is called; the pair is unique.
    implementation: "module:Class"; the class takes no arguments and has a method named after the capability. Specs with
        the same implementation share one instance. An optional ``close()`` frees what it holds.
    engine: the distribution of the third-party library, which is also asked for its version.
    imports: the engine's top-level module, tried in a subprocess before it is first imported in the host.
    extra: the extra of the plugin's own distribution that installs the engine, and the one place of its version range.
    features: which of the request's features it has.
    languages: English language names (lower case) to codes, for what hears or speaks; empty if language has no meaning.
    voices: names of voices to the codes of their languages, for what speaks; the first one is the default.
    devices: those it can use, best first.
    inputs: kinds of source it reads.
    options: "module:Class" of its own options, a frozen dataclass; giving an instance fixes the backend.
    priority: the highest that can do what is asked is chosen; equals go by name.
    light: imports in about a second and poisons nothing, so it may run in the host process.
    """

    capability: Capability
    name: str
    implementation: str
    engine: str
    imports: str
    extra: str | None = None
    features: frozenset[str] = frozenset()
    languages: Mapping[str, str] = field(default_factory=dict)
    voices: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[str, ...] = ("cpu",)
    inputs: frozenset[SourceKind] = frozenset({"path", "bytes", "file"})
    options: str | None = None
    priority: int = 0
    light: bool = False

    def __post_init__(self) -> None:
        """Raises BadInput for values of other kinds than those declared here."""
        told = f"backend {self.name!r}"
        if self.capability not in get_args(Capability):
            raise BadInput(f"{told}: capability={self.capability!r} must be one of {', '.join(get_args(Capability))}")
        if not isinstance(self.name, str) or not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", self.name):
            raise BadInput(f"{told}: a name has lower-case letters, digits, hyphens, and no spaces")
        kinds = {"features": frozenset, "inputs": frozenset, "devices": tuple, "languages": Mapping, "voices": Mapping}
        for field_name, kind in {**kinds, "priority": int}.items():
            if not isinstance(value := getattr(self, field_name), kind):
                raise BadInput(f"{told}: {field_name}={value!r} must be a {kind.__name__}")
        if wrong := sorted(self.inputs - set(get_args(SourceKind))):
            raise BadInput(f"{told}: inputs has {', '.join(wrong)}; there is {', '.join(get_args(SourceKind))}")


@dataclass(frozen=True, kw_only=True)
class WeightsSpec:
    """Model files of one backend, by the publisher who offers them: on the hub, in an installed package, or both.

    name: as the user says it. repo: id on the Hugging Face hub, "" if they are in a package alone. files: patterns to
    fetch. required: patterns without which a directory is not this model. size: bytes to download, about. languages:
    codes, or None for all the backend has. lacks: features the backend has but not with this model. default: used when
    the call names none. package: "module:sub/directory" or "module", a top-level module that is found, never imported.
    distribution: what pip calls that package; "" if it is named as the module. sha256: file name to hexadecimal digest,
    compared after a download; it wins over what the hub says. Raises BadInput.
    """

    backend: str
    name: str
    repo: str
    files: tuple[str, ...]
    required: tuple[str, ...]
    size: int
    license: str
    languages: frozenset[str] | None = None
    lacks: frozenset[str] = frozenset()
    default: bool = False
    package: str | None = None
    distribution: str = ""
    sha256: Mapping[str, str] = field(default_factory=dict, hash=False)  # a spec may be a key or stand in a set

    def __post_init__(self) -> None:
        told = f"weights {self.name!r} of {self.backend}"
        if not self.repo and self.package is None:
            raise BadInput(f"{told}: neither repo nor package says where they come from")
        if self.package is not None:
            module, _, folder = self.package.partition(":")
            if not module.isidentifier():
                raise BadInput(f"{told}: package={self.package!r} must be MODULE:FOLDER, with a top-level module")
            if ".." in folder.split("/") or folder.startswith("/") or "\\" in folder:
                raise BadInput(f"{told}: package={self.package!r}: the folder must lie inside the module, with /")
        for name, digest in self.sha256.items():
            if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
                raise BadInput(f"{told}: sha256 of {name!r} must be 64 lower-case hexadecimal digits, not {digest!r}")


class Prober(Protocol):
    def probe(self, source: Media, request: ProbeRequest, call: Call) -> MediaInfo: ...


class AudioReader(Protocol):
    def read_audio(self, source: Media | Decoded, request: ReadAudioRequest, call: Call) -> Stream[AudioHeader, Audio]:
        """Blocks of samples in order and without gaps, each a second or more unless it is the last.

        A source of kind "audio" is sound to be given another rate, other channels or cut: Audio, or a stream of it.
        """


class FrameReader(Protocol):
    def read_frames(self, source: Media, request: ReadFramesRequest, call: Call) -> Stream[FramesHeader, Frame]:
        """Frames in the order they come on screen; ``Frame.position`` says where each belongs in what was asked for."""


class AudioWriter(Protocol):
    def write_audio(self, source: Decoded, request: WriteAudioRequest, call: Call) -> None: ...


class ImageWriter(Protocol):
    def write_image(self, source: npt.NDArray[np.uint8], request: WriteImageRequest, call: Call) -> None:
        """``source`` is ``[height, width, 3]`` (RGB) or ``[height, width, 1]`` (gray)."""


class Transcriber(Protocol):
    def transcribe(
        self, source: Media | Decoded, request: TranscribeRequest, call: Call
    ) -> Stream[SpeechInfo, Segment]: ...


class Separator(Protocol):
    def separate(self, source: Media | Decoded, request: SeparateRequest, call: Call) -> Stream[StemsHeader, Stems]:
        """Blocks of all wanted stems, as for read_audio. Rate and channels are the source's own."""


class Speaker(Protocol):
    def speak(self, source: str, request: SpeakRequest, call: Call) -> Stream[SpeechHeader, Spoken]:
        """The text part by part, in order, each beginning where the one before ends."""
