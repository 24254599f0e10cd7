"""Where models are looked for and how they are fetched, against a hub served on this machine."""

import pytest
import toy
from served_hub import serving, this_process

import mediarack as mr
from mediarack.plugin import WeightsSpec
from mediarack.weights import WeightsStore

MODEL = WeightsSpec(
    backend="a",
    name="small",
    repo="publisher/model-small",
    files=("config.json", "model.bin"),
    required=("config.json", "model.bin"),
    size=3_000_000,
    license="MIT",
    default=True,
)
FILES = {"config.json": b"{}", "model.bin": bytes(range(256)) * 12_000, "training.log": b"not asked for"}


@pytest.fixture
def store():
    def make(**config):
        return WeightsStore(mr.Config(**config), [MODEL])

    return make


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub on this machine, and an empty cache."""
    with serving(FILES) as hub:
        this_process(hub, tmp_path / "hub", monkeypatch)
        yield hub


def test_a_directory_is_taken_as_it_is(store, tmp_path):
    for name in ("config.json", "model.bin"):
        (tmp_path / name).touch()
    assert store().locate("a", str(tmp_path), may_download=False).path == tmp_path


def test_a_directory_that_is_no_model_is_told_what_it_lacks(store, tmp_path):
    (tmp_path / "config.json").touch()
    assert "it lacks model.bin" in store().locate("a", str(tmp_path), may_download=True)


def test_an_unknown_name_is_told_the_known_ones(store):
    assert "it knows small" in store().locate("a", "smal", may_download=True)


@pytest.mark.parametrize("name", ["../typo", "./typo", "-a/b-", "a/b/c"])
def test_what_is_neither_name_nor_directory_nor_hub_id_is_told(store, hub, name):
    assert "there is no such directory" in store().locate("a", name, may_download=True)


def test_a_directory_does_not_hide_the_model_of_its_name(store, hub, tmp_path, monkeypatch):
    (tmp_path / "small").mkdir()
    monkeypatch.chdir(tmp_path)
    assert store().locate("a", "small", may_download=True).spec == MODEL


def test_offline_every_place_looked_at_is_named_with_what_to_do(store, tmp_path, hub):
    reason = store(offline=True, weights_dirs=(tmp_path / "w",)).locate("a", None, may_download=True)
    assert str(tmp_path / "w" / "small") in reason
    assert str(tmp_path / "hub") in reason
    assert "offline" in reason
    assert "mediarack models pull a small --to DIR (3 MB from publisher/model-small)" in reason
    assert hub.asked == []


def test_an_unnamed_backend_never_downloads_and_says_which_command_would(store, tmp_path, hub):
    reason = store().locate("a", None, may_download=False)
    assert "mediarack models pull a small fetches it" in reason
    assert hub.asked == []


def test_what_is_asked_for_is_downloaded_once_with_progress(store, tmp_path, hub):
    seen = []
    located = store().locate("a", "small", may_download=True)
    assert located.path is None
    path = store().download(located.spec, lambda done, total, unit: seen.append((done, unit)))
    assert {file.name for file in path.iterdir()} == {"config.json", "model.bin"}
    assert (path / "model.bin").read_bytes() == FILES["model.bin"]
    assert seen[-1] == (len(FILES["config.json"]) + len(FILES["model.bin"]), "bytes")
    hub.asked.clear()
    assert store(offline=True).locate("a", "small", may_download=False).path == path
    assert hub.asked == []


def test_a_repository_that_lacks_a_file_is_told(store, hub):
    del hub.files["model.bin"]
    with pytest.raises(mr.BackendUnavailable, match=r"it lacks model\.bin"):
        store().download(MODEL, lambda *progress: None)


def test_a_hub_that_does_not_answer_is_told_with_what_to_do(store, hub):
    hub.silent = True
    with pytest.raises(mr.BackendUnavailable, match="could not be downloaded from publisher/model-small"):
        store().download(MODEL, lambda *progress: None)


def test_a_download_can_be_cancelled(store, hub):
    def report(done, total, unit):
        raise mr.Cancelled("enough")

    with pytest.raises(mr.Cancelled):
        store().download(MODEL, report)


def test_the_callers_own_error_is_not_the_hubs(hub):
    def broken(progress):
        raise ZeroDivisionError

    with mr.Rack(plugins=[toy.plugin(toy.spec("a", "Counter"), weights=(MODEL,))]) as it:
        with pytest.raises(ZeroDivisionError):
            it.transcribe(b"x", backend="a", progress=broken)


def test_naming_the_backend_downloads_and_runs(hub):
    plugin = toy.plugin(toy.spec("a", "Counter"), weights=(MODEL,))
    with mr.Rack(plugins=[plugin]) as it:
        with pytest.raises(mr.BackendUnavailable, match="a call that names the backend downloads it"):
            it.transcribe(b"x")
        assert hub.asked == []
        with it.iter_segments(b"x", backend="a") as segments:
            assert segments.provenance.details["model"] == "small"
    assert hub.asked
