"""A file as it is being read: what it declares, its processes, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from engine.bpmn import dialect
from engine.bpmn.model import Process
from engine.bpmn.problems import Problems

Element = etree._Element


def local(element: Element) -> str:
    """The tag without its namespace."""
    return etree.QName(element).localname


def namespace(element: Element) -> str:
    return etree.QName(element).namespace or ""


def bpmn(tag: str) -> str:
    return f"{{{dialect.BPMN}}}{tag}"


def text_of(element: Element | None) -> str:
    """The text of an element, without surrounding space; "" where there is none."""
    return "".join(str(part) for part in element.itertext()).strip() if element is not None else ""


@dataclass
class Document:
    """What a file declares beside its processes: names that events refer to."""

    file: str
    problems: Problems
    messages: dict[str, str] = field(default_factory=dict)
    signals: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    escalations: dict[str, str] = field(default_factory=dict)
    lanes: dict[str, str] = field(default_factory=dict)
    #: What associations tie together, by either end.
    associated: dict[str, list[str]] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)
