"""The same diagram on other engines: Operaton (embedded, and its REST API) and bpmn-engine, beside ours."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from bench.databases import Place
from bench.diagrams import CHAIN
from bench.measuring import Spread, in_turn, ratio
from bench.report import Answer, Line
from bench.servers import Rounds, running, until, web
from bench.web import programs, visitors
from bench.web_client import Connection, OperatonClient, together
from bench.workers import rate_of
from tests.setup.with_postgres import free_port

HERE = Path(__file__).parent
OPERATON = HERE / "operaton" / "target"
BPMN_ENGINE = HERE / "bpmn_engine"

#: Web processes of ours at most; Operaton's one process has threads for all processors.
PROCESSES: Mapping[str, int] = {"tiny": 1, "quick": os.cpu_count() or 1, "full": os.cpu_count() or 1}
#: Cases in a round, rounds, client threads over HTTP, cases each engine plays before anything counts (a JVM compiles
#: what it runs often; ours gets the same).
SIZES: Mapping[str, tuple[int, int, int, int]] = {
    "tiny": (1, 1, 1, 1),
    "quick": (4, 5, 4, 24),
    "full": (12, 15, 4, 400),
}
Contestants = dict[str, Callable[[int], float]]


def run(place: Place) -> Answer:
    """Every contestant is set up, warmed up, and then they take turns."""
    cases, rounds, threads, warm_up = SIZES[place.size]
    drawn = place.folder / "chain.bpmn"
    drawn.write_bytes(CHAIN)
    notes: list[str] = []
    with ExitStack() as open_ones:
        ours = _ours(place, threads, open_ones)
        others = _operaton(place, drawn, threads, open_ones, notes) | _bpmn_engine(place, drawn, open_ones, notes)
        everybody = ours | others
        for play in everybody.values():
            play(warm_up)
        turns = {name: partial(play, cases) for name, play in everybody.items()}
        found = in_turn(turns, rounds, warm_up=0)
    return Answer("(f) the same diagram on other engines", _lines(found, threads), [*notes, *_NOTES])


_NOTES = (
    "steps/s over whole cases of 12 steps, one thread where nothing else is said; the clients run on the same machine.",
    "Requests a case: ours 13 (each answer says what is open next), Operaton 25 (each next task must be asked for).",
    "Operaton: history as it comes (audit for the plain engine, full for the starter), no authorisation, no session.",
    "H2 does not promise that a commit is on the disk; PostgreSQL is durable for everybody.",
)


def _lines(found: Mapping[str, list[float]], threads: int) -> list[Line]:
    names = _names(threads)
    compared = (
        (names["ours http"], names["operaton http"], None),
        (names["ours http more"], names["operaton http"], 1.0),
        (names["ours forms"], names["operaton http"], None),
        (names["ours PostgreSQL"], names["operaton postgres"], None),
        (names["ours SQLite"], names["operaton h2"], None),
        (names["ours SQLite"], names["bpmn-engine saved"], None),
    )
    lines = [Line(name, Spread.of(rates), "steps/s") for name, rates in found.items()]
    for one, other, limit in compared:
        if one in found and other in found:
            rates = found[one]
            lines.append(
                Line(one, Spread.of(rates), "steps/s", other, ratio(rates, found[other]), limit, at_least=True)
            )
    return lines


def _names(threads: int) -> dict[str, str]:
    return {
        "ours SQLite": "Huiyin, Engine.handle, SQLite",
        "ours PostgreSQL": "Huiyin, Engine.handle, PostgreSQL",
        "ours http": f"Huiyin, JSON, 1 web process, PostgreSQL, {threads} clients",
        "ours http more": f"Huiyin, JSON, a web process a core, PostgreSQL, {threads} clients",
        "ours forms": f"Huiyin, posting forms, a web process a core, PostgreSQL, {threads} clients",
        "operaton h2": "Operaton, embedded, H2 in a file",
        "operaton postgres": "Operaton, embedded, PostgreSQL",
        "operaton http": f"Operaton, REST API, PostgreSQL, {threads} clients",
        "bpmn-engine memory": "bpmn-engine, in memory",
        "bpmn-engine saved": "bpmn-engine, state flushed to a file",
    }


def _ours(place: Place, threads: int, open_ones: ExitStack) -> Contestants:
    names = _names(threads)
    contestants: Contestants = {}
    for kind in place.kinds:
        engine = open_ones.enter_context(place.open(place.prepared(kind)))
        contestants[names[f"ours {kind}"]] = partial(rate_of, engine)
    if place.postgres is not None:
        url = place.prepared("PostgreSQL")
        addresses = [open_ones.enter_context(web(place, url)) for _ in range(PROCESSES[place.size])]
        contestants[names["ours http"]] = partial(_shared, programs(addresses[:1], threads, open_ones))
        if len(addresses) > 1:
            contestants[names["ours http more"]] = partial(_shared, programs(addresses, threads, open_ones))
        contestants[names["ours forms"]] = partial(_shared, visitors(addresses, threads, open_ones))
    return contestants


def _shared(clients: Sequence[Any], cases: int) -> float:
    """So many cases by all clients together: steps a second."""
    return together(clients, max(cases // len(clients), 1))


# --- Operaton ---------------------------------------------------------------------------------------------------


def _operaton(place: Place, drawn: Path, threads: int, open_ones: ExitStack, notes: list[str]) -> Contestants:
    if not (OPERATON / "classes").is_dir() or shutil.which("java") is None:
        notes.append("Operaton was left out: run bench/operaton/setup (it needs a JDK 17 and Maven).")
        return {}
    names = _names(threads)
    address = f"jdbc:h2:file:{place.folder / 'operaton'};WRITE_DELAY=0"
    embedded = open_ones.enter_context(_driver(place, [*_java("Embedded"), address, "sa", "", str(drawn), "chain"]))
    contestants: Contestants = {names["operaton h2"]: lambda cases: embedded.play(cases, 1)}
    if place.postgres is not None:
        command = [*_java("Embedded"), *_jdbc(place.new_database("PostgreSQL")), str(drawn), "chain"]
        durable = open_ones.enter_context(_driver(place, command))
        contestants[names["operaton postgres"]] = lambda cases: durable.play(cases, 1)
        rest = open_ones.enter_context(_rest(place, drawn))
        clients = [open_ones.enter_context(closing(OperatonClient(rest))) for _ in range(threads)]
        contestants[names["operaton http"]] = partial(_shared, clients)
    return contestants


def _java(program: str) -> list[str]:
    return ["java", "-cp", f"{OPERATON / 'classes'}:{OPERATON / 'lib'}/*", f"huiyin.{program}"]


def _jdbc(url: str) -> tuple[str, str, str]:
    address = make_url(url)
    return f"jdbc:postgresql://{address.host}:{address.port}/{address.database}", str(address.username), ""


@contextmanager
def _driver(place: Place, command: list[str]) -> Iterator[Rounds]:
    log = place.folder / "driver.log"
    with running(command, log) as process:
        yield Rounds(process, log)


@contextmanager
def _rest(place: Place, drawn: Path) -> Iterator[str]:
    """Operaton's Spring Boot starter with its REST API on a free loopback port, the diagram deployed: its address."""
    url, user, password = _jdbc(place.new_database("PostgreSQL"))
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    settings = [
        f"--server.port={port}",
        "--server.address=127.0.0.1",
        f"--spring.datasource.url={url}",
        f"--spring.datasource.username={user}",
        f"--spring.datasource.password={password}",
        "--logging.level.root=WARN",
    ]
    log = place.folder / "rest.log"
    # It writes to its standard output, which nobody reads: into the log with it.
    with running(["sh", "-c", f'exec "$@" >>"{log}"', "sh", *_java("Rest"), *settings], log) as process:

        def answers() -> bool:
            if process.poll() is not None:
                raise RuntimeError(f"Operaton ended: {log.read_text(errors='replace')[-2000:]}")
            try:
                with closing(Connection(address)) as connection:
                    return connection.ask("GET", "/engine-rest/version")[0] == 200
            except OSError:
                return False

        until(answers, "Operaton")
        with closing(Connection(address)) as connection:
            body = (
                b'--part\r\nContent-Disposition: form-data; name="deployment-name"\r\n\r\nbench\r\n--part\r\n'
                b'Content-Disposition: form-data; name="data"; filename="chain.bpmn"\r\n\r\n'
                + drawn.read_bytes()
                + b"\r\n--part--\r\n"
            )
            kind = "multipart/form-data; boundary=part"
            status, _, answer = connection.ask("POST", "/engine-rest/deployment/create", body, kind)
            if status != 200:
                raise RuntimeError(f"deploying was answered {status}: {answer[:500]!r}")
        yield address


# --- bpmn-engine ------------------------------------------------------------------------------------------------


def _bpmn_engine(place: Place, drawn: Path, open_ones: ExitStack, notes: list[str]) -> Contestants:
    if not (BPMN_ENGINE / "node_modules").is_dir() or shutil.which("node") is None:
        notes.append("bpmn-engine was left out: run bench/bpmn_engine/setup (it needs Node.js and npm).")
        return {}
    driver = ["node", "--no-warnings", str(BPMN_ENGINE / "driver.mjs"), str(drawn)]
    memory = open_ones.enter_context(_driver(place, [*driver, "memory"]))
    saved = open_ones.enter_context(_driver(place, [*driver, "saved", str(place.folder)]))
    return {
        "bpmn-engine, in memory": lambda cases: memory.play(cases, 1),
        "bpmn-engine, state flushed to a file": lambda cases: saved.play(cases, 1),
    }
