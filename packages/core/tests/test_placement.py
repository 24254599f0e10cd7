"""Whether an engine may be imported in the host is tried in a subprocess, once per change of the environment."""

import sys

import pytest
import toy

import mediarack as mr
from mediarack import placement


@pytest.fixture
def config(tmp_path):
    return mr.Config(cache_dir=tmp_path / "cache")


@pytest.fixture
def cache(config):
    return config.cache_dir / "imports.txt"


def engine(tmp_path, monkeypatch, source):
    (tmp_path / "toy_engine.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    return toy.spec("a", "Counter", imports="toy_engine")


def test_an_import_that_works_is_tried_once(tmp_path, monkeypatch, config, cache):
    marks = tmp_path / "marks"
    spec = engine(tmp_path, monkeypatch, f"open({str(marks)!r}, 'a').write('x')")
    assert placement.host_problem(spec, config) is None
    assert placement.host_problem(spec, config) is None
    assert marks.read_text() == "x"
    assert "toy_engine" not in sys.modules


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("raise OSError('libx.so.9: cannot open')", "OSError: libx.so.9: cannot open"),
        pytest.param(
            "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
            "signal 11",
            marks=pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals"),
        ),
    ],
)
def test_an_import_that_fails_is_told_and_not_remembered(tmp_path, monkeypatch, config, cache, source, told):
    spec = engine(tmp_path, monkeypatch, source)
    assert told in placement.host_problem(spec, config)
    assert not cache.exists()


def test_an_import_that_hangs_is_told(tmp_path, monkeypatch, config):
    monkeypatch.setattr(placement, "IMPORT_SECONDS", 1)
    spec = engine(tmp_path, monkeypatch, "import time; time.sleep(60)")
    assert "did not end within 1 s" in placement.host_problem(spec, config)


def test_an_unwritable_cache_only_costs_time(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    config = mr.Config(cache_dir=tmp_path / "file" / "cache")
    assert placement.host_problem(engine(tmp_path, monkeypatch, ""), config) is None


def test_the_fingerprint_changes_with_an_install(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    before = placement._fingerprint()
    (tmp_path / "new-1.0.dist-info").mkdir()
    assert placement._fingerprint() != before


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege")
def test_an_entry_that_links_to_nothing_is_no_installed_distribution(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    before = placement._fingerprint()
    (tmp_path / "gone-1.0.dist-info").symlink_to(tmp_path / "nowhere")
    assert placement._fingerprint() == before


def test_a_path_object_in_sys_path_is_passed_over_as_by_import(tmp_path, monkeypatch, config):
    monkeypatch.setattr(sys, "path", [*sys.path, tmp_path])
    assert placement.host_problem(engine(tmp_path, monkeypatch, ""), config) is None


def test_a_damaged_cache_only_costs_time(tmp_path, monkeypatch, config, cache):
    cache.parent.mkdir()
    cache.write_bytes(b"\xff\xfe\n")
    assert placement.host_problem(engine(tmp_path, monkeypatch, ""), config) is None
