"""Characters to syllables, with phrases deciding between readings.

Contract: the toneless result of pypinyin's ``lazy_pinyin`` (longest match over its phrases, from the left),
measured in ``tests/text``; a run of characters that are not Han is one item, unchanged.
"""

from __future__ import annotations

from functools import cache

from sophro.text.tables import default_readings, phrase_readings


@cache
def _prefixes() -> tuple[frozenset[str], int]:
    phrases = phrase_readings()
    return frozenset(w[:2] for w in phrases), max(len(w) for w in phrases)


def pinyin(text: str) -> list[str]:
    """Return one toneless syllable per Han character; other runs stay whole.

    Args:
        text: Any text.

    Returns:
        Syllables and other runs, in order; empty for the empty text.
    """
    single, phrases = default_readings(), phrase_readings()
    starts, longest = _prefixes()
    out: list[str] = []
    i, n = 0, len(text)
    open_run = False
    while i < n:
        if text[i : i + 2] in starts:
            for size in range(min(longest, n - i), 1, -1):
                known = phrases.get(text[i : i + size])
                if known is not None:
                    out += known
                    i += size
                    open_run = False
                    break
            else:
                known = None
            if known is not None:
                continue
        syllable = single.get(text[i])
        if syllable is not None:
            out.append(syllable)
            open_run = False
        elif open_run:
            out[-1] += text[i]
        else:
            out.append(text[i])
            open_run = True
        i += 1
    return out
