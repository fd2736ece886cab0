"""Published versions, read once: the parsed diagrams, forms and files of the versions in use."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from engine import bpmn
from engine.errors import NotFound
from engine.records import Task, Version, Wait
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
    """A version ready to run: ``definition`` steps cases, ``schemas`` are its forms (form-js JSON) by id."""

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


def load_version(version: Version, files: Mapping[str, bytes]) -> Loaded:
    """Parses a version's files. Raises ``NotFound`` if they do not define its procedure."""
    definition = bpmn.load(files).procedures.get(version.procedure)
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
        with self._lock:
            self._loaded[key] = loaded
            while len(self._loaded) > KEPT:
                self._loaded.popitem(last=False)
        return loaded

    def newest(self, versions: Versions, procedure: str) -> Loaded:
        """The version new cases of a procedure start on. Raises ``NotFound``."""
        version = versions.newest(procedure)
        if version is None:
            raise NotFound("procedure", procedure)
        return self.get(versions, version.id)


def as_task(number: str, drawn: bpmn.OpenTask, opened_at: str) -> Task:
    """An open task of a snapshot as people see it."""
    return Task(
        id=task_id(number, drawn.token),
        case=number,
        token=drawn.token,
        element=drawn.element,
        name=drawn.name,
        process=drawn.process,
        roles=tuple(drawn.roles),
        users=tuple(drawn.users),
        assignee=drawn.assignee,
        unit=drawn.unit,
        form=drawn.form,
        due=drawn.due,
        follow_up=drawn.follow_up,
        priority=drawn.priority,
        documentation=drawn.documentation,
        opened_at=opened_at,
        values=drawn.values,
    )


def as_wait(number: str, drawn: bpmn.Wait) -> Wait:
    """A wait of a snapshot as it is indexed."""
    return Wait(number, drawn.token, drawn.kind, drawn.element, drawn.process, drawn.name, drawn.due)
