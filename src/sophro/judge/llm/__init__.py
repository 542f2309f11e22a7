"""LLM judges: rubrics and guard models as exact adapters over any Inspect model.

A judge is named ``ADAPTER@MODEL``: ``strongreject-harm@openai/gpt-4o``, ``llama-guard-3-harm@vllm/...``.
"""

from __future__ import annotations

from collections.abc import Mapping

from sophro.errors import SophroError, unknown_name
from sophro.judge.llm._adapter import Adapter, Reading, Turn
from sophro.judge.llm._fence import fence, tag_of
from sophro.judge.llm._guards import GUARDS
from sophro.judge.llm._judge import Judged, LlmJudge, Usage
from sophro.judge.llm._reply import Reply, Token, Unparsed
from sophro.judge.llm._rubrics import PAIR, STRONGREJECT, XSTEST, strongreject_score

ADAPTERS: Mapping[str, Adapter] = {a.name: a for a in (STRONGREJECT, XSTEST, PAIR, *GUARDS)}


def adapters() -> Mapping[str, str]:
    """Return the names of all adapters with what they answer."""
    return {name: adapter.title for name, adapter in ADAPTERS.items()}


def llm_judge(name: str) -> LlmJudge:
    """Return the judge ``ADAPTER@MODEL``.

    Raises:
        SophroError: If the adapter is unknown or no model is named.
    """
    adapter, _, model = name.partition("@")
    if adapter not in ADAPTERS:
        raise unknown_name("judge", adapter, ADAPTERS)
    if not model:
        raise SophroError(f"judge {adapter!r} needs a model: write {adapter}@openai/... or any Inspect model")
    return LlmJudge(ADAPTERS[adapter], model)


__all__ = [
    "ADAPTERS",
    "Adapter",
    "Judged",
    "LlmJudge",
    "Reading",
    "Reply",
    "Token",
    "Turn",
    "Unparsed",
    "Usage",
    "adapters",
    "fence",
    "llm_judge",
    "strongreject_score",
    "tag_of",
]
