"""The Hugging Face hub and its cache, by huggingface_hub, which is imported only when asked something.

A dropped connection is taken up again where it broke, within one download. Between two downloads whole files are kept;
of a file that was not whole huggingface_hub keeps nothing.
"""

from __future__ import annotations

import errno
import importlib.util
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mediarack.backends import WeightsSpec
from mediarack.errors import BackendUnavailable, MediarackError, OutputError
from mediarack.weights.checksums import Digest, refuse_wrong, write_sums, written_by_pull
from mediarack.weights.files import is_inside, lacking, megabytes

logger = logging.getLogger(__name__)

Report = Callable[[float, float | None, str], None]
"""Called with what is done, the total or None, and the unit; what it raises ends the work."""

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_ELSEWHERE = "set HF_HOME to a directory for the hub's cache, or mediarack models pull {} {} --to DIR"


def is_offline() -> bool:
    """Whether the hub's own HF_HUB_OFFLINE forbids downloads."""
    if importlib.util.find_spec("huggingface_hub") is None:
        return False
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def cache_directory() -> Path | None:
    """The hub's cache; None where there is no home directory to hold it and no HF_HOME."""
    from huggingface_hub import constants

    cache = Path(constants.HF_HUB_CACHE)
    return None if cache.parts[:1] and cache.parts[0].startswith("~") else cache


def in_cache(spec: WeightsSpec) -> tuple[Path | None, str]:
    """The model in the hub's cache if it is there whole, and words for that place."""
    if importlib.util.find_spec("huggingface_hub") is None:
        return None, "the hub's cache (huggingface_hub is not installed)"
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    cache = cache_directory()
    if cache is None:
        return None, "the hub's cache (no home directory here: HF_HOME would name a place)"
    try:
        path = Path(snapshot_download(spec.repo, allow_patterns=list(spec.files), local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        return None, f"{cache} (the hub's cache: no whole {spec.repo})"
    except OSError as error:  # a cache of another user
        return None, f"{cache} (the hub's cache: {error})"
    if missing := lacking(path, spec.required):
        return None, f"{cache} (the hub's cache: {spec.repo} lacks {', '.join(missing)})"
    return path, str(cache)


def download(spec: WeightsSpec, report: Report, directory: Path | None = None) -> Path:
    """Fetch the model into the hub's cache, or into a new ``directory`` with a SHA256SUMS file.

    Raises BackendUnavailable if it cannot be had, OutputError if it cannot be written.
    """
    try:
        import huggingface_hub
    except ImportError as error:
        raise BackendUnavailable(
            f"the model {spec.name!r} comes from the Hugging Face hub: pip install huggingface-hub ({error})"
        ) from error

    place = directory or cache_directory()
    if place is None:
        raise OutputError(
            f"the model {spec.name!r} cannot be kept: there is no home directory, so the hub has no cache; "
            + _ELSEWHERE.format(spec.backend, spec.name)
        )
    try:
        listed = _listed(spec)
        size = sum(file.size for file in listed)
        logger.warning(
            "downloading the model %s from %s: %s, licence %s, once",
            spec.name,
            spec.repo,
            megabytes(size),
            spec.license,
        )
        if directory is None:
            blobs = place / _folder(spec) / "blobs"
            missing = [file for file in listed if file.digest is None or not (blobs / file.digest.value).exists()]
            _check_room(place, sum(file.size for file in missing), spec)
            path = Path(huggingface_hub.snapshot_download(spec.repo, **_how(spec, report)))
            _refuse_incomplete(path, spec)
            refuse_wrong(path, {name: Digest("sha256", value) for name, value in spec.sha256.items()}, spec.name)
            return path
        return _into(directory, spec, listed, report)
    except MediarackError:  # cancelled, or out of time
        raise
    except Exception as error:  # the hub's library changes its HTTP client, and with it the errors
        raise _translated(error, spec, place) from _shown_cause(error)


def remove_from_cache(spec: WeightsSpec) -> int | None:
    """Remove all that the hub's cache has of the model's repository; bytes freed, or None if it has nothing of it."""
    if importlib.util.find_spec("huggingface_hub") is None:
        return None
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    cache = cache_directory()
    try:
        repos = scan_cache_dir(cache).repos if cache is not None else ()
    except CacheNotFound:
        return None
    for repo in repos:
        if repo.repo_id == spec.repo and repo.repo_type == "model":
            strategy = scan_cache_dir(cache).delete_revisions(*(revision.commit_hash for revision in repo.revisions))
            strategy.execute()
            if repo.repo_path.exists():  # it only logs what it could not delete
                raise OutputError(f"cannot remove {str(repo.repo_path)!r}: not all of it may be deleted by this user")
            return int(strategy.expected_freed_size)
    return None


def _how(spec: WeightsSpec, report: Report) -> dict[str, Any]:
    return {"allow_patterns": list(spec.files), "tqdm_class": _reporting(spec, report)}


def _folder(spec: WeightsSpec) -> str:
    """The cache's folder of a repository: https://huggingface.co/docs/huggingface_hub/guides/manage-cache."""
    return f"models--{spec.repo.replace('/', '--')}"


@dataclass(frozen=True)
class _File:
    """A file on the hub, with what the hub says of it."""

    name: str
    size: int
    digest: Digest | None


def _listed(spec: WeightsSpec) -> list[_File]:
    """What the hub has of the files asked for. Raises BackendUnavailable for names that lead out of the directory."""
    from huggingface_hub import HfApi
    from huggingface_hub.utils import filter_repo_objects

    siblings = HfApi().model_info(spec.repo, files_metadata=True).siblings or []
    wanted = list(filter_repo_objects(siblings, allow_patterns=list(spec.files), key=lambda file: file.rfilename))
    if wrong := [file.rfilename for file in wanted if not is_inside(file.rfilename)]:
        raise BackendUnavailable(
            f"{spec.repo} is refused: its file {wrong[0]!r} would be written outside its directory"
        )
    return [_File(file.rfilename, file.size or 0, _digest(file)) for file in wanted]


def _digest(file: Any) -> Digest | None:
    if file.lfs is not None:
        return Digest("sha256", file.lfs.sha256)
    return Digest("git-sha1", file.blob_id) if file.blob_id else None


def _check_room(place: Path, needed: int, spec: WeightsSpec) -> None:
    """Raise OutputError if ``place`` cannot take so many bytes."""
    told = f"the model {spec.name!r} ({megabytes(needed)}) cannot be written to {str(place)!r}"
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise OutputError(f"{told}: {error.strerror}; {_ELSEWHERE.format(spec.backend, spec.name)}") from error
    free = shutil.disk_usage(place).free
    if free < needed:
        raise OutputError(
            f"{told}: it needs {needed / 1e6:.1f} MB and {free / 1e6:.1f} MB are free there; "
            + _ELSEWHERE.format(spec.backend, spec.name)
        )


def _into(directory: Path, spec: WeightsSpec, listed: list[_File], report: Report) -> Path:
    """Into a directory beside ``directory``, which keeps its name for the next try, and is renamed once it is whole."""
    directory = directory.resolve()
    aside = directory.with_name(f"{directory.name}.incomplete")
    about = f"{spec.backend} {spec.name} from {spec.repo}"
    if written_by_pull(directory, about):
        return directory
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise OutputError(f"{str(directory)!r} is not empty: give the name of a new directory")
    _check_room(aside, sum(file.size for file in listed if not (aside / file.name).exists()), spec)
    # Two at once would delete each other's files: the hub's library takes one without its notes for outdated.
    with _locked(aside.with_name(f"{aside.name}.lock"), report):
        if not written_by_pull(directory, about):  # by another process, meanwhile
            _fill(aside, spec, listed, report)
            write_sums(aside, about)
            if directory.exists():
                directory.rmdir()  # Windows renames onto no directory, be it empty
            aside.rename(directory)
    return directory


@contextmanager
def _locked(path: Path, report: Report) -> Iterator[None]:
    """Hold a lock that other processes see; ``report`` may end the wait. Its file goes once the work was done."""
    from filelock import FileLock, Timeout  # what huggingface_hub locks with

    lock = FileLock(path)
    while not lock.is_locked:
        try:
            lock.acquire(timeout=0.5)
        except Timeout:
            report(0.0, None, "bytes")
    try:
        yield
    finally:
        lock.release()
    with suppress(OSError):  # Windows: another process waits for it, and will find the work done
        path.unlink()


def _fill(aside: Path, spec: WeightsSpec, listed: list[_File], report: Report) -> None:
    """The model's files, checked."""
    from huggingface_hub import snapshot_download

    # What the hub's cache has already is copied from there; otherwise nothing is to be left in it.
    cache = cache_directory()
    cached = cache is not None and (cache / _folder(spec)).is_dir()
    own_cache = None if cached else aside / ".cache" / "hub"
    snapshot_download(spec.repo, local_dir=aside, cache_dir=own_cache, **_how(spec, report))
    _refuse_incomplete(aside, spec)
    known = {file.name: file.digest for file in listed if file.digest is not None}
    known |= {name: Digest("sha256", value) for name, value in spec.sha256.items()}
    refuse_wrong(aside, known, spec.name)
    shutil.rmtree(aside / ".cache")  # the hub's notes on the download


def _refuse_incomplete(path: Path, spec: WeightsSpec) -> None:
    if missing := lacking(path, spec.required):
        raise BackendUnavailable(f"{spec.repo} is no model of {spec.backend}: it lacks {', '.join(missing)}")


def _translated(error: Exception, spec: WeightsSpec, place: Path) -> MediarackError:
    for cause in _chain(error):
        # A refused connection may be "permission denied" too, but names no file.
        if isinstance(cause, OSError) and (
            cause.errno in _FULL or (cause.errno in _FORBIDDEN and cause.filename is not None)
        ):
            return OutputError(
                f"the model {spec.name!r} ({megabytes(spec.size)}) cannot be written to {str(place)!r}: "
                f"{cause.strerror}; {_ELSEWHERE.format(spec.backend, spec.name)}"
            )
    text = f"{type(error).__name__}: {error}"
    for form in _forms_of_token():
        text = text.replace(form, "(token)")
    return BackendUnavailable(
        f"the model {spec.name!r} could not be downloaded from {spec.repo}: {text}\n"
        "the next try goes on with the files that are still missing; or give a directory as the model"
    )


def _shown_cause(error: Exception) -> Exception | None:
    """The error, or None if it or a cause of it quotes the token, which a traceback would show."""
    texts = [str(cause) for cause in _chain(error)]
    return None if any(form in text for form in _forms_of_token() for text in texts) else error


def _forms_of_token() -> set[str]:
    """The hub's token as it may stand in a message: an HTTP library quotes a header that it refuses."""
    from huggingface_hub import get_token

    token = get_token()
    return {token, repr(token)[1:-1], repr(token.encode(errors="backslashreplace"))[2:-1]} if token else set()


def _chain(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _reporting(spec: WeightsSpec, report: Report) -> Any:
    """A tqdm class as huggingface_hub wants it, that reports instead of drawing."""
    from tqdm.auto import tqdm

    class Reporting(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "disable": False, "file": _Nowhere()})

        def update(self, n: float | None = 1) -> Any:
            done = super().update(n)
            if self.unit == "B":
                report(float(self.n), float(self.total or spec.size) or None, "bytes")
            return done

    return Reporting


class _Nowhere:
    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        pass
