"""Draw the trade-off plot of a run as one SVG file.

python scripts/make_picture.py runs/reflection docs/images/reflection.svg
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

from sophro.files import write_text
from sophro.pages import THEME
from sophro.report._analysis import analyse
from sophro.report._charts import tradeoff
from sophro.report._read import read_runs


def main() -> int:
    run, out = Path(sys.argv[1]), Path(sys.argv[2])
    style = THEME + (files("sophro.report") / "templates" / "report.css").read_text("utf-8")
    drawing = tradeoff(analyse(read_runs([run])), 640)
    head, tag, body = drawing.partition(">")
    if "xmlns=" not in head:
        head += ' xmlns="http://www.w3.org/2000/svg"'
    style += "\nsvg { background: var(--paper); font-family: system-ui, sans-serif; }"
    write_text(out, f"{head}{tag}<style>{style.replace('&', '&amp;').replace('<', '&lt;')}</style>{body}\n")
    print(out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
