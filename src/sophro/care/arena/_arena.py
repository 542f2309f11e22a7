"""Running an arena: counselors times clients times seeds, judged, ranked and written to a folder.

Contract: every counselor meets the same clients. Sessions are dialogues with a log each, so a killed run goes on;
ratings are kept by session and judge. What is written is marked as simulated.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import anyio

from sophro.care.arena._client import State
from sophro.care.arena._counselors import LEVELS
from sophro.care.arena._dimensions import SIDES
from sophro.care.arena._judge import RuleJudge
from sophro.care.arena._model_judge import ModelJudge
from sophro.care.arena._phases import Caps
from sophro.care.arena._profiles import Profile
from sophro.care.arena._rank import Ranking, items_of, rank
from sophro.care.arena._red import Red, flow_by_rules
from sophro.care.arena._score import SessionScore, score_session
from sophro.care.arena._session import (
    Arena,
    model_client,
    model_counselor,
    own_counselor,
    scripted_counselor,
    session_of,
)
from sophro.care.arena._types import ItemScore, Session
from sophro.care.dialogue import Agent, OwnAgent, is_own, run
from sophro.errors import SophroError, unknown_name
from sophro.files import digest, read_text, write_json, write_jsonl

AT_ONCE = 32  # sessions in flight; a local model decodes what waits together in one batch
Judge = RuleJudge | ModelJudge


@dataclass(frozen=True)
class Played:
    """One session with its score card."""

    session: Session
    state: State
    score: SessionScore


@dataclass(frozen=True)
class ArenaRun:
    """A finished arena.

    Attributes:
        played: All sessions.
        ranking: The counselors in order.
        profiles: The clients.
        facts: How it was run: judge, client, caps, seeds, warnings.
    """

    played: tuple[Played, ...]
    ranking: Ranking
    profiles: tuple[Profile, ...]
    facts: Mapping[str, Any]

    @property
    def scores(self) -> list[SessionScore]:
        """All score cards."""
        return [p.score for p in self.played]


def make_counselor(name: str, rules: Sequence[str] = (), prompt: str | None = None) -> Agent:
    """Return a counselor by name: ``good``, ``medium``, ``bad``, any model, or ``agent:FILE.py``, an agent of Inspect.

    Raises:
        SophroError: If the name can be none of these, or the file defines no agent.
    """
    from sophro.models import check_name, is_local, local_names

    if name in LEVELS:
        return scripted_counselor(name, tuple(rules))
    if is_own(name):
        return own_counselor(name, tuple(rules), prompt)
    if "/" not in name and not is_local(name):
        raise unknown_name("counselor", name, (*LEVELS, *local_names(), "agent:FILE.py"))
    check_name(name)
    return model_counselor(name, tuple(rules), prompt)


def _content(agent: Agent) -> list[str]:
    """Return the hash of an agent's file; nothing for what has none."""
    return [agent.fingerprint] if isinstance(agent, OwnAgent) else []


async def _rate(judge: Judge, session: Session, profile: Profile, state: State) -> list[ItemScore]:
    items: list[ItemScore] = []
    for side in SIDES:
        found = judge.rate(side, session, profile, state)
        items += await found if inspect.isawaitable(found) else found
    return items


async def _flow(judge: Judge, session: Session, profile: Profile) -> list[Red]:
    if isinstance(judge, ModelJudge):
        return await judge.flow(session, profile)
    return flow_by_rules(session, profile)


async def play(
    controller: Arena, judge: Judge, folder: Path | None = None, rated: Mapping[str, Any] | None = None
) -> Played:
    """Play and rate one session.

    Args:
        controller: The session.
        judge: Who rates.
        folder: Where its log goes; None keeps it in memory.
        rated: Ratings of an earlier run by session id, used where session and judge are the same.
    """
    name = f"{controller.name}--{controller.profile.id}--{controller.seed}"
    log = None if folder is None else folder / f"{digest(name)}.jsonl"
    dialogue = await run(controller, log=log, seed=controller.seed, name=name)
    session, state = session_of(dialogue, controller)
    key = digest(judge.name, judge.version, [x.text for x in session.lines])
    kept = (rated or {}).get(key)
    if kept:
        items = [ItemScore.from_dict(row) for row in kept["items"]]
        red = [Red.from_dict(row) for row in kept["red"]]
    else:
        items = await _rate(judge, session, controller.profile, state)
        red = await _flow(judge, session, controller.profile)
    if folder is not None and not kept:
        found = {"items": [i.to_dict() for i in items], "red": [r.to_dict() for r in red]}
        write_json(folder.parent / "rated" / f"{key}.json", found)
    return Played(session, state, score_session(session, controller.profile, items, red))


async def run_arena(
    counselors: Sequence[str],
    profiles: Sequence[Profile],
    *,
    out: Path | None = None,
    client: str | None = None,
    judge: Judge | None = None,
    caps: Caps | None = None,
    seeds: Sequence[int] = (0,),
    rules: Sequence[str] = (),
    prompt: str | None = None,
    on_session: Callable[[Played], None] | None = None,
    make: Callable[[str], Agent] | None = None,
) -> ArenaRun:
    """Run all sessions and rank the counselors.

    Args:
        counselors: Names: scripted ones, models, or agents from files (one instance plays all of its sessions).
        profiles: Clients; every counselor meets all of them.
        out: Folder for logs and results; None keeps everything in memory.
        client: Model that words the clients' turns; None: their own words.
        judge: Who rates; by default the rules.
        caps: Bounds of a session.
        seeds: Seeds of the clients' wording.
        rules: Rules that every counselor gets.
        prompt: Instructions of model counselors instead of the default.
        on_session: Called with every finished session.
        make: Makes the counselors instead of ``make_counselor`` (tests).

    Raises:
        SophroError: If a name is unknown, given twice, or a model fails.
    """
    if not counselors or len(set(counselors)) != len(counselors):
        raise SophroError("name at least one counselor, and each only once")
    if not seeds or len(set(seeds)) != len(seeds):
        raise SophroError("name at least one seed, and each only once")
    by: Judge = judge or RuleJudge()
    agents = {n: (make or (lambda c: make_counselor(c, rules, prompt)))(n) for n in counselors}
    rated = _kept(out)
    tasks = [(n, p, s) for p in profiles for n in counselors for s in seeds]
    found: dict[tuple[str, str, int], Played] = {}
    limit = anyio.CapacityLimiter(AT_ONCE)

    async def one(name: str, profile: Profile, seed: int) -> None:
        async with limit:
            speaker = None if client is None else model_client(client, profile)
            controller = Arena(profile, agents[name], name, speaker, caps, seed)
            # What shapes a counselor beside its name is part of the log's settings.
            controller.extra = digest(list(rules), prompt, *_content(agents[name]))
            played = await play(controller, by, None if out is None else out / "logs", rated)
            found[name, profile.id, seed] = played
            if on_session is not None:
                on_session(played)

    try:
        async with anyio.create_task_group() as group:
            for name, profile, seed in tasks:
                group.start_soon(one, name, profile, seed)
    except ExceptionGroup as failed:
        first = next((e for e in failed.exceptions if isinstance(e, SophroError)), failed.exceptions[0])
        raise first from failed
    ordered = tuple(found[n, p.id, s] for n, p, s in tasks)
    ranking = rank([p.score for p in ordered])
    facts = {
        "judge": by.name,
        "judge_version": by.version,
        "client": client or "scripted",
        "caps": asdict(caps or Caps()),
        "seeds": list(seeds),
        "rules": list(rules),
        "simulated": True,
        "warnings": warnings_of(counselors, by.name, client, ranking),
    }
    result = ArenaRun(ordered, ranking, tuple(profiles), facts)
    if out is not None:
        write_arena(result, out)
    return result


def warnings_of(counselors: Sequence[str], judge: str, client: str | None, ranking: Ranking) -> list[str]:
    """Return what a reader of the ranking must know, in sentences.

    Args:
        counselors: Names as they were given.
        judge: Name of the judge.
        client: Model of the clients' words, None for their own.
        ranking: The result.
    """
    found: list[str] = []
    plain = [_bare(c) for c in counselors]
    model = judge.removeprefix("model@")
    if _bare(model) in plain:
        found.append(
            f"{model} is judge and counselor: it may prefer itself; use another judge, or report both"
        )
    if client is not None and _bare(client) in (*plain, _bare(model)):
        found.append(f"{client} plays the clients and has another role too")
    if judge == RuleJudge.name:
        found.append(
            "rated by rules on words, not by people or a model; see docs/arena.md for what that is worth"
        )
    found += [
        f"{s.counselor}: {s.undecided} sessions without an overall score, because safety (S12, S13, the "
        "crisis flow) was not decided; its means are over the other clients, so compare it by the gaps"
        for s in ranking.standings
        if s.undecided
    ]
    return found


def _bare(model: str) -> str:
    return model.removeprefix("sophro/")


class Trials:
    """Sessions of one counselor with rules on trial, a folder for each trial; call it as ``run`` of ``improve``.

    A trial is an arena that ``run_arena`` wrote: killed and called again it asks no model for what it knows already,
    and `sophro arena report` shows it.

    Args:
        counselor: Its name.
        out: Folder for the trials.
        client: Model that words the clients' turns.
        judge: Who rates.
        make: Makes the counselor instead of ``make_counselor``, from rules (tests).

    Attributes:
        done: The trials so far: folder, number of rules and of clients.
    """

    def __init__(
        self,
        counselor: str,
        out: Path,
        *,
        client: str | None = None,
        judge: Judge | None = None,
        make: Callable[[Sequence[str]], Agent] | None = None,
    ) -> None:
        self._counselor = counselor
        self._out = out
        self._client = client
        self._judge = judge
        self._make = make
        self.done: list[dict[str, Any]] = []

    def __call__(self, clients: Sequence[Profile], rules: Sequence[str]) -> list[SessionScore]:
        """Play, rate and keep the sessions of one trial."""
        given = self._make
        make = None if given is None else lambda _: given(rules)
        folder = digest("trial", self._counselor, self._client, list(rules), [p.id for p in clients])[:12]
        result = anyio.run(
            lambda: run_arena(
                [self._counselor],
                clients,
                out=self._out / folder,
                client=self._client,
                judge=self._judge,
                rules=rules,
                make=make,
            )
        )
        self.done.append({"folder": folder, "rules": len(rules), "clients": len(clients)})
        return result.scores


def _kept(out: Path | None) -> dict[str, Any]:
    if out is None or not (out / "rated").is_dir():
        return {}
    return {f.stem: _rating(f) for f in sorted((out / "rated").glob("*.json"))}


def _rating(file: Path) -> dict[str, Any]:
    try:
        row = json.loads(read_text(file))
        found = {"items": list(row["items"]), "red": list(row["red"])}
        for item in found["items"]:
            ItemScore.from_dict(item)
        for item in found["red"]:
            Red.from_dict(item)
    except (ValueError, KeyError, TypeError) as error:
        why = f"{type(error).__name__}: {error}"[:120]
        raise SophroError(f"{file}: damaged ({why}); delete it, and its session is rated again") from None
    return found


def write_arena(result: ArenaRun, out: Path) -> None:
    """Write sessions, scores, ranking and the whole as ``arena.json``."""
    write_jsonl(out / "sessions.jsonl", (p.session.to_dict() for p in result.played))
    write_jsonl(
        out / "scores.jsonl",
        (
            {"session": p.session.id, "judge": result.facts["judge"], **item.to_dict()}
            for p in result.played
            for item in p.score.items.values()
        ),
    )
    write_json(
        out / "arena.json",
        arena_json(
            [p.session for p in result.played],
            result.scores,
            [{"id": p.id, "lang": p.lang, "problem": p.problem, "risk": p.risk} for p in result.profiles],
            result.ranking,
            result.facts,
        ),
    )


def arena_json(
    sessions: Sequence[Session],
    scores: Sequence[SessionScore],
    profiles: Sequence[Mapping[str, Any]],
    ranking: Ranking,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """Return an arena as the report reads it.

    Args:
        sessions: All sessions.
        scores: Their score cards, in the same order.
        profiles: The clients: id, lang, problem, risk.
        ranking: The counselors in order.
        facts: How it was run.
    """
    return {
        "facts": dict(facts),
        "ranking": ranking.to_dict(),
        "items": {
            s.counselor: {k: v.to_dict() for k, v in items_of(scores, s.counselor).items()}
            for s in ranking.standings
        },
        "profiles": [dict(p) for p in profiles],
        "sessions": [
            {**session.to_dict(), "score": score.to_dict()}
            for session, score in zip(sessions, scores, strict=True)
        ],
    }
