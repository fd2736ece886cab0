"""The step: ``(definition, snapshot, action, now) → Step``. Plain values only; nothing here knows SpiffWorkflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Fact:
    """Something that happened inside a step; becomes one log entry. Kinds: ``docs/reference/events.md``."""

    kind: str
    element: str
    data: Values = field(default_factory=dict)


@dataclass(frozen=True)
class OpenTask:
    """A user (or manual) task somebody has to do now.

    ``token`` is unique within the case and never used again; ``process`` is the process that draws the element (a
    called one, for a task in a call activity). ``unit`` narrows ``roles`` to the people of one unit. ``lane`` is
    the lane's name where the diagram names nobody: the role of that key or label, if there is one. ``due`` and
    ``follow_up`` are moments as text, None where the diagram sets none. ``values`` are what the task can see.
    """

    token: int
    element: str
    name: str
    process: str
    roles: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    assignee: str | None = None
    unit: str | None = None
    lane: str = ""
    form: str | None = None
    due: str | None = None
    follow_up: str | None = None
    priority: int = 50
    documentation: str = ""
    values: Values = field(default_factory=dict)


@dataclass(frozen=True)
class Wait:
    """Something other than a person that the case waits for: ``kind`` is ``timer``, ``message``, ``signal`` or
    ``condition``; ``name`` the message or signal; ``due`` (timers) the moment it fires, None while it is on hold;
    ``key`` (messages) what a message has to carry to be meant for this case, None where any will do."""

    token: int
    kind: str
    element: str
    process: str
    name: str = ""
    due: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class External:
    """A service task whose work is done outside: by a worker that fetches its ``topic``. ``values`` are its input
    parameters; a higher ``priority`` is fetched first."""

    token: int
    element: str
    process: str
    topic: str
    values: Values = field(default_factory=dict)
    priority: int = 50


@dataclass(frozen=True)
class Send:
    """Something to be sent once the step is committed: a notification or an outgoing message."""

    topic: str
    element: str
    values: Values


@dataclass(frozen=True)
class Step:
    """What one action did. ``snapshot`` is text to be stored as it is; ``values`` are the case's own variables.

    ``starved``: the joins at which tokens wait for others that can never come, where nothing else is left to happen.
    ``called``: procedure → number of its newest version, for the calls that took the newest one."""

    snapshot: str
    facts: tuple[Fact, ...]
    tasks: tuple[OpenTask, ...]
    waits: tuple[Wait, ...]
    sends: tuple[Send, ...]
    finished: bool
    values: Values
    starved: tuple[str, ...] = ()
    externals: tuple[External, ...] = ()
    called: Mapping[str, int] = field(default_factory=dict)


# Actions: what may be asked of a running case. ``now`` is given apart.


@dataclass(frozen=True)
class Start:
    """Begin at the plain start event, at the start event that catches ``message`` or ``signal``, or at ``element``."""

    values: Values = field(default_factory=dict)
    message: str | None = None
    signal: str | None = None
    element: str | None = None


@dataclass(frozen=True)
class Complete:
    """A person finished the task ``token`` with these values."""

    token: int
    values: Values = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """A message arrives; one waiting element (the one that waits longest) takes it. With a ``key``, one that waits for
    that key or for none."""

    name: str
    values: Values = field(default_factory=dict)
    key: str | None = None


@dataclass(frozen=True)
class Signal:
    """A signal is broadcast; every waiting element takes it."""

    name: str
    values: Values = field(default_factory=dict)


@dataclass(frozen=True)
class Fire:
    """Every timer due at ``now`` fires, in order of its due moment."""


@dataclass(frozen=True)
class Finish:
    """The outside work at the service task ``token`` is done; it brought these values."""

    token: int
    values: Values = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """The outside work at the service task ``token`` ended in the business error ``code``: the nearest boundary event
    or event subprocess that catches it goes on. ``values`` are set first."""

    token: int
    code: str
    message: str = ""
    values: Values = field(default_factory=dict)


@dataclass(frozen=True)
class Rearm:
    """Moments changed: the variables are set, then every waiting timer and every open task's dates that mention one of
    them are worked out anew. ``hold``: those that mention one of these variables stand still (a clock is paused)
    until a later ``Rearm`` sets the variable without holding it. ``at``: the token whose own variables are meant first,
    where one instance of several has some; 0: the case's."""

    values: Values = field(default_factory=dict)
    hold: tuple[str, ...] = ()
    at: int = 0


@dataclass(frozen=True)
class Correct:
    """Somebody repairs the case's variables: the values replace what was there, where the case keeps them."""

    values: Values


@dataclass(frozen=True)
class Begin:
    """A place to put a token: before ``element``, which ``process`` draws. ``at`` is the token of the subprocess or
    call it is inside of, 0 for the case itself; None: the one place where it can be, or a refusal that lists them."""

    process: str
    element: str
    at: int | None = None


@dataclass(frozen=True)
class Modify:
    """Somebody moves the case by hand: the tokens in ``cancel`` are withdrawn with all that runs below them, the values
    are set, and new tokens begin."""

    cancel: tuple[int, ...] = ()
    begin: tuple[Begin, ...] = ()
    values: Values = field(default_factory=dict)


@dataclass(frozen=True)
class Skip:
    """Pass by an element this once instead of executing it: ``flow`` is the way to take out of a gateway; None for an
    activity or event, which is left as if it had ended."""

    process: str
    element: str
    flow: str | None = None


Action = Start | Complete | Message | Signal | Fire | Finish | Fault | Rearm | Correct | Modify


@dataclass(frozen=True)
class ElementInfo:
    """What a reader of a diagram wants to know of one element."""

    id: str
    name: str
    type: str
    process: str
    roles: tuple[str, ...] = ()
    form: str | None = None
    decision: str | None = None
    calls: str | None = None
    documentation: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)


def moment_key(now: datetime) -> datetime:
    """Checks that a step is given an aware moment."""
    if now.tzinfo is None:
        raise ValueError("a step needs an aware moment")
    return now
