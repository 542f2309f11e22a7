"""Where help is: a dated table, chosen by the country that the person named.

Card: crisis_safety.md, section 5. Contract: a table is checked when read; numbers come from it alone, never from
code; an entry older than ``MAX_AGE_DAYS`` says so. An unknown country gives every line of the language, the general
advice to call the local emergency number, and the question for the country. One entry may be a directory of
helplines everywhere (country ``ZZ``, language ``any``): no line to call, and named only where a language is not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from sophro.errors import SophroError
from sophro.files import read_text

MAX_AGE_DAYS = 180
WORLD = "ZZ"  # ISO 3166 leaves it to its users


@dataclass(frozen=True)
class Resource:
    """One line that people can reach.

    Attributes:
        country: ISO 3166 code of two letters; ``ZZ`` for a directory of helplines everywhere.
        language: ``en`` or ``zh``; ``any`` for a directory.
        name: What it is called.
        phone: Number to call, or "" for a directory.
        text: Number for text messages, or "".
        url_name: Web address without protocol, or "".
        hours: When it answers.
        free: Whether a call costs nothing beyond the connection.
        confidential: Whether it says that it keeps calls in confidence.
        emergency: Emergency number of the country; of the European Union for a directory.
        audience: ``all``, or whom it is for.
        verified_on: Day on which somebody last looked it up, YYYY-MM-DD.
        source: Where.
    """

    country: str
    language: str
    name: str
    phone: str
    text: str
    url_name: str
    hours: str
    free: bool
    confidential: bool
    emergency: str
    audience: str
    verified_on: str
    source: str

    def age(self, today: date) -> int:
        """Return days since the entry was verified."""
        return (today - date.fromisoformat(self.verified_on)).days


def parse(text: str, where: str) -> tuple[Resource, ...]:
    """Return the entries of a table.

    Raises:
        SophroError: If the table is no JSON, empty, or an entry lacks a field, has a wrong type or an impossible date.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise SophroError(
            f"{where}, line {error.lineno}: not JSON ({error.msg}); restore the table"
        ) from None
    rows: Any = value.get("resources") if isinstance(value, dict) else None
    if not isinstance(rows, list) or not rows:
        raise SophroError(f'{where}: field "resources" must be a list with at least one entry')
    found: list[Resource] = []
    for number, row in enumerate(rows, start=1):
        for field in fields(Resource):
            wanted = bool if field.type == "bool" else str
            if not isinstance(row, dict) or not isinstance(row.get(field.name), wanted):
                form = "true or false" if wanted is bool else "a text"
                raise SophroError(f'{where}, entry {number}: field "{field.name}" must be {form}')
        try:
            date.fromisoformat(row["verified_on"])
        except ValueError:
            raise SophroError(
                f'{where}, entry {number}: field "verified_on" must be a date like 2026-11-22'
            ) from None
        if not re.fullmatch(r"[A-Z]{2}", row["country"]):
            raise SophroError(
                f'{where}, entry {number}: field "country" must be a code of two letters like US'
            )
        found.append(Resource(**{f.name: row[f.name] for f in fields(Resource)}))
    return tuple(found)


@cache
def shipped() -> tuple[Resource, ...]:
    """Return the table of the package."""
    path = files("sophro.care.crisis").joinpath("data", "resources.json")
    return parse(path.read_text("utf-8"), "resources.json")


def load(path: Path | None = None) -> tuple[Resource, ...]:
    """Return the table of a file, or the shipped one.

    Raises:
        SophroError: If the file cannot be read or is no valid table.
    """
    return shipped() if path is None else parse(read_text(path), str(path))


def stale(table: Sequence[Resource], today: date | None = None, days: int = MAX_AGE_DAYS) -> list[str]:
    """Return one sentence for every entry that nobody has verified for more than ``days`` days."""
    now = today or datetime.now(UTC).date()
    return [
        f"{r.country} {r.phone or r.url_name} ({r.name}) was last verified on {r.verified_on}, {r.age(now)} days ago; "
        f"check it and update verified_on"
        for r in table
        if r.age(now) > days
    ]


def choose(table: Sequence[Resource], lang: str, region: str | None) -> list[Resource]:
    """Return the lines to name: those of the country, else those of the language."""
    table = [r for r in table if r.country != WORLD]
    if region:
        own = [r for r in table if r.country == region.upper()]
        return [r for r in own if r.language == lang] or own
    return [r for r in table if r.language == lang]


def worldwide(table: Sequence[Resource]) -> Resource | None:
    """Return the directory of helplines everywhere, if the table has one."""
    return next((r for r in table if r.country == WORLD), None)


def stale_note(table: Sequence[Resource], today: date | None = None) -> str:
    """Return one sentence about all entries that nobody has verified for long, "" if there are none."""
    now = today or datetime.now(UTC).date()
    old = [r for r in table if r.age(now) > MAX_AGE_DAYS]
    if not old:
        return ""
    named = ", ".join(f"{r.country} {r.phone or r.url_name} ({r.verified_on})" for r in old)
    return (
        f"{len(old)} of {len(table)} crisis helplines were last verified more than {MAX_AGE_DAYS} days ago: {named}; "
        "look them up, or bring your own table"
    )
