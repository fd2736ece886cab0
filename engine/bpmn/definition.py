"""A procedure ready to run: its process with all that it uses, read from the files of one version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from engine.bpmn import checks
from engine.bpmn.check_calls import Versions
from engine.bpmn.document import Document
from engine.bpmn.editions import renamed
from engine.bpmn.model import NEWEST, Node, Process
from engine.bpmn.problems import LATER
from engine.bpmn.reader import read_diagram
from engine.bpmn.specs import Specs
from engine.bpmn.starts import StartTimer, start_timers
from engine.bpmn.step import ElementInfo
from engine.errors import Problem, VersionRejected
from engine.rules import decisions
from engine.rules.editions import edition, named_in
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
        #: What it was published with; ``processes`` holds besides what it calls in versions of their own.
        self.own: Mapping[str, Process] = {found.id: found for found in _reached(process, library)}
        self.processes = self.own
        self.newest: Mapping[str, int] = {}
        self._others: Mapping[str, Mapping[str, decisions.Decision]] = {}
        self._editions: dict[int, dict[str, Process]] = {}
        self._told: dict[tuple[str, str], ElementInfo] = {}

    def beside(self, others: Mapping[tuple[str, int], Definition], newest: Mapping[str, int]) -> Definition:
        """The same with these versions of other procedures beside it, each as processes of its own: ``sub@7`` is what
        version 7 of ``sub`` draws. ``newest``: the numbers of those that are the newest. See ``called.complete``."""
        made = Definition(self.own[self.id], self._library)
        processes, tables = dict(self.own), {}
        for (_, number), other in sorted(others.items(), key=lambda item: item[0]):
            for process in other.edition(number).values():
                processes[process.id] = process
                tables[process.id] = other._library.tables
        made.processes, made.newest, made._others = processes, dict(newest), tables
        return made

    def edition(self, number: int) -> Mapping[str, Process]:
        """Its own processes under the names they have beside another definition, if this is version ``number``:
        ``sub@7``, and ``part@sub@7`` for one that was published with it."""
        if number not in self._editions:
            place = self.id, number
            names = {name: named_in(name, place) for name in self.own}
            self._editions[number] = {
                names[process.id]: renamed(process, edition(place), names) for process in self.own.values()
            }
        return self._editions[number]

    @cached_property
    def calls_versions(self) -> frozenset[tuple[str, int]]:
        """The versions of other procedures that it calls by number."""
        return frozenset(call for call in self._calls() if call[1] != NEWEST)

    @cached_property
    def calls_newest(self) -> frozenset[str]:
        """The procedures it calls in their newest version, in what stands beside it too."""
        return frozenset(name for name, number in self._calls() if number == NEWEST)

    def _calls(self) -> set[tuple[str, int]]:
        return {
            (node.calls or "", node.calls_version)
            for node in self.nodes.values()
            if node.type == "callActivity" and node.calls_version is not None
        }

    @cached_property
    def specs(self) -> Specs:
        """What SpiffWorkflow runs; built when first needed."""
        return Specs(self.processes, self._library.tables, self._others, self.newest)

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

    @cached_property
    def works_outside(self) -> bool:
        """Whether a case on it can wait for work that is done outside."""
        return bool(self.calls_newest) or any(node.waits_outside for node in self.nodes.values())

    @property
    def roles(self) -> set[str]:
        """The role keys its tasks are written for; expressions are left out."""
        return {role for node in self.nodes.values() for role in node.groups if "${" not in role}

    @property
    def initiators(self) -> set[str]:
        """The variables in which its start events keep who began the case."""
        starts = self.processes[self.id].start_events()
        return {name for node in starts if (name := node.camunda("initiator"))}

    @property
    def start_timers(self) -> list[StartTimer]:
        """Its timer start events: what opens cases by itself."""
        return start_timers(self.processes[self.id])

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
        if (process, identifier) not in self._told:
            self._told[process, identifier] = self._info(node, process)
        return self._told[process, identifier]

    def _info(self, node: Node, process: str) -> ElementInfo:
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

    def process_of(self, identifier: str) -> str:
        """The first process that draws an element of that id; empty if none does."""
        return next((process for process, found in self.nodes if found == identifier), "")

    def elements(self) -> list[ElementInfo]:
        """All elements, in document order, the process's own first."""
        return [info for process, identifier in self.nodes if (info := self.element(process, identifier)) is not None]

    def closure(self) -> set[str]:
        """The paths of the files a case on it needs."""
        library = self._library
        paths = {process.file for process in self.own.values()}
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


def read_library(files: Mapping[str, bytes], published: bool = False) -> tuple[Library, list[Problem]]:
    """Reads all files, and says what is wrong with each by itself; of tables that are ``published``, only what keeps
    them from being read."""
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
    tables, table_files = _read_tables(files, problems, published)
    return Library(tuple(documents), processes, tables, table_files, form_files), problems


def _read_tables(
    files: Mapping[str, bytes], problems: list[Problem], published: bool
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
        problems += decisions.check_decisions(files[path], path, set(tables), published=published)
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
    files: Mapping[str, bytes],
    library: Mapping[str, bytes] | None = None,
    roles: set[str] | None = None,
    topics: frozenset[str] = frozenset(),
    versions: Versions | None = None,
) -> list[Problem]:
    """Everything that is wrong with ``files``; ``library`` holds published files they may refer to, ``roles`` the role
    keys of the organisation (None: not checked), ``topics`` those that workers outside are known to do, ``versions``
    those that can be called by number. Never raises for bad input."""
    return _examine(files, library, roles, topics, versions=versions)[1]


def load(
    files: Mapping[str, bytes],
    library: Mapping[str, bytes] | None = None,
    roles: set[str] | None = None,
    published: bool = False,
    versions: Versions | None = None,
    newest: frozenset[str] = frozenset(),
) -> Bundle:
    """The executable processes in ``files``. Raises ``VersionRejected`` with every problem if one is an error.
    ``published``: they were checked by the rules of their day; what would be found wrong today does not stop them.
    Of a published version ``newest`` are the procedures it calls in their newest version: release 0.1 had none, and
    took ``latest`` for what was published together."""
    parts, problems = _examine(files, library, roles, published=published, versions=versions, newest=newest)
    if any(problem.severity == "error" and not (published and problem.code in LATER) for problem in problems):
        raise VersionRejected(problems)
    own = set(files)
    return Bundle(
        {process.id: Definition(process, parts) for process in parts.processes.values() if process.file in own},
        tuple(problems),
    )


def _examine(
    files: Mapping[str, bytes],
    library: Mapping[str, bytes] | None,
    roles: set[str] | None,
    topics: frozenset[str] = frozenset(),
    published: bool = False,
    versions: Versions | None = None,
    newest: frozenset[str] = frozenset(),
) -> tuple[Library, list[Problem]]:
    parts, problems = read_library(files, published)
    if published:
        for process in parts.processes.values():
            for node in process.walk():
                if node.calls_version == NEWEST and node.calls not in newest:
                    node.calls_version = None
    around, _ = read_library({path: content for path, content in (library or {}).items() if path not in files}, True)
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
                    process, merged.processes, merged.tables, set(merged.form_files), roles, topics, versions, published
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
            called = library.processes.get(node.calls or "") if node.calls_version is None else None
            if called is not None:
                open_.append(called)
    return list(found.values())
