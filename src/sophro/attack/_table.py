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
            evidence=("reflection_is_the_cause" if name == "forbidden" else "reflection_under_attack",),
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
        "Wei et al., Jailbreak and Guard Aligned Language Models with Few In-Context Demonstrations, "
        "arXiv 2310.06387",
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
        "Andriushchenko and Flammarion, Does Refusal Training in LLMs Generalize to the Past Tense?, "
        "arXiv 2407.11969",
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
            "Any model paraphrases, the paper tunes one; without one a written lead-in of the technique is "
            "put before "
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
    Row(
        "gcg",
        "search._tokens:GCG",
        "Greedy coordinate gradient: a suffix of ids that raises the likelihood of a compliant opening",
        "Zou et al., Universal and Transferable Adversarial Attacks on Aligned Language Models, arXiv "
        "2307.15043",
        ("logprobs", "gradients"),
        Budget(queries=2 + 60 * 32, gradients=60),
        evidence=("gcg_beats_random",),
        deviations=(
            "60 steps of 32 candidates (source: 500 of 512), sized for two processor cores.",
            "The kept loss never rises; candidates that change when encoded again are replaced by new draws.",
        ),
    ),
    Row(
        "gcg_reflection",
        "search._tokens:GCGReflection",
        "GCG whose loss also lowers the probability of the reflection token",
        "after the adaptive attack in Zhang et al., Backtracking Improves Generation Safety, arXiv "
        "2409.14586",
        ("logprobs", "gradients"),
        Budget(queries=2 + 60 * 32, gradients=60),
        deviations=(
            "The form of the joint loss is inferred; the search does not restart with a longer target.",
        ),
    ),
    Row(
        "random_search",
        "search._tokens:RandomSearch",
        "Random search on log-probabilities: random changes of a suffix, the best is kept",
        "Andriushchenko et al., Jailbreaking Leading Safety-Aligned LLMs with Simple Adaptive Attacks, "
        "arXiv 2404.02151",
        ("logprobs",),
        Budget(queries=2 + 60 * 32),
        evidence=("gcg_beats_random",),
        deviations=(
            "Without the source's hand-written prompt; the whole opening counts, not its first token.",
        ),
    ),
    Row(
        "autodan",
        "search._autodan:AutoDAN",
        "AutoDAN: a genetic search over readable prompts by the likelihood of a compliant opening",
        "Liu et al., AutoDAN: Generating Stealthy Jailbreak Prompts on Aligned LLMs, arXiv 2310.04451",
        ("logprobs",),
        Budget(queries=1 + 16 + 10 * 14),
        roles=("attacker",),
        evidence=("unsafe_parent",),
        deviations=(
            "Population 16 and 10 generations (source: 64 to 256 and 100); templates and groups of words "
            "are ours.",
            "Without an attacker model mutation swaps words.",
        ),
    ),
    Row(
        "pair",
        "search._pair:Pair",
        "PAIR: an attacker model refines its prompt from the answers and a rating",
        "Chao et al., Jailbreaking Black Box Large Language Models in Twenty Queries, arXiv 2310.08419",
        ("chat",),
        Budget(queries=1 + 9, attacker=18, judge=18),
        roles=("attacker", "judge"),
        evidence=("search_known_asr",),
        deviations=("3 streams of 3 rounds (source: up to 30 of 3); all prompts are ours.",),
    ),
    Row(
        "tap",
        "search._pair:Tap",
        "TAP: PAIR as a tree that drops prompts off the topic before they cost a query",
        "Mehrotra et al., Tree of Attacks: Jailbreaking Black-Box LLMs Automatically, arXiv 2312.02119",
        ("chat",),
        Budget(queries=1 + 12, attacker=24, judge=48),
        roles=("attacker", "judge"),
        evidence=("search_known_asr",),
        deviations=(
            "Branch 2, 3 leaves, depth 3 (source: 4, 10, 10); all prompts are ours.",
            "With a judge that cannot be asked, the topic is checked by sentence embeddings.",
        ),
    ),
    Row(
        "renellm",
        "search._renellm:ReNeLLM",
        "ReNeLLM: the request is reworded and nested in code, a table or a story",
        "Ding et al., A Wolf in Sheep's Clothing, arXiv 2311.08268",
        ("chat",),
        Budget(queries=1 + 10, attacker=120, judge=40),
        roles=("attacker", "judge"),
        evidence=("search_known_asr",),
        deviations=("10 tries (source: up to 20); prompts and scenes are ours.",),
    ),
    Row(
        "gptfuzzer",
        "search._fuzzer:GPTFuzzer",
        "GPTFuzzer: templates are mutated, a tree search chooses which",
        "Yu et al., GPTFuzzer: Red Teaming Large Language Models with Auto-Generated Jailbreak Prompts, "
        "arXiv 2309.10253",
        ("chat",),
        Budget(queries=1 + 26, attacker=40, judge=52),
        roles=("attacker", "judge"),
        evidence=("search_known_asr",),
        deviations=(
            "One behaviour per search, so a mutant joins the pool when it is rated above its parent.",
            "Six starting templates, all ours (source: 77 collected ones); 20 mutants.",
        ),
    ),
)
