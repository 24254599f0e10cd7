"""Which plugins and backends there are, found by entry points. Nothing of an engine is imported to find out."""

from __future__ import annotations

import importlib
import importlib.metadata
import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pluggy
from packaging.requirements import Requirement

from mediarack import hooks
from mediarack.backends import BackendSpec, WeightsSpec
from mediarack.errors import BackendUnavailable
from mediarack.extensions import RESERVED_COMMANDS, CheckSpec, CommandSpec

logger = logging.getLogger(__name__)

_COMMAND_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A spec and the distribution that brought it (empty strings for a plugin registered from code)."""

    spec: BackendSpec
    plugin: str
    plugin_version: str

    @cached_property
    def engine_version(self) -> str:
        """The installed version of the engine, or "" if it is not installed."""
        return installed_version(self.spec.engine) or ""

    @cached_property
    def unmet_requirements(self) -> tuple[str, ...]:
        """What the plugin's extra asks for and this environment lacks; empty if the engine can be expected to work."""
        if not self.spec.extra or not self.plugin:
            return () if installed_version(self.spec.engine) else (f"{self.spec.engine} is not installed",)
        return tuple(_unmet(self.plugin, self.spec.extra))

    @property
    def install_command(self) -> str:
        target = f"{self.plugin}[{self.spec.extra}]" if self.spec.extra else self.spec.engine
        return f"pip install {target!r}" if self.plugin else f"pip install {self.spec.engine}"


@dataclass(frozen=True, kw_only=True)
class Extension:
    """A command or a check, and the distribution that brought it (as for Backend)."""

    spec: CommandSpec | CheckSpec
    plugin: str

    def load(self) -> Callable[..., Any]:
        """The function itself; imports its module. Raises BackendUnavailable if that cannot be done."""
        module, _, name = self.spec.implementation.partition(":")
        try:
            function = getattr(importlib.import_module(module), name)
        except (Exception, SystemExit) as error:  # a module may do anything at import
            raise BackendUnavailable(
                f"{self.spec.name!r} of {self.plugin or 'a plugin'} cannot be loaded from "
                f"{self.spec.implementation!r}: {type(error).__name__}: {error}"
            ) from error
        if not callable(function):
            raise BackendUnavailable(
                f"{self.spec.name!r} of {self.plugin or 'a plugin'} is no function: {self.spec.implementation!r}"
            )
        return function  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A plugin, or a part of it, that cannot be used, and why."""

    plugin: str
    reason: str


class Registry:
    """The plugins of this environment. A broken one becomes a Problem; the others go on working."""

    def __init__(self, plugins: Iterable[object] | None = None) -> None:
        """``plugins`` are plugin objects used instead of those installed, for embedding and tests."""
        self._manager = pluggy.PluginManager("mediarack")
        self._manager.add_hookspecs(hooks)
        self._distributions: dict[str, tuple[str, str]] = {}
        self._problems: list[Problem] = []
        if plugins is None:
            self._load_installed()
        else:
            for number, plugin in enumerate(plugins, 1):
                self._register(plugin, f"plugin {number}", ("", ""))

    @cached_property
    def backends(self) -> tuple[Backend, ...]:
        """All backends, best first within a capability; of two that claim one name, the first registered is kept."""
        found: dict[tuple[str, str], Backend] = {}
        for name, plugin in self._manager.list_name_plugin():
            distribution, version = self._distributions[name]
            for spec in self._call(name, plugin, "mediarack_backends", BackendSpec):
                key = (spec.capability, spec.name)
                if key in found:
                    owner = found[key].plugin or "another plugin"
                    self._problem(
                        distribution or name, f"{spec.capability} backend {spec.name!r} is already provided by {owner}"
                    )
                else:
                    found[key] = Backend(spec=spec, plugin=distribution, plugin_version=version)
        return tuple(sorted(found.values(), key=lambda b: (b.spec.capability, -b.spec.priority, b.spec.name)))

    @cached_property
    def weights(self) -> tuple[WeightsSpec, ...]:
        """The models that plugins know by name."""
        return tuple(
            weights
            for name, plugin in self._manager.list_name_plugin()
            for weights in self._call(name, plugin, "mediarack_weights", WeightsSpec)
        )

    @cached_property
    def commands(self) -> tuple[Extension, ...]:
        """The plugins' own verbs by name; of two that claim one name, the first registered is kept."""
        return self._extensions("mediarack_commands", CommandSpec, "command", _reason_against_command)

    @cached_property
    def checks(self) -> tuple[Extension, ...]:
        """What the plugins look at for ``mediarack doctor``, by name; the first of a name is kept."""
        return self._extensions("mediarack_doctor_checks", CheckSpec, "check", lambda _: None)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why some plugins or parts of them are missing."""
        _ = self.backends, self.weights, self.commands, self.checks
        return tuple(self._problems)

    def _extensions(
        self, hook: str, kind: type, what: str, reason_against: Callable[[Any], str | None]
    ) -> tuple[Extension, ...]:
        found: dict[str, Extension] = {}
        for name, plugin in self._manager.list_name_plugin():
            distribution, _ = self._distributions[name]
            for spec in self._call(name, plugin, hook, kind):
                reason = reason_against(spec)
                if spec.name in found:
                    owner = found[spec.name].plugin or "another plugin"
                    reason = f"{what} {spec.name!r} is already provided by {owner}"
                if reason is None:
                    found[spec.name] = Extension(spec=spec, plugin=distribution)
                else:
                    self._problem(distribution or name, reason)
        return tuple(found[name] for name in sorted(found))

    def _load_installed(self) -> None:
        # Sorted, so that which of two plugins claiming one name wins does not hang on the order of sys.path.
        points = sorted(importlib.metadata.entry_points(group=hooks.ENTRY_POINT_GROUP), key=lambda point: point.name)
        for point in points:
            name = point.dist.name if point.dist else point.name
            version = point.dist.version if point.dist else ""
            try:
                plugin = point.load()
            except (Exception, SystemExit) as error:  # whatever a plugin does at import must not take the others down
                self._problem(name, f"cannot be loaded from {point.value!r}: {type(error).__name__}: {error}")
            else:
                self._register(plugin, point.name, (name, version))

    def _register(self, plugin: object, name: str, distribution: tuple[str, str]) -> None:
        shown = distribution[0] or name
        written_for = getattr(plugin, "PLUGIN_API", None)
        if written_for != hooks.PLUGIN_API:
            newer = isinstance(written_for, int) and written_for > hooks.PLUGIN_API
            side = "mediarack core" if newer else "plugin"
            self._problem(
                shown,
                f"was written for PLUGIN_API {written_for!r}, this mediarack has {hooks.PLUGIN_API}: update the {side}",
            )
            return
        if self._manager.is_registered(plugin):
            self._problem(shown, f"is registered already, as {self._manager.get_name(plugin)}: give it once")
            return
        try:
            self._manager.register(plugin, name=name)
            self._manager.check_pending()
        except (ValueError, pluggy.PluginValidationError) as error:
            if self._manager.is_registered(plugin):
                self._manager.unregister(plugin)
            self._problem(shown, f"does not fit the hooks: {error}")
        else:
            self._distributions[name] = distribution

    def _call(self, name: str, plugin: object, hook: str, kind: type) -> list[Any]:
        others = [other for _, other in self._manager.list_name_plugin() if other is not plugin]
        try:
            results = self._manager.subset_hook_caller(hook, remove_plugins=others)()
            items = [item for result in results for item in result]
            if wrong := [item for item in items if not isinstance(item, kind)]:
                raise TypeError(f"{wrong[0]!r} is no {kind.__name__}")
            return items
        except (Exception, SystemExit) as error:  # as above: one plugin's fault is told, not shared
            self._problem(
                self._distributions[name][0] or name, f"its hook {hook} raised {type(error).__name__}: {error}"
            )
            return []

    def _problem(self, plugin: str, reason: str) -> None:
        logger.info("plugin %s %s", plugin, reason)
        self._problems.append(Problem(plugin=plugin, reason=reason))


def _reason_against_command(spec: CommandSpec) -> str | None:
    if spec.name in RESERVED_COMMANDS:
        return f"command {spec.name!r} has a name that is mediarack's own: give it another one"
    if not _COMMAND_NAME.fullmatch(spec.name):
        return f"command {spec.name!r} must have a name of lower case letters and digits, words parted by hyphens"
    return None


def installed_version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _unmet(distribution: str, extra: str) -> Iterable[str]:
    for line in importlib.metadata.requires(distribution) or ():
        requirement = Requirement(line)
        if requirement.marker is None or not requirement.marker.evaluate({"extra": extra}):
            continue
        if requirement.marker.evaluate({"extra": ""}):
            continue  # belongs to the base install, which is there
        version = installed_version(requirement.name)
        if version is None:
            yield f"{requirement.name} is not installed"
        elif not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement.name} {version} is installed, {requirement.specifier} is needed"
