"""Which questionnaires there are, and which there are not, with the reason.

Contract: an instrument is a JSON file in ``data/`` and is checked when it is read. One that may not be shipped stands
in ``REFUSED``; asking for it by any of its names is an error that gives the reason. Terms marked "from memory" were not
read on the holder's page: they are the cautious reading, and no legal advice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

from sophro.care.instruments._types import Algorithm, Instrument, Licence, Wording
from sophro.errors import SophroError, unknown_name
from sophro.files import read_text

DATA = Path(__file__).with_name("data")
SHIPPED = ("phq9", "gad7")


@dataclass(frozen=True)
class Refused:
    """An instrument that is not shipped.

    Attributes:
        name: Stable name.
        title: Full name.
        reason: Why, in one sentence.
        certainty: ``read`` on a page of the holder, or ``from memory``.
        instead: What to use.
        source: Where the terms were read; for those from memory, that nobody has.
        also: Further names by which people ask for it.
    """

    name: str
    title: str
    reason: str
    certainty: Literal["read", "from memory"]
    instead: str
    also: tuple[str, ...] = ()
    source: str = "nowhere read; confirm the terms with the holder before any use"


_OWN_RISK = "use the own-worded module suicide_risk (sophro interview suicide_risk)"
_OWN_ARENA = "use the own-worded dimensions of the arena"
REFUSED: Mapping[str, Refused] = {
    r.name: r
    for r in (
        Refused(
            "mini",
            "Mini-International Neuropsychiatric Interview (MINI)",
            "all rights are reserved by D. V. Sheehan, and the holder asks for a licence for every use",
            "read",
            "use the own-worded modules of sophro interview",
            ("M.I.N.I.", "mini-plus", "mini-kid"),
            "the holder's licence statement on its page (every version, every use)",
        ),
        Refused(
            "cssrs",
            "Columbia Suicide Severity Rating Scale (C-SSRS)",
            "copyright of RFMH; software that holds its items needs a sub-licence, certification and fees",
            "read",
            _OWN_RISK,
            ("c-ssrs", "columbia"),
            "page of the exclusive licensor of electronic versions",
        ),
        Refused(
            "wai",
            "Working Alliance Inventory (WAI, WAI-SR)",
            "its use needs the permission of the copyright holder",
            "from memory",
            _OWN_ARENA,
            ("wai-sr", "wai-s"),
        ),
        Refused(
            "srs",
            "Session Rating Scale and Outcome Rating Scale (SRS, ORS)",
            "they are licensed by their author",
            "from memory",
            _OWN_ARENA,
            ("ors",),
            "title of the author's licensing page; its text was not read",
        ),
        Refused(
            "ctrs",
            "Cognitive Therapy Rating Scale (CTRS, CTS-R)",
            "its terms for use in software could not be confirmed",
            "from memory",
            _OWN_ARENA,
            ("cts-r", "cts"),
        ),
        Refused(
            "panas",
            "Positive and Negative Affect Schedule (PANAS)",
            "its terms for use in software could not be confirmed",
            "from memory",
            "bring your own items under your own licence",
        ),
        Refused(
            "siri2",
            "Suicide Intervention Response Inventory (SIRI-2)",
            "published in 1997; copies circulate, but the rights are unclear",
            "from memory",
            "bring your own items under your own licence",
            ("siri",),
        ),
        Refused(
            "spin",
            "Social Phobia Inventory and Liebowitz Social Anxiety Scale (SPIN, LSAS)",
            "no free terms could be confirmed",
            "from memory",
            "use the own-worded module social_fear (sophro interview social_fear)",
            ("mini-spin", "lsas"),
        ),
    )
}


def instruments() -> dict[str, Instrument]:
    """Return the instruments that are shipped."""
    return {name: instrument(name) for name in SHIPPED}


def instrument(name: str) -> Instrument:
    """Return one instrument; case, dots, blanks and hyphens of its name do not matter.

    Raises:
        SophroError: If it may not be shipped, with the reason, or is unknown.
    """
    key = _key(name)
    for refused in REFUSED.values():
        if key in map(_key, (refused.name, refused.title, *refused.also)):
            raise SophroError(
                f"{refused.title} is not shipped: {refused.reason} ({refused.certainty}; {refused.source}); "
                f"{refused.instead}"
            )
    if key not in SHIPPED:
        raise unknown_name("instrument", name, [*SHIPPED, *REFUSED])
    return _load(key)


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


@lru_cache
def _load(name: str) -> Instrument:
    return parse(json.loads(read_text(DATA / f"{name}.json")), f"{name}.json")


def parse(value: Any, where: str) -> Instrument:
    """Read an instrument from JSON values and check that its numbers fit together.

    Raises:
        SophroError: Naming ``where`` and what is wrong.
    """
    try:
        found = cast("dict[str, Any]", value)
        languages = {
            lang: Wording(w["stem"], tuple(w["options"]), tuple(w["items"]), w["difficulty"], w["source"])
            for lang, w in found["languages"].items()
        }
        rule = found["algorithm"]
        made = Instrument(
            found["name"],
            found["title"],
            found["paper"],
            found["construct"],
            found["window_days"],
            Licence(**found["licence"]),
            languages,
            tuple(found["values"]),
            tuple((b[0], b[1], b[2]) for b in found["bands"]),
            found["cut"],
            found["risk_item"],
            Algorithm(rule["at"], rule["risk_at"], tuple(rule["core"]), rule["major"], rule["other"])
            if rule
            else None,
            found["note"],
        )
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise SophroError(
            f"{where}: field {error} of the instrument is missing or of the wrong kind"
        ) from None
    _check(made, where)
    return made


def _check(made: Instrument, where: str) -> None:
    if made.licence.status != "free":
        raise SophroError(f"{where}: its licence is {made.licence.status!r}; only free instruments are read")
    for lang, wording in made.languages.items():
        if len(wording.items) != made.size or len(wording.options) != len(made.values):
            raise SophroError(
                f"{where}, language {lang}: the number of items or options differs from the others"
            )
    edge = made.size * min(made.values)
    for name, low, high in made.bands:
        if low != edge or high < low:
            raise SophroError(f"{where}: band {name!r} starts at {low}, but {edge} is the next total")
        edge = high + 1
    most = made.size * max(made.values)
    if edge != most + 1 or not 0 < made.cut <= most:
        raise SophroError(f"{where}: bands or cut do not fit a largest total of {most}")
    if made.risk_item is not None and not 1 <= made.risk_item <= made.size:
        raise SophroError(f"{where}: there is no item {made.risk_item}")
