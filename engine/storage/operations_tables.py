"""The tables of what happens beside people's tasks: limits, background work, incidents, and what is suspended.

All but ``calendar_day``, ``approval`` and ``procedure_state`` are indexes over snapshots and logs; of an ``incident``
the log lacks what only serves its repair: the values seen, the stack and the number of attempts.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, Table, Text

from engine.storage.tables import metadata


def _text(name: str, default: str | None = None) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=default)


def _maybe(name: str) -> Column[str]:
    return Column(name, Text, nullable=True)


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
    _text("at"),
    _text("actor"),
    _text("kind"),
    _text("reason"),
    _text("process"),
    _text("element"),
    _text("expression"),
    _text("vals"),
    _text("zh"),
    _text("en"),
    _text("stack"),
    _maybe("command"),
    Column("attempts", Integer, nullable=False),
    _text("status"),
    _maybe("ended_at"),
    _maybe("ended_by"),
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
    _text("process"),
    _text("element"),
    _text("topic"),
    _text("content"),
    Column("rank", Integer, nullable=False),
    _text("created_at"),
    _text("available_at"),
    _maybe("worker"),
    _maybe("locked_until"),
    Column("retries", Integer, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    _text("error", ""),
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
    _text("kind"),
    _text("label"),
    _text("process"),
    _text("element"),
    _text("variable"),
    _text("unit"),
    Column("value", Float, nullable=True),
    _text("started_at"),
    _maybe("due"),
    _maybe("first_due"),
    _text("warnings"),
    _text("pauses"),
    _text("extensions"),
    _text("cap"),
    _text("state"),
    _maybe("ended_at"),
    _maybe("missed_at"),
    _maybe("next_at"),
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
    _text("day"),
    _text("kind"),
    _text("name"),
    _text("source"),
    Column("provisional", Boolean, nullable=False),
    _text("recorded_at"),
    _text("recorded_by"),
    Index(None, "day"),
)

#: Interventions that a second person has to agree to. ``content``: JSON of the command asked for. ``decision``: agreed,
#: refused, withdrawn.
approval = Table(
    "approval",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("case", Text, ForeignKey("case.number"), nullable=True),
    _text("kind"),
    _text("content"),
    _text("reason"),
    _text("asked_by"),
    _text("asked_at"),
    _maybe("decided_by"),
    _maybe("decided_at"),
    _maybe("decision"),
    Index(None, "decision", "asked_at"),
    Index(None, "case"),
)

#: Procedures that open no cases for the time being.
procedure_state = Table(
    "procedure_state",
    metadata,
    Column("procedure", Text, primary_key=True),
    _text("suspended_at"),
    _text("suspended_by"),
    _text("reason"),
)

#: Timer start events of the newest versions: when the next case opens by itself. ``timer``: its kind and text as drawn.
#: ``every``, ``left`` and ``day`` as in a cycle; ``next_at``: when the worker has to look, NULL once no case follows.
start_timer = Table(
    "start_timer",
    metadata,
    Column("procedure", Text, primary_key=True),
    Column("element", Text, primary_key=True),
    Column("version_id", Integer, ForeignKey("procedure_version.id"), nullable=False),
    _text("timer"),
    _maybe("due"),
    _maybe("every"),
    Column("left", Integer, nullable=True),
    Column("day", Integer, nullable=True),
    _maybe("next_at"),
    Index(None, "next_at"),
)

#: Work the engine itself repeats until it succeeds: one row a kind and worker process, so that lag can be seen.
worker_state = Table(
    "worker_state",
    metadata,
    Column("name", Text, primary_key=True),
    _text("started_at"),
    _text("seen_at"),
    _text("detail"),
)
