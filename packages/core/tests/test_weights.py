"""Where models are looked for and how they are fetched, against a hub served on this machine."""

import http.server
import json
import threading
from types import SimpleNamespace

import pytest
import toy

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
    """The two routes of the hub that a snapshot needs, and an empty cache."""
    hub = SimpleNamespace(files=dict(FILES), asked=[], silent=False)
    commit = "a" * 40

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.do_GET()

        def do_GET(self):
            if hub.silent:
                self.close_connection = True
                return
            hub.asked.append(self.path)
            name = self.path.rsplit("/", 1)[-1]
            if "/api/models/publisher/model-small/tree/" in self.path:
                entries = [{"type": "file", "path": n, "size": len(b), "oid": "0" * 40} for n, b in hub.files.items()]
                self.answer(json.dumps(entries).encode(), "application/json")
            elif self.path.startswith("/api/models/publisher/model-small"):
                siblings = [{"rfilename": name} for name in hub.files]
                body = {"id": "publisher/model-small", "modelId": "x", "sha": commit, "siblings": siblings}
                self.answer(json.dumps(body).encode(), "application/json")
            elif self.path.startswith(f"/publisher/model-small/resolve/{commit}/") and name in hub.files:
                self.answer(hub.files[name], "application/octet-stream")
            else:
                self.send_error(404)

        def answer(self, body, kind):
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", f'"{len(body)}"')
            self.send_header("X-Repo-Commit", commit)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    import huggingface_hub.constants as constants

    endpoint = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr("huggingface_hub.hf_api.api.endpoint", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    yield hub
    server.shutdown()
    thread.join()
    server.server_close()


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
    assert "hf download publisher/model-small --local-dir DIR (3 MB)" in reason
    assert hub.asked == []


def test_an_unnamed_backend_never_downloads_and_says_which_command_would(store, tmp_path, hub):
    reason = store().locate("a", None, may_download=False)
    assert "mediarack transcribe FILE --backend a --model small" in reason
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
