"""``python -m mediarack``."""

from mediarack.cli import main

main()
