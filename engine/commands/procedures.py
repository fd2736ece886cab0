"""Procedures: versions, drafts, and whether they open cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.commands.command import Command


@dataclass(frozen=True, kw_only=True)
class PublishVersion(Command):
    """Make a version of each executable process in ``files`` (path → bytes: ``.bpmn``, ``.dmn``, ``.form``).

    What a process uses (called processes, decisions, forms) is taken from ``files`` first, then from what was
    published last, and kept with the version. Procedures that use a changed part get a new version too. Content
    equal to the newest version makes none. Returns ``list[Version]``; raises ``VersionRejected``.
    """

    files: Mapping[str, bytes]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class SaveProcedureDraft(Command):
    """Keep a procedure's file as somebody is editing it; nothing is published. Returns ``list[Problem]``.

    ``base`` is the revision the editor started from (0 for the first): ``Conflict`` if the draft moved on.
    """

    procedure: str
    files: Mapping[str, bytes]
    base: int = 0


@dataclass(frozen=True, kw_only=True)
class SuspendProcedure(Command):
    """Let a procedure open no cases for the time being; with ``cases``, its running cases stand still too, one
    transaction each. Returns ``list[str]``: the cases that were suspended."""

    procedure: str
    reason: str
    cases: bool = False


@dataclass(frozen=True, kw_only=True)
class ResumeProcedure(Command):
    """Let a procedure open cases again; with ``cases``, those that were suspended with it go on. Returns
    ``list[str]``: the cases that were resumed."""

    procedure: str
    reason: str = ""
    cases: bool = True
