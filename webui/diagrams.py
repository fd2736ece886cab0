"""Diagrams to look at: which processes a version draws, where a case stands in them and which way it came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypedDict

import flask
from flask_babel import gettext as _
from lxml import etree

from engine import Engine, LogEntry, Version
from engine.errors import Bilingual, NotFound
from engine.rules.xml import XmlRefused, parse_xml
from webui.context import engine, login_needed

blueprint = flask.Blueprint("diagrams", __name__, url_prefix="/diagrams")

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
BPMNDI = "{http://www.omg.org/spec/BPMN/20100524/DI}"

#: Versions never change, so what the newest read ones draw is kept.
KEPT = 64
_READ: dict[tuple[str, str], dict[str, Drawing]] = {}
_READING = Lock()


@dataclass(frozen=True)
class Drawing:
    """One process of a version as it is drawn: ``file`` holds it, ``plane`` is the BPMNDiagram that shows it.

    ``names`` are the labels of what is drawn, by element id; ``types`` their BPMN kinds; ``calls`` which process
    each call activity starts, as far as the diagram says it outright.
    """

    process: str
    name: str
    file: str
    plane: str
    names: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    calls: Mapping[str, str] = field(default_factory=dict)


class PanelDiagram(TypedDict):
    """One diagram of a panel, as the browser gets it."""

    process: str
    name: str
    url: str
    plane: str
    current: dict[str, int]
    done: list[str]
    flows: list[str]


class Place(TypedDict):
    """An element in words, for people who do not see the diagram."""

    process: str
    process_name: str
    element: str
    name: str


class Panel(TypedDict):
    """Everything ``diagrams/_panel.html`` needs."""

    title: str
    diagrams: list[PanelDiagram]
    start: str
    places: list[Place]
    passed: list[Place]


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
                calls={
                    element.get("id", ""): element.get("calledElement", "")
                    for element in inside
                    if element.tag == BPMN + "callActivity" and element.get("calledElement")
                },
            )
        )
    return result


def _pool_name(pool: etree._Element | None, process: str) -> str:
    parts = pool.iter(BPMN + "participant") if pool is not None else ()
    return next((part.get("name") or "" for part in parts if part.get("processRef") == process), "")


class Way:
    """Where a case stands and which way it came, read off its log entry by entry."""

    def __init__(self, procedure: str) -> None:
        self.active: dict[int, tuple[str, str]] = {}
        self.done: dict[str, dict[str, None]] = {}
        self.parents: dict[str, str] = {}
        self.procedure = procedure

    def follow(self, entry: LogEntry) -> tuple[str, list[str]]:
        """Takes one entry in. Returns the process it happened in ("" if in none) and what it newly marks as done."""
        data = entry.data
        process = str(data.get("process") or "")
        token = data.get("token")
        marked: list[str] = []
        if entry.kind == "element_began" and isinstance(token, int):
            self._place(process, data)
            self.active[token] = (process, entry.element)
        elif entry.kind in ("element_ended", "element_cancelled") and isinstance(token, int):
            process = self.active.pop(token, (process, ""))[0]
            if entry.kind == "element_ended":
                marked = [entry.element, *map(str, data.get("flows") or ())]
                self.done.setdefault(process, {}).update(dict.fromkeys(marked))
        elif entry.kind in ("case_closed", "case_cancelled"):
            self.active.clear()
        elif not process and isinstance(token, int):
            process = self.active.get(token, ("", ""))[0]
        return process, marked

    def _place(self, process: str, data: Mapping[str, Any]) -> None:
        if process in self.parents or process == self.procedure:
            return
        caller = self.active.get(data.get("parent") or 0)
        above = (
            caller[0]
            if caller
            else next((held for held, _element in reversed(self.active.values()) if held != process), self.procedure)
        )
        if above != process:
            self.parents[process] = above

    def trail(self, process: str) -> list[str]:
        """The processes from the procedure down to ``process``."""
        trail = [process]
        while (above := self.parents.get(trail[0])) and above not in trail:
            trail.insert(0, above)
        return trail

    def current(self) -> dict[str, dict[str, int]]:
        """How many positions stand on each element, by process."""
        counted: dict[str, dict[str, int]] = {}
        for process, element in self.active.values():
            held = counted.setdefault(process, {})
            held[element] = held.get(element, 0) + 1
        return counted


def case_diagram(engine: Engine, number: str) -> Panel:
    """The diagrams of the version a case is pinned to, with its positions and the way so far. Whoever calls this
    has made sure that the person may see the case. Raises ``NotFound``."""
    case = engine.case(number)
    version = engine.version(case.procedure, case.version)
    return way_panel(version, engine.history(number), ended=case.status in ("closed", "cancelled"))


def way_panel(version: Version, history: Iterable[LogEntry], *, ended: bool = False) -> Panel:
    """The panel of a version with what ``history`` did on it."""
    way = Way(version.procedure)
    for entry in history:
        way.follow(entry)
    if ended:
        way.active.clear()
    drawn = drawings(version)
    current = way.current()
    used = [process for process in drawn if process in way.done or process in current or process == version.procedure]
    rest = [process for process in drawn if process not in used]
    places = [_place(drawn, process, element) for process in used for element in _innermost(current, drawn, process)]
    passed = [
        _place(drawn, process, element)
        for process in used
        for element in way.done.get(process, {})
        if _is_stop(drawn[process], element)
    ]
    return {
        "title": version.name,
        "diagrams": [_diagram(version, drawn[process], way, current.get(process, {})) for process in used + rest],
        "start": version.procedure if version.procedure in drawn else next(iter(drawn), ""),
        "places": places,
        "passed": passed,
    }


def _innermost(current: Mapping[str, Mapping[str, int]], drawn: Mapping[str, Drawing], process: str) -> list[str]:
    """The elements a case waits at; a call activity only where nothing inside the called diagram is known."""
    drawing = drawn[process]
    inside = {"subProcess", "transaction"}
    return [
        element
        for element in current.get(process, {})
        if drawing.calls.get(element) not in current and drawing.types.get(element) not in inside
    ]


def _is_stop(drawing: Drawing, element: str) -> bool:
    kind = drawing.types.get(element, "")
    return kind.lower().endswith("task") or kind in ("callActivity", "startEvent", "endEvent")


def _place(drawn: Mapping[str, Drawing], process: str, element: str) -> Place:
    drawing = drawn[process]
    return {
        "process": process,
        "process_name": drawing.name,
        "element": element,
        "name": drawing.names.get(element) or _kind_name(drawing.types.get(element, "")) or element,
    }


def _kind_name(kind: str) -> str:
    names = {
        "startEvent": _("开始"),
        "endEvent": _("结束"),
        "exclusiveGateway": _("排他网关"),
        "parallelGateway": _("并行网关"),
        "inclusiveGateway": _("包容网关"),
        "eventBasedGateway": _("事件网关"),
        "intermediateCatchEvent": _("等待"),
        "boundaryEvent": _("边界事件"),
        "subProcess": _("子流程"),
    }
    return names.get(kind, "")


def _diagram(version: Version, drawing: Drawing, way: Way, current: dict[str, int]) -> PanelDiagram:
    done = list(way.done.get(drawing.process, {}))
    return {
        "process": drawing.process,
        "name": drawing.name,
        "url": flask.url_for(
            "diagrams.source", procedure=version.procedure, version=version.number, process=drawing.process
        ),
        "plane": drawing.plane,
        "current": current,
        "done": [element for element in done if drawing.types.get(element) != "sequenceFlow"],
        "flows": [element for element in done if drawing.types.get(element) == "sequenceFlow"],
    }


@blueprint.get("/<procedure>/<int:version>/<process>.bpmn")
@login_needed
def source(procedure: str, version: int, process: str) -> flask.typing.ResponseReturnValue:
    """The file that draws ``process`` in a version, for everybody who may sign in: procedures are no secret among
    staff, cases are. A version never changes, so the browser may keep it."""
    found = engine().version(procedure, version)
    drawing = drawings(found).get(process)
    if drawing is None:
        raise NotFound(what=Bilingual(zh="流程图", en="diagram"), which=process)
    response = flask.Response(found.files[drawing.file], mimetype="application/xml")
    response.headers["Cache-Control"] = "private, max-age=86400, immutable"
    response.set_etag(f"{found.sha256}-{drawing.process}")
    return response.make_conditional(flask.request)
