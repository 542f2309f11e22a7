"""A local model behind the guard, with patches and reflection decoding.

Contract: greedy answers are those of ``ChatModel.generate`` whatever shares the batch (up to float rounding); choice
i of a request draws from stream (seed, i). Patches without a name are on for everybody; a named one is a model of its
own, ``MODEL+NAME``. A model that knows the reflection token is decoded with the bias and the limit of its adapter
(``reflection.json``). Temperature is 0 unless a request says otherwise.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sophro.chat import Transcript
from sophro.chat._encode import Part
from sophro.errors import SophroError
from sophro.guard.server._back_end import Delta, Finish, Job, Usage
from sophro.guard.server._engine import Engine, LaneKey, Request
from sophro.guard.server._errors import ApiError, bad
from sophro.guard.server._local_text import Text, refuse_unknown, to_transcript
from sophro.guard.server._settings import Settings
from sophro.models import ChatModel, GenerationConfig, Patch, StackPatch, load_patch
from sophro.models._live import LiveRow
from sophro.models._reflection import ReflectionSettings, forced_refusal, knows_token, reflection_settings


@dataclass(frozen=True)
class Named:
    """A patch that is served.

    Attributes:
        name: Suffix of the model's name, or the empty string where it is on for everybody.
        patch: The patch.
        reflection: How a model with it is decoded.
    """

    name: str
    patch: Patch
    reflection: ReflectionSettings


def read_patches(entries: Sequence[str]) -> list[Named]:
    """Read ``FOLDER`` and ``NAME=FOLDER`` entries.

    Raises:
        SophroError: If a folder is no patch, or a name comes twice.
    """
    out: list[Named] = []
    for entry in entries:
        name, equals, folder = entry.partition("=")
        if not equals or Path(entry).exists():
            name, folder = "", entry
        if (
            equals
            and name
            and (not name.replace("-", "").replace("_", "").isalnum() or name in {n.name for n in out})
        ):
            raise SophroError(f"--patch {entry}: the name must be new, of letters, digits, - and _")
        out.append(Named(name, load_patch(Path(folder)), reflection_settings(Path(folder))))
    return out


@dataclass(frozen=True)
class _Served:
    patches: tuple[str, ...]
    reflection: ReflectionSettings
    reflects: bool


class LocalBackEnd:
    """Serves a local model.

    Args:
        model: The model.
        settings: The server's settings.
        patches: Patches, those for everybody first on.
        scale: Their strength.
        rows: Most answers that are written at once.

    Raises:
        SophroError: If a patch was made for another model.
    """

    def __init__(
        self,
        model: ChatModel,
        settings: Settings,
        patches: Sequence[Named] = (),
        scale: float = 1.0,
        rows: int = 16,
    ) -> None:
        if rows < 1:
            raise SophroError(f"--rows {rows}: at least 1 is needed")
        self._model = model
        self._settings = settings
        self._scale = scale
        self._created = int(time.time())
        always = [p for p in patches if not p.name]
        self._served: dict[str, _Served] = {}
        known: dict[str, Patch] = {f"#{i}": p.patch for i, p in enumerate(always)}
        base = tuple(known)
        for own in (None, *(p for p in patches if p.name)):
            used = [*always, *([own] if own else [])]
            names = (*base, own.name) if own else base
            if own:
                known[own.name] = own.patch
            stack = StackPatch(tuple(p.patch for p in used)) if used else None
            settings_ = next(
                (p.reflection for p in reversed(used) if p.reflection != ReflectionSettings()), None
            )
            model_id = f"{model.name}+{own.name}" if own else model.name
            self._served[model_id] = _Served(
                # A merged checkpoint brings its own.
                names,
                settings_ or reflection_settings(Path(model.name)),
                knows_token(model, stack),
            )
            if stack is not None:
                with model.patched(stack, scale):
                    pass  # a patch of another model is refused here, before the port is open
        self.scales = bool(known)
        # Asked here, before the engine puts patches on in its own thread.
        self._knows = knows_token(model, None)
        self._vocabulary = int(model.network.get_input_embeddings().weight.shape[0])
        self._engine = Engine(model, known, rows)

    async def models(self) -> list[dict[str, Any]]:
        """See ``BackEnd.models``."""
        return [
            {
                "id": name,
                "object": "model",
                "created": self._created,
                "owned_by": "sophro",
                "sophro": {"reflects": s.reflects},
            }
            for name, s in self._served.items()
        ]

    async def not_ready(self) -> str:
        """See ``BackEnd.not_ready``."""
        return "" if self._engine.alive else "the engine has stopped"

    def refuse(self, body: Mapping[str, Any]) -> None:
        """See ``BackEnd.refuse``."""
        refuse_unknown(body, tuple(self._served))

    async def generate(self, job: Job) -> AsyncGenerator[Delta]:
        """See ``BackEnd.generate``."""
        served = self._served[job.model or self._model.name]
        ids, transcript = await asyncio.get_running_loop().run_in_executor(None, self._encode, job)
        scale = self._scale if job.scale is None else job.scale
        # At strength 0 a patch brings no row for the token.
        reflects = served.reflects and (scale != 0 or self._knows)
        config = self._config(job, served, reflects, len(ids))
        request = Request(asyncio.get_running_loop())
        request.rows = [LiveRow(ids, config, stream) for stream in range(job.n)]
        lane: LaneKey = (served.patches, scale)
        writers = [_Writer(self, job, i, reflects, transcript) for i in range(job.n)]
        yield Delta(usage=Usage(len(ids), 0))
        at = {id(row): i for i, row in enumerate(request.rows)}
        open_ = set(range(job.n))
        self._engine.submit(lane, request)
        try:
            while open_:
                item = await request.queue.get()
                if isinstance(item, Exception):
                    raise ApiError(500, "the model failed; see the server's log", "engine_failed") from item
                if request.gave():
                    self._engine.wake()
                step, now = item
                i = at[id(step.row)]
                if i not in open_:
                    continue
                for delta in writers[i].take(step.token, step.ended, now):
                    yield delta
                if writers[i].ended:
                    open_.discard(i)
                    step.row.cancelled = True
            yield Delta(usage=Usage(len(ids), sum(row.made for row in request.rows)))
        finally:
            for row in request.rows:
                row.cancelled = True
            self._engine.wake()

    def _encode(self, job: Job) -> tuple[tuple[int, ...], Transcript]:
        try:
            if job.endpoint == "completions":
                # A plain text, without the chat template; text can never become a control token.
                text = job.messages[0]["content"]
                encoded = self._model.template.encode([Part(text, "user")])
                if not encoded.ids:
                    raise bad("prompt is empty; a text is needed", "prompt")
                return tuple(encoded.ids), Transcript.of(text)
            transcript = to_transcript(job)
            return self._model.render(transcript).ids, transcript
        except SophroError as error:
            raise bad(str(error), "messages") from None

    def _config(self, job: Job, served: _Served, reflects: bool, prompt: int) -> GenerationConfig:
        room = self._model.context - prompt
        named = any(job.body.get(k) is not None for k in ("max_tokens", "max_completion_tokens"))
        if room < 1 or (named and job.max_tokens > room):
            raise bad(
                f"the prompt has {prompt} tokens and {job.max_tokens if named else 1} are asked for; the model's "
                f"context is {self._model.context}",
                "messages",
                "context_length_exceeded",
            )
        token = self._model.reflection_id
        wrong = next((t for t in job.logit_bias if t >= self._vocabulary), None)
        if wrong is not None:
            raise bad(
                f"logit_bias: token id {wrong} is outside the vocabulary of {self._vocabulary}", "logit_bias"
            )
        if token in job.logit_bias:
            raise bad("logit_bias: the reflection token belongs to the operator of this server", "logit_bias")
        bias = dict(job.logit_bias)
        if reflects and served.reflection.bias:
            bias[token] = bias.get(token, 0.0) + served.reflection.bias
        return GenerationConfig(
            max_new_tokens=min(job.max_tokens, room),
            temperature=job.temperature,
            top_p=job.top_p,
            seed=job.seed % (1 << 31),
            logit_bias=bias,
            reflections=served.reflection.limit,
        )

    def writer(self, job: Job, reflects: bool, forced: bool, thinking: bool) -> tuple[Text, str]:
        """Return what cuts the text of one answer, and what the template writes in front of it."""
        template = self._model.template
        plain = job.endpoint == "completions"
        # Behind a forced answer no trace can follow; behind a forced thought it goes on.
        trace = None if plain or (forced and not thinking) else template.trace
        opened = thinking if forced else template.opened and not plain
        visibility, hold = (job.visibility, self._settings.hold) if reflects else ("raw", 0)
        lead = "" if forced or plain else template.lead
        return Text(visibility, hold, trace, opened, job.stop), lead

    @property
    def model(self) -> ChatModel:
        """The model."""
        return self._model

    async def close(self) -> None:
        """See ``BackEnd.close``; what is still being written is given up."""
        await asyncio.get_running_loop().run_in_executor(None, self._engine.close)


class Letters:
    """Text of growing ids; half of a character waits for the other half.

    What comes joined is the text of all ids, as the offline parser decodes them: a window begins where the text before
    it ended whole.

    Args:
        tokenizer: The model's tokenizer.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._read = 0  # ids whose text was given out

    def push(self, token: int) -> str:
        """Take the next id; return the text that is whole now."""
        self._ids.append(token)
        return self._new(last=False)

    def finish(self) -> str:
        """Return what is left, whole or not."""
        return self._new(last=True)

    def _new(self, last: bool) -> str:
        text = self._text(self._ids)
        if text.endswith("\ufffd") and not last:
            return ""
        # A tokenizer may write a blank in front of a first id, so each text is seen behind the one before it.
        new = text[len(self._text(self._ids[: self._read])) :]
        self._ids = self._ids[self._read :]
        self._read = len(self._ids)
        return new

    def _text(self, ids: Sequence[int]) -> str:
        if not ids:
            return ""
        # Trace tags may be special tokens, so special tokens stay visible.
        return str(
            self._tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False)
        )


class _Writer:
    """From ids to deltas, for one choice."""

    def __init__(
        self, back_end: LocalBackEnd, job: Job, index: int, reflects: bool, transcript: Transcript
    ) -> None:
        forced = transcript.forced
        thinking = bool(forced) and forced[-1].kind == "trace"
        self._model = back_end.model
        self._letters = Letters(self._model.tokenizer)
        self._text, self._lead = back_end.writer(job, reflects, bool(forced), thinking)
        self._index = index
        self._prompt = transcript.prompt
        self.ended = False

    def take(self, token: int | None, ended: str | None, now: float) -> list[Delta]:
        """Return what one step brings."""
        out: list[Delta] = []
        if token == self._model.reflection_id:
            out += self._text.push(self._index, None, now)
            self._letters = Letters(self._model.tokenizer)
        elif token is not None:
            out += self._text.push(self._index, self._without_lead(self._letters.push(token)), now)
        if ended == "exceeded":
            reflection, refusal = forced_refusal(self._prompt)
            out += self._text.refuse(self._index, reflection, refusal, now)
        elif ended and (rest := self._letters.finish()):
            # No token of its own: it belongs to the last one.
            out += self._text.push(self._index, self._without_lead(rest), now)[:-1]
        if ended or self._text.stopped:
            self.ended = True
            finish: Finish = "length" if ended == "length" and not self._text.stopped else "stop"
            out += self._text.finish(self._index, finish)
        return out

    def _without_lead(self, piece: str) -> str:
        if not self._lead or not piece:
            return piece
        rest, self._lead = piece.removeprefix(self._lead), ""
        return rest
