"""A plugin that is broken, too old, too new or not alone becomes a reason in words; the others go on working."""

import sys
from types import ModuleType

import pytest
import toy

from mediarack.plugin import PLUGIN_API, hookimpl
from mediarack.registry import Registry


def names(registry):
    return [backend.spec.name for backend in registry.backends]


def reasons(registry):
    return [problem.reason for problem in registry.problems]


def test_backends_are_ordered_by_priority_then_name():
    registry = Registry(
        [toy.plugin(toy.spec("b", "Counter"), toy.spec("a", "Counter"), toy.spec("z", "Counter", priority=9))]
    )
    assert names(registry) == ["z", "a", "b"]


@pytest.mark.parametrize(("api", "side"), [(PLUGIN_API - 1, "plugin"), (PLUGIN_API + 1, "mediarack core")])
def test_another_plugin_api_is_a_reason_that_says_which_side_to_update(api, side):
    registry = Registry([toy.plugin(toy.spec("old", "Counter"), api=api), toy.plugin(toy.spec("good", "Counter"))])
    assert names(registry) == ["good"]
    assert f"update the {side}" in reasons(registry)[0]


def test_a_plugin_without_the_number_is_told():
    registry = Registry([ModuleType("forgetful")])
    assert "PLUGIN_API None" in reasons(registry)[0]


@pytest.mark.parametrize("error", [RuntimeError, SystemExit])
def test_a_hook_that_raises_is_told_beside_the_others(error):
    def raising():
        raise error("no config")

    bad = toy.plugin()
    bad.mediarack_backends = hookimpl(specname="mediarack_backends")(raising)
    registry = Registry([bad, toy.plugin(toy.spec("good", "Counter"))])
    assert names(registry) == ["good"]
    assert f"{error.__name__}: no config" in reasons(registry)[0]


def test_a_hook_that_returns_something_else_is_told():
    bad = toy.plugin()
    bad.mediarack_backends = hookimpl(specname="mediarack_backends")(lambda: ["pyav"])
    registry = Registry([bad, toy.plugin(toy.spec("good", "Counter"))])
    assert names(registry) == ["good"]
    assert "'pyav' is no BackendSpec" in reasons(registry)[0]


def test_an_unknown_hook_is_told():
    bad = toy.plugin()
    bad.mediarack_engines = hookimpl(specname="mediarack_engines")(lambda: [])
    registry = Registry([bad])
    assert "mediarack_engines" in reasons(registry)[0]


def test_of_two_plugins_that_claim_one_name_the_first_is_kept_and_the_other_told():
    registry = Registry([toy.plugin(toy.spec("same", "Counter")), toy.plugin(toy.spec("same", "Broken"))])
    assert [b.spec.implementation for b in registry.backends] == ["toy:Counter"]
    assert "'same' is already provided" in reasons(registry)[0]


def test_a_plugin_given_twice_is_kept_once_and_told():
    plugin = toy.plugin(toy.spec("a", "Counter"))
    registry = Registry([plugin, plugin])
    assert [b.spec.name for b in registry.backends] == ["a"]
    assert "is registered already, as plugin 1" in reasons(registry)[0]


@pytest.mark.parametrize("fault", ["raise SyntaxError('written in a hurry')", "exit('written in a hurry')"])
def test_an_installed_plugin_that_cannot_be_imported_is_told_beside_the_others(tmp_path, monkeypatch, fault):
    info = tmp_path / "broken_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mediarack]\nbroken = broken_plugin\n")
    (tmp_path / "broken_plugin.py").write_text(fault)
    monkeypatch.syspath_prepend(str(tmp_path))
    registry = Registry()
    assert "pyav" in names(registry)
    assert [p.plugin for p in registry.problems] == ["broken-plugin"]
    assert "written in a hurry" in reasons(registry)[0]
    sys.modules.pop("broken_plugin", None)


def test_what_an_extra_lacks_is_told_with_the_command(tmp_path, monkeypatch):
    info = tmp_path / "needy-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: needy\nVersion: 1.0\nProvides-Extra: engine\n"
        "Requires-Dist: no-such-engine>=2; extra == 'engine'\nRequires-Dist: pluggy<1; extra == 'engine'\n"
    )
    (info / "entry_points.txt").write_text("[mediarack]\nneedy = needy_plugin\n")
    (tmp_path / "needy_plugin.py").write_text(
        "from mediarack.plugin import BackendSpec, hookimpl\nPLUGIN_API = 1\n@hookimpl\ndef mediarack_backends():\n"
        "    return [BackendSpec(capability='probe', name='needy', implementation='x:Y', engine='no-such-engine',"
        " imports='x', extra='engine', light=True)]\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    needy = next(b for b in Registry().backends if b.spec.name == "needy")
    unmet = " and ".join(needy.unmet_requirements)
    assert "no-such-engine is not installed" in unmet
    assert "<1 is needed" in unmet
    assert needy.install_command == "pip install 'needy[engine]'"
    sys.modules.pop("needy_plugin", None)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"capability": "dance"}, "capability='dance' must be one of probe"),
        ({"name": "a b"}, "no spaces"),
        ({"features": ["window"]}, "must be a frozenset"),
        ({"inputs": "path"}, "must be a frozenset"),
        ({"inputs": frozenset({"ether"})}, "inputs has ether"),
        ({"languages": frozenset({"en"})}, "must be a Mapping"),
        ({"priority": "high"}, "must be a int"),
    ],
)
def test_a_backend_described_wrongly_is_a_problem_of_its_plugin_alone(wrong, told):
    module = toy.plugin()

    def backends():
        return [toy.spec(**{"name": "wrong", "implementation": "Prober", "capability": "probe", **wrong})]

    module.mediarack_backends = hookimpl(specname="mediarack_backends")(backends)
    good = toy.plugin(toy.spec("good", "Prober", "probe"))
    registry = Registry([module, good])
    assert [backend.spec.name for backend in registry.backends] == ["good"]
    assert told in registry.problems[0].reason
