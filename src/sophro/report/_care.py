"""The page of logs of ``sophro/crisis``, ``sophro/interview`` or ``sophro/restructuring``: one column a model.

Contract: everything is read from logs of Inspect (see ``_care_logs`` and ``_care_tasks``); nothing is scored again. One
column a model and way of running it. Several epochs of a sample are one cluster. What was not scored is counted apart,
by its reason, and never as a fault. Columns are compared on the samples that both hold; the p-values of all comparisons
of a page are one family for Holm's correction. The page has the shell of the arena's: no script, one style sheet, and
all text of people and models passes ``visible`` and is escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
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
from sophro.report._care_logs import Column, Key, columns_of, is_cut, one_task, why_unscored
from sophro.report._care_tasks import TASKS, CareTask, Facts, Flags, levels, line
from sophro.report._text import p_value
from sophro.stats import Comparison, Rate, compare, holm, kappa_interval, rate

_TEMPLATES = Path(__file__).with_name("templates")
_MOST_TALKS = 60
_VERDICTS = {False: "wrong", None: "not scored", True: "right"}


@dataclass(frozen=True)
class _Row:
    """A comparison on the page: what of, and how the second column differs from the first."""

    what: str
    found: Comparison


def care_report(sources: Sequence[Path | str], out: Path | str) -> Path:
    """Write the page of logs of ``inspect eval sophro/crisis``, ``sophro/interview`` or ``sophro/restructuring``.

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
                _ = (task.right(sample), list(task.why(sample)), task.answer(sample))
                _ = [*(p.flags(sample) for p in task.parts), *(f(sample) for _, f in task.also)]
                _ = [list(n.kinds(sample)) for n in task.numbers]
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                raise SophroError(
                    f"{column.where[key]}: not a sample of sophro/{name} ({error!r}); run it again"
                ) from None
    write_text(out, _render(task, columns, warnings))
    return Path(out)


def log_report(sources: Sequence[Path], out: Path | str) -> Path:
    """Write the page of logs of Inspect, whichever of our tasks with people they are of.

    Args:
        sources: Logs of one task: crisis, interview, restructuring or arena.
        out: HTML file to write, atomically.

    Raises:
        SophroError: If a file is no such log, or the logs are of different tasks.
    """
    from sophro.report._arena import arena_report
    from sophro.report._restructuring import restructuring_report

    task = one_task(sources, (*TASKS, "arena"))
    if task == "arena":
        return arena_report(sources, out)
    if task == "restructuring" and len(sources) == 1:
        return restructuring_report(sources[0], out)
    return care_report(sources, out)


def _render(task: CareTask, columns: Sequence[Column], warnings: Sequence[str]) -> str:
    from markupsafe import Markup

    keys = list(dict.fromkeys(k for c in columns for k in c.samples))
    names = [c.name for c in columns]
    pairs, tests = _pairs(task, columns)
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
            tables=_tables(task, columns, lambda s: [("", task.right(s))]),
            parts=[
                (part, _tables(task, columns, part.flags))
                for part in task.parts
                if any(part.flags(s) for c in columns for s in c.samples.values())
            ],
            unscored=_counted(columns, lambda s: _apart(task, s)),
            numbers=[(n, counted) for n in task.numbers if (counted := _counted(columns, n.kinds))],
            kappas=[_kappa(c) for c in columns] if any(map(_kappa, columns)) else [],
            pairs=pairs,
            tests=tests,
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
    task: CareTask, columns: Sequence[Column], flags: Flags
) -> list[tuple[str, list[tuple[str, list[Rate]]]]]:
    """Return what is counted apart, and for each of its values a rate a column."""

    def row(what: str, value: str, kind: str | None = None) -> list[Rate]:
        found: list[Rate] = []
        for column in columns:
            own = [(k, s) for k, s in column.samples.items() if not what or _group(s, what) == value]
            said = [(flag, k[0]) for k, s in own for name, flag in flags(s) if kind in (None, name)]
            found.append(rate([f for f, _ in said], [name for _, name in said]))
        return found

    kinds = dict.fromkeys(name for c in columns for s in c.samples.values() for name, _ in flags(s) if name)
    return (
        [("all", [("all", row("", ""))])]
        + ([("kind", [(kind, row("", "", kind)) for kind in kinds])] if kinds else [])
        + [(what, [(value, row(what, value)) for value in _values(columns, what)]) for what in task.groups]
    )


def _apart(task: CareTask, sample: Any) -> Iterable[str]:
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
    pairs = [(found, k[0]) for k, s in column.samples.items() if (found := levels(s))]
    if not pairs:
        return ""
    kappa = kappa_interval([p[1] for p, _ in pairs], [p[0] for p, _ in pairs], [name for _, name in pairs])
    if kappa.value is None:
        return "undefined, as only one outcome was there"
    return f"{kappa.value:.2f} [{kappa.low:.2f}, {kappa.high:.2f}]"


def _pairs(task: CareTask, columns: Sequence[Column]) -> tuple[list[tuple[str, list[tuple[str, str]]]], int]:
    """Return the second minus the first of every two columns, and how many comparisons were corrected for.

    Each pair is compared over all, by the values of the first groups, and by what else the task compares.
    """
    found: list[tuple[str, list[_Row]]] = []
    for a, b in combinations(columns, 2):
        both = [k for k in a.samples if k in b.samples]
        rows = [_Row("all", _compared(task.right, a, b, both))]
        for what in task.groups[: task.compared] if both else ():
            for value in _values([a], what):
                own = [k for k in both if _group(a.samples[k], what) == value]
                rows += [_Row(f"{what} {value}", _compared(task.right, a, b, own))] if own else []
        rows += [_Row(name, _compared(flag, a, b, both)) for name, flag in task.also if both]
        found.append((f"{b.name} minus {a.name}", rows))
    known = [r.found.p for _, rows in found for r in rows if r.found.p is not None]
    adjusted = iter(holm(known))
    said = [
        (
            heading,
            [(r.what, _difference(r.found, None if r.found.p is None else next(adjusted))) for r in rows],
        )
        for heading, rows in found
    ]
    return said, len(known)


def _compared(flag: Callable[[Any], bool | None], a: Column, b: Column, both: Sequence[Key]) -> Comparison:
    flags = [[flag(c.samples[k]) for k in both] for c in (b, a)]
    return compare(flags[0], flags[1], [k[0] for k in both])


def _difference(found: Comparison, p: float | None) -> str:
    if found.difference is None or found.low is None or found.high is None:
        return "no sample was scored in both"
    ends = f"[{100 * found.low:+.1f}, {100 * found.high:+.1f}]"
    apart = f"; {found.dropped} not scored in one of them" if found.dropped else ""
    return f"{100 * found.difference:+.1f} points {ends}, p (Holm) {p_value(p)}, n = {found.n_pairs}{apart}"


def _worst_first(task: CareTask, keys: Sequence[Key], columns: Sequence[Column]) -> list[Key]:
    """Return the samples that somebody got wrong first, then those that were not scored."""
    order = {verdict: i for i, verdict in enumerate(_VERDICTS)}
    return sorted(keys, key=lambda k: min(order[task.right(c.samples[k])] for c in columns if k in c.samples))


def _talk(task: CareTask, key: Key, columns: Sequence[Column]) -> dict[str, Any]:
    own = [(i, c.name, c.samples[key]) for i, c in enumerate(columns) if key in c.samples]
    facts: Facts = own[0][2].metadata
    verdicts = [_VERDICTS[task.right(s)] for _, _, s in own]
    return {
        "id": key[0] + (f", epoch {key[1]}" if key[1] > 1 else ""),
        "facts": ", ".join(f"{g}: {facts[g]}" for g in task.groups if g in facts),
        "verdicts": ", ".join(verdicts),
        "said": [line("person", str(t)) for t in facts.get("turns", ())],
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
