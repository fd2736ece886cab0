"""Storing files for form fields."""

from __future__ import annotations

import unicodedata
import uuid
from typing import Any

from engine.commands import AttachFile
from engine.errors import CaseClosed, refused
from engine.handlers.stepping import OPEN
from engine.handlers.work import Work
from engine.records import Attachment
from engine.storage.versions import sha256_of

MAX_BYTES = 20 * 1024 * 1024
_LONGEST_NAME = 200


def attach_file(command: AttachFile, work: Work) -> dict[str, Any]:
    """Stores a file and returns the value that goes into the field. Without a case it belongs to whoever stored it,
    until values that name it are entered into one."""
    work.must_be_known()
    if command.case is not None:
        case = work.store.cases.load(command.case)
        work.must_see(case.number, case.started_by)
        if case.status not in OPEN:
            raise CaseClosed(case=case.number)
    return store_file(work, command.name, command.content, command.case)


def store_file(work: Work, name: str, content: bytes, case: str | None) -> dict[str, Any]:
    """Stores a file, of a case or of nobody's yet, and returns the value that stands for it."""
    if len(content) > MAX_BYTES:
        raise refused(
            f"附件不能超过 {MAX_BYTES // 1024 // 1024} MB。", f"A file may have at most {MAX_BYTES // 1024 // 1024} MB."
        )
    new = Attachment(
        id=str(uuid.uuid4()),
        case=case,
        name=_file_name(name),
        size=len(content),
        sha256=sha256_of(content),
        stored_by=work.actor.login,
        stored_at=work.at,
        content=content,
    )
    work.store.attachments.add(new)
    return {"attachment": new.id, "name": new.name, "size": new.size, "sha256": new.sha256}


def _file_name(text: str) -> str:
    """The last part of a path, without control characters: it is shown to people and offered for download."""
    name = text.replace("\\", "/").rpartition("/")[2]
    name = "".join(mark for mark in name if unicodedata.category(mark)[0] != "C").strip().strip(".")
    if not name:
        raise refused("附件没有文件名。", "The file has no name.")
    stem, dot, ending = name.rpartition(".")
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{stem[: _LONGEST_NAME - len(ending) - 1]}.{ending}" if dot and len(ending) < 20 else name[:_LONGEST_NAME]
