"""What the arena's tests share: a silent monitor and one quick session."""

from __future__ import annotations

import anyio

from sophro.care.arena import Arena, Caps, RuleJudge, play, scripted_counselor, shipped_profiles
from sophro.care.dialogue import ScriptedAgent


class Silent:
    level, flags, newly_raised, reply = 0, (), False, None

    def see(self, _):
        return self


def profile(name):
    return next(p for p in shipped_profiles() if p.id == name)


def session(name="move-en-1", counselor="good", *, caps=None, seed=0, monitor=None, client=None, folder=None):
    agent = counselor if not isinstance(counselor, str) else scripted_counselor(counselor)
    label = counselor if isinstance(counselor, str) else "given"
    arena = Arena(profile(name), agent, label, client, caps or Caps(), seed, monitor or (lambda _: Silent()))
    return anyio.run(lambda: play(arena, RuleJudge(), folder))


def says(*texts):
    return ScriptedAgent("counselor", list(texts))
