"""Registration: data only, no engine is imported."""

from __future__ import annotations

from mediarack.plugin import BackendSpec, hookimpl

PLUGIN_API = 1

_FEATURES = {
    "probe": (),
    "read_audio": ("window", "resample", "channels"),
    "read_frames": ("at", "indices", "every", "window", "resize", "format:gray"),
    "write_audio": ("wav", "wav:s16", "wav:float32"),
    "write_image": ("jpeg", "png"),
}

_INPUTS = {"path", "bytes", "file"}


@hookimpl
def mediarack_backends() -> list[BackendSpec]:
    return [
        BackendSpec(
            capability=capability,  # type: ignore[arg-type]
            name="pyav",
            implementation="mediarack_decode_ffmpeg.pyav:PyAV",
            engine="av",
            imports="av",
            extra="pyav",
            features=frozenset(features),
            inputs=frozenset(_INPUTS | {"audio"} if capability == "read_audio" else _INPUTS),  # type: ignore[arg-type]
            priority=10,
            light=True,
        )
        for capability, features in _FEATURES.items()
    ]
