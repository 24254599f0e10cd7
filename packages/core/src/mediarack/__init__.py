"""mediarack: one API over the media-AI engines whose pins do not fit together.

The verbs here (``mediarack.transcribe`` and so on) are those of a default Rack, made when first used, closed at exit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mediarack._lazy import attach

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mediarack.calls import CancelToken as CancelToken
    from mediarack.calls import Progress as Progress
    from mediarack.config import Config as Config
    from mediarack.errors import BackendFailed as BackendFailed
    from mediarack.errors import BackendUnavailable as BackendUnavailable
    from mediarack.errors import BadInput as BadInput
    from mediarack.errors import Cancelled as Cancelled
    from mediarack.errors import CorruptMedia as CorruptMedia
    from mediarack.errors import DeadlineExceeded as DeadlineExceeded
    from mediarack.errors import MediarackError as MediarackError
    from mediarack.errors import NoSuchStream as NoSuchStream
    from mediarack.errors import NotMedia as NotMedia
    from mediarack.errors import OutputError as OutputError
    from mediarack.logs import CallIdFilter as CallIdFilter
    from mediarack.media import Audio as Audio
    from mediarack.media import Frame as Frame
    from mediarack.media import Frames as Frames
    from mediarack.media import MediaInfo as MediaInfo
    from mediarack.media import Stems as Stems
    from mediarack.media import Stream as Stream
    from mediarack.provenance import Provenance as Provenance
    from mediarack.rack import Outcome as Outcome
    from mediarack.rack import Rack as Rack
    from mediarack.subtitles import Cue as Cue
    from mediarack.subtitles import Layout as Layout
    from mediarack.subtitles import convert_subtitles as convert_subtitles
    from mediarack.subtitles import read_subtitles as read_subtitles
    from mediarack.subtitles import read_transcript as read_transcript
    from mediarack.subtitles import write_subtitles as write_subtitles
    from mediarack.subtitles import write_transcript as write_transcript
    from mediarack.transcript import Segment as Segment
    from mediarack.transcript import Speech as Speech
    from mediarack.transcript import Spoken as Spoken
    from mediarack.transcript import Transcript as Transcript
    from mediarack.transcript import Word as Word

    _default: Rack
    probe = _default.probe
    read_audio = _default.read_audio
    iter_audio = _default.iter_audio
    read_frames = _default.read_frames
    iter_frames = _default.iter_frames
    write_audio = _default.write_audio
    write_image = _default.write_image
    extract_audio = _default.extract_audio
    extract_frame = _default.extract_frame
    transcribe = _default.transcribe
    transcribe_each = _default.transcribe_each
    iter_segments = _default.iter_segments
    separate = _default.separate
    iter_stems = _default.iter_stems
    extract_stems = _default.extract_stems
    speak = _default.speak
    iter_speech = _default.iter_speech

_VERBS = (
    "probe",
    "read_audio",
    "iter_audio",
    "read_frames",
    "iter_frames",
    "write_audio",
    "write_image",
    "extract_audio",
    "extract_frame",
    "transcribe",
    "transcribe_each",
    "iter_segments",
    "separate",
    "iter_stems",
    "extract_stems",
    "speak",
    "iter_speech",
)
_names, __all__ = attach(
    globals(),
    {
        "mediarack.calls": ("CancelToken", "Progress"),
        "mediarack.config": ("Config",),
        "mediarack.errors": (
            "BackendFailed",
            "BackendUnavailable",
            "BadInput",
            "Cancelled",
            "CorruptMedia",
            "DeadlineExceeded",
            "MediarackError",
            "NoSuchStream",
            "NotMedia",
            "OutputError",
        ),
        "mediarack.logs": ("CallIdFilter",),
        "mediarack.media": ("Audio", "Frame", "Frames", "MediaInfo", "Stems", "Stream"),
        "mediarack.provenance": ("Provenance",),
        "mediarack.rack": ("Outcome", "Rack"),
        "mediarack.subtitles": (
            "Cue",
            "Layout",
            "convert_subtitles",
            "read_subtitles",
            "read_transcript",
            "write_subtitles",
            "write_transcript",
        ),
        "mediarack.transcript": ("Segment", "Speech", "Spoken", "Transcript", "Word"),
    },
)
__all__ += _VERBS  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _VERBS:
        from mediarack._default import rack

        return getattr(rack, name)
    return _names(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
