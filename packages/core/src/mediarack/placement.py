"""Whether an engine may be imported in this process: it is tried in a subprocess first.

A broken native library can take the process down or hang it; a subprocess tells. The answer is kept in the cache
directory under a fingerprint of all installed distributions, so that it is asked once per change of the environment.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

from mediarack.backends import BackendSpec
from mediarack.config import Config
from mediarack.config.cache import cache_directory

logger = logging.getLogger(__name__)

IMPORT_SECONDS = 60
"""An import of a light engine takes about a second; on a cold disk under load 10 were seen."""

_TRY = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); __import__(sys.argv[2])"


def host_problem(spec: BackendSpec, config: Config) -> str | None:
    """Why the engine cannot be imported here, or None if it can."""
    if spec.imports in sys.modules or not sys.executable or getattr(sys, "frozen", False):
        return None  # already in, or there is no interpreter to try it with
    directory = cache_directory(config)
    cache = None if directory is None else directory / "imports.txt"
    key = f"{spec.imports} {_fingerprint()}"
    if cache is not None and key in _read(cache):
        return None
    problem = _try_import(spec.imports)
    if problem is None and cache is not None:
        _remember(cache, key)
    return problem


def _try_import(module: str) -> str | None:
    argv = [sys.executable, "-c", _TRY, json.dumps(_search_path()), module]
    try:
        done = subprocess.run(
            argv,
            check=False,
            capture_output=True,
            text=True,
            timeout=IMPORT_SECONDS,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the host, which ends the call
        )
    except subprocess.TimeoutExpired:
        return f"import {module} did not end within {IMPORT_SECONDS} s in a subprocess"
    except OSError as error:  # an interpreter that this user may not start
        logger.warning("import %s cannot be tried in a subprocess, so it is done here: %s", module, error)
        return None
    if done.returncode == 0:
        return None
    if done.returncode < 0:
        return f"import {module} killed its process (signal {-done.returncode})"
    lines = done.stderr.strip().splitlines()
    return f"import {module} fails: {lines[-1] if lines else f'exit status {done.returncode}'}"


def _search_path() -> list[str]:
    """sys.path as Python's own import takes it, which passes over what is no text."""
    return [entry for entry in sys.path if isinstance(entry, str)]


def _fingerprint() -> str:
    """Of every distribution on sys.path, by directory name and time: cheap, and changes with any install."""
    digest = hashlib.sha256(f"{sys.version} {sys.prefix}".encode())
    for directory in _search_path():
        try:
            entries = sorted(os.scandir(directory or "."), key=lambda entry: entry.name)
        except OSError:
            continue  # sys.path may name what is not there
        for entry in entries:
            if entry.name.endswith((".dist-info", ".egg-info")):
                try:
                    changed = entry.stat().st_mtime_ns
                except OSError:
                    continue  # removed since it was listed, or a link to nothing
                digest.update(f"{entry.path} {changed}\n".encode())
    return digest.hexdigest()


def _read(cache: Path) -> set[str]:
    try:
        return set(cache.read_text(encoding="utf-8", errors="replace").splitlines())
    except OSError:
        return set()


def _remember(cache: Path, key: str) -> None:
    # One appended line: whole on any file system for this length, so processes need no lock.
    try:
        with cache.open("a", encoding="utf-8") as file:
            file.write(key + "\n")
    except OSError as error:
        logger.debug("cannot remember in %s: %s", cache, error)
