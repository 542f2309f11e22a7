"""A suffix of the user's turn as ids: where it stands in the rendered prompt, and which ids survive as text.

Paper: the suffix of GCG, arXiv 2307.15043. Its trap: optimised ids, decoded and encoded again, may be other ids.

Contract: prompt and suffix are two segments of one user turn and the target is the answer of the next turn, so the
model's own template decides what stands around them; nothing is cut out of strings. A suffix counts only if the
whole transcript, rendered from its text, gives exactly the ids that were optimised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sophro.chat import Segment, Transcript, Turn
from sophro.data import Record
from sophro.errors import SophroError

GENERIC_OPENING = {"en": "Sure, here is how you can do that:", "zh": "好的，下面是具体的做法："}


def target_text(record: Record, tokenizer: Any, count: int) -> str:
    """Return the first ``count`` tokens of the record's opening, or of a generic affirmative one."""
    text = record.opening or GENERIC_OPENING.get(record.lang, GENERIC_OPENING["en"])
    ids = tokenizer(text, add_special_tokens=False)["input_ids"][:count]
    return str(tokenizer.decode(ids))


@dataclass(frozen=True)
class SuffixPlace:
    """Where a suffix stands for one behaviour and one model.

    Attributes:
        model: The model under attack.
        prompt: The behaviour in plain words.
        answer: Text whose likelihood is raised.
        before: Ids in front of the suffix.
        start: Ids of the first suffix.
        after: Ids between the suffix and the answer.
        target: Ids of the answer.
    """

    model: Any
    prompt: str
    answer: str
    before: tuple[int, ...]
    start: tuple[int, ...]
    after: tuple[int, ...]
    target: tuple[int, ...]

    @staticmethod
    def find(model: Any, prompt: str, answer: str, suffix: str) -> SuffixPlace:
        """Render once and read the place off the segments.

        Raises:
            SophroError: If the first suffix does not survive the template and the tokenizer.
        """
        rendered = model.render(_transcript(prompt, suffix, answer))
        number = next(i for i, s in reversed(list(enumerate(rendered.segments))) if s.kind == "user")
        own = [i for i, s in enumerate(rendered.segment) if s == number and rendered.kinds[i] == "user"]
        goal = rendered.positions("answer")
        if not own or not goal or own != list(range(own[0], own[-1] + 1)):
            raise SophroError(
                f"model {model.name!r}: the suffix {suffix!r} does not stand as ids of its own; choose another start"
            )
        ids = rendered.ids
        place = SuffixPlace(
            model,
            prompt,
            answer,
            ids[: own[0]],
            ids[own[0] : own[-1] + 1],
            ids[own[-1] + 1 : goal[0]],
            ids[goal[0] :],
        )
        if not place.survives(place.start):
            raise SophroError(
                f"model {model.name!r}: the suffix {suffix!r} changes when it is decoded and encoded again; choose "
                "another start"
            )
        return place

    def text(self, ids: Sequence[int]) -> str:
        """Return the text of suffix ids, with the space that some tokenizers drop at the start of a text."""
        decode = self.model.tokenizer.decode
        anchor = str(decode([self.before[-1]], clean_up_tokenization_spaces=False))
        both = str(decode([self.before[-1], *ids], clean_up_tokenization_spaces=False))
        return (
            both[len(anchor) :]
            if both.startswith(anchor)
            else str(decode(list(ids), clean_up_tokenization_spaces=False))
        )

    def transcript(self, ids: Sequence[int]) -> Transcript:
        """Return what the target is given for these suffix ids."""
        return Transcript(_transcript(self.prompt, self.text(ids), self.answer).turns[:-1])

    def survives(self, ids: Sequence[int]) -> bool:
        """Tell whether the ids are still the same after decoding and rendering the whole transcript."""
        text = self.text(ids)
        if not text.strip():
            return False
        rendered = self.model.render(_transcript(self.prompt, text, self.answer))
        return rendered.ids == (*self.before, *ids, *self.after, *self.target)


def _transcript(prompt: str, suffix: str, answer: str) -> Transcript:
    user = Turn("user", (Segment("user", prompt), Segment("user", suffix)))
    return Transcript((user, Turn("assistant", (Segment("answer", answer),))))


_ALLOWED: WeakKeyDictionary[Any, tuple[int, ...]] = WeakKeyDictionary()


def allowed_ids(model: Any) -> tuple[int, ...]:
    """Return the ids that a suffix may hold: printable ASCII text, no control token, not the reflection token."""
    known = _ALLOWED.get(model.template)
    if known is None:
        tokenizer, barred = model.tokenizer, set(model.template.control_ids) | {model.reflection_id}
        size = min(len(tokenizer), model.network.get_input_embeddings().weight.shape[0])
        texts = tokenizer.batch_decode([[i] for i in range(size)], clean_up_tokenization_spaces=False)
        known = _ALLOWED[model.template] = tuple(
            i
            for i, text in enumerate(texts)
            if i not in barred and text.strip() and text.isascii() and text.isprintable()
        )
        if not known:
            raise SophroError(f"model {model.name!r}: its vocabulary holds no printable ASCII token")
    return known
