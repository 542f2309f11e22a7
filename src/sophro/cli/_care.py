"""What the commands that talk with a person share: who is told, what is kept, and what is said about it first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sophro.errors import SophroError

_SAID = {
    "en": (
        "You talk with a program. It is no therapist and no emergency service.",
        "Nothing is stored.",
        "What you write is stored in {kept}.",
        "Events of danger are noted in {events}, without your words.",
        "Events of danger are noted in {events}, with your words.",
        "Someone is told, without your words, when you seem to be in danger.",
        "Fixed rules read and answer; no model does.",
        "Reading or wording along: {models} on this computer.",
        "Reading or wording along, elsewhere, so that what you write leaves this computer: {models}.",
        "{model} is very small and often misunderstands.",
        "Ctrl-D leaves.",
    ),
    "zh": (
        "和你说话的是一个程序，它不是治疗师，也不是急救服务。",
        "什么都不会保存。",
        "你写的内容会保存在 {kept}。",
        "有危险的情况会记在 {events}，不含你的原话。",
        "有危险的情况会记在 {events}，包括你的原话。",
        "如果你看起来有危险，会有人被通知，但不会看到你的原话。",
        "阅读和回答都按固定规则进行，没有用模型。",
        "一起阅读或组织语言的模型，在这台电脑上：{models}。",
        "一起阅读或组织语言的模型不在这台电脑上，你写的内容会发出去：{models}。",
        "{model} 很小，经常会理解错。",
        "按 Ctrl-D 离开。",
    ),
}


def said_first(
    lang: str,
    kept: Path | None,
    models: Sequence[str],
    *,
    events: Path | None = None,
    words: bool = False,
    told: bool = False,
) -> str:
    """Return what a person reads before the first question: what this is, what is kept, which models read along.

    Args:
        lang: ``en`` or ``zh``.
        kept: Where the conversation is stored, None if it is not.
        models: Models in use; empty if everything follows rules.
        events: Where events of the crisis layer are kept.
        words: Whether the events hold words.
        told: Whether somebody is told of danger.
    """
    from sophro.models import is_local
    from sophro.models._load import EMBEDDED

    what, nothing, stored, noted, noted_words, who, rules, near, far, small, leave = _SAID[lang]
    names = sorted(set(models))
    here, away = [m for m in names if is_local(m)], [m for m in names if not is_local(m)]
    joined = "、" if lang == "zh" else ", "
    parts = [
        what,
        nothing if kept is None and events is None else stored.format(kept=kept) if kept else "",
        (noted_words if words else noted).format(events=events) if events else "",
        who if told else "",
        near.format(models=joined.join(here)) if here else "",
        far.format(models=joined.join(away)) if away else "",
        "" if names else rules,
        small.format(model=EMBEDDED) if EMBEDDED in names else "",
        leave,
    ]
    return ("" if lang == "zh" else " ").join(p for p in parts if p)


def hook_of(url: str | None) -> Any:
    """Return what posts to an address of the operator's, None without one."""
    from sophro.care.dialogue import webhook

    return None if url is None else webhook(url)


def records_of(file: Path | None, words: bool) -> Any:
    """Return the event log in a file, None without one."""
    from sophro.care.crisis import Records

    return None if file is None else Records(file, keep_text=words)


def session_of(kept: Path | None) -> str:
    """Return the name of a conversation: that of the place where it is kept, or a new one."""
    from secrets import token_hex

    return token_hex(16) if kept is None else str(kept.resolve())


def check_region(region: str | None) -> None:
    """Refuse what is no country code.

    Raises:
        SophroError: If it is not two letters.
    """
    if region is not None and not (len(region) == 2 and region.isascii() and region.isalpha()):
        raise SophroError(f"--region {region!r} must be a country code of two letters like US or CN")


def check_words(records_text: bool, records: Path | None) -> None:
    """Refuse to keep words where nothing is kept.

    Raises:
        SophroError: If there is no file for them.
    """
    if records_text and records is None:
        raise SophroError("--records-text needs --records FILE")
