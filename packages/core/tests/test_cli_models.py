"""The commands of mediarack models, as processes, with a plugin that is installed and a hub on this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import toy_distribution
from served_hub import serving
from test_weights import FILES


@pytest.fixture
def hub():
    with serving(FILES) as hub:
        yield hub


@pytest.fixture
def cli(tmp_path, hub):
    site = toy_distribution.install(tmp_path / "site")
    env = toy_distribution.environment(site, HF_ENDPOINT=hub.endpoint, HF_HUB_CACHE=tmp_path / "hub")

    def run(*arguments, code=0, **more):
        argv = [*toy_distribution.CLI, "models", *map(str, arguments)]
        done = subprocess.run(
            argv,
            env={**env, **more},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"{done.stdout!r} {done.stderr!r}"
        assert "Traceback" not in done.stderr
        return done

    return run


def toys(listed):
    return {row["model"]: row for row in json.loads(listed.stdout)["models"] if row["backend"] == "toy"}


def test_list_tells_where_each_model_is(cli, tmp_path, hub):
    rows = toys(cli("list", "--json"))
    assert (rows["small"]["place"], rows["small"]["license"], rows["small"]["size"]) == (None, "MIT", 3_000_000)
    assert rows["packed"]["path"] == str(tmp_path / "site" / "toy_weights" / "data")
    assert (rows["packed"]["place"], rows["packed"]["languages"]) == ("package", ["en"])
    assert rows["absent"]["place"] is None
    assert "not here" in cli("list").stdout
    assert hub.asked == []


@pytest.mark.parametrize("name", [("toy", "small"), ("toy/small",)])
def test_pull_tells_size_and_licence_and_prints_the_directory(cli, tmp_path, name):
    done = cli("pull", *name)
    assert "3 MB, licence MIT" in done.stderr
    assert cli("path", *name).stdout == done.stdout
    assert done.stdout.startswith(str(tmp_path / "hub"))


def test_pulling_what_is_here_asks_the_hub_nothing(cli, hub):
    first = cli("pull", "toy", "small", "--json").stdout
    hub.asked.clear()
    assert cli("pull", "toy", "small", "--json").stdout == first
    assert hub.asked == []


def test_what_was_pulled_into_a_directory_is_found_by_its_setting(cli, tmp_path):
    cli("pull", "toy", "small", "--to", "models/small")
    (tmp_path / "mediarack.toml").write_text("weights_dirs = ['models']")
    assert cli("path", "toy/small").stdout.strip() == str(tmp_path / "models" / "small")


def test_offline_nothing_is_pulled(cli, hub):
    assert "offline" in cli("pull", "toy", "small", code=5, MEDIARACK_OFFLINE="1").stderr
    assert "offline" in cli("pull", "toy", "small", code=5, HF_HUB_OFFLINE="1").stderr
    assert "offline" in cli("pull", "toy", "small", "--to", "a", code=5, HF_HUB_OFFLINE="1").stderr
    assert hub.asked == []


def test_a_package_that_is_missing_is_told_by_pull_and_path(cli):
    assert "pip install toy-absent" in cli("pull", "toy", "absent", code=5).stderr
    assert "pip install toy-absent" in cli("path", "toy", "absent", code=5).stderr


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        (("toy",), 3, "give BACKEND MODEL or BACKEND/MODEL"),
        (("a", "b", "c"), 3, "give BACKEND MODEL or BACKEND/MODEL"),
        (("ty", "small"), 3, "no backend with models is called 'ty'"),
        (("toy", "smal"), 5, "it knows small, packed, absent"),
    ],
)
def test_a_name_nobody_knows_is_told(cli, name, code, told):
    assert told in cli("path", *name, code=code).stderr


def test_verify_tells_each_models_state(cli, tmp_path):
    directory = cli("pull", "toy", "small").stdout.strip()
    told = cli("verify").stdout
    assert "toy small: 2 files are as the hub's cache has them" in told
    assert "toy packed: 2 files are as the RECORD of toy-weights-dist has them" in told
    with (Path(directory) / "model.bin").open("r+b") as file:
        file.write(b"x")
    assert "damaged: model.bin" in cli("verify", "toy", "small", code=5).stdout
    assert "damaged: toy small" in cli("verify", "all", code=5).stderr
    data = json.loads(cli("verify", "toy/small", "--json", code=5).stdout)["models"][0]
    assert (data["damaged"], data["same"]) == (["model.bin"], ["config.json"])


def test_verify_says_if_nothing_is_known(cli, tmp_path):
    for name in FILES:
        (tmp_path / name).touch()
    assert "nothing is known to compare with" in cli("verify", "toy", tmp_path).stdout


def test_remove_needs_yes_where_nobody_can_be_asked(cli, tmp_path):
    cli("pull", "toy", "small")
    assert "needs --yes" in cli("remove", "toy", "small", code=3).stderr
    cli("path", "toy", "small")
    assert json.loads(cli("remove", "toy", "small", "--yes", "--json").stdout)["freed"] > 3_000_000
    cli("path", "toy", "small", code=5)


def test_remove_leaves_packages_to_pip(cli):
    assert "pip uninstall toy-weights-dist" in cli("remove", "toy", "packed", "--yes", code=3).stderr


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals")
@pytest.mark.parametrize(("answer", "gone"), [("n", False), ("y", True)])
def test_remove_asks_on_a_terminal(cli, tmp_path, hub, answer, gone):
    import pty

    directory = cli("pull", "toy", "small").stdout.strip()
    env = toy_distribution.environment(tmp_path / "site", HF_HUB_CACHE=tmp_path / "hub")
    ours, theirs = pty.openpty()
    argv = [*toy_distribution.CLI, "models", "remove", "toy", "small"]
    process = subprocess.Popen(argv, env=env, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.write(ours, f"{answer}\n".encode())
    out, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert "Remove toy small" in err, out
    assert Path(directory).exists() is not gone
    assert process.returncode == (0 if gone else 1)
