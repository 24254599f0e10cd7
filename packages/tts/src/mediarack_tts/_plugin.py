"""Registration: data only, no engine is imported."""

from __future__ import annotations

from mediarack.plugin import BackendSpec, WeightsSpec, hookimpl

PLUGIN_API = 1


@hookimpl
def mediarack_backends() -> list[BackendSpec]:
    return [
        BackendSpec(
            capability="speak",
            name="hibari",
            implementation="mediarack_tts.hibari:HibariSpeaker",
            engine="hibari-tts",
            imports="hibari",
            extra="hibari",
            features=frozenset({"speed", "seed"}),
            languages={"english": "en"},
            voices={"heart": "en"},  # the engine knows four more, but they are not in its wheel
            priority=50,
            light=True,
        )
    ]


@hookimpl
def mediarack_weights() -> list[WeightsSpec]:
    return [
        WeightsSpec(
            backend="hibari",
            name="heart",
            repo="",
            files=("hibari.onnx",),
            required=("hibari.onnx",),
            size=7_936_868,
            license="Apache-2.0",
            languages=frozenset({"en"}),
            default=True,
            package="hibari:assets",
            distribution="hibari-tts",
        )
    ]
