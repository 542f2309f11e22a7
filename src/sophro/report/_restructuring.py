"""The page of restructuring talks: person and helper side by side, a strategy for each sentence, stage and step.

Contract: everything is read from talks in CRDial's shape (see ``sophro.care.restructuring``) or from a log of Inspect;
nothing is rated here beside the process checks, which are read from what was said; shares have 95 % intervals. The
page has the shell of the arena's: no script, one style sheet, and all text of people and models passes ``visible`` and
is escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from sophro.care.arena import LOG_ENDINGS, eval_log
from sophro.care.restructuring import STAGES, STRATEGIES, checks
from sophro.errors import SophroError
from sophro.files import read_jsonl, read_text, write_text
from sophro.pages import environment, sealed
from sophro.report import _svg as svg
from sophro.report._care_logs import lacking
from sophro.report._text import clip
from sophro.stats import Rate, rate

_TEMPLATES = Path(__file__).with_name("templates")
_MOST_TALKS = 60
_MOST_TEXT = 2500
Row = Mapping[str, Any]


def restructuring_report(source: Path | str, out: Path | str) -> Path:
    """Write the page of a file of talks.

    Args:
        source: JSONL of dialogues in CRDial's shape, or a log of ``inspect eval sophro/restructuring``.
        out: HTML file to write, atomically.

    Raises:
        SophroError: Naming file and line of what is no such dialogue; also if there is none.
    """
    path = Path(source)
    facts: dict[str, Any] = {}
    if path.suffix in LOG_ENDINGS:
        rows, facts = _of_log(path)
    else:
        rows = [(f"{path}, line {line}", row) for line, row in read_jsonl(path)]
    if not rows:
        raise SophroError(f"{path}: holds no dialogue")
    for where, row in rows:
        _check(row, where)
    write_text(out, render_restructuring([row for _, row in rows], **facts))
    return Path(out)


def _of_log(path: Path) -> tuple[list[tuple[str, Row]], dict[str, Any]]:
    """Return the talks of a log, and what else the page says of it: the helper, its own turns, what is missing."""
    log = eval_log(path, ("restructuring",))
    rows: list[tuple[str, Row]] = []
    own: list[bool] = []
    talks: list[int] = []
    samples = log.samples or []
    for number, sample in enumerate(samples, start=1):
        if sample.error or "dialogue" not in sample.metadata:
            continue
        where = f"{path}, sample {number}"
        rows.append((where, sample.metadata["dialogue"]))
        try:
            mine, asked = map(int, sample.metadata.get("own_turns") or (0, 0))
        except (TypeError, ValueError) as error:
            raise SophroError(f"{where}: own_turns must be two numbers ({error})") from None
        own += [at < mine for at in range(asked)]
        talks += [number] * asked
    without = len(samples) - len(rows)
    warnings = lacking(path, log) if samples else []
    if without:
        warnings.append(f"{without} of {len(samples)} samples hold no talk: they failed; nothing counts them")
    return rows, {"helper": str(log.eval.model), "own": rate(own, talks), "warnings": warnings}


def _check(row: Row, where: str) -> None:
    try:
        checks(row)
        for turn in row["turns"]:
            if not isinstance(turn["text"], str) or not isinstance(turn["speaker"], str):
                raise TypeError("a turn needs speaker and text")
            int(turn.get("level", 0))
        int(row.get("cut") or 0)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SophroError(f"{where}: not a dialogue in CRDial's shape ({error!r})") from None


def render_restructuring(
    dialogues: Sequence[Row], *, helper: str = "", own: Rate | None = None, warnings: Sequence[str] = ()
) -> str:
    """Return the page of dialogues in CRDial's shape.

    Args:
        dialogues: The talks.
        helper: Model that worded the helper's turns, if known.
        own: Share of its turns that were its own and no fixed stand-in; turns of one talk are a cluster.
        warnings: Sentences on what is missing.
    """
    from markupsafe import Markup

    style = "".join(read_text(_TEMPLATES / name) for name in ("report.css", "arena.css", "restructuring.css"))
    found = [checks(d) for d in dialogues]
    said = Counter(
        str(s.get("strategy", "")) for d in dialogues for t in d["turns"] for s in t.get("sentences", ())
    )
    return (
        environment(_TEMPLATES)
        .get_template("restructuring.html")
        .render(
            **sealed(style),
            number=len(dialogues),
            helper=helper,
            own=_words(own) if own and own.n else "",
            warnings=warnings,
            changed=_share([any(c.get("new") for c in d.get("channels", ())) for d in dialogues]),
            ends=sorted(Counter(_ended(d) for d in dialogues).items()),
            checks=[(name, _share([f[name] for f in found])) for name in found[0]] if found else [],
            stages=Markup(stages(dialogues)),
            reached=[
                (
                    stage,
                    _share([stage in visited(d) for d in dialogues]),
                    _share_of_changed(dialogues, stage),
                )
                for stage in (*STAGES, "crisis")
            ],
            # A strategy that was never used shows as 0; one that does not exist shows as it was written.
            strategies=[
                (name, STRATEGIES.get(name, "no strategy"), said[name])
                for name in dict.fromkeys((*STRATEGIES, *said))
            ],
            talks=[_talk(d, f) for d, f in zip(dialogues[:_MOST_TALKS], found, strict=False)],
            more=max(0, len(dialogues) - _MOST_TALKS),
        )
    )


def _share(flags: Sequence[bool]) -> str:
    """Return a share with its interval; talks are independent of each other."""
    return _words(rate(flags))


def _words(found: Rate) -> str:
    if found.value is None or found.low is None or found.high is None:
        return "none"
    return (
        f"{found.k} of {found.n} = {100 * found.value:.0f} % [{100 * found.low:.0f}, {100 * found.high:.0f}]"
    )


def visited(dialogue: Row) -> set[str]:
    """Return the stages of a talk; a reply of the crisis layer is a stage of its own."""
    return {_stage(t) for t in dialogue["turns"] if t["speaker"] != "person"} - {""}


def _ended(dialogue: Row) -> str:
    why = dialogue.get("why")
    return str(dialogue.get("end")) + (f" ({why})" if why else "")


def _stage(turn: Row) -> str:
    stage = str(turn.get("stage", "") or "")
    return stage if stage in STAGES else "crisis" if turn["speaker"] != "helper" else ""


def _share_of_changed(dialogues: Sequence[Row], stage: str) -> str:
    """Return in which share of the talks that reached a stage a thought changed."""
    return _share(
        [any(c.get("new") for c in d.get("channels", ())) for d in dialogues if stage in visited(d)]
    )


def stages(dialogues: Sequence[Row]) -> str:
    """Return the mean number of turns in every stage, by language and by how the talk ended."""
    kinds = (*STAGES, "crisis")
    rows: list[tuple[str, list[float]]] = []
    for what in ("lang", "end"):
        for value in sorted({str(d.get(what)) for d in dialogues}):
            own = [d for d in dialogues if str(d.get(what)) == value]
            said = Counter(_stage(t) for d in own for t in d["turns"] if t["speaker"] != "person")
            rows.append((clip(f"{what} {value} ({len(own)})", 20)[0], [said[k] / len(own) for k in kinds]))
    longest = max((sum(parts) for _, parts in rows), default=1.0)
    return svg.bars(rows, kinds, longest, "Turns of the helper in each stage", "turns a talk", 780.0)


def _talk(dialogue: Row, found: Mapping[str, bool]) -> dict[str, Any]:
    turns: list[dict[str, Any]] = []
    before = ""
    for turn in cast("Sequence[Row]", dialogue["turns"]):
        text, cut = clip(str(turn["text"]), _MOST_TEXT)
        place = " · ".join(p for p in (str(turn.get("stage", "")), str(turn.get("step", ""))) if p)
        channel = turn.get("channel", -1)
        if isinstance(channel, int) and channel >= 0 and place:
            place += f" · thought {channel + 1}"
        turns.append(
            {
                "speaker": str(turn["speaker"]),
                "text": text,
                "cut": cut,
                # The stage stands where it changes; a person's turn belongs to the question before it.
                "stage": place if turn["speaker"] != "person" and place != before else "",
                "sentences": [
                    {"strategy": str(s.get("strategy", "")), "text": clip(str(s["text"]), _MOST_TEXT)[0]}
                    for s in turn.get("sentences", ())
                ],
                "level": int(turn.get("level", 0)),
            }
        )
        before = place if turn["speaker"] != "person" else before
    return {
        "id": str(dialogue.get("id", "")),
        "lang": str(dialogue.get("lang", "")),
        "domain": str(dialogue.get("domain", "")),
        "end": _ended(dialogue),
        "unread": int(dialogue.get("cut") or 0),
        "channels": [
            {k: str(c.get(k, "")) for k in ("distortion", "thought", "verdict", "new")}
            for c in dialogue.get("channels", ())
        ],
        "broken": [name for name, holds in found.items() if not holds],
        "turns": turns,
    }
