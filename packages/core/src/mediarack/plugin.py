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
    from mediarack.hooks import PLUGIN_API as PLUGIN_API
    from mediarack.hooks import hookimpl as hookimpl
    from mediarack.media import Audio as Audio
    from mediarack.media import AudioHeader as AudioHeader
    from mediarack.media import AudioStreamInfo as AudioStreamInfo
    from mediarack.media import Frame as Frame
    from mediarack.media import FramesHeader as FramesHeader
    from mediarack.media import MediaInfo as MediaInfo
    from mediarack.media import Stream as Stream
    from mediarack.media import StreamInfo as StreamInfo
    from mediarack.media import VideoStreamInfo as VideoStreamInfo
    from mediarack.requests import Capability as Capability
    from mediarack.requests import ProbeRequest as ProbeRequest
    from mediarack.requests import ReadAudioRequest as ReadAudioRequest
    from mediarack.requests import ReadFramesRequest as ReadFramesRequest
    from mediarack.requests import TranscribeRequest as TranscribeRequest
    from mediarack.requests import WriteAudioRequest as WriteAudioRequest
    from mediarack.requests import WriteImageRequest as WriteImageRequest
    from mediarack.sources import Media as Media
    from mediarack.sources import SourceKind as SourceKind
    from mediarack.sources import describe as describe
    from mediarack.transcript import Segment as Segment
    from mediarack.transcript import SpeechInfo as SpeechInfo
    from mediarack.transcript import Word as Word

__getattr__, __all__ = attach(
    globals(),
    {
        "mediarack.backends": ("BackendSpec", "WeightsSpec"),
        "mediarack.calls": ("Call", "Calls"),
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
        "mediarack.hooks": ("PLUGIN_API", "hookimpl"),
        "mediarack.media": (
            "Audio",
            "AudioHeader",
            "AudioStreamInfo",
            "Frame",
            "FramesHeader",
            "MediaInfo",
            "Stream",
            "StreamInfo",
            "VideoStreamInfo",
        ),
        "mediarack.requests": (
            "Capability",
            "ProbeRequest",
            "ReadAudioRequest",
            "ReadFramesRequest",
            "TranscribeRequest",
            "WriteAudioRequest",
            "WriteImageRequest",
        ),
        "mediarack.sources": ("Media", "SourceKind", "describe"),
        "mediarack.transcript": ("Segment", "SpeechInfo", "Word"),
    },
)
