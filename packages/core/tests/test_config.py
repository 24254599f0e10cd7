"""Settings: which values are allowed, where they come from, and what is told when one is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mediarack as mr
from mediarack.config.cache import cache_directory
from mediarack.config.settings import KEYS
from mediarack.config.sources import load


def write(directory, text):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "mediarack.toml").write_text(text)
    return directory


def test_without_file_and_variables_the_defaults_hold(tmp_path):
    assert mr.Config.load(tmp_path, {}) == mr.Config()


def test_a_file_may_set_every_key(tmp_path):
    write(
        tmp_path,
        """
        threads = 3
        offline = true
        weights_dirs = ["models", "/srv/models"]
        disabled = ["a"]
        cache_dir = "../cache"
        [prefer]
        transcribe = "faster-whisper"
        [concurrency]
        faster-whisper = 2
        """,
    )
    assert mr.Config.load(tmp_path, {}) == mr.Config(
        threads=3,
        offline=True,
        weights_dirs=(tmp_path / "models", Path("/srv/models").absolute()),
        disabled=frozenset({"a"}),
        cache_dir=tmp_path / ".." / "cache",
        prefer={"transcribe": "faster-whisper"},
        concurrency={"faster-whisper": 2},
    )


def test_a_variable_may_set_every_key(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environ = {
        "MEDIARACK_THREADS": "3",
        "MEDIARACK_OFFLINE": "Yes",
        "MEDIARACK_WEIGHTS_DIRS": os.pathsep.join(["models", str(tmp_path / "b")]),
        "MEDIARACK_DISABLED": "a, b",
        "MEDIARACK_PREFER": "transcribe=faster-whisper, read_audio=pyav",
        "MEDIARACK_CONCURRENCY": "faster-whisper=2",
        "MEDIARACK_CACHE_DIR": "cache",
        "PATH": "not ours",
    }
    assert mr.Config.load(tmp_path, environ) == mr.Config(
        threads=3,
        offline=True,
        weights_dirs=(tmp_path / "models", tmp_path / "b"),
        disabled=frozenset({"a", "b"}),
        prefer={"transcribe": "faster-whisper", "read_audio": "pyav"},
        concurrency={"faster-whisper": 2},
        cache_dir=tmp_path / "cache",
    )


def test_the_later_source_wins(tmp_path):
    write(tmp_path, "threads = 1\noffline = true\ndisabled = ['a']")
    loaded = load(tmp_path, {"MEDIARACK_THREADS": "2", "MEDIARACK_DISABLED": "b"}, {"threads": 3})
    assert (loaded.config.threads, loaded.config.offline, loaded.config.disabled) == (3, True, frozenset({"b"}))
    assert loaded.origins == {
        "offline": str(tmp_path / "mediarack.toml"),
        "disabled": "MEDIARACK_DISABLED",
        "threads": "argument",
    }


def test_an_empty_variable_is_not_set(tmp_path):
    write(tmp_path, "threads = 1")
    assert mr.Config.load(tmp_path, {"MEDIARACK_THREADS": "", "MEDIARACK_CONFIG": ""}).threads == 1


def test_the_nearest_file_upward_is_read_alone(tmp_path):
    write(tmp_path, "threads = 1\noffline = true")
    write(tmp_path / "a", "threads = 2")
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    assert mr.Config.load(tmp_path / "a" / "b" / "c", {}) == mr.Config(threads=2)


def test_a_pyproject_is_not_read(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.mediarack]\nthreads = 5")
    assert mr.Config.load(tmp_path, {}).threads is None


def test_a_variable_names_the_file_instead(tmp_path):
    write(tmp_path / "near", "threads = 1")
    write(tmp_path / "far", "weights_dirs = ['models']")
    config = mr.Config.load(tmp_path / "near", {"MEDIARACK_CONFIG": str(tmp_path / "far" / "mediarack.toml")})
    assert config == mr.Config(weights_dirs=(tmp_path / "far" / "models",))


def test_a_named_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(mr.BadInput, match=r"MEDIARACK_CONFIG names '/no/such\.toml', and there is no such file"):
        mr.Config.load(tmp_path, {"MEDIARACK_CONFIG": "/no/such.toml"})


def test_a_tilde_is_the_home_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write(tmp_path / "a", "weights_dirs = ['~/models']")
    assert mr.Config.load(tmp_path / "a", {}).weights_dirs == (tmp_path / "models",)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows finds the home otherwise")
def test_a_tilde_without_a_home_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "")
    write(tmp_path, "cache_dir = '~/cache'")
    with pytest.raises(mr.BadInput, match=r"cache_dir: '~/cache' needs a home directory"):
        mr.Config.load(tmp_path, {})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("treads = 2", "did you mean 'threads'"),
        ("threads = 0", "threads=0: must be a whole number, 1 or more"),
        ("threads = true", "threads=True: must be a whole number"),
        ("threads = 1.5", "threads=1.5: must be"),
        ("threads = '2'", "threads='2': must be"),
        ("offline = 1", "offline=1: must be true or false"),
        ("weights_dirs = 'models'", "weights_dirs='models': must be a list"),
        ("weights_dirs = [1]", "weights_dirs: 1 is no path"),
        ("weights_dirs = ['']", "weights_dirs: '' is no path"),
        ("disabled = [1]", "disabled: 1 is no name"),
        ("prefer = 'pyav'", "prefer='pyav': must be a table"),
        ("prefer.transkribe = 'a'", "did you mean 'transcribe'"),
        ("prefer.transcribe = 1", "prefer.transcribe: 1 is no name"),
        ("concurrency.a = 0", "concurrency.a=0: must be a whole number"),
        ("cache_dir = 1", "cache_dir: 1 is no path"),
        ("threads = ", "is no TOML"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_name(tmp_path, text, told):
    write(tmp_path, text)
    with pytest.raises(mr.BadInput) as raised:
        mr.Config.load(tmp_path, {})
    assert told in str(raised.value)
    assert str(raised.value).startswith(str(tmp_path / "mediarack.toml"))


@pytest.mark.parametrize(
    ("variable", "text", "told"),
    [
        ("MEDIARACK_TREADS", "2", "did you mean 'MEDIARACK_THREADS'"),
        ("MEDIARACK_THREADS", "many", "must be a whole number, 1 or more"),
        ("MEDIARACK_THREADS", "0", "must be a whole number, 1 or more"),
        ("MEDIARACK_OFFLINE", "maybe", "must be one of 1, true, yes, on, 0, false, no, off"),
        ("MEDIARACK_PREFER", "pyav", "'pyav' is no NAME=VALUE"),
        ("MEDIARACK_CONCURRENCY", "a=b", "must be a whole number, 1 or more"),
    ],
)
def test_what_is_wrong_in_a_variable_is_told_with_its_name(tmp_path, variable, text, told):
    with pytest.raises(mr.BadInput) as raised:
        mr.Config.load(tmp_path, {variable: text})
    assert told in str(raised.value)
    assert str(raised.value).startswith(variable)


def test_an_unknown_argument_is_told(tmp_path):
    with pytest.raises(mr.BadInput, match="did you mean 'offline'"):
        mr.Config.load(tmp_path, {}, offlin=True)


def test_a_file_that_is_no_text_is_told(tmp_path):
    (tmp_path / "mediarack.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(mr.BadInput, match="is no TOML"):
        mr.Config.load(tmp_path, {})


@given(st.dictionaries(st.sampled_from(KEYS), st.text(st.characters(exclude_characters="\0"), max_size=20)))
def test_any_variable_gives_settings_or_bad_input(tmp_path_factory, texts):
    environ = {f"MEDIARACK_{key.upper()}": text for key, text in texts.items()}
    try:
        config = mr.Config.load(tmp_path_factory.getbasetemp(), environ)
    except mr.BadInput as error:
        assert "MEDIARACK_" in str(error)
    else:
        assert config == mr.Config(**{key: getattr(config, key) for key in KEYS})


TOML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(KEYS), TOML)
def test_any_value_is_a_setting_or_bad_input(key, value):
    try:
        config = mr.Config(**{key: value})
    except mr.BadInput as error:
        assert key in str(error)
    else:
        assert mr.Config(**{key: getattr(config, key)}) == config


def test_a_byte_order_mark_is_no_matter(tmp_path):
    (tmp_path / "mediarack.toml").write_text("threads = 2", encoding="utf-8-sig")
    assert mr.Config.load(tmp_path, {}).threads == 2


def test_a_rack_without_settings_loads_them(tmp_path, monkeypatch):
    monkeypatch.chdir(write(tmp_path, "threads = 7"))
    assert mr.Rack(plugins=[]).config.threads == 7


def test_a_rack_with_settings_takes_exactly_those(tmp_path, monkeypatch):
    monkeypatch.chdir(write(tmp_path, "threads = 7"))
    config = mr.Config(offline=True)
    assert mr.Rack(config, plugins=[]).config is config


def test_making_a_rack_loads_neither_toml_nor_platformdirs_unless_needed(tmp_path):
    code = (
        "import sys, mediarack\n"
        "assert not {'tomllib', 'msgspec', 'platformdirs', 'dataclasses'} & set(sys.modules)\n"
        "mediarack.Rack(plugins=[]); print({'tomllib', 'msgspec', 'platformdirs', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_cache_is_where_the_setting_says(tmp_path):
    assert cache_directory(mr.Config(cache_dir=tmp_path / "a" / "b")) == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b").is_dir()


def test_a_cache_that_was_asked_for_and_cannot_be_made_is_a_warning(tmp_path, caplog):
    (tmp_path / "file").touch()
    assert cache_directory(mr.Config(cache_dir=tmp_path / "file" / "cache")) is None
    assert "cannot be made" in caplog.text
