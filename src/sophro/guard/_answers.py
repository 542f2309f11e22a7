"""Windows of answers to train, to set and to measure the response screen on, and which of them may do what.

Contract: three roles, and no question (prompt without case, marks and spacing) has two of them. *Training*: sources
whose licence allows passing weights on, and texts of our own. *Choosing* (of the cuts): half of the questions of
JAILJUDGE-mini, of the GPTFuzz evaluation part and of our own Chinese texts, the judges' selection set, and a tenth of
the other training sources. *Measuring*: everything else: the other halves, the judges' validation sets and whole
sources of ordinary answers (``ORDINARY``) that nothing is trained or chosen on. Windows are those that ``StreamCheck``
cuts under the shipped policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from sophro.data import find_set, load_labels, load_set
from sophro.errors import SophroError
from sophro.files import digest, read_jsonl
from sophro.guard._requests import share
from sophro.judge._corpus import question_key

Role = Literal["training", "choosing", "measuring"]
FIRST, WINDOW, CONTEXT = 60, 160, 240  # of the shipped policy's ``streaming``
ORDINARY = ("alpaca", "alpaca_zh", "alpaca_eval")  # answers that are only measured
SAFE_SETS = {"gsm8k": 150, "alpaca/seed_tasks": 0, "truthfulqa": 300}
"""Harmless answers that train, with how many of each."""
JUDGES = ("xstest", "gptfuzz", "requests", "smollm2", "own", "own_harm", "own_more")
"""Sources of the judges' training data, which train the screen too."""
LABELLED = {"gptfuzz": "gptfuzz_human_labels/train", "xstest": "xstest_human_labels"}
_HALF, _TENTH = 0.5, 0.1


@dataclass(frozen=True)
class Window:
    """One window of an answer.

    Attributes:
        source: Name of its source.
        prompt: The request.
        text: The window, with the characters before it that the stream's detectors read too.
        harmful: Whether the whole answer is labelled harmful.
        lang: Language of the request.
        place: How many windows came before it.
        last: Whether the answer ends in it.
    """

    source: str
    prompt: str
    text: str
    harmful: bool
    lang: str
    place: int
    last: bool

    @property
    def typical(self) -> bool:
        """Whether it is the second or fourth window of its answer, or all of it: neighbours are near copies."""
        return self.place in (1, 3) or (self.last and self.place == 0)

    @property
    def key(self) -> str:
        """The question without case, marks and spacing."""
        return question_key(self.prompt)


def cuts(length: int) -> list[tuple[int, int]]:
    """Return ``(start, end)`` of what the stream's detectors read, window by window, of an answer of that length."""
    found: list[tuple[int, int]] = []
    judged, edge = 0, FIRST
    while judged < length:
        end = min(edge, length)
        found.append((max(0, judged - CONTEXT), end))
        judged, edge = end, edge + WINDOW
    return found


def windows_of(
    source: str, prompt: str, answer: str, harmful: bool, lang: str, most: int = 4
) -> list[Window]:
    """Return the first windows of an answer."""
    every = cuts(len(answer.strip()))
    return [
        Window(source, prompt, answer.strip()[a:b], harmful, lang, i, i == len(every) - 1)
        for i, (a, b) in enumerate(every[:most])
    ]


def role(window: Window) -> Role:
    """Return what a window may be used for."""
    source, half = window.source, share(window.key) < _HALF
    if source in ("jailjudge", "gptfuzz_evaluate"):
        return "choosing" if half else "measuring"
    if source == "judge_check":
        return "choosing"
    if source not in (*SAFE_SETS, *JUDGES):
        return "measuring"
    if window.lang == "zh" and source.startswith("own"):  # Chinese has little else to choose on
        return "choosing" if half else "training"
    return "choosing" if share(window.key) < _TENTH else "training"


def _safe() -> Iterator[Window]:
    for name, limit in SAFE_SETS.items():
        # Drawn by another hash than roles are, or a draw would fill one role only.
        rows = sorted(load_set(name), key=lambda r: share(question_key(r.prompt) + " drawn"))[: limit or None]
        for row in rows:
            if row.answer and row.answer.strip():
                yield from windows_of(name, row.prompt, row.answer, False, row.lang)


def trained() -> list[Window]:
    """Return the windows of the trained sources; GPTFuzz and own texts as the judges read them.

    Raises:
        SophroError: If a source is missing.
    """
    from sophro.judge._corpus import corpus

    found = list(_safe())
    for row in corpus("reader"):
        if row.harmful is None or (row.source == "gptfuzz" and not row.id.startswith("gptfuzz-train")):
            continue
        if row.source == "requests" and row.intent:  # an opener says nothing about harm
            continue
        lang = "zh" if any("\u4e00" <= c <= "\u9fff" for c in row.prompt) else "en"
        found += windows_of(row.source, row.prompt, row.response, bool(row.harmful), lang)
    return found


def held() -> list[Window]:
    """Return labelled windows that nothing is trained on.

    Raises:
        SophroError: If a source is missing.
    """
    found: list[Window] = []
    for name, set_ in (
        ("jailjudge", "jailbreakeval_labels/jailjudge"),
        ("gptfuzz_evaluate", "gptfuzz_human_labels/evaluate"),
    ):
        for row in load_labels(set_):
            found += windows_of(name, row.prompt, row.response, bool(row.harmful), row.lang)
    folder = Path(str(files("sophro.data"))) / "starter"
    for name in ("judge_check", "judge_fresh_harm", "judge_blind_harm", "judge_blind2_harm"):
        for _, row in read_jsonl(folder / f"{name}.jsonl"):
            harmful = bool(row["harmful"]) if "harmful" in row else str(row["label"]) == "1"
            source = name.removesuffix("_harm")
            found += windows_of(source, str(row["prompt"]), str(row["response"]), harmful, str(row["lang"]))
    return found


def ordinary(limit: int = 300) -> list[Window]:
    """Return windows of ordinary answers that nothing is trained or chosen on, ``limit`` answers of each source.

    Raises:
        SophroError: If a source is missing.
    """
    found: list[Window] = []
    for name, set_ in zip(ORDINARY, ("alpaca/demo:en", "alpaca/demo:zh", "alpaca_eval"), strict=True):
        rows = [r for r in load_set(set_) if r.answer and r.answer.strip()]
        for row in sorted(rows, key=lambda r: share(question_key(r.prompt)))[:limit]:
            found += windows_of(name, row.prompt, str(row.answer), False, row.lang)
    return found


def answered(path: Path) -> list[Window]:
    """Return windows of a file of ordinary answers: JSONL of ``prompt``, ``response`` and optional ``lang``.

    Raises:
        SophroError: Naming line and field of what is wrong.
    """
    found: list[Window] = []
    for number, row in read_jsonl(path):
        for name in ("prompt", "response"):
            if not isinstance(row.get(name), str):
                raise SophroError(f"{path}, line {number}, field {name!r}: text is needed")
        prompt, response = str(row["prompt"]), str(row["response"])
        found += windows_of(path.stem, prompt, response, False, str(row.get("lang", "en")))
    return found


def to_judge(windows: Iterable[Window], limit: int) -> list[Window]:
    """Return the windows that the judge is asked about.

    These are typical ones of harmful answers, at most ``limit`` of each source and role, drawn by hash.
    """
    chosen: dict[tuple[str, Role], list[Window]] = {}
    for window in windows:
        if window.harmful and window.typical:
            chosen.setdefault((window.source, role(window)), []).append(window)
    rows = (sorted(group, key=lambda w: share(w.key + w.text))[:limit] for group in chosen.values())
    return [w for group in rows for w in group]


def licences() -> dict[str, Any]:
    """Return the licence of every trained source."""
    own = "Apache-2.0 (own texts)"
    sets = {
        **{n: find_set(n)[0].licence for n in SAFE_SETS},
        **{k: find_set(n)[0].licence for k, n in LABELLED.items()},
    }
    return {
        **sets,
        "requests": "Apache-2.0; MIT",
        "own": own,
        "own_harm": own,
        "own_more": own,
        "smollm2": own,
    }


def windows_hash(windows: Sequence[Window]) -> str:
    """Return a hash of windows and labels."""
    return digest([(w.source, w.prompt, w.text, w.harmful) for w in windows])
