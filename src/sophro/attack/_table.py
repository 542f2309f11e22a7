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
_JAILBROKEN = "Wei et al., Jailbroken: How Does LLM Safety Training Fail?, arXiv 2307.02483"
_CIPHERCHAT = (
    "Yuan et al., GPT-4 Is Too Smart To Be Safe: Stealthy Chat with LLMs via Cipher, arXiv 2308.06463"
)
_OPENINGS = (
    "Demonstrations are our own openings without usable content, so the attack is weaker than published."
)
_OWN_WORDS = "Instructions and frames are in our own words."
_KNOWN = ("known_asr",)
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
    Row(
        "ica",
        "_shots:InContext",
        "In-context attack: earlier turns in which the assistant complied",
        "Wei et al., Jailbreak and Guard Aligned Language Models with Few In-Context Demonstrations, arXiv 2310.06387",
        deviations=(_OPENINGS,),
    ),
    Row(
        "many_shot",
        "_shots:ManyShot",
        "Many-shot: a long quoted dialogue in which every request was met",
        "Anil et al., Many-shot Jailbreaking, 2024",
        deviations=(
            _OPENINGS,
            "The layout of the dialogue is inferred; the number of shots ends where our demonstrations do.",
        ),
    ),
    *(
        Row(name, f"_ciphers:{kind}", title, _JAILBROKEN, evidence=_KNOWN, deviations=(_OWN_WORDS,))
        for name, kind, title in (
            ("base64", "Base64", "The request in Base64"),
            ("rot13", "Rot13", "The request in ROT13"),
            ("leetspeak", "Leetspeak", "The request in leetspeak"),
            ("disemvowel", "Disemvowel", "The request without its vowels"),
        )
    ),
    *(
        Row(name, f"_ciphers:{kind}", title, _CIPHERCHAT, evidence=_KNOWN, deviations=(_OWN_WORDS, _OPENINGS))
        for name, kind, title in (
            ("caesar", "Caesar", "A conversation in a Caesar cipher with an expert persona"),
            ("morse", "Morse", "A conversation in Morse code with an expert persona"),
            ("ascii", "Ascii", "A conversation in character codes with an expert persona"),
        )
    ),
    Row(
        "ciphers",
        "_ciphers:Ciphers",
        "All seven ciphers in turn: the attacker needs one that works",
        _JAILBROKEN,
        budget=Budget(queries=7),
        evidence=_KNOWN,
        deviations=(_OWN_WORDS, _OPENINGS),
    ),
    Row(
        "low_resource",
        "_language:LowResource",
        "The request in languages with little data, the answer translated back",
        "Deng et al., Multilingual Jailbreak Challenges in Large Language Models, arXiv 2310.06474",
        budget=Budget(queries=3),
        roles=("translator",),
    ),
    Row(
        "past_tense",
        "_past:PastTense",
        "The request as a question about how it was done in the past",
        "Andriushchenko and Flammarion, Does Refusal Training in LLMs Generalize to the Past Tense?, arXiv 2407.11969",
        roles=("rewriter",),
        deviations=(
            "All rewrites are sent; there is no stop at the first success.",
            "Without a rewriter the phrases and frames are ours.",
        ),
    ),
    Row(
        "pap",
        "_pap:Persuasion",
        "Persuasion: the request wrapped into techniques out of forty",
        "Zeng et al., How Johnny Can Persuade LLMs to Jailbreak Them, arXiv 2401.06373",
        budget=Budget(queries=5),
        roles=("rewriter",),
        deviations=(
            "Any model paraphrases, the paper tunes one; without one a written lead-in of the technique is put before "
            "the request.",
        ),
    ),
    Row(
        "deep_inception",
        "_templates:DeepInception",
        "A story within a story, five layers deep",
        "Li et al., DeepInception: Hypnotize Large Language Model to Be Jailbreaker, arXiv 2311.03191",
        deviations=(_OWN_WORDS,),
    ),
    Row(
        "in_the_wild",
        "_templates:InTheWild",
        "Jailbreak prompts that people wrote and shared",
        "Shen et al., Do Anything Now: Characterizing In-The-Wild Jailbreak Prompts, arXiv 2308.03825",
    ),
    Row(
        "h_cot",
        "_templates:HijackedThought",
        "A lesson, with a forced thought that has already decided to answer",
        "Kuo et al., H-CoT: Hijacking the Chain-of-Thought Safety Reasoning Mechanism, arXiv 2502.12893",
        needs=("prefill", "trace"),
        also=("D5",),
        deviations=(
            _OWN_WORDS,
            "The thought is written once, not built from the target's own; where=trace forces it as a trace.",
        ),
    ),
)
