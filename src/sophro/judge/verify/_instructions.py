"""Instructions whose keeping a program can check: the rule family of IFEval.

Paper: Zhou et al. 2023, Instruction-Following Evaluation for Large Language Models, arXiv 2311.07911 (25 kinds of
rules, strict and loose accuracy). The rules' names and arguments are the paper's, so that its prompts can be read.

Contract: a rule is a function of the answer alone. ``strict`` takes the answer as it is; ``loose`` is kept if any of
eight versions keeps it (without asterisks, without the first line, the last, both). A rule that cannot tell (the
language of a few words) says None: unscored. An empty answer keeps nothing.

Deviations: sentences and words are split by rules of our own instead of NLTK, the language is told by our own small
detector instead of langdetect (which counts a failure as kept); full-width commas are commas; for words in Chinese
characters there are no word boundaries; one rule more, ``length_constraints:number_characters``.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sophro.errors import SophroError, unknown_name
from sophro.judge.verify._rules import RULES


@dataclass(frozen=True)
class RuleResult:
    """One rule on one answer; None where the rule cannot tell."""

    rule: str
    strict: bool | None
    loose: bool | None


@dataclass(frozen=True)
class Kept:
    """All rules of one prompt.

    Attributes:
        results: One per rule, in order.
    """

    results: tuple[RuleResult, ...]

    @property
    def strict(self) -> bool | None:
        """Whether every rule is kept; None if none is broken and one cannot tell."""
        return _all([r.strict for r in self.results])

    @property
    def loose(self) -> bool | None:
        """The same for the loose versions."""
        return _all([r.loose for r in self.results])


def rules() -> tuple[str, ...]:
    """Return the names of all rules."""
    return tuple(RULES)


def loose_variants(text: str) -> list[str]:
    """Return the versions of an answer that the loose score looks at; the first is the answer itself."""
    lines = text.split("\n")
    cut = [text, *("\n".join(lines[a:b]).strip() for a, b in ((1, None), (0, -1), (1, -1)))]
    return [*cut, *(c.replace("*", "") for c in cut)]


def check_instructions(text: str, instructions: Sequence[tuple[str, Mapping[str, Any]]]) -> Kept:
    """Check an answer.

    Args:
        text: What the user reads, without the trace.
        instructions: Rule names with their arguments; arguments that are None count as not given.

    Raises:
        SophroError: If there are no rules, a rule is unknown, or its arguments do not fit.
    """
    if not instructions:
        raise SophroError("check_instructions: a prompt without rules cannot be checked")
    variants = loose_variants(text)
    found: list[RuleResult] = []
    for name, arguments in instructions:
        if name not in RULES:
            raise unknown_name("instruction rule", name, RULES)
        given = {k: v for k, v in arguments.items() if v is not None}
        answers = [_ask(name, v, given) for v in variants]
        loose = True if True in answers else None if None in answers else False
        found.append(RuleResult(name, answers[0], loose))
    return Kept(tuple(found))


def _ask(name: str, text: str, arguments: Mapping[str, Any]) -> bool | None:
    if not text.strip():
        return False
    try:
        return RULES[name](text, **arguments)
    except TypeError as error:
        raise SophroError(f"instruction rule {name}: {str(error).split(') ')[-1]}") from error


def instructions_of(meta: Mapping[str, Any], where: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Read the rules from a record's ``meta``: ``instruction_id_list`` and ``kwargs``, as IFEval names them.

    Raises:
        SophroError: If they are missing or of unequal length.
    """
    names: Any = meta.get("instruction_id_list")
    arguments: Any = meta.get("kwargs")
    if not isinstance(names, Sequence) or not isinstance(arguments, Sequence) or not names:
        raise SophroError(f"{where}: fields instruction_id_list and kwargs are needed to check instructions")
    if len(cast(Sequence[Any], names)) != len(cast(Sequence[Any], arguments)):
        raise SophroError(f"{where}: instruction_id_list and kwargs differ in length")
    pairs: list[tuple[str, Mapping[str, Any]]] = []
    for name, given in itertools.zip_longest(cast(Sequence[Any], names), cast(Sequence[Any], arguments)):
        if not isinstance(given, Mapping):
            raise SophroError(f"{where}, field 'kwargs': an object for each rule is needed")
        pairs.append((str(name), cast(Mapping[str, Any], given)))
    return pairs


def _all(values: Sequence[bool | None]) -> bool | None:
    return False if False in values else None if None in values else True
