"""What a claim is and what running it yields."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from sophro.errors import SophroError

_COMPARE = {">=": operator.ge, "<=": operator.le, "==": operator.eq, ">": operator.gt, "<": operator.lt}
Status = Literal["held", "not held", "not run"]


@dataclass(frozen=True)
class Check:
    """One comparison with a threshold fixed in code.

    Attributes:
        what: The quantity in words.
        value: What was measured (share, difference of shares, or absolute difference).
        low: Lower end of the 95 % interval, None where the quantity is exact.
        high: Upper end.
        n: Prompts (or pairs) behind it.
        sign: How the value must lie to the bound.
        bound: The threshold.
        control: Whether this is a control that must fail the claim's own test.
    """

    what: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    sign: Literal[">=", "<=", "==", ">", "<"]
    bound: float
    control: bool = False

    @property
    def passed(self) -> bool:
        """Whether the measured value meets the bound; nothing measured never passes."""
        if self.value is None:
            return False
        return _COMPARE[self.sign](self.value, self.bound)


@dataclass(frozen=True)
class Outcome:
    """Result of one claim."""

    name: str
    statement: str
    checks: tuple[Check, ...]
    seconds: float
    notes: tuple[str, ...] = ()
    error: str = ""  # why it could not be run

    @property
    def status(self) -> Status:
        """Held only if every check passed (controls state what must be true of them)."""
        if self.error:
            return "not run"
        return "held" if self.checks and all(c.passed for c in self.checks) else "not held"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able values."""
        checks = [{**asdict(c), "passed": c.passed} for c in self.checks]
        return {**asdict(self), "checks": checks, "status": self.status}


@dataclass(frozen=True)
class Claim:
    """An executable claim.

    Attributes:
        name: Stable name.
        statement: What must hold, in one sentence.
        methods: Registered methods that it is evidence for.
        run: ``(folder, quick) -> (checks, notes)``; the folder keeps runs, so that a second call resumes.
        in_quick: Whether ``--quick`` runs it unless it is named; ten minutes do not suffice for all.
    """

    name: str
    statement: str
    methods: tuple[str, ...]
    run: Callable[[Path, bool], tuple[list[Check], list[str]]] = field(repr=False)
    in_quick: bool = True


class Unfit(SophroError):
    """A method refuses to be enabled on the subject of a claim."""


def unfit(error: Unfit) -> tuple[list[Check], list[str]]:
    """Return what a refusal to fit says about a claim: that it does not hold here, and not that nothing was tried."""
    return [Check("the method can be fitted on the subject", 0.0, None, None, 1, "==", 1.0)], [str(error)]
