"""Commands and checks that plugins bring: who has them, what is told of those that cannot be used."""

import extensions_plugin as theirs
import pytest
import toy
import typer

import mediarack as mr
from mediarack.doctor import examine
from mediarack.registry import Registry


def reasons(registry):
    return [problem.reason for problem in registry.problems]


def findings(*plugins):
    """Of the plugins' checks, each with the name of its check."""
    return [(d.check, d.finding) for d in examine(Registry(plugins), mr.Config()) if d.plugin != "mediarack"]


def test_a_command_is_a_function_with_the_calls_bound(tmp_path):
    (tmp_path / "a.toy").write_bytes(b"toy")
    prober = toy.plugin(toy.spec("toy", "Prober", "probe", features=frozenset()))
    with mr.Rack(plugins=[prober, theirs.plugin(theirs.command("container"))]) as rack:
        assert rack.command("container")(tmp_path / "a.toy", times=2) == "toy toy"


def test_an_unknown_command_is_told_with_the_nearest():
    with mr.Rack(plugins=[theirs.plugin(theirs.command("container"), theirs.command("count"))]) as rack:
        with pytest.raises(mr.BadInput, match=r"'contaner' \(there is container, count\); did you mean 'container'\?"):
            rack.command("contaner")


def test_a_command_that_cannot_be_imported_is_unavailable_and_its_plugin_named():
    with mr.Rack(plugins=[theirs.plugin(theirs.command("gone", "no_such_function"))]) as rack:
        with pytest.raises(mr.BackendUnavailable, match=r"'gone' of a plugin cannot be loaded from .*no_such_function"):
            rack.command("gone")


def test_of_two_plugins_that_claim_one_command_the_first_is_kept_and_the_other_told():
    first, second = theirs.plugin(theirs.command("same")), theirs.plugin(theirs.command("same", "other"))
    registry = Registry([first, second])
    assert [command.spec.implementation for command in registry.commands] == ["extensions_plugin:container"]
    assert reasons(registry) == ["command 'same' is already provided by another plugin"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [("probe", "is mediarack's own"), ("Loudness", "lower case"), ("loud_ness", "lower case"), ("-x", "lower case")],
)
def test_a_name_that_cannot_be_a_command_is_told_and_the_others_kept(name, reason):
    registry = Registry([theirs.plugin(theirs.command(name), theirs.command("good"))])
    assert [command.spec.name for command in registry.commands] == ["good"]
    assert reason in reasons(registry)[0]


def test_no_plugin_can_have_the_name_of_a_built_in_command():
    from mediarack.cli.app import app
    from mediarack.extensions import RESERVED_COMMANDS

    assert set(typer.main.get_group(app).commands) <= RESERVED_COMMANDS


def test_the_doctor_runs_the_checks_of_plugins():
    ((check, finding),) = findings(theirs.plugin(theirs.check("toy")))
    assert (check, finding.level, finding.message) == ("toy", "ok", "all is well")


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("raising", "OSError: libtoy.so"),
        ("leaving", "SystemExit: no licence"),
        ("wrong", "'all is well' is no Finding"),
        ("missing", "cannot be loaded"),
    ],
)
def test_a_check_that_fails_itself_is_a_finding_and_the_others_go_on(function, said):
    bad, good = findings(theirs.plugin(theirs.check("a", function), theirs.check("b")))
    assert (bad[0], bad[1].level) == ("a", "problem")
    assert said in bad[1].message
    assert good[1].level == "ok"


def test_of_two_checks_with_one_name_the_first_is_kept():
    registry = Registry([theirs.plugin(theirs.check("toy")), theirs.plugin(theirs.check("toy", "raising"))])
    assert [check.spec.implementation for check in registry.checks] == ["extensions_plugin:fine"]
    assert "check 'toy' is already provided" in reasons(registry)[0]


def own_findings(*plugins, level):
    return [
        d.finding
        for d in examine(Registry(plugins), mr.Config())
        if d.finding.level == level and d.plugin == "mediarack"
    ]


def test_the_doctor_tells_when_nothing_can_be_read():
    (finding,) = own_findings(level="problem")
    assert "no backend is installed" in finding.message
    assert finding.remedy == "pip install 'mediarack-decode-ffmpeg[pyav]'"


def test_the_doctor_tells_an_engine_that_is_missing_with_the_command():
    needy = toy.plugin(toy.spec("needy", "Counter", engine="no-such-engine", imports="no_such_engine"))
    (finding,) = own_findings(needy, level="warning")
    assert finding.message == "needy cannot be used: no-such-engine is not installed"
    assert finding.remedy == "pip install no-such-engine"


def test_the_doctor_tells_an_engine_that_is_installed_but_cannot_be_imported(tmp_path, monkeypatch):
    (tmp_path / "broken_engine.py").write_text("raise OSError('libavutil.so.60: cannot open shared object file')")
    monkeypatch.syspath_prepend(str(tmp_path))
    broken = toy.plugin(toy.spec("broken", "Counter", engine="pluggy", imports="broken_engine"))
    (finding,) = own_findings(broken, level="problem")
    assert "is installed but cannot be used by broken" in finding.message
    assert "libavutil.so.60" in finding.message


def test_the_doctor_tells_plugins_that_cannot_be_loaded():
    old, good = toy.plugin(toy.spec("old", "Counter"), api=0), toy.plugin(toy.spec("good", "Counter"))
    (finding,) = own_findings(old, good, level="problem")
    assert "PLUGIN_API 0" in finding.message
