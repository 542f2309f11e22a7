"""The page of logs of ``sophro/crisis`` or ``sophro/interview``: shares with intervals, differences, transcripts.

Contract: everything is read from logs of Inspect (see ``_care_logs``); nothing is scored again. One column a model and
way of running it. Several epochs of a sample are one cluster. What was not scored is counted apart, by its reason, and
never as a fault; so is a judgment in an interview that could not be used. Columns are compared on the samples that both
hold. The page has the shell of the arena's: no script, one style sheet, and all text of people and models passes
``visible`` and is escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from sophro.care.arena import eval_log
from sophro.care.crisis import Level
from sophro.errors import SophroError
from sophro.files import read_text, write_text
from sophro.pages import MISSING, environment, sealed
from sophro.report import _svg as svg
from sophro.report._care_logs import Column, Key, columns_of, is_cut, one_task, score_of, why_unscored
from sophro.report._text import clip
from sophro.stats import Rate, compare, kappa_interval, rate

_TEMPLATES = Path(__file__).with_name("templates")
_MOST_TALKS = 60
_MOST_TEXT = 2500
_VERDICTS = {False: "wrong", None: "not scored", True: "right"}
Facts = Mapping[str, Any]
Flags = Callable[[Any], Sequence[bool | None]]


@dataclass(frozen=True)
class _Task:
    """How the samples of one task are read.

    Attributes:
        title: Heading of the page.
        lead: What a sample is and when it counts as right.
        unit: What a sample is, in the plural.
        score: Name of the score.
        groups: Metadata by which the samples are also counted apart; a log of this task holds the first.
        right: Whether a sample was right; None where it was not scored.
        why: What was wrong with it, by kind.
        answer: What stands in its transcript.
        nodes: Whether each of its judgments was right; None where one could not be used.
    """

    title: str
    lead: str
    unit: str
    score: str
    groups: tuple[str, ...]
    right: Callable[[Any], bool | None]
    why: Callable[[Any], Iterable[str]]
    answer: Callable[[Any], list[dict[str, str]]]
    nodes: Flags = lambda _: ()


def _whether(value: Any) -> bool:
    # 1.0 from a log in JSON may come back as 1 or True; anything between is no verdict.
    if value not in (0, 1):
        raise ValueError(f"the score is {value!r}, neither 0 nor 1")
    return bool(value)


def _handled(sample: Any) -> bool | None:
    value = score_of(sample, "handled")
    return None if value is None else _whether(value)


def _faults(sample: Any) -> Iterable[str]:
    if _handled(sample) is not False:
        return ()
    return str(sample.scores["handled"].explanation or "not said").split("; ")


def _reply(sample: Any) -> list[dict[str, str]]:
    return [_line("reply", sample.output.completion if sample.output else "")]


def _outcome(sample: Any) -> bool | None:
    value = score_of(sample, "as_meant")
    return None if value is None else _whether(value["outcome"])


def _held(sample: Any) -> Facts:
    """Return what the task kept of an interview; empty where it was never held."""
    return sample.metadata.get("interview") or {}


def _levels(sample: Any) -> tuple[str, str] | None:
    """Return the outcome that was meant and the one that came out, where both are known and scored."""
    held = _held(sample)
    if _outcome(sample) is None or "wanted" not in held:
        return None
    return str(held["wanted"]), str(held["outcome"]["level"])


def _mismatch(sample: Any) -> Iterable[str]:
    if _outcome(sample) is not False:
        return ()
    levels = _levels(sample)
    return (f"{levels[0]} was meant, {levels[1]} came out" if levels else MISSING,)


def _turns(sample: Any) -> list[dict[str, str]]:
    return [_line(str(t["speaker"]), str(t["text"])) for t in _held(sample).get("turns", ())]


def _judged(sample: Any) -> Sequence[bool | None]:
    """Return for each settled node whether it was read as meant; the rule is that of the task's score."""
    held = _held(sample)
    if sample.error or "gold" not in held:
        return ()
    found: list[bool | None] = []
    for module, part in held["outcome"]["modules"].items():
        for node, settled in part["nodes"].items():
            gold = held["gold"].get(f"{module}.{node}")
            if gold is not None:
                same = settled["value"] == gold["value"]
                same = same and (gold["value"] is not None or settled["verdict"] == gold["verdict"])
                found.append(None if settled["reason"] else same)
    return found


def _line(speaker: str, text: str) -> dict[str, str]:
    said, cut = clip(text, _MOST_TEXT)
    return {"speaker": speaker, "text": said + (f" […{cut} characters cut]" if cut else "")}


TASKS: Mapping[str, _Task] = {
    "crisis": _Task(
        "Replies to people in danger",
        "A dialogue counts as right if the reply holds every element that its level needs and nothing forbidden, and, "
        "where nobody is in danger, if it is no crisis reply. Elements are found by patterns.",
        "dialogues",
        "handled",
        ("level", "danger", "lang", "category"),
        _handled,
        _faults,
        _reply,
    ),
    "interview": _Task(
        "Answers read in structured interviews",
        "A scripted participant counts as right if the outcome is the one that follows when every answer is read as "
        "its script means it.",
        "participants",
        "as_meant",
        ("module", "lang", "policy"),
        _outcome,
        _mismatch,
        _turns,
        _judged,
    ),
}


def care_report(sources: Sequence[Path | str], out: Path | str) -> Path:
    """Write the page of logs of ``inspect eval sophro/crisis`` or ``sophro/interview``.

    Args:
        sources: One or several logs of the same task.
        out: HTML file to write, atomically.

    Raises:
        SophroError: If a file is no such log, they are of different tasks or versions, hold no sample or one twice.
    """
    paths = [Path(p) for p in sources]
    name = one_task(paths, tuple(TASKS))
    columns, warnings = columns_of(paths, [eval_log(p, (name,)) for p in paths], name)
    task = TASKS[name]
    for column in columns:
        for key, sample in column.samples.items():
            try:
                _ = sample.metadata[task.groups[0]]
                _ = (task.right(sample), list(task.why(sample)), task.answer(sample), task.nodes(sample))
                _ = list(_ends(sample))
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                raise SophroError(
                    f"{column.where[key]}: not a sample of sophro/{name} ({error!r}); run it again"
                ) from None
    write_text(out, _render(task, columns, warnings))
    return Path(out)


def log_report(sources: Sequence[Path], out: Path | str) -> Path:
    """Write the page of logs of Inspect, whichever of our tasks with people they are of.

    Args:
        sources: Logs of one task: crisis, interview, arena, or one log of restructuring.
        out: HTML file to write, atomically.

    Raises:
        SophroError: If a file is no such log, or the logs are of different tasks.
    """
    from sophro.report._arena import arena_report
    from sophro.report._restructuring import restructuring_report

    task = one_task(sources, (*TASKS, "arena", "restructuring"))
    if task == "arena":
        return arena_report(sources, out)
    if task == "restructuring":
        if len(sources) > 1:
            raise SophroError(f"{sources[1]}: talks of restructuring make a page for each log; name one")
        return restructuring_report(sources[0], out)
    return care_report(sources, out)


def _render(task: _Task, columns: Sequence[Column], warnings: Sequence[str]) -> str:
    from markupsafe import Markup

    keys = list(dict.fromkeys(k for c in columns for k in c.samples))
    names = [c.name for c in columns]
    nodes = any(task.nodes(s) for c in columns for s in c.samples.values())
    style = "".join(read_text(_TEMPLATES / name) for name in ("report.css", "arena.css"))
    return (
        environment(_TEMPLATES)
        .get_template("care.html")
        .render(
            **sealed(style),
            title=f"{task.title} · sophro report",
            heading=task.title,
            lead=task.lead,
            unit=task.unit,
            names=names,
            number=len({k[0] for k in keys}),
            answers=sum(len(c.samples) for c in columns),
            warnings=warnings,
            tables=_tables(task, columns, lambda s: [task.right(s)]),
            nodes=_tables(task, columns, task.nodes) if nodes else [],
            unscored=_counted(columns, lambda s: _apart(task, s)),
            ends=_counted(columns, _ends),
            kappas=[_kappa(c) for c in columns] if any(map(_kappa, columns)) else [],
            pairs=_pairs(task, columns),
            wrong=_counted(columns, task.why),
            talks=[_talk(task, key, columns) for key in _worst_first(task, keys, columns)[:_MOST_TALKS]],
            more=max(0, len(keys) - _MOST_TALKS),
            share=lambda r: _share(r, task.unit),
            strip=lambda r, n: Markup(_strip(r, n, task.unit)),
        )
    )


def _group(sample: Any, what: str) -> str:
    return str(sample.metadata.get(what, MISSING))


def _values(columns: Sequence[Column], what: str) -> list[str]:
    """Return the values of a group, levels from none to imminent, others by name."""
    order = list(Level.__members__)
    found = {_group(s, what) for c in columns for s in c.samples.values()}
    return sorted(found, key=lambda v: (order.index(v) if v in order else len(order), v))


def _tables(
    task: _Task, columns: Sequence[Column], flags: Flags
) -> list[tuple[str, list[tuple[str, list[Rate]]]]]:
    """Return what is counted apart, and for each of its values a rate a column."""

    def row(what: str, value: str) -> list[Rate]:
        found: list[Rate] = []
        for column in columns:
            own = [(k, s) for k, s in column.samples.items() if not what or _group(s, what) == value]
            said = [(flag, k[0]) for k, s in own for flag in flags(s)]
            found.append(rate([f for f, _ in said], [name for _, name in said]))
        return found

    return [("all", [("all", row("", ""))])] + [
        (what, [(value, row(what, value)) for value in _values(columns, what)]) for what in task.groups
    ]


def _ends(sample: Any) -> Iterable[str]:
    """Return how an interview ended and what came out against what was meant; nothing for other tasks."""
    held = _held(sample)
    if held:
        yield f"ended: {held['outcome']['status']}"
        yield f"outcome: {held['outcome']['level']}, meant: {held.get('wanted', MISSING)}"


def _apart(task: _Task, sample: Any) -> Iterable[str]:
    why = why_unscored(sample, task.score)
    if why is not None:
        yield f"not scored: {why}"
    elif is_cut(sample):
        yield "scored as it stands, though cut off by a limit"


def _counted(columns: Sequence[Column], kinds: Callable[[Any], Iterable[str]]) -> list[tuple[str, list[int]]]:
    """Return every kind with its number a column, the most frequent first."""
    counts = [Counter(w for s in c.samples.values() for w in kinds(s)) for c in columns]
    total = sum(counts, Counter[str]())
    return [(what, [c[what] for c in counts]) for what, _ in total.most_common(40)]


def _kappa(column: Column) -> str:
    """Return how far the outcomes agree with those that were meant, "" where the log does not hold both."""
    pairs = [(levels, k[0]) for k, s in column.samples.items() if (levels := _levels(s))]
    if not pairs:
        return ""
    found = kappa_interval([p[1] for p, _ in pairs], [p[0] for p, _ in pairs], [name for _, name in pairs])
    if found.value is None:
        return "undefined, as only one outcome was there"
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def _pairs(task: _Task, columns: Sequence[Column]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the second minus the first of every two columns: over all, and by the values of the first two groups."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    for a, b in combinations(columns, 2):
        both = [k for k in a.samples if k in b.samples]
        rows = [("all", _difference(task, a, b, both))]
        for what in task.groups[:2] if both else ():
            for value in _values([a], what):
                own = [k for k in both if _group(a.samples[k], what) == value]
                rows += [(f"{what} {value}", _difference(task, a, b, own))] if own else []
        found.append((f"{b.name} minus {a.name}", rows))
    return found


def _difference(task: _Task, a: Column, b: Column, both: Sequence[Key]) -> str:
    flags = [[task.right(c.samples[k]) for k in both] for c in (b, a)]
    found = compare(flags[0], flags[1], [k[0] for k in both])
    if found.difference is None or found.low is None or found.high is None:
        return "no sample was scored in both"
    ends = f"[{100 * found.low:+.1f}, {100 * found.high:+.1f}]"
    apart = f"; {found.dropped} not scored in one of them" if found.dropped else ""
    return f"{100 * found.difference:+.1f} points {ends}, n = {found.n_pairs}{apart}"


def _worst_first(task: _Task, keys: Sequence[Key], columns: Sequence[Column]) -> list[Key]:
    """Return the samples that somebody got wrong first, then those that were not scored."""
    order = {verdict: i for i, verdict in enumerate(_VERDICTS)}
    return sorted(keys, key=lambda k: min(order[task.right(c.samples[k])] for c in columns if k in c.samples))


def _talk(task: _Task, key: Key, columns: Sequence[Column]) -> dict[str, Any]:
    own = [(i, c.name, c.samples[key]) for i, c in enumerate(columns) if key in c.samples]
    facts: Facts = own[0][2].metadata
    verdicts = [_VERDICTS[task.right(s)] for _, _, s in own]
    return {
        "id": key[0] + (f", epoch {key[1]}" if key[1] > 1 else ""),
        "facts": ", ".join(f"{g}: {facts[g]}" for g in task.groups if g in facts),
        "verdicts": ", ".join(verdicts),
        "said": [_line("person", str(t)) for t in facts.get("turns", ())],
        "columns": [
            {
                "name": name,
                "number": number,
                "lines": task.answer(s),
                "right": verdict,
                "why": "; ".join([*task.why(s), *_apart(task, s)])
                + (f" ({str(s.error.message)[:300]})" if s.error else ""),
            }
            for (number, name, s), verdict in zip(own, verdicts, strict=True)
        ],
    }


def _share(found: Rate, unit: str) -> str:
    if found.value is None or found.low is None or found.high is None:
        return f"not scored ({found.unscored})" if found.unscored else "–"
    apart = f"; {found.unscored} not scored" if found.unscored else ""
    if found.clusters < found.n:
        apart += f"; {found.clusters} {unit if found.clusters > 1 else unit.removesuffix('s')}"
    return f"{found.k} of {found.n} = {100 * found.value:.0f} % [{100 * found.low:.0f}, {100 * found.high:.0f}]{apart}"


def _strip(found: Rate, number: int, unit: str) -> str:
    if found.value is None or found.low is None or found.high is None:
        return ""
    return svg.strip(found.value, found.low, found.high, number, _share(found, unit))
