"""Which backend does a call: those that can do what is asked, best first, and a reason for each one passed over."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mediarack.backends import BackendSpec
from mediarack.config import Config
from mediarack.errors import BackendUnavailable, BadInput, PassedOver
from mediarack.registry import Backend, Registry
from mediarack.requests import ModelRequest, Request, SpeakRequest, TranscribeRequest
from mediarack.sources import SourceKind
from mediarack.weights import Located, WeightsStore


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A backend that can do the request, with what is already decided for it."""

    backend: Backend
    request: Request
    device: str
    weights: Located | None


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Candidates, best first (never empty), and those that cannot do it."""

    candidates: tuple[Candidate, ...]
    passed_over: tuple[PassedOver, ...]


def select(
    request: Request,
    source_kind: SourceKind | None,
    *,
    registry: Registry,
    config: Config,
    store: WeightsStore,
    backend: str | None,
    device: str,
) -> Selection:
    """Raises BackendUnavailable if nothing can do the request, BadInput for a backend name nobody has."""
    candidates: list[Candidate] = []
    passed_over: list[PassedOver] = []
    able = [b for b in registry.backends if b.spec.capability == request.capability]
    backend = _named(request.options, able) or backend
    if backend is not None:
        able = _only(backend, able, request.capability)
    else:
        preferred = config.prefer.get(request.capability)
        able.sort(key=lambda b: b.spec.name != preferred)  # stable: priority order otherwise
        if preferred is not None and preferred not in {b.spec.name for b in able}:
            passed_over.append(PassedOver(preferred, "preferred by configuration, but no installed plugin has it"))
    for entry in able:
        reason = _reason_against(entry, request, source_kind, config, device)
        if reason is None:
            found = _with_weights(entry, request, store, named=backend is not None, device=device)
            if isinstance(found, Candidate):
                candidates.append(found)
                continue
            reason = found
        passed_over.append(PassedOver(entry.spec.name, reason))
    if not candidates:
        raise BackendUnavailable(_nobody(request, registry, backend), tuple(passed_over))
    return Selection(candidates=tuple(candidates), passed_over=tuple(passed_over))


def _named(options: Any, able: Iterable[Backend]) -> str | None:
    """The backend that owns these options, told by their class."""
    if options is None:
        return None
    owner = f"{type(options).__module__}:{type(options).__qualname__}"
    for entry in able:
        if entry.spec.options == owner:
            return entry.spec.name
    raise BadInput(f"no installed backend takes options of type {owner}")


def _only(name: str, able: list[Backend], capability: str) -> list[Backend]:
    chosen = [b for b in able if b.spec.name == name]
    if not chosen:
        names = [b.spec.name for b in able]
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise BadInput(f"no {capability} backend is called {name!r} (there is {', '.join(names) or 'none'}){hint}")
    return chosen


def _reason_against(
    entry: Backend, request: Request, source_kind: SourceKind | None, config: Config, device: str
) -> str | None:
    spec = entry.spec
    if spec.name in config.disabled:
        return "disabled by configuration"
    if unmet := entry.unmet_requirements:
        return f"{'; '.join(unmet)}: {entry.install_command}"
    if lacking := sorted(request.features() - spec.features):
        return f"cannot do {', '.join(lacking)}"
    if source_kind is not None and source_kind not in spec.inputs:
        return f"cannot read from {source_kind} (reads {', '.join(sorted(spec.inputs))})"
    if device not in ("auto", *spec.devices):
        return f"cannot use {device} (runs on {', '.join(spec.devices)})"
    if not spec.light:
        return "is not light enough for the host process"
    return None


def _with_weights(
    entry: Backend, request: Request, store: WeightsStore, *, named: bool, device: str
) -> Candidate | str:
    """The candidate with its model found, or the reason why there is none."""
    if device == "auto" and len(entry.spec.devices) == 1:
        device = entry.spec.devices[0]
    if not isinstance(request, ModelRequest):
        return Candidate(backend=entry, request=request, device=device, weights=None)
    language = None
    if isinstance(request, TranscribeRequest | SpeakRequest):
        wanted = (request.language or "").strip().lower()
        if wanted not in ("", "auto"):
            language = language_code(wanted, entry.spec.languages)
            if language is None:
                close = difflib.get_close_matches(wanted, entry.spec.languages, n=1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                return (
                    f"does not know the language {request.language!r} (give a name or code, as 'German' or 'de'){hint}"
                )
        request = replace(request, language=language)
    if isinstance(request, SpeakRequest):
        voice = _voice(request, entry.spec)
        if not isinstance(voice, SpeakRequest):
            return voice
        request = voice
    located = store.locate(entry.spec.name, request.model, may_download=named)
    if isinstance(located, str):
        return located
    if located is not None and located.spec is not None:
        known = located.spec.languages
        if known is not None and language is not None and language not in known:
            only = ", ".join(sorted(known))
            return f"its model {located.name!r} knows only {only}, not {language!r}: name another model"
        if lacking := sorted(request.features() & located.spec.lacks):
            return f"its model {located.name!r} was not trained to {', '.join(lacking)}: name another model"
    return Candidate(backend=entry, request=request, device=device, weights=located)


def _voice(request: SpeakRequest, spec: BackendSpec) -> SpeakRequest | str:
    """The request with a voice of the backend's and its language, or why there is none."""
    if not spec.voices:
        return request
    if request.voice is None:
        voice = next((v for v, code in spec.voices.items() if request.language in (None, code)), None)
        if voice is None:
            return f"has no voice that speaks {request.language!r}"
    elif request.voice in spec.voices:
        voice = request.voice
    else:
        close = difflib.get_close_matches(request.voice, spec.voices, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        return f"has no voice {request.voice!r} (it has {', '.join(spec.voices)}){hint}"
    language = spec.voices[voice]
    if request.language not in (None, language):
        return f"its voice {voice!r} speaks {language!r}, not {request.language!r}"
    return replace(request, voice=voice, language=language)


def language_code(text: str, languages: Mapping[str, str]) -> str | None:
    """The code for "German", "de", "de-CH" or "DE_at" among ``languages`` (names to codes), or None."""
    name = text.strip().lower()
    if name in languages:
        return languages[name]
    primary = name.replace("_", "-").split("-")[0]
    return primary if primary in languages.values() else None


def _nobody(request: Request, registry: Registry, backend: str | None) -> str:
    what = request.capability
    if backend is not None:
        return f"{what}: backend {backend!r} cannot do this here:"
    if any(b.spec.capability == what for b in registry.backends):
        return f"{what}: no installed backend can do this here:"
    broken = "".join(f"\n  {problem.plugin} {problem.reason}" for problem in registry.problems)
    return f"{what}: no plugin that can do this is installed (mediarack backends lists what is){broken}"
