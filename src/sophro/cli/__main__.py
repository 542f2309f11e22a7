"""``python -m sophro.cli``."""

from sophro.cli import main

main()
