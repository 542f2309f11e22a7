"""YAML in and out, with the line of every value.

Contract: data only (no tags, no objects), each key once, keys are text, numbers are finite. Plain words are
read as YAML 1.2 does: ``1e-3`` is a number, ``no`` and ``on`` are words, a date is a word; the 1.1 rules of
the library turn a learning rate of ``1e-3`` into text and the language ``no`` into false.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from sophro.errors import SophroError

Path = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
_PLAIN: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), "tTfF"),
    ("int", re.compile(r"^[-+]?[0-9]+$"), "-+0123456789"),
    (
        "float",
        re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$"),
        "-+.0123456789",
    ),
    ("null", re.compile(r"^(?:~|null|Null|NULL|)$"), "~nN\0"),
    ("merge", re.compile(r"^<<$"), "<"),
)
# A recipe has a few hundred values; the bound stops aliases that multiply into millions.
_MOST_VALUES = 50_000


_Table = dict[str, list[tuple[str, re.Pattern[str]]]]


def _resolvers(more: Mapping[str, Sequence[tuple[str, re.Pattern[str]]]] | None = None) -> _Table:
    table: _Table = {letter: list(rules) for letter, rules in (more or {}).items()}
    for name, pattern, first in _PLAIN:
        for letter in first:
            table.setdefault("" if letter == "\0" else letter, []).append((_TAG + name, pattern))
    return table


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = _resolvers()  # pyright: ignore[reportAssignmentType]


class _Dumper(yaml.SafeDumper):
    # Both rule sets, so that text is quoted wherever either would read it as something else.
    yaml_implicit_resolvers = _resolvers(yaml.SafeDumper.yaml_implicit_resolvers)

    def ignore_aliases(self, data: Any) -> bool:
        return True


@dataclass
class Document:
    """A parsed file: plain values and where each came from.

    Attributes:
        value: Mappings, lists, text, numbers, booleans and None.
        lines: Line number (from 1) of each path; a key's line for members of mappings.
    """

    value: Any
    lines: dict[Path, int] = field(default_factory=dict[Path, int])


def parse(text: str, source: str) -> Document:
    """Parse YAML text.

    Args:
        text: The whole file, or the value of an override.
        source: How errors name it.

    Raises:
        SophroError: Naming source and line, for bad syntax, a repeated key, a tag or a number that is not
            finite.
    """
    try:
        node = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        detail = f"{error.context or ''} {error.problem or ''}".strip() or "bad syntax"
        raise SophroError(f"{source}{line}: not YAML ({detail}); check indentation and quotes") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SophroError(f"{source}, line {line}: a control character; remove it") from None
    if node is None:
        return Document(None)
    walk = _Walk(source)
    return Document(walk.value(node, ()), {(): node.start_mark.line + 1, **walk.lines})


def dump(value: Any) -> str:
    """Return YAML text that this module and a YAML 1.1 reader read back as ``value``; keys keep order."""

    def text(unicode: bool) -> str:
        return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=unicode, width=100)

    # The library writes rare line separators (U+0085, U+2028) raw and folds them when reading.
    rare = any(mark in text(True) for mark in "\x85\u2028\u2029\ufeff")
    return text(not rare)


class _Walk:
    def __init__(self, source: str) -> None:
        self.source = source
        self.lines: dict[Path, int] = {}
        self._open: set[int] = set()
        self._count = 0

    def value(self, node: yaml.Node, path: Path) -> Any:
        self._count += 1
        if self._count > _MOST_VALUES:
            raise self._error(node, path, f"more than {_MOST_VALUES} values; aliases multiply here")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._open:
            raise self._error(node, path, "an alias that contains itself; write the value out")
        self._open.add(id(node))
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            result: Any = self._mapping(node, path)
        elif isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            result = []
            for index, child in enumerate(node.value):
                self.lines[*path, index] = child.start_mark.line + 1
                result.append(self.value(child, (*path, index)))
        else:
            raise self._error(node, path, f"tag {node.tag} is not allowed; a recipe holds plain values")
        self._open.discard(id(node))
        return result

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        own: dict[str, yaml.Node] = {}
        for key, _ in node.value:
            if key.tag == _TAG + "merge":
                continue
            if not isinstance(key, yaml.ScalarNode) or key.tag != _TAG + "str":
                shown = repr(key.value) if isinstance(key, yaml.ScalarNode) else "this"
                raise self._error(key, path, f"keys are text and {shown} is not; put it in quotes")
            if key.value in own:
                first = own[key.value].start_mark.line + 1
                raise self._error(key, (*path, key.value), f"this key is already set in line {first}")
            own[key.value] = key
        result: dict[str, Any] = {}
        for merged in self._merged(node, path):
            for key, child in self.value(merged, path).items():
                result.setdefault(key, child)
        for key, child in node.value:
            if key.tag != _TAG + "merge":
                if key.value in result:  # merged before; its lines are those of the merged mapping
                    forget(self.lines, (*path, key.value))
                self.lines[*path, key.value] = key.start_mark.line + 1
                result[key.value] = self.value(child, (*path, key.value))
        return result

    def _merged(self, node: yaml.MappingNode, path: Path) -> Iterator[yaml.MappingNode]:
        for key, child in node.value:
            if key.tag != _TAG + "merge":
                continue
            parts = child.value if isinstance(child, yaml.SequenceNode) else [child]
            for part in parts:
                if not isinstance(part, yaml.MappingNode):
                    raise self._error(key, path, "'<<' takes a mapping or a list of mappings")
                yield part

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        kind, text = node.tag.removeprefix(_TAG), node.value
        try:
            if kind == "str":
                return text
            if kind == "null" and text.lower() in ("", "~", "null"):
                return None
            if kind == "bool" and text.lower() in ("true", "false"):
                return text.lower() == "true"
            if kind == "int":
                return int(text)
            if kind == "float" and math.isfinite(float(text)):
                return float(text)
        except ValueError:
            pass  # falls through to the error: an explicit tag on other text, or too many digits
        if kind in ("int", "float"):
            raise self._error(node, path, f"{text[:40]!r} is not a finite number")
        raise self._error(node, path, f"tag {node.tag} is not allowed; a recipe holds plain values")

    def _error(self, node: yaml.Node, path: Path, what: str) -> SophroError:
        place = f", {dotted(path)}" if path else ""
        return SophroError(f"{self.source}, line {node.start_mark.line + 1}{place}: {what}")


def forget(places: dict[Path, Any], path: Path) -> None:
    """Drop ``path`` and everything below it from a table of places."""
    for known in [p for p in places if p[: len(path)] == path]:
        del places[known]


def dotted(path: Path) -> str:
    """Return a path as the user writes it: ``assessments.1.params.k``."""
    return ".".join(str(part) for part in path)
