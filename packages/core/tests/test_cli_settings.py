"""The commands config and hardware, as processes."""

import json
import os
import subprocess
import sys

import pytest


@pytest.fixture
def cli(tmp_path):
    """Runs mediarack in an empty directory, with these variables beside those of the system."""

    def run(*arguments, code=0, before=None, **environ):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MEDIARACK_")}
        argv = [sys.executable, "-m", "mediarack", *map(str, arguments)]
        done = subprocess.run(
            argv, cwd=tmp_path, env={**kept, **environ}, capture_output=True, text=True, check=False, preexec_fn=before
        )
        assert done.returncode == code, f"{done.stdout!r} {done.stderr!r}"
        assert "Traceback" not in done.stderr
        return done

    return run


def test_show_tells_where_each_value_comes_from(cli, tmp_path):
    (tmp_path / "mediarack.toml").write_text("threads = 3\nweights_dirs = ['models']")
    shown = json.loads(cli("config", "show", "--json", MEDIARACK_DISABLED="a").stdout)
    assert shown["file"] == str(tmp_path / "mediarack.toml")
    rows = {row["key"]: (row["value"], row["origin"]) for row in shown["settings"]}
    assert rows["threads"] == (3, str(tmp_path / "mediarack.toml"))
    assert rows["weights_dirs"] == ([str(tmp_path / "models")], str(tmp_path / "mediarack.toml"))
    assert rows["disabled"] == (["a"], "MEDIARACK_DISABLED")
    assert rows["offline"] == (False, "default")
    table = cli("config", "show", MEDIARACK_DISABLED="[a]").stdout
    assert "[a]" in table
    assert "MEDIARACK_DISABLED" in table


def test_check_tells_what_is_wrong_and_where(cli, tmp_path):
    (tmp_path / "other.toml").write_text("treads = 3")
    assert "did you mean 'threads'" in cli("config", "check", "other.toml", code=3).stderr
    assert "cannot be read" in cli("config", "check", "gone.toml", code=3).stderr
    assert "valid" in cli("config", "check").stdout
    error = json.loads(cli("config", "check", "--json", code=3, MEDIARACK_THREADS="0").stdout)["error"]
    assert error["type"] == "BadInput"


def test_check_warns_of_backends_that_no_plugin_has(cli, tmp_path):
    (tmp_path / "a.toml").write_text("disabled = ['pyav', 'piav']\nprefer.probe = 'faster-whisper'\nconcurrency.x = 1")
    warnings = json.loads(cli("config", "check", "a.toml", "--json").stdout)["warnings"]
    assert [warning.split(": ", 1)[1].split(",")[0] for warning in warnings] == [
        "disabled names 'piav'",
        "concurrency names 'x'",
        "prefer.probe names 'faster-whisper'",
    ]
    assert "piav" in cli("config", "check", "a.toml").stderr


def test_a_wrong_setting_stops_every_command_that_needs_it(cli, tmp_path):
    (tmp_path / "a.wav").write_bytes(b"x")
    assert "MEDIARACK_TREADS" in cli("probe", "a.wav", code=3, MEDIARACK_TREADS="1").stderr


def test_the_schema_names_every_key_and_its_limits(cli):
    schema = json.loads(cli("config", "schema").stdout)
    assert schema["additionalProperties"] is False
    assert schema["properties"]["threads"]["minimum"] == 1
    assert schema["properties"]["concurrency"]["additionalProperties"] == {"type": "integer", "minimum": 1}
    assert "transcribe" in schema["properties"]["prefer"]["propertyNames"]["enum"]
    assert all(entry["description"] for entry in schema["properties"].values())


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="affinity is a Linux call")
def test_hardware_tells_what_limits_the_cores(cli):
    def one_core():
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    data = json.loads(cli("hardware", "--json", before=one_core).stdout)
    assert (data["cores"]["effective"], data["cores"]["affinity"]) == (1, 1)
    assert data["cores"]["machine"] == os.cpu_count()
    assert 0 < data["memory"]["available"] <= data["memory"]["total"]
    if os.cpu_count() > 1:
        assert "affinity allows 1" in cli("hardware", before=one_core).stdout
