"""Diagrams to look at: which processes a version draws, where a case stands in them and which way it came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from threading import Lock
from typing import TypedDict

import flask
from lxml import etree

from engine import Engine, Frame, Version
from engine.errors import NotFound
from engine.replay.frames import Place
from engine.rules.xml import XmlRefused, parse_xml
from webui.context import engine, login_needed
from webui.element_kinds import kind_name

blueprint = flask.Blueprint("diagrams", __name__, url_prefix="/diagrams")

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"
BPMNDI = "{http://www.omg.org/spec/BPMN/20100524/DI}"

#: Versions never change, so what the newest read ones draw is kept.
KEPT = 64
_READ: dict[tuple[str, str], dict[str, Drawing]] = {}
_READING = Lock()


@dataclass(frozen=True)
class Drawing:
    """One process of a version as it is drawn: ``file`` holds it, ``plane`` is the BPMNDiagram that shows it.

    ``names`` are the labels of what is drawn, by element id; ``types`` their BPMN kinds; ``events`` what events wait
    for or throw (``timer``, ``compensate``); ``hosts`` to which activity boundary events are attached; ``calls`` which
    process each call activity starts, as far as the diagram says it outright (``sub@3`` where it names a version).
    ``source``: procedure, version and process under which it is drawn, where that is not the version at hand.
    """

    process: str
    name: str
    file: str
    plane: str
    names: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, str] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    calls: Mapping[str, str] = field(default_factory=dict)
    source: tuple[str, int, str] | None = None

    def kind_of(self, element: str) -> str:
        """What kind of element it is, in words; empty where there is no word for it."""
        return kind_name(self.types.get(element, ""), self.events.get(element, ""))


class PanelDiagram(TypedDict):
    """One diagram of a panel, as the browser gets it."""

    process: str
    name: str
    url: str
    plane: str
    current: list[str]
    done: list[str]
    flows: list[str]


class NamedPlace(TypedDict):
    """An element in words, for people who do not see the diagram."""

    process: str
    process_name: str
    element: str
    name: str


class Panel(TypedDict):
    """Everything ``diagrams/_panel.html`` needs."""

    diagrams: list[PanelDiagram]
    start: str
    places: list[NamedPlace]
    passed: list[NamedPlace]


def drawings(version: Version) -> dict[str, Drawing]:
    """What a version draws, by process id; the procedure itself first, what it calls after it."""
    key = (version.procedure, version.sha256)
    with _READING:
        if key not in _READ:
            while len(_READ) >= KEPT:
                del _READ[next(iter(_READ))]
            _READ[key] = _in_order(version)
        return _READ[key]


def _in_order(version: Version) -> dict[str, Drawing]:
    found: dict[str, Drawing] = {}
    for path, content in version.files.items():
        if path.endswith(".bpmn"):
            found.update({drawing.process: drawing for drawing in read_drawings(path, content)})
    ordered: dict[str, Drawing] = {}
    pending = [version.procedure]
    while pending:
        process = pending.pop(0)
        if process in found and process not in ordered:
            ordered[process] = found[process]
            pending.extend(found[process].calls.values())
    return ordered | {process: drawing for process, drawing in found.items() if process not in ordered}


def read_drawings(path: str, content: bytes) -> list[Drawing]:
    """The processes drawn in one file. A file that cannot be read draws none: ``check`` says so elsewhere."""
    try:
        root = parse_xml(content)
    except XmlRefused:
        return []
    participants = {
        part.get("processRef"): pool
        for pool in root.iter(BPMN + "collaboration")
        for part in pool.iter(BPMN + "participant")
    }
    planes = {
        plane.get("bpmnElement"): diagram.get("id", "")
        for diagram in root.iter(BPMNDI + "BPMNDiagram")
        for plane in diagram.iter(BPMNDI + "BPMNPlane")
    }
    result = []
    for process in root.iter(BPMN + "process"):
        key = process.get("id", "")
        pool = participants.get(key)
        inside = [element for element in process.iter() if element is not process and element.get("id")]
        result.append(
            Drawing(
                process=key,
                name=process.get("name") or _pool_name(pool, key) or key,
                file=path,
                plane=planes.get(key) or (planes.get(pool.get("id")) if pool is not None else None) or "",
                names={element.get("id", ""): " ".join((element.get("name") or "").split()) for element in inside},
                types={element.get("id", ""): str(element.tag).rpartition("}")[2] for element in inside},
                events=dict(filter(itemgetter(1), ((element.get("id", ""), _event(element)) for element in inside))),
                hosts={
                    element.get("id", ""): element.get("attachedToRef", "")
                    for element in inside
                    if element.get("attachedToRef")
                },
                calls={
                    element.get("id", ""): _called(element)
                    for element in inside
                    if element.tag == BPMN + "callActivity" and element.get("calledElement")
                },
            )
        )
    return result


def _called(element: etree._Element) -> str:
    """The process a call activity starts; with its number where it names a version."""
    called = element.get("calledElement", "").strip()
    if element.get(CAMUNDA + "calledElementBinding") == "version":
        return f"{called}@{element.get(CAMUNDA + 'calledElementVersion', '').strip()}"
    return called


def starts(called: str, process: str) -> bool:
    """Whether a call activity that starts ``called`` may have started ``process``, perhaps in a version of its own."""
    return process == called or process.startswith(f"{called}@")


def _event(element: etree._Element) -> str:
    """What an event waits for or throws; ``subprocess`` for an event subprocess; empty for everything else."""
    if element.get("triggeredByEvent") == "true":
        return "subprocess"
    return next((tag.removesuffix("EventDefinition") for tag in _tags(element) if tag.endswith("EventDefinition")), "")


def _tags(element: etree._Element) -> Iterator[str]:
    return (str(child.tag).rpartition("}")[2] for child in element)


def _pool_name(pool: etree._Element | None, process: str) -> str:
    parts = pool.iter(BPMN + "participant") if pool is not None else ()
    return next((part.get("name") or "" for part in parts if part.get("processRef") == process), "")


def case_diagram(engine: Engine, number: str, drawn: Mapping[str, Drawing] | None = None) -> Panel:
    """The diagrams of the version a case is pinned to, or those that are ``drawn``, with its positions and the way so
    far. Whoever calls this has made sure that the person may see the case. Raises ``NotFound``."""
    case = engine.case(number)
    told = engine.frames(number)
    version = engine.version(case.procedure, case.version)
    return way_panel(version, told[-1] if told else None, drawn)


def way_panel(version: Version, frame: Frame | None = None, drawn: Mapping[str, Drawing] | None = None) -> Panel:
    """The panel of a version, as a case stood in it at ``frame``; without one, nothing is marked. ``drawn``: what is to
    be seen, where that is more than what the version itself draws."""
    drawn = drawings(version) if drawn is None else drawn
    active = _by_process(frame.active if frame else ())
    done = _by_process(frame.done if frame else ())
    flows = _by_process(frame.flows if frame else (), "flow")
    used = [process for process in drawn if process in active or process in done or process == version.procedure]
    rest = [process for process in drawn if process not in used]
    return {
        "diagrams": [
            {
                "process": process,
                "name": drawn[process].name,
                "url": _url(drawn[process], version),
                "plane": drawn[process].plane,
                "current": active.get(process, []),
                "done": done.get(process, []),
                "flows": flows.get(process, []),
            }
            for process in used + rest
        ],
        "start": version.procedure if version.procedure in drawn else next(iter(drawn), ""),
        "places": [
            _place(drawn, process, element)
            for process in used
            for element in active.get(process, [])
            if _waits_itself(drawn[process], element, active)
        ],
        "passed": [
            _place(drawn, process, element)
            for process in used
            for element in done.get(process, [])
            if _is_stop(drawn[process], element)
        ],
    }


def _url(drawing: Drawing, version: Version) -> str:
    procedure, number, process = drawing.source or (version.procedure, version.number, drawing.process)
    return flask.url_for("diagrams.source", procedure=procedure, version=number, process=process)


def trail(drawn: Mapping[str, Drawing], procedure: str, process: str, active: Iterable[Place] = ()) -> list[str]:
    """The processes from the procedure down to ``process``: by the call activities that are at work, else by the
    first that is drawn to start it."""
    standing = {(place["process"], place["element"]) for place in active}
    found = [process]
    while found[0] != procedure:
        callers = [
            (caller.process, element)
            for caller in drawn.values()
            for element, called in caller.calls.items()
            if starts(called, found[0]) and caller.process not in found
        ]
        above = next((place for place in callers if place in standing), next(iter(callers), (procedure, "")))
        found.insert(0, above[0])
    return found


def _by_process(places: Iterable[Place], key: str = "element") -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for place in places:
        found.setdefault(place["process"], []).append(place[key])
    return found


def _waits_itself(drawing: Drawing, element: str, active: Mapping[str, list[str]]) -> bool:
    """Whether a case waits at this element, not at something inside it."""
    kind = drawing.types.get(element, "")
    return kind not in ("subProcess", "transaction", "adHocSubProcess") and (
        kind != "callActivity" or not any(starts(drawing.calls.get(element, ""), process) for process in active)
    )


def _is_stop(drawing: Drawing, element: str) -> bool:
    kind = drawing.types.get(element, "")
    return kind.lower().endswith("task") or kind in ("callActivity", "startEvent", "endEvent")


def _place(drawn: Mapping[str, Drawing], process: str, element: str) -> NamedPlace:
    drawing = drawn[process]
    return {
        "process": process,
        "process_name": drawing.name,
        "element": element,
        "name": drawing.names.get(element) or drawing.kind_of(element) or element,
    }


@blueprint.get("/<procedure>/<int:version>/<process>.bpmn")
@login_needed
def source(procedure: str, version: int, process: str) -> flask.typing.ResponseReturnValue:
    """The file that draws ``process`` in a version, for everybody who may sign in: procedures are no secret among
    staff, cases are. A version never changes, so the browser may keep it."""
    found = engine().version(procedure, version)
    drawing = drawings(found).get(process)
    if drawing is None:
        raise NotFound("diagram", process)
    response = flask.Response(found.files[drawing.file], mimetype="application/xml")
    response.headers["Cache-Control"] = "private, max-age=86400, immutable"
    response.set_etag(f"{found.sha256}-{drawing.process}")
    return response.make_conditional(flask.request)
