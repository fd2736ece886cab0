"""What things are called in one version of a procedure: its elements, the values its forms ask for."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any, NamedTuple

from engine import Case, Version
from engine.rules.decisions import Decision, parse_decisions
from engine.rules.editions import Place, edition
from engine.rules.forms import Form, read_form
from webui import presenting, wording
from webui.called import called_versions
from webui.context import actor, engine
from webui.diagrams import Drawing, drawings
from webui.language import Code, _, current
from webui.layout import Item, fields, read_layout


class Files(NamedTuple):
    """A version's forms, and its decisions by id."""

    forms: tuple[Form, ...]
    decisions: Mapping[str, Decision]


#: Versions never change, so what the newest read ones hold is kept.
KEPT = 32
_READ: dict[str, Files] = {}
_READING = Lock()

#: What the engine sets when a case begins.
ENGINE_NAMES = frozenset({"case_no", "started_by", "started_at", "loopCounter"})

#: Values that name units or people, for what no form asks.
_UNITS = frozenset({"handling_units", "lead_unit", "co_units", "handling_unit", "coord_units"})
_PEOPLE = frozenset({"first_asked_person", "handler", "feedback_by", "interface_person", "started_by"})


class Vocabulary:
    """Names of elements and labels of values in one version of a procedure, in one language.

    ``masks`` are a caller's data as it may be shown to everybody, by hash (see ``masks_of``). ``called``: the versions
    of other procedures that a case on it was in; what has the same id is named as the version itself names it."""

    def __init__(
        self,
        version: Version,
        language: Code,
        masks: Mapping[str, str] | None = None,
        called: Mapping[Place, Version] | None = None,
    ) -> None:
        self.version = version
        self.called = called or {}
        self.masks = masks or {}
        self.elements: dict[str, str] = {
            element.id: presenting.element_name(element, language) for element in version.elements
        }
        self._drawn: dict[str, Drawing] = {
            key: drawing for drawing in drawings(version).values() for key in drawing.types
        }
        self._tasks = {element.id for element in version.elements if element.type in ("userTask", "manualTask")}
        self._forms = {element.id: element.form for element in version.elements}
        self._asked: dict[str, dict[str, Item]] = {}
        self.items: dict[str, Item] = {}
        files = _files(version)
        self.decisions = files.decisions
        for form in files.forms:
            asked = {item.key: item for item in fields(read_layout(form, language, presenting.options()))}
            self._asked[form.id] = asked
            self.items.update((key, item) for key, item in asked.items() if key not in self.items)
        for place, other in self.called.items():
            self._add(place, Vocabulary(other, language))

    def _add(self, place: Place, other: Vocabulary) -> None:
        """Names of another version, where this one has none."""
        self.elements = other.elements | self.elements
        self._drawn = other._drawn | self._drawn
        self._tasks |= other._tasks
        self._forms = {key: form and f"{form}@{edition(place)}" for key, form in other._forms.items()} | self._forms
        self._asked.update({f"{form}@{edition(place)}": asked for form, asked in other._asked.items()})
        self.items = other.items | self.items
        self.decisions = {**other.decisions, **self.decisions}

    def element(self, key: str) -> str:
        """What an element is called in the diagram; where it has no name, what kind it is, and of what."""
        name = self.elements.get(key, key)
        drawing = self._drawn.get(key)
        if name != key or drawing is None:
            return name
        kind, host = drawing.kind_of(key), drawing.hosts.get(key)
        return f"{self.element(host)} · {kind}" if kind and host else kind or key

    def named(self, text: str, element: str) -> str:
        """A sentence of the engine about an element, with what it is called in place of its id."""
        return text.replace(f"“{element}”", f"“{self.elements.get(element, element)}”") if element else text

    def is_task(self, key: str) -> bool:
        """Whether an element is work for a person."""
        return key in self._tasks

    def asked(self, element: str) -> list[str]:
        """The values the form of a task asks for, in its order; empty where it has none."""
        return list(self._asked.get(self._forms.get(element) or "", ()))

    def is_technical(self, key: str, element: str = "") -> bool:
        """Whether a value is one that a diagram keeps for itself: no form asks for it. What people enter into a task
        without a form is theirs, whatever it is called."""
        if key in ENGINE_NAMES:
            return True
        return key not in self.items and not (self.is_task(element) and not self._forms.get(element))

    def label(self, key: str) -> str:
        """What a value is called on the forms."""
        return self.items[key].label if key in self.items else key

    def words(self, key: str, value: Any) -> str:
        """A value in words."""
        if wording.is_personal(value):
            return self.masks.get(str(value["sha256"]), wording.MASK)
        item = self.items.get(key)
        if item is not None and (item.options or item.items):
            return item.say(value)
        return _words(key, value)

    def values(self, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What has been filled in so far, in the order of the forms; callers' data is shown apart."""
        known = [key for key in self.items if key in values]
        shown = (
            (self.label(key), self.words(key, values[key])) for key in known if not wording.is_personal(values[key])
        )
        return [(label, text) for label, text in shown if text]

    def caller(self, values: Mapping[str, Any], revealed: Mapping[str, str] | None) -> list[tuple[str, str]]:
        """The caller's data: masked, or in clear where it was revealed."""
        return [
            (self.label(key), (revealed or {}).get(key) or self.words(key, value))
            for key, value in values.items()
            if wording.is_personal(value)
        ]


def of_version(procedure: str, number: int) -> Vocabulary:
    """The vocabulary of a published version, in the request's language."""
    return Vocabulary(engine().version(procedure, number), current())


def of_case(case: Case) -> Vocabulary:
    """The vocabulary of a case's version, with the caller's data masked as the person who is signed in may see it."""
    masked = engine().masked_person(case.number, actor()) if case.person else {}
    masks = {str(case.values[key]["sha256"]): text for key, text in masked.items() if key in case.values}
    version = engine().version(case.procedure, case.version)
    entries = engine().history(case.number) if version.calls_newest else ()
    return Vocabulary(version, current(), masks, called_versions(engine(), version, entries))


def _words(key: str, value: Any) -> str:
    """A value in words that no form knows."""
    named = presenting.unit_label if key in _UNITS else presenting.person_label if key in _PEOPLE else None
    if value and named and not isinstance(value, dict):
        return _("、").join(named(str(one)) for one in (value if isinstance(value, list) else [value]))
    return wording.plain(value)


def _files(version: Version) -> Files:
    with _READING:
        if version.sha256 not in _READ:
            while len(_READ) >= KEPT:
                del _READ[next(iter(_READ))]
            named = sorted(version.files.items())
            tables = [parse_decisions(content, path) for path, content in named if path.endswith(".dmn")]
            _READ[version.sha256] = Files(
                tuple(read_form(content, path) for path, content in named if path.endswith(".form")),
                {one.id: one for table in tables for one in table},
            )
        return _READ[version.sha256]
