"""Starting and completing through the web application: a server in a process of its own, clients beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import partial
from itertools import cycle, islice

from bench.databases import Place
from bench.measuring import Spread, in_turn, ratio
from bench.report import Answer, Line
from bench.servers import web
from bench.web_client import Program, Visitor, together
from bench.workers import rate_of

#: Cases of a client in a round, rounds, clients at once, web processes at most.
SIZES: Mapping[str, tuple[int, int, int, int]] = {
    "tiny": (1, 1, 1, 1),
    "quick": (1, 4, 4, 2),
    "full": (3, 15, 4, 2),
}


def visitors(addresses: Sequence[str], count: int, open_ones: ExitStack, reading: bool = False) -> list[Visitor]:
    """Clients signed in, spread over the processes as a load balancer would."""
    turns = islice(cycle(addresses), max(count, len(addresses)))
    return [open_ones.enter_context(closing(Visitor(address, reading))) for address in turns]


def programs(addresses: Sequence[str], count: int, open_ones: ExitStack) -> list[Program]:
    """Programs with a token, spread likewise."""
    turns = islice(cycle(addresses), max(count, len(addresses)))
    return [open_ones.enter_context(closing(Program(address))) for address in turns]


def run(place: Place) -> Answer:
    """Each round is some whole cases by several clients at once."""
    cases, rounds, count, most = SIZES[place.size]
    lines: list[Line] = []
    for kind in place.kinds:
        url = place.prepared(kind)
        contestants: dict[str, Callable[[], float]] = {}
        with ExitStack() as open_ones:
            engine = open_ones.enter_context(place.open(url))
            inside = f"Engine.handle, one thread, {kind}"
            contestants[inside] = partial(rate_of, engine, cases)
            addresses = [open_ones.enter_context(web(place, url)) for _ in range(most)]
            for processes in range(1, most + 1):
                clients = visitors(addresses[:processes], count, open_ones)
                contestants[f"posting forms, {processes} process(es), {kind}"] = partial(together, clients, cases)
                callers = programs(addresses[:processes], count, open_ones)
                contestants[f"interface for programs, {processes} process(es), {kind}"] = partial(
                    together, callers, cases
                )
            readers = visitors(addresses[:1], count, open_ones, reading=True)
            contestants[f"reading every page, 1 process(es), {kind}"] = partial(together, readers, cases)
            found = in_turn(contestants, rounds)
        for name, rates in found.items():
            compared = None if name == inside else ratio(rates, found[inside])
            lines.append(Line(name, Spread.of(rates), "steps/s", inside if compared else "", compared))
    return Answer(
        "(e) start and complete through the web application",
        lines,
        (
            f"`huiyin web`, {count} clients at once on the same machine; session, CSRF token and rights each time.",
            "Posting forms: one request a step. Reading every page: the form is opened before each step. The interface "
            "for programs: JSON with a token, one request a step.",
        ),
    )
