"""A scripted attacker and judge with the surface of ``sophro.attack._roles.Role``."""

from __future__ import annotations

import json

from sophro.attack._roles import Answer


class FakeRole:
    """Answers with ``script(conversation, n)``; n counts the calls. An exception text stands for a failed call."""

    def __init__(self, script, model="fake/attacker"):
        self.script, self.model, self.asked = script, model, []

    def _one(self, chat):
        self.asked.append([dict(m) for m in chat])
        said = self.script(chat, len(self.asked) - 1)
        return said if isinstance(said, Answer) else Answer(said)

    def ask(self, chats, seed=0):
        return [self._one(c) for c in chats]

    async def ask_async(self, chats, seed=0):
        return self.ask(chats, seed)


def proposing(words=lambda n: f"idea {n}"):
    return FakeRole(lambda chat, n: json.dumps({"improvement": "other words", "prompt": words(n)}))
