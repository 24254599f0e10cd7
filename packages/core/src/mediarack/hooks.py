"""The hooks a plugin may implement, in a module named by an entry point of the group ``mediarack``.

That module also sets ``PLUGIN_API`` to the number it was written for. It must import nothing but mediarack.plugin and
the standard library: it is loaded by everyone who asks what there is.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from mediarack.backends import BackendSpec, WeightsSpec
from mediarack.extensions import CheckSpec, CommandSpec

PLUGIN_API = 1
"""Raised when a hook, a request or a protocol changes so that an older plugin would misbehave."""
ENTRY_POINT_GROUP = "mediarack"

hookspec = pluggy.HookspecMarker("mediarack")
hookimpl = pluggy.HookimplMarker("mediarack")


@hookspec
def mediarack_backends() -> Iterable[BackendSpec]:  # type: ignore[empty-body]
    """The backends this plugin brings."""


@hookspec
def mediarack_weights() -> Iterable[WeightsSpec]:  # type: ignore[empty-body]
    """The model files its backends can use, by the names users know."""


@hookspec
def mediarack_commands() -> Iterable[CommandSpec]:  # type: ignore[empty-body]
    """Verbs of its own, on the command line and in Python."""


@hookspec
def mediarack_doctor_checks() -> Iterable[CheckSpec]:  # type: ignore[empty-body]
    """What ``mediarack doctor`` is to look at beside what the core checks."""
