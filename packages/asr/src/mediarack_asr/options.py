"""Each engine's own options, importable without the engine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class FasterWhisperOptions:
    """What faster-whisper offers beyond the common arguments; names, meanings and defaults are the engine's.

    compute_type: CTranslate2's type of the weights in memory, such as "int8", "float16", "float32"; "default" keeps the
        stored type where the device can compute with it.
    device_index: which GPU.
    temperature: tried one after another while a result looks wrong by the thresholds.
    vad_*: of the Silero detector; threshold is a probability, the others are milliseconds.
    """

    compute_type: str = "default"
    device_index: int = 0
    beam_size: int = 5
    best_of: int = 5
    patience: float = 1.0
    length_penalty: float = 1.0
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    temperature: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    compression_ratio_threshold: float | None = 2.4
    log_prob_threshold: float | None = -1.0
    no_speech_threshold: float | None = 0.6
    condition_on_previous_text: bool = True
    hotwords: str | None = None
    hallucination_silence_threshold: float | None = None
    multilingual: bool = False
    vad_threshold: float = 0.5
    vad_min_silence_ms: int = 2000
    vad_speech_pad_ms: int = 400
