"""Static checks of a tree, before anybody is asked anything.

Contract: pure; the first thing that is wrong is one error that names the file and the node. Checked are: every goto
exists, every node can be reached, there is no cycle, every path ends, the last step and the last outcome need no
condition, symptoms lie behind a gate, a safety node lies on every path where the module demands it, numbers can be
reached by what they are compared with, and wording: both languages, one question at a time, the time window named, no
name of a disorder, no question that pulls for an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from sophro.care.interview._tree import END, LANGUAGES, LARGEST, Module, Node, Wording, module_names
from sophro.errors import SophroError

_MARKS = "?？"
# A disorder is never named to the person; these are names, not words of everyday talk like "low" or "worried".
DISORDERS = re.compile(
    r"\b(?:depress(?:ion|ive|ed)|dysthymi\w*|bipolar|mani[ac]\w*|anxiety disorder|gad|phobi[ac]\w*|social anxiety|"
    r"disorder|diagnos\w*|syndrome|psychosis|psychotic|ptsd|suicidal)\b"
    r"|抑郁|双相|躁狂|焦虑症|障碍|恐惧症|社恐|诊断|精神分裂|综合征",
    re.IGNORECASE,
)
_PULLING = re.compile(
    r"\b(?:isn't it|don't you|aren't you|you don't|you aren't|you're not|right)\s*[?？]|\bsurely\b"
    r"|对吧|是吧|不会吧|应该没有",
    re.IGNORECASE,
)


def check_module(module: Module, where: str) -> None:
    """Check a module.

    Raises:
        SophroError: Naming ``where`` and the node.
    """
    if module.entry not in module.nodes:
        raise SophroError(f"{where}: the entry {module.entry!r} is no node")
    if END in module.nodes:
        raise SophroError(f"{where}, node {END!r}: this name marks the end of a path; rename the node")
    called = cast("object", module.calls)  # as the file has it: also a list or a number
    known = isinstance(called, str) and (called in module_names() or Path(called).is_file())
    if called is not None and not known:
        calling = next((f", node {n.id!r}" for n in module.nodes.values() if n.call_if is not None), "")
        raise SophroError(
            f"{where}{calling}: field 'calls' names the module {called!r}, which is none; known: "
            f"{', '.join(module_names())}, or a YAML file that exists"
        )
    for node in module.nodes.values():
        _check_steps(module, node, where)
    _check_paths(module, where)
    _check_numbers(module, where)
    for node in module.nodes.values():
        for lang in LANGUAGES:
            if lang not in node.wording:
                raise SophroError(f"{where}, node {node.id!r}: wording in {lang!r} is missing")
            check_wording(module, node, lang, f"{where}, node {node.id!r}, language {lang}")


def successors(node: Node) -> tuple[str, ...]:
    """Return all nodes (and the end) that may follow."""
    return tuple(
        dict.fromkeys([*(s.goto for s in node.steps), *([node.on_refuse] if node.on_refuse else [])])
    )


def _check_steps(module: Module, node: Node, where: str) -> None:
    here = f"{where}, node {node.id!r}"
    for goto in successors(node):
        if goto not in module.nodes and goto != END:
            raise SophroError(f"{here}: goes to {goto!r}, which is no node")
    if node.steps[-1].when is not None:
        raise SophroError(
            f"{here}: the last step has a condition, so a path may end nowhere; add one without"
        )
    for step in node.steps[:-1]:
        if step.when is None:
            raise SophroError(f"{here}: a step without condition hides those behind it; put it last")
    if node.call_if is not None and module.calls is None:
        raise SophroError(f"{here}: has call_if, but the module calls none")
    if not 0 <= node.max_clarify <= 5:
        raise SophroError(f"{here}: max_clarify must lie between 0 and 5")


def _reach(module: Module, start: str, without: frozenset[str] = frozenset()) -> set[str]:
    seen: set[str] = set()
    waiting = [start] if start not in without else []
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name != END:
            waiting += [s for s in successors(module.nodes[name]) if s not in without]
    return seen


def _check_paths(module: Module, where: str) -> None:
    lost = [name for name in module.nodes if name not in _reach(module, module.entry)]
    if lost:
        raise SophroError(f"{where}, node {lost[0]!r}: no path leads to it")
    _check_cycles(module, where)
    # Without cycles and with an unconditional last step every path ends; what may be missing is safety.
    safety = frozenset(n.id for n in module.nodes.values() if n.kind == "safety")
    if module.safety_required and END in _reach(module, module.entry, safety):
        path = _path_to_end(module, safety)
        raise SophroError(f"{where}: the path {' > '.join(path)} passes no safety node")
    gates = [n.id for n in module.nodes.values() if n.kind == "gate"]
    if gates:
        behind = set[str]().union(*(_reach(module, g) for g in gates))
        for node in module.nodes.values():
            if node.kind == "symptom" and node.id not in behind:
                raise SophroError(f"{where}, node {node.id!r}: a symptom that no gate leads to")


def _check_cycles(module: Module, where: str) -> None:
    done: set[str] = set()
    # An explicit stack: a tree file may be deeper than Python's own.
    stack: list[tuple[str, Iterable[str]]] = [(module.entry, iter(successors(module.nodes[module.entry])))]
    path = [module.entry]
    while stack:
        name, rest = stack[-1]
        following = next(iter(rest), None)
        if following is None:
            done.add(name)
            stack.pop()
            path.pop()
        elif following in path:
            circle = [*path[path.index(following) :], following]
            raise SophroError(f"{where}, node {following!r}: is in a cycle ({' > '.join(circle)})")
        elif following != END and following not in done:
            stack.append((following, iter(successors(module.nodes[following]))))
            path.append(following)


def _path_to_end(module: Module, without: frozenset[str]) -> list[str]:
    before: dict[str, str] = {}
    waiting, seen = [module.entry], {module.entry}
    while waiting:
        name = waiting.pop(0)
        if name == END:
            path = [END]
            while path[-1] != module.entry:
                path.append(before[path[-1]])
            return path[::-1]
        for other in successors(module.nodes[name]):
            if other not in seen and other not in without:
                seen.add(other)
                before[other] = name
                waiting.append(other)
    return []


def _check_numbers(module: Module, where: str) -> None:
    if not module.outcomes or module.outcomes[-1].when is not None:
        raise SophroError(f"{where}: the last outcome has a condition, so an interview may end without one")
    for number, outcome in enumerate(module.outcomes[:-1], start=1):
        if outcome.when is None:
            raise SophroError(f"{where}, outcome {number}: without condition it hides those behind it")
    for node in module.nodes.values():
        here = f"{where}, node {node.id!r}"
        for _, _, bound in node.met_if.bounds:
            if not 0 < bound <= LARGEST[node.value]:
                raise SophroError(
                    f"{here}: met_if compares with {bound}; values go from 0 to {LARGEST[node.value]}"
                )
        if not node.met_if.bounds or node.met_if.nodes:
            raise SophroError(f"{here}: met_if must compare the node's own value with a number")
        for expression in [s.when for s in node.steps] + [node.call_if]:
            for what, most, bound in expression.bounds if expression else ():
                if bound > most:
                    raise SophroError(f"{here}: {what} is compared with {bound}, but is at most {most}")
    for number, outcome in enumerate(module.outcomes, start=1):
        for what, most, bound in outcome.when.bounds if outcome.when else ():
            if bound > most:
                raise SophroError(
                    f"{where}, outcome {number}: {what} is compared with {bound}, but is at most {most}"
                )
        if not 0 <= outcome.risk <= 4:
            raise SophroError(f"{where}, outcome {number}: risk goes from 0 to 4")
    for name, score in module.scores.items():
        most = (
            len(score.members)
            if score.kind == "count"
            else sum(LARGEST[module.nodes[m].value] for m in score.members)
        )
        if (score.low, score.high) != (0, most):
            raise SophroError(
                f"{where}, score {name!r}: says {score.low} to {score.high}, but goes from 0 to {most}"
            )


def check_wording(module: Module, node: Node, lang: str, where: str) -> None:
    """Check the fixed wording of a node in one language.

    Raises:
        SophroError: Naming ``where`` and the sentence.
    """
    words: Wording = node.wording[lang]
    if len(words.ask) < (1 if module.instrument else 2):
        raise SophroError(f"{where}: at least two ways to ask are needed")
    for text in (*words.ask, words.explain):
        problem = wording_problem(text, module, node, lang)
        # Published items are asked as they are: "depressed" stands in one of them, as a feeling.
        if problem and not (module.instrument and problem.startswith("names")):
            raise SophroError(f"{where}: {text[:60]!r} {problem}")


def wording_problem(text: str, module: Module, node: Node, lang: str) -> str | None:
    """Say what is wrong with a question, or None; questions that a model worded pass the same check."""
    asked = sum(text.count(mark) for mark in _MARKS)
    if asked != 1:
        return f"asks {asked} questions; exactly one is needed"
    if node.window and not any(w in text for w in module.window.get(lang, ())):
        return "does not name the time window"
    found = DISORDERS.search(text)
    if found:
        return f"names {found.group()!r}"
    if _PULLING.search(text):
        return "pulls for an answer"
    return None
