"""Registration: data only, no engine is imported."""

from __future__ import annotations

from mediarack.plugin import BackendSpec, WeightsSpec, hookimpl
from mediarack_asr.whisper_models import FASTER_WHISPER_MODELS, LANGUAGES

PLUGIN_API = 1


@hookimpl
def mediarack_backends() -> list[BackendSpec]:
    return [
        BackendSpec(
            capability="transcribe",
            name="faster-whisper",
            implementation="mediarack_asr.faster_whisper:FasterWhisper",
            engine="faster-whisper",
            imports="faster_whisper",
            extra="faster-whisper",
            features=frozenset({"translate", "word_times", "vad", "initial_prompt"}),
            languages=LANGUAGES,
            devices=("cuda", "cpu"),
            inputs=frozenset({"path", "url", "bytes", "file", "audio"}),  # whatever read_audio reads
            options="mediarack_asr.options:FasterWhisperOptions",
            priority=50,
            light=True,
        )
    ]


@hookimpl
def mediarack_weights() -> tuple[WeightsSpec, ...]:
    return FASTER_WHISPER_MODELS
