"""Uploaded files: stored through the engine, given back as downloads only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import flask
from itsdangerous import URLSafeSerializer
from werkzeug.datastructures import FileStorage

from engine.commands import AttachFile
from webui.context import actor, engine, login_needed

blueprint = flask.Blueprint("attachments", __name__)


@blueprint.get("/attachments/<number>")
@login_needed
def download(number: str) -> flask.typing.ResponseReturnValue:
    """A stored file, for whoever may see its case. Never shown in the page: what a caller sends is not ours."""
    file = engine().attachment(number, actor())
    response = flask.send_file(
        BytesIO(file.content), mimetype="application/octet-stream", as_attachment=True, download_name=file.name
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def store_for(case: str | None) -> Callable[[FileStorage], Mapping[str, Any]]:
    """Stores an upload for a case (None: for one that is being registered); gives the value of the field."""

    def store(upload: FileStorage) -> Mapping[str, Any]:
        value: Mapping[str, Any] = engine().handle(
            AttachFile(name=upload.filename or "file", content=upload.read(), case=case, actor=actor())
        )
        return value

    return store


def signer() -> URLSafeSerializer:
    """Signs the values of uploaded files while they travel in a page, for this person only."""
    return URLSafeSerializer(flask.current_app.secret_key or "", salt=f"upload:{actor()}")
