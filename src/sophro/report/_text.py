"""How numbers and hostile text become readable.

Contract: ``visible`` returns text in which nothing can hide. Control characters, bidirectional overrides,
zero-width characters, lone surrogates and characters of the tag block become a bracketed name. Escaping for
HTML is left to the template engine and happens after this.
"""

from __future__ import annotations

import re
from datetime import datetime

MISSING = "not recorded"

# Everything that moves, hides or ends text on a screen, except line feed and tab.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff]"
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


def clip(text: str, limit: int) -> tuple[str, int]:
    """Return the first ``limit`` characters and how many were left out."""
    return (text, 0) if len(text) <= limit else (text[:limit], len(text) - limit)


def percent(value: float | None, *, unit: bool = True) -> str:
    """Format a rate in [0, 1]: whole percent, one decimal below 10 % and above 99 % unless it is whole."""
    if value is None:
        return "–"
    number = 100 * value
    digits = f"{number:.1f}" if 0 < number < 9.95 or 99 < number < 100 else f"{number:.0f}"
    return digits.removesuffix(".0") + (" %" if unit else "")


def span(low: float | None, high: float | None) -> str:
    """Format an interval of rates as ``3–12 %``."""
    if low is None or high is None:
        return MISSING
    return f"{percent(low, unit=False)}–{percent(high)}"


def points(value: float | None) -> str:
    """Format a difference of rates in percentage points, always signed."""
    if value is None:
        return "–"
    number = round(100 * value, 1 if abs(value) < 0.0995 else 0)
    digits = f"{abs(number):.1f}".removesuffix(".0")
    return ("0" if number == 0 else ("+" if number > 0 else "−") + digits) + " pp"


def points_span(low: float | None, high: float | None) -> str:
    """Format an interval of a difference, ``−94 to −82 pp``."""
    if low is None or high is None:
        return MISSING
    return f"{points(low).removesuffix(' pp')} to {points(high)}"


def p_value(p: float | None) -> str:
    """Format a p-value; tiny ones as a bound."""
    if p is None:
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def seconds(value: object) -> str:
    """Format a duration."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return MISSING
    if value < 60:
        return f"{value:.1f} s"
    if value < 3600:
        return f"{int(value // 60)} min {int(value % 60):02d} s"
    return f"{int(value // 3600)} h {int(value % 3600 // 60):02d} min"


def moment(value: object) -> str:
    """Shorten an ISO 8601 time to minutes, as in ``2026-01-05 10:14 UTC``; leave anything else alone."""
    try:
        when = datetime.fromisoformat(str(value))
    except ValueError:
        return visible(value)
    return when.strftime("%Y-%m-%d %H:%M %Z").strip()


def count(value: object) -> str:
    """Format a whole number with thin spaces, anything else as it is."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}".replace(",", "\u202f")
    return visible(value)
