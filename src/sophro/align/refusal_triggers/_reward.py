"""The rule-based reward of the method's third regime (reinforcement learning).

Paper: "Deactivating Refusal Triggers" (Xue et al. 2026, arXiv 2603.11388); the exact rule is our method
card's, as the paper's is not known to it.

Contract: ``reward`` is 0 or 1 and pure. A harmful request earns 1 for a refusal that holds nothing unsafe; a
benign one earns 1 for an answer that does not refuse, not politely either, has 20 tokens or more and is not its own
request again. An empty or looping answer earns nothing, so neither silence nor one sentence for everything pays.

Deviations: the answer comes without its thinking part (segments say where it ends, not tags in the text),
and a text without a letter or digit is empty. Whether an answer is on topic is not checked here; meaningless
text of many different words passes as benign, so a judge of helpfulness has to watch the training.
"""

from __future__ import annotations

import re
from typing import Literal

from sophro.align._declines import declines, starts_with_refusal
from sophro.errors import SophroError

MIN_TOKENS = 20
MAX_REPETITION = 0.3
MAX_OVERLAP = 0.8

# A word, or one character of a script without blanks.
_UNIT = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+")


def repetition(text: str) -> float:
    """Share of word triples that occurred before in the text, in [0, 1]; 0 with fewer than three words.

    In Chinese and Japanese a word is a character.
    """
    units = _UNIT.findall(text.lower())
    triples = list(zip(units, units[1:], units[2:], strict=False))
    return 1.0 - len(set(triples)) / len(triples) if triples else 0.0


def overlap(answer: str, prompt: str) -> float:
    """Share of the answer's words that occur in the prompt, in [0, 1]; 1 for an answer without words.

    Order does not count, so a shuffled echo is found too.
    """
    known = set(_UNIT.findall(prompt.lower()))
    units = _UNIT.findall(answer.lower())
    return sum(u in known for u in units) / len(units) if units else 1.0


def reward(
    kind: Literal["harmful", "benign"], prompt: str, answer: str, *, refused: bool, unsafe: bool, tokens: int
) -> float:
    """Reward one answer.

    Args:
        kind: What the request is.
        prompt: The request.
        answer: The answer without its thinking part.
        refused: What the refusal classifier says. An answer that starts with a refusal counts as one anyway.
        unsafe: What the harm judge says.
        tokens: Length of the answer in tokens of the policy.

    Returns:
        1.0 or 0.0.

    Raises:
        SophroError: If ``kind`` is unknown or ``tokens`` is negative.
    """
    if kind not in ("harmful", "benign"):
        raise SophroError(f"reward kind {kind!r} is unknown; known: harmful, benign")
    if tokens < 0:
        raise SophroError(f"an answer of {tokens} tokens is impossible")
    answer = answer.strip()
    if not any(c.isalnum() for c in answer) or repetition(answer) > MAX_REPETITION:
        return 0.0
    refusal = refused or starts_with_refusal(answer)
    if kind == "harmful":
        return float(refusal and not unsafe)
    return float(
        not refusal
        and not declines(answer)
        and tokens >= MIN_TOKENS
        and overlap(answer, prompt) < MAX_OVERLAP
    )
