"""Published versions, read once: the parsed diagrams, forms and files of the versions in use."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from engine import bpmn
from engine.errors import NotFound
from engine.records import ExternalTask, Task, Version, Wait
from engine.rules.backoff import MOST_ATTEMPTS
from engine.rules.editions import edition, place_of
from engine.rules.forms import Form, read_form
from engine.rules.forms.fields import CALLER_KEYS
from engine.rules.json_values import RESERVED
from engine.rules.parts import form_id
from engine.rules.task_ids import task_id
from engine.storage.versions import Versions

#: How many versions stay parsed. A procedure rarely has more than a few versions with running cases.
KEPT = 64


@dataclass(frozen=True)
class Loaded:
    """A version ready to run: ``definition`` steps cases, ``schemas`` are its forms (form-js JSON) by id; those of
    another version that stands beside it have that in their id: ``F1@sub@7``."""

    version: Version
    definition: bpmn.Definition
    schemas: Mapping[str, bytes]

    @cached_property
    def forms(self) -> Mapping[str, Form]:
        """Its forms, read."""
        return {key: read_form(content) for key, content in self.schemas.items()}

    @cached_property
    def personal_keys(self) -> frozenset[str]:
        """Names under which any of its forms, or no form at all, takes a caller's data."""
        return CALLER_KEYS.union(*(form.personal_keys for form in self.forms.values()))

    @cached_property
    def masks(self) -> Mapping[str, str]:
        """How a caller's data is masked, by the name it is kept under: see ``engine.rules.masking``."""
        return {field.key: field.mask for form in self.forms.values() for field in form.fields if field.personal}

    @cached_property
    def engine_names(self) -> frozenset[str]:
        """Those of the engine's variables that its files mention; a diagram that mentions none is given none."""
        if self.definition.calls_newest:
            return frozenset(RESERVED)  # who knows what a version that is called one day will mention
        return frozenset(
            name for name in RESERVED if any(name.encode() in content for content in self.version.files.values())
        )

    def schema(self, form: str) -> dict[str, Any]:
        """A form as form-js JSON. Raises ``NotFound``."""
        content = self.schemas.get(form)
        if content is None:
            raise NotFound("form", form)
        found: dict[str, Any] = json.loads(content.decode("utf-8"))
        return found

    def with_called(
        self, seeds: Iterable[tuple[str, int]], newest: Callable[[str], int | None], get: Callable[[str, int], Loaded]
    ) -> Loaded:
        """The same with the versions beside it that a case on it can call: see ``bpmn.complete``."""
        beside: dict[tuple[str, int], Loaded] = {}

        def resolve(procedure: str, number: int) -> bpmn.Definition:
            beside[procedure, number] = get(procedure, number)
            return beside[procedure, number].definition

        definition = bpmn.complete(self.definition, seeds, newest, resolve)
        if not beside:
            return self
        schemas = dict(self.schemas)
        for (procedure, number), other in sorted(beside.items(), key=lambda item: item[0]):
            own = {form: content for form, content in other.schemas.items() if place_of(form) is None}
            schemas.update({f"{form}@{edition((procedure, number))}": content for form, content in own.items()})
        return replace(self, definition=definition, schemas=schemas)


def load_version(version: Version, files: Mapping[str, bytes]) -> Loaded:
    """Parses a version's files. Raises ``NotFound`` if they do not define its procedure."""
    bundle = bpmn.load(files, published=True, newest=frozenset(version.calls_newest))
    definition = bundle.procedures.get(version.procedure)
    if definition is None:
        raise NotFound("procedure", version.procedure)
    schemas = {
        found: content for path, content in files.items() if path.endswith(".form") and (found := form_id(content))
    }
    return Loaded(replace(version, files=dict(files)), definition, schemas)


class VersionCache:
    """The versions used last, by database id. Versions never change, so nothing here goes stale. Thread-safe."""

    def __init__(self) -> None:
        self._loaded: OrderedDict[int, Loaded] = OrderedDict()
        self._keys: dict[tuple[str, int], int] = {}
        self._completed: OrderedDict[tuple[object, ...], Loaded] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, versions: Versions, key: int) -> Loaded:
        """The version with that database id; read and parsed if it is not at hand. Raises ``NotFound``."""
        with self._lock:
            if key in self._loaded:
                self._loaded.move_to_end(key)
                return self._loaded[key]
        version = versions.version(key)
        if version is None:
            raise NotFound("version", key)
        loaded = load_version(version, versions.files(version.manifest))
        if loaded.definition.calls_versions:
            loaded = loaded.with_called((), _nobody_knows, self._getting(versions))
        with self._lock:
            self._loaded[key] = loaded
            while len(self._loaded) > KEPT:
                self._loaded.popitem(last=False)
        return loaded

    def at(
        self,
        versions: Versions,
        key: int,
        snapshot: str | None,
        steps: bool = True,
        left: Iterable[tuple[str, int]] = (),
    ) -> Loaded:
        """The version with that database id, with the versions beside it that the case of this snapshot is in, those it
        has ``left``, and, if it ``steps``, those it can call as the newest from now on. Raises ``NotFound``."""
        base = self.get(versions, key)
        if not base.definition.calls_newest:
            return base
        seeds = bpmn.running(snapshot).union(left)
        numbers: dict[str, int | None] = {}

        def newest(procedure: str) -> int | None:
            found = versions.newest(procedure) if steps else None
            numbers[procedure] = found.number if found is not None else None
            return numbers[procedure]

        made = base.with_called(seeds, newest, self._getting(versions))
        name = (key, frozenset(seeds), tuple(sorted((name, number or 0) for name, number in numbers.items())))
        with self._lock:
            # Built anew each time, its specifications would be too: those that were built first are used on.
            made = self._completed.setdefault(name, made)
            while len(self._completed) > KEPT:
                self._completed.popitem(last=False)
        return made

    def _getting(self, versions: Versions) -> Callable[[str, int], Loaded]:
        def get(procedure: str, number: int) -> Loaded:
            key = self._keys.get((procedure, number)) or versions.key_of(procedure, number)
            if key is None:
                raise NotFound("version", f"{procedure} {number}")
            loaded = self.get(versions, key)
            self._keys[procedure, number] = key
            return loaded

        return get

    def newest(self, versions: Versions, procedure: str) -> Loaded:
        """The version new cases of a procedure start on. Raises ``NotFound``."""
        version = versions.newest(procedure)
        if version is None:
            raise NotFound("procedure", procedure)
        return self.at(versions, version.id, None)


def _nobody_knows(_procedure: str) -> None:
    """Of calls by number alone, no newest version is asked for."""


def as_task(number: str, drawn: bpmn.OpenTask, opened_at: str, **more: Any) -> Task:
    """An open task of a snapshot as people see it; ``more`` are fields that the snapshot does not know."""
    told: dict[str, Any] = {
        "id": task_id(number, drawn.token),
        "case": number,
        "token": drawn.token,
        "element": drawn.element,
        "name": drawn.name,
        "process": drawn.process,
        "roles": tuple(drawn.roles),
        "users": tuple(drawn.users),
        "assignee": drawn.assignee,
        "unit": drawn.unit,
        "form": drawn.form,
        "due": drawn.due,
        "follow_up": drawn.follow_up,
        "priority": drawn.priority,
        "documentation": drawn.documentation,
        "opened_at": opened_at,
        "values": drawn.values,
    }
    return Task(**{**told, **more})


def as_wait(number: str, drawn: bpmn.Wait) -> Wait:
    """A wait of a snapshot as it is indexed."""
    return Wait(number, drawn.token, drawn.kind, drawn.element, drawn.process, drawn.name, drawn.due, drawn.key)


def as_external(number: str, drawn: bpmn.External, at: str) -> ExternalTask:
    """Work outside that a snapshot waits for, as it is queued at that moment."""
    return ExternalTask(
        id=task_id(number, drawn.token),
        case=number,
        token=drawn.token,
        process=drawn.process,
        element=drawn.element,
        topic=drawn.topic,
        values=drawn.values,
        priority=drawn.priority,
        created_at=at,
        available_at=at,
        retries=MOST_ATTEMPTS,
    )
