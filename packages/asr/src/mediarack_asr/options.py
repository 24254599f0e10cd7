"""Each engine's own options, importable without the engine."""

from __future__ import annotations

from dataclasses import dataclass

from mediarack.plugin import BadInput


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

    def __post_init__(self) -> None:
        for name in ("beam_size", "best_of"):
            if getattr(self, name) < 1:
                raise BadInput(f"{name}={getattr(self, name)}: must be 1 or more")
        if not self.temperature or min(self.temperature) < 0:
            raise BadInput(f"temperature={self.temperature}: give one or more numbers, 0 or more")
        if not 0 <= self.vad_threshold <= 1:
            raise BadInput(f"vad_threshold={self.vad_threshold}: must be a probability, 0 to 1")
