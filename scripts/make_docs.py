"""Write the method index and the defence-in-depth coverage map from the registry.

`python scripts/make_docs.py` writes docs/methods.md and docs/coverage.md; `--check` fails if they are stale.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sophro.coverage import coverage_page
from sophro.registry import methods

ROOT = Path(__file__).resolve().parent.parent


def method_index() -> str:
    lines = [
        "# Methods",
        "",
        "Made from the registry by `scripts/make_docs.py`. `sophro methods NAME` prints the same for one.",
        "",
    ]
    for room in dict.fromkeys(m.room for m in methods().values()):
        lines += [f"## {room}", ""]
        for m in methods(room).values():
            lines += [f"### `{m.name}`", "", f"{m.title}.", "", f"- Source: {m.paper}"]
            lines += [f"- Area: {m.area}; checklist item {', '.join((m.primary, *m.also))}"]
            if m.needs:
                lines += [f"- Needs from the model: {', '.join(m.needs)}"]
            lines += [f"- Evidence: {', '.join(f'`{e}`' for e in m.evidence) or 'none yet'}"]
            lines += [f"- Deviation: {d}" for d in m.deviations]
            lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    pages = {"docs/methods.md": method_index(), "docs/coverage.md": coverage_page()}
    stale = [
        name
        for name, text in pages.items()
        if not (ROOT / name).exists() or (ROOT / name).read_text() != text
    ]
    if "--check" in sys.argv[1:]:
        print("\n".join(f"stale: {name}" for name in stale) or "docs are up to date")
        return 1 if stale else 0
    for name, text in pages.items():
        (ROOT / name).write_text(text, encoding="utf-8")
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
