"""What things are called in one version of a procedure: its elements, the values its forms ask for."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any

from engine import Case, Version
from engine.rules.forms import Form, read_form
from webui import presenting, wording
from webui.context import engine
from webui.language import Code, _, current
from webui.layout import Item, fields, read_layout

#: Versions never change, so the forms of the newest read ones are kept.
KEPT = 32
_READ: dict[str, tuple[Form, ...]] = {}
_READING = Lock()

#: Values that name units or people, for what no form asks.
_UNITS = frozenset({"handling_units", "lead_unit", "co_units", "handling_unit", "coord_units"})
_PEOPLE = frozenset({"first_asked_person", "handler", "feedback_by", "interface_person", "started_by"})


class Vocabulary:
    """Names of elements and labels of values in one version of a procedure, in one language."""

    def __init__(self, version: Version, language: Code) -> None:
        self.version = version
        self.elements: dict[str, str] = {element.id: element.name or element.id for element in version.elements}
        self._tasks = {element.id for element in version.elements if element.type in ("userTask", "manualTask")}
        self.items: dict[str, Item] = {}
        for form in _forms(version):
            for item in fields(read_layout(form, language, presenting.options())):
                self.items.setdefault(item.key, item)

    def element(self, key: str) -> str:
        """What an element is called in the diagram."""
        return self.elements.get(key, key)

    def is_task(self, key: str) -> bool:
        """Whether an element is work for a person."""
        return key in self._tasks

    def label(self, key: str) -> str:
        """What a value is called on the forms."""
        return self.items[key].label if key in self.items else key

    def words(self, key: str, value: Any) -> str:
        """A value in words."""
        item = self.items.get(key)
        if item is not None and (item.options or item.items) and not wording.is_personal(value):
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
            (self.label(key), (revealed or {}).get(key, wording.MASK))
            for key, value in values.items()
            if wording.is_personal(value)
        ]

    def waits(self, case: Case) -> list[str]:
        """What the case waits for besides people, in sentences."""
        return [
            _("等待“%(name)s”，到 %(at)s", name=self.element(wait.element), at=wording.moment(wait.due))
            if wait.kind == "timer"
            else _("等待“%(name)s”", name=self.element(wait.element))
            for wait in case.waits
        ]


def of_version(procedure: str, number: int) -> Vocabulary:
    """The vocabulary of a published version, in the request's language."""
    return Vocabulary(engine().version(procedure, number), current())


def _words(key: str, value: Any) -> str:
    """A value in words that no form knows."""
    named = presenting.unit_label if key in _UNITS else presenting.person_label if key in _PEOPLE else None
    if value and named and not isinstance(value, dict):
        return _("、").join(named(str(one)) for one in (value if isinstance(value, list) else [value]))
    return wording.plain(value)


def _forms(version: Version) -> tuple[Form, ...]:
    with _READING:
        if version.sha256 not in _READ:
            while len(_READ) >= KEPT:
                del _READ[next(iter(_READ))]
            _READ[version.sha256] = tuple(
                read_form(content, path) for path, content in sorted(version.files.items()) if path.endswith(".form")
            )
        return _READ[version.sha256]
