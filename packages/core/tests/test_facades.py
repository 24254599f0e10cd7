"""The public modules name the same things to people, to type checkers and at run time, and load nothing early."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import mediarack


@pytest.mark.parametrize("name", ["mediarack", "mediarack.plugin"])
def test_type_checkers_and_run_time_see_the_same_names(name):
    module = importlib.import_module(name)
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    imported = {alias.asname for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assigned = {node.targets[0].id for node in block.body if isinstance(node, ast.Assign)}
    declared = {name for name in imported | assigned if name and name != "Any"}
    assert declared == set(module.__all__)
    for public in module.__all__:
        assert getattr(module, public) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="transscribe"):
        mediarack.transscribe  # noqa: B018


def test_importing_mediarack_loads_neither_numpy_nor_plugins():
    code = "import sys, mediarack, mediarack.plugin; print([m for m in sys.modules if m.split('.')[0] in HEAVY])"
    heavy = "HEAVY = {'numpy', 'pluggy', 'msgspec', 'typer', 'rich', 'av', 'mediarack_asr', 'mediarack_decode_ffmpeg'}"
    done = subprocess.run([sys.executable, "-c", f"{heavy}\n{code}"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_contracts_load_without_numpy():
    modules = [
        "errors",
        "media",
        "provenance",
        "transcript",
        "requests",
        "sources",
        "calls",
        "backends",
        "hooks",
        "config",
    ]
    code = f"import sys; {'; '.join(f'import mediarack.{m}' for m in modules)}; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
