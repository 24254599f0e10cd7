"""Registration: data only, no engine is imported."""

from __future__ import annotations

from mediarack.plugin import BackendSpec, Capability, SourceKind, hookimpl

PLUGIN_API = 1

_FEATURES: dict[Capability, tuple[str, ...]] = {
    "probe": (),
    "read_audio": ("window", "resample", "channels"),
    "read_frames": ("at", "indices", "every", "window", "resize", "format:gray"),
    "write_audio": (
        *("wav", "wav:s16", "wav:s24", "wav:float32", "flac", "flac:s16", "flac:s24"),
        *("mp3", "opus", "m4a", "bit_rate"),
    ),
    "write_image": ("jpeg", "png", "webp"),
}

_OF_THE_PROGRAM: dict[Capability, tuple[str, ...]] = {"write_audio": ("ogg",)}
"""PyAV's wheels hold no libvorbis."""

_FILES: frozenset[SourceKind] = frozenset({"path", "bytes", "file"})
_DECODED: dict[Capability, frozenset[SourceKind]] = {"read_audio": frozenset({"audio"})}
_URL: frozenset[SourceKind] = frozenset({"url"})
_NO_SOURCES: frozenset[SourceKind] = frozenset()


@hookimpl
def mediarack_backends() -> list[BackendSpec]:
    return [spec for capability in _FEATURES for spec in (_pyav(capability), _ffmpeg(capability))]


def _pyav(capability: Capability) -> BackendSpec:
    return BackendSpec(
        capability=capability,
        name="pyav",
        implementation="mediarack_decode_ffmpeg.pyav:PyAV",
        engine="av",
        imports="av",
        extra="pyav",
        features=frozenset(_FEATURES[capability]),
        inputs=_FILES | _DECODED.get(capability, _NO_SOURCES),
        priority=10,
        light=True,
    )


def _ffmpeg(capability: Capability) -> BackendSpec:
    return BackendSpec(
        capability=capability,
        name="ffmpeg",
        implementation="mediarack_decode_ffmpeg.ffmpeg:FFmpegCommand",
        engine="ffmpeg-python",
        imports="ffmpeg",
        extra="ffmpeg",
        features=frozenset((*_FEATURES[capability], *_OF_THE_PROGRAM.get(capability, ()))),
        inputs=_FILES | _URL | _DECODED.get(capability, _NO_SOURCES),
        priority=5,
        light=True,
    )
