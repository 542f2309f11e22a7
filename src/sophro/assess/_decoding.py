"""What the judges read of an answer to an encoded attack, or why they read nothing.

Contract: the attempt's ``params["decode"]`` says how the answer is read: an encoding of ``sophro.attack`` or
``language:XX``. Only what the user would read is decoded; forced text, traces and reflections are plain. An
answer that cannot be read, and an attempt that could not be built, get an unscored verdict with the reason from
every judge: never "safe", never "refused".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inspect_ai.solver import TaskState

from sophro.attack._language import back_translation
from sophro.attack._reading import Reading, read
from sophro.attack._roles import Role, quoted
from sophro.chat import Segment
from sophro.text.english import english


@dataclass(frozen=True)
class Readable:
    """An answer in plain words.

    Attributes:
        segments: The answer's segments with decoded text; None to read the answer as it stands.
        problem: Why it cannot be judged; empty where it can.
        facts: ``how`` it was read and the decoded ``text``, for the record.
    """

    segments: tuple[Segment, ...] | None = None
    problem: str = ""
    facts: Mapping[str, str] | None = None


async def readable(state: TaskState, segments: Sequence[Segment]) -> Readable:
    """Decode the answer in ``segments`` as the attempt asks.

    Args:
        state: The sample after generation.
        segments: What the model wrote.
    """
    if state.metadata.get("attack_error"):
        return Readable(problem=f"attack error: {state.metadata['attack_error']}")
    params: Mapping[str, Any] = state.metadata.get("params") or {}
    name = str(params.get("decode") or "")
    if not name:
        return Readable()
    found: list[Segment] = []
    readings: list[Reading] = []
    for segment in segments:
        if segment.kind != "answer":
            found.append(segment)
            continue
        reading = await _read(segment.text, name, str(params.get("translator") or ""))
        if reading.problem:
            return Readable(problem=reading.problem, facts={"how": "unread", "text": ""})
        readings.append(reading)
        found.append(Segment("answer", reading.text))
    hows = {r.how for r in readings}
    how = hows.pop() if len(hows) == 1 else "mixed" if hows else "plain"
    text = "".join(r.text for r in readings)
    return Readable(tuple(found), facts={"how": how, "text": text if how != "plain" else ""})


async def _read(text: str, name: str, translator: str) -> Reading:
    kind, _, code = name.partition(":")
    if kind != "language":
        return read(text, name)
    if not text.strip() or code == "zh" or english(text):
        return Reading(text, "plain")
    if not translator:
        return Reading(
            text,
            "plain",
            f"the answer is not English and nobody translates it from {code!r}; name a translator",
        )
    instruction, quoted_text = back_translation(text, code)
    role = Role(translator, "translator", max_tokens=512)
    (answer,) = await role.ask_async([quoted(quoted_text, instruction, "text")])
    return Reading(text, "plain", answer.problem) if answer.problem else Reading(answer.text, "decoded")
