"""All that a plugin imports of mediarack. Names are loaded when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediarack._lazy import attach

if TYPE_CHECKING:
    from mediarack.backends import BackendSpec as BackendSpec
    from mediarack.backends import WeightsSpec as WeightsSpec
    from mediarack.calls import Call as Call
    from mediarack.calls import Calls as Calls
    from mediarack.errors import BackendFailed as BackendFailed
    from mediarack.errors import BackendUnavailable as BackendUnavailable
    from mediarack.errors import BadInput as BadInput
    from mediarack.errors import CorruptMedia as CorruptMedia
    from mediarack.errors import MediarackError as MediarackError
    from mediarack.errors import NoSuchStream as NoSuchStream
    from mediarack.errors import NotMedia as NotMedia
    from mediarack.errors import OutputError as OutputError
    from mediarack.extensions import CheckSpec as CheckSpec
    from mediarack.extensions import CommandSpec as CommandSpec
    from mediarack.extensions import Finding as Finding
    from mediarack.hooks import PLUGIN_API as PLUGIN_API
    from mediarack.hooks import hookimpl as hookimpl
    from mediarack.media import MAX_PIXELS as MAX_PIXELS
    from mediarack.media import Audio as Audio
    from mediarack.media import AudioHeader as AudioHeader
    from mediarack.media import AudioStreamInfo as AudioStreamInfo
    from mediarack.media import Frame as Frame
    from mediarack.media import FramesHeader as FramesHeader
    from mediarack.media import MediaInfo as MediaInfo
    from mediarack.media import Stems as Stems
    from mediarack.media import StemsHeader as StemsHeader
    from mediarack.media import Stream as Stream
    from mediarack.media import StreamInfo as StreamInfo
    from mediarack.media import VideoStreamInfo as VideoStreamInfo
    from mediarack.requests import Capability as Capability
    from mediarack.requests import ProbeRequest as ProbeRequest
    from mediarack.requests import ReadAudioRequest as ReadAudioRequest
    from mediarack.requests import ReadFramesRequest as ReadFramesRequest
    from mediarack.requests import SeparateRequest as SeparateRequest
    from mediarack.requests import SpeakRequest as SpeakRequest
    from mediarack.requests import TranscribeRequest as TranscribeRequest
    from mediarack.requests import WriteAudioRequest as WriteAudioRequest
    from mediarack.requests import WriteImageRequest as WriteImageRequest
    from mediarack.sources import Decoded as Decoded
    from mediarack.sources import LocalMedia as LocalMedia
    from mediarack.sources import Media as Media
    from mediarack.sources import SourceKind as SourceKind
    from mediarack.sources import Url as Url
    from mediarack.sources import describe as describe
    from mediarack.transcript import Segment as Segment
    from mediarack.transcript import SpeechHeader as SpeechHeader
    from mediarack.transcript import SpeechInfo as SpeechInfo
    from mediarack.transcript import Spoken as Spoken
    from mediarack.transcript import Word as Word

__getattr__, __all__ = attach(
    globals(),
    {
        "mediarack.backends": (
            "BackendSpec",
            "WeightsSpec",
        ),
        "mediarack.calls": (
            "Call",
            "Calls",
        ),
        "mediarack.errors": (
            "BackendFailed",
            "BackendUnavailable",
            "BadInput",
            "CorruptMedia",
            "MediarackError",
            "NoSuchStream",
            "NotMedia",
            "OutputError",
        ),
        "mediarack.extensions": (
            "CheckSpec",
            "CommandSpec",
            "Finding",
        ),
        "mediarack.hooks": (
            "PLUGIN_API",
            "hookimpl",
        ),
        "mediarack.media": (
            "Audio",
            "AudioHeader",
            "AudioStreamInfo",
            "Frame",
            "FramesHeader",
            "MAX_PIXELS",
            "MediaInfo",
            "Stems",
            "StemsHeader",
            "Stream",
            "StreamInfo",
            "VideoStreamInfo",
        ),
        "mediarack.requests": (
            "Capability",
            "ProbeRequest",
            "ReadAudioRequest",
            "ReadFramesRequest",
            "SeparateRequest",
            "SpeakRequest",
            "TranscribeRequest",
            "WriteAudioRequest",
            "WriteImageRequest",
        ),
        "mediarack.sources": (
            "Decoded",
            "LocalMedia",
            "Media",
            "SourceKind",
            "Url",
            "describe",
        ),
        "mediarack.transcript": (
            "Segment",
            "SpeechHeader",
            "SpeechInfo",
            "Spoken",
            "Word",
        ),
    },
)
