"""Replay: a case step by step on the exact version it is pinned to. Who, when, what was filled in, what was decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flask
from flask_babel import gettext as _

from engine import Case, LogEntry, Version
from engine.clock import from_text
from engine.events import COMMANDS
from webui import presenting, timeline, wording
from webui.context import actor, engine, login_needed
from webui.diagrams import Drawing, Way, drawings, way_panel
from webui.language import current

blueprint = flask.Blueprint("replay", __name__)


@dataclass(frozen=True)
class Change:
    """A value that was set: its label, what it was (None where the log does not say), what it became."""

    label: str
    before: str | None
    after: str


@dataclass(frozen=True)
class Decided:
    """What a decision table was asked and answered, and which of its rules held."""

    name: str
    inputs: tuple[tuple[str, str], ...]
    rules: tuple[str, ...]
    outputs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Frame:
    """One moment of a replay: one log entry in words, and where the case stood after it.

    ``command`` is true where somebody did something, false for what followed from it. ``since`` is the time since
    the entry before it. ``active`` holds the positions by process and element, ``done`` what this entry newly marks
    as passed, ``now`` what it touched; ``trail`` leads from the procedure to ``process``.
    """

    seq: int
    at: str
    at_text: str
    actor: str
    kind: str
    command: bool
    element: str
    element_name: str
    process: str
    sentence: str
    note: str
    since: str
    hash: str
    changes: tuple[Change, ...] = ()
    decided: Decided | None = None
    active: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    done: Mapping[str, Sequence[str]] = field(default_factory=dict)
    now: tuple[str, ...] = ()
    trail: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """What the browser needs to draw the moment."""
        return {
            "seq": self.seq,
            "at": self.at,
            "atText": self.at_text,
            "actor": self.actor,
            "kind": self.kind,
            "command": self.command,
            "element": self.element,
            "process": self.process,
            "sentence": self.sentence,
            "since": self.since,
            "active": self.active,
            "done": self.done,
            "now": list(self.now),
            "trail": list(self.trail),
        }


@blueprint.get("/cases/<number>/replay")
@login_needed
def show(number: str) -> flask.typing.ResponseReturnValue:
    """The replay page; without scripts the entries as a list, each with all it says."""
    case, version, frames, way = _played(number)
    return flask.render_template(
        "replay/replay.html",
        case=case,
        version=version,
        frames=frames,
        diagrams=way_panel(version, ())["diagrams"],
        actions=sum(frame.command for frame in frames),
    )


@blueprint.get("/cases/<number>/frames.json")
@login_needed
def frames_of(number: str) -> flask.typing.ResponseReturnValue:
    """The moments of a case for the player: ``{"frames": […], "processes": {id: {"name", "trail"}}}``."""
    case, version, frames, way = _played(number)
    drawn = drawings(version)
    return {
        "case": case.number,
        "procedure": case.procedure,
        "version": case.version,
        "frames": [frame.as_json() for frame in frames],
        "processes": {key: {"name": drawing.name, "trail": way.trail(key)} for key, drawing in drawn.items()},
    }


def _played(number: str) -> tuple[Case, Version, list[Frame], Way]:
    case = engine().case(number, actor())
    version = engine().version(case.procedure, case.version)
    way = Way(version.procedure)
    return case, version, list(tell(engine().history(number), version, way)), way


def tell(entries: Sequence[LogEntry], version: Version, way: Way) -> Iterator[Frame]:
    """The frames of a log, in order; ``way`` is led along and stands at the end afterwards."""
    words = timeline.Vocabulary(version, current())
    drawn = drawings(version)
    before: dict[str, Any] = {}
    last: LogEntry | None = None
    process = version.procedure
    for entry in entries:
        inside, marked = way.follow(entry)
        process = inside if inside in drawn else version.procedure if entry.kind in COMMANDS and not inside else process
        told = timeline.tell([entry], words)[0] if entry.kind in COMMANDS else None
        named = _named(entry, drawn.get(process), words)
        values = entry.data.get("values")
        yield Frame(
            seq=entry.seq,
            at=entry.at,
            at_text=wording.moment(entry.at),
            actor=presenting.person_label(entry.actor),
            kind=entry.kind,
            command=entry.kind in COMMANDS,
            element=entry.element,
            element_name=named,
            process=process,
            sentence=told.sentence if told else _fact(entry, named),
            note=told.note if told else "",
            since=_since(last, entry),
            hash=entry.hash,
            changes=tuple(_changes(values, entry.data.get("before"), before, words)) if values else (),
            decided=_decided(entry, words),
            active=way.current(),
            done={process: marked} if marked else {},
            now=tuple(dict.fromkeys([entry.element, *marked])) if entry.element else (),
            trail=tuple(way.trail(process)),
        )
        before.update(values or {})
        last = entry


def _named(entry: LogEntry, drawing: Drawing | None, words: timeline.Vocabulary) -> str:
    drawn = drawing.names.get(entry.element, "") if drawing else ""
    return str(entry.data.get("name") or drawn or words.element(entry.element))


def _since(last: LogEntry | None, entry: LogEntry) -> str:
    if last is None:
        return ""
    return wording.span(from_text(entry.at) - from_text(last.at)) if entry.at != last.at else ""


def _changes(
    values: Mapping[str, Any], told: Mapping[str, Any] | None, before: Mapping[str, Any], words: timeline.Vocabulary
) -> Iterator[Change]:
    for key, value in values.items():
        old = (told or before).get(key)
        was = words.words(key, old) if old is not None else None
        after = words.words(key, value)
        if after or was:
            yield Change(words.label(key), None if was == after else was, after or _("（空）"))


def _decided(entry: LogEntry, words: timeline.Vocabulary) -> Decided | None:
    if entry.kind != "decision_made":
        return None
    data = entry.data
    return Decided(
        name=str(data.get("decision", "")),
        inputs=tuple(_pairs(data.get("inputs"), words)),
        rules=tuple(str(rule) for rule in data.get("rules") or ()),
        outputs=tuple(_pairs(data.get("outputs"), words)),
    )


def _pairs(values: Any, words: timeline.Vocabulary) -> Iterator[tuple[str, str]]:
    if isinstance(values, Mapping):
        for key, value in values.items():
            yield words.label(str(key)), words.words(str(key), value) or _("（空）")
    elif isinstance(values, list):
        for number, value in enumerate(values, 1):
            if isinstance(value, Mapping):
                yield from _pairs(value, words)
            else:
                yield str(number), wording.plain(value)
    elif values is not None:
        yield _("结果"), wording.plain(values)


def _fact(entry: LogEntry, name: str) -> str:
    data = entry.data
    sentences: dict[str, Callable[[], str]] = {
        "element_began": lambda: _("到达“%(name)s”", name=name),
        "element_ended": lambda: _("“%(name)s”结束", name=name),
        "element_cancelled": lambda: _("“%(name)s”已取消", name=name),
        "task_opened": lambda: _("产生待办“%(name)s”：%(whom)s", name=name, whom=_whom(data)),
        "values_set": lambda: _("写入 %(count)s 项数据", count=len(data.get("values") or ())),
        "decision_made": lambda: _("按决策表 %(name)s 判定", name=data.get("decision", "")),
        "timer_armed": lambda: _("设定时点：%(at)s", at=wording.moment(data.get("due"))),
        "timer_fired": lambda: _("到达设定时点：%(at)s", at=wording.moment(data.get("due"))),
        "message_sent": lambda: _("发出消息“%(name)s”", name=data.get("name", "")),
        "message_caught": lambda: _("“%(name)s”收到消息", name=name),
        "signal_thrown": lambda: _("发出信号“%(name)s”", name=data.get("name", "")),
        "signal_caught": lambda: _("“%(name)s”收到信号", name=name),
        "error_thrown": lambda: _("抛出错误 %(code)s", code=data.get("code", "")),
        "escalation_thrown": lambda: _("上报 %(code)s", code=data.get("code", "")),
        "send_requested": lambda: _("请求发送 %(topic)s", topic=data.get("topic", "")),
        "case_closed": lambda: _("诉求件办结"),
    }
    return sentences[entry.kind]() if entry.kind in sentences else entry.kind


def _whom(data: Mapping[str, Any]) -> str:
    if data.get("assignee"):
        return presenting.person_label(str(data["assignee"]))
    people = [presenting.person_label(str(login)) for login in data.get("users") or ()]
    roles = [presenting.role_label(str(role)) for role in data.get("roles") or ()]
    unit = presenting.unit_label(data.get("unit"))
    whom = "、".join([*roles, *people]) or _("任何登录人员")
    return f"{unit} {whom}" if unit else whom
