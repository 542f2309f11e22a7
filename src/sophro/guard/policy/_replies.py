"""What is said instead of a text that does not leave, in the user's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from sophro.data._records import is_cjk
from sophro.guard.policy._schema import Replies

Lang = Literal["en", "zh"]
# Each says no in its first sentence and offers a way on; the guard must read them as refusals (a test sees to it).
SHIPPED: Mapping[str, Mapping[Lang, str]] = {
    "refuse": {
        "en": "I can't help with that, because it could harm someone. If something else is behind your question, "
        "tell me what you want to achieve and I will help with what is safe.",
        "zh": "抱歉，这个请求我不能帮忙，因为它可能会伤害到别人。"
        "如果您真正想解决的是别的问题，请告诉我，我会尽力提供安全的帮助。",
    },
    "escalate": {
        "en": "I can't help with that here. If this can't wait, please turn to a person you trust or to a service that "
        "is there for it.",
        "zh": "抱歉，我不能在这里帮您处理这件事。如果事情紧急，请联系您信任的人，或能提供帮助的专业机构。",
    },
    # Said only where somebody is told (``Policy.replies``).
    "told": {
        "en": "I can't help with that here. This conversation is being passed on to a person of the team that runs "
        "this service.",
        "zh": "抱歉，我不能在这里帮您处理这件事。这次对话正在转交给负责本服务的工作人员。",
    },
    "failure": {
        "en": "I can't answer right now, because this message could not be checked. Please try again in a moment.",
        "zh": "抱歉，我现在无法回答，因为这条消息未能完成检查。请稍后再试。",
    },
}


def language(text: str) -> Lang:
    """Return the language that a reply to ``text`` is written in."""
    return "zh" if is_cjk(text) else "en"


def reply_for(action: str, lang: Lang, replies: Replies) -> str:
    """Return the text for an action: the policy's own, else the shipped one."""
    kind = "failure" if action == "failure" else "escalate" if action == "escalate" else "refuse"
    own: Mapping[str, str] = getattr(replies, kind, {})
    return own.get(lang) or own.get("en") or SHIPPED[kind][lang]
