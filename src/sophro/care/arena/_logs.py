"""An arena from logs of Inspect: what ``inspect eval sophro/arena`` left, as the report reads it.

Contract: nothing is rated again; sessions and score cards are those of the log. Several logs are one arena, a counselor
each, if they were run alike. A sample that holds no session is counted, never filled in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from sophro.care.arena._arena import arena_json, warnings_of
from sophro.care.arena._rank import rank
from sophro.care.arena._score import SessionScore
from sophro.care.arena._types import Session
from sophro.errors import SophroError

LOG_ENDINGS = (".eval", ".json")
_ALIKE = ("judge", "judge_version", "client", "caps")


def arena_of_logs(paths: Sequence[Path]) -> dict[str, Any]:
    """Return the arena that Inspect's logs hold, in the shape of ``arena.json``.

    Args:
        paths: Logs of the task ``sophro/arena``.

    Raises:
        SophroError: If a file is no such log, the logs were run differently, or hold a session twice.
    """
    sessions: dict[str, tuple[Session, SessionScore]] = {}
    profiles: dict[str, dict[str, Any]] = {}
    first: Mapping[str, Any] = {}
    seeds: set[int] = set()
    empty = 0
    for path in paths:
        for number, sample in enumerate(samples_of(path, "arena"), start=1):
            facts: Mapping[str, Any] = sample.metadata or {}
            if "card" not in facts or "session" not in facts:
                empty += 1
                continue
            where = f"{path}, sample {number}"
            if "arena" not in facts:
                raise SophroError(f"{where}: made by an older version; run `inspect eval sophro/arena` again")
            run = cast("Mapping[str, Any]", facts["arena"])
            first = first or run
            for key in _ALIKE:
                if run.get(key) != first.get(key):
                    raise SophroError(
                        f"{where}: {key} is {run.get(key)!r}, elsewhere {first.get(key)!r}; "
                        "rank logs that were run alike"
                    )
            try:
                session = Session.from_dict(facts["session"])
                score = SessionScore.from_dict(facts["card"])
                profile = {"id": session.profile, **{k: facts[k] for k in ("lang", "problem", "risk")}}
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise SophroError(f"{where}: not a session of the arena ({error!r})") from None
            if session.id in sessions:
                raise SophroError(f"{where}: the session {session.id!r} was there before; name each log once")
            sessions[session.id] = (session, score)
            profiles.setdefault(session.profile, profile)
            seeds.add(session.seed)
    if not sessions:
        raise SophroError(f"{paths[0] if paths else 'no log'}: holds no session of the arena")
    played, scores = [s for s, _ in sessions.values()], [c for _, c in sessions.values()]
    ranking = rank(scores)
    client = str(first["client"])
    warnings = warnings_of(
        [s.counselor for s in ranking.standings],
        str(first["judge"]),
        None if client == "scripted" else client,
        ranking,
    )
    if empty:
        warnings.append(f"{empty} samples of the logs hold no session: they failed or were cut off")
    facts = {**first, "seeds": sorted(seeds), "rules": [], "simulated": True, "warnings": warnings}
    return arena_json(played, scores, list(profiles.values()), ranking, facts)


def samples_of(path: Path, task: str) -> Sequence[Any]:
    """Return the samples of a log of Inspect.

    Args:
        path: The log.
        task: Name of the task that it must be of, without ``sophro/``.

    Raises:
        SophroError: If the file is no log, or one of another task.
    """
    return eval_log(path, (task,)).samples or []


def eval_log(path: Path, tasks: Sequence[str], *, head: bool = False) -> Any:
    """Return a log of Inspect, an ``EvalLog``.

    Args:
        path: The log.
        tasks: Names of the tasks that it may be of, without ``sophro/``.
        head: Read all but the samples.

    Raises:
        SophroError: If the file is no log, or one of another task.
    """
    import zipfile

    from inspect_ai.log import read_eval_log

    wanted = " or ".join(f"sophro/{t}" for t in tasks)
    if not path.is_file():
        raise SophroError(f"{path}: no such file; name a log of `inspect eval {wanted}`")
    try:
        log = read_eval_log(str(path), header_only=head, resolve_attachments=True)
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise SophroError(f"{path}: not a log of Inspect ({why})") from None
    if log.eval.task.rpartition("/")[2] not in tasks:
        raise SophroError(f"{path}: a log of the task {log.eval.task!r}; name one of {wanted}")
    return log
