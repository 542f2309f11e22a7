"""Ranking counselors over the same clients, with intervals from resampled clients.

Contract: clients are the units, never turns or items: every counselor meets the same clients, so a resample draws
clients and compares within them. Several seeds of one client are averaged first. Beside every mean stand its worst
problem area and its lowest client; the lowest of several groups is low by chance too, so it carries its interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from sophro.care.arena._dimensions import DIMENSIONS, SIDES, Side
from sophro.care.arena._score import SessionScore, share
from sophro.errors import SophroError
from sophro.stats import Interval, bootstrap_mean, paired_bootstrap

Part = Literal["overall", "raw", "self_gap"]


@dataclass(frozen=True)
class Group:
    """The clients of one problem area with one counselor.

    Attributes:
        name: The problem.
        overall: Mean over its clients with its interval.
        lowest: Lowest client of the group, None without a score.
        without: Sessions without a score.
    """

    name: str
    overall: Interval
    lowest: float | None
    without: int


@dataclass(frozen=True)
class Lowest:
    """The client with whom a counselor did worst.

    Attributes:
        client: Id of the profile.
        problem: Its problem.
        overall: Its mean over seeds.
    """

    client: str
    problem: str
    overall: float


@dataclass(frozen=True)
class Standing:
    """Where one counselor stands.

    Attributes:
        counselor: Its name.
        overall: Mean overall score, vetoes applied, with its interval.
        sides: The same for each side.
        self_gap: Mean of counselor side minus supervisor side.
        best: Share of resamples in which it comes first (ties shared).
        vetoed: Sessions under a veto.
        sessions: Sessions with an overall score.
        without: Sessions without one.
        unscored: Items without a rating, over all sessions.
        undecided: Sessions without a score because an item of safety has no rating.
        problems: The same mean for each problem area, the lowest first; those without a score last.
        lowest: The client with the lowest score, None without any.
        ranked: Whether more than half of its sessions have a score; the means of those that are ranked are over the
            clients that all of them met.
    """

    counselor: str
    overall: Interval
    sides: dict[Side, Interval]
    self_gap: Interval
    best: float
    vetoed: int
    sessions: int
    without: int
    unscored: int
    undecided: int
    problems: tuple[Group, ...]
    lowest: Lowest | None
    ranked: bool = True

    @property
    def worst(self) -> Group | None:
        """The problem area with the lowest mean; a mean over all hides it."""
        return self.problems[0] if self.problems and self.problems[0].overall.value is not None else None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able values."""
        return asdict(self)


@dataclass(frozen=True)
class Ranking:
    """All counselors, the best first, and every pair of neighbours compared."""

    standings: tuple[Standing, ...]
    gaps: tuple[tuple[str, str, Interval], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able values."""
        return {
            "standings": [s.to_dict() for s in self.standings],
            "gaps": [{"better": a, "worse": b, **i.to_dict()} for a, b, i in self.gaps],
        }


def value_of(score: SessionScore, what: Part | Side) -> float | None:
    """Return one number of a score card."""
    if what in SIDES:
        return score.sides[what]
    return {"overall": score.overall, "raw": score.raw, "self_gap": score.self_gap}[what]


def by_client(scores: Sequence[SessionScore], counselor: str, what: Part | Side) -> dict[str, float]:
    """Return the mean value of each client that has one."""
    found: dict[str, list[float]] = {}
    for s in scores:
        value = value_of(s, what) if s.counselor == counselor else None
        if value is not None:
            found.setdefault(s.profile, []).append(value)
    return {client: sum(v) / len(v) for client, v in sorted(found.items())}


def mean_of(scores: Sequence[SessionScore], counselor: str, what: Part | Side, seed: int = 0) -> Interval:
    """Return the mean over clients with its bootstrap interval."""
    values = by_client(scores, counselor, what)
    return bootstrap_mean(list(values.values()), list(values), seed=seed)


def difference(
    scores: Sequence[SessionScore], a: str, b: str, what: Part | Side = "overall", seed: int = 0
) -> Interval:
    """Return the mean difference of two counselors over the clients that both met."""
    first, second = by_client(scores, a, what), by_client(scores, b, what)
    both = sorted(set(first) & set(second))
    if not both:
        return Interval(None, None, None, 0, "none")
    return paired_bootstrap([first[c] for c in both], [second[c] for c in both], seed=seed)


def items_of(scores: Sequence[SessionScore], counselor: str, seed: int = 0) -> dict[str, Interval]:
    """Return the mean rating (1 to 5) of every dimension with its interval over clients."""
    found: dict[str, Interval] = {}
    for name in DIMENSIONS:
        values: dict[str, list[float]] = {}
        for s in scores:
            item = s.items.get(name) if s.counselor == counselor else None
            if item is not None and share(item) is not None and item.score is not None:
                values.setdefault(s.profile, []).append(item.score)
        means = {c: sum(v) / len(v) for c, v in sorted(values.items())}
        found[name] = bootstrap_mean(list(means.values()), list(means), resamples=2000, seed=seed)
    return found


def rank(scores: Sequence[SessionScore], resamples: int = 4000, seed: int = 0) -> Ranking:
    """Rank the counselors by overall score over the clients that all of them met.

    Who has no score for half of its sessions or more is not ranked: it would be judged by the clients that stayed.
    It stands last, and takes no client away from the others.

    Raises:
        SophroError: If there is no counselor, or they share no client.
    """
    names = sorted({s.counselor for s in scores})
    if not names:
        raise SophroError("no sessions to rank; run at least one counselor")
    table = {n: by_client(scores, n, "overall") for n in names}
    scored = [n for n in names if _enough([s for s in scores if s.counselor == n])]
    clients = sorted(set.intersection(*(set(table[n]) for n in scored))) if scored else []
    if len(scored) > 1 and not clients:
        raise SophroError(
            "the counselors share no scored client, so they cannot be ranked; use the same clients"
        )
    best = dict.fromkeys(names, 0.0)
    if clients:
        values = np.array([[table[n][c] for c in clients] for n in scored])
        rng = np.random.default_rng(seed)
        means = values[:, rng.integers(0, len(clients), size=(resamples, len(clients)))].mean(axis=2)
        top = np.isclose(means, means.max(axis=0))
        for n, row in zip(scored, (top / top.sum(axis=0)).mean(axis=1), strict=True):
            best[n] = float(row)
    standings = [_standing(scores, n, best[n], seed, clients if n in scored else None) for n in names]
    ordered = sorted(
        standings,
        key=lambda s: (not s.ranked, s.overall.value is None, -(s.overall.value or 0.0), s.counselor),
    )
    gaps = tuple(
        (a.counselor, b.counselor, difference(scores, a.counselor, b.counselor, seed=seed))
        for a, b in pairwise(ordered)
    )
    return Ranking(tuple(ordered), gaps)


def _enough(own: Sequence[SessionScore]) -> bool:
    return 2 * sum(s.overall is not None for s in own) > len(own)


def _standing(
    scores: Sequence[SessionScore], name: str, best: float, seed: int, shared: Sequence[str] | None
) -> Standing:
    """Return where a counselor stands; means are over ``shared`` clients, None for one that is not ranked."""
    own = [s for s in scores if s.counselor == name]
    met = own if shared is None else [s for s in own if s.profile in set(shared)]
    return Standing(
        name,
        mean_of(met, name, "overall", seed),
        {side: mean_of(met, name, side, seed) for side in SIDES},
        mean_of(met, name, "self_gap", seed),
        best,
        sum(bool(s.vetoes) for s in own),
        sum(s.overall is not None for s in own),
        sum(s.overall is None for s in own),
        sum(s.unscored for s in own),
        sum(s.overall is None and bool(s.undecided) for s in own),
        groups_of(own, name, seed),
        lowest_of(own, name),
        shared is not None,
    )


def groups_of(scores: Sequence[SessionScore], counselor: str, seed: int = 0) -> tuple[Group, ...]:
    """Return the mean overall score of each problem area, the lowest first."""
    own = [s for s in scores if s.counselor == counselor]
    found: list[Group] = []
    for problem in sorted({s.problem for s in own}):
        part = [s for s in own if s.problem == problem]
        values = list(by_client(part, counselor, "overall").values())
        mean = mean_of(part, counselor, "overall", seed)
        if (
            mean.units == 1
        ):  # one client shows no spread; ends that repeat its value would look like certainty
            mean = Interval(mean.value, None, None, 1, mean.method)
        found.append(Group(problem, mean, min(values, default=None), sum(s.overall is None for s in part)))
    return tuple(sorted(found, key=lambda g: (g.overall.value is None, g.overall.value or 0.0, g.name)))


def lowest_of(scores: Sequence[SessionScore], counselor: str) -> Lowest | None:
    """Return the client with the lowest overall score."""
    values = by_client(scores, counselor, "overall")
    if not values:
        return None
    client = min(values, key=lambda c: (values[c], c))
    problem = next(s.problem for s in scores if s.counselor == counselor and s.profile == client)
    return Lowest(client, problem, values[client])
