"""Plugins of strangers: the one of docs/plugins.md from its wheel, and what is told of those that do not fit."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest
import strangers
import toy

from mediarack.plugin import PLUGIN_API, BackendSpec, hookimpl
from mediarack.registry import Registry
from mediarack.testing import tones, wav

ROOT = Path(__file__).parents[1]
FILE = re.compile(r"`(?P<name>[\w/.]+)`[^`\n]*:\n\n```\w+\n(?P<text>.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def dist(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("dist")


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """The tutorial's plugin: the very code blocks of the page, as files."""
    directory = tmp_path_factory.mktemp("mediarack-wave")
    for block in FILE.finditer((ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")):
        path = directory / block["name"]
        path.parent.mkdir(exist_ok=True)
        path.write_text(block["text"], encoding="utf-8")
    (directory / "mediarack_wave" / "__init__.py").touch()
    return directory


@pytest.fixture(scope="module")
def fresh(written, dist, tmp_path_factory) -> strangers.Environment:
    """The core and the tutorial's plugin, both from their wheels, and nothing else of this repository."""
    core = importlib.metadata.requires("mediarack")
    environment = strangers.Environment(tmp_path_factory.mktemp("fresh"), [*core, "pytest"])
    environment.install(strangers.wheel_of(ROOT / "packages" / "core", dist), strangers.wheel_of(written, dist))
    return environment


@pytest.fixture
def sound(tmp_path) -> Path:
    path = tmp_path / "sound.wav"
    path.write_bytes(wav(tones(seconds=2)))
    return path


def test_the_environment_is_whole_and_has_nothing_of_this_repository(fresh):
    strangers.run(fresh.python, "-m", "pip", "check")
    where = strangers.run(fresh.python, "-c", "import mediarack; print(mediarack.__file__)")
    assert Path(where.strip()).is_relative_to(fresh.packages)


def test_it_is_listed(fresh):
    data = json.loads(fresh.mediarack("backends", "--json"))
    assert [(b["capability"], b["backend"], b["plugin"]) for b in data["backends"]] == [
        ("read_audio", "wave", "mediarack-wave")
    ]
    assert data["problems"] == []


def test_it_reads(fresh, sound):
    program = "import mediarack as mr, sys; a = mr.read_audio(sys.argv[1]); print(a.duration, a.provenance.plugin)"
    assert strangers.run(fresh.python, "-c", program, sound).split() == ["2.0", "mediarack-wave"]


def test_its_command_is_listed_and_runs(fresh, sound):
    """Sines with an amplitude from 0.1 to 0.7: the peak is 0.7, the mean square (0.7**3 - 0.1**3) / 3.6."""
    shown = fresh.mediarack("--help")
    assert "Measure how loud a recording is." in shown
    assert "Commands of mediarack-wave" in shown
    assert fresh.mediarack("loudness", sound).splitlines() == ["peak: -3.1", "mean: -10.2"]
    assert json.loads(fresh.mediarack("loudness", sound, "--json")) == {"peak": -3.1, "mean": -10.2}
    assert "Peak and mean level of a recording" in fresh.mediarack("loudness", "--help")


def test_the_list_of_commands_imports_none_of_it(fresh):
    program = (
        "import contextlib, sys; sys.argv = ['mediarack', '--help']\n"
        "from mediarack.cli import main\n"
        "with contextlib.suppress(SystemExit): main()\n"
        "print('loaded:', sorted({'numpy', 'mediarack_wave.reader'} & set(sys.modules)))"
    )
    shown = strangers.run(fresh.python, "-c", program)
    assert "loudness" in shown
    assert "loaded: []" in shown


def test_its_command_fails_as_the_built_in_ones_do(fresh, tmp_path):
    (tmp_path / "notes.wav").write_text("no sound at all " * 100)
    assert "error: " in fresh.mediarack("loudness", "notes.wav", cwd=tmp_path, code=3)
    error = json.loads(fresh.mediarack("loudness", "notes.wav", "--json", cwd=tmp_path, code=3))["error"]
    assert error["type"] == "NotMedia"
    fresh.mediarack("loudness", code=2)
    assert "'loudness'" in fresh.mediarack("loudnes", code=2)


def test_its_check_is_run_by_the_doctor(fresh):
    findings = json.loads(fresh.mediarack("doctor", "--json"))["findings"]
    (own,) = [finding for finding in findings if finding["plugin"] == "mediarack-wave"]
    assert (own["check"], own["level"]) == ("formats", "warning")
    assert own["remedy"] == "pip install 'mediarack-decode-ffmpeg[pyav]'"


def test_it_keeps_the_contract(fresh, written):
    told = strangers.run(fresh.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=written)
    assert re.search(r"\d\d passed", told)
    assert "failed" not in told


def test_the_fixtures_for_authors_work(fresh, tmp_path):
    (tmp_path / "test_own.py").write_text(
        "def test_sound(rack, make_wav):\n    assert rack.read_audio(make_wav()).duration == 3.0\n"
        "def test_video(make_video):\n    assert make_video(count=2).read_bytes().count(b'FRAME') == 2\n"
    )
    command = (fresh.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "mediarack.testing.plugin")
    assert "2 passed" in strangers.run(*command, "test_own.py", cwd=tmp_path)


def test_a_name_that_no_backend_has_is_told(fresh, tmp_path):
    (tmp_path / "test_own.py").write_text("from mediarack.testing import contract\nTestContract = contract('waves')\n")
    told = strangers.run(fresh.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path, code=2)
    assert "no backend is called waves (there is wave)" in told


MUTATIONS = {
    "a gap between blocks": ("start_seconds=done / rate)", "start_seconds=2 * done / rate)"),
    "another scale": ("np.float32(32768)", "np.float32(16384)"),
    "doubles": ("np.float32(32768)", "32768.0"),
    "channels changed over": (".reshape(-1, channels).T", ".reshape(-1, channels).T[::-1]"),
    "deaf to cancelling": ('call.report(done / rate, total / rate, "seconds")', "pass"),
    "progress that goes back": ('done / rate, total / rate, "seconds"', '-done, None, "seconds"'),
    "its own error": ("raise NotMedia", "raise RuntimeError"),
    "any stream": ("if request.stream:", "if False:"),
    "files left open": (
        "return Stream(header, blocks(), close=file.close)",
        "self.held = [*getattr(self, 'held', []), file]\n        return Stream(header, blocks())",
    ),
    "a print": ("done = 0", "done = print('reading') or 0"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_what_breaks_the_contract_is_found(written, tmp_path, name):
    """The suite can fail: each change of the tutorial's reader is noticed."""
    old, new = MUTATIONS[name]
    source = (written / "mediarack_wave" / "reader.py").read_text()
    assert old in source
    package = tmp_path / "mediarack_wave"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "_plugin.py").write_text((written / "mediarack_wave" / "_plugin.py").read_text())
    (package / "reader.py").write_text(source.replace(old, new))
    (tmp_path / "test_it.py").write_text(
        "from mediarack.testing import contract\nfrom mediarack_wave import _plugin\n"
        "TestContract = contract('wave', plugins=[_plugin])\n"
    )
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-x", "test_it.py")
    assert "1 failed" in strangers.run(*command, cwd=tmp_path, code=1, PYTHONPATH=str(tmp_path))


@pytest.fixture
def house(tmp_path, sound):
    """Runs mediarack beside house_plugin.py, with what an installer would have noted of it."""
    info = tmp_path / "house_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: house-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mediarack]\nhouse = house_plugin\n")
    shutil.copy(Path(__file__).with_name("house_plugin.py"), tmp_path)

    def run(*arguments: object, code: int = 0) -> str:
        command = (sys.executable, "-m", "mediarack", *arguments)
        return strangers.run(*command, cwd=tmp_path, code=code, PYTHONPATH=str(tmp_path), COLUMNS="120")

    return run


def test_parameters_become_arguments_and_options_by_their_types(house):
    shown = house("lengths", "sound.wav", "sound.wav", "-t", "1.5", "--upper")
    assert shown.splitlines() == ['{"name": "SOUND.WAV", "seconds": 3.0}'] * 2
    assert json.loads(house("lengths", "sound.wav", "--json")) == [{"name": "sound.wav", "seconds": 2.0}]
    assert "--times" in house("lengths", "--help")
    house("lengths", "sound.wav", "--times", "long", code=2)
    house("lengths", code=2)


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("taken", 5, "has a parameter 'json', which is an option of every command"),
        ("gone", 5, "'gone' of house-plugin cannot be loaded from 'house_plugin:gone': AttributeError"),
        ("breaking", 1, "KeyError: 'inside the plugin'"),
        ("samples", 1, "a command cannot print ndarray"),
    ],
)
def test_a_command_at_fault_is_told_and_the_others_are_listed(house, command, code, said):
    told = house(command, code=code)
    assert said in " ".join(told.split())
    assert "Traceback" not in told
    assert "The lengths." in house("--help")


OLDER = """
from mediarack.plugin import BackendSpec, hookimpl

PLUGIN_API = 0


@hookimpl
def mediarack_backends():
    return [BackendSpec(capability="probe", name="older", implementation="x:Y", engine="numpy", imports="numpy")]
"""


def test_an_older_plugin_beside_this_core_is_told_and_the_others_work(fresh, dist, tmp_path, sound):
    (tmp_path / "mediarack_older").mkdir()
    (tmp_path / "mediarack_older" / "__init__.py").write_text(OLDER)
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "mediarack-older"\nversion = "0.3"\ndependencies = ["mediarack>=0.0.1,<1"]\n'
        '[project.entry-points.mediarack]\nolder = "mediarack_older"\n'
    )
    fresh.install(strangers.wheel_of(tmp_path, dist))
    try:
        data = json.loads(fresh.mediarack("backends", "--json"))
        reason = f"was written for PLUGIN_API 0, this mediarack has {PLUGIN_API}: update the plugin"
        assert data["problems"] == [{"plugin": "mediarack-older", "reason": reason}]
        assert [backend["backend"] for backend in data["backends"]] == ["wave"]
        assert f"mediarack-older {reason}" in fresh.mediarack("backends")
        assert "peak: -3.1" in fresh.mediarack("loudness", sound)
        assert "mediarack-older" in fresh.mediarack("doctor", code=5)
    finally:
        fresh.uninstall("mediarack-older")


def names(registry: Registry) -> list[str]:
    return [backend.spec.name for backend in registry.backends]


def registering(backends, api=PLUGIN_API) -> ModuleType:
    plugin = ModuleType("stranger")
    plugin.PLUGIN_API = api
    plugin.mediarack_backends = hookimpl(specname="mediarack_backends")(backends)
    return plugin


GOOD = toy.plugin(toy.spec("good", "Prober", "probe", features=frozenset()))
KNOWN = {"capability": "probe", "implementation": "toy:Prober", "engine": "pluggy", "imports": "pluggy"}


def test_a_plugin_that_knows_fewer_fields_works():
    registry = Registry([registering(lambda: [BackendSpec(name="modest", **KNOWN)]), GOOD])
    assert names(registry) == ["good", "modest"]
    assert registry.problems == ()


@pytest.mark.parametrize(
    ("stranger", "reason"),
    [
        (registering(lambda: [], api=PLUGIN_API + 1), "update the mediarack core"),
        (
            registering(lambda: [BackendSpec(name="rich", watts=7, **KNOWN)]),
            "its hook mediarack_backends raised TypeError: .*unexpected keyword argument 'watts'",
        ),
        (registering(lambda: 1 / 0), "its hook mediarack_backends raised ZeroDivisionError"),
        (
            registering(lambda: [BackendSpec(name="good", **KNOWN)]),
            "probe backend 'good' is already provided by another plugin",
        ),
    ],
    ids=["a newer API", "an unknown field", "a hook that raises", "a name that is taken"],
)
def test_a_plugin_that_does_not_fit_is_told_and_the_others_work(stranger, reason):
    registry = Registry([GOOD, stranger])
    assert names(registry) == ["good"]
    (problem,) = registry.problems
    assert re.search(reason, problem.reason)


def test_a_hook_this_core_does_not_know_is_told():
    newer = registering(lambda: [])
    newer.mediarack_engines = hookimpl(specname="mediarack_engines")(lambda: [])
    registry = Registry([GOOD, newer])
    assert names(registry) == ["good"]
    assert "does not fit the hooks" in registry.problems[0].reason
