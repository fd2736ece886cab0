"""What a handler works with: one transaction, one actor, one moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from engine.clock import to_text
from engine.errors import Bilingual, NotAllowed
from engine.handlers.kept import Kept, KeptCases
from engine.rules.access import Actor, Standing, may_see
from engine.rules.calendar import WorkCalendar
from engine.rules.forms.fields import Options
from engine.storage.unit_of_work import UnitOfWork
from engine.versions import Loaded, VersionCache


@dataclass(frozen=True)
class Work:
    """Everything a handler may use. What it reads and writes through ``store`` is one transaction."""

    store: UnitOfWork
    actor: Actor
    now: datetime
    versions: VersionCache
    #: The number of the calendar's last entry, and the calendar after it: what working time is counted by.
    calendar: int = 0
    counting: WorkCalendar = field(default_factory=WorkCalendar)
    kept: KeptCases = field(default_factory=KeptCases)
    #: The cases this transaction wrote, as they are once it is committed.
    saved: list[Kept] = field(default_factory=list)
    #: Topics that were put into the outbox for the engine itself to pass on after the commit.
    passing_on: list[str] = field(default_factory=list)
    #: Kinds of repairs that need a second person: see ``Settings.two_persons``.
    two_persons: frozenset[str] = frozenset()
    #: How many signals and messages led here one after the other; 0 where somebody, or the time, set it off.
    handed_on: int = 0

    @property
    def at(self) -> str:
        """The moment, as it is stored."""
        return to_text(self.now)

    def version(self, key: int) -> Loaded:
        """A version by its database id."""
        return self.versions.get(self.store.versions, key)

    def version_at(self, key: int, snapshot: str | None) -> Loaded:
        """A version by its database id, with the versions beside it that a case on it can call."""
        return self.versions.at(self.store.versions, key, snapshot)

    def newest(self, procedure: str) -> Loaded:
        """The version new cases start on. Raises ``NotFound``."""
        return self.versions.newest(self.store.versions, procedure)

    def options(self) -> Options:
        """The choices that forms take from the installation: units, and people."""
        return self.store.people.options()

    def standing(self, number: str, started_by: str) -> Standing:
        """How people stand to a case."""
        users, units = self.store.cases.parties(number)
        return Standing(started_by, users, units, self.store.open_items.tasks(number))

    def lane_role(self, lane: str) -> str | None:
        """The role a lane means, where the diagram names nobody: the one with that key or label."""
        return self.store.people.role_called(lane)

    def must_be_known(self) -> None:
        """Raises ``NotAllowed`` for an actor who has no account where there are accounts."""
        self.needs(self.actor.known, "没有这个账号。", "there is no such account.")

    def must_see(self, number: str, started_by: str) -> None:
        """Raises ``NotAllowed`` for an actor who has nothing to do with the case."""
        allowed = may_see(self.actor, self.standing(number, started_by))
        self.needs(allowed, "您与这件诉求无关。", "you have nothing to do with this case.")

    def refuse(self, zh: str, en: str) -> NotAllowed:
        """The error for an actor who lacks the right, with the reason."""
        return NotAllowed(actor=self.actor.login, reason=Bilingual(zh=zh, en=en))

    def needs(self, allowed: bool, zh: str, en: str) -> None:
        """Raises ``NotAllowed`` unless ``allowed``."""
        if not allowed:
            raise self.refuse(zh, en)
