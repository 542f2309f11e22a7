"""Policies: which detectors look where, from which score on they act, and what is done."""

from sophro.guard.policy._policy import Policy, PolicyFile, default_path
from sophro.guard.policy._replies import reply_for
from sophro.guard.policy._schema import ACTIONS, Action, Escalation, Replies, Rule, Stream, Tenant

__all__ = [
    "ACTIONS",
    "Action",
    "Escalation",
    "Policy",
    "PolicyFile",
    "Replies",
    "Rule",
    "Stream",
    "Tenant",
    "default_path",
    "reply_for",
]
