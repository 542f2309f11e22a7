"""A toy problem for the search core: climb towards a number; some children error, some are pruned."""

from __future__ import annotations

from sophro.attack.search._core import Node, Problem, best_of


class Climb(Problem):
    """State: a number. Children add -3..3; the score is minus the distance to the goal."""

    def __init__(self, goal=40, width=3, branch=4, faults=True, records_all=True):
        super().__init__()
        self.goal, self.width, self.branch, self.faults = goal, width, branch, faults
        self._all = records_all

    @property
    def records_all(self):
        return self._all

    def identity(self):
        return {"problem": "climb", "goal": self.goal, "width": self.width, "branch": self.branch}

    def start(self, rng, meter):
        return [Node({"x": rng.randint(0, 9)}) for _ in range(self.width)]

    def expand(self, frontier, rng, meter):
        self.memory["visits"] = self.memory.get("visits", 0) + len(frontier)
        wanted = [(n, rng.randint(-3, 3)) for n in frontier for _ in range(self.branch)]
        return [
            Node({"x": n.state["x"] + d, "tie": (d,)}, n.id)
            for n, d in wanted[: meter.book(len(wanted), attacker=1)]
        ]

    def prune(self, nodes, meter):
        return [
            n.failed("pruned", "below zero") if n.status == "new" and n.state["x"] < 0 else n for n in nodes
        ]

    def score(self, nodes, meter):
        count = meter.book(len(nodes), queries=1, judge=2)
        out = []
        for i, n in enumerate(nodes):
            if i >= count:
                out.append(n.failed("unaffordable", "budget"))
            elif self.faults and n.state["x"] % 7 == 6:
                out.append(n.failed("error", "boom"))
            else:
                out.append(n.scored(-abs(self.goal - n.state["x"]) + 1 / 3))
        return out

    def keep(self, frontier, fresh, rng):
        return best_of([*frontier, *fresh], self.width)

    def solved(self, node):
        return node.state["x"] == self.goal
