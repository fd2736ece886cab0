"""The studio: process owners read, edit, check and publish procedures; everybody else's cases stay on their version."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import flask

from engine import Draft, Version
from engine.commands import PublishVersion, SaveProcedureDraft
from engine.errors import Bilingual, Conflict, NotFound, Problem, Refused, VersionRejected
from engine.rules.access import PUBLISH
from webui import presenting, wording
from webui.context import actor, engine, has_role, role_needed
from webui.diagrams import drawings, read_drawings, way_panel
from webui.language import _, current
from webui.starting import KEY, first_diagram

blueprint = flask.Blueprint("studio", __name__, url_prefix="/studio")

#: Who may change procedures (the engine asks the same), and who may read them besides.
OWNERS = tuple(sorted(PUBLISH))
READERS = (*OWNERS, "auditor")


@dataclass(frozen=True)
class Row:
    """One procedure in the list; ``version`` is None for one that was never published, ``shared`` means that other
    procedures call it."""

    procedure: str
    name: str
    version: Version | None
    shared: bool = False
    draft_by: str = ""
    draft_at: str = ""


@dataclass(frozen=True)
class Opened:
    """What the editor starts from: the file that draws the procedure, and what it is based on.

    ``revision`` is the draft's (0: there is none), ``version`` the newest published number (0: there is none).
    """

    procedure: str
    name: str
    path: str
    content: bytes
    files: Mapping[str, bytes]
    revision: int
    version: int
    from_draft: bool
    other_draft: str = ""


@blueprint.get("")
@role_needed(*READERS)
def index() -> flask.typing.ResponseReturnValue:
    """All procedures with their newest version and draft."""
    return flask.render_template("studio/index.html", rows=rows(), may_edit=has_role(*OWNERS))


@blueprint.post("/new")
@role_needed(*OWNERS)
def create() -> flask.typing.ResponseReturnValue:
    """A new procedure as a draft with a start, one task and an end."""
    name = flask.request.form.get("name", "").strip()[:100]
    key = flask.request.form.get("key", "").strip()
    wrong = {}
    if not name:
        wrong["name"] = _("请填写流程名称。")
    if not re.fullmatch(KEY, key):
        wrong["key"] = _("请以英文字母开头，只用英文字母、数字、下划线和连字符，不超过 64 个字符。")
    elif any(row.procedure == key for row in rows()):
        wrong["key"] = _("已有标识为“%(key)s”的流程。", key=key)
    if wrong:
        page = flask.render_template("studio/index.html", rows=rows(), may_edit=True, wrong=wrong, name=name, key=key)
        return page, 422
    files = {f"processes/{key}/{key}.bpmn": first_diagram(key, name)}
    engine().handle(SaveProcedureDraft(procedure=key, files=files, base=0, actor=actor()))
    return flask.redirect(flask.url_for("studio.edit", procedure=key))


@blueprint.get("/<procedure>")
@role_needed(*OWNERS)
def edit(procedure: str) -> flask.typing.ResponseReturnValue:
    """The editor on the draft, or on the newest version where there is no draft or it is older."""
    opened = open_diagram(procedure, draft=flask.request.args.get("draft") == "1")
    return flask.render_template(
        "studio/editor.html",
        opened=opened,
        problems=[problem.as_json() for problem in engine().check(opened.files)],
        xml=opened.content.decode("utf-8"),
        forms=known_forms(),
        language=current(),
        roles=[{"key": role.key, "label": role.label} for role in engine().roles()],
    )


@blueprint.post("/<procedure>/check")
@role_needed(*OWNERS)
def check(procedure: str) -> flask.typing.ResponseReturnValue:
    """What stands against publishing the diagram as it is in the editor: ``{"problems": […]}``."""
    _path, files, _asked = _asked_for(procedure)
    return {"problems": [problem.as_json() for problem in engine().check(files)]}


@blueprint.post("/<procedure>/draft")
@role_needed(*OWNERS)
def save(procedure: str) -> flask.typing.ResponseReturnValue:
    """Keeps the diagram as the draft: ``{"revision", "at", "problems"}``; 409 if somebody else saved meanwhile."""
    _path, files, asked = _asked_for(procedure)
    base = _number(asked, "base")
    if asked.get("force") is True and (kept := engine().draft(procedure)):
        base = kept.revision
    try:
        problems = engine().handle(SaveProcedureDraft(procedure=procedure, files=files, base=base, actor=actor()))
    except Conflict:
        return _conflict(_draft_moved(procedure))
    return {
        "revision": base + 1,
        "at": wording.moment(presenting.now().isoformat()),
        "problems": [problem.as_json() for problem in problems],
    }


@blueprint.post("/<procedure>/publish")
@role_needed(*OWNERS)
def publish(procedure: str) -> flask.typing.ResponseReturnValue:
    """Publishes the diagram: ``{"number", "unchanged", "revision", "problems"}``. 422 with the problems if it may not
    be; 409 if a newer version or draft than the editor's came up meanwhile, until it is asked again with ``force``."""
    path, files, asked = _asked_for(procedure)
    newest = _newest(procedure)
    before = newest.number if newest else 0
    draft = engine().draft(procedure)
    if asked.get("force") is not True:
        if newest and before != _number(asked, "version"):
            return _conflict(_published_meanwhile(newest))
        if draft and draft.revision != _number(asked, "base") and draft.saved_by != actor():
            return _conflict(_draft_moved(procedure))
    note = str(asked.get("note") or "").strip()[:500]
    try:
        versions = engine().handle(PublishVersion(files=files, note=note, actor=actor()))
    except VersionRejected as error:
        refusal = {"status": 422, "message": _("未发布：请先改正下列错误。")}
        return {"error": refusal, "problems": _json(error.problems)}, 422
    own = next((version.number for version in versions if version.procedure == procedure), before)
    left = engine().draft(procedure)
    return {
        "number": own,
        "unchanged": own == before,
        "revision": left.revision if left else 0,
        "problems": _json(engine().check({path: files[path]})),
    }


@blueprint.get("/<procedure>/download")
@role_needed(*READERS)
def download(procedure: str) -> flask.typing.ResponseReturnValue:
    """The file that draws the procedure, as it would open in the editor."""
    opened = open_diagram(procedure, draft=flask.request.args.get("draft") == "1")
    return flask.send_file(
        BytesIO(opened.content),
        mimetype="application/xml",
        as_attachment=True,
        download_name=opened.path.rsplit("/", 1)[-1],
    )


@blueprint.get("/<procedure>/versions")
@role_needed(*READERS)
def versions(procedure: str) -> flask.typing.ResponseReturnValue:
    """Every version of a procedure, newest first."""
    found = engine().versions(procedure)
    return flask.render_template("studio/versions.html", versions=found, newest=found[0], may_edit=has_role(*OWNERS))


@blueprint.get("/<procedure>/versions/<int:number>")
@role_needed(*READERS)
def version(procedure: str, number: int) -> flask.typing.ResponseReturnValue:
    """One version to look at."""
    found = engine().version(procedure, number)
    return flask.render_template("studio/version.html", version=found, diagram=way_panel(found))


def rows() -> list[Row]:
    """Published procedures and those that are only drafts: first those that stand for themselves, then the shared."""
    drafts = {draft.procedure: draft for draft in engine().drafts()}
    published = engine().procedures()
    called = _called(published)
    found = [
        Row(one.procedure, one.name, one, one.procedure in called, *_saved(drafts.pop(one.procedure, None), one))
        for one in published
    ]
    for draft in drafts.values():
        _path, _content, name = _drawn(draft.procedure, draft.files)
        found.append(Row(draft.procedure, name, None, draft.procedure in called, draft.saved_by, draft.saved_at))
    return sorted(found, key=lambda row: (row.shared, row.procedure))


def _called(published: Sequence[Version]) -> set[str]:
    versions = (engine().version(one.procedure, one.number) for one in published)
    calls = (called for one in versions for drawing in drawings(one).values() for called in drawing.calls.values())
    return {called.partition("@")[0] for called in calls}


def open_diagram(procedure: str, *, draft: bool = False) -> Opened:
    """What the editor opens: the draft if it is newer than the newest version or asked for, else that version.
    Raises ``NotFound`` if there is neither."""
    newest, kept = _newest(procedure), engine().draft(procedure)
    stale = kept is not None and newest is not None and kept.saved_at <= newest.published_at
    if kept is not None and (draft or not stale):
        files: Mapping[str, bytes] = kept.files
        from_draft = True
    elif newest is not None:
        files = engine().version(procedure, newest.number).files
        from_draft = False
    else:
        raise NotFound("procedure", procedure)
    path, content, name = _drawn(procedure, files)
    return Opened(
        procedure,
        name,
        path,
        content,
        {path: content},
        kept.revision if kept else 0,
        newest.number if newest else 0,
        from_draft,
        _saved_words(kept) if kept is not None and not from_draft and kept.files.get(path) != content else "",
    )


def known_forms() -> list[dict[str, str]]:
    """The forms published so far, each with the task that shows it: ``{"id", "label"}``."""
    labels: dict[str, str] = {}
    for one in engine().procedures():
        found = engine().version(one.procedure, one.number)
        for element in found.elements:
            if element.form:
                labels.setdefault(element.form, element.name)
    return [{"id": key, "label": f"{key} {label}".strip()} for key, label in sorted(labels.items())]


def _asked_for(procedure: str) -> tuple[str, dict[str, bytes], Mapping[str, Any]]:
    """The path, the files to check, save or publish, and the whole request. The diagram goes back under the path it
    came from: found anew here, so that a browser cannot choose where to write."""
    asked = _sent()
    try:
        content: bytes = asked["xml"].encode("utf-8")
    except (AttributeError, KeyError, UnicodeEncodeError):
        raise Refused(reason=Bilingual(zh="请求中没有流程图。", en="the request holds no diagram.")) from None
    opened = open_diagram(procedure)
    drawn = [drawing.process for drawing in read_drawings(opened.path, content)]
    if drawn and procedure not in drawn:
        raise Refused(
            reason=Bilingual(
                zh=f"流程标识“{procedure}”不能更改（图中现为“{'、'.join(drawn)}”）。需要另一标识时请新建流程。",
                en=f"the process id “{procedure}” must stay (the diagram now has “{', '.join(drawn)}”). "
                "Make a new procedure for another id.",
            )
        )
    return opened.path, {opened.path: content}, asked


def _sent() -> Mapping[str, Any]:
    """The JSON object of the request; empty if it is none."""
    try:
        sent = flask.request.get_json(silent=True)
    except RecursionError:
        return {}
    return sent if isinstance(sent, dict) else {}


def _newest(procedure: str) -> Version | None:
    return next((one for one in engine().procedures() if one.procedure == procedure), None)


def _drawn(procedure: str, files: Mapping[str, bytes]) -> tuple[str, bytes, str]:
    """The file that draws the procedure: its path, its content, the procedure's name."""
    for path, content in files.items():
        if path.endswith(".bpmn"):
            for drawing in read_drawings(path, content):
                if drawing.process == procedure:
                    return path, content, drawing.name
    path = next((path for path in files if path.endswith(".bpmn")), "")
    if not path:
        raise NotFound("diagram", procedure)
    return path, files[path], procedure


def _published_meanwhile(newest: Version) -> str:
    who, at = presenting.person_label(newest.published_by), wording.moment(newest.published_at)
    return str(
        _("第 %(number)s 版已由 %(who)s 于 %(at)s 发布。您的修改仍在编辑器中。", number=newest.number, who=who, at=at)
    )


def _draft_moved(procedure: str) -> str:
    kept = engine().draft(procedure)
    return _("%(saved)s。您的修改仍在编辑器中。", saved=_saved_words(kept))


def _saved_words(kept: Draft | None) -> str:
    if kept is None:
        return _("草稿已被撤下")
    who, at = presenting.person_label(kept.saved_by), wording.moment(kept.saved_at)
    return _("草稿由 %(who)s 于 %(at)s 保存", who=who, at=at)


def _saved(kept: Draft | None, newest: Version) -> tuple[str, str]:
    return (kept.saved_by, kept.saved_at) if kept is not None and kept.saved_at > newest.published_at else ("", "")


def _number(asked: Mapping[str, Any], key: str) -> int:
    value = asked.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31 else 0


def _json(problems: Sequence[Problem]) -> list[dict[str, str]]:
    return [dict(problem.as_json()) for problem in problems]


def _conflict(message: str) -> flask.typing.ResponseReturnValue:
    return {"error": {"status": 409, "message": message}}, 409
