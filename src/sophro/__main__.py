"""``python -m sophro`` and ``accelerate launch -m sophro align ...``."""

from sophro.cli import main

main()
