"""Signs that the person is in danger: the crisis layer of ``sophro.care`` over every message of the conversation.

Card: crisis_safety.md. Contract: the level of a conversation is sticky, so all messages of the person are seen in
order, not the last one only. The score is the level on a scale of four: concern 0.25, ideation 0.5, active 0.75,
imminent 1. Where nothing was found and the newest message is in a language that the layer does not read, the
conversation is *not evaluated*. The reply is what the layer says must be said now. The version holds that of the layer:
what was calibrated on other rules, another classifier or other helplines is not used.
"""

from __future__ import annotations

from collections.abc import Sequence

from sophro.files import digest
from sophro.guard._types import Detection
from sophro.guard.scanners._types import View

_SCALE = 4


class Crisis:
    """The crisis layer as a detector.

    Args:
        region: Country code for resources; empty asks the person.
    """

    name = "crisis"
    thresholds = {"risk": 0.5}  # noqa: RUF012 (a constant of the protocol)

    def __init__(self, region: str = "") -> None:
        from sophro.care.crisis import CrisisMonitor
        from sophro.care.crisis._version import version

        self._monitor = CrisisMonitor
        self.region = region or None
        self.version = digest(self.name, region, version())

    def __call__(self, views: Sequence[View]) -> list[Detection]:
        """Return one detection per view, in order."""
        return [self._one(v) for v in views]

    def _one(self, view: View) -> Detection:
        said = [t.text for t in view.turns if t.role == "user" and t.text.strip()]
        if not said and view.text.strip():
            said = [view.text]
        if not said:
            reason = "nothing to read: the person said nothing"
            return Detection({}, self.thresholds, self.name, self.version, reason=reason)
        monitor = self._monitor(region=self.region, session="guard")
        state = [monitor.see(text) for text in said][-1]
        level = int(state.level)
        if not level and monitor.unread:
            reason = "neither English nor Chinese; this detector reads no other language"
            return Detection({}, self.thresholds, self.name, self.version, reason=reason)
        note = f"level {state.level.name.lower()}" + (f" ({', '.join(state.flags)})" if state.flags else "")
        return Detection(
            {"risk": min(level / _SCALE, 1.0)}, self.thresholds, self.name, self.version, (0, len(view.text)),
            note=note if level else "", reply=state.reply or "",
        )  # fmt: skip
