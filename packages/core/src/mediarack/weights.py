"""Model files: where they are looked for, and how they are fetched.

A model is a directory. It is looked for, in this order: as the directory the call names; in ``Config.weights_dirs``
under its name; in the hub's own cache. Only a call that names its backend may download, and only while not offline.
"""

from __future__ import annotations

import importlib.util
import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mediarack.backends import WeightsSpec
from mediarack.config import Config
from mediarack.errors import BackendUnavailable, MediarackError

logger = logging.getLogger(__name__)
_HUB_ID = re.compile(r"[A-Za-z0-9]([\w.-]*\w)?/[A-Za-z0-9]([\w.-]*\w)?")


@dataclass(frozen=True, kw_only=True)
class Located:
    """A model: its directory, or None if it is to be downloaded. ``spec`` is None for a user's own directory."""

    name: str
    path: Path | None
    spec: WeightsSpec | None


class WeightsStore:
    def __init__(self, config: Config, known: Iterable[WeightsSpec]) -> None:
        self._config = config
        self._known = tuple(known)

    def locate(self, backend: str, model: str | None, *, may_download: bool) -> Located | str | None:
        """The model, or in words why it is not to be had; None for a backend that declares no models."""
        known = {spec.name: spec for spec in self._known if spec.backend == backend}
        if not known and model is None:
            return None
        if model is None:
            spec = next((spec for spec in known.values() if spec.default), next(iter(known.values())))
        elif model in known:
            spec = known[model]
        elif Path(model).is_dir():
            required = next((spec.required for spec in known.values()), ())
            if missing := _missing(Path(model), required):
                return f"the directory {model!r} is no model of this backend: it lacks {', '.join(missing)}"
            return Located(name=model, path=Path(model).absolute(), spec=None)
        elif known and _HUB_ID.fullmatch(model):
            first = next(iter(known.values()))
            spec = WeightsSpec(
                backend=backend, name=model, repo=model, files=first.files, required=first.required, size=0, license="?"
            )
        else:
            names = ", ".join(known) or "none by name"
            return f"knows no model {model!r}, and there is no such directory (it knows {names})"
        return self._find(spec, may_download)

    def _find(self, spec: WeightsSpec, may_download: bool) -> Located | str:
        looked: list[str] = []
        for directory in self._config.weights_dirs:
            path = directory / spec.name
            if path.is_dir() and not (missing := _missing(path, spec.required)):
                return Located(name=spec.name, path=path.absolute(), spec=spec)
            looked.append(f"{path} ({'lacks ' + ', '.join(missing) if path.is_dir() else 'not there'})")
        cached, cache = _in_hub_cache(spec)
        if cached is not None:
            return Located(name=spec.name, path=cached, spec=spec)
        looked.append(cache)
        offline = self._config.offline or _hub_is_offline()
        if may_download and not offline:
            return Located(name=spec.name, path=None, spec=spec)
        size = f"{spec.size / 1e6:.0f} MB" if spec.size else "size unknown"
        remedy = (
            f"offline: on a machine with a network, hf download {spec.repo} --local-dir DIR ({size}); "
            "then give DIR as the model"
            if offline
            else f"a call that names the backend downloads it ({size} from {spec.repo}): "
            f"mediarack transcribe FILE --backend {spec.backend} --model {spec.name}; or give a directory as the model"
        )
        return f"no weights for the model {spec.name!r}; looked in {'; '.join(looked)}; {remedy}"

    def download(self, spec: WeightsSpec, report: Callable[[float, float | None, str], None]) -> Path:
        """Fetch the model into the hub's cache, with progress in bytes. Raises BackendUnavailable."""
        size = f"about {spec.size / 1e6:.0f} MB" if spec.size else "size unknown"
        logger.warning(
            "downloading the model %s from %s: %s, licence %s, once", spec.name, spec.repo, size, spec.license
        )
        try:
            from huggingface_hub import snapshot_download
        except ImportError as error:
            raise BackendUnavailable(
                f"the model {spec.name!r} comes from the Hugging Face hub: pip install huggingface-hub ({error})"
            ) from error

        try:
            path = snapshot_download(spec.repo, allow_patterns=list(spec.files), tqdm_class=_reporting(spec, report))
        except MediarackError:  # cancelled, or out of time
            raise
        except Exception as error:  # the hub's library changes its HTTP client, and with it the errors
            raise BackendUnavailable(
                f"the model {spec.name!r} could not be downloaded from {spec.repo}: {type(error).__name__}: {error}\n"
                "what had arrived is kept and the next try goes on from there; or give a directory as the model"
            ) from error
        if missing := _missing(Path(path), spec.required):
            raise BackendUnavailable(f"{spec.repo} is no model of {spec.backend}: it lacks {', '.join(missing)}")
        return Path(path)


def _missing(directory: Path, required: Iterable[str]) -> list[str]:
    return [pattern for pattern in required if not any(directory.glob(pattern))]


def _hub_is_offline() -> bool:
    if importlib.util.find_spec("huggingface_hub") is None:
        return False
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def _in_hub_cache(spec: WeightsSpec) -> tuple[Path | None, str]:
    """The model in the hub's cache if it is there whole, and words for that place."""
    if importlib.util.find_spec("huggingface_hub") is None:
        return None, "the hub's cache (huggingface_hub is not installed)"
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    cache = Path(constants.HF_HUB_CACHE)
    try:
        path = Path(snapshot_download(spec.repo, allow_patterns=list(spec.files), local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        return None, f"{cache} (the hub's cache: no {spec.repo})"
    if missing := _missing(path, spec.required):
        return None, f"{cache} (the hub's cache: {spec.repo} lacks {', '.join(missing)})"
    return path, str(cache)


def _reporting(spec: WeightsSpec, report: Callable[[float, float | None, str], None]) -> Any:
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
