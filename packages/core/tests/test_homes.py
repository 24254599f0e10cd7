"""Users without a home, with an empty HOME, or with one that cannot be written to."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import toy_distribution
from served_hub import serving
from test_weights import FILES

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX users")

# A call by a backend whose engine is probed in a subprocess first, which is what the cache is for.
CALL = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, format="%(name)s %(message)s")
logging.getLogger().handlers[0].addFilter(lambda record: record.name.startswith("mediarack"))
import mediarack as mr, toy
spec = toy.spec("a", "Counter", engine="msgspec", imports="msgspec")
assert "msgspec" not in sys.modules
with mr.Rack(plugins=[toy.plugin(spec)]) as rack, rack.iter_segments(b"x") as segments:
    print(next(segments).text)
"""
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
STRANGER = ("setpriv", "--reuid=4000001", "--regid=4000001", "--clear-groups")  # the system has no such user


def python_of_others() -> str | None:
    """A Python of this version that any user may run: this one, unless it is inside somebody's home."""
    if not hasattr(os, "getuid") or os.getuid() != 0 or shutil.which("setpriv") is None:
        return None
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, shutil.which(version, path="/usr/local/bin:/usr/bin")):
        code = "import subprocess, sys, mediarack, typer, huggingface_hub; subprocess.run([sys.executable, '-V'])"
        argv = [*NOBODY, "sh", "-c", 'exec "$0" -c "$1"', str(python), code]
        env = {**os.environ, "PYTHONPATH": PACKAGES}
        if python and subprocess.run(argv, env=env, capture_output=True, check=False).returncode == 0:
            return python
    return None


PACKAGES = os.pathsep.join(path for path in sys.path if path.endswith(("site-packages", "src")))
PYTHON = python_of_others()
as_another = pytest.mark.skipif(PYTHON is None, reason="needs root, setpriv and a Python that others may run")


@pytest.fixture
def world():
    """A directory that all may enter, with a plugin, and one in it that all may write to."""
    # Not pytest's: those are the user's alone.
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        toy_distribution.install(directory / "site")
        (directory / "open").mkdir()
        (directory / "open").chmod(0o777)
        yield directory


def run(world, *arguments, user=(), home=None, code=0, **more):
    env = toy_distribution.environment(world / "site", **more)
    env["PYTHONPATH"] += os.pathsep + PACKAGES
    env.pop("HOME", None)
    if home is not None:
        env["HOME"] = str(home)
    argv = [*user, PYTHON if user else sys.executable, *map(str, arguments)]
    done = subprocess.run(argv, cwd=world / "open", env=env, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done


MODELS = ("-m", "mediarack", "models")
CASES = [
    pytest.param((), None, id="HOME unset"),
    pytest.param((), "", id="HOME empty"),
    pytest.param(NOBODY, None, id="nobody, HOME unset", marks=as_another),
    pytest.param(NOBODY, "", id="nobody, HOME empty", marks=as_another),
    pytest.param(NOBODY, "/nonexistent", id="nobody, no such HOME", marks=as_another),
    pytest.param(NOBODY, "/root", id="nobody, HOME of another", marks=as_another),
    pytest.param(STRANGER, None, id="unknown user, HOME unset", marks=as_another),
    pytest.param(STRANGER, "", id="unknown user, HOME empty", marks=as_another),
]


@pytest.mark.parametrize(("user", "home"), CASES)
def test_a_call_works_and_leaves_nothing_where_it_stands(world, user, home):
    # For root, whose home the system knows, XDG_CACHE_HOME keeps the test out of it.
    more = {} if user or home == "" else {"XDG_CACHE_HOME": world / "open" / "xdg"}
    done = run(world, "-c", CALL, user=user, home=home, **more)
    assert done.stdout == "0\n"
    if not more:
        # Where the directory happens to be there and belongs to another, it is told one step later.
        assert "mediarack.config.cache no " in done.stderr or "cannot remember in" in done.stderr
        assert list((world / "open").iterdir()) == []
    else:
        assert (world / "open" / "xdg" / "mediarack" / "imports.txt").is_file()


@as_another
def test_a_read_only_home_only_costs_the_cache(world):
    (world / "home").mkdir()
    done = run(world, "-c", CALL, user=NOBODY, home=world / "home")
    assert done.stdout == "0\n"
    assert "no cache: the directory" in done.stderr
    assert list((world / "home").iterdir()) == []


@pytest.mark.parametrize(("user", "home"), CASES)
def test_the_cache_may_be_elsewhere(world, user, home):
    cache = world / "open" / "cache"
    run(world, "-c", CALL, user=user, home=home, MEDIARACK_CACHE_DIR=cache)
    assert (cache / "imports.txt").read_text().startswith("msgspec ")


@pytest.mark.parametrize(("user", "home"), CASES)
def test_models_are_listed_and_pulled_where_hf_home_says(world, user, home):
    with serving(FILES) as hub:
        more = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": world / "open" / "hf"}
        run(world, *MODELS, "list", user=user, home=home, **more)
        path = run(world, *MODELS, "pull", "toy", "small", user=user, home=home, **more).stdout.strip()
        assert path.startswith(str(world / "open" / "hf"))
        assert run(world, *MODELS, "path", "toy", "small", user=user, home=home, **more).stdout.strip() == path


@as_another
@pytest.mark.parametrize("user", [NOBODY, STRANGER], ids=["nobody", "unknown user"])
@pytest.mark.parametrize("home", [None, "", "/nonexistent"], ids=["HOME unset", "HOME empty", "no such HOME"])
def test_a_hub_without_a_place_for_its_cache_is_told_with_what_to_do(world, user, home):
    with serving(FILES) as hub:
        pull = (*MODELS, "pull", "toy", "small")
        done = run(world, *pull, user=user, home=home, code=4, HF_ENDPOINT=hub.endpoint)
        assert "set HF_HOME" in done.stderr
        assert hub.fetched == []
        assert list((world / "open").iterdir()) == []
        run(world, *pull, "--to", "small", user=user, home=home, HF_ENDPOINT=hub.endpoint)
        assert {path.name for path in (world / "open").iterdir()} == {"small"}


@as_another
def test_what_others_own_cannot_be_removed_and_is_told(world):
    with serving(FILES) as hub:
        more = {"HF_ENDPOINT": hub.endpoint, "HF_HUB_CACHE": world / "hub"}
        run(world, *MODELS, "pull", "toy", "small", **more)
        run(world, *MODELS, "path", "toy", "small", user=NOBODY, **more)
        done = run(world, *MODELS, "remove", "toy", "small", "--yes", user=NOBODY, code=4, **more)
        assert "cannot remove" in done.stderr
        run(world, *MODELS, "verify", "toy", "small", user=NOBODY, **more)


@as_another
def test_a_cache_that_others_may_not_read_is_told(world):
    with serving(FILES) as hub:
        more = {"HF_ENDPOINT": hub.endpoint, "HF_HUB_CACHE": world / "hub"}
        run(world, *MODELS, "pull", "toy", "small", **more)
        for path in [path for path in (world / "hub").rglob("*") if path.name in ("main", "blobs")]:
            path.chmod(0o600)
            assert "looked in" in run(world, *MODELS, "path", "toy", "small", user=NOBODY, code=5, **more).stderr
            path.chmod(0o755)
        for path in (world / "hub").rglob("blobs/*"):
            path.chmod(0o600)
        done = run(world, *MODELS, "verify", "toy", "small", user=NOBODY, code=3, **more)
        assert "to verify it: Permission denied" in done.stderr
