"""Cognitive distortions: one registry of labels for care, classifiers and data, with cues that find the plain cases.

Sources: the ten of Burns (Feeling Good, 1980, after Beck) and the fifteen that CRDial uses (arXiv 2504.17238); names
and numbers of labels are facts, every description, example and cue is ours.

Contract: ``DISTORTIONS`` is the only list; data sets map to it through ``of_source``. ``detect`` is a named baseline of
word patterns: it finds what is said in so many words and gives the sentence that shows it, never a diagnosis.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sophro.care._sentences import sentences
from sophro.errors import SophroError, unknown_name
from sophro.files import read_text


@dataclass(frozen=True)
class Distortion:
    """One label.

    Attributes:
        id: Stable name.
        en: Name in English.
        zh: Name in Chinese.
        what: What it is, in one sentence.
        burns: One of Burns's ten.
        crdial: One of CRDial's fifteen.
        example_en: A thought that shows it.
        example_zh: The same in Chinese.
        cues: Pattern of words in which it shows, both languages.
        sources: Its name in data sets: ``socialcd_3k`` (columns), ``thinking_traps`` (completions).
    """

    id: str
    en: str
    zh: str
    what: str
    burns: bool
    crdial: bool
    example_en: str
    example_zh: str
    cues: str
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {})


@dataclass(frozen=True)
class Found:
    """A label with the sentence that shows it."""

    distortion: str
    quote: str


def _read() -> dict[str, Distortion]:
    rows: list[dict[str, Any]] = json.loads(read_text(Path(__file__).with_name("data") / "distortions.json"))
    found: dict[str, Distortion] = {}
    for row in rows:
        sources = {k: tuple(v) for k, v in row.pop("sources").items()}
        found[row["id"]] = Distortion(sources=sources, **row)
    return found


DISTORTIONS: Mapping[str, Distortion] = _read()


def distortion(name: str) -> Distortion:
    """Return one label.

    Raises:
        SophroError: If it is unknown; the message lists near names.
    """
    if name not in DISTORTIONS:
        raise unknown_name("distortion", name, DISTORTIONS)
    return DISTORTIONS[name]


@functools.cache
def _sources() -> dict[tuple[str, str], str]:
    return {
        (source, name.casefold()): d.id
        for d in DISTORTIONS.values()
        for source, names in d.sources.items()
        for name in names
    }


def of_source(source: str, name: str) -> str | None:
    """Return our label for a data set's label; None where the data set says that there is no distortion.

    Args:
        source: ``socialcd_3k`` or ``thinking_traps``.
        name: Label as the data set writes it.

    Raises:
        SophroError: If the set or its label is unknown.
    """
    known = {s for s, _ in _sources()}
    if source not in known:
        raise unknown_name("data set with distortions", source, known)
    plain = name.strip().casefold()
    if (source, plain) in (
        ("thinking_traps", "not distorted"),
        ("thinking_traps", "negative feeling or emotion"),
    ):
        return None
    found = _sources().get((source, plain))
    if found is None:
        raise SophroError(f"{source}: the label {name!r} is not mapped; add it to the registry")
    return found


@functools.cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {d.id: re.compile(d.cues, re.IGNORECASE) for d in DISTORTIONS.values()}


def detect(text: str) -> list[Found]:
    """Return the labels whose cues a text holds, in the order of the registry, each with its sentence."""
    said = sentences(text)
    found: list[Found] = []
    for name, pattern in _patterns().items():
        quote = next((s for s in said if pattern.search(s)), None)
        if quote is not None:
            found.append(Found(name, quote))
    return found


__all__ = ["DISTORTIONS", "Distortion", "Found", "detect", "distortion", "of_source"]
