"""Where a harmful answer starts to be harmful: a judge over growing prefixes.

Paper: the first prefix that a guard flags (2026.findings-acl.678 used Llama Guard 3); confirmation at the next
cut follows Self-ReSET (arXiv 2605.08936), because a judge can flip back.

Contract: cuts are token counts of the response, at sentence ends and at most every 16 tokens, and only where
the prefix survives decoding and encoding, so that a record holds exactly the ids the model produced. All
prefixes of all responses are judged in one call. A response that is never flagged is dropped and counted; it
is not forced to an onset.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sophro.judge import Exchange, Verdict

EVERY = 16
_SENTENCE_END = re.compile(r"[.!?:。！？：]\s*$")

JudgeFn = Callable[[Sequence[Exchange]], list[Verdict]]


@dataclass(frozen=True)
class Onset:
    """Result of one search.

    Attributes:
        cuts: Usable prefix lengths in tokens, ascending; the last may be the whole response.
        flagged: Whether the judge called each prefix harmful; None where it could not tell.
        onset: First cut that is flagged and confirmed at the next one; None if there is none.
    """

    cuts: tuple[int, ...]
    flagged: tuple[bool | None, ...]
    onset: int | None


def usable(ids: Sequence[int], tokenizer: Any) -> tuple[int, ...]:
    """Return the prefix lengths that survive decoding and encoding, in ascending order.

    Args:
        ids: Token ids of the response.
        tokenizer: The tokenizer that made them.
    """
    texts = [str(tokenizer.decode(list(ids[:n]))) for n in range(1, len(ids) + 1)]
    again = tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []
    return tuple(n for n, back in enumerate(again, start=1) if list(back) == list(ids[:n]))


def cuts(ids: Sequence[int], tokenizer: Any) -> tuple[int, ...]:
    """Return where a judge looks: sentence ends, at least every 16 tokens, and the end, as far as usable."""
    found: list[int] = []
    last = 0
    for length in usable(ids, tokenizer):
        ends = _SENTENCE_END.search(str(tokenizer.decode([ids[length - 1]])))
        if ends or length - last >= EVERY or length == len(ids):
            found.append(length)
            last = length
    return tuple(found)


def find_onsets(
    prompts: Sequence[str], responses: Sequence[Sequence[int]], tokenizer: Any, judge: JudgeFn
) -> list[Onset]:
    """Search the onset of every response.

    Args:
        prompts: What was asked, in plain words.
        responses: Token ids of the responses.
        tokenizer: The tokenizer that made them.
        judge: Judge of the harm question.
    """
    all_cuts = [cuts(ids, tokenizer) for ids in responses]
    exchanges = [
        Exchange.of(prompt, str(tokenizer.decode(list(ids[:cut]))))
        for prompt, ids, mine in zip(prompts, responses, all_cuts, strict=True)
        for cut in mine
    ]
    verdicts = iter(judge(exchanges) if exchanges else [])
    return [onset_of(mine, [next(verdicts).harmful for _ in mine]) for mine in all_cuts]


def onset_of(cuts: Sequence[int], flagged: Sequence[bool | None]) -> Onset:
    """Return the first flag that is confirmed at the next cut (the last cut confirms itself)."""
    for i, harmful in enumerate(flagged):
        if harmful and (i + 1 == len(flagged) or flagged[i + 1]):
            return Onset(tuple(cuts), tuple(flagged), cuts[i])
    return Onset(tuple(cuts), tuple(flagged), None)
