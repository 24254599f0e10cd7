"""Hooks of mkdocs: pages that are made of the packages and of files at the root, and links that lead to them.

A link in a Markdown file is written for those who read it in the repository; here it is turned so that it works on the
site as well.
"""

from __future__ import annotations

import importlib
import inspect
import os
import posixpath
import re
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"(?<!!)\[(?P<label>[^\]]+)\]\((?!\w+:|#)(?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")
FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
"""What a browser fetches by itself when it shows a page."""


def packages() -> dict[str, Path]:
    """The packages' folders by their names, the core first."""
    folders = sorted((ROOT / "packages").glob("*/pyproject.toml"), key=lambda p: (p.parent.name != "core", p))
    return {tomllib.loads(p.read_text(encoding="utf-8"))["project"]["name"]: p.parent for p in folders}


def copied() -> dict[str, str]:
    """Markdown outside docs/ that the site shows: its path in the repository to its place on the site."""
    pages = {name: name for name in ("CONTRIBUTING.md", "SECURITY.md", "THIRD_PARTY_NOTICES.md")}
    for name, folder in packages().items():
        pages[f"packages/{folder.name}/README.md"] = f"packages/{name}.md"
        pages[f"packages/{folder.name}/CHANGELOG.md"] = f"changelogs/{name}.md"
    return pages


def on_config(config: MkDocsConfig) -> None:
    """The navigation, with what mkdocs.yml cannot know."""
    nav = config.nav or []
    named = set(_named(nav))
    docs = Path(config.docs_dir)
    later = [path.name for path in sorted(docs.glob("*.md")) if path.name not in named]
    nav += [{"More": later}] if later else []
    nav.append({"Packages": [{name: f"packages/{name}.md"} for name in packages()]})
    nav.append({"Decisions": [f"decisions/{path.name}" for path in sorted((docs / "decisions").glob("*.md"))]})
    nav.append({"Changelogs": [{name: f"changelogs/{name}.md"} for name in packages()]})
    config.nav = nav


def _named(nav: object) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav
    return [name for part in parts for name in _named(part)]  # type: ignore[attr-defined]


def on_files(files: Files, config: MkDocsConfig) -> None:
    pages = {place: (ROOT / path).read_text(encoding="utf-8") for path, place in copied().items()}
    pages |= {f"reference/{name}.md": text for name, text in reference().items()}
    for place, text in pages.items():
        files.append(File.generated(config, place, content=text))


def reference() -> dict[str, str]:
    """Pages whose text mkdocstrings and typer write."""
    import mediarack
    from mediarack import plugin

    verbs = [name for name in mediarack.__all__ if inspect.isfunction(getattr(mediarack.Rack, name, None))]
    names = [name for name in mediarack.__all__ if name not in verbs and name != "Rack"]
    shown = ", ".join(f"[`{name}`][mediarack.rack.Rack.{name}]" for name in verbs)
    python = ["# Python", f"The verbs of `mediarack` are methods of a default `Rack`: {shown}.", "::: mediarack.Rack"]
    python += ["## What goes with every verb", "::: mediarack.calls.How"]
    python += ["## Results, settings and errors", *(f"::: mediarack.{name}" for name in names)]
    python += ["## Options of the engines", *(f"::: {name}" for name in engine_options())]
    more = [name for name in plugin.__all__ if name not in mediarack.__all__]
    both = ", ".join(f"`{name}`" for name in plugin.__all__ if name in mediarack.__all__)
    plugins = ["# For plugins", f"`mediarack.plugin` also has these names of `mediarack`: {both}.", "## Hooks"]
    plugins += ["::: mediarack.hooks\n    options:\n      show_root_heading: false\n      filters: ['^mediarack_']"]
    plugins += ["## Names", *(f"::: mediarack.plugin.{name}" for name in more)]
    return {"python": "\n\n".join(python), "plugin": "\n\n".join(plugins), "cli": commands()}


def engine_options() -> list[str]:
    """The public classes of the plugins' packages."""
    found = []
    for name in packages():
        if name != "mediarack":
            module = importlib.import_module(name.replace("-", "_"))
            found += [f"{module.__name__}.{n}" for n, value in vars(module).items() if inspect.isclass(value)]
    return found


def commands() -> str:
    command = [sys.executable, "-m", "typer", "mediarack.cli.app", "utils", "docs", "--name", "mediarack"]
    environment = {**os.environ, "COLUMNS": "200", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [*command, "--title", "Command line"], capture_output=True, encoding="utf-8", env=environment, check=False
    )
    if done.returncode:
        raise PluginError(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    place = page.file.src_uri
    origin = {there: path for path, there in copied().items()}.get(place, f"docs/{place}")

    def turned(link: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(origin), link["target"]))
        there = copied().get(path, path.removeprefix("docs/") if path.startswith("docs/") else None)
        if there is None and (ROOT / path).exists():
            return link["label"]  # in the repository, but not on the site
        if there is None:
            return link[0]  # which mkdocs will tell
        return f"[{link['label']}]({posixpath.relpath(there, posixpath.dirname(place))}{link['anchor'] or ''})"

    return LINK.sub(turned, markdown)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> None:
    """A reader's browser asks nobody but the site itself."""
    parser = Elsewhere()
    parser.feed(output)
    if parser.found:
        raise PluginError(f"{page.file.src_uri} makes a browser fetch from elsewhere: {', '.join(parser.found)}")


class Elsewhere(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get(FETCHED.get(tag, "")) or ""
        if address.startswith(("http:", "https:", "//")):
            self.found.append(address)
