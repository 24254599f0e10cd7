"""``mediarack models``: what models there are, where they are, and fetching, checking and removing them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from mediarack.calls import Progress
from mediarack.cli.options import Debug, Json, Quiet
from mediarack.cli.terminal import calling, console, print_json, say, settings
from mediarack.config import Config
from mediarack.errors import BackendUnavailable, BadInput, Cancelled
from mediarack.registry import Registry
from mediarack.weights import Located, WeightsStore
from mediarack.weights.checksums import Verification
from mediarack.weights.hub import Report

app = typer.Typer(
    name="models",
    help="Model files: list, fetch, find, check and remove them. A model is BACKEND MODEL, or BACKEND/MODEL.",
    no_args_is_help=True,
)
Name = Annotated[list[str], typer.Argument(metavar="BACKEND MODEL", help="See: mediarack models list.")]


@app.command("list")
def list_models(json: Json = False, debug: Debug = False) -> None:
    """Every model that a plugin knows, and where it is."""
    registry = Registry()
    rows: list[dict[str, Any]] = []
    for spec in (store := WeightsStore(Config.load(), registry.weights)).known:
        found = store.find(spec)
        rows.append(
            {
                "backend": spec.backend,
                "model": spec.name,
                "default": spec.default,
                "size": spec.size,
                "license": spec.license,
                "languages": None if spec.languages is None else sorted(spec.languages),
                "repo": spec.repo,
                "package": spec.package,
                "place": found.place if isinstance(found, Located) else None,
                "path": str(found.path) if isinstance(found, Located) else None,
            }
        )
    if json:
        print_json({"models": rows})
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table("backend", "model", "size", "licence", "languages", "where", box=None, pad_edge=False)
    for row in rows:
        languages = "all of its backend" if row["languages"] is None else ", ".join(row["languages"])
        cells = (row["backend"], row["model"], f"{row['size'] / 1e6:.0f} MB", row["license"], languages)
        table.add_row(*map(escape, cells), escape(row["path"]) if row["path"] else "not here")
    out = console(stderr=False)
    if rows:
        out.print(table)
    else:
        out.print("No plugin knows a model.")


@app.command("pull")
def pull(
    name: Name,
    to: Annotated[Path | None, typer.Option(help="Into this new directory, not the hub's cache.")] = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Fetch a model, after saying its size and licence, and print its directory."""
    backend, model = _parts(name)
    store = _store()
    found = _found(store, backend, model, may_download=True)
    if found.spec is not None and (found.path is None or to is not None):
        with _reporting(model) as report:
            path = store.download(found.spec, report, to)
    elif to is not None:
        raise BadInput(f"{model!r} is a directory already: copy it to {str(to)!r}")
    else:
        assert found.path is not None
        path = found.path
        say(f"{backend} {model} is here already")
    _print_path(backend, model, path)


@app.command("path")
def path(name: Name, json: Json = False, debug: Debug = False) -> None:
    """Print the directory of a model that is here."""
    backend, model = _parts(name)
    located = _found(_store(), backend, model)
    assert located.path is not None
    _print_path(backend, model, located.path)


@app.command("verify")
def verify(
    name: Annotated[
        list[str] | None,
        typer.Argument(metavar="[BACKEND MODEL | all]", help="Default: all that are here.", show_default=False),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Compare the files of models with what is known of them: the hub's digests, a package's RECORD, SHA256SUMS."""
    store = _store()
    if name in (None, [], ["all"]):
        found = [(spec.backend, spec.name, store.find(spec)) for spec in store.known]
    else:
        backend, model = _parts(name or [])
        found = [(backend, model, _found(store, backend, model))]
    results = []
    for backend, model, located in found:
        if isinstance(located, Located):
            with _reporting(model) as report:
                results.append((backend, model, store.verify(located, report)))
    wrong = [result for result in results if result[2].damaged or result[2].missing]
    if json:
        print_json({"models": [_as_data(*result) for result in results]})
    else:
        for backend, model, result in results:
            typer.echo(f"{backend} {model}: {_told(result)}")
        if not results:
            typer.echo("No model is here.")
    if wrong and not json:
        names = ", ".join(f"{backend} {model}" for backend, model, _ in wrong)
        raise BackendUnavailable(f"damaged: {names}; remove and pull again (mediarack models remove, pull)")
    if wrong:
        raise typer.Exit(5)


@app.command("remove")
def remove(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Remove a model from the hub's cache, or a directory that pull --to wrote."""
    backend, model = _parts(name)
    store = _store()
    if not yes:
        if not sys.stdin.isatty():
            raise BadInput(f"removing {backend} {model} needs --yes where nobody can be asked")
        located = store.locate(backend, model, may_download=False)
        where = f" ({located.path})" if isinstance(located, Located) else ""
        typer.confirm(f"Remove {backend} {model}{where}?", abort=True, err=True)
    freed = store.remove(backend, model)
    if json:
        print_json({"backend": backend, "model": model, "freed": freed})
    elif not quiet:
        typer.echo(f"removed {backend} {model}: {freed / 1e6:.1f} MB")


def _store() -> WeightsStore:
    return WeightsStore(Config.load(), Registry().weights)


def _parts(words: list[str]) -> tuple[str, str]:
    backend, slash, model = words[0].partition("/")
    if len(words) == 2:
        return words[0], words[1]
    if len(words) == 1 and slash and model:
        return backend, model
    raise BadInput(f"{' '.join(words)!r}: give BACKEND MODEL or BACKEND/MODEL (see: mediarack models list)")


def _found(store: WeightsStore, backend: str, model: str, *, may_download: bool = False) -> Located:
    located = store.locate(backend, model, may_download=may_download)
    if isinstance(located, Located):
        return located
    backends = sorted({spec.backend for spec in store.known})
    if backend not in backends:
        raise BadInput(f"no backend with models is called {backend!r} (there is {', '.join(backends) or 'none'})")
    raise BackendUnavailable(f"{backend}: {located}")


@contextmanager
def _reporting(title: str) -> Iterator[Report]:
    """Progress as a bar, and Ctrl-C that ends the work."""
    with calling(title) as how:
        token, show = how["cancel"], how["progress"]

        def report(done: float, total: float | None, unit: str) -> None:
            if token is not None and token.cancelled:
                raise Cancelled(f"{title}: cancelled")
            if show is not None:
                show(Progress(call_id="", capability="", backend="", done=done, total=total, unit=unit))

        yield report


def _print_path(backend: str, model: str, path: Path) -> None:
    if settings.json:
        print_json({"backend": backend, "model": model, "path": str(path)})
    else:
        typer.echo(path)


def _as_data(backend: str, model: str, result: Verification) -> dict[str, Any]:
    return {
        "backend": backend,
        "model": model,
        "path": str(result.directory),
        "source": result.source or None,
        "same": list(result.same),
        "damaged": list(result.damaged),
        "missing": list(result.missing),
        "unknown": list(result.unknown),
    }


def _told(result: Verification) -> str:
    if not result.source:
        return f"nothing is known to compare with ({result.directory})"
    parts = [f"{len(result.same)} files are as {result.source} has them"]
    for words, names in (("damaged", result.damaged), ("missing", result.missing), ("not known", result.unknown)):
        if names:
            parts.append(f"{words}: {', '.join(names)}")
    return f"{'; '.join(parts)} ({result.directory})"
