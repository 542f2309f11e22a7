"""A policy: validated, immutable, and what it becomes for one tenant."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from sophro.errors import SophroError, unknown_name
from sophro.files import digest, read_text
from sophro.guard.policy._replies import SHIPPED
from sophro.guard.policy._schema import Escalation, PolicyFields, Replies, Rule, Stream, Tenant
from sophro.guard.scanners._types import WHERE, Where


def default_path() -> Path:
    """Return the file of the shipped policy."""
    return Path(str(files("sophro.guard"))) / "policy" / "default.yaml"


@dataclass(frozen=True)
class Policy:
    """Which detectors look where, and what is done.

    Attributes:
        fields: The validated file.
        source: Path it was read from.
        tenant: Whose overrides are in it; None for the policy itself.
        rules: Rules by place.
    """

    fields: PolicyFields
    source: Path | None = None
    tenant: str | None = None
    rules: Mapping[Where, tuple[Rule, ...]] = field(default_factory=lambda: {})

    @staticmethod
    def load(path: Path | str | None = None) -> Policy:
        """Read a policy file; None means the shipped one.

        Raises:
            SophroError: Naming file, line or field of what is wrong.
        """
        source = default_path() if path is None else Path(path)
        return Policy.parse(read_text(source), source)

    @staticmethod
    def parse(text: str, source: Path | str = "policy") -> Policy:
        """Read the text of a policy file.

        Raises:
            SophroError: Naming line or field of what is wrong.
        """
        try:
            value: Any = yaml.load(text, _Loader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            line = f", line {mark.line + 1}" if mark else ""
            raise SophroError(f"{source}{line}: not YAML ({error.problem or error.context})") from None
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            raise SophroError(f"{source}: not YAML ({str(error).splitlines()[0]})") from None
        if not isinstance(value, dict):
            kind = "nothing" if value is None else f"a {type(value).__name__}"
            raise SophroError(f"{source}: a policy is a mapping of fields, this file holds {kind}")
        try:
            fields = PolicyFields.model_validate(value)
        except ValidationError as error:
            raise SophroError(f"{source}: {_sentence(error)}") from None
        rules: dict[Where, tuple[Rule, ...]] = {where: getattr(fields, where) for where in WHERE}
        return Policy(fields, Path(source), None, rules)

    def for_tenant(self, name: str | None) -> Policy:
        """Return the policy of one tenant; None, and a name without overrides, get the policy as it is."""
        if name is None or name not in self.fields.tenants:
            return self
        over: Tenant = self.fields.tenants[name]
        rules: dict[Where, tuple[Rule, ...]] = {}
        for where in WHERE:
            own: tuple[Rule, ...] | None = getattr(over, where)
            rules[where] = tuple(
                _over(r, over.thresholds) for r in (self.rules[where] if own is None else own)
            )
        changes: dict[str, Any] = {
            name: getattr(over, name)
            for name in ("dry_run", "on_failure", "replies", "escalation")
            if getattr(over, name) is not None
        }
        return Policy(self.fields.model_copy(update=changes), self.source, name, rules)

    def tenant_names(self) -> tuple[str, ...]:
        """Return the tenants that have overrides."""
        return tuple(self.fields.tenants)

    def check_tenant(self, name: str) -> None:
        """Refuse a tenant that the file does not name.

        Raises:
            SophroError: Listing near names.
        """
        if name not in self.fields.tenants:
            raise unknown_name("tenant", name, self.fields.tenants)

    @property
    def name(self) -> str:
        """Name in the file."""
        return self.fields.name

    @property
    def dry_run(self) -> bool:
        """Whether nothing is carried out."""
        return self.fields.dry_run

    @property
    def on_failure(self) -> Literal["open", "closed"]:
        """What happens where a detector could not judge."""
        return self.fields.on_failure

    @property
    def streaming(self) -> Stream:
        """How an answer is judged while it is written."""
        return self.fields.streaming

    @property
    def escalation(self) -> Escalation:
        """Who is told."""
        return self.fields.escalation

    @property
    def replies(self) -> Replies:
        """What is said instead; that a person is told only where there is a webhook that tells one."""
        own = self.fields.replies
        if self.escalation.webhook is None or own.escalate:
            return own
        return own.model_copy(update={"escalate": SHIPPED["told"]})

    @property
    def version(self) -> str:
        """Hash of everything that decides."""
        rules = {w: [r.model_dump() for r in self.rules[w]] for w in WHERE}
        return digest(self.fields.model_dump(mode="json"), self.tenant, rules)

    def scanner_names(self) -> tuple[str, ...]:
        """Return the detectors that any place of the policy, or of a tenant, uses."""
        tenants = [self.for_tenant(t) for t in self.fields.tenants]
        found = (r.detector for p in (self, *tenants) for w in WHERE for r in p.rules[w])
        return tuple(dict.fromkeys(found))


def _over(rule: Rule, thresholds: Mapping[str, float]) -> Rule:
    value = thresholds.get(rule.key, thresholds.get(rule.detector))
    return rule if value is None else rule.model_copy(update={"threshold": value})


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in first["loc"]).lstrip(".")
    message = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        message = "unknown field; check its spelling"
    elif first["type"] not in ("value_error",):
        message = f"{message[:1].lower()}{message[1:]} (found {str(first['input'])[:40]!r})"
    return f"{place}: {message}" if place else message


class _Loader(yaml.SafeLoader):
    """Safe, and a key that is written twice is an error: the second would silently win."""


def _mapping(loader: _Loader, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise yaml.MarkedYAMLError(
                problem=f"the key {key!r} is no text", problem_mark=key_node.start_mark
            )
        if key in seen:
            raise yaml.MarkedYAMLError(
                problem=f"the key {key!r} is written twice", problem_mark=key_node.start_mark
            )
        seen.add(key)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


class PolicyFile:
    """A policy that follows its file.

    Contract: ``current()`` is always a whole, valid policy. A file that cannot be read or is wrong leaves the old
    one in force and ``error`` says why; nothing half-read is ever used.

    Args:
        path: File of the policy; None for the shipped one.
    """

    def __init__(self, path: Path | str | None = None) -> None:
        self.path = default_path() if path is None else Path(path)
        self._stamp = self._look()
        self._policy = Policy.load(self.path)
        self.error: str | None = None

    def current(self) -> Policy:
        """Return the policy in force."""
        return self._policy

    def reload(self, force: bool = False) -> bool:
        """Read the file again if it changed; return whether another policy is in force now.

        Args:
            force: Read it even if its time and size are the same.
        """
        stamp = self._look()
        if stamp == self._stamp and not force:
            return False
        self._stamp = stamp
        try:
            new = Policy.load(self.path)
        except SophroError as error:
            self.error = str(error)
            return False
        self.error = None
        changed = new.version != self._policy.version
        self._policy = new  # one assignment: readers see the old policy or the new one
        return changed

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self.path)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
