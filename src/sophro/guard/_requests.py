"""Labelled requests to train and measure the prompt-harm detector on, and who may be trained on.

Contract: what ships is trained on sources whose licence allows passing weights on, and on texts of our own
(``training/``). A request (without case, marks and spacing) has one role: of a trained source nine tenths train and a
tenth, drawn by hash, is never trained on. Whole sources are never trained on either (``UNSEEN``): on them
generalisation is measured. A request that occurs in an unseen source, or under both labels, trains nothing.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from sophro.data import find_set, load_set
from sophro.data._catalog import data_root
from sophro.errors import SophroError, unknown_name
from sophro.files import digest, file_sha256
from sophro.judge._corpus import question_key

HELD = 0.1
_SAFETYBENCH = (
    "C_chinese/safetybench/test_zh_subset.json",
    "8760b0621df0fa81b99f7e49961853f1ff8b5ac0e4f1f96dad20a587c33aea4f",
)


@dataclass(frozen=True)
class Request:
    """One labelled request.

    Attributes:
        source: Name of its source.
        text: What is asked.
        harmful: Whether a safe assistant declines it.
        lang: ``en`` or ``zh``.
    """

    source: str
    text: str
    harmful: bool
    lang: str

    @property
    def key(self) -> str:
        """The request without case, marks and spacing."""
        return question_key(self.text)


@dataclass(frozen=True)
class Source:
    """A source.

    Attributes:
        sets: Sets of the catalogue; none for texts of our own.
        group: Sources of one group are left out together.
        limit: At most so many requests, drawn by hash; 0 for all.
        langs: Languages that are taken.
    """

    sets: tuple[str, ...]
    group: str
    limit: int = 0
    langs: tuple[str, ...] = ("en",)


_BOTH = ("en", "zh")
TRAINED: dict[str, Source] = {
    "advbench": Source(("advbench",), "advbench"),
    "harmbench": Source(("harmbench",), "harmbench"),
    "strongreject": Source(("strongreject",), "strongreject"),
    "simplesafetytests": Source(("simplesafetytests",), "simplesafetytests"),
    "gptfuzz": Source(("gptfuzz/questions",), "gptfuzz"),
    "catqa": Source(("catqa",), "catqa", langs=_BOTH),
    "xstest": Source(("xstest/safe", "xstest/unsafe"), "xstest"),
    "starter": Source(
        tuple(f"starter/{n}" for n in ("harmful", "lookalikes", "plain", "exact", "instructions", "maths")),
        "starter", langs=_BOTH,
    ),
    "erase_and_check_safe": Source(("erase_and_check_safe",), "erase_and_check_safe"),
    "seed_tasks": Source(("alpaca/seed_tasks",), "seed_tasks"),
    "truthfulqa": Source(("truthfulqa",), "truthfulqa", 500),
    "ifeval": Source(("ifeval",), "ifeval", 400),
    "mt_bench": Source(("mt_bench", "vicuna_bench"), "mt_bench"),
    "mmlu": Source(("mmlu/dev", "mmlu/test"), "mmlu", 300),
    "gsm8k": Source(("gsm8k",), "gsm8k", 150),
    "multijail_zh": Source(("multijail",), "multijail", langs=("zh",)),
    "own_zh": Source((), "own_zh", langs=("zh",)),
    "safetybench": Source((), "safetybench", langs=("zh",)),
}  # fmt: skip
UNSEEN: dict[str, Source] = {
    "multijail": Source(("multijail",), "multijail"),
    "malicious_instruct": Source(("malicious_instruct",), "malicious_instruct"),
    "i_malicious": Source(("safety_tuned_llamas/i-maliciousinstructions",), "safety_tuned_llamas"),
    "q_harm": Source(("safety_tuned_llamas/q-harm",), "safety_tuned_llamas"),
    "beavertails": Source(("beavertails_evaluation",), "beavertails", 150),
    "do_not_answer": Source(("do_not_answer",), "do_not_answer", 100),
    "oktest": Source(("oktest", "oktest/heldout"), "oktest"),
    "alpaca": Source(("alpaca/instructions", "alpaca/demo"), "alpaca", 400),
    "alpaca_eval": Source(("alpaca_eval",), "alpaca_eval", 150),
    "alpaca_zh": Source(("alpaca/demo",), "alpaca", langs=("zh",)),
}


def find_source(name: str) -> Source:
    """Return the source ``name``.

    Raises:
        SophroError: If there is none.
    """
    both = {**TRAINED, **UNSEEN}
    if name not in both:
        raise unknown_name("source of requests", name, both)
    return both[name]


def licence(name: str) -> str:
    """Return the licences of a source's sets."""
    if name == "own_zh":
        return "CC-BY-4.0 (own words)"
    if name == "safetybench":
        return "MIT"
    return "; ".join(dict.fromkeys(find_set(s)[0].licence for s in find_source(name).sets))


def read(name: str) -> list[Request]:
    """Return the requests of a source, without doubles, in a fixed order.

    Raises:
        SophroError: If the source is unknown or its files are missing.
    """
    source = find_source(name)
    if name == "own_zh":
        rows: Iterable[Request] = _own_zh()
    elif name == "safetybench":
        rows = _safetybench()
    else:
        rows = (
            # Of a behaviour with context the behaviour alone is the request.
            Request(name, str(r.meta.get("Behavior") or r.prompt).strip(), bool(r.harmful), r.lang)
            for s in source.sets
            for r in load_set(s)
            if r.lang in source.langs and str(r.meta.get("FunctionalCategory")) != "copyright"
        )
    found: dict[str, Request] = {}
    for row in rows:
        found.setdefault(row.key, row)
    chosen = sorted(found.values(), key=lambda r: share(r.key))
    return chosen[: source.limit or None]


def _own_zh() -> Iterator[Request]:
    """Fill the frames of ``training/zh.json``; which frame a predicate gets is drawn by a fixed seed."""
    text = (files("sophro.guard") / "training" / "zh.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    rng = random.Random(0)
    for kind in ("harmful", "benign"):
        harmful = kind == "harmful"
        for predicates in data[kind].values():
            for predicate in predicates:
                filled = [f.format(predicate) for f in rng.sample(data[f"{kind}_frames"], 3)]
                yield from (Request("own_zh", t, harmful, "zh") for t in (*filled, predicate))
        yield from (Request("own_zh", t, harmful, "zh") for t in data[f"{kind}_direct"])
    for slot in data["slots"]:
        for word in slot["fill"]:
            for kind in ("harmful", "benign"):
                frames = slot[kind]
                count = min(len(frames), 5 if slot["harmful"] else 7)
                for frame in rng.sample(frames, count):
                    yield Request("own_zh", frame.format(word), kind == "harmful", "zh")


def _safetybench() -> Iterator[Request]:
    """Multiple-choice questions about safety: harmless to ask, full of dangerous words."""
    root = data_root()
    path = None if root is None else root / _SAFETYBENCH[0]
    if path is None or not path.is_file():
        raise SophroError(f"training needs {_SAFETYBENCH[0]}; set SOPHRO_DATA to the folder that holds it")
    if file_sha256(path) != _SAFETYBENCH[1]:
        raise SophroError(f"{path}: not the file that the training was written for")
    asked = (
        "Physical Health",
        "Mental Health",
        "Ethics and Morality",
        "Illegal Activities",
        "Privacy and Property",
    )
    for row in json.loads(path.read_text(encoding="utf-8")):
        if row["category"] in asked:
            yield Request("safetybench", row["question"].split("\n")[0], False, "zh")


def share(key: str) -> float:
    """Return a number in [0, 1) that depends on the request alone."""
    digits = hashlib.sha256(b"request\x1f" + key.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digits[:8], "big") / 2**64


def unseen() -> dict[str, list[Request]]:
    """Return the sources that nothing is trained on."""
    return {name: read(name) for name in UNSEEN}


def corpus(kept: Iterable[Request] = ()) -> tuple[list[Request], list[Request]]:
    """Return the requests to train on and those held out of the same sources.

    Args:
        kept: Requests that must not be trained on, such as those of ``unseen``.
    """
    closed = {r.key for r in kept}
    label: dict[str, bool | None] = {}
    rows = [r for name in TRAINED for r in read(name)]
    for row in rows:
        same = label.setdefault(row.key, row.harmful) == row.harmful
        label[row.key] = row.harmful if same else None
    seen: set[str] = set()
    training: list[Request] = []
    held: list[Request] = []
    for row in rows:
        if row.key in seen or row.key in closed or label[row.key] is None:
            continue
        seen.add(row.key)
        # Frames of one predicate are near copies: own texts train only.
        (held if share(row.key) < HELD and row.source != "own_zh" else training).append(row)
    return training, held


def corpus_hash(rows: Sequence[Request]) -> str:
    """Return a hash of texts and labels."""
    return digest([(r.source, r.text, r.harmful) for r in rows])
