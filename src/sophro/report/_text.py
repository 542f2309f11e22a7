"""How numbers become readable."""

from __future__ import annotations

from datetime import datetime

from sophro.pages import MISSING, visible


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
