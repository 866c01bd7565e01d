"""``python -m retrodetect``: the command line."""

from retrodetect.cli import main

main()
