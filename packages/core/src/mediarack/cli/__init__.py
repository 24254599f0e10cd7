"""The command ``mediarack``."""

from __future__ import annotations

import io
import logging
import sys


def main() -> None:
    """Run the command line and exit. The exit codes are those of mediarack.cli.terminal.EXIT_CODES."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what the encoding lacks is no reason to fail after the work
    try:
        from mediarack.cli.app import app
        from mediarack.cli.terminal import Messages, fail

        logging.getLogger("mediarack").addHandler(Messages(logging.WARNING))
        try:
            app()
        except Exception as error:  # told in one line, with the traceback only for --debug
            sys.exit(fail(error))
    except KeyboardInterrupt:  # before a call had begun
        sys.exit(130)
