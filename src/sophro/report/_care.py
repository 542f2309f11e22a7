"""The page of logs of ``sophro/crisis`` or ``sophro/interview``: shares with intervals, differences, transcripts.

Contract: everything is read from logs of Inspect; nothing is scored again. One column a log, in the order given; what
was not scored is counted apart and never as a fault. Logs are compared on the samples that both hold. The page has the
shell of the arena's: no script, one style sheet, and all text of people and models passes ``visible`` and is escaped.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from sophro.care.arena import LOG_ENDINGS, eval_log
from sophro.errors import SophroError
from sophro.files import read_text, write_text
from sophro.pages import environment, sealed
from sophro.report import _svg as svg
from sophro.report._text import clip
from sophro.stats import Rate, bootstrap_mean, compare, rate

_TEMPLATES = Path(__file__).with_name("templates")
_MOST_TALKS = 60
_MOST_TEXT = 2500
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class _Task:
    """How the samples of one task are read.

    Attributes:
        title: Heading of the page.
        lead: What a sample is and when it counts as right.
        groups: Metadata by which the samples are also counted apart.
        right: Whether a sample was right; None where it was not scored.
        why: What was wrong with it, by kind.
        answer: What stands in its transcript.
    """

    title: str
    lead: str
    groups: tuple[str, ...]
    right: Callable[[Any], bool | None]
    why: Callable[[Any], Iterable[str]]
    answer: Callable[[Any], list[dict[str, str]]]


def _score(sample: Any, name: str) -> Any:
    found = (sample.scores or {}).get(name)
    return None if found is None else found.value


def _handled(sample: Any) -> bool | None:
    value = _score(sample, "handled")
    return None if not isinstance(value, int | float) or math.isnan(value) else value == 1.0


def _faults(sample: Any) -> Iterable[str]:
    if _handled(sample) is not False:
        return ()
    return str(sample.scores["handled"].explanation or "not said").split("; ")


def _reply(sample: Any) -> list[dict[str, str]]:
    return [_line("reply", sample.output.completion if sample.output else "")]


def _outcome(sample: Any) -> bool | None:
    value = _score(sample, "as_meant")
    return bool(value["outcome"]) if isinstance(value, Mapping) else None


def _mismatch(sample: Any) -> Iterable[str]:
    if _outcome(sample) is not False:
        return ()
    held: Facts = sample.metadata["interview"]
    return (f"{held['wanted']} was meant, {held['outcome']['level']} came out",)


def _turns(sample: Any) -> list[dict[str, str]]:
    held: Facts = (sample.metadata or {}).get("interview") or {}
    return [_line(str(t["speaker"]), str(t["text"])) for t in held.get("turns", ())]


def _line(speaker: str, text: str) -> dict[str, str]:
    said, cut = clip(text, _MOST_TEXT)
    return {"speaker": speaker, "text": said + (f" […{cut} characters cut]" if cut else "")}


TASKS: Mapping[str, _Task] = {
    "crisis": _Task(
        "Replies to people in danger",
        "A dialogue counts as right if the reply holds every element that its level needs and nothing forbidden, and, "
        "where nobody is in danger, if it is no crisis reply. Elements are found by patterns.",
        ("danger", "level", "lang", "category"),
        _handled,
        _faults,
        _reply,
    ),
    "interview": _Task(
        "Answers read in structured interviews",
        "A scripted participant counts as right if the outcome is the one that follows when every answer is read as "
        "its script means it.",
        ("module", "lang", "policy"),
        _outcome,
        _mismatch,
        _turns,
    ),
}


def care_report(sources: Sequence[Path], out: Path | str) -> Path:
    """Write the page of logs of ``inspect eval sophro/crisis`` or ``sophro/interview``.

    Args:
        sources: One or several logs of the same task.
        out: HTML file to write, atomically.

    Raises:
        SophroError: If a file is no such log, they are of different tasks, or hold no sample.
    """
    logs = [eval_log(Path(p), tuple(TASKS)) for p in sources]
    names = [str(log.eval.task).rpartition("/")[2] for log in logs]
    if len(set(names)) > 1:
        raise SophroError(
            f"{sources[names.index(names[-1])]}: a log of sophro/{names[-1]}, but {sources[0]} is one of "
            f"sophro/{names[0]}; write one page for each task"
        )
    for path, log in zip(sources, logs, strict=True):
        if not log.samples:
            raise SophroError(f"{path}: holds no sample; the run failed or was cut off, run it again")
    write_text(out, _render(TASKS[names[0]], logs))
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

    task = str(eval_log(sources[0], (*TASKS, "arena", "restructuring")).eval.task).rpartition("/")[2]
    if task == "arena":
        return arena_report(sources, out)
    if task == "restructuring":
        if len(sources) > 1:
            raise SophroError(f"{sources[1]}: talks of restructuring make a page for each log; name one")
        return restructuring_report(sources[0], out)
    return care_report(sources, out)


def is_log(path: Path) -> bool:
    """Whether a path is a file that may be a log of Inspect."""
    return path.suffix in LOG_ENDINGS and path.is_file()


def _render(task: _Task, logs: Sequence[Any]) -> str:
    from markupsafe import Markup

    columns = [{(str(s.id), int(s.epoch)): s for s in log.samples} for log in logs]
    names = _names(logs)
    keys = list(dict.fromkeys(k for c in columns for k in c))
    style = "".join(read_text(_TEMPLATES / name) for name in ("report.css", "arena.css"))
    return (
        environment(_TEMPLATES)
        .get_template("care.html")
        .render(
            **sealed(style),
            title=f"{task.title} · sophro report",
            heading=task.title,
            lead=task.lead,
            names=names,
            number=len(keys),
            tables=[(what, rows) for what, rows in _tables(task, columns)],
            nodes=[_nodes(c) for c in columns] if any(map(_nodes, columns)) else [],
            ends=[_ends(c) for c in columns] if any(map(_ends, columns)) else [],
            pairs=[
                (a, b, _difference(task, columns[i], columns[j]))
                for (i, a), (j, b) in combinations(enumerate(names), 2)
            ],
            wrong=_wrong(task, columns),
            talks=[_talk(task, key, columns, names) for key in keys[:_MOST_TALKS]],
            more=max(0, len(keys) - _MOST_TALKS),
            share=_share,
            strip=lambda r, n: Markup(_strip(r, n)),
        )
    )


def _names(logs: Sequence[Any]) -> list[str]:
    """Return a name for every log: its model, whether the layer was around it, a number where that is not enough."""
    found: list[str] = []
    for log in logs:
        name = str(log.eval.model) + (", with the layer" if (log.eval.task_args or {}).get("guarded") else "")
        same = sum(f == name or f.startswith(f"{name} (") for f in found)
        found.append(f"{name} ({same + 1})" if same else name)
    return found


def _tables(
    task: _Task, columns: Sequence[Mapping[Any, Any]]
) -> Iterable[tuple[str, list[tuple[str, list[Rate]]]]]:
    """Yield what is counted apart, and for each of its values a rate a column."""
    yield "all", [("all", [rate([task.right(s) for s in c.values()]) for c in columns])]
    for what in task.groups:
        values = {str(s.metadata[what]) for c in columns for s in c.values() if what in (s.metadata or {})}
        rows = [
            (
                value,
                [
                    rate([task.right(s) for s in c.values() if str((s.metadata or {}).get(what)) == value])
                    for c in columns
                ],
            )
            for value in sorted(values)
        ]
        if len(rows) > 1:
            yield what, rows


def _nodes(column: Mapping[Any, Any]) -> str:
    """Return the mean share of an interview's nodes that were read as meant, "" for other tasks."""
    values = [_score(s, "as_meant") for s in column.values()]
    shares = [float(v["nodes"]) for v in values if isinstance(v, Mapping)]
    if not shares:
        return ""
    mean = bootstrap_mean(shares)
    return f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}], {len(shares)} participants"


def _ends(column: Mapping[Any, Any]) -> str:
    """Return how the interviews ended and which levels came out, "" for other tasks."""
    held = [(s.metadata or {}).get("interview") for s in column.values()]
    outcomes = [h["outcome"] for h in held if h]
    said = [Counter(str(o[key]) for o in outcomes) for key in ("status", "level")]
    return "; ".join(", ".join(f"{k} {n}" for k, n in sorted(c.items())) for c in said if c)


def _difference(task: _Task, a: Mapping[Any, Any], b: Mapping[Any, Any]) -> str:
    both = [k for k in a if k in b]
    # The second minus the first, on the same samples.
    found = compare([task.right(b[k]) for k in both], [task.right(a[k]) for k in both])
    if found.difference is None or found.low is None or found.high is None:
        return "no sample was scored in both"
    ends = f"[{100 * found.low:+.1f}, {100 * found.high:+.1f}]"
    return f"{100 * found.difference:+.1f} points {ends}, n = {found.n_pairs}"


def _wrong(task: _Task, columns: Sequence[Mapping[Any, Any]]) -> list[tuple[str, list[int]]]:
    """Return every kind of fault with its number a column, the most frequent first."""
    counts = [Counter(w for s in c.values() for w in task.why(s)) for c in columns]
    total = sum(counts, Counter[str]())
    return [(what, [c[what] for c in counts]) for what, _ in total.most_common(40)]


def _talk(
    task: _Task, key: tuple[str, int], columns: Sequence[Mapping[Any, Any]], names: Sequence[str]
) -> dict[str, Any]:
    own = [(name, c[key]) for name, c in zip(names, columns, strict=True) if key in c]
    facts: Facts = own[0][1].metadata or {}
    return {
        "id": key[0] + (f", epoch {key[1]}" if key[1] > 1 else ""),
        "facts": ", ".join(f"{g}: {facts[g]}" for g in task.groups if g in facts),
        "said": [_line("person", str(t)) for t in facts.get("turns", ())],
        "columns": [
            {
                "name": name,
                "lines": task.answer(s),
                "right": {True: "right", False: "wrong", None: "not scored"}[task.right(s)],
                "why": "; ".join(task.why(s)) or (str(s.error.message)[:300] if s.error else ""),
            }
            for name, s in own
        ],
    }


def _share(found: Rate) -> str:
    if found.value is None or found.low is None or found.high is None:
        return f"not scored ({found.unscored})"
    apart = f"; {found.unscored} not scored" if found.unscored else ""
    return f"{found.k} of {found.n} = {100 * found.value:.0f} % [{100 * found.low:.0f}, {100 * found.high:.0f}]{apart}"


def _strip(found: Rate, number: int) -> str:
    if found.value is None or found.low is None or found.high is None:
        return ""
    return svg.strip(found.value, found.low, found.high, number, _share(found))
