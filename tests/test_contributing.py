"""CONTRIBUTING.md promises a backend in one file: its steps are followed here, in a copy of the package."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import textwrap
import wave
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STEP = re.compile(r"`src/(?P<file>[\w/]+\.py)`[^`\n]*:\n\n    ```python\n(?P<code>.*?)    ```", re.DOTALL)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The package with the new backend in it, built as a wheel and unpacked."""
    folder = tmp_path_factory.mktemp("contributing") / "decode-ffmpeg"
    original = ROOT / "packages" / "decode-ffmpeg"
    shutil.copytree(original, folder, ignore=shutil.ignore_patterns("__pycache__", "tests"))
    adapter, spec = STEP.finditer((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert not (folder / "src" / adapter["file"]).exists(), "the example is to be a new file"
    (folder / "src" / adapter["file"]).write_text(textwrap.dedent(adapter["code"]), encoding="utf-8")
    register(folder / "src" / spec["file"], textwrap.dedent(spec["code"]))
    dist, site = folder / "dist", folder / "site"
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(dist), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(site)
    return site


def register(plugin: Path, spec: str) -> None:
    """Put the spec at the end of the list that ``mediarack_backends`` returns."""
    source = plugin.read_text(encoding="utf-8")
    (hook,) = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == "mediarack_backends"
    )
    returned = ast.get_source_segment(source, hook.body[-1].value)
    plugin.write_text(source.replace(returned, f"[*({returned}), {spec}]"), encoding="utf-8")


def run(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)


def test_the_new_backend_is_listed(site):
    listing = run(site, "-m", "mediarack", "backends").stdout
    assert re.search(r"read_audio +wave +numpy .* installed", listing)


def test_the_new_backend_reads_what_the_file_holds(site, tmp_path):
    with wave.open(str(tmp_path / "steps.wav"), "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", "not compressed"))
        file.writeframes(b"\x00\x40\x00\xc0" * 12_000)  # left 0.5, right -0.5, 1.5 s
    code = (
        "import sys, mediarack as mr; audio = mr.read_audio(sys.argv[1], backend='wave');"
        "print(audio.samples.shape, audio.sample_rate, *audio.samples.mean(axis=1), audio.provenance.backend)"
    )
    done = run(site, "-c", code, str(tmp_path / "steps.wav"))
    assert done.stdout == "(2, 12000) 8000 0.5 -0.5 wave\n", done.stderr


def test_the_new_backend_is_passed_over_with_a_reason_for_what_it_does_not_say(site, talk):
    code = (
        "import sys, mediarack as mr\n"
        "try: mr.read_audio(sys.argv[1], sample_rate=16000, backend='wave')\n"
        "except mr.BackendUnavailable as error: print(error)"
    )
    assert "resample" in run(site, "-c", code, str(talk)).stdout


def test_the_new_backend_refuses_what_it_cannot_read(site, talk):
    code = "import sys, mediarack as mr; mr.read_audio(sys.argv[1], backend='wave')"
    assert "NotMedia" in run(site, "-c", code, str(talk)).stderr
