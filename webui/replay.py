"""Replay: a case step by step on the exact version it is pinned to. Who, when, what was filled in, what was decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import flask

from engine import Case, Frame, LogEntry, Version
from engine.clock import from_text
from engine.replay import frames
from engine.rules.editions import Place
from webui import presenting, timeline, wording
from webui.called import all_drawings, called_versions
from webui.context import actor, engine, login_needed
from webui.diagrams import Drawing, trail, way_panel
from webui.happenings import Dues, fact
from webui.language import _, current

blueprint = flask.Blueprint("replay", __name__)


@dataclass(frozen=True)
class Change:
    """A value that was set: its label, what it was (empty where it was not set or the same), what it became.
    ``technical``: the diagram keeps it for itself."""

    label: str
    before: str
    after: str
    technical: bool = False


@dataclass(frozen=True)
class Decided:
    """What a decision table was asked and answered, and which of its rules held."""

    name: str
    inputs: tuple[tuple[str, str], ...]
    rules: tuple[str, ...]
    outputs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Moment:
    """One log entry in words, and where the case stood after it.

    ``frame`` is the engine's account; ``process`` and ``name`` say where it happened, ``trail`` leads there from the
    procedure. ``since`` is the time since the entry before, empty if none passed. ``done`` is what this entry newly
    marks as passed (ids by process), ``now`` what it touched.
    """

    frame: Frame
    process: str
    trail: tuple[str, ...]
    actor: str
    sentence: str
    note: str
    asides: tuple[str, ...]
    since: str
    changes: tuple[Change, ...]
    decided: Decided | None
    done: Mapping[str, Sequence[str]]
    now: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """What the browser needs to draw the moment."""
        active: dict[str, list[str]] = {}
        for place in self.frame.active:
            active.setdefault(place["process"], []).append(place["element"])
        return {
            "seq": self.frame.seq,
            "at": self.frame.at,
            "atText": wording.moment(self.frame.at),
            "actor": self.actor,
            "kind": self.frame.kind,
            "command": self.frame.command,
            "element": self.frame.element,
            "process": self.process,
            "trail": list(self.trail),
            "sentence": self.sentence,
            "since": self.since,
            "active": active,
            "done": self.done,
            "now": list(self.now),
        }


@blueprint.get("/cases/<number>/replay")
@login_needed
def show(number: str) -> flask.typing.ResponseReturnValue:
    """The replay page; without scripts the entries as a list, each with all it says."""
    case, version, moments, drawn = _played(number)
    return flask.render_template(
        "replay/replay.html",
        case=case,
        version=version,
        moments=moments,
        diagrams=way_panel(version, drawn=drawn)["diagrams"],
        actions=sum(moment.frame.command for moment in moments),
    )


@blueprint.get("/cases/<number>/frames.json")
@login_needed
def frames_of(number: str) -> flask.typing.ResponseReturnValue:
    """The moments of a case for the player: ``{"frames": […], "processes": {id: {"name", "trail"}}}``."""
    case, version, moments, drawn = _played(number)
    return {
        "case": case.number,
        "procedure": case.procedure,
        "version": case.version,
        "frames": [moment.as_json() for moment in moments],
        "processes": {
            key: {"name": drawing.name, "trail": trail(drawn, version.procedure, key)} for key, drawing in drawn.items()
        },
    }


def _played(number: str) -> tuple[Case, Version, list[Moment], Mapping[str, Drawing]]:
    case = engine().case(number, actor())
    version = engine().version(case.procedure, case.version)
    entries = engine().history(number)
    called = called_versions(engine(), version, entries)
    return case, version, list(tell(entries, version, called)), all_drawings(version, called)


def tell(
    entries: Sequence[LogEntry], version: Version, called: Mapping[Place, Version] | None = None
) -> Iterator[Moment]:
    """The moments of a log, in order. ``called``: the versions it was in besides."""
    words = timeline.Vocabulary(version, current(), called=called)
    drawn = all_drawings(version, called or {})
    known: dict[str, Any] = {}
    dues = Dues()
    last: Moment | None = None
    for entry, frame in zip(entries, frames(entries), strict=True):
        process = _where(frame, last, version, drawn)
        told = timeline.tell([entry], words)[0] if frame.command else None
        done = _newly_done(frame, last.frame if last else None)
        touched = [frame.element, *map(str, frame.data.get("flows") or ())] if frame.element else []
        last = Moment(
            frame=frame,
            process=process,
            trail=tuple(trail(drawn, version.procedure, process, frame.active)),
            actor=presenting.person_label(frame.actor),
            sentence=told.sentence
            if told
            else fact(
                frame,
                _named(frame, drawn.get(process), words),
                _labels(frame, words),
                dues.before(frame),
                words.element,
            ),
            note=told.note if told else "",
            asides=told.asides if told else (),
            since=_since(last.frame if last else None, frame),
            changes=tuple(_changes(frame, known, words)),
            decided=_decided(frame, words),
            done=done,
            now=tuple(dict.fromkeys(touched)),
        )
        known.update(frame.data.get("values") or {})
        dues.follow(frame)
        yield last


def _where(frame: Frame, last: Moment | None, version: Version, drawn: Mapping[str, Drawing]) -> str:
    """The process an entry belongs to; entries that name none stay where the element stood, or where we were."""
    if frame.data.get("process") in drawn:
        return frame.process
    standing = last.frame.active if last else ()
    found = next((place["process"] for place in standing if place["element"] == frame.element), "")
    return found or (last.process if last else version.procedure)


def _newly_done(frame: Frame, last: Frame | None) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for place in frame.done[len(last.done) if last else 0 :]:
        found.setdefault(place["process"], []).append(place["element"])
    for place in frame.flows[len(last.flows) if last else 0 :]:
        found.setdefault(place["process"], []).append(place["flow"])
    return found


def _named(frame: Frame, drawing: Drawing | None, words: timeline.Vocabulary) -> str:
    """What the element of an entry is called; the log's own name where this version draws it no longer."""
    drawn = (words.elements.get(frame.element, frame.element), drawing.names.get(frame.element) if drawing else "")
    logged = frame.data.get("name") if frame.kind in ("element_began", "task_opened") else ""
    named = next((name for name in (*drawn, logged) if name and name != frame.element), "")
    return str(named or (drawing.kind_of(frame.element) if drawing else "") or words.element(frame.element))


def _since(last: Frame | None, frame: Frame) -> str:
    if last is None or last.at == frame.at:
        return ""
    return wording.span(from_text(frame.at) - from_text(last.at))


def _changes(frame: Frame, known: Mapping[str, Any], words: timeline.Vocabulary) -> Iterator[Change]:
    """What a person entered, or what the log says was set, each with what it was before."""
    pairs = dict(frame.changed) or {key: (known.get(key), value) for key, value in frame.entered.items()}
    for key in dict.fromkeys((*(key for key in words.asked(frame.element) if key in pairs), *pairs)):
        before, after = pairs[key]
        was = words.words(key, before) if before is not None else ""
        became = words.words(key, after)
        if was or became:
            technical = words.is_technical(key, frame.element)
            yield Change(words.label(key), was if was != became else "", became or _("（空）"), technical)


def _labels(frame: Frame, words: timeline.Vocabulary) -> list[str]:
    """What the values that were set are called, those that have a name for people."""
    return [words.label(key) for key in frame.changed if not words.is_technical(key, frame.element)]


def _decided(frame: Frame, words: timeline.Vocabulary) -> Decided | None:
    if frame.decision is None:
        return None
    data = frame.decision
    key = str(data.get("decision", ""))
    table = words.decisions.get(key)
    labels = {column.expression.text: column.label for column in table.inputs} if table else {}
    labels |= {column.name: column.label for column in table.outputs} if table else {}
    return Decided(
        name=table.name if table and table.name else key,
        inputs=tuple(_pairs(data.get("inputs"), words, labels)),
        rules=tuple(_rule(rule) for rule in data.get("rules") or ()),
        outputs=tuple(_pairs(data.get("outputs"), words, labels)),
    )


def _rule(rule: Any) -> str:
    """A rule as people count them: by its row in the table."""
    return str(rule.get("row") or rule.get("id", "")) if isinstance(rule, Mapping) else str(rule)


def _pairs(values: Any, words: timeline.Vocabulary, labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names and values of a decision's columns, in words; ``labels`` are the columns' own."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            yield labels.get(str(key)) or words.label(str(key)), words.words(str(key), value) or _("（空）")
    elif isinstance(values, list):
        for number, value in enumerate(values, 1):
            if isinstance(value, Mapping):
                yield from _pairs(value, words, labels)
            else:
                yield str(number), wording.plain(value)
    elif values is not None:
        yield _("结果"), wording.plain(values)
