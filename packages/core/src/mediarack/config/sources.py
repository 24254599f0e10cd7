"""Where the settings come from: built-in defaults, a file, the environment, arguments."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mediarack.config.settings import KEYS, Config, check_known
from mediarack.errors import BadInput

logger = logging.getLogger(__name__)

FILE_NAME = "mediarack.toml"
PREFIX = "MEDIARACK_"
FILE_VARIABLE = "MEDIARACK_CONFIG"
"""Names the file to read instead of the one found upward."""

_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """Settings and where each came from; ``file`` is the one that was read. A key that is nowhere set has no origin."""

    config: Config
    origins: Mapping[str, str]
    file: Path | None


def load(
    directory: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> Loaded:
    """See Config.load."""
    environ = os.environ if environ is None else environ
    file = _file(directory, environ)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for found in (
        {} if file is None else read_file(file),
        _from_environment(environ),
        _from_arguments(arguments or {}),
    ):
        for key, (value, origin) in found.items():
            values[key], origins[key] = value, origin
    logger.debug("settings from %s, %s", file or "no file", origins)
    return Loaded(config=Config(**values), origins=origins, file=file)


def read_file(path: Path) -> dict[str, tuple[Any, str]]:
    """Keys of a mediarack.toml, each with its value, checked, and its origin. Raises BadInput."""
    import tomllib

    try:
        if not path.is_file() and path.exists():
            raise BadInput(f"the configuration file {str(path)!r} is no file but a directory, device or pipe")
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # with the mark that some editors put in front
    except OSError as error:
        raise BadInput(f"the configuration file {str(path)!r} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is no TOML: {error}") from error
    found = {}
    for key, value in table.items():
        check_known(str(path), "key", key, KEYS)
        checked = _checked(key, value, str(path))
        found[key] = (_absolute(key, checked, path.absolute().parent, str(path)), str(path))
    return found


def _file(directory: str | os.PathLike[str] | None, environ: Mapping[str, str]) -> Path | None:
    if named := environ.get(FILE_VARIABLE):
        path = _expanded(Path(named), FILE_VARIABLE)
        if not path.exists():
            raise BadInput(f"{FILE_VARIABLE} names {named!r}, and there is no such file")
        return path.absolute()
    try:
        start = Path(directory if directory is not None else Path.cwd()).resolve()
    except FileNotFoundError:  # somebody removed the working directory
        logger.debug("no working directory, so no %s is looked for", FILE_NAME)
        return None
    for folder in (start, *start.parents):
        if os.path.isfile(path := folder / FILE_NAME):  # noqa: PTH113 - Path.is_file raises where one may not look
            return path
    return None


def _from_environment(environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    found = {}
    for variable, text in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable == FILE_VARIABLE:
            continue
        key = variable.removeprefix(PREFIX).lower()
        check_known(variable, "variable", variable, (*(PREFIX + key.upper() for key in KEYS), FILE_VARIABLE))
        if text.strip():  # an empty variable is one that is not set
            try:
                value = _READERS[key](text.strip())
            except ValueError as error:
                raise BadInput(f"{variable}={text!r}: {error}") from None
            found[key] = (_absolute(key, _checked(key, value, variable), Path(), variable), variable)
    return found


def _from_arguments(arguments: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
    for key in arguments:
        check_known("Config.load", "setting", key, KEYS)
    return {key: (_checked(key, value, "argument"), "argument") for key, value in arguments.items()}


def _checked(key: str, value: Any, origin: str) -> Any:
    """The value as Config keeps it."""
    try:
        return getattr(Config(**{key: value}), key)
    except BadInput as error:
        raise BadInput(f"{origin}: {error}") from None


def _absolute(key: str, value: Any, base: Path, origin: str) -> Any:
    """Paths of a file count from its directory, those of a variable from the working directory."""
    if key == "weights_dirs":
        return tuple(_absolute("cache_dir", entry, base, origin) for entry in value)
    if key == "cache_dir":
        return (base / _expanded(value, f"{origin}: {key}")).absolute()
    return value


def _expanded(path: Path, origin: str) -> Path:
    try:
        expanded = path.expanduser()
    except RuntimeError:
        expanded = path
    # HOME may be unset for a user the system does not know, or empty: "~" would then be the root directory.
    if str(path).startswith("~") and (expanded == path or os.environ.get("HOME") == ""):
        raise BadInput(f"{origin}: '{path}' needs a home directory, and there is none here: give the path in full")
    return expanded


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("must be a whole number, 1 or more") from None


def _switch(text: str) -> bool:
    if text.lower() not in _YES + _NO:
        raise ValueError(f"must be one of {', '.join(_YES + _NO)}")
    return text.lower() in _YES


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _pairs(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in _parts(text)]
    if wrong := ["".join(pair) for pair in pairs if not (pair[0].strip() and pair[2].strip())]:
        raise ValueError(f"{wrong[0]!r} is no NAME=VALUE; write NAME=VALUE,NAME=VALUE")
    return {name.strip(): value.strip() for name, _, value in pairs}


_READERS: dict[str, Callable[[str], Any]] = {
    "threads": _number,
    "offline": _switch,
    "weights_dirs": lambda text: [part for part in text.split(os.pathsep) if part],
    "disabled": _parts,
    "prefer": _pairs,
    "concurrency": lambda text: {name: _number(value) for name, value in _pairs(text).items()},
    "cache_dir": str,
}
