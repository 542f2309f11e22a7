"""The counselling arena: simulated clients, three sides of judgement, a ranking, and a loop that improves.

Paper: Ψ-Arena, AAAI 2026, arXiv 2505.03293; only abstract and summaries could be read, so what the card
``psi_arena.md`` designed in its place is marked as such in the modules.

Contract: sessions run on ``sophro.care.dialogue``; every number has its clients as units and says how much was not
scored. Transcripts are simulated and license nothing with people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sophro._lazy import lazy

if TYPE_CHECKING:
    from sophro.care.arena._agreement import (
        Agreed,
        Conversation,
        agreement_with,
        fitted_scores,
        load_conversations,
        rule_scores,
        supervisor_score,
    )
    from sophro.care.arena._arena import (
        ArenaRun,
        Played,
        Trials,
        arena_json,
        make_counselor,
        play,
        run_arena,
        warnings_of,
        write_arena,
    )
    from sophro.care.arena._client import State, choose, start, update
    from sophro.care.arena._counselors import LEVELS, SKILLS, reply, skills_of
    from sophro.care.arena._dimensions import DIMENSIONS, SIDES, Dimension, Side, of_side
    from sophro.care.arena._hear import Heard, hear
    from sophro.care.arena._judge import RuleJudge
    from sophro.care.arena._logs import LOG_ENDINGS, arena_of_logs, eval_log, samples_of
    from sophro.care.arena._loop import (
        Finding,
        Loop,
        Round,
        Rule,
        check_rule,
        diagnose,
        improve,
        write_rules,
    )
    from sophro.care.arena._model_judge import ModelJudge
    from sophro.care.arena._phases import Caps, next_phase
    from sophro.care.arena._profiles import (
        Parts,
        Profile,
        profile_of,
        read_profiles,
        select,
        shipped_profiles,
        split_clients,
    )
    from sophro.care.arena._rank import (
        Group,
        Lowest,
        Ranking,
        Standing,
        difference,
        items_of,
        mean_of,
        rank,
    )
    from sophro.care.arena._red import RED, Red, RedItem, flow_by_rules
    from sophro.care.arena._reflect import ModelWriter
    from sophro.care.arena._score import VETO_CAP, SessionScore, score_session
    from sophro.care.arena._session import (
        Arena,
        model_client,
        model_counselor,
        scripted_counselor,
        session_of,
    )
    from sophro.care.arena._types import ItemScore, Line, Session

_HOMES = {
    **dict.fromkeys(
        (
            *(
                "Agreed",
                "Conversation",
                "agreement_with",
                "fitted_scores",
                "load_conversations",
                "rule_scores",
            ),
            "supervisor_score",
        ),
        "_agreement",
    ),
    **dict.fromkeys(
        (
            *("ArenaRun", "Played", "Trials", "arena_json", "make_counselor", "play", "run_arena"),
            *("warnings_of", "write_arena"),
        ),
        "_arena",
    ),
    **dict.fromkeys(("State", "choose", "start", "update"), "_client"),
    **dict.fromkeys(("LEVELS", "SKILLS", "reply", "skills_of"), "_counselors"),
    **dict.fromkeys(("DIMENSIONS", "SIDES", "Dimension", "Side", "of_side"), "_dimensions"),
    **dict.fromkeys(("Heard", "hear"), "_hear"),
    "RuleJudge": "_judge",
    **dict.fromkeys(
        ("Finding", "Loop", "Round", "Rule", "check_rule", "diagnose", "improve", "write_rules"), "_loop"
    ),
    **dict.fromkeys(("LOG_ENDINGS", "arena_of_logs", "eval_log", "samples_of"), "_logs"),
    "ModelJudge": "_model_judge",
    **dict.fromkeys(("RED", "Red", "RedItem", "flow_by_rules"), "_red"),
    "ModelWriter": "_reflect",
    **dict.fromkeys(("Caps", "next_phase"), "_phases"),
    **dict.fromkeys(
        ("Parts", "Profile", "profile_of", "read_profiles", "select", "shipped_profiles", "split_clients"),
        "_profiles",
    ),
    **dict.fromkeys(
        ("Group", "Lowest", "Ranking", "Standing", "difference", "items_of", "mean_of", "rank"),
        "_rank",
    ),
    **dict.fromkeys(("VETO_CAP", "SessionScore", "score_session"), "_score"),
    **dict.fromkeys(
        ("Arena", "model_client", "model_counselor", "scripted_counselor", "session_of"), "_session"
    ),
    **dict.fromkeys(("ItemScore", "Line", "Session"), "_types"),
}

__all__ = [
    "DIMENSIONS",
    "LEVELS",
    "LOG_ENDINGS",
    "RED",
    "SIDES",
    "SKILLS",
    "VETO_CAP",
    "Agreed",
    "Arena",
    "ArenaRun",
    "Caps",
    "Conversation",
    "Dimension",
    "Finding",
    "Group",
    "Heard",
    "ItemScore",
    "Line",
    "Loop",
    "Lowest",
    "ModelJudge",
    "ModelWriter",
    "Parts",
    "Played",
    "Profile",
    "Ranking",
    "Red",
    "RedItem",
    "Round",
    "Rule",
    "RuleJudge",
    "Session",
    "SessionScore",
    "Side",
    "Standing",
    "State",
    "Trials",
    "agreement_with",
    "arena_json",
    "arena_of_logs",
    "check_rule",
    "choose",
    "diagnose",
    "difference",
    "eval_log",
    "fitted_scores",
    "flow_by_rules",
    "hear",
    "improve",
    "items_of",
    "load_conversations",
    "make_counselor",
    "mean_of",
    "model_client",
    "model_counselor",
    "next_phase",
    "of_side",
    "play",
    "profile_of",
    "rank",
    "read_profiles",
    "reply",
    "rule_scores",
    "run_arena",
    "samples_of",
    "score_session",
    "scripted_counselor",
    "select",
    "session_of",
    "shipped_profiles",
    "skills_of",
    "split_clients",
    "start",
    "supervisor_score",
    "update",
    "warnings_of",
    "write_arena",
    "write_rules",
]

__getattr__ = lazy(__name__, _HOMES)
