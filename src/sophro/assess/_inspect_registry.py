"""Entry point for Inspect: importing this registers the provider and the tasks under ``sophro/``."""

from sophro.assess.crisis import crisis
from sophro.assess.tasks import harmful, helpfulness, over_refusal, toxic_chinese, tradeoffs
from sophro.models.provider import SophroAPI

__all__ = ["SophroAPI", "crisis", "harmful", "helpfulness", "over_refusal", "toxic_chinese", "tradeoffs"]
