"""Programs that run beside a benchmark: the web application, and others that answer lines."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.databases import ACTOR, TOKEN, Place

#: Seconds a program may take to be ready, and to end.
PATIENCE = 120


@contextmanager
def web(place: Place, url: str) -> Iterator[str]:
    """``huiyin web`` on a free loopback port: its address."""
    environment = {
        **os.environ,
        "HUIYIN_ENV": "dev",
        "HUIYIN_HOME": str(place.folder),
        "HUIYIN_DATABASE_URL": url,
        "HUIYIN_SECRET_KEY": "the benchmark's own, for nothing else",
        "HUIYIN_API_TOKENS": f"{ACTOR}={hashlib.sha256(TOKEN.encode()).hexdigest()}",
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-c", "from engine.cli import main; main()", "web", "--port", "0", "--json"]
    with running(command, place.folder / "web.log", environment) as process:
        text = ""
        for line in process.stdout or ():
            text += line
            try:
                address = json.loads(text)["address"]
            except ValueError:
                continue
            yield str(address)
            return
        raise RuntimeError(f"the web application did not start: {(place.folder / 'web.log').read_text()[-2000:]}")


@contextmanager
def running(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A program, ended when the block ends. What it says on its error output goes to ``log``."""
    with (
        log.open("ab") as said,
        subprocess.Popen(
            list(command),
            env=None if environment is None else dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            encoding="utf-8",
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


class Rounds:
    """A driver that plays a round for each line ``cases threads`` and answers ``seconds cases steps``."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._log = log
        while (line := self._line()) != "ready":
            sys.stderr.write(f"{line}\n")

    def play(self, cases: int, threads: int) -> float:
        """Steps a second."""
        if self._process.stdin is None:
            raise RuntimeError("the driver takes no lines")
        self._process.stdin.write(f"{cases} {threads}\n")
        self._process.stdin.flush()
        seconds, _, steps = self._line().split()
        return int(steps) / float(seconds)

    def _line(self) -> str:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise RuntimeError(f"the driver ended: {self._log.read_text(errors='replace')[-2000:]}")
        return line.strip()


def until(ready: Callable[[], bool], what: str) -> None:
    """Waits for a program to answer."""
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not answer in {PATIENCE} s")
        time.sleep(0.2)
