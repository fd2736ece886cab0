"""Loading the demonstration into a database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from argon2 import PasswordHasher

from engine import Engine
from engine.commands import PublishVersion, SaveRole, SaveUnit, SaveUser, SetPassword, StartCase
from engine.demo.staff import Staff, Story
from engine.demo.walking import work_off
from engine.doctor import DEMO_PASSWORD
from engine.errors import AlreadyThere, Bilingual, DemoRefused
from engine.settings import Settings

#: On whose behalf procedures and people are set up: the installation itself.
SYSTEM = "system"

#: Who registers the cases.
AGENT = "agent"

_kinds = (".bpmn", ".dmn", ".form")


@dataclass(frozen=True)
class Loaded:
    """How much was added."""

    versions: int
    units: int
    users: int
    cases: int

    def as_json(self) -> dict[str, Any]:
        """The shape of ``huiyin demo --json``."""
        return {"versions": self.versions, "units": self.units, "users": self.users, "cases": self.cases}


class PastClock:
    """A clock that is set back for each case and goes on by itself, so that the cases have a past."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._moment = now()

    def __call__(self) -> datetime:
        return min(self._moment, self._now())

    def set_back(self, **ago: float) -> None:
        self._moment = self._now() - timedelta(**ago)

    def go_on(self, **by: float) -> None:
        self._moment += timedelta(**by)


def load_demo(settings: Settings, open_engine: Callable[[Settings, Callable[[], datetime]], Engine]) -> Loaded:
    """Publishes the procedures, makes units, people and cases.

    Raises ``DemoRefused`` in production, or where the folders ``processes`` and ``forms`` are not found.
    """
    if settings.env == "production":
        raise DemoRefused(
            reason=Bilingual(
                zh="HUIYIN_ENV 为 production；请设 HUIYIN_ENV=demo", en="HUIYIN_ENV is production; set HUIYIN_ENV=demo"
            )
        )
    root = find_root()
    clock = PastClock(settings.moments())
    engine = open_engine(settings, clock)
    try:
        loaded = set_up(engine, root)
        profile = _read(root / "processes" / "profiles" / "demo.yaml")
        cases = sum(_make_case(engine, clock, profile, name, told) for name, told in profile["cases"].items())
        return replace(loaded, cases=cases)
    finally:
        engine.close()


def set_up(engine: Engine, root: Path) -> Loaded:
    """Publishes the procedures below ``root`` and adds the demonstration's roles, units and people; no cases."""
    profiles = root / "processes" / "profiles"
    versions = engine.handle(PublishVersion(files=procedure_files(root), actor=SYSTEM))
    units, users = _save_people(engine, _read(profiles / "demo.yaml"), _read(profiles / "roles.yaml"))
    return Loaded(len(versions), units, users, 0)


def find_root() -> Path:
    """The folder that holds ``processes`` and ``forms``: the current one, or the one this was installed from."""
    for folder in (Path.cwd(), Path(__file__).resolve().parents[2]):
        if (folder / "processes" / "profiles" / "demo.yaml").is_file() and (folder / "forms").is_dir():
            return folder
    raise DemoRefused(
        reason=Bilingual(
            zh="没有找到 processes 和 forms 文件夹，请在项目文件夹中运行",
            en="the folders processes and forms were not found; run it in the project's folder",
        )
    )


def procedure_files(root: Path) -> dict[str, bytes]:
    """Every diagram, decision and form below ``processes`` and ``forms``, by its path from ``root``."""
    found = sorted(path for folder in ("processes", "forms") for path in (root / folder).rglob("*"))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found if path.suffix in _kinds}


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_bytes().decode("utf-8"))


def _save_people(engine: Engine, profile: Mapping[str, Any], roles: Mapping[str, Any]) -> tuple[int, int]:
    """Roles, units and people that are not there yet; returns how many units and people were added."""
    known_roles = {role.key for role in engine.roles()}
    for key, role in roles.items():
        if key not in known_roles:
            engine.handle(SaveRole(key=key, label=role["label"], actor=SYSTEM))
    known_units = {unit.key for unit in engine.units()}
    new_units = [key for key in profile["units"] if key not in known_units]
    for key in new_units:
        engine.handle(SaveUnit(key=key, label=profile["units"][key], actor=SYSTEM))
    known_users = {user.login for user in engine.users()}
    new_users = [login for login in profile["users"] if login not in known_users]
    password = PasswordHasher().hash(DEMO_PASSWORD) if new_users else ""
    for login in new_users:
        user = profile["users"][login]
        engine.handle(
            SaveUser(login=login, name=user["name"], unit=user["unit"], roles=tuple(user["roles"]), actor=SYSTEM)
        )
        engine.handle(SetPassword(login=login, password_hash=password, actor=SYSTEM))
    return len(new_units), len(new_users)


def _make_case(engine: Engine, clock: PastClock, profile: Mapping[str, Any], name: str, told: Mapping[str, Any]) -> int:
    """One case of the profile, as far as its story goes; 0 if it is there already."""
    clock.set_back(days=told["days_ago"])
    registered = clock()
    first = {
        "org_profile": "S01",
        "received_at": registered.isoformat(),
        "need_confirmed": True,
        "greeting_done": True,
        **told["first"],
    }
    if not first["can_answer_now"]:
        first.update(promise_told=True, promised_reply_at=(registered + timedelta(days=7)).isoformat())
    try:
        started = engine.handle(
            StartCase(procedure=profile["procedure"], first=first, reference=f"demo:{name}", actor=AGENT)
        )
    except AlreadyThere:
        return 0
    chosen: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in told.get("story", {}).items()
    }
    story = Story(**chosen)

    def next_moment() -> datetime:
        clock.go_on(hours=2)
        return clock()

    people = list(engine.users())
    work_off(engine, started.case, Staff(story), people, next_moment, told.get("stop_at", ()), told.get("leave", ()))
    return 1
