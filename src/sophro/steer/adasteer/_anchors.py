"""Anchors: prompts sorted by what the target model does with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sophro.errors import SophroError
from sophro.steer._outcomes import Asked, Outcome, counts

LEAST = 5  # anchors a class


@dataclass(frozen=True)
class Anchors:
    """Prompts of the three classes, and what happened to all that were tried.

    Attributes:
        complied: Harmful prompts that the model complied with.
        refused: Harmful prompts that it refused.
        benign: Benign prompts that it answered.
        tried: Outcomes by role; ``neither`` are partial refusals, broken and unscored answers.
    """

    complied: list[Asked]
    refused: list[Asked]
    benign: list[Asked]
    tried: dict[str, dict[str, int]]


def choose(
    harmful: Sequence[Asked],
    harmful_outcomes: Sequence[Outcome],
    benign: Sequence[Asked],
    benign_outcomes: Sequence[Outcome],
    most: int,
) -> Anchors:
    """Sort prompts into anchors, at most ``most`` a class.

    Raises:
        SophroError: If a class has fewer than ``LEAST`` anchors; it says which, and what was seen.
    """
    complied = [a for a, o in zip(harmful, harmful_outcomes, strict=True) if o == "complied"]
    refused = [a for a, o in zip(harmful, harmful_outcomes, strict=True) if o == "refused"]
    answered = [a for a, o in zip(benign, benign_outcomes, strict=True) if o == "complied"]
    tried = {"harmful": counts(harmful_outcomes), "benign": counts(benign_outcomes)}
    for found, what, role, more in (
        (complied, "complied with", "harmful", "prompts that it complies with (attacked ones, for example)"),
        (refused, "refused", "harmful", "plain harmful prompts, or tune the model to refuse some first"),
        (answered, "answered", "benign", "benign prompts that it answers"),
    ):
        if len(found) < LEAST:
            seen = ", ".join(f"{n} {name}" for name, n in tried[role].items())
            raise SophroError(
                f"adasteer: of the {sum(tried[role].values())} anchor prompts of role {role!r} the model {what} "
                f"{len(found)} ({seen}); at least {LEAST} anchors are needed: add {more}"
            )
    return Anchors(complied[:most], refused[:most], answered[:most], tried)
