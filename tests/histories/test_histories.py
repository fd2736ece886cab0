"""What earlier releases wrote is migrated, verifies, can be read and goes on: on both databases, for ever."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest

from engine import Engine, Settings
from engine.commands import CompleteTask
from engine.errors import EngineError
from engine.storage.migrations import HEAD
from tests.histories import archive, stories


@pytest.fixture(params=archive.releases())
def inherited(request: pytest.FixtureRequest, database_url: str, clock: Any, settings: Settings) -> Engine:
    """An engine on the database an earlier release left behind."""
    schema = archive.restore(request.param, database_url)
    assert schema <= HEAD
    return Engine.open(database_url, clock=clock, settings=settings)


def test_the_log_of_an_earlier_release_verifies(inherited: Engine) -> None:
    with inherited:
        report = inherited.verify()
        assert report.cases > 0
        assert [mismatch.as_json() for mismatch in report.mismatches] == []


def test_cases_of_an_earlier_release_can_be_read_and_go_on(inherited: Engine, clock: Any) -> None:
    dice = random.Random(1)
    moved = 0
    with inherited:
        for found in inherited.cases(size=500).rows:
            assert inherited.frames(found.number)[-1].seq == len(inherited.history(found.number))
            clock.forward(hours=30)
            for task in inherited.open_tasks(case=found.number):
                # What a form or a diagram refuses stays as it was.
                with suppress(EngineError):
                    values = {} if task.form else stories.values_of(dice)
                    inherited.handle(CompleteTask(task=task.id, values=values, actor="system"))
                    moved += 1
        assert moved > 0 or not any(case.status == "open" for case in inherited.cases(size=500).rows)
        assert inherited.verify().ok


def test_an_archive_gives_back_every_row(database_url: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    release = archive.releases()[0]
    archive.restore(release, database_url)
    lines = list(archive._lines(release))
    monkeypatch.setattr(archive, "FOLDER", tmp_path)
    archive.write(database_url.replace("postgresql:", "postgresql+psycopg:"), release)
    assert list(archive._lines(release))[1:] == lines[1:]
