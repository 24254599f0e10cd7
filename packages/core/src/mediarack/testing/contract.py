"""The tests of a backend, made from its spec."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import mediarack.testing.checks  # noqa: F401  (fills CHECKS)
from mediarack.errors import BadInput
from mediarack.rack import Rack
from mediarack.registry import Backend, Registry
from mediarack.testing.subject import CHECKS, Given, Listed, Subject

Target = str | os.PathLike[str]


@dataclass(frozen=True, kw_only=True)
class _Case:
    """One check of one backend."""

    backend: Backend
    listed: Listed

    @property
    def id(self) -> str:
        return f"{self.backend.spec.name}-{self.backend.spec.capability}-{self.listed.function.__name__}"


def contract(
    *backends: str,
    plugins: Iterable[object] | None = None,
    models: Mapping[str, Target] | None = None,
    speech: Target | None = None,
    text: str | None = None,
) -> type:
    """A class of tests for pytest, ``TestContract = contract("wave")``: what the specs of these backends claim.

    backends: their names, in all their capabilities; none means every backend there is, where those that cannot be used
    here (an extra or weights are missing) are skipped with the reason. plugins: used instead of those installed.
    models: by the backend's name; without one a backend that is named may download its default. speech, text: a
    recording of clean speech for transcribers and separators, and what is said in it; without them only the form of a
    transcript is tested. ``text`` is also what speakers are given. Raises BadInput for a name that no backend has.
    """
    plugins = None if plugins is None else tuple(plugins)
    registry = Registry(plugins)
    if unknown := sorted(set(backends) - {b.spec.name for b in registry.backends}):
        told = "; ".join(f"{problem.plugin} {problem.reason}" for problem in registry.problems)
        there = ", ".join(sorted({b.spec.name for b in registry.backends}))
        raise BadInput(f"no backend is called {', '.join(unknown)} (there is {there or 'none'}){told and ': '}{told}")
    given = Given(
        models={name: os.fspath(model) for name, model in (models or {}).items()},
        speech=None if speech is None else Path(speech),
        text=text,
    )
    cases = [
        _Case(backend=backend, listed=listed)
        for backend in registry.backends
        if not backends or backend.spec.name in backends
        for listed in CHECKS
        if listed.suits(backend.spec)
    ]

    class TestContract:
        rack: Rack

        @classmethod
        def setup_class(cls) -> None:
            cls.rack = Rack(plugins=plugins)

        @classmethod
        def teardown_class(cls) -> None:
            cls.rack.close()

        @pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in cases])
        def test(self, case: _Case, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
            backend = case.backend
            if case.listed.runs_engine and (reason := _unusable(backend, self.rack, given, named=bool(backends))):
                pytest.skip(reason)
            case.listed.function(Subject(backend=backend, rack=self.rack, directory=tmp_path, given=given))
            written = capfd.readouterr()
            assert (written.out, written.err) == ("", ""), "a backend writes nothing to stdout or stderr: use logging"

    return TestContract


def _unusable(backend: Backend, rack: Rack, given: Given, *, named: bool) -> str | None:
    """Why the engine is not to be run here. One that the author named must run, if it is meant for this process."""
    spec = backend.spec
    if not spec.light:
        return f"{spec.name} is not light: it runs in a process of its own, which this suite cannot reach yet"
    if named:
        return None
    if backend.unmet_requirements:
        return f"{'; '.join(backend.unmet_requirements)}: {backend.install_command}"
    if spec.capability not in ("separate", "transcribe", "speak"):
        return None
    located = rack.weights.locate(spec.name, given.models.get(spec.name), may_download=False)
    return located if isinstance(located, str) else None
