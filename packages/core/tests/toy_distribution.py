"""A plugin with models, and a package of weights, laid out in a directory as pip would install them."""

from __future__ import annotations

import base64
import hashlib
import os
import sys
from pathlib import Path

PLUGIN = """
from mediarack.plugin import PLUGIN_API, BackendSpec, WeightsSpec, hookimpl

common = {"backend": "toy", "files": ("config.json", "*.bin"), "required": ("config.json", "model.bin"),
          "license": "MIT"}

@hookimpl
def mediarack_backends():
    return [BackendSpec(capability="transcribe", name="toy", implementation="toy:Counter", engine="pluggy",
                        imports="pluggy", light=True, features=frozenset({"vad", "word_times"}))]

@hookimpl
def mediarack_weights():
    return [
        WeightsSpec(name="small", repo="publisher/model-small", size=3_000_000, default=True, **common),
        WeightsSpec(name="packed", repo="", size=3, package="toy_weights:data", languages=frozenset({"en"}),
                    distribution="toy-weights-dist", **common),
        WeightsSpec(name="absent", repo="", size=3, package="toy_absent", **common),
    ]
"""


def install(site: Path) -> Path:
    """Both distributions, in ``site``; put it on PYTHONPATH."""
    (site / "toy_weights" / "data").mkdir(parents=True)
    files = {
        "toy_models.py": PLUGIN.encode(),
        "toy_weights/__init__.py": b"raise RuntimeError('weights are not to be imported')\n",
        "toy_weights/data/config.json": b"{}",
        "toy_weights/data/model.bin": b"abc",
    }
    for name, content in files.items():
        (site / name).write_bytes(content)
    weights = [name for name in files if name.startswith("toy_weights")]
    _dist_info(site, "toy_plugin", ["toy_models.py"], "[mediarack]\ntoy = toy_models\n")
    _dist_info(site, "toy_weights_dist", weights, "")
    return site


def _dist_info(site: Path, name: str, files: list[str], entry_points: str) -> None:
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    project = name.replace("_", "-")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)
    lines = []
    for file in files:
        content = (site / file).read_bytes()
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        lines.append(f"{file},sha256={digest},{len(content)}\n")
    (info / "RECORD").write_text("".join(lines))


def environment(site: Path, **more: object) -> dict[str, str]:
    """Of a process that has the distributions installed and none of the caller's settings."""
    own = ("MEDIARACK_", "HF_", "XDG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    path = os.pathsep.join([str(site), str(Path(__file__).parent)])
    return {**kept, "PYTHONPATH": path, **{name: str(value) for name, value in more.items()}}


CLI = (sys.executable, "-m", "mediarack")
