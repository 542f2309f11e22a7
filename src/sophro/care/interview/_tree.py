"""Interview trees: what a module, a node, a step and an outcome are, and reading them from a file.

Paper: MAGI (Findings of ACL 2025, arXiv 2504.18260). Deviation: the paper follows the licensed MINI; the format and all
wording here are our own (the card ``magi.md`` designs them, so "inferred").

Contract: a tree is YAML, read with the safe loader, every field checked; then ``_checks`` looks at the whole. A bad
file is one error that names file, module and node. The bot never reads a tree: code does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

from sophro._yaml import parse as parse_yaml
from sophro.care.interview._expressions import Expression, is_number, parse
from sophro.errors import SophroError, unknown_name
from sophro.files import digest, read_text

TREES = Path(__file__).with_name("trees")
SHIPPED = ("low_mood", "worry", "social_fear", "suicide_risk")
QUESTIONNAIRES = ("phq9", "gad7")
LANGUAGES = ("en", "zh")
END = "end"
Kind = Literal["gate", "symptom", "frequency", "duration", "impairment", "exclusion", "safety", "info"]
ValueKind = Literal["frequency", "yes_no", "recency"]
KINDS = ("gate", "symptom", "frequency", "duration", "impairment", "exclusion", "safety", "info")
LARGEST: Mapping[str, int] = {"frequency": 3, "yes_no": 1, "recency": 3}
LEVELS = ("none", "subthreshold", "positive", "urgent")
MESSAGES = ("fine", "talk", "talk_soon", "urgent")
# Fields that a file may have.
_TOP = ("id", "version", "title", "source_terms", "window_days", "window", "entry", "nodes", "outcomes", "groups",
        "scores", "safety_required", "calls", "support_on_yes")  # fmt: skip
_NODE = ("type", "value", "met_if", "next", "required", "max_clarify", "window", "on_refuse", "call_if", "risk",
         *LANGUAGES)  # fmt: skip
_STEP, _WORDING = ("goto", "if"), ("criterion", "ask", "explain")
_OUTCOME, _SCORE = ("if", "level", "message", "refer", "risk"), ("sum", "count", "low", "high")


@dataclass(frozen=True)
class Wording:
    """A node in one language.

    Attributes:
        criterion: What is decided, in our words.
        ask: Ways to ask it.
        explain: How it is asked when the person is confused.
    """

    criterion: str
    ask: tuple[str, ...]
    explain: str


@dataclass(frozen=True)
class Step:
    """Where to go next: ``goto`` if the condition holds; without one always."""

    goto: str
    when: Expression | None = None


@dataclass(frozen=True)
class Node:
    """One criterion.

    Attributes:
        id: Its name.
        kind: gate, symptom, frequency, duration, impairment, exclusion, safety or info.
        value: ``frequency`` 0 to 3 (not at all to nearly every day), ``yes_no`` 0 or 1, ``recency`` 0 to 3 (never,
            longer ago, within three months, within the last month).
        met_if: When the value meets the criterion.
        steps: Where to go, in order.
        wording: By language.
        required: Whether it must be asked again until settled or capped.
        max_clarify: Most clarifications.
        window: Whether every wording must name the time window.
        on_refuse: Where to go when it is refused; None: as its steps say.
        call_if: When the called module is entered after this node.
        risk: Risk that each value shows by itself, from value 0 on, 0 to 4; empty for none.
    """

    id: str
    kind: Kind
    value: ValueKind
    met_if: Expression
    steps: tuple[Step, ...]
    wording: Mapping[str, Wording]
    required: bool = True
    max_clarify: int = 2
    window: bool = True
    on_refuse: str | None = None
    call_if: Expression | None = None
    risk: tuple[int, ...] = ()


@dataclass(frozen=True)
class End:
    """An outcome: the first whose condition holds.

    Attributes:
        level: none, subthreshold, positive or urgent.
        message: Which closing the person hears.
        refer: Whether a clinician should see the person.
        risk: Risk that follows from it, 0 to 4.
        when: Its condition; the last outcome has none.
    """

    level: str
    message: str
    refer: bool
    risk: int = 0
    when: Expression | None = None


@dataclass(frozen=True)
class Score:
    """A number that is counted over a group: the sum of values, or how many are met."""

    kind: Literal["sum", "count"]
    members: tuple[str, ...]
    low: int
    high: int


@dataclass(frozen=True)
class Module:
    """An interview tree.

    Attributes:
        id: Its name.
        version: Of the tree.
        title: By language; for the clinician, never said to the person.
        source_terms: Whose words these are.
        window_days: Time window.
        window: Words by which a question names the window, by language.
        entry: First node.
        nodes: By id, in order.
        outcomes: In order.
        groups: Nodes of each group.
        scores: Counted numbers by name.
        safety_required: Whether every path must pass a safety node.
        calls: Module that a safety node may enter.
        support_on_yes: Whether a supporting sentence precedes the next question after a yes.
        digest: Hash of the file's contents.
        instrument: Name of the questionnaire, if this module asks its items.
    """

    id: str
    version: int
    title: Mapping[str, str]
    source_terms: str
    window_days: int
    window: Mapping[str, tuple[str, ...]]
    entry: str
    nodes: Mapping[str, Node]
    outcomes: tuple[End, ...]
    groups: Mapping[str, tuple[str, ...]]
    scores: Mapping[str, Score]
    safety_required: bool = False
    calls: str | None = None
    support_on_yes: bool = False
    digest: str = ""
    instrument: str | None = None


def module_names() -> tuple[str, ...]:
    """Return the modules that are shipped."""
    return (*SHIPPED, *QUESTIONNAIRES)


@lru_cache
def load_module(name: str) -> Module:
    """Return a module by name, or from a YAML file; it has passed all checks.

    Raises:
        SophroError: If it is unknown, or naming what is wrong with the file.
    """
    if name in QUESTIONNAIRES:
        from sophro.care.interview._questionnaire import questionnaire

        return questionnaire(name)
    if name in SHIPPED:
        return read_module(TREES / f"{name}.yaml")
    if name.endswith((".yaml", ".yml")):
        return read_module(Path(name))
    raise unknown_name("module", name, module_names())


def read_module(path: Path) -> Module:
    """Read a module from a file and check it.

    Raises:
        SophroError: Naming file, node and field.
    """
    text = read_text(path)
    try:
        # Each key once, keys are text, no tags, dates are words: a typing error is no silent other tree.
        value: Any = parse_yaml(text, str(path)).value
    except RecursionError:
        raise SophroError(f"{path}: not YAML (too deep)") from None
    return build_module(value, str(path))


def build_module(value: Any, where: str, instrument: str | None = None) -> Module:
    """Build a module from plain values and check it.

    Args:
        value: What the file holds.
        where: How errors call it.
        instrument: Questionnaire whose published wording it uses.

    Raises:
        SophroError: Naming ``where``, node and field.
    """
    from sophro.care.interview._checks import check_module

    top = _Reader(value, where, _TOP)
    nodes_raw = top.mapping("nodes")
    groups = {k: _names(v, nodes_raw, f"{where}, group {k!r}") for k, v in top.mapping("groups", {}).items()}
    largest: dict[str, int] = {}
    for name, raw in nodes_raw.items():
        kind = _Reader(raw, f"{where}, node {name!r}", _NODE).choice("value", tuple(LARGEST))
        largest[str(name)] = LARGEST[kind]

    def expression(text: Any, place: str) -> Expression:
        if not isinstance(text, str):
            raise SophroError(f"{place}: a condition must be text, not {text!r}")
        return parse(text, groups, largest, place)

    nodes = {
        str(name): _node(str(name), _Reader(raw, f"{where}, node {name!r}", _NODE), expression)
        for name, raw in nodes_raw.items()
    }
    outcomes = tuple(
        _end(_Reader(raw, f"{where}, outcome {number}", _OUTCOME), expression)
        for number, raw in enumerate(top.items("outcomes"), start=1)
    )
    scores = {
        str(k): _score(_Reader(v, f"{where}, score {k!r}", _SCORE), groups, nodes)
        for k, v in top.mapping("scores", {}).items()
    }
    found = Module(
        top.text("id"),
        top.number("version"),
        {lang: top.inner("title").text(lang) for lang in top.mapping("title")},
        top.text("source_terms"),
        top.number("window_days", least=1),
        {lang: top.inner("window").texts(lang) for lang in top.mapping("window")},
        top.text("entry"),
        nodes,
        outcomes,
        groups,
        scores,
        top.flag("safety_required", False),
        top.get("calls"),
        top.flag("support_on_yes", False),
        digest(value)[:16],
        instrument,
    )
    check_module(found, where)
    return found


def _node(name: str, read: _Reader, expression: Any) -> Node:
    raw_steps = read.get("next")
    if isinstance(raw_steps, str):
        raw_steps = [{"goto": raw_steps}]
    if not isinstance(raw_steps, list) or not raw_steps:
        raise SophroError(f"{read.where}: field 'next' is missing; write a node, or end")
    steps: list[Step] = []
    for raw in cast("list[Any]", raw_steps):
        step = _Reader(raw, f"{read.where}, next", _STEP)
        condition = step.get("if")
        steps.append(
            Step(step.text("goto"), None if condition is None else expression(condition, step.where))
        )
    wording: dict[str, Wording] = {}
    for lang in LANGUAGES:
        if read.get(lang) is not None:
            words = _Reader(read.get(lang), f"{read.where}, language {lang}", _WORDING)
            wording[lang] = Wording(words.text("criterion"), words.texts("ask"), words.text("explain"))
    call = read.get("call_if")
    return Node(
        name,
        cast(Kind, read.choice("type", KINDS)),
        cast(ValueKind, read.choice("value", tuple(LARGEST))),
        expression(read.get("met_if"), f"{read.where}, met_if"),
        tuple(steps),
        wording,
        read.flag("required", True),
        read.number("max_clarify", 2, least=0),
        read.flag("window", True),
        None if read.get("on_refuse") is None else read.text("on_refuse"),
        None if call is None else expression(call, f"{read.where}, call_if"),
        _risk(read),
    )


def _risk(read: _Reader) -> tuple[int, ...]:
    if read.get("risk") is None:
        return ()
    found = read.items("risk")
    size = LARGEST[str(read.get("value"))] + 1
    if len(found) != size or not all(is_number(r) and 0 <= r <= 4 for r in found):
        raise SophroError(f"{read.where}: field 'risk' needs {size} whole numbers from 0 to 4, one per value")
    return tuple(found)


def _end(read: _Reader, expression: Any) -> End:
    condition = read.get("if")
    return End(
        read.choice("level", LEVELS),
        read.choice("message", MESSAGES),
        read.flag("refer", False),
        read.number("risk", 0),
        None if condition is None else expression(condition, read.where),
    )


def _score(read: _Reader, groups: Mapping[str, tuple[str, ...]], nodes: Mapping[str, Node]) -> Score:
    kinds = [k for k in ("sum", "count") if read.get(k) is not None]
    if len(kinds) != 1:
        raise SophroError(f"{read.where}: either sum or count is needed")
    over: Any = read.get(kinds[0])
    members = groups.get(over) if isinstance(over, str) else _names(over, nodes, read.where)
    if members is None:
        raise SophroError(f"{read.where}: there is no group {over!r}")
    kind = cast(Literal["sum", "count"], kinds[0])
    low, high = read.number("low"), read.number("high")
    if low > high:
        raise SophroError(f"{read.where}: low {low} is above high {high}")
    return Score(kind, members, low, high)


def _names(value: Any, nodes: Mapping[str, Any], where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise SophroError(f"{where}: a list of nodes is needed")
    for name in cast("list[Any]", value):
        if not isinstance(name, str) or name not in nodes:
            raise SophroError(f"{where}: there is no node {name!r}")
    return tuple(str(name) for name in cast("list[Any]", value))


class _Reader:
    """Reads fields of a mapping and says where it is when one is wrong."""

    def __init__(self, value: Any, where: str, known: tuple[str, ...] = ()) -> None:
        if not isinstance(value, Mapping):
            raise SophroError(f"{where}: fields are needed, this is {type(value).__name__}")
        for name in cast("Mapping[Any, Any]", value):
            # A misspelled field would be a rule that silently does not hold.
            if known and name not in known:
                raise unknown_name(f"field in {where}", str(name), known)
        self.value = cast("Mapping[str, Any]", value)
        self.where = where

    def get(self, name: str) -> Any:
        return self.value.get(name)

    def text(self, name: str) -> str:
        found = self.get(name)
        if not isinstance(found, str) or not found.strip():
            raise SophroError(f"{self.where}: field {name!r} is missing or no text")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        found = self.items(name)
        if not all(isinstance(t, str) and t.strip() for t in found):
            raise SophroError(f"{self.where}: field {name!r} must be a list of texts")
        return tuple(found)

    def inner(self, name: str) -> _Reader:
        return _Reader(self.mapping(name), f"{self.where}, {name}", LANGUAGES)

    def number(self, name: str, default: int | None = None, least: int | None = None) -> int:
        found = self.value.get(name, default)
        if not is_number(found) or (least is not None and cast(int, found) < least):
            at_least = "" if least is None else f" of at least {least}"
            raise SophroError(f"{self.where}: field {name!r} is missing or no whole number{at_least}")
        return cast(int, found)

    def flag(self, name: str, default: bool) -> bool:
        found = self.value.get(name, default)
        if not isinstance(found, bool):
            raise SophroError(f"{self.where}: field {name!r} must be true or false, not {found!r}")
        return found

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        found = self.get(name)
        if found not in allowed:
            raise SophroError(f"{self.where}: field {name!r} is {found!r}; allowed are {', '.join(allowed)}")
        return cast(str, found)

    def items(self, name: str) -> list[Any]:
        found = self.get(name)
        if not isinstance(found, list) or not found:
            raise SophroError(f"{self.where}: field {name!r} is missing or no list")
        return cast("list[Any]", found)

    def mapping(self, name: str, default: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        found = self.value.get(name, default)
        if not isinstance(found, Mapping):
            raise SophroError(f"{self.where}: field {name!r} is missing or has no fields")
        return cast("Mapping[str, Any]", found)
