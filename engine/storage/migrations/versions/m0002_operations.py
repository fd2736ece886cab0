"""Limits, background work, incidents and suspensions; keys for messages, and retries for what leaves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds what release 0.2 needs; nothing that is stored is rewritten."""
    op.add_column("wait", sa.Column("key", sa.Text(), nullable=True))
    op.drop_index(op.f("ix_wait_kind_name"), table_name="wait")
    op.create_index(op.f("ix_wait_kind_name_key"), "wait", ["kind", "name", "key"], unique=False)
    op.add_column("wait", sa.Column("next_at", sa.Text(), nullable=True))
    op.execute("UPDATE wait SET next_at = due")
    op.drop_index(op.f("ix_wait_kind_due"), table_name="wait")
    op.create_index(op.f("ix_wait_kind_next_at_case"), "wait", ["kind", "next_at", "case"], unique=False)
    op.add_column("outbox", sa.Column("next_at", sa.Text(), nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("error", sa.Text(), nullable=False, server_default=""))
    by_topic = ["sent_at", "topic", "next_at", "id"]
    op.create_index(op.f("ix_outbox_sent_at_topic_next_at_id"), "outbox", by_topic, unique=False)
    op.create_table(
        "incident",
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("expression", sa.Text(), nullable=False),
        sa.Column("vals", sa.Text(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("stack", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["case.number"], name=op.f("fk_incident_case")),
        sa.PrimaryKeyConstraint("case", "seq", name=op.f("pk_incident")),
    )
    op.create_index(op.f("ix_incident_element_status"), "incident", ["element", "status"], unique=False)
    op.create_index(op.f("ix_incident_status_at"), "incident", ["status", "at"], unique=False)
    op.create_table(
        "external_task",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("available_at", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("locked_until", sa.Text(), nullable=True),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["case"], ["case.number"], name=op.f("fk_external_task_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_task")),
    )
    op.create_index(op.f("ix_external_task_case"), "external_task", ["case"], unique=False)
    op.create_index(
        op.f("ix_external_task_topic_rank_created_at"),
        "external_task",
        ["topic", "rank", "created_at"],
        unique=False,
    )
    op.create_table(
        "deadline",
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("variable", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("due", sa.Text(), nullable=True),
        sa.Column("first_due", sa.Text(), nullable=True),
        sa.Column("warnings", sa.Text(), nullable=False),
        sa.Column("pauses", sa.Text(), nullable=False),
        sa.Column("extensions", sa.Text(), nullable=False),
        sa.Column("cap", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=True),
        sa.Column("missed_at", sa.Text(), nullable=True),
        sa.Column("next_at", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["case.number"], name=op.f("fk_deadline_case")),
        sa.PrimaryKeyConstraint("case", "key", name=op.f("pk_deadline")),
    )
    op.create_index(op.f("ix_deadline_kind_state"), "deadline", ["kind", "state"], unique=False)
    op.create_index(op.f("ix_deadline_next_at"), "deadline", ["next_at"], unique=False)
    op.create_index(op.f("ix_deadline_state_due"), "deadline", ["state", "due"], unique=False)
    op.create_table(
        "calendar_day",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_day")),
    )
    op.create_index(op.f("ix_calendar_day_day"), "calendar_day", ["day"], unique=False)
    op.create_table(
        "approval",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("case", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["case.number"], name=op.f("fk_approval_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    op.create_index(op.f("ix_approval_case"), "approval", ["case"], unique=False)
    op.create_index(op.f("ix_approval_decision_asked_at"), "approval", ["decision", "asked_at"], unique=False)
    op.create_table(
        "procedure_state",
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("suspended_at", sa.Text(), nullable=False),
        sa.Column("suspended_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("procedure", name=op.f("pk_procedure_state")),
    )
    op.create_table(
        "start_timer",
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("timer", sa.Text(), nullable=False),
        sa.Column("due", sa.Text(), nullable=True),
        sa.Column("every", sa.Text(), nullable=True),
        sa.Column("left", sa.Integer(), nullable=True),
        sa.Column("day", sa.Integer(), nullable=True),
        sa.Column("next_at", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["version_id"], ["procedure_version.id"], name=op.f("fk_start_timer_version_id")),
        sa.PrimaryKeyConstraint("procedure", "element", name=op.f("pk_start_timer")),
    )
    op.create_index(op.f("ix_start_timer_next_at"), "start_timer", ["next_at"], unique=False)
    op.create_table(
        "worker_state",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker_state")),
    )
    _keep_the_calendar()


def _keep_the_calendar() -> None:
    """What the calendar said at a moment must be known for ever: days are entered anew, never changed."""
    if op.get_bind().dialect.name != "sqlite":
        op.execute(
            "CREATE TRIGGER calendar_day_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON calendar_day "
            "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )
        return
    for verb in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER calendar_day_no_{verb} BEFORE {verb} ON calendar_day "
            "BEGIN SELECT RAISE(ABORT, 'calendar_day is append-only'); END"
        )
