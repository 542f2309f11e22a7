"""Ways around a model's refusal that a text shows by its form, whatever it asks for.

Papers: the families are those of Wei et al. 2023 (arXiv 2307.02483: prefix injection, refusal suppression, encodings),
Shen et al. 2023 (arXiv 2308.03825: persona prompts in the wild) and Anil et al. 2024 (many-shot jailbreaking). The
phrases are our own, written from those descriptions and from half of the in-the-wild set (see ``docs/guard.md``).

Contract: four labels, each a score in [0, 1]. ``template``: cues of persona, rule-breaking and refusal-suppressing
prompts; but for the names of well-known ones a cue alone is no jailbreak, because ordinary requests have it too.
``encoded``: what a decoded piece says, judged by ``prompt_harm``; an encoded harmless text is harmless. ``many_shot``:
share of harmful questions among many question-answer pairs. ``invisible``: characters that nobody sees and a model
reads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sophro.files import digest
from sophro.guard._types import Detection
from sophro.guard.scanners._cues import CUES, WHOLE
from sophro.guard.scanners._decode import Piece, decoded
from sophro.guard.scanners._types import Scanner, View
from sophro.judge._lexicon import normalize

LABELS = ("template", "encoded", "many_shot", "invisible")
THRESHOLDS: dict[str, float] = dict.fromkeys(LABELS, 0.5)
_MANY = 0.6  # share of harmful questions that is certain; half of it is the threshold
READ = 100_000  # characters read for cues; both ends of a longer text
PAIRS = 6
_ASKED = 16  # questions of a many-shot prompt that are judged

_COMPILED = {name: (weight, re.compile(pattern, re.IGNORECASE)) for name, (weight, pattern) in CUES.items()}
_SPEAKER = re.compile(
    r"(?im)^[ \t#*>\[(]*(?P<who>human|user|q|question|h|u|用户|人类|问)[ \t]*\d*[\])]*\**[ \t]*[:：](?P<text>.*)$"
)
_REPLY = re.compile(
    r"(?im)^[ \t#*>\[(]*(?:assistant|ai|a|answer|bot|model|助手|答)[ \t]*\d*[\])]*\**[ \t]*[:：]"
)
_TAGS = re.compile("[\U000e0020-\U000e007f]+")
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{2,6}\U000e007f")
_HIDDEN = "\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad\u034f\u180e\u202a-\u202e\u2066-\u2069"
_INSIDE = re.compile(rf"(?<=[A-Za-z0-9\u4e00-\u9fff])[{_HIDDEN}]+(?=[A-Za-z0-9\u4e00-\u9fff])")


class Jailbreak:
    """Cues of templates, encoded pieces, many-shot shape and invisible characters.

    Args:
        harm: Judges what a decoded piece asks for; the shipped ``prompt_harm`` by default.
    """

    name = "jailbreak"
    thresholds = THRESHOLDS

    def __init__(self, harm: Scanner | None = None) -> None:
        if harm is None:
            from sophro.guard.scanners import scanner

            harm = scanner("prompt_harm")
        self._harm = harm
        self.version = digest(CUES, THRESHOLDS, PAIRS, _HIDDEN, harm.version)

    def __call__(self, views: Sequence[View]) -> list[Detection]:
        """Return one detection per view, in order."""
        pieces = [decoded(v.text) if v.text.strip() else [] for v in views]
        asked = [_questions(v.text) for v in views]
        texts = [p.text for row in pieces for p in row] + [q for row in asked for q in row]
        harm = iter(self._harm([View(t) for t in texts]) if texts else [])
        first = [[next(harm).scores.get("harmful", 0.0) for _ in row] for row in pieces]
        second = [[next(harm) for _ in row] for row in asked]
        line = self._harm.thresholds["harmful"]
        return [
            self._one(view.text, row, scores, [d.scores.get("harmful", 0.0) >= line for d in judged])
            for view, row, scores, judged in zip(views, pieces, first, second, strict=True)
        ]

    def _one(self, text: str, pieces: list[Piece], harm: list[float], many: list[bool]) -> Detection:
        if not text.strip():
            return Detection(
                {}, THRESHOLDS, self.name, self.version, reason="nothing to read: the text is empty"
            )
        whole = (0, len(text))
        weight, cues, place = template_score(text)
        hidden = invisible_score(text)
        line = self._harm.thresholds["harmful"]
        best = max(range(len(pieces)), key=lambda i: harm[i], default=None)
        # On the scale of this detector: the harm detector's own threshold is one half.
        encoded = 0.0 if best is None else _scaled(harm[best], line)
        scores = {
            "template": weight,
            "encoded": encoded,
            "many_shot": min(sum(many) / len(many) / _MANY, 1.0) if many else 0.0,
            "invisible": hidden,
        }
        windows = {"template": place, "encoded": whole, "many_shot": whole, "invisible": whole}
        notes: list[str] = []
        if weight >= THRESHOLDS["template"]:
            notes.append(f"cues: {', '.join(cues)}")
        if best is not None and encoded >= THRESHOLDS["encoded"]:
            windows["encoded"] = (pieces[best].start, pieces[best].end)
            notes.append(f"{pieces[best].how} of a harmful request")
        if many:
            notes.append(f"{sum(many)} of {len(many)} questions read are harmful")
        return Detection(
            scores, THRESHOLDS, self.name, self.version, whole, note="; ".join(notes), windows=windows
        )


def _scaled(score: float, line: float) -> float:
    return 0.5 * score / line if score < line else 0.5 + 0.5 * (score - line) / max(1.0 - line, 1e-9)


def template_score(text: str) -> tuple[float, tuple[str, ...], tuple[int, int]]:
    """Return the summed weight of the cues (1 at most), their names, and where they lie."""
    read = text if len(text) <= READ else text[: READ // 2] + "\n" + text[-READ // 2 :]
    clean = normalize(read) if not read.isascii() else read
    found = {
        name: hit for name, (_, pattern) in _COMPILED.items() if (hit := pattern.search(clean)) is not None
    }
    weight = sum(CUES[name][0] for name in found)
    if not found:
        return 0.0, (), (0, len(text))
    start = min(hit.start() for hit in found.values())
    end = max(hit.end() for hit in found.values())
    return min(weight / WHOLE, 1.0), tuple(found), (min(start, len(text)), min(end, len(text)))


def _questions(text: str) -> list[str]:
    """Return questions of a prompt that holds many question-answer pairs; none of another."""
    asked = [m["text"].strip() for m in _SPEAKER.finditer(text)]
    if min(len(asked), len(_REPLY.findall(text))) < PAIRS:
        return []
    asked = [q for q in asked if q]
    step = max(1, len(asked) // _ASKED)
    return [*asked[:-1:step][: _ASKED - 1], asked[-1]] if asked else []


def invisible_score(text: str) -> float:
    """Return how surely a text hides characters from people: tag characters, or joints inside words."""
    if text.isascii():
        return 0.0
    if any(len(m.group()) >= 3 for m in _TAGS.finditer(_FLAG.sub("", text))):
        return 1.0
    joints = len(_INSIDE.findall(text))
    letters = sum(c.isalnum() for c in text)
    return min(1.0, joints / max(letters, 1) * 10) if joints >= 3 else 0.0
