"""What the HTML pages of sophro share: colours, head, content policy, and text in which nothing can hide.

Contract: a page is one file that loads nothing. Its policy allows one style sheet and at most one script, each by its
hash, so text that escaped the escaping would still not run. Autoescape is on, and every value passes ``visible`` on its
way out: control characters, bidirectional overrides, zero-width characters, lone surrogates and characters of the tag
block become a bracketed name; None becomes ``not recorded``. Templates begin with ``{% include "head.html" %}`` after
they set ``title``, and ``lang`` where it is not English.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

MISSING = "not recorded"
THEME = """:root {
  color-scheme: light dark;
  --paper: #fcfbf9; --raised: #f4f2ee; --ink: #1e1f22; --quiet: #63656c; --rule: #dfdcd5; --faint: #ebe8e2;
  --heat: #d9480f; --warn: #9c4400; --good: #0a6b4f; --bad: #a5202f;
  --arm-0: #545d6e; --arm-1: #0b66a8; --arm-2: #b34700; --arm-3: #0a7657; --arm-4: #95397f; --arm-5: #7d6100;
  --arm-6: #704a2c; --arm-7: #00727d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #141517; --raised: #1d1f22; --ink: #e9e7e2; --quiet: #a2a4aa; --rule: #34363b; --faint: #26282c;
    --heat: #ff7a3d; --warn: #ffb27a; --good: #5fd3aa; --bad: #ff8f98;
    --arm-0: #b3bccb; --arm-1: #63b5f4; --arm-2: #ff9f5f; --arm-3: #45d0a2; --arm-4: #e793d3; --arm-5: #e3c14a;
    --arm-6: #d3b08c; --arm-7: #52cfd9;
  }
}
"""
_HEAD = """<!DOCTYPE html>
<html lang="{{ lang | default("en") }}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{{ title }}</title>
<style>{{ style }}</style>
</head>
"""
# Everything that moves, hides or ends text on a screen, except line feed and tab.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
_NAMES = {
    "\x00": "NUL", "\x07": "BEL", "\x08": "BS", "\x0d": "CR", "\x1b": "ESC", "\x7f": "DEL", "\xad": "SHY",
    "\u200b": "ZWSP", "\u200c": "ZWNJ", "\u200d": "ZWJ", "\u200e": "LRM", "\u200f": "RLM", "\u202a": "LRE",
    "\u202b": "RLE", "\u202c": "PDF", "\u202d": "LRO", "\u202e": "RLO", "\u2066": "LRI", "\u2067": "RLI",
    "\u2068": "FSI", "\u2069": "PDI", "\ufeff": "BOM",
}  # fmt: skip


def visible(value: object) -> str:
    """Return ``value`` as text with every hidden or steering character named, as in ``⟦RLO⟧``."""
    text = str(value).replace("\r\n", "\n")
    return _HIDDEN.sub(lambda m: f"⟦{_NAMES.get(m[0], f'U+{ord(m[0]):04X}')}⟧", text)


def environment(templates: Path | Mapping[str, str]) -> Environment:
    """Return where templates are rendered.

    Args:
        templates: Folder of templates, or templates by name.
    """
    from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def shown(value: object) -> object:
        return value if isinstance(value, Markup) else MISSING if value is None else visible(value)

    own = FileSystemLoader(templates) if isinstance(templates, Path) else DictLoader(templates)
    return Environment(
        loader=ChoiceLoader([DictLoader({"head.html": _HEAD}), own]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def sealed(style: str, script: str = "") -> dict[str, Any]:
    """Return ``style`` (behind the theme), ``script`` and the ``policy`` that allows these two and nothing else."""
    from markupsafe import Markup

    style = THEME + style
    allowed = f"style-src '{source(style)}'; " + (f"script-src '{source(script)}'; " if script else "")
    return {
        "style": Markup(style),
        "script": Markup(script),
        "policy": f"default-src 'none'; {allowed}base-uri 'none'; form-action 'none'",
    }


def source(text: str) -> str:
    """Return the ``sha256-...`` source by which a content policy names a style sheet or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
