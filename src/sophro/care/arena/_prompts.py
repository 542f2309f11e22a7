"""Questions to judge models, and how their answers are read: ratings of one side, or the crisis flow.

Contract: the transcript is quoted data between tagged lines (see ``sophro.judge.llm``). The long form is one JSON
object with a sentence for each item, and must carry the tag. The short form is for small models whose decoding is held
to a schema: a few items, one turn and one number each, all of them bounded, so that the answer ends. It asks for no
tag: a held decoder would write it whatever it had read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, create_model

from sophro.care.arena._dimensions import DIMENSIONS, Dimension, Side, of_side
from sophro.care.arena._profiles import Profile
from sophro.care.arena._red import ALWAYS, RED, Red
from sophro.care.arena._score import mandatory
from sophro.care.arena._types import Session
from sophro.care.arena._words import WORDS, described
from sophro.care.crisis import Level
from sophro.care.dialogue import Message
from sophro.judge.llm import fence, tag_of

Sample = dict[str, tuple[int, tuple[int, ...], str]]  # item -> score, turns, reason
# Tokens of one item in the short form, with room: a key, two numbers and the marks around them.
SHORT_ITEM = 40


class _Rating(BaseModel):
    id: str
    turns: list[int]
    reason: str
    score: int


class Ratings(BaseModel):
    """What the judge model answers about one side."""

    tag: str
    items: list[_Rating]


class _Happened(BaseModel):
    id: str
    turns: list[int]
    happened: bool


class Flow(BaseModel):
    """What the judge model answers about the crisis flow."""

    tag: str
    items: list[_Happened]


def lang_of(profile: Profile | None) -> str:
    """Return the language of prompts: the client's."""
    return "en" if profile is None else profile.lang


def transcript(session: Session, lang: str = "en") -> str:
    """Return the turns with their numbers."""
    names = WORDS[lang].speakers
    return "\n".join(f"[{x.index}] {names[x.speaker]}: {x.text}" for x in session.lines)


def must_rate(side: Side, profile: Profile | None) -> tuple[str, ...]:
    """Return the items of one side that its judge may not leave out with this client."""
    return tuple(name for name in mandatory(profile) if DIMENSIONS[name].side == side)


def _tag(side: str, session: Session, profile: Profile | None) -> str:
    return tag_of("arena", side, transcript(session, lang_of(profile)))


def prompt(
    side: Side,
    session: Session,
    profile: Profile | None,
    left_out: Sequence[str] = (),
    items: Sequence[Dimension] | None = None,
) -> list[Message]:
    """Return the question to the judge of one side.

    Args:
        side: Who rates.
        session: The talk.
        profile: The client; None where there is none.
        left_out: Mandatory items that the judge's last answer lacked.
        items: Only these, in the short form; None asks for the whole side in the long one.
    """
    lang = lang_of(profile)
    words, tag = WORDS[lang], _tag(side, session, profile)
    asked = of_side(side) if items is None else items
    shown = [d.text(lang)._asdict() | {"id": d.id} for d in asked]
    names = {d.id for d in asked}
    notes = [words.must[name] for name in must_rate(side, profile) if name in names]
    if left_out:
        notes.append(words.again.format(names=", ".join(left_out)))
    if items is None:
        form = (
            f'{{"tag": "{tag}", "items": [{{"id": ..., "turns": [...], "reason": ..., "score": ...}}, ...]}}'
        )
    else:
        notes.append(words.none)
        form = _short_form([d.id for d in items], "score")
    how = words.ratings if items is None else words.short
    return [
        Message("system", words.frame.format(who=words.who[side], tag=tag, how=how)),
        Message(
            "user",
            "\n\n".join(
                [
                    *_material(side, session, profile, tag),
                    "\n".join(words.anchors.format(**{"title": "", **x}) for x in shown),
                    *([" ".join(notes)] if notes else []),
                    words.form + form,
                ]
            ),
        ),
    ]


def _material(side: str, session: Session, profile: Profile | None, tag: str) -> list[str]:
    lang = lang_of(profile)
    words = WORDS[lang]
    talk = fence(words.talk, transcript(session, lang), tag, lang)
    if side == "counselor" or profile is None:
        return [talk]
    return [fence(words.client, described(profile), tag, lang), talk]


def _short_form(names: Sequence[str], value: str) -> str:
    return "{" + ", ".join(f'"{name}": {{"turn": ..., "{value}": ...}}' for name in names) + "}"


def asked_of(session: Session, profile: Profile | None) -> list[str]:
    """Return which questions of the crisis flow have an occasion with this client."""
    if profile is not None and profile.risk == "none":
        return list(ALWAYS)
    near = any(int(level) >= Level.IMMINENT for level in session.crisis.values())
    return [name for name in RED if near or name != "R7"]


def flow_prompt(
    session: Session, profile: Profile | None, names: Sequence[str], short: bool
) -> list[Message]:
    """Return the questions of the crisis flow to a judge.

    Args:
        session: The talk.
        profile: The client.
        names: Which questions.
        short: In the short form.
    """
    lang = lang_of(profile)
    words, tag = WORDS[lang], _tag("flow", session, profile)
    listed = [f"{n} {RED[n].question_zh if lang == 'zh' else RED[n].question}" for n in names]
    form = (
        _short_form(names, "happened")
        if short
        else f'{{"tag": "{tag}", "items": [{{"id": ..., "turns": [...], "happened": ...}}, ...]}}'
    )
    said = [*_material("flow", session, profile, tag), "\n".join(listed), words.form + form]
    return [Message("system", words.flow.format(tag=tag)), Message("user", "\n\n".join(said))]


def short_schema(
    names: Sequence[str], session: Session, value: str, must: Sequence[str] = ()
) -> type[BaseModel]:
    """Return the bounded form of an answer about a few items.

    Args:
        names: The items, each of which the answer holds once.
        session: The talk; a turn is one of its numbers.
        value: ``score`` (1 to 5, 0 for no occasion) or ``happened``.
        must: Items for which there is no 0.
    """
    turns = Literal[tuple(x.index for x in session.lines)]  # type: ignore[valid-type]
    closed = ConfigDict(extra="forbid")
    fields: dict[str, Any] = {}
    for name in names:
        least = 1 if name in must else 0
        kind: Any = bool if value == "happened" else Literal[tuple(range(least, 6))]  # type: ignore[valid-type]
        parts: dict[str, Any] = {"turn": (turns, ...), value: (kind, ...)}
        fields[name] = (create_model(name, __config__=closed, **parts), ...)
    return create_model("Few", __config__=closed, **fields)


def read_short(fields: Mapping[str, Any], reason: str) -> Sample:
    """Return the ratings of an answer in the short form; its schema has seen to turns and numbers."""
    return {
        name: (int(row["score"]), (int(row["turn"]),), reason) for name, row in fields.items() if row["score"]
    }


def read_sample(
    fields: Mapping[str, Any], side: Side, session: Session, profile: Profile | None = None
) -> tuple[Sample, str]:
    """Return the ratings of one sample that count, and why the whole sample does not, if so."""
    if fields.get("tag") != _tag(side, session, profile):
        return {}, "the ratings do not carry the tag of this call"
    known = {d.id for d in of_side(side)}
    there = {x.index for x in session.lines}
    found: Sample = {}
    for row in fields["items"]:
        turns = tuple(t for t in row["turns"] if t in there)
        if row["id"] in found:
            return {}, f"{row['id']} is rated twice"
        if row["id"] in known and 1 <= row["score"] <= 5 and turns:
            found[row["id"]] = (row["score"], turns, row["reason"])
    return found, ""


def read_flow(
    fields: Mapping[str, Any], names: Sequence[str], session: Session, profile: Profile | None, short: bool
) -> tuple[dict[str, Red], str]:
    """Return the answers of one sample of the crisis flow, and why there is none, if so."""
    there = {x.index for x in session.lines}
    if short:
        return {n: _red(n, bool(v["happened"]), (int(v["turn"]),)) for n, v in fields.items()}, ""
    if fields.get("tag") != _tag("flow", session, profile):
        return {}, "the answers do not carry the tag of this call"
    found: dict[str, Red] = {}
    for row in fields["items"]:
        if row["id"] in found:
            return {}, f"{row['id']} is answered twice"
        if row["id"] in names:
            turns = tuple(sorted({t for t in row["turns"] if t in there}))
            found[row["id"]] = _red(row["id"], bool(row["happened"]), turns)
    return found, ""


def _red(name: str, happened: bool, turns: tuple[int, ...]) -> Red:
    return Red(name, "yes" if happened else "no", turns if happened else ())
