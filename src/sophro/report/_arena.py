"""The page of an arena: ranking, worst groups, radar, every dimension, course of trust, transcripts side by side.

Contract: everything is read from ``arena.json`` or from logs of Inspect (see ``sophro.care.arena``); nothing is rated
here. The page is
self-contained, holds no script, and its content policy allows nothing but its one style sheet. All text of counselors
and clients passes ``visible`` and is escaped. What was not scored shows as such.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from sophro.care.arena import DIMENSIONS, LOG_ENDINGS, RED, SIDES, arena_of_logs, of_side
from sophro.errors import SophroError
from sophro.files import read_text, write_text
from sophro.pages import environment, sealed
from sophro.report import _svg as svg
from sophro.report._text import clip

_TEMPLATES = Path(__file__).with_name("templates")
_MOST_CLIENTS = 60
_MOST_TEXT = 2500
Row = Mapping[str, Any]


def arena_report(source: Path | str | Sequence[Path], out: Path | str) -> Path:
    """Write the page of one arena.

    Args:
        source: What ``run_arena`` wrote, or one or several logs of ``inspect eval sophro/arena``.
        out: HTML file to write, atomically.

    Raises:
        SophroError: If the source holds no arena or is broken.
    """
    paths = [Path(source)] if isinstance(source, Path | str) else [Path(p) for p in source]
    logs = len(paths) > 1 or (paths[0].suffix in LOG_ENDINGS and not paths[0].is_dir())
    write_text(out, render_arena(arena_of_logs(paths) if logs else _read(paths[0])))
    return Path(out)


def _read(folder: Path) -> dict[str, Any]:
    file = folder / "arena.json"
    if not file.is_file():
        raise SophroError(
            f"{folder}: holds no arena.json; name a folder that `sophro arena run` wrote, or logs of Inspect"
        )
    try:
        value: Any = json.loads(read_text(file))
    except ValueError as error:
        raise SophroError(f"{file}: not JSON ({error}); run the arena again") from None
    needed = ("facts", "ranking", "items", "profiles", "sessions")
    if not isinstance(value, dict) or any(key not in value for key in needed):
        raise SophroError(f"{file}: not the file of an arena; it needs {', '.join(needed)}")
    return cast("dict[str, Any]", value)


def render_arena(arena: Row) -> str:
    """Return the page.

    Raises:
        SophroError: If a field that the page needs is missing.
    """
    from jinja2.exceptions import UndefinedError
    from markupsafe import Markup

    style = "".join(read_text(_TEMPLATES / name) for name in ("report.css", "arena.css"))
    try:
        standings: Sequence[Row] = arena["ranking"]["standings"]
        names = [str(s["counselor"]) for s in standings]
        index = {name: i for i, name in enumerate(names)}
        clients = _clients(arena, names)
        return (
            environment(_TEMPLATES)
            .get_template("arena.html")
            .render(
                **sealed(style),
                facts=arena["facts"],
                standings=standings,
                gaps=arena["ranking"]["gaps"],
                sides=SIDES,
                dimensions={side: of_side(side) for side in SIDES},
                items=arena["items"],
                radar={side: Markup(radar(arena["items"], names, side)) for side in SIDES},
                course=Markup(course(arena["sessions"], names)),
                phases=Markup(phases(arena["sessions"], names)),
                clients=clients,
                problems=_problems(standings),
                langs=_langs(arena["profiles"]),
                harms=harms(arena["sessions"], names),
                place={str(c["profile"]["id"]): i for i, c in enumerate(clients)},
                number=len(arena["sessions"]),
                names=names,
                mark=lambda n: Markup(svg.picture(16, 16, n, svg.marker(8, 8, index[n], size=5), "glyph")),
                arm_class=lambda n: svg.arm_class(index[n]),
                strip=lambda n, i, ends: _strip(index[n], i, ends),
                estimate=_estimate,
            )
        )
    except (KeyError, TypeError, UndefinedError) as error:
        raise SophroError(f"arena.json lacks what the page needs ({error!r}); run the arena again") from None


def _estimate(i: Row) -> str:
    if i["value"] is None:
        return "not scored"
    if i["low"] is None:
        return f"{i['value']:.2f}"
    return f"{i['value']:.2f} [{i['low']:.2f}, {i['high']:.2f}]"


def _strip(number: int, i: Row, ends: tuple[float, float]) -> Any:
    from markupsafe import Markup

    if i["value"] is None or i["low"] is None:
        return ""
    title = f"{i['value']:.2f}, 95 % interval {i['low']:.2f} to {i['high']:.2f}"
    return Markup(svg.strip(i["value"], i["low"], i["high"], number, title, ends))


def radar(
    items: Mapping[str, Mapping[str, Row]], names: Sequence[str], side: str, size: float = 340.0
) -> str:
    """Return one side's dimensions as a radar: 1 in the middle, 5 at the rim; unscored dimensions are gaps."""
    dims = [d for d in DIMENSIONS.values() if d.side == side]
    middle, reach = size / 2, size / 2 - 62

    def at(place: int, value: float) -> tuple[float, float]:
        angle = 2 * math.pi * place / len(dims) - math.pi / 2
        r = reach * (value - 1) / 4
        return middle + r * math.cos(angle), middle + r * math.sin(angle)

    body = "".join(
        svg.path([at(i, v) for i in range(len(dims))], "ring", closed=True) for v in (2.0, 3.0, 4.0, 5.0)
    )
    for i, d in enumerate(dims):
        body += svg.line(*at(i, 1.0), *at(i, 5.0), "grid")
        x, y = at(i, 5.75)
        anchor = "middle" if abs(x - middle) < 12 else "start" if x > middle else "end"
        body += svg.label(x, y + 4, d.id, anchor=anchor)
    for number, name in enumerate(names):
        known = [
            (i, items[name][d.id]["value"])
            for i, d in enumerate(dims)
            if items[name][d.id]["value"] is not None
        ]
        if len(known) > 2:
            body += svg.path([at(i, v) for i, v in known], f"web {svg.arm_class(number)}", closed=True)
        body += "".join(
            svg.marker(*at(i, v), number, size=3.5, title=f"{name}, {dims[i].title}: {v:.2f}")
            for i, v in known
        )
    return svg.picture(size, size, f"Mean ratings of the {side} side", body)


def course(sessions: Sequence[Row], names: Sequence[str], width: float = 680.0) -> str:
    """Return the mean trust of the clients over the exchanges, with how many sessions were still going."""
    longest = _longest(sessions)
    frame = svg.Frame(52, 14, width - 70, 220, (0, longest), (0, 1))
    ticks = [longest * i / 4 for i in range(5)]
    body = frame.axes(ticks, (0, 0.5, 1), lambda v: f"{v:g}", lambda v: f"{v:g}")
    for number, name in enumerate(names):
        means = _means([s for s in sessions if s["counselor"] == name])
        body += svg.path([frame.at(x, y) for x, y, _ in means], f"curve {svg.arm_class(number)}")
        body += "".join(
            svg.marker(*frame.at(x, y), number, size=3, title=f"{name}, exchange {x}: {y:.2f}, {n} sessions")
            for x, y, n in means
        )
    body += svg.label(width / 2, 268, "exchange", anchor="middle")
    return svg.picture(width, 276, "Trust of the clients over the session", body)


def _longest(sessions: Sequence[Row]) -> int:
    """Return the exchanges of the longest session, as the next multiple of four, so that ticks are whole."""
    counts = [sum(x["speaker"] == "counselor" for x in s["lines"]) for s in sessions]
    return 4 * math.ceil(max(4, *counts) / 4)


def _means(sessions: Sequence[Row]) -> list[tuple[int, float, int]]:
    found: dict[int, list[float]] = {}
    for session in sessions:
        turns = [x for x in session["lines"] if x["speaker"] == "client" and "trust" in x["state"]]
        for i, line in enumerate(turns):
            found.setdefault(i, []).append(float(line["state"]["trust"]))
    # A mean over the few that are left would show survivors, so it stops below half.
    enough = max(1, len(sessions) / 2)
    return [(i, sum(v) / len(v), len(v)) for i, v in sorted(found.items()) if len(v) >= enough]


def phases(sessions: Sequence[Row], names: Sequence[str], width: float = 680.0) -> str:
    """Return how many exchanges each counselor spent in each phase, on average."""
    kinds = ("trust", "diagnose", "solve")
    rows: list[tuple[str, list[float]]] = []
    for name in names:
        own = [s for s in sessions if s["counselor"] == name]
        spent = [
            sum(v["speaker"] == "counselor" and v["phase"] == kind for s in own for v in s["lines"])
            / max(1, len(own))
            for kind in kinds
        ]
        rows.append((clip(name, 20)[0], spent))
    return svg.bars(rows, kinds, _longest(sessions), "Exchanges in each phase", "exchanges", width)


def _problems(standings: Sequence[Row]) -> list[tuple[str, dict[str, Row]]]:
    """Return every problem area with the counselors' groups of it, by name."""
    found: dict[str, dict[str, Row]] = {}
    for s in standings:
        for group in s["problems"]:
            found.setdefault(str(group["name"]), {})[str(s["counselor"])] = group
    return sorted(found.items())


def _langs(profiles: Sequence[Row]) -> list[str]:
    """Return the languages of the clients, in which the dimensions are shown."""
    return sorted({str(p["lang"]) for p in profiles})


def harms(sessions: Sequence[Row], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the crisis flow: for each question, in how many sessions each counselor did that harm.

    Args:
        sessions: Those of ``arena.json``; a file of an older version has no flow, which gives no lines.
        names: The counselors in order.
    """
    found: list[dict[str, Any]] = []
    for item in RED.values():
        cells: dict[str, dict[str, int]] = {}
        for name in names:
            cards = [s["score"] for s in sessions if s["counselor"] == name]
            given = [r["answer"] for c in cards for r in c.get("red", ()) if r["item"] == item.id]
            if given:
                yes, no = given.count("yes"), given.count("no")
                cells[name] = {"yes": yes, "asked": yes + no, "undecided": given.count("undecided")}
        if cells:
            found.append({"item": item, "cells": cells})
    return found


def _clients(arena: Row, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the transcripts of each client, the counselors side by side, long texts clipped openly."""
    rows: list[dict[str, Any]] = []
    for profile in arena["profiles"][:_MOST_CLIENTS]:
        own = [s for s in arena["sessions"] if s["profile"] == profile["id"]]
        first: dict[str, Row] = {}
        for session in own:
            first.setdefault(str(session["counselor"]), session)
        columns = [_column(first[n]) for n in names if n in first]
        rows.append({"profile": profile, "columns": columns, "more": len(own) - len(columns)})
    return rows


def _column(session: Row) -> dict[str, Any]:
    evidence: dict[int, list[str]] = {}
    for name, item in session["score"]["items"].items():
        for turn in item["turns"]:
            evidence.setdefault(int(turn), []).append(f"{name} {item['score']:g}" if item["score"] else name)
    lines = []
    for line in session["lines"]:
        text, cut = clip(str(line["text"]), _MOST_TEXT)
        lines.append(
            {
                "speaker": line["speaker"],
                "phase": line["phase"],
                "text": text,
                "cut": cut,
                "trust": line["state"].get("trust"),
                "shows": evidence.get(int(line["index"]), [])[:8],
                "level": int(session["crisis"].get(str(line["index"]), 0)),
            }
        )
    return {
        "counselor": session["counselor"],
        "end": str(session["end"]).replace("_", " "),
        "problems": session["problems"],
        "score": session["score"],
        "lines": lines,
    }
