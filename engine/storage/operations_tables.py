"""The tables of what happens beside people's tasks: limits, background work, incidents, and what is suspended.

All but ``calendar_day``, ``approval`` and ``procedure_state`` are indexes over snapshots and logs; of an ``incident``
the log lacks what only serves its repair: the values seen, the stack and the number of attempts.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, Table, Text

from engine.storage.columns import optional_text, required_text
from engine.storage.tables import metadata


def _case(primary_key: bool = False) -> Column[str]:
    return Column("case", Text, ForeignKey("case.number"), primary_key=primary_key, nullable=False)


#: What a failed step leaves for whoever repairs it. ``seq`` is the log entry that raised it, ``kind`` the command and
#: ``reason`` the error. ``vals``: JSON of the variables that what failed mentions, callers' data as references.
#: ``stack``: where in the program, without values. ``command``: JSON of what had been asked, to be asked again; NULL
#: where there is nothing to repeat. ``status``: open, retried, skipped, gone.
incident = Table(
    "incident",
    metadata,
    _case(primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    required_text("at"),
    required_text("actor"),
    required_text("kind"),
    required_text("reason"),
    required_text("process"),
    required_text("element"),
    required_text("expression"),
    required_text("vals"),
    required_text("zh"),
    required_text("en"),
    required_text("stack"),
    optional_text("command"),
    Column("attempts", Integer, nullable=False),
    required_text("status"),
    optional_text("ended_at"),
    optional_text("ended_by"),
    Index(None, "status", "at"),
    Index(None, "element", "status"),
)

#: Work that waits for somebody outside: service tasks with a topic. One row a waiting token; ``id`` is
#: ``<case>.<token>``. It may be fetched from ``available_at`` on, unless ``locked_until`` is later, while ``retries``
#: are left; the smallest ``rank`` (the priority with its sign turned) first, so that the index has the order of the
#: queue.
external_task = Table(
    "external_task",
    metadata,
    Column("id", Text, primary_key=True),
    _case(),
    Column("token", Integer, nullable=False),
    required_text("process"),
    required_text("element"),
    required_text("topic"),
    required_text("content"),
    Column("rank", Integer, nullable=False),
    required_text("created_at"),
    required_text("available_at"),
    optional_text("worker"),
    optional_text("locked_until"),
    Column("retries", Integer, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    required_text("error", ""),
    Index(None, "topic", "rank", "created_at"),
    Index(None, "case"),
)

#: Limits people are held to. ``key`` is the token at which the clock runs; ``warnings``, ``pauses`` and ``extensions``
#: are JSON. ``state``: running, paused, met, late, cancelled. ``next_at``: when the worker has to look again.
deadline = Table(
    "deadline",
    metadata,
    _case(primary_key=True),
    Column("key", Text, primary_key=True),
    required_text("kind"),
    required_text("label"),
    required_text("process"),
    required_text("element"),
    required_text("variable"),
    required_text("unit"),
    Column("value", Float, nullable=True),
    required_text("started_at"),
    optional_text("due"),
    optional_text("first_due"),
    required_text("warnings"),
    required_text("pauses"),
    required_text("extensions"),
    required_text("cap"),
    required_text("state"),
    optional_text("ended_at"),
    optional_text("missed_at"),
    optional_text("next_at"),
    Index(None, "next_at"),
    Index(None, "state", "due"),
    Index(None, "kind", "state"),
)

#: The installation's own working days, append-only: the row entered last for a day counts, and ``verify`` asks which
#: one counted at a moment. ``kind``: 休, 班, or "" to take an entry back.
calendar_day = Table(
    "calendar_day",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    required_text("day"),
    required_text("kind"),
    required_text("name"),
    required_text("source"),
    Column("provisional", Boolean, nullable=False),
    required_text("recorded_at"),
    required_text("recorded_by"),
    Index(None, "day"),
)

#: Interventions that a second person has to agree to. ``content``: JSON of the command asked for. ``decision``: agreed,
#: refused, withdrawn.
approval = Table(
    "approval",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("case", Text, ForeignKey("case.number"), nullable=True),
    required_text("kind"),
    required_text("content"),
    required_text("reason"),
    required_text("asked_by"),
    required_text("asked_at"),
    optional_text("decided_by"),
    optional_text("decided_at"),
    optional_text("decision"),
    Index(None, "decision", "asked_at"),
    Index(None, "case"),
)

#: Procedures that open no cases for the time being.
procedure_state = Table(
    "procedure_state",
    metadata,
    Column("procedure", Text, primary_key=True),
    required_text("suspended_at"),
    required_text("suspended_by"),
    required_text("reason"),
)

#: Timer start events of the newest versions: when the next case opens by itself. ``timer``: its kind and text as drawn.
#: ``every``, ``left`` and ``day`` as in a cycle; ``next_at``: when the worker has to look, NULL once no case follows.
start_timer = Table(
    "start_timer",
    metadata,
    Column("procedure", Text, primary_key=True),
    Column("element", Text, primary_key=True),
    Column("version_id", Integer, ForeignKey("procedure_version.id"), nullable=False),
    required_text("timer"),
    optional_text("due"),
    optional_text("every"),
    Column("left", Integer, nullable=True),
    Column("day", Integer, nullable=True),
    optional_text("next_at"),
    Index(None, "next_at"),
)

#: Work the engine itself repeats until it succeeds: one row a kind and worker process, so that lag can be seen.
worker_state = Table(
    "worker_state",
    metadata,
    Column("name", Text, primary_key=True),
    required_text("started_at"),
    required_text("seen_at"),
    required_text("detail"),
)
