"""What a spec says must be so."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import json
import subprocess
import sys
from typing import Any, get_args

from packaging.utils import canonicalize_name

from mediarack.media import CHANNELS_OF_FORMAT
from mediarack.requests import AudioContainer, Capability, ImageContainer, SampleEncoding
from mediarack.sources import SourceKind
from mediarack.testing.subject import Subject, check

_LOSSLESS = {f"{container}:{encoding}" for container in ("wav", "flac") for encoding in get_args(SampleEncoding)}
_FEATURES: dict[Capability, set[str]] = {
    "probe": set(),
    "read_audio": {"window", "resample", "channels"},
    "read_frames": {"at", "indices", "every", "window", "resize", *(f"format:{name}" for name in CHANNELS_OF_FORMAT)},
    "write_audio": {*get_args(AudioContainer), *_LOSSLESS, "bit_rate"},
    "write_image": set(get_args(ImageContainer)),
    "transcribe": {"translate", "word_times", "vad", "initial_prompt"},
    "speak": {"speed", "seed"},
}
"""Those that requests ask for. Of stems there is no end."""


@check(runs_engine=False)
def the_features_are_those_that_requests_ask_for(subject: Subject) -> None:
    spec = subject.spec
    if spec.capability == "separate":
        assert subject.stems, "a separator claims its stems as features: stem:speech, stem:rest"
        return
    unknown = spec.features - _FEATURES[spec.capability]
    assert not unknown, f"no request asks for {sorted(unknown)}; there is {sorted(_FEATURES[spec.capability])}"
    if spec.capability in ("write_audio", "write_image"):
        containers = spec.features & {*get_args(AudioContainer), *get_args(ImageContainer)}
        assert containers, "a writer claims the containers it writes as features: wav, jpeg"


@check(runs_engine=False)
def devices_and_inputs_are_known_ones(subject: Subject) -> None:
    assert subject.spec.devices
    assert set(subject.spec.devices) <= {"cpu", "cuda"}
    assert subject.spec.inputs <= set(get_args(SourceKind))


@check(runs_engine=False)
def languages_are_lower_case_names_to_codes(subject: Subject) -> None:
    for name, code in subject.spec.languages.items():
        assert name == name.strip().lower(), f"the language {name!r} must be an English name in lower case"
        assert code == code.strip().lower(), f"the code {code!r} of {name!r} must be in lower case"


@check("speak", runs_engine=False)
def voices_speak_declared_languages(subject: Subject) -> None:
    codes = set(subject.spec.languages.values())
    strangers = {voice: code for voice, code in subject.spec.voices.items() if code not in codes}
    assert not strangers, f"voices of languages that the spec does not name: {strangers}"


@check(runs_engine=False)
def the_extra_is_declared_and_installs_the_engine(subject: Subject) -> None:
    backend, spec = subject.backend, subject.spec
    if spec.extra is None or not backend.plugin:
        return
    metadata = importlib.metadata.metadata(backend.plugin)
    extras = {canonicalize_name(extra) for extra in metadata.get_all("Provides-Extra") or ()}
    assert canonicalize_name(spec.extra) in extras, f"{backend.plugin} has the extras {sorted(extras)}"
    engine = canonicalize_name(spec.engine)
    lines = [canonicalize_name(_name(line)) for line in metadata.get_all("Requires-Dist") or ()]
    assert engine in lines, f"{backend.plugin} requires {lines}, not the engine {spec.engine}"


def _name(requirement: str) -> str:
    from packaging.requirements import Requirement

    return Requirement(requirement).name


@check(runs_engine=False)
def the_plugin_is_listed_without_its_engine(subject: Subject) -> None:
    backend, module = subject.backend, subject.spec.imports
    if not backend.plugin or module in sys.stdlib_module_names:
        return  # handed over as an object, or no engine to keep out
    code = "import json, sys; from mediarack.registry import Registry; r = Registry(); r.backends, r.problems\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}json.dump([m for m in sys.argv[1:] if m in sys.modules], sys.stdout)",
         module, "numpy", "torch"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = json.loads(done.stdout)
    assert loaded == [], f"to list the plugins imports {loaded}: keep that out of the module of the entry point"


@check()
def the_class_has_the_method_and_takes_no_arguments(subject: Subject) -> None:
    module, colon, name = subject.spec.implementation.partition(":")
    assert colon, f"implementation={subject.spec.implementation!r} must be 'module:Class'"
    kind = getattr(importlib.import_module(module), name)
    method = inspect.signature(getattr(kind, subject.spec.capability))
    method.bind("self", "source", "request", "call")
    inspect.signature(kind).bind()


@check()
def options_are_a_frozen_dataclass_that_can_be_left_out(subject: Subject) -> None:
    if subject.spec.options is None:
        return
    module, colon, name = subject.spec.options.partition(":")
    assert colon, f"options={subject.spec.options!r} must be 'module:Class'"
    kind: Any = getattr(importlib.import_module(module), name)
    assert "__dataclass_params__" in vars(kind), f"{name} must be a dataclass"
    assert vars(kind)["__dataclass_params__"].frozen, f"{name} must be frozen: options are part of a request"
    kind()
