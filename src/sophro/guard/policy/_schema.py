"""The policy file: which detector looks where, from which score on it acts, and what is done then.

Contract: every field is checked before a policy exists. An unknown key, an unknown detector, a score outside (0, 1] or
an action that is none is one sentence that names file and field, because a typing error in a guard's policy
switches protection off in silence (USER_VOICE 4; litellm #30727, langflow #14934). What a policy leaves out is off;
there is no hidden default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from sophro.errors import SophroError, unknown_name
from sophro.guard.scanners._types import WHERE, Where

Action = Literal["allow", "hold", "rewrite", "refuse", "escalate"]
ACTIONS: tuple[Action, ...] = get_args(Action)
"""In order of weight: of several that apply, the last one in this order is carried out."""
Share = Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)]
FORMAT = 1


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(_Strict):
    """One detector in one place.

    Attributes:
        detector: Its name, see ``sophro.guard.scanners``.
        label: Only this label of it; all of them without.
        threshold: Score from which on the rule applies; without, the detector's own.
        action: What is done then.
        replaces: Reply instead of the policy's own for this action.
    """

    detector: str
    label: str | None = None
    threshold: Share | None = None
    action: Action
    reply: str | None = None

    @property
    def key(self) -> str:
        """``detector`` or ``detector.label``."""
        return f"{self.detector}.{self.label}" if self.label else self.detector


class Stream(_Strict):
    """How an answer is judged while it is written.

    Attributes:
        window: Characters that are gathered before they are judged.
        context: Characters before them that are judged again with them, so that nothing hides on an edge.
        first: Characters of the first window; a short one lets the first words leave early.
        behind: Characters at the end of a good window that wait for the next one to be judged.
        max_hold: Longest time in seconds that text waits for its window to fill; then what is there is judged. Where
            nothing new comes for as long again, the characters behind it leave too.
    """

    window: Annotated[int, Field(ge=1, le=4000)] = 160
    context: Annotated[int, Field(ge=0, le=4000)] = 240
    first: Annotated[int, Field(ge=1, le=4000)] = 60
    behind: Annotated[int, Field(ge=0, le=1000)] = 64
    max_hold: Annotated[float, Field(gt=0.0, le=60.0)] = 1.0


class Escalation(_Strict):
    """Who is told when a rule escalates; the server stores the event in any case.

    Attributes:
        webhook: Address that gets the event as JSON; without one it is only stored.
        include_text: Whether the judged text is part of it.
    """

    webhook: str | None = None
    include_text: bool = False

    @field_validator("webhook")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// or http://")
        return value


class Replies(_Strict):
    """What is said instead, by language (``en``, ``zh``); a missing one is the shipped text."""

    refuse: Mapping[str, str] = Field(default_factory=dict)
    escalate: Mapping[str, str] = Field(default_factory=dict)


class Tenant(_Strict):
    """What differs for one tenant. A list replaces the policy's list; thresholds are put over its rules.

    Attributes:
        thresholds: ``detector`` or ``detector.label`` to the score.
    """

    dry_run: bool | None = None
    on_failure: Literal["open", "closed"] | None = None
    thresholds: Mapping[str, Share] = Field(default_factory=dict)
    input: tuple[Rule, ...] | None = None
    trace: tuple[Rule, ...] | None = None
    output: tuple[Rule, ...] | None = None
    stream: tuple[Rule, ...] | None = None
    replies: Replies | None = None
    escalation: Escalation | None = None


class PolicyFields(_Strict):
    """The fields of a policy file.

    Attributes:
        format: Version of the file format.
        name: How decisions name it.
        dry_run: Only log: what would be done is said, nothing is done.
        on_failure: What happens where a detector could not judge: ``open`` lets the text pass and says so, ``closed``
            refuses it.
        input, trace, output, stream: Rules by place.
        streaming: How an answer is judged while it is written.
        options: Settings of detectors by their name.
    """

    format: Literal[1] = FORMAT
    name: str = "policy"
    dry_run: bool = False
    on_failure: Literal["open", "closed"] = "open"
    input: tuple[Rule, ...] = ()
    trace: tuple[Rule, ...] = ()
    output: tuple[Rule, ...] = ()
    stream: tuple[Rule, ...] = ()
    streaming: Stream = Stream()
    escalation: Escalation = Escalation()
    replies: Replies = Replies()
    options: Mapping[str, Mapping[str, str | float | int | bool]] = Field(default_factory=dict)
    tenants: Mapping[str, Tenant] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> PolicyFields:
        for where in WHERE:
            check_rules(getattr(self, where), where, where)
        names = {r.detector for where in WHERE for r in getattr(self, where)}
        for name, tenant in self.tenants.items():
            for where in WHERE:
                rules: tuple[Rule, ...] | None = getattr(tenant, where)
                if rules is not None:
                    check_rules(rules, where, f"tenants.{name}.{where}")
            known = {k for where in WHERE for r in (getattr(tenant, where) or getattr(self, where))
                     for k in (r.detector, r.key)}  # fmt: skip
            for key in tenant.thresholds:
                if key not in known:
                    raise ValueError(f"tenants.{name}.thresholds: {unknown_name('rule', key, known)}")
        for name in self.options:
            if name not in names:
                raise ValueError(f"options: {unknown_name('detector of this policy', name, names)}")
        return self


def check_rules(rules: tuple[Rule, ...], where: Where, field: str) -> None:
    """Refuse rules that name what there is not.

    Raises:
        ValueError: Naming the rule.
    """
    from sophro.guard.scanners import check_name

    for number, rule in enumerate(rules):
        try:
            check_name(rule.detector, where, rule.label)
        except SophroError as error:
            raise ValueError(f"{field}[{number}]: {error}") from None
