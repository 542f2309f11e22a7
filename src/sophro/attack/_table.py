"""The attacks, one row each: a new attack is one row here and a class in a module of its own.

Contract: importing this pulls in no attack. ``needs`` and ``budget`` are those of the attack with its default
settings (the conformance suite holds the class to them); what the settings change, the instance says.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sophro.attack._types import Budget


@dataclass(frozen=True)
class Row:
    """One attack.

    Attributes:
        name: Name in recipes and on the command line.
        kind: ``module:Class`` below ``sophro.attack``.
        title: What it does, in a few words.
        paper: Source.
        needs: Capabilities that the target must have.
        budget: What one behaviour may cost with the default settings.
        roles: Settings that name an Inspect model which the attack asks (``rewriter``, ``translator``, ...).
        evidence: Names of the claims that cover it.
        also: Secondary items of the checklist.
        deviations: What differs from the source.
    """

    name: str
    kind: str
    title: str
    paper: str
    needs: tuple[str, ...] = ()
    budget: Budget = field(default_factory=Budget)
    roles: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()


_REFLECTION = "adaptive attack of 2026.findings-acl.678, known only in outline; this one is ours"
_REFLECTING = ("reflection_is_the_cause",)

ROWS: tuple[Row, ...] = (
    Row(
        "none",
        "_direct:NoAttack",
        "No attack: the request in plain words",
        "baseline (every suite)",
        evidence=("stub_models",),
    ),
    Row(
        "prefill",
        "_direct:Prefill",
        "Prefilled answer: the first k tokens of a compliant answer are forced",
        "Qi et al., Safety Alignment Should Be Made More Than Just a Few Tokens Deep, arXiv 2406.05946",
        needs=("prefill",),
        evidence=("shallow_under_prefill",),
        also=("D5",),
        deviations=(
            "The forced text is written by us without usable content, not taken from a jailbroken model.",
            "Records without an opening get a generic affirmative one; every attempt says which it used.",
        ),
    ),
    *(
        Row(
            f"reflection_{name}",
            f"_reflection:{kind}",
            title,
            _REFLECTION,
            ("prefill",),
            evidence=_REFLECTING,
        )
        for name, kind, title in (
            ("forbidden", "Forbidden", "Reflection token forbidden by logit bias, behind a forced start"),
            ("ignore", "Ignore", "Told that reflection is done and not wanted, behind a forced start"),
            ("literal", "Literal", "The reflection token typed by the user, behind a forced start"),
            ("fake", "Fake", "A forced start with a reflection that found nothing wrong"),
            ("again", "Again", "Asked again after a recovery, behind a forced start"),
        )
    ),
)
