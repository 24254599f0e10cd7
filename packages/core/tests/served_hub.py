"""A hub on this machine: the routes that huggingface_hub uses to fetch a model, with the digests the real one gives."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import threading

REPO = "publisher/model-small"
COMMIT = "a" * 40


def git_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Hub:
    """files: name to content; those ending in .bin are large (LFS).

    asked: paths of all requests. fetched: names of the files sent. ranges: Range headers, by name.
    tokens: Authorization headers. claims: sizes to tell instead of the true ones. silent: close every connection.
    status: answer all with this. cut: name to the bytes after which its next answer breaks off. stall: after that many
    bytes of a large file nothing comes any more, until ``released`` is set.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = dict(files)
        self.asked: list[str] = []
        self.fetched: list[str] = []
        self.ranges: list[tuple[str, str]] = []
        self.tokens: set[str] = set()
        self.claims: dict[str, int] = {}
        self.silent = False
        self.status = 0
        self.cut: dict[str, int] = {}
        self.stall = 0
        self.stalled = threading.Event()
        self.released = threading.Event()
        self.endpoint = ""

    def digest(self, name: str) -> str:
        content = self.files[name]
        return hashlib.sha256(content).hexdigest() if name.endswith(".bin") else git_id(content)

    def entry(self, name: str, *, of_tree: bool) -> dict[str, object]:
        content = self.files[name]
        size = self.claims.get(name, len(content))
        lfs = {"size": size, "pointerSize": 134, "oid" if of_tree else "sha256": self.digest(name)}
        more = {"lfs": lfs} if name.endswith(".bin") else {}
        if of_tree:
            return {"type": "file", "path": name, "size": size, "oid": git_id(content), **more}
        return {"rfilename": name, "size": size, "blobId": git_id(content), **more}


@contextlib.contextmanager
def serving(files: dict[str, bytes]):
    hub = Hub(files)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.do_GET()

        def do_GET(self):
            hub.tokens.add(self.headers.get("Authorization", ""))
            if hub.silent:
                self.close_connection = True
                return
            hub.asked.append(self.path)
            path = self.path.split("?")[0]
            resolved = f"/{REPO}/resolve/{COMMIT}/"
            if hub.status:
                self.send_error(hub.status)
            elif path.startswith(f"/api/models/{REPO}/tree/"):
                self.answer(json.dumps([hub.entry(name, of_tree=True) for name in hub.files]).encode())
            elif path.startswith(f"/api/models/{REPO}"):
                siblings = [hub.entry(name, of_tree=False) for name in hub.files]
                self.answer(json.dumps({"id": REPO, "modelId": REPO, "sha": COMMIT, "siblings": siblings}).encode())
            elif path.startswith(resolved) and path.removeprefix(resolved) in hub.files:
                self.answer_file(path.removeprefix(resolved))
            else:
                self.send_error(404)

        def answer_file(self, name):
            content, start = hub.files[name], 0
            if (asked := self.headers.get("Range")) is not None and self.command == "GET":
                hub.ranges.append((name, asked))
                start = int(asked.removeprefix("bytes=").rstrip("-"))
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("ETag", f'"{hub.digest(name)}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if self.command != "GET":
                return
            hub.fetched.append(name)
            end = hub.cut.pop(name, len(content))
            with contextlib.suppress(ConnectionError):
                if hub.stall and name.endswith(".bin"):
                    self.wfile.write(content[start : hub.stall])
                    self.wfile.flush()
                    hub.stalled.set()
                    hub.released.wait(60)
                    return
                self.wfile.write(content[start:end])
            self.close_connection = True

        def answer(self, body):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        hub.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def this_process(hub: Hub, cache, monkeypatch) -> None:
    """huggingface_hub in this process uses the hub, and a cache of its own."""
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
    monkeypatch.setattr("huggingface_hub.hf_api.api.endpoint", hub.endpoint)
    template = hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
