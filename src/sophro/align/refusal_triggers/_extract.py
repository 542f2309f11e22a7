"""From a harmful request to its harmless cues by occlusion, and the weights of cues that many share.

Paper: "Deactivating Refusal Triggers" (Xue et al. 2026, arXiv 2603.11388), step 1. The paper asks GPT-4o to
take the harmful intent out of a request; the occlusion rule is the offline stand-in of our method card.

Contract: pure, no model. A trigger never holds a content word of what was removed from its request, nor a
lexicon word, has at most 12 words and, as a task, at least two content words. A record without a trigger is
a result with a reason, not an error. That a trigger is safe and active is for the caller to verify.

Deviations: a span that depends on a removed one goes with it (a verb takes the rest of its sentence along,
a clause too, a noun phrase its own "of" and "who"), otherwise the rest is neither grammatical nor harmless.
The opener is never a harmful span. An opener trigger is also kept where no task remains.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sophro.align.refusal_triggers._spans import CLAUSES, CONJUNCTIONS, SUBJECTS, Span, asks, spans, without
from sophro.align.refusal_triggers._words import (
    WORD,
    content_words,
    is_chinese,
    length_in_words,
    shares_content,
    stem,
)
from sophro.data import normalise
from sophro.errors import SophroError

MAX_WORDS = 12
MAX_TASKS = 3
_STOP = re.compile(r"[.;!?\n。！？；]")
_OPENS_CLAUSE = CLAUSES | CONJUNCTIONS | SUBJECTS | {"to"}


@dataclass(frozen=True)
class Trigger:
    """A harmless cue of a harmful request.

    Attributes:
        text: A request that can be answered as it stands.
        kind: ``opener`` for a generic way of asking for help, ``task`` otherwise.
        residue: What was removed from the request, in its own words, for audit.
    """

    text: str
    kind: Literal["opener", "task"]
    residue: tuple[str, ...]


@dataclass(frozen=True)
class Extraction:
    """What came out of one record.

    Attributes:
        id: The record's id.
        triggers: At most one opener and three tasks, without duplicates.
        residue: What was removed from the request.
        reason: Why there is no task trigger; empty if there is one.
    """

    id: str
    triggers: tuple[Trigger, ...]
    residue: tuple[str, ...]
    reason: str


class OcclusionPlan:
    """The rule extractor in two phases, so that a caller can score all texts of all records in one batch."""

    def occlusions(self, prompt: str) -> list[str]:
        """Return the texts to score: the prompt, then the prompt without each of its spans in turn.

        A prompt of one span has the empty text as its only variant.
        """
        return [prompt, *(without(prompt, [span]) for span in spans(prompt))]

    def extract(
        self,
        id: str,
        prompt: str,
        scores: Sequence[float],
        lexicon: frozenset[str] = frozenset(),
        percentile: float = 70.0,
    ) -> Extraction:
        """Take the harmful spans out and return what is left of the request.

        A span is harmful if removing it lowers the score by more than ``percentile`` of the spans do (and at
        all), or if it holds a lexicon word.

        Args:
            id: The record's id.
            prompt: The harmful request.
            scores: Log-odds of refusal of exactly the texts of ``occlusions(prompt)``; higher is refused more.
            lexicon: Words or phrases that are harmful here, for instance the record's ``triggers``. Endings do
                not matter; Chinese entries match anywhere.
            percentile: In [0, 100].

        Raises:
            SophroError: If the number of scores is wrong, one is not finite, or the percentile is no percentage.
        """
        parts = spans(prompt)
        if len(scores) != len(parts) + 1:
            raise SophroError(
                f"record {id!r}: {len(scores)} scores for {len(parts) + 1} texts; score what occlusions() returned"
            )
        values = np.asarray(scores, dtype=np.float64)
        if not np.isfinite(values).all():
            raise SophroError(
                f"record {id!r}: score {int(np.argmin(np.isfinite(values)))} is not a finite number"
            )
        if not 0 <= percentile <= 100:
            raise SophroError(f"percentile {percentile} must lie between 0 and 100")
        if not parts:
            return Extraction(id, (), (), "the prompt has no words")
        drops = values[0] - values[1:]
        # Rounding of the percentile must not lift one of several equal drops above it.
        floor = max(float(np.percentile(drops, percentile)), 0.0)
        above = drops > floor + 1e-9 * max(1.0, abs(floor))
        listed = _matches(prompt, lexicon)
        harmful = {
            i
            for i, span in enumerate(parts)
            if span.kind != "opener"
            and (above[i] or any(start < span.end and span.start < end for start, end in listed))
        }
        return _remains(id, prompt, parts, harmful, lexicon)


def _matches(text: str, lexicon: Iterable[str]) -> list[tuple[int, int]]:
    """Return where lexicon entries occur, by the stems of consecutive words or, in Chinese, literally."""
    words = [
        (part.start() + word.start(), part.end() - len(part.group()) + word.end(), stem(word.group()))
        for part in WORD.finditer(text)
        for word in re.finditer(r"[^\-_]+", part.group())
    ]
    found: list[tuple[int, int]] = []
    for entry in lexicon:
        if is_chinese(entry):
            found += [(m.start(), m.end()) for m in re.finditer(re.escape(entry.strip()), text)]
            continue
        wanted = [stem(w) for part in WORD.findall(entry) for w in re.findall(r"[^\-_]+", part)]
        for i in range(len(words) - len(wanted) + 1 if wanted else 0):
            if [w for _, _, w in words[i : i + len(wanted)]] == wanted:
                found.append((words[i][0], words[i + len(wanted) - 1][1]))
    return found


def _closure(prompt: str, parts: Sequence[Span], harmful: set[int]) -> set[int]:
    """Add the spans that cannot stand without a removed one."""
    texts = [prompt[s.start : s.end] for s in parts]
    sentence = [0] * len(parts)
    for i in range(1, len(parts)):
        sentence[i] = sentence[i - 1] + bool(_STOP.search(prompt[parts[i - 1].end : parts[i].start]))
    verb, thing = _main_of(parts)
    gone = set(harmful)
    for i in sorted(harmful):
        if not any(m is not None and sentence[m] == sentence[i] for m in (verb, thing)):
            # A sentence beside the task is of no use without its harmful half.
            gone |= {j for j, s in enumerate(parts) if sentence[j] == sentence[i] and s.kind != "opener"}
            continue
        if verb is not None and thing is not None and verb < i < thing:
            continue  # a modifier leaves alone
        if i == thing and verb is not None:
            gone |= set(range(verb + 1, i))
        for j in range(i - 1, -1, -1):
            if not texts[j].endswith("的") or parts[j].end != parts[i].start:
                break
            gone.add(j)
        opening = texts[i].split()[0].lower()
        whole = parts[i].kind != "qualifier" or opening in _OPENS_CLAUSE or is_chinese(prompt)
        for j in range(i + 1, len(parts)):
            own = texts[j].split()[0].lower() in CLAUSES | SUBJECTS | {"of"}
            if sentence[j] != sentence[i] or parts[j].kind == "opener" or not (whole or own):
                break
            gone.add(j)
    return gone


def _main_of(parts: Sequence[Span]) -> tuple[int | None, int | None]:
    """Return the places of verb and object."""
    places = {s.kind: i for i, s in enumerate(parts)}
    return places.get("verb"), places.get("object")


def _remains(
    id: str, prompt: str, parts: Sequence[Span], harmful: set[int], lexicon: frozenset[str]
) -> Extraction:
    gone = _closure(prompt, parts, harmful)
    residue = tuple(prompt[parts[i].start : parts[i].end] for i in sorted(gone))
    opener = next((s for s in parts if s.kind == "opener"), None)
    found: list[Trigger] = []

    def clean(text: str) -> bool:
        return not any(shares_content(text, r) for r in residue) and not _matches(text, lexicon)

    if opener:
        text = _complete(prompt[opener.start : opener.end])
        if clean(text) and length_in_words(text) <= MAX_WORDS:
            found.append(Trigger(text, "opener", residue))
    # If nothing goes, or "for me" alone, the rest would be the harmful request itself.
    if not gone:
        return Extraction(id, tuple(found), (), "no span of the prompt stands out as harmful")
    if not any(content_words(r) for r in residue):
        return Extraction(id, tuple(found), residue, "what stands out as harmful holds no content word")
    removed = [parts[i] for i in sorted(gone)]
    bare = without(prompt, [*removed, *([opener] if opener else [])])
    # An opener or a preamble whose task is gone asks for nothing.
    # A statement with neither opener nor task verb asks for nothing either.
    verb, thing = _main_of(parts)
    main = {m for m in (verb, thing) if m is not None} if opener or verb is not None else set[int]()
    if not main or main & gone or len(content_words(bare)) < 2:
        return Extraction(id, tuple(found), residue, "nothing benign remains")
    candidates = [without(prompt, removed)]
    if verb is not None:  # "give me ideas" without its opener is a noun, not a request
        candidates.append(bare)
    core = _core(parts, gone)
    if core:
        candidates.append(without(prompt, [s for i, s in enumerate(parts) if i not in core]))
    tasks: list[Trigger] = []
    for text in candidates:
        new = normalise(text) not in {normalise(t.text) for t in [*found, *tasks]}
        if new and clean(text) and length_in_words(text) <= MAX_WORDS and len(content_words(text)) >= 2:
            tasks.append(Trigger(text, "task", residue))
    reason = "" if tasks else "all that remains holds words of the removed part or is too long"
    return Extraction(id, (*found, *tasks[:MAX_TASKS]), residue, reason)


def _core(parts: Sequence[Span], gone: set[int]) -> set[int]:
    """Return verb, object and the modifiers between them, without what is gone; empty if one is missing."""
    verb, thing = _main_of(parts)
    if verb is None or thing is None or {verb, thing} & gone:
        return set()
    return set(range(verb, thing + 1)) - gone


_COMPLETIONS = (
    (r"(?:give|advise)\s+(?:me|us)$|\b(?:need|want|looking\s+for)$", "some advice"),
    (r"\bhelp(?:\s+(?:me|us))?$|\b(?:help|advice)$", "with this"),
    (r"\b(?:help|advice)\s+(?:with|on)$|\bthrough$", "this"),
    (r"(?:tell|show|teach)\s+(?:me|us)$|\bknow$", "more about this"),
    (r"^(?:where|when)\b.*$", "do this"),
    (r"^what\s+\w+\s+\w+$", "do"),
    (r"\b(?:way|ways|method|methods|trick|tricks|step|steps)\s+of$", "doing this"),
    (r"\b(?:for)$", "this"),
    (r"^(?:.*\s)?(?:can|could|would|will|may|might)\s+you(?:\s+\w+)?$|^please$", "help me with this"),
)

_ZH_COMPLETIONS = (
    (r"(?:给我|需要)$", "一些建议"),
    (r"诉我$", "怎么做"),
    (r"(?:请|请问|麻烦你?|能|能不能|能否|可以)$", "帮我做这件事"),
)


def _complete(opener: str) -> str:
    """Make an opener a full request without a topic."""
    text = re.sub(r"\s+", " ", opener).strip(" ,，")
    if is_chinese(text):
        rest = next((e for p, e in _ZH_COMPLETIONS if re.search(p, text)), "做这件事")
        # "Teach me how" holds a question word and asks nothing.
        return text + rest + ("？" if asks(text) and not re.match(r"[帮教告替给]", text) else "。")
    ending = next((e for p, e in _COMPLETIONS if re.search(p, text, re.IGNORECASE)), "do this")
    return f"{text[0].upper()}{text[1:]} {ending}{'?' if asks(text) else '.'}"


def down_weighted(texts: Sequence[str]) -> list[float]:
    """Weigh triggers by how often they came before: the k-th occurrence of one counts 1/k.

    A trigger of half of all records ("Can you help me with this?") keeps its first place among the benign
    requests, and cannot fill them by itself.

    Args:
        texts: One trigger per record it was found in; case and marks do not matter.

    Returns:
        Weights in (0, 1], in the order of ``texts``.
    """
    seen: Counter[str] = Counter()
    out: list[float] = []
    for text in texts:
        seen[normalise(text)] += 1
        out.append(1.0 / seen[normalise(text)])
    return out
