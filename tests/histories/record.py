"""Keeps the history of a release: ``python -m tests.histories.record 0.2.0``, run once, on the code of that release.

The demonstration and the stories are played on a new SQLite database with a clock of its own; the whole database is
kept. It is never recorded again: the code of later releases has to verify it as it is.
"""

from __future__ import annotations

import random
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine import Engine
from engine.commands import PublishVersion
from engine.demo import load_demo
from engine.settings import Settings
from tests.histories import archive, stories

#: Cases of each story.
CASES = 6


class MovingClock:
    """A clock that is told to go on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, hours: float) -> None:
        self.now += timedelta(hours=hours)


def main(release: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'history.db'}"
        settings = Settings(env="demo", home=folder, database_url=url)
        load_demo(settings, lambda given, clock: Engine.open(url, clock=clock, settings=given))
        clock = MovingClock()
        with Engine.open(f"sqlite:///{Path(folder) / 'stories.db'}", clock=clock, settings=settings) as engine:
            files = {f"{name}.bpmn": content for name, content in stories.DIAGRAMS.items()}
            engine.handle(PublishVersion(files=files, actor="system"))
            dice = random.Random(release)
            for procedure in stories.DIAGRAMS:
                for _ in range(CASES):
                    stories.play(engine, procedure, dice, clock.forward)
            assert engine.verify().ok
        demo = archive.write(url, f"{release}-demo")
        played = archive.write(f"sqlite:///{Path(folder) / 'stories.db'}", f"{release}-stories")
        sys.stdout.write(f"{demo} rows of the demonstration, {played} of the stories\n")


if __name__ == "__main__":
    main(sys.argv[1])
