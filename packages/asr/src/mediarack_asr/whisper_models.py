"""The models of the Whisper family and the languages they know."""

from __future__ import annotations

from mediarack.plugin import WeightsSpec

# Codes and English names as Whisper's tokenizer has them, and other names of the same language.
LANGUAGES = {
    "afrikaans": "af", "albanian": "sq", "amharic": "am", "arabic": "ar", "armenian": "hy", "assamese": "as",
    "azerbaijani": "az", "bashkir": "ba", "basque": "eu", "belarusian": "be", "bengali": "bn", "bosnian": "bs",
    "breton": "br", "bulgarian": "bg", "burmese": "my", "cantonese": "yue", "castilian": "es", "catalan": "ca",
    "chinese": "zh", "croatian": "hr", "czech": "cs", "danish": "da", "dutch": "nl", "english": "en",
    "estonian": "et", "faroese": "fo", "finnish": "fi", "flemish": "nl", "french": "fr", "galician": "gl",
    "georgian": "ka", "german": "de", "greek": "el", "gujarati": "gu", "haitian creole": "ht", "haitian": "ht",
    "hausa": "ha", "hawaiian": "haw", "hebrew": "he", "hindi": "hi", "hungarian": "hu", "icelandic": "is",
    "indonesian": "id", "italian": "it", "japanese": "ja", "javanese": "jw", "kannada": "kn", "kazakh": "kk",
    "khmer": "km", "korean": "ko", "lao": "lo", "latin": "la", "latvian": "lv", "letzeburgesch": "lb",
    "lingala": "ln", "lithuanian": "lt", "luxembourgish": "lb", "macedonian": "mk", "malagasy": "mg", "malay": "ms",
    "malayalam": "ml", "maltese": "mt", "mandarin": "zh", "maori": "mi", "marathi": "mr", "moldavian": "ro",
    "moldovan": "ro", "mongolian": "mn", "myanmar": "my", "nepali": "ne", "norwegian": "no", "nynorsk": "nn",
    "occitan": "oc", "panjabi": "pa", "pashto": "ps", "persian": "fa", "polish": "pl", "portuguese": "pt",
    "punjabi": "pa", "pushto": "ps", "romanian": "ro", "russian": "ru", "sanskrit": "sa", "serbian": "sr",
    "shona": "sn", "sindhi": "sd", "sinhala": "si", "sinhalese": "si", "slovak": "sk", "slovenian": "sl",
    "somali": "so", "spanish": "es", "sundanese": "su", "swahili": "sw", "swedish": "sv", "tagalog": "tl",
    "tajik": "tg", "tamil": "ta", "tatar": "tt", "telugu": "te", "thai": "th", "tibetan": "bo", "turkish": "tr",
    "turkmen": "tk", "ukrainian": "uk", "urdu": "ur", "uzbek": "uz", "valencian": "ca", "vietnamese": "vi",
    "welsh": "cy", "yiddish": "yi", "yoruba": "yo",
}  # fmt: skip

_FILES = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*")
# Without tokenizer.json the engine would fetch one from the hub, unasked.
_REQUIRED = ("config.json", "model.bin", "tokenizer.json", "vocabulary.*")
_ENGLISH = frozenset({"en"})
_NO_TRANSLATION = frozenset({"translate"})


def _model(
    name: str,
    repo: str,
    megabytes: int,
    *,
    english: bool = False,
    translates: bool = True,
    default: bool = False,
) -> WeightsSpec:
    return WeightsSpec(
        backend="faster-whisper",
        name=name,
        repo=repo,
        files=_FILES,
        required=_REQUIRED,
        size=megabytes * 1_000_000,
        license="MIT",
        languages=_ENGLISH if english else None,
        lacks=frozenset() if translates and not english else _NO_TRANSLATION,
        default=default,
    )


# Names and repositories are the engine's own table. Distilled models were trained on English alone, and turbo not to
# translate: https://huggingface.co/distil-whisper, https://github.com/openai/whisper (README). Sizes are of model.bin.
FASTER_WHISPER_MODELS = (
    _model("tiny", "Systran/faster-whisper-tiny", 75),
    _model("tiny.en", "Systran/faster-whisper-tiny.en", 75, english=True),
    _model("base", "Systran/faster-whisper-base", 145),
    _model("base.en", "Systran/faster-whisper-base.en", 145, english=True),
    _model("small", "Systran/faster-whisper-small", 484, default=True),
    _model("small.en", "Systran/faster-whisper-small.en", 484, english=True),
    _model("medium", "Systran/faster-whisper-medium", 1528),
    _model("medium.en", "Systran/faster-whisper-medium.en", 1528, english=True),
    _model("large-v1", "Systran/faster-whisper-large-v1", 3087),
    _model("large-v2", "Systran/faster-whisper-large-v2", 3087),
    _model("large-v3", "Systran/faster-whisper-large-v3", 3087),
    _model("large", "Systran/faster-whisper-large-v3", 3087),
    _model("large-v3-turbo", "mobiuslabsgmbh/faster-whisper-large-v3-turbo", 1618, translates=False),
    _model("turbo", "mobiuslabsgmbh/faster-whisper-large-v3-turbo", 1618, translates=False),
    _model("distil-small.en", "Systran/faster-distil-whisper-small.en", 332, english=True),
    _model("distil-medium.en", "Systran/faster-distil-whisper-medium.en", 789, english=True),
    _model("distil-large-v2", "Systran/faster-distil-whisper-large-v2", 1513, english=True),
    _model("distil-large-v3", "Systran/faster-distil-whisper-large-v3", 1513, english=True),
    _model("distil-large-v3.5", "distil-whisper/distil-large-v3.5-ct2", 1513, english=True),
)
