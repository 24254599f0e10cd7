"""A look at the installation: what the core checks, then what plugins check. Each check stands alone."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet

from mediarack.config import Config
from mediarack.extensions import Finding
from mediarack.placement import host_problem
from mediarack.registry import Extension, Registry


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """A finding, the check that made it, and the distribution the check belongs to."""

    check: str
    plugin: str
    finding: Finding


def examine(registry: Registry, config: Config) -> Iterator[Diagnosis]:
    """Run all checks, one after another. One that raises is a finding itself; the others go on."""
    own: dict[str, Callable[[Registry, Config], Iterable[Finding]]] = {
        "python": _python,
        "plugins": _plugins,
        "engines": _engines,
        "imports": _imports,
    }
    for name, check in own.items():
        for finding in check(registry, config):
            yield Diagnosis(check=name, plugin="mediarack", finding=finding)
    for extension in registry.checks:
        for finding in _of_plugin(extension):
            yield Diagnosis(check=extension.spec.name, plugin=extension.plugin, finding=finding)


def _of_plugin(check: Extension) -> tuple[Finding, ...]:
    try:
        findings = tuple(check.load()())
        if wrong := [finding for finding in findings if not isinstance(finding, Finding)]:
            raise TypeError(f"{wrong[0]!r} is no Finding")
    except (Exception, SystemExit) as error:  # a plugin's fault is told, not shared
        return (
            Finding(
                level="problem",
                message=f"the check {check.spec.name!r} failed itself: {type(error).__name__}: {error}",
                remedy=f"update {check.plugin or 'the plugin'}, or tell its makers",
            ),
        )
    return findings


def _python(registry: Registry, config: Config) -> Iterator[Finding]:
    version = platform.python_version()
    supported = importlib.metadata.metadata("mediarack")["Requires-Python"]
    if SpecifierSet(supported).contains(version, prereleases=True):
        yield Finding(level="ok", message=f"Python {version} on {platform.system()} {platform.machine()}")
    else:
        yield Finding(
            level="problem",
            message=f"Python {version}, but mediarack needs {supported}",
            remedy=f"make an environment with a Python {supported} and install mediarack there",
        )


def _plugins(registry: Registry, config: Config) -> Iterator[Finding]:
    for problem in registry.problems:
        yield Finding(
            level="problem",
            message=f"{problem.plugin} {problem.reason}",
            remedy=f"pip install --upgrade {problem.plugin}, or pip uninstall {problem.plugin}",
        )
    plugins = sorted({f"{b.plugin} {b.plugin_version}".strip() for b in registry.backends})
    if plugins:
        yield Finding(level="ok", message=f"backends are brought by {', '.join(plugins)}")
    else:
        yield Finding(
            level="problem",
            message="no backend is installed: nothing can be read",
            remedy="pip install 'mediarack-decode-ffmpeg[pyav]'",
        )


def _engines(registry: Registry, config: Config) -> Iterator[Finding]:
    """What extras ask for and the environment lacks, each command once: a backend may have several capabilities."""
    lacking: dict[str, tuple[str, str]] = {}
    for backend in registry.backends:
        if unmet := backend.unmet_requirements:
            lacking[backend.install_command] = (backend.spec.name, "; ".join(unmet))
    for command, (name, reason) in lacking.items():
        yield Finding(level="warning", message=f"{name} cannot be used: {reason}", remedy=command)


def _imports(registry: Registry, config: Config) -> Iterator[Finding]:
    """Whether the engines that are installed can be imported: tried in a subprocess each, unless known already."""
    engines = {b.spec.imports: b for b in registry.backends if b.spec.light and not b.unmet_requirements}
    for module, backend in engines.items():
        problem = host_problem(backend.spec, config)
        engine = f"{backend.spec.engine} {backend.engine_version}"
        if problem is None:
            yield Finding(level="ok", message=f"{engine} can be imported ({backend.spec.name})")
        else:
            yield Finding(
                level="problem",
                message=f"{engine} is installed but cannot be used by {backend.spec.name}: {problem}",
                remedy=f"see what fails with: {sys.executable} -c 'import {module}'",
            )
