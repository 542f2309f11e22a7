"""Latin letters as toneless pinyin.

Contract: a run is pinyin only if all its letters can be cut into legal syllables (the fewest) and it is not
made of English words alone.
"""

from __future__ import annotations

from functools import cache

from sophro.text.tables import syllables

# English words that are also legal pinyin; a run made of these alone stays English.
_ENGLISH = frozenset(
    "a ai an ban bang bin bing can chat chi dang die fan fang fen fun gang gun ha hang he hen i la lie long ma man "
    "me men min nan pa pan pang pen pie pin ping ran rang run sang she song sun tan tang ten tie wan wang wo you "
    "lang cha hang hong kong pen ta ti to so do no go she he bin hi be mi di de le lei bi po".split()
)


@cache
def segment(run: str) -> tuple[tuple[int, str], ...] | None:
    """Return (offset, syllable) pairs of ``run`` (letters and single spaces), or None if it is not pinyin."""
    tokens = run.split(" ")
    if all(t in _ENGLISH for t in tokens) and len(tokens) < 2:
        return None
    found: list[tuple[int, str]] = []
    at = 0
    for token in tokens:
        cut = _cut(token)
        if cut is None:
            return None
        for syllable in cut:
            found.append((at, syllable))
            at += len(syllable)
        at += 1
    return tuple(found)


@cache
def _cut(token: str) -> tuple[str, ...] | None:
    legal = syllables()
    best: list[tuple[str, ...] | None] = [()] + [None] * len(token)
    for end in range(1, len(token) + 1):
        for start in range(max(0, end - 6), end):
            before = best[start]
            if before is not None and token[start:end] in legal:
                option = (*before, token[start:end])
                known = best[end]
                if known is None or len(option) < len(known):
                    best[end] = option
    return best[len(token)]
