"""Decisions: DMN 1.3 tables, edited with dmn-js, which writes FEEL.

``files`` reads XML into ``table`` and says what is wrong with it, ``unary_tests`` are the cells, ``feel`` the spellings
of FEEL; ``deciding`` takes a decision and ``hit_policies`` makes one answer of the rules that match.
"""

from __future__ import annotations

from engine.rules.decisions.deciding import decide
from engine.rules.decisions.files import check_decisions, parse_decisions
from engine.rules.decisions.table import Decision, DecisionError, FiredRule, Input, Outcome, Output, Rule

__all__ = [
    "Decision",
    "DecisionError",
    "FiredRule",
    "Input",
    "Outcome",
    "Output",
    "Rule",
    "check_decisions",
    "decide",
    "parse_decisions",
]
