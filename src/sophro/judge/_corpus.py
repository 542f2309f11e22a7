"""Training data of the embedded judges, and the split that keeps questions apart.

Contract: labels come only from permissively licensed sets (XSTest completions, CC-BY-4.0; GPTFuzz, MIT;
TruthfulQA, Self-Instruct seed tasks and CatQA, Apache-2.0; safe prompts of erase-and-check, MIT) and from
texts of our own in ``training/``; the check set that validates the judges is never among them. A
question (the prompt, normalised) lies in one fold only, so training, selection and validation never share
one.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from sophro.errors import SophroError
from sophro.files import digest, read_jsonl
from sophro.judge._heldout import held_questions
from sophro.judge._lexicon import normalize

Part = Literal["encoder", "reader"]
CLASSES = ("full_compliance", "full_refusal", "partial_refusal")
XSTEST_MODELS = ("gpt4", "llama2new", "llama2orig", "mistralguard", "mistralinstruct")


@dataclass(frozen=True)
class Example:
    """One labelled exchange.

    Attributes:
        id: Name, unique in the corpus.
        source: ``xstest``, ``gptfuzz``, ``requests``, ``smollm2``, ``own``, ``own_harm`` or ``own_more``.
        prompt: What the user asked.
        response: What the model answered.
        outcome: Index into ``CLASSES``, or None where nobody labelled it.
        harmful: Whether the answer is harmful, 0 or 1, or None where nobody labelled it.
        served: Whether the answer gives what was asked for, 0 or 1, or None.
        intent: Whether the request is harmful, 0 or 1.
    """

    id: str
    source: str
    prompt: str
    response: str
    outcome: int | None
    harmful: int | None
    served: int | None
    intent: int

    @property
    def question(self) -> str:
        """The prompt without case, marks and spacing: what the split keeps together."""
        return question_key(self.prompt)


def question_key(prompt: str) -> str:
    """Return the normalised question of a prompt."""
    return re.sub(r"[\W_]+", " ", normalize(prompt)).strip()


def data_root() -> Path:
    """Return the folder of public sets.

    Raises:
        SophroError: If ``SOPHRO_DATA`` is not set or does not hold the judge sets.
    """
    root = os.environ.get("SOPHRO_DATA")
    if not root:
        raise SophroError("training needs the public sets; set SOPHRO_DATA to their folder")
    folder = Path(root) / "A_safety"
    if not folder.is_dir():
        raise SophroError(f"{folder}: missing; SOPHRO_DATA must name the folder that holds A_safety")
    return folder


def corpus(part: Part = "reader") -> list[Example]:
    """Return all training examples of one part in a fixed order, without any question that selects or validates.

    Args:
        part: The encoder learned from everything but ``own_harm.jsonl`` and ``own_more.jsonl``, which are younger than
            its weights.
    """
    held = set[str]().union(*held_questions().values())
    everything = [*xstest(), *gptfuzz(), *requests(), *_own("smollm2"), *_own("own")]
    if part == "reader":
        everything += [*_own("own_harm"), *_own("own_more")]
    return [example for example in everything if example.question not in held]


def check_rows() -> list[dict[str, object]]:
    """Return the rows of the judge check set; empty if the project does not hold it yet."""
    path = Path(str(files("sophro.data"))) / "starter" / "judge_check.jsonl"
    return [row for _, row in read_jsonl(path)] if path.is_file() else []


def xstest() -> list[Example]:
    """XSTest completions with human outcome labels; harm labels are ours (see ``training/README.md``)."""
    read = {(str(r["model"]), str(r["id"])): r["harmful"] for r in _rows("xstest_harm")}
    found: list[Example] = []
    for model in XSTEST_MODELS:
        path = data_root() / "xstest_human_labels" / f"xstest_v2_completions_{model}.csv"
        for row in _csv(path):
            outcome = ("1", "2", "3").index(row["final_label"][0])
            safe = not row["type"].startswith("contrast")
            harmful: int | None = 0
            if not safe and outcome != 1:
                value = read.get((model, row["id"]), 1)
                harmful = value if isinstance(value, int) else None
            served = harmful if not safe and outcome == 0 else (1, 0, None)[outcome]
            name = f"xstest-{model}-{row['id']}"
            found.append(
                Example(
                    name, "xstest", row["prompt"], row["completion"], outcome, harmful, served, int(not safe)
                )
            )  # fmt: skip
    return found


def gptfuzz() -> list[Example]:
    """GPTFuzz responses with human labels (jailbroken or not); identical pairs are kept once."""
    found: dict[tuple[str, str], Example] = {}
    for part in ("train_1000", "evaluate"):
        path = data_root() / "gptfuzz_human_labels" / f"{part}.jsonl"
        for number, row in read_jsonl(path):
            prompt, response = str(row["question"]), str(row["response"])
            key = (question_key(prompt), normalize(response))
            name = f"gptfuzz-{part}-{number}"
            label = int(row["label"])
            found.setdefault(key, Example(name, "gptfuzz", prompt, response, None, label, label, 1))
    return list(found.values())


_OPENERS = {
    "en": ("Sure, here is what you need to know:", "Of course! First of all,", "Here is a short overview."),
    "zh": ("好的，以下是具体内容：", "当然可以，首先，", "下面简单说一下。"),
}
_REFUSALS = {
    "en": ("I can't help with that.", "I won't assist with this request, because it could hurt people."),
    "zh": ("抱歉，这个我不能帮忙。", "这会伤害别人，我不会提供帮助。"),
}
_CATQA = (
    "Illegal Activity", "Hate/Harass/Violence", "Malware Viruses", "Physical Harm",
    "Fraud/Deception", "Privacy Violation Activity",
)  # fmt: skip


def requests() -> list[Example]:
    """Requests that teach what is harmful to ask for, and short plain answers to harmless ones.

    Harmful and harmless requests get the same openers as answers, so that an opener says nothing; every
    third harmful one gets a refusal.
    """
    found: list[Example] = []
    root = data_root()
    for lang, file in (("en", "catqa_english"), ("zh", "catqa_chinese")):
        groups = json.loads((root / "catqa" / f"{file}.json").read_text(encoding="utf-8-sig"))
        asked = [q for name in _CATQA for sub in groups[name].values() for q in sub][::3]
        for i, question in enumerate(asked):
            name = f"catqa-{lang}-{i}"
            if i % 3 == 0:
                refusal = _REFUSALS[lang][i % 2]
                found.append(Example(name, "requests", question, refusal, 1, 0, 0, 1))
            else:
                found.append(Example(name, "requests", question, _OPENERS[lang][i % 3], None, None, None, 1))
    safe = (root / "erase_and_check_safe" / "safe_prompts.txt").read_text(encoding="utf-8").splitlines()[::3]
    for i, question in enumerate(safe):
        found.append(Example(f"safe-{i}", "requests", question, _OPENERS["en"][i % 3], None, 0, None, 0))
    helpful = root.parent / "B_helpfulness"
    for number, row in read_jsonl(helpful / "alpaca" / "seed_tasks.jsonl"):
        case = row["instances"][0]
        prompt = f"{row['instruction']} {case['input'][:200]}".strip()
        if case["output"].strip():
            found.append(Example(f"seed-{number}", "requests", prompt, case["output"], 0, 0, 1, 0))
    for i, row in enumerate(_csv(helpful / "truthfulqa" / "TruthfulQA.csv")[::5]):
        if "comment" not in row["Best Answer"]:
            found.append(
                Example(f"truthful-{i}", "requests", row["Question"], row["Best Answer"], 0, 0, 1, 0)
            )
    return found


def _own(name: str) -> list[Example]:
    found: list[Example] = []
    for row in _rows(name):
        label = row["label"]
        if label == "broken":  # the shared rule decides these, there is nothing to learn
            continue
        outcome = CLASSES.index(str(label)) if label is not None else None
        harmful = row["harmful"] if isinstance(row["harmful"], int) else None
        intent = int(row["request"] == "harmful")
        # To serve a harmful request is to be harmful; of a harmless one, compliance and refusal tell.
        served = harmful if intent else {0: 1, 1: 0}.get(-1 if outcome is None else outcome)
        prompt, response = str(row["prompt"]), str(row["response"])
        found.append(Example(str(row["id"]), name, prompt, response, outcome, harmful, served, intent))
    return found


def _rows(name: str) -> list[dict[str, object]]:
    text = (files("sophro.judge") / "training" / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _csv(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise SophroError(f"{path}: missing; training needs this file of the public sets")
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def folds(examples: Sequence[Example], count: int = 5, seed: int = 0) -> list[int]:
    """Return a fold number per example; all examples of a question share one.

    Questions are dealt out in an order fixed by their hash, each to the fold that holds the fewest
    examples of its source so far, so every source is spread evenly.
    """
    source: dict[str, str] = {}
    size: Counter[str] = Counter()
    for example in examples:
        source.setdefault(example.question, example.source)
        size[example.question] += 1
    loads: Counter[tuple[str, int]] = Counter()
    place: dict[str, int] = {}
    for question in sorted(size, key=lambda q: digest(seed, q)):
        best = min(range(count), key=lambda f: (loads[source[question], f], f))
        loads[source[question], best] += size[question]
        place[question] = best
    return [place[example.question] for example in examples]


def check_disjoint(training: Iterable[str], validation: Iterable[str]) -> None:
    """Raise if two sets of prompts share a question.

    Raises:
        SophroError: Naming one shared question.
    """
    shared = {question_key(p) for p in training} & {question_key(p) for p in validation}
    if shared:
        raise SophroError(f"training and validation share {len(shared)} questions, such as {min(shared)!r}")


def corpus_hash(examples: Iterable[Example]) -> str:
    """Return a hash of prompts, responses and labels."""
    return digest([(e.id, e.prompt, e.response, e.outcome, e.harmful, e.served) for e in examples])
