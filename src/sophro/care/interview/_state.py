"""Navigation and counting: pure code over the state of one module.

Paper: MAGI, navigation agent. Deviation: it is no agent at all; no model ever decides where to go or what a number is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sophro.care.interview._expressions import Facts
from sophro.care.interview._tree import END, End, Module, Node


@dataclass
class NodeState:
    """What is known of one node.

    Attributes:
        verdict: met, not_met, unclear or refused.
        value: The value, None unless it was decided.
        evidence: Words of the person on which it rests.
        turn: Index of the turn that holds them.
        turns: Indices of all answers to this node.
        notes: Findings beside the verdict.
        reason: Why the judge's answer could not be used, if so.
    """

    verdict: str
    value: int | None
    evidence: str
    turn: int | None
    turns: list[int]
    notes: list[str]
    reason: str = ""


@dataclass
class ModuleState:
    """What is known of one module.

    Attributes:
        module: The tree.
        path: Nodes in the order in which they were asked.
        nodes: State of every settled node.
        risk: Highest risk so far, 0 to 4; of the whole session.
    """

    module: Module
    path: list[str] = field(default_factory=list[str])
    nodes: dict[str, NodeState] = field(default_factory=dict[str, NodeState])
    risk: int = 0

    @property
    def facts(self) -> Facts:
        """Return what expressions may ask about."""
        return Facts(
            {k: s.verdict for k, s in self.nodes.items()},
            {k: s.value for k, s in self.nodes.items() if s.value is not None},
            self.risk,
        )

    def following(self, node: Node) -> str | None:
        """Return the next node, None at the end; ``node`` must be settled."""
        if self.nodes[node.id].verdict == "refused" and node.on_refuse is not None:
            return None if node.on_refuse == END else node.on_refuse
        for step in node.steps:
            if step.when is None or step.when(self.facts):
                return None if step.goto == END else step.goto
        raise AssertionError(f"node {node.id} has no way on; the checks of the tree let it pass")

    def outcome(self) -> End:
        """Return the first outcome whose condition holds."""
        for end in self.module.outcomes:
            if end.when is None or end.when(self.facts):
                return end
        raise AssertionError(f"module {self.module.id} has no outcome; the checks of the tree let it pass")

    def scores(self) -> dict[str, int]:
        """Return the counted numbers; unclear and refused count as nothing."""
        found: dict[str, int] = {}
        for name, score in self.module.scores.items():
            members = [self.nodes[m] for m in score.members if m in self.nodes]
            if score.kind == "count":
                found[name] = sum(s.verdict == "met" for s in members)
            else:
                found[name] = sum(s.value or 0 for s in members)
        return found

    def verdict_of(self, node: Node, value: int) -> str:
        """Return whether a value meets the node's criterion."""
        return "met" if node.met_if(Facts({}, {}, 0, value)) else "not_met"

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            name: {
                "verdict": s.verdict,
                "value": s.value,
                "evidence": s.evidence,
                "turn": s.turn,
                "turns": s.turns,
                "notes": s.notes,
                "reason": s.reason,
            }
            for name, s in self.nodes.items()
        }
