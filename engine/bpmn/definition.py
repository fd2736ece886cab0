"""A procedure ready to run: its process with all that it uses, read from the files of one version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from engine.bpmn import checks
from engine.bpmn.document import Document
from engine.bpmn.model import Node, Process
from engine.bpmn.reader import read_diagram
from engine.bpmn.specs import Specs
from engine.bpmn.step import ElementInfo
from engine.errors import Problem, VersionRejected
from engine.rules import decisions
from engine.rules.forms import check_form, read_form


@dataclass(frozen=True)
class Library:
    """The parts found in a set of files: who draws which process, decision and form. ``drawn`` includes processes that
    are only drawn, not executed."""

    documents: tuple[Document, ...] = ()
    processes: Mapping[str, Process] = field(default_factory=dict)
    tables: Mapping[str, decisions.Decision] = field(default_factory=dict)
    table_files: Mapping[str, str] = field(default_factory=dict)
    form_files: Mapping[str, str] = field(default_factory=dict)


class Definition:
    """One executable process and everything it reaches."""

    def __init__(self, process: Process, library: Library) -> None:
        self.id = process.id
        self.name = process.name
        self._library = library
        self.processes = {found.id: found for found in _reached(process, library)}

    @cached_property
    def specs(self) -> Specs:
        """What SpiffWorkflow runs; built when first needed."""
        return Specs(self.processes, self._library.tables)

    @cached_property
    def nodes(self) -> dict[tuple[str, str], Node]:
        """All elements by (process id, element id)."""
        return {(process.id, node.id): node for process in self.processes.values() for node in process.walk()}

    @property
    def forms(self) -> set[str]:
        """The ids of all forms it uses."""
        return {form for node in self.nodes.values() if (form := node.form)}

    @property
    def decisions(self) -> set[str]:
        """The ids of all decisions it asks."""
        return {name for node in self.nodes.values() if (name := node.decision)}

    @property
    def roles(self) -> set[str]:
        """The role keys its tasks are written for; expressions are left out."""
        return {role for node in self.nodes.values() for role in node.groups if "${" not in role}

    @property
    def start_form(self) -> str | None:
        """The form of its start event, if it has one."""
        start = next((node for node in self.processes[self.id].start_events()), None)
        return start.form if start is not None else None

    def element(self, process: str, identifier: str) -> ElementInfo | None:
        """What a reader wants to know of an element; None if there is none."""
        node = self.nodes.get((process, identifier))
        if node is None:
            return None
        return ElementInfo(
            id=node.id,
            name=node.name,
            type=node.type,
            process=process,
            roles=node.groups or ((node.lane,) if node.lane else ()),
            form=node.form,
            decision=node.decision,
            calls=node.calls,
            documentation=node.documentation,
            properties=dict(node.properties),
        )

    def elements(self) -> list[ElementInfo]:
        """All elements, in document order, the process's own first."""
        return [info for process, identifier in self.nodes if (info := self.element(process, identifier)) is not None]

    def closure(self) -> set[str]:
        """The paths of the files a case on it needs."""
        library = self._library
        paths = {process.file for process in self.processes.values()}
        for name in _required(self.decisions, library.tables):
            paths.add(library.table_files[name])
        for form in self.forms & set(library.form_files):
            paths.add(library.form_files[form])
        return paths


@dataclass(frozen=True)
class Bundle:
    """What a set of files defines."""

    procedures: Mapping[str, Definition]
    problems: tuple[Problem, ...] = ()


def read_library(files: Mapping[str, bytes]) -> tuple[Library, list[Problem]]:
    """Reads all files, and says what is wrong with each by itself."""
    documents: list[Document] = []
    problems: list[Problem] = []
    processes: dict[str, Process] = {}
    form_files: dict[str, str] = {}
    for path in sorted(files):
        content = files[path]
        if path.endswith(".bpmn"):
            document = read_diagram(content, path)
            documents.append(document)
            for process in document.processes:
                if process.executable:
                    if process.id in processes:
                        document.problems.error(
                            process.id,
                            "process_twice",
                            f"流程 id 与 {processes[process.id].file} 重复。",
                            f"{processes[process.id].file} has a process of the same id.",
                        )
                    processes.setdefault(process.id, process)
            problems += document.problems.found
        elif path.endswith(".form"):
            wrong = check_form(content, path)
            problems += wrong
            if not any(problem.severity == "error" for problem in wrong):
                identifier = read_form(content, path).id
                if identifier in form_files:
                    problems.append(
                        Problem(
                            path,
                            identifier,
                            "error",
                            "form_twice",
                            f"表单 id 与 {form_files[identifier]} 重复。",
                            f"{form_files[identifier]} has a form of the same id.",
                        )
                    )
                form_files.setdefault(identifier, path)
        elif not path.endswith(".dmn"):
            problems.append(
                Problem(
                    path,
                    "",
                    "error",
                    "file_unknown",
                    "只接受 .bpmn、.dmn、.form 文件。",
                    "Only .bpmn, .dmn and .form files are accepted.",
                )
            )
    tables, table_files = _read_tables(files, problems)
    return Library(tuple(documents), processes, tables, table_files, form_files), problems


def _read_tables(
    files: Mapping[str, bytes], problems: list[Problem]
) -> tuple[dict[str, decisions.Decision], dict[str, str]]:
    """The decisions of all files; what one requires may stand in another."""
    tables: dict[str, decisions.Decision] = {}
    table_files: dict[str, str] = {}
    paths = [path for path in sorted(files) if path.endswith(".dmn")]
    for path in paths:
        try:
            for table in decisions.parse_decisions(files[path], path):
                if table.id in tables:
                    problems.append(
                        Problem(
                            path,
                            table.id,
                            "error",
                            "decision_twice",
                            f"决策 id 与 {table_files[table.id]} 重复。",
                            f"{table_files[table.id]} has a decision of the same id.",
                        )
                    )
                tables.setdefault(table.id, table)
                table_files.setdefault(table.id, path)
        except decisions.DecisionError:
            continue  # what is wrong is said by check_decisions below
    for path in paths:
        problems += decisions.check_decisions(files[path], path, set(tables))
    return tables, table_files


def _required(names: Iterable[str], tables: Mapping[str, decisions.Decision]) -> set[str]:
    """These decisions and all that they require."""
    found: set[str] = set()
    open_ = [name for name in names if name in tables]
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            open_.extend(other for other in tables[name].requires if other in tables)
    return found


def check(
    files: Mapping[str, bytes], library: Mapping[str, bytes] | None = None, roles: set[str] | None = None
) -> list[Problem]:
    """Everything that is wrong with ``files``; ``library`` holds published files they may refer to, ``roles`` the role
    keys of the organisation (None: not checked). Never raises for bad input."""
    return _examine(files, library, roles)[1]


def load(
    files: Mapping[str, bytes], library: Mapping[str, bytes] | None = None, roles: set[str] | None = None
) -> Bundle:
    """The executable processes in ``files``. Raises ``VersionRejected`` with every problem if one is an error."""
    parts, problems = _examine(files, library, roles)
    if any(problem.severity == "error" for problem in problems):
        raise VersionRejected(problems)
    own = set(files)
    return Bundle(
        {process.id: Definition(process, parts) for process in parts.processes.values() if process.file in own},
        tuple(problems),
    )


def _examine(
    files: Mapping[str, bytes], library: Mapping[str, bytes] | None, roles: set[str] | None
) -> tuple[Library, list[Problem]]:
    parts, problems = read_library(files)
    around, _ = read_library({path: content for path, content in (library or {}).items() if path not in files})
    merged = Library(
        parts.documents,
        {**around.processes, **parts.processes},
        {**around.tables, **parts.tables},
        {**around.table_files, **parts.table_files},
        {**around.form_files, **parts.form_files},
    )
    for document in parts.documents:
        if document.problems.has_errors:
            continue
        for process in document.processes:
            if process.executable:
                problems += checks.check_process(
                    process, merged.processes, merged.tables, set(merged.form_files), roles
                )
        if not any(process.executable for process in document.processes):
            problems.append(
                Problem(
                    document.file,
                    "",
                    "error",
                    "no_executable",
                    "没有可执行的流程。请在流程属性中勾选“可执行”。",
                    "No process is executable. Tick “Executable” in the process's properties.",
                )
            )
    return merged, list(dict.fromkeys(problems))


def _reached(process: Process, library: Library) -> list[Process]:
    found: dict[str, Process] = {}
    open_ = [process]
    while open_:
        current = open_.pop()
        if current.id in found:
            continue
        found[current.id] = current
        for node in current.walk():
            called = library.processes.get(node.calls or "")
            if called is not None:
                open_.append(called)
    return list(found.values())
