"""From harmful and benign prompts to what self-reflection is trained on.

Contract: ``prepare`` needs the untrained model once; everything it drops is counted with the reason. A harmful
record comes out as the paper's record: safe response in ``answer``, and in ``meta`` the fields
``unsafe_response``, ``unsafe_ids``, ``onset_token`` (from where recovery is taught), ``onset_source`` (who set it),
``judged_onset`` (the judge's search over all prefixes; None where it never flags), ``depths``, ``reflection_text``
and ``continuation``. A user's own pairs bring ``safe_response`` and ``unsafe_response``. A look-alike behind the
start of a harmful answer has that start in ``meta["start"]``: it is context, never trained. What the harm judge
calls harmful, or cannot judge, is trained as an answer nowhere.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sophro.align._prepare import Prepared, PrepareJob, need, not_safe, self_answers
from sophro.align.safety_sft import RefusalBook
from sophro.align.self_reflection._onset import find_onsets, usable
from sophro.align.self_reflection._texts import reflection_text
from sophro.chat import REFLECTION_END, REFLECTION_TOKEN, Segment, Transcript
from sophro.data import Record
from sophro.errors import SophroError
from sophro.judge import Exchange, judge
from sophro.models import GenerationConfig

NAME = "self_reflection"
BENIGN_ROLES = ("benign", "lookalikes")
DEV_ROLES = ("dev_benign", "dev_lookalikes")
OPENER_WORDS = 6


def prepare(job: PrepareJob) -> Prepared:
    """Make the records of all roles; see the module header.

    Raises:
        SophroError: If a role is missing or unknown, or nothing is left to train on.
    """
    need(NAME, job.data, ("harmful",), (*BENIGN_ROLES, *DEV_ROLES))
    harmful = job.data["harmful"]
    total = sum(len(r) for r in job.data.values()) + len(job.data.get("lookalikes", ()))
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        done += count
        job.advance(done, total)

    facts: dict[str, Any] = {}
    data: dict[str, Sequence[Record]] = {}
    pairs, facts["harmful"] = recoveries(job, harmful, progress)
    data["harmful"] = pairs
    openers = [_opener(start) for r in harmful if (start := r.opening or r.meta.get("unsafe_response"))]
    for role in BENIGN_ROLES:
        records = job.data.get(role, ())
        answered = _answered(job, records, progress)
        kept, dropped = list(answered[0]), Counter(answered[1])
        if role == "lookalikes" and openers and job.options["hard_negatives"]:
            # The same start as a harmful answer, on a harmless request: only the content tells them apart.
            rng = random.Random(f"sophro-openers-{job.seed}")
            starts = [rng.choice(openers) for _ in records]
            hard = self_answers(
                job.model,
                records,
                config=_config(job),
                progress=progress,
                starts=starts,
                harm_judge=_judge(job),
            )
            kept += [replace(r, id=f"{r.id}+opener") for r in hard.records]
            dropped += Counter(hard.dropped)
        if records:
            data[role] = kept
            facts[role] = {"kept": len(kept), "dropped": dict(dropped)}
    for role in DEV_ROLES:
        if job.data.get(role):
            data[role] = list(job.data[role])
            progress(len(job.data[role]))
    return Prepared(data, facts)


def _judge(job: PrepareJob) -> str:
    return str(job.options["onset_judge"])


def _config(job: PrepareJob) -> dict[str, Any]:
    return {"max_new_tokens": int(job.options["answer_tokens"]), "seed": job.seed}


def _answered(
    job: PrepareJob, records: Sequence[Record], progress: Any
) -> tuple[Sequence[Record], Mapping[str, int]]:
    """Return benign records with answers: their own, or the untrained model's, as far as they are not harmful."""
    own = [r for r in records if r.answer]
    asked = [r for r in records if not r.answer]
    made = self_answers(job.model, asked, config=_config(job), progress=progress, harm_judge=_judge(job))
    wrong = not_safe(_judge(job), [(r.prompt, str(r.answer)) for r in own])
    progress(len(own))
    order = {r.id: i for i, r in enumerate(records)}
    kept = [*(r for r, reason in zip(own, wrong, strict=True) if not reason), *made.records]
    dropped = Counter(made.dropped) + Counter(reason for reason in wrong if reason)
    return sorted(kept, key=lambda r: order[r.id]), dropped


def _opener(opening: str | None) -> str:
    return " ".join((opening or "").split()[:OPENER_WORDS])


def recoveries(
    job: PrepareJob, records: Sequence[Record], progress: Any = lambda n: None
) -> tuple[list[Record], dict[str, Any]]:
    """Find unsafe responses and their onsets.

    Returns:
        Every harmful record with its safe response; those that can teach recovery also have the unsafe
        response and depths in ``meta``. And the counts.
    """
    model = job.model
    book = RefusalBook(str(job.options["refusal_style"]))
    unsafe, starts = _unsafe_ids(job, records, progress)
    onset_judge = judge(_judge(job))
    name = f"{onset_judge.name} {onset_judge.version}"
    prompts = [r.prompt for r in records]
    # Searched on every response, so that what the judge sees is recorded also where another onset is taught.
    judged = [o.onset for o in find_onsets(prompts, unsafe, model.tokenizer, onset_judge)]
    known = [_known_onset(job, r, ids, s) for r, ids, s in zip(records, unsafe, starts, strict=True)]
    onsets = [k or (onset, name) for k, onset in zip(known, judged, strict=True)]
    # A free answer that is never flagged may be harmless; behind a written opening it is not.
    again = [
        i
        for i, (onset, _) in enumerate(onsets)
        if onset is None and records[i].opening and "unsafe_response" not in records[i].meta
    ]
    second = _answers(job, records, again, _openings(job, records, again))
    seen = find_onsets([prompts[i] for i in second], list(second.values()), model.tokenizer, onset_judge)
    for (i, ids), onset in zip(second.items(), seen, strict=True):
        unsafe[i], judged[i] = ids, onset.onset
        onsets[i] = _announced(job, ids), "opening"
    kept: list[Record] = []
    dropped: Counter[str] = Counter()
    safe = [_safe(r, book) for r in records]
    texts = [str(r.meta.get("reflection_text") or reflection_text(r)) for r in records]
    ends = [str(r.meta.get("continuation") or s) for r, s in zip(records, safe, strict=True)]
    guarded = onset_judge(
        [Exchange.of(r.prompt, f"{t} {e}") for r, t, e in zip(records, texts, ends, strict=True)]
    )
    plain = onset_judge([Exchange.of(r.prompt, s) for r, s in zip(records, safe, strict=True)])
    for i, record in enumerate(records):
        if plain[i].harmful is not False:
            dropped["safe response called harmful" if plain[i].harmful else "safe response not judged"] += 1
            continue
        base = replace(record, answer=safe[i])
        reason, depths = _depths(job, record, unsafe[i], onsets[i][0])
        if not reason and REFLECTION_END in texts[i]:
            reason = "reflection holds a blank line, which would end it"
        if not reason and guarded[i].harmful is not False:
            reason = "reflection called harmful" if guarded[i].harmful else "reflection not judged"
        if not reason and _quotes(texts[i], str(model.tokenizer.decode(list(unsafe[i])))):
            reason = "reflection quotes the unsafe text"
        if reason:
            dropped[reason] += 1
            kept.append(replace(base, meta={**record.meta, "depths": []}))
            continue
        meta = {
            **record.meta,
            "unsafe_response": str(model.tokenizer.decode(list(unsafe[i]))),
            "unsafe_ids": list(unsafe[i]),
            "onset_token": onsets[i][0],
            "onset_source": onsets[i][1],
            "judged_onset": judged[i],
            "depths": depths,
            "reflection_text": texts[i],
            "continuation": ends[i],
        }
        kept.append(replace(base, meta=meta))
    used = [r for r in kept if r.meta.get("depths")]
    if not used:
        raise SophroError(
            f"{NAME}: no recovery could be built from {len(records)} harmful records "
            f"({', '.join(f'{k}: {v}' for k, v in dropped.items())}); use other data or another onset_judge"
        )
    onset_tokens = sorted(int(r.meta["onset_token"]) for r in used)
    facts = {
        "records": len(records),
        "kept": len(kept),
        "with_recovery": len(used),
        "recoveries": sum(len(r.meta["depths"]) for r in used),
        "onset_sources": dict(Counter(str(r.meta["onset_source"]).split()[0] for r in used)),
        "median_onset": onset_tokens[len(onset_tokens) // 2],
        "judged_onsets": sum(r.meta["judged_onset"] is not None for r in used),
        "dropped": dict(dropped),
    }
    return kept, facts


def _safe(record: Record, book: RefusalBook) -> str:
    return str(record.meta.get("safe_response") or record.answer or book.choose(record))


def _unsafe_ids(
    job: PrepareJob, records: Sequence[Record], progress: Any
) -> tuple[list[tuple[int, ...]], list[int]]:
    """Return token ids of an unsafe response for each record, and how many of them are a written opening.

    The response is the user's, or the untrained model's own. Two of three records without one are answered
    behind their written opening, the others freely, so that a recovery is not learned for one start only.
    """
    model = job.model
    found: dict[int, tuple[int, ...]] = {}
    asked: list[int] = []
    for i, record in enumerate(records):
        text = record.meta.get("unsafe_response")
        if text is None:
            asked.append(i)
            continue
        if not isinstance(text, str) or not text.strip():
            raise SophroError(f"{record.set} {record.id}, field 'unsafe_response': text is needed")
        if REFLECTION_TOKEN in text:
            raise SophroError(
                f"{record.set} {record.id}, field 'unsafe_response': it contains {REFLECTION_TOKEN}; remove it"
            )
        found[i] = tuple(model.tokenizer(text, add_special_tokens=False)["input_ids"])
    openings = _openings(job, records, [i for n, i in enumerate(asked) if n % 3])
    found.update(_answers(job, records, asked, openings, progress))
    progress(len(records) - len(asked))
    return [found[i] for i in range(len(records))], [len(openings.get(i, ())) for i in range(len(records))]


def _openings(job: PrepareJob, records: Sequence[Record], which: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Return the token ids of the written openings of those records that have one."""
    most = int(job.options["opening_tokens"])
    texts = {i: str(records[i].opening) for i in which if records[i].opening}
    return {
        i: tuple(job.model.tokenizer(text, add_special_tokens=False)["input_ids"])[:most]
        for i, text in texts.items()
    }


def _answers(
    job: PrepareJob,
    records: Sequence[Record],
    which: Sequence[int],
    openings: Mapping[int, tuple[int, ...]],
    progress: Any = lambda n: None,
) -> dict[int, tuple[int, ...]]:
    """Return the untrained model's answers to those records, each with the opening it was forced to start with."""
    asked = [Transcript.of(records[i].prompt) for i in which]
    forced = [
        t.with_assistant(Segment("prefill", str(job.model.tokenizer.decode(list(openings[i])))))
        if i in openings
        else t
        for i, t in zip(which, asked, strict=True)
    ]
    config = GenerationConfig(max_new_tokens=int(job.options["unsafe_tokens"]), seed=job.seed)
    made = job.model.generate(forced, config, progress=progress) if forced else []
    return {i: (*openings.get(i, ()), *c.ids) for i, c in zip(which, made, strict=True)}


def _known_onset(
    job: PrepareJob, record: Record, ids: Sequence[int], opening: int
) -> tuple[int | None, str] | None:
    """Return an onset that needs no judge: the user's, or where a written opening announces what follows."""
    given = record.meta.get("onset_token")
    if given is not None:
        if isinstance(given, bool) or not isinstance(given, int) or not 0 < given <= len(ids):
            raise SophroError(
                f"{record.set} {record.id}, field 'onset_token': a number from 1 to {len(ids)} is needed"
            )
        return given, str(record.meta.get("onset_source") or "given")
    if not opening:
        return None
    return _announced(job, ids), "opening"


def _announced(job: PrepareJob, ids: Sequence[int]) -> int:
    """Return the onset of a response that starts with a written opening: the first depth that is trained.

    People wrote it as an unsafe start; from its first words it announces that the request will be carried out.
    """
    least = int(job.options["depth_min"])
    return next((n for n in usable(ids, job.model.tokenizer) if n >= least), min(least, len(ids)))


def _depths(job: PrepareJob, record: Record, ids: Sequence[int], onset: int | None) -> tuple[str, list[int]]:
    """Return why a record teaches no recovery, or the depths (in tokens) at which it does."""
    if not ids:
        return "empty unsafe response", []
    if onset is None:
        return "never flagged", []
    low, high = max(onset, int(job.options["depth_min"])), int(job.options["depth_max"])
    places = [n for n in usable(ids, job.model.tokenizer) if low <= n <= high and n < len(ids)]
    if not places:
        return "onset outside the trained depths", []
    rng = random.Random(f"sophro-depth-{job.seed}-{record.id}")
    return "", spread(places, int(job.options["recoveries"]), rng)


def spread(places: Sequence[int], count: int, rng: random.Random) -> list[int]:
    """Draw ``count`` of ascending ``places``, one from each of as many equal parts, so that no depth is left out."""
    count = min(count, len(places))
    cuts = [round(k * len(places) / count) for k in range(count + 1)]
    return [rng.choice(places[a:b]) for a, b in itertools.pairwise(cuts)]


def _quotes(reflection: str, unsafe: str, words: int = 6) -> bool:
    """Tell whether the reflection repeats a run of the unsafe text."""
    said = reflection.lower().split()
    runs = {" ".join(said[i : i + words]) for i in range(len(said) - words + 1)}
    return any(run in " ".join(unsafe.lower().split()) for run in runs)
