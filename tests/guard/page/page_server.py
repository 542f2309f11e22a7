"""The real server behind the page: a scripted model, a policy, and detectors whose scores rise slowly enough to plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from sophro.chat import REFLECTION_TOKEN, Transcript
from sophro.guard import Guard, Policy
from sophro.guard._types import Detection
from sophro.guard.server import FixedGuards, Keys, ScriptedBackEnd, Server, Settings, create_app
from sophro.guard.server._page import page_routes
from sophro.models import ScriptedModel

SAFE = """A hung Python process can be stopped in **three ways**, from gentle to final.

1. Press `Ctrl + C` in its terminal; Python raises `KeyboardInterrupt`.
2. Ask it to end from another terminal:

```bash
pgrep -af python
kill 12345
```

3. If it does not react, force it: `kill -9 12345`. Nothing is saved then, so try the others first.

Afterwards look at *why* it hung: `py-spy dump --pid 12345` shows where it stands."""
SECRET = "WHEELBARROW"  # stands for text that must never reach a browser
THOUGHT = "Wait. What I began to write would hurt someone, so I stop here and say what I can do."
INSTEAD = "I won't go on with that. I can help you make the place safer: tell me what you want to protect."
POLICY = """
format: 1
name: page
input:
  - {detector: jailbreak, label: template, action: refuse, reply: "I can't help with that, but I can help with what is behind it."}
  - {detector: jailbreak, label: invisible, action: escalate, reply: "Thank you for telling me. Are you thinking about killing yourself?"}
stream:
  - {detector: jailbreak, action: hold}
streaming: {window: 24, context: 60, first: 12, behind: 12, max_hold: 1.0}
tenants:
  strict: {thresholds: {jailbreak.template: 0.3}}
  watching: {dry_run: true}
"""


def answer(transcript: Transcript) -> str:
    said = transcript.turns[-1].segments[-1].text
    if "take it back" in said:
        harm = " ".join([SECRET] * 34)
        return f"Here is what I know about locks. {harm} {REFLECTION_TOKEN}{THOUGHT}\n\n{INSTEAD}"
    if "go wrong" in said:
        return (
            f"Locks are a fine topic, and most of them can be cleaned with a little oil. Then {SECRET} "
            + "and on " * 9
        )
    if "python" in said.lower():
        return SAFE
    return said


class Rising:
    """A detector in the place of one of the shipped ones: its score rises towards the word that must not leave."""

    name, version = "jailbreak", "page"
    thresholds: ClassVar = {"template": 0.8, "encoded": 0.9, "many_shot": 0.9, "invisible": 0.5}

    def __call__(self, views: Sequence[Any]) -> list[Detection]:
        return [self._one(v.text) for v in views]

    def _one(self, text: str) -> Detection:
        low = text.lower()
        scores = {
            "template": 0.97
            if "bomb" in low or SECRET in text
            else 0.05 + 0.4 * ("oil" in low) + len(text) % 7 / 60,
            "encoded": 0.02 + len(text) % 5 / 90,
            "many_shot": 0.01,
            "invisible": 0.91 if "matters" in low or "意义" in low else 0.0,
        }
        return Detection(scores, self.thresholds, self.name, self.version, (0, len(text)))


class PageGuard(Guard):
    """Has one detector, which needs no weights, and names one label's reasons as those of the crisis layer."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy, {"jailbreak": Rising()})

    def decide(self, judged: Any) -> Any:
        decision = super().decide(judged)
        reasons = [replace(r, detector="crisis") if r.label == "invisible" else r for r in decision.reasons]
        return replace(decision, reasons=tuple(reasons))

    def for_tenant(self, name: str | None) -> Guard:
        return guard(self.policy.for_tenant(name))


def guard(policy: Policy | None = None) -> PageGuard:
    return PageGuard(policy or Policy.parse(POLICY))


class Tenants(FixedGuards):
    """One guard, with the tenants of its policy."""

    def guard(self, tenant: str) -> Any:
        return self.one.for_tenant(tenant)


def page_app(
    runs: Path | None = None, keys: Keys | None = None, scripts: Sequence[str] = (), delay: float = 0.002
) -> Any:
    settings = Settings(hold=40)
    one = guard()
    tenants = Tenants(one, tenants=one.policy.tenant_names())
    server = Server(
        settings, ScriptedBackEnd(ScriptedModel(answer), settings, delay), lambda: tenants, keys=keys
    )
    return create_app(server, [page_routes(server, runs=runs, report_scripts=scripts)])
