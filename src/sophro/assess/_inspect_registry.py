"""Entry point for Inspect: importing this registers the provider and the tasks under ``sophro/``."""

from sophro.assess.care_tasks import arena, restructuring
from sophro.assess.crisis import crisis
from sophro.assess.interview import interview
from sophro.assess.tasks import harmful, helpfulness, over_refusal, toxic_chinese, tradeoffs
from sophro.models.provider import SophroAPI

__all__ = [
    "SophroAPI",
    "arena",
    "crisis",
    "harmful",
    "helpfulness",
    "interview",
    "over_refusal",
    "restructuring",
    "toxic_chinese",
    "tradeoffs",
]
