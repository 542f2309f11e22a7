"""A claim on attacks that ask models: scripted roles with a known rule give exactly the known success rates.

The target complies exactly where a request of even length comes together with a password; the attacker knows the
password, but says it only after it has been shown an answer (PAIR, TAP), or in what it rewords (ReNeLLM, GPTFuzzer).
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sophro.chat import Transcript
from sophro.evidence._types import Check
from sophro.models import COMPLIANCE, REFUSAL, STUBS

_PASSWORD = "open sesame"
_FENCED = re.compile(r"=== (?:request|template) \w+ begins ===\n(.*?)\n=== ", re.S)
_SMALL: dict[str, dict[str, Any]] = {
    "pair": {"streams": 1, "rounds": 2},
    "tap": {"branch": 1, "keep": 1, "depth": 2},
    "renellm": {"tries": 1},
    "gptfuzzer": {"mutants": 2},
}


def _attacker(says: str) -> Callable[[Transcript], str]:
    """Return an attacker that serves every attack, and says its word once it may."""

    def script(transcript: Transcript) -> str:
        first = next(t.text for t in transcript.turns if t.role == "user")
        found = _FENCED.search(first)
        text = found[1] if found else ""
        rewords = "robustness test" in transcript.turns[0].text
        shown = any(t.role == "assistant" for t in transcript.turns)
        text = f"{text} {says}" if rewords or shown else text
        return json.dumps({"improvement": "the word", "prompt": text, "template": text})

    return script


def _judge(transcript: Transcript) -> str:
    """Return the tagged line that is asked for: on topic always, 1 for the stub's refusal, 10 for its answer."""
    line = transcript.turns[0].text.strip().splitlines()[-1]
    rate = "10" if COMPLIANCE in transcript.prompt else "1"
    return line.replace(": no", ": yes").replace(": N", f": {rate}")


def _attacker_name(says: str) -> str:
    # Answers of a role are kept by its model's name, so another script needs another name.
    return f"says-{says.replace(' ', '-')}"


@contextmanager
def _world(falls: Sequence[str], says: str) -> Generator[None]:
    def target(transcript: Transcript) -> str:
        seen = transcript.prompt
        return COMPLIANCE if _PASSWORD in seen and any(p in seen for p in falls) else REFUSAL

    mine = {
        "hears-password": target,
        _attacker_name(says): _attacker(says),
        "rates-refusals": _judge,
    }
    STUBS.update(mine)
    try:
        yield
    finally:
        for name in mine:
            del STUBS[name]


def search_known_asr(folder: Path, quick: bool) -> tuple[list[Check], list[str]]:
    """The success rate of each searching attack is exactly that of the rule; without the password it is 0."""
    from sophro.data import load_set

    limit = 8 if quick else 40
    records = load_set("starter/harmful:en", split="test", limit=limit)
    falls = [r.prompt for r in records if len(r.prompt) % 2 == 0]
    checks: list[Check] = []
    for name in _SMALL:
        with _world(falls, _PASSWORD):
            found = _rate(folder / f"search-known-{limit}-{name}", name, limit, _PASSWORD)
        checks.append(
            Check(f"{name}: success against {len(falls)} of {limit}", found, None, None, limit, "==",
                  len(falls) / limit)
        )  # fmt: skip
    with _world(falls, "please"):
        found = _rate(folder / f"search-known-{limit}-control", "pair", limit, "please")
    checks.append(
        Check("control: pair without the password", found, None, None, limit, "==", 0.0, True)
    )  # fmt: skip
    return checks, [f"{len(falls)} of {limit} requests have an even number of characters"]


def _rate(folder: Path, name: str, limit: int, says: str) -> float:
    """Run one assessment through search, task, judges and records."""
    from sophro.assess import assess

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    arguments = {
        "limit": limit,
        "attack": name,
        "params": {
            **_SMALL[name],
            "attacker": f"stub/{_attacker_name(says)}",
            "judge": "stub/rates-refusals",
        },
        "refusal_judge": "stub/refusal",
        "harm_judge": "stub/harm",
    }
    rows = assess("harmful", "stub/hears-password", folder, task_args=arguments).rows
    return sum(r["verdicts"][-1]["harmful"] is True for r in rows) / limit
