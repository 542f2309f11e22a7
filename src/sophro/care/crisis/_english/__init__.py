"""What English patterns look for, as signals; who it is about and whether it is denied is decided in ``_grammar``.

Contract: data. Each rule is (kind, name, pattern); a pattern reads the folded text without filler words. ``{NAME}`` is
a group of ``PARTS``. Patterns are built of what people combine (wish + death, verb of killing + self, means + at hand),
not of whole sentences. What a kind counts for is decided in ``_weigh``. Signals are found in the order of the rules.
"""

from __future__ import annotations

from sophro.care.crisis._english._acts import ACTS
from sophro.care.crisis._english._around import AROUND
from sophro.care.crisis._english._death import DEATH
from sophro.care.crisis._english._nets import NETS
from sophro.care.crisis._english._parts import PARTS
from sophro.care.crisis._english._veiled import VEILED

__all__ = ["PARTS", "RULES"]

RULES = (*DEATH, *ACTS, *AROUND, *NETS, *VEILED)
