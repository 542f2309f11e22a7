"""The small language in which trees say what follows: comparisons, and/or/not, and counts over groups of nodes.

Contract: parsed once when a tree is read, evaluated without ``eval``. Allowed are ``met(id)``, ``not_met(id)``,
``unclear(id)``, ``refused(id)``, ``value(id)``, ``count(met in group)``, ``sum(value in group)``,
``any(met in group)``, ``value``, ``risk``, whole numbers, comparisons, ``and``, ``or``, ``not`` and brackets. A group
is a name or ``{a, b}``. A node that was not asked has no verdict and the value 0, so it never counts as met.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sophro.errors import SophroError

VERDICTS = ("met", "not_met", "unclear", "refused")
_TOKEN = re.compile(r"\s*(?:(?P<number>\d+)|(?P<word>[A-Za-z_]\w*)|(?P<mark>>=|<=|==|!=|>|<|\(|\)|\{|\}|,))")
_COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
}


@dataclass(frozen=True)
class Facts:
    """What an expression may ask about.

    Attributes:
        verdicts: Verdict of each settled node.
        values: Value of each settled node.
        risk: Highest risk so far, 0 to 4, from the suicide module and the crisis layer.
        value: Value of the node at hand, inside ``met_if``.
    """

    verdicts: Mapping[str, str]
    values: Mapping[str, int]
    risk: int = 0
    value: int = 0


Evaluated = Callable[[Facts], int]


@dataclass(frozen=True)
class Expression:
    """A parsed expression.

    Attributes:
        text: As it was written.
        nodes: Nodes that it names.
        bounds: (what is compared, its largest possible value, the number it is compared with), for checks.
        evaluate: From facts to a number; truth is 1.
    """

    text: str
    nodes: frozenset[str]
    bounds: tuple[tuple[str, int, int], ...]
    evaluate: Evaluated

    def __call__(self, facts: Facts) -> bool:
        """Whether it holds."""
        return bool(self.evaluate(facts))


def parse(
    text: str, groups: Mapping[str, Sequence[str]], largest: Mapping[str, int], where: str
) -> Expression:
    """Parse an expression.

    Args:
        text: The expression.
        groups: Nodes of each group.
        largest: Largest value of each node.
        where: How errors call the place.

    Raises:
        SophroError: If it is no expression or names a node or group that there is not.
    """
    return _Parser(text, groups, largest, where).whole()


class _Parser:
    def __init__(
        self, text: str, groups: Mapping[str, Sequence[str]], largest: Mapping[str, int], where: str
    ) -> None:
        self.text, self.groups, self.largest, self.where = text, groups, largest, where
        self.tokens = self._tokens()
        self.at = 0
        self.nodes: set[str] = set()
        self.bounds: list[tuple[str, int, int]] = []

    def _tokens(self) -> list[str]:
        found: list[str] = []
        place = 0
        while self.text[place:].strip():
            match = _TOKEN.match(self.text, place)
            if match is None:
                raise self.error(f"{self.text[place:].strip()[:10]!r} is not understood")
            found.append(match.group().strip())
            place = match.end()
        return found

    def error(self, why: str) -> SophroError:
        return SophroError(f"{self.where}: expression {self.text!r}: {why}")

    def whole(self) -> Expression:
        evaluate, _ = self.either()
        if self.at < len(self.tokens):
            raise self.error(f"{self.tokens[self.at]!r} is not expected there")
        return Expression(self.text, frozenset(self.nodes), tuple(self.bounds), evaluate)

    def take(self, *wanted: str) -> str:
        token = self.tokens[self.at] if self.at < len(self.tokens) else ""
        if wanted and token not in wanted:
            raise self.error(f"{' or '.join(wanted)} is expected, not {token or 'the end'!r}")
        if not token:
            raise self.error("it ends too early")
        self.at += 1
        return token

    def next_is(self, *tokens: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at] in tokens

    # Each returns (evaluate, (name, largest value) where it is a number that may be compared).
    def either(self) -> tuple[Evaluated, tuple[str, int] | None]:
        left, number = self.both()
        while self.next_is("or"):
            self.take()
            left, number = _or(left, self.both()[0]), None
        return left, number

    def both(self) -> tuple[Evaluated, tuple[str, int] | None]:
        left, number = self.negated()
        while self.next_is("and"):
            self.take()
            left, number = _and(left, self.negated()[0]), None
        return left, number

    def negated(self) -> tuple[Evaluated, tuple[str, int] | None]:
        if self.next_is("not"):
            self.take()
            inner = self.negated()[0]
            return (lambda f: int(not inner(f))), None
        return self.compared()

    def compared(self) -> tuple[Evaluated, tuple[str, int] | None]:
        left, number = self.atom()
        if not self.next_is(*_COMPARE):
            return left, number
        sign = _COMPARE[self.take()]
        token = self.take()
        if not token.isdigit():
            raise self.error(f"a whole number is expected, not {token!r}")
        if number is None:
            raise self.error("only a number can be compared")
        bound = int(token)
        self.bounds.append((number[0], number[1], bound))
        return (lambda f: int(sign(left(f), bound))), None

    def atom(self) -> tuple[Evaluated, tuple[str, int] | None]:
        token = self.take()
        if token == "(":
            found = self.either()
            self.take(")")
            return found
        if token == "risk":
            return (lambda f: f.risk), ("risk", 4)
        if token == "value" and not self.next_is("("):
            return (lambda f: f.value), ("value", 99)
        if token in (*VERDICTS, "value"):
            self.take("(")
            node = self.node()
            self.take(")")
            if token == "value":
                return (lambda f: f.values.get(node, 0)), (f"value({node})", self.largest[node])
            return (lambda f: int(f.verdicts.get(node) == token)), None
        if token in ("count", "any", "sum"):
            return self.over(token)
        raise self.error(f"{token!r} is not known")

    def over(self, kind: str) -> tuple[Evaluated, tuple[str, int] | None]:
        self.take("(")
        what = self.take(*(("value",) if kind == "sum" else VERDICTS))
        self.take("in")
        members = self.group()
        self.take(")")
        if kind == "sum":
            most = sum(self.largest[m] for m in members)
            return (lambda f: sum(f.values.get(m, 0) for m in members)), ("sum", most)

        def count(f: Facts) -> int:
            return sum(f.verdicts.get(m) == what for m in members)

        return (count, ("count", len(members))) if kind == "count" else ((lambda f: int(count(f) > 0)), None)

    def group(self) -> tuple[str, ...]:
        if not self.next_is("{"):
            name = self.take()
            if name not in self.groups:
                raise self.error(f"there is no group {name!r}")
            self.nodes.update(self.groups[name])
            return tuple(self.groups[name])
        self.take("{")
        found = [self.node()]
        while self.next_is(","):
            self.take()
            found.append(self.node())
        self.take("}")
        return tuple(found)

    def node(self) -> str:
        name = self.take()
        if name not in self.largest:
            raise self.error(f"there is no node {name!r}")
        self.nodes.add(name)
        return name


def _or(a: Evaluated, b: Evaluated) -> Evaluated:
    return lambda f: int(bool(a(f)) or bool(b(f)))


def _and(a: Evaluated, b: Evaluated) -> Evaluated:
    return lambda f: int(bool(a(f)) and bool(b(f)))


def is_number(value: Any) -> bool:
    """Whether a value from a tree file is a whole number (True is none)."""
    return type(value) is int
