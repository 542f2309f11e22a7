"""``sophro arena run``, ``improve``, ``profiles``, ``agreement`` and ``report``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sophro.errors import SophroError

if TYPE_CHECKING:
    from sophro.care.arena import Group, ModelJudge, Profile, RuleJudge, SessionScore, Standing
    from sophro.stats import Interval


def run_(
    *counselors: str,
    out: Path | None = None,
    client: str | None = None,
    judge: str = "rules",
    samples: int = 3,
    lang: str | None = None,
    limit: int | None = None,
    seeds: int = 1,
    profiles: Path | None = None,
    rules: Path | None = None,
    prompt: Path | None = None,
    least: int = 3,
    most: int = 8,
    total: int = 24,
    json: bool = False,
) -> None:
    """Let counselors meet simulated clients, rate them from three sides, rank them, and write a page.

    Args:
        counselors: Scripted ones (good, medium, bad), local models, any Inspect model, or an agent of Inspect from a
            file of yours (agent:coach.py). The same folder goes on where a run was stopped.
        out: Folder for logs, scores, ranking and arena.html; by default one under runs/ that belongs to these
            settings, so that the same command goes on.
        client: Model that words the clients' turns; by default the profiles' own words.
        judge: rules, or a model that rates.
        samples: Ratings of a model judge for each side; the median counts.
        lang: en or zh clients only.
        limit: Number of clients, the problem areas in turn.
        seeds: Sessions of each counselor with each client.
        profiles: JSONL of your own clients.
        rules: File with one rule a line that every counselor gets.
        prompt: File with instructions for model counselors instead of the default, which is in the client's language.
        least: A phase lasts at least so many exchanges.
        most: A phase ends after so many exchanges.
        total: A session ends after so many exchanges.
        json: Print the ranking as JSON.
    """
    import anyio

    from sophro.care.arena import Caps, run_arena
    from sophro.cli._print import note, show_json
    from sophro.files import digest, read_text
    from sophro.report import arena_report

    if seeds < 1:
        raise SophroError(f"--seeds {seeds} must be at least 1")
    chosen = _clients(profiles, lang, limit)
    given = _rules(rules)
    words = read_text(prompt) if prompt is not None else None
    by = _judge(judge, samples)
    if client is not None:
        _known_model(client)
    caps = Caps(least, most, total)
    if out is None:
        clients = [p.to_dict() for p in chosen]
        key = digest(list(counselors), client, judge, samples, seeds, asdict(caps), given, words, clients)
        out = Path("runs") / f"arena-{key[:8]}"
    done = 0

    def count(_: object) -> None:
        nonlocal done
        done += 1
        if not json and done % 20 == 0:
            note(f"{done} of {len(counselors) * len(chosen) * seeds} sessions")

    result = anyio.run(
        lambda: run_arena(
            counselors,
            chosen,
            out=out,
            client=client,
            judge=by,
            caps=caps,
            seeds=range(seeds),
            rules=given,
            prompt=words,
            on_session=count,
        )
    )
    arena_report(out, out / "arena.html")
    if json:
        show_json({"facts": dict(result.facts), **result.ranking.to_dict()})
        return
    _show_ranking(result.ranking.standings)
    for better, worse, gap in result.ranking.gaps:
        print(f"{better} - {worse}: {_estimate(gap)}")
    for warning in result.facts["warnings"]:
        note(warning)
    print(f"{out / 'arena.html'}: {len(result.played)} simulated sessions")


def improve_(
    counselor: str,
    /,
    *,
    out: Path,
    writer: str | None = None,
    client: str | None = None,
    judge: str = "rules",
    samples: int = 3,
    lang: str | None = None,
    limit: int | None = None,
    rounds: int = 3,
    per_round: int = 6,
    json: bool = False,
) -> None:
    """Diagnose a counselor, write rules, keep those that do no harm with other clients, measure the gain on yet others.

    Args:
        counselor: A scripted counselor, a model, or an agent of Inspect from a file of yours (agent:coach.py).
        out: Folder for rules.txt, loop.json and the sessions of every trial; the same command goes on where it was
            stopped, and asks no model twice.
        writer: Model that writes the rules; by default a fixed library. Where all clients are Chinese, rules are too.
        client: Model that words the clients' turns.
        judge: rules, or a model that rates.
        samples: Ratings of a model judge for each side.
        lang: en or zh clients only.
        limit: Number of clients: a third each for diagnosis, acceptance and report.
        rounds: Most rounds.
        per_round: Most new rules in a round.
        json: Print the loop as JSON.
    """
    from sophro.care.arena import (
        ModelWriter,
        Trials,
        difference,
        improve,
        split_clients,
        write_rules,
    )
    from sophro.cli._print import show_json
    from sophro.files import write_json, write_text

    if rounds < 1 or per_round < 1:
        raise SophroError("--rounds and --per-round must be at least 1")
    clients = _clients(None, lang, limit)
    parts = split_clients(clients)
    spoken = "zh" if all(p.lang == "zh" for p in clients) else "en"
    library = partial(write_rules, lang=spoken)
    written = None if writer is None else ModelWriter(writer, per_round, out / "written", spoken)
    for model in (client, writer):
        if model is not None:
            _known_model(model)
    trials = Trials(counselor, out / "trials", client=client, judge=_judge(judge, samples))
    loop = improve(
        trials,
        parts,
        write=written or library,
        rounds=rounds,
        per_round=per_round,
    )
    after = [_renamed(s, "after") for s in loop.after]
    gain = difference([*(_renamed(s, "before") for s in loop.before), *after], "after", "before")
    lost = {
        name: sum(s.overall is None for s in part)
        for name, part in (("before", loop.before), ("after", loop.after))
    }
    values = {
        **loop.to_dict(),
        "report_gain": gain.to_dict(),
        "clients": {name: [p.id for p in part] for name, part in parts._asdict().items()},
        "without_score": lost,
        "trials": trials.done,
    }
    write_json(out / "loop.json", values)
    write_text(out / "rules.txt", "".join(f"{r.text}\n" for r in loop.rules))
    if json:
        show_json(values)
        return
    for r in loop.rounds:
        print(
            f"round {r.number}: {len(r.findings)} findings, {len(r.proposed)} rules tried, score with the clients "
            f"of acceptance {'-' if r.acceptance is None else f'{r.acceptance:.3f}'}, "
            f"{'kept' if r.kept else 'not kept'}"
        )
    print(
        f"gain on the {len(parts.report)} clients of the report, met by nothing before: {_estimate(gain)}; "
        f"without a score before {lost['before']}, after {lost['after']}"
    )
    print(f"{out / 'rules.txt'}: {len(loop.rules)} rules")


def _renamed(score: SessionScore, name: str) -> SessionScore:
    import dataclasses

    return dataclasses.replace(score, counselor=name)


def profiles_(*, lang: str | None = None, json: bool = False) -> None:
    """List the clients that come with sophro.

    Args:
        lang: en or zh.
        json: Print as JSON.
    """
    from sophro.care.arena import select, shipped_profiles
    from sophro.cli._print import show_json, show_table

    found = select(shipped_profiles(), lang)
    if json:
        show_json([p.to_dict() for p in found])
        return
    show_table(
        ("client", "language", "problem", "style", "attitude", "risk"),
        [(p.id, p.lang, p.problem, p.style, p.attitude, p.risk) for p in found],
    )


def agreement_(
    *, judge: str = "rules", samples: int = 3, limit: int | None = None, json: bool = False
) -> None:
    """Compare a supervisor with four clinicians on the 60 conversations of MindEval (needs SOPHRO_DATA).

    Args:
        judge: rules, or a model that rates.
        samples: Ratings of a model judge.
        limit: Only so many conversations.
        json: Print as JSON.
    """
    import anyio

    from sophro.care.arena import (
        ModelJudge,
        agreement_with,
        load_conversations,
        rule_scores,
        supervisor_score,
    )
    from sophro.cli._print import show_json, show_table

    conversations = load_conversations()[:limit]
    by = _judge(judge, samples)
    if isinstance(by, ModelJudge):

        async def rate() -> list[float | None]:
            return [
                supervisor_score(await by.rate("supervisor", c.session, None, None)) for c in conversations
            ]

        scores = anyio.run(rate)
    else:
        scores = rule_scores(conversations)
    found = agreement_with(conversations, scores)
    if json:
        show_json({"judge": by.name, "version": by.version, **found.to_dict()})
        return
    print(
        f"{by.name}: {found.n} conversations, {found.unscored} unscored; rank correlation with the clinicians' mean"
    )
    rows = [("overall criterion", found.overall), ("all criteria", found.everything)]
    rows += [(name, i) for name, i in found.criteria.items()]
    rows += [("clinicians among themselves", found.clinicians)]
    show_table(("against", "rank correlation"), [(name, _estimate(i)) for name, i in rows])


def report_(*sources: Path, out: Path) -> None:
    """Write the page of an arena again, or that of logs of Inspect.

    Args:
        sources: The folder of one `sophro arena run`, or logs of `inspect eval sophro/arena` (one for each model,
            run alike), which are ranked together.
        out: HTML file to write.
    """
    from sophro.report import arena_report

    if not sources:
        raise SophroError("arena report: name the folder of an arena, or logs of Inspect")
    print(arena_report(sources, out))


def _clients(path: Path | None, lang: str | None, limit: int | None) -> list[Profile]:
    from sophro.care.arena import read_profiles, select, shipped_profiles

    return select(shipped_profiles() if path is None else read_profiles(path), lang, limit)


def _rules(path: Path | None) -> list[str]:
    from sophro.files import read_text

    if path is None:
        return []
    found = [r.strip() for r in read_text(path).splitlines() if r.strip()]
    if not found:
        raise SophroError(f"{path} holds no rule; write one a line, or leave --rules out")
    return found


def _judge(name: str, samples: int) -> RuleJudge | ModelJudge:
    from sophro.care.arena import ModelJudge, RuleJudge

    if samples < 1:
        raise SophroError(f"--samples {samples} must be at least 1")
    if name == "rules":
        return RuleJudge()
    _known_model(name)
    return ModelJudge(name, samples)


def _known_model(name: str) -> None:
    from sophro.models import check_name

    check_name(name)


def _estimate(i: Interval) -> str:
    if i.value is None:
        return "not measured"
    if i.low is None or i.high is None:
        return f"{i.value:.3f}"
    value, low, high = (round(x, 3) + 0.0 for x in (i.value, i.low, i.high))  # no "-0.000"
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _show_ranking(standings: Sequence[Standing]) -> None:
    from sophro.care.arena import SIDES
    from sophro.cli._print import percent, show_table

    rows: list[tuple[object, ...]] = []
    for s in standings:
        rows.append(
            (
                s.counselor if s.ranked else f"{s.counselor} (not ranked)",
                _estimate(s.overall),
                *(_estimate(s.sides[side]) for side in SIDES),
                _estimate(s.self_gap),
                percent(s.best),
                s.vetoed,
                s.without,
                s.undecided,
                s.unscored,
            )
        )
    show_table(
        (
            *("counselor", "overall", *SIDES, "self-gap", "first", "vetoed", "without score"),
            *("of them safety unrated", "items unscored"),
        ),
        rows,
    )
    if not all(s.ranked for s in standings):
        print(
            "\nnot ranked: no score for half of its sessions or more, so only the clients that stayed would judge it"
        )
    print("\nworst beside the mean: the lowest of several is low by chance too, so read its interval")
    show_table(
        ("counselor", "lowest client", "its score", "worst problem", "mean", "clients"),
        [_worst(s) for s in standings],
    )
    problems = sorted({g.name for s in standings for g in s.problems})
    by_name = [{g.name: g for g in s.problems} for s in standings]
    print("\nby problem, the number of clients behind the mean")
    show_table(
        ("problem", *(s.counselor for s in standings)),
        [(p, *(_group(groups.get(p)) for groups in by_name)) for p in problems],
    )
    print()


def _worst(s: Standing) -> tuple[object, ...]:
    client = (s.lowest.client, f"{s.lowest.overall:.3f}") if s.lowest else ("-", "-")
    group = (s.worst.name, _estimate(s.worst.overall), s.worst.overall.units) if s.worst else ("-", "-", 0)
    return (s.counselor, *client, *group)


def _group(group: Group | None) -> str:
    if group is None:
        return "-"
    without = f", {group.without} without score" if group.without else ""
    return f"{_estimate(group.overall)} ({group.overall.units}{without})"
