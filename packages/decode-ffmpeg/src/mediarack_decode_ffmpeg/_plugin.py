"""Registration: data only, no engine is imported."""

from __future__ import annotations

from mediarack.plugin import BackendSpec, Capability, SourceKind, hookimpl

PLUGIN_API = 1

_FEATURES: dict[Capability, tuple[str, ...]] = {
    "probe": (),
    "read_audio": ("window", "resample", "channels"),
    "read_frames": ("at", "indices", "every", "window", "resize", "format:gray"),
    "write_audio": ("wav", "wav:s16", "wav:float32"),
    "write_image": ("jpeg", "png"),
}

_FILES: frozenset[SourceKind] = frozenset({"path", "bytes", "file"})
_INPUTS: dict[Capability, frozenset[SourceKind]] = {"read_audio": _FILES | {"audio"}}


@hookimpl
def mediarack_backends() -> list[BackendSpec]:
    return [
        BackendSpec(
            capability=capability,
            name="pyav",
            implementation="mediarack_decode_ffmpeg.pyav:PyAV",
            engine="av",
            imports="av",
            extra="pyav",
            features=frozenset(features),
            inputs=_INPUTS.get(capability, _FILES),
            priority=10,
            light=True,
        )
        for capability, features in _FEATURES.items()
    ]
