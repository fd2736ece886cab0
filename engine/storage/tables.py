"""The tables. Moments and JSON are text (see ``engine.clock``); a snapshot is text that is never re-ordered.

``case_log`` is append-only: the migration adds triggers that refuse UPDATE, DELETE and TRUNCATE.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from engine.storage.columns import optional_text, required_text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


# --- Procedures -------------------------------------------------------------------------------------------------

#: Every file ever published or drafted, once, under the SHA-256 of its content.
file = Table("file", metadata, Column("sha256", Text, primary_key=True), Column("content", LargeBinary, nullable=False))

#: Versions never change. ``manifest``: JSON, path → sha256; ``sha256`` is over its canonical text.
#: ``starts``: JSON, the messages and signals that open a case: {"messages": [], "signals": []}; with them, under
#: ``calls_newest``, the procedures it calls in their newest version, if there are any (release 0.1 knew none).
procedure_version = Table(
    "procedure_version",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    required_text("procedure"),
    Column("number", Integer, nullable=False),
    required_text("name"),
    required_text("sha256"),
    required_text("manifest"),
    required_text("starts"),
    required_text("note"),
    required_text("published_at"),
    required_text("published_by"),
    UniqueConstraint("procedure", "number"),
)

#: The newest published file that defines a process, decision or form: what the next publication builds on.
published_part = Table(
    "published_part",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    required_text("path"),
    Column("sha256", Text, ForeignKey("file.sha256"), nullable=False),
)

draft = Table(
    "draft",
    metadata,
    Column("procedure", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    required_text("manifest"),
    required_text("saved_by"),
    required_text("saved_at"),
)

# --- Cases ------------------------------------------------------------------------------------------------------

#: ``log_seq`` and ``log_hash`` are where the log ends, so a log that was cut short shows.
case = Table(
    "case",
    metadata,
    Column("number", Text, primary_key=True),
    Column("version_id", Integer, ForeignKey("procedure_version.id"), nullable=False),
    required_text("procedure"),
    required_text("status"),
    Column("revision", Integer, nullable=False),
    required_text("snapshot"),
    required_text("case_values"),
    required_text("title"),
    required_text("facts"),
    required_text("incidents"),
    Column("reference", Text, nullable=True, unique=True),
    required_text("started_by"),
    required_text("started_at"),
    optional_text("ended_at"),
    Column("person_id", Text, ForeignKey("person.id"), nullable=True),
    Column("log_seq", Integer, nullable=False),
    required_text("log_hash"),
    Index(None, "status", "started_at"),
    Index(None, "procedure", "status"),
    Index(None, "started_at"),
    Index(None, "version_id"),
    Index(None, "person_id"),
)

case_log = Table(
    "case_log",
    metadata,
    Column("case", Text, ForeignKey("case.number"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    required_text("at"),
    required_text("actor"),
    required_text("kind"),
    required_text("element"),
    required_text("data"),
    required_text("prev"),
    required_text("hash"),
)

#: Who belongs to a case: ``kind`` user (acted on it) or unit (a task was opened for it).
case_party = Table(
    "case_party",
    metadata,
    Column("case", Text, ForeignKey("case.number"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Index(None, "kind", "value"),
)

#: Index of the open tasks in the snapshots; rebuildable. ``roles`` and ``users`` are JSON for reading,
#: ``task_candidate`` holds the same for looking up.
open_task = Table(
    "open_task",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case", Text, ForeignKey("case.number"), nullable=False),
    Column("token", Integer, nullable=False),
    required_text("element"),
    required_text("name"),
    required_text("process"),
    required_text("roles"),
    required_text("users"),
    optional_text("assignee"),
    optional_text("unit"),
    optional_text("form"),
    optional_text("due"),
    optional_text("follow_up"),
    Column("priority", Integer, nullable=False),
    required_text("documentation"),
    required_text("opened_at"),
    optional_text("claimed_by"),
    optional_text("claimed_at"),
    Index(None, "case"),
    Index(None, "due"),
    Index(None, "claimed_by"),
    Index(None, "assignee"),
)

#: ``kind``: role, user, or any (open to everybody, value "").
task_candidate = Table(
    "task_candidate",
    metadata,
    Column("task", Text, ForeignKey("open_task.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Index(None, "kind", "value"),
)

#: What a person typed so far, encrypted with the installation's key.
task_draft = Table(
    "task_draft",
    metadata,
    Column("task", Text, ForeignKey("open_task.id", ondelete="CASCADE"), primary_key=True),
    Column("login", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    required_text("saved_at"),
)

#: Index of what the snapshots wait for besides people; rebuildable. ``key``: what a message must match, NULL for any.
#: ``next_at``: when the worker looks at a timer: when it is due; NULL while it waits for a person to mend its case.
wait = Table(
    "wait",
    metadata,
    Column("case", Text, ForeignKey("case.number"), primary_key=True),
    Column("token", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    required_text("element"),
    required_text("process"),
    Column("name", Text, primary_key=True),
    optional_text("due"),
    optional_text("key"),
    optional_text("next_at"),
    Index(None, "kind", "next_at", "case"),
    Index(None, "kind", "name", "key"),
)

#: What leaves after the commit. It is tried from ``next_at`` on; ``attempts`` that failed left the last ``error``.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("case", Text, ForeignKey("case.number"), nullable=False),
    required_text("element"),
    required_text("topic"),
    required_text("content"),
    required_text("created_at"),
    optional_text("sent_at"),
    required_text("next_at", ""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    required_text("error", ""),
    Index(None, "sent_at", "id"),
    Index(None, "sent_at", "topic", "next_at", "id"),
)

attachment = Table(
    "attachment",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case", Text, ForeignKey("case.number"), nullable=True),
    required_text("name"),
    Column("size", Integer, nullable=False),
    required_text("sha256"),
    Column("content", LargeBinary, nullable=False),
    required_text("stored_by"),
    required_text("stored_at"),
    Index(None, "case"),
)

#: Counters, such as the case numbers of a day.
sequence = Table("sequence", metadata, Column("name", Text, primary_key=True), Column("value", Integer, nullable=False))

# --- Callers, kept apart from cases -----------------------------------------------------------------------------

#: ``wrapped_key``: this person's own key under the installation's key; NULL once the person was erased.
person = Table(
    "person",
    metadata,
    Column("id", Text, primary_key=True),
    Column("wrapped_key", LargeBinary, nullable=True),
    required_text("created_at"),
    optional_text("erased_at"),
)

#: Every value a field ever had, so that a reference in the log finds the ciphertext it was hashed over.
person_field = Table(
    "person_field",
    metadata,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("field", Text, primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("ciphertext", LargeBinary, nullable=False),
    required_text("stored_at"),
)

#: Who looked at what, and who was refused; written in transactions of its own.
access_log = Table(
    "access_log",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    required_text("at"),
    required_text("actor"),
    required_text("action"),
    required_text("outcome"),
    optional_text("case"),
    required_text("detail"),
    Index(None, "case"),
    Index(None, "actor"),
)

# --- The organisation -------------------------------------------------------------------------------------------

unit = Table("unit", metadata, Column("key", Text, primary_key=True), required_text("label"))

role = Table("role", metadata, Column("key", Text, primary_key=True), required_text("label"))

user_account = Table(
    "user_account",
    metadata,
    Column("login", Text, primary_key=True),
    required_text("name"),
    optional_text("password_hash"),
    Column("unit", Text, ForeignKey("unit.key"), nullable=True),
    Column("active", Boolean, nullable=False),
    required_text("created_at"),
)

user_role = Table(
    "user_role",
    metadata,
    Column("login", Text, ForeignKey("user_account.login"), primary_key=True),
    Column("role", Text, ForeignKey("role.key"), primary_key=True),
    Index(None, "role"),
)
