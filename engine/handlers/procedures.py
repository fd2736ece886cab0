"""Publishing procedures and keeping drafts of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine import bpmn
from engine.commands import PublishVersion, SaveProcedureDraft
from engine.errors import DraftMovedOn, NotFound, Problem, refused
from engine.handlers import starts
from engine.handlers.work import Work
from engine.records import Draft, Version
from engine.rules.access import PUBLISH, has_role
from engine.rules.parts import defined_in, refused_files
from engine.storage.versions import Part, manifest_hash, sha256_of

MAX_FILES = 500


@dataclass(frozen=True)
class PublishedVersions:
    """The versions a diagram may call by number."""

    work: Work

    def numbers(self, procedure: str) -> Sequence[int]:
        """The numbers of a procedure's versions, oldest first."""
        return self.work.store.versions.numbers(procedure)

    def process(self, procedure: str, number: int) -> bpmn.Process:
        """The process such a version runs. Raises ``NotFound``."""
        key = self.work.store.versions.key_of(procedure, number)
        if key is None:
            raise NotFound("version", f"{procedure} {number}")
        return self.work.version(key).definition.own[procedure]


@dataclass(frozen=True)
class Library:
    """What is published, as files to build on. ``contents``: path → bytes, the paths made unique; ``real`` gives the
    path a file was published under; ``parts`` are the entries of the newest files."""

    contents: Mapping[str, bytes]
    real: Mapping[str, str]
    parts: tuple[Part, ...]


def publish_version(command: PublishVersion, work: Work) -> list[Version]:
    """Makes a version of each procedure whose files changed: those given, and those that use a given part."""
    _must_edit(work)
    files = _clean_files(command.files)
    # Publications take turns: the counter's row is locked until this one is committed.
    work.store.cases.next_number("publication")
    parts = {path: defined_in(path, content) for path, content in files.items()}
    ids = frozenset().union(*parts.values())
    published = work.store.versions.parts()
    replaced = {part.sha256 for part in published if (part.kind, part.name) in ids}
    library = _library(work, [part for part in published if part.sha256 not in replaced], set(files))
    newest = work.store.versions.all_newest()
    roles = work.store.people.role_keys() or None
    gone = replaced - {sha256_of(content) for content in files.values()}
    using = _using(gone, newest, library)
    bundle = bpmn.load({**files, **using}, library.contents, roles, versions=PublishedVersions(work))
    work.store.versions.keep_files(files.values())
    made = []
    for procedure, definition in sorted(bundle.procedures.items()):
        closure = _closure(definition, files, library)
        version = _new_version(work, command, definition, closure, newest.get(procedure))
        if version is not None:
            made.append(work.store.versions.add(version, _starts(definition)))
            starts.arm(work, made[-1], definition)
    new = {
        (kind, name): Part(kind, name, path, sha256_of(files[path]))
        for path, found in sorted(parts.items())
        for kind, name in found
    }
    work.store.versions.replace_parts(replaced, new.values())
    return made


def save_procedure_draft(command: SaveProcedureDraft, work: Work) -> list[Problem]:
    """Keeps the files being edited and says what is wrong with them; errors do not keep a draft from being kept."""
    _must_edit(work)
    files = _clean_files(command.files)
    draft = Draft(command.procedure, command.base + 1, files, work.actor.login, work.at)
    if not work.store.versions.save_draft(draft, command.base):
        raise DraftMovedOn(procedure=command.procedure)
    return check_files(work, files)


def check_files(work: Work, files: Mapping[str, bytes]) -> list[Problem]:
    """What is wrong with files, given what is published."""
    if problems := refused_files(files):
        return problems
    library = published_library(work, files)
    topics = frozenset(work.store.vault.settings.listed("topics"))
    roles = work.store.people.role_keys() or None
    return bpmn.check(files, library.contents, roles, topics, PublishedVersions(work))


def published_library(work: Work, files: Mapping[str, bytes]) -> Library:
    """What is published and not replaced by these files."""
    ids = frozenset().union(*(defined_in(path, content) for path, content in files.items()))
    published = work.store.versions.parts()
    replaced = {part.sha256 for part in published if (part.kind, part.name) in ids}
    return _library(work, [part for part in published if part.sha256 not in replaced], set(files))


def _must_edit(work: Work) -> None:
    work.needs(
        has_role(work.actor, PUBLISH), "只有流程负责人可以编辑和发布流程。", "only process owners may edit and publish."
    )


def _clean_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    if not files:
        raise refused("没有要发布的文件。", "There are no files to publish.")
    if len(files) > MAX_FILES:
        raise refused(f"一次最多 {MAX_FILES} 个文件。", f"At most {MAX_FILES} files at once.")
    for problem in refused_files(files):
        raise refused(problem.zh, problem.en)
    return {path: bytes(content) for path, content in files.items()}


def _library(work: Work, parts: list[Part], taken: set[str]) -> Library:
    """The published files. Two of them may have been published under one path, or under one of ``taken``: then the
    path is made unique with the hash, and ``real`` remembers it."""
    contents = work.store.versions.files({part.sha256: part.sha256 for part in parts})
    placed: dict[str, bytes] = {}
    real: dict[str, str] = {}
    seen: set[str] = set()
    for part in parts:
        if part.sha256 in seen or part.sha256 not in contents:
            continue
        seen.add(part.sha256)
        path = part.path
        if path in placed or path in taken:
            folder, slash, name = path.rpartition("/")
            path = f"{folder}{slash}{part.sha256[:12]}-{name}"
        placed[path] = contents[part.sha256]
        real[path] = part.path
    return Library(placed, real, tuple(parts))


def _using(gone: set[str], newest: Mapping[str, Version], library: Library) -> dict[str, bytes]:
    """The published diagrams of procedures that use a file that is being replaced."""
    drawn = {part.name: part.sha256 for part in library.parts if part.kind == "process"}
    wanted = {
        drawn[procedure]
        for procedure, version in newest.items()
        if procedure in drawn and gone & set(version.manifest.values())
    }
    return {path: content for path, content in library.contents.items() if sha256_of(content) in wanted}


def _closure(definition: bpmn.Definition, files: Mapping[str, bytes], library: Library) -> dict[str, bytes]:
    """What a procedure needs, under the paths it was published under where these do not clash."""
    closure: dict[str, bytes] = {}
    for path in sorted(definition.closure(), key=lambda path: (path not in files, path)):
        real = library.real.get(path, path) if path not in files else path
        closure[path if real in closure else real] = files[path] if path in files else library.contents[path]
    return closure


def _new_version(
    work: Work,
    command: PublishVersion,
    definition: bpmn.Definition,
    closure: Mapping[str, bytes],
    newest: Version | None,
) -> Version | None:
    """The version these files make; None if the newest one has the same contents, whatever the files are called."""
    manifest = {path: sha256_of(content) for path, content in closure.items()}
    calls_newest = tuple(sorted(definition.calls_newest))
    if (
        newest is not None
        and sorted(newest.manifest.values()) == sorted(manifest.values())
        and newest.calls_newest == calls_newest
    ):
        return None
    return Version(
        procedure=definition.id,
        number=newest.number + 1 if newest is not None else 1,
        sha256=manifest_hash(manifest),
        name=definition.name or definition.id,
        published_at=work.at,
        published_by=work.actor.login,
        note=command.note[:1000],
        manifest=manifest,
        calls_newest=calls_newest,
    )


def _starts(definition: bpmn.Definition) -> dict[str, list[str]]:
    events = [node.event for node in definition.processes[definition.id].start_events() if node.event is not None]
    starts = {f"{kind}s": [event.name for event in events if event.kind == kind] for kind in ("message", "signal")}
    called = {"calls_newest": sorted(definition.calls_newest)} if definition.calls_newest else {}
    return starts | called
