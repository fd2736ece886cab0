"""``deadlines``, ``deadline`` and ``calendar`` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bpmn.drawing import END, START, document, flows
from tests.cli.conftest import Huiyin
from tests.engine.test_deadlines import task

DIAGRAM = document(
    START + task("a", deadline="handling", deadlineLimit="3 WD", deadlineCap="5 WD") + END + flows("start>a", "a>end")
)
NOTICE = "日期,类型,名称\n2027年1月1日,休,元旦\n2027-02-06,休,春节\n2027/2/14,班,\n20271001,休,国庆节\n\n"


@pytest.fixture
def case(huiyin: Huiyin, tmp_path: Path) -> str:
    """The number of a case with a deadline."""
    (tmp_path / "p.bpmn").write_bytes(DIAGRAM)
    assert huiyin("publish", tmp_path / "p.bpmn").code == 0
    return str(huiyin("start", "p", "--json").json["case"])


def test_deadlines_are_listed_paused_resumed_and_extended(huiyin: Huiyin, case: str) -> None:
    (clock,) = huiyin("deadlines", "--json").json["deadlines"]
    assert (clock["case"], clock["kind"], clock["unit"], clock["value"]) == (case, "handling", "WD", 3)
    assert clock["due"] == "2026-11-26T01:00:00.000000+00:00"
    assert "2026-11-26 09:00" in huiyin("deadlines", "--case", case).out

    assert huiyin("deadline", "pause", case, "handling", "--reason", "waiting", "--as", "li").code == 0
    assert huiyin("deadlines", "--state", "paused", "--json").json["deadlines"][0]["pauses"][0]["by"] == "li"
    assert huiyin("deadline", "pause", case, "handling", "--reason", "again").code == 1
    assert huiyin("deadline", "resume", case, "handling", "--reason", "there").code == 0
    answer = huiyin("deadline", "extend", case, "handling", "--by", "2 WD", "--reason", "complex", "--json")
    assert (answer.code, answer.json["case"]) == (0, case)
    assert huiyin("deadlines", "--json").json["deadlines"][0]["due"] == "2026-11-30T01:00:00.000000+00:00"
    refused = huiyin("deadline", "extend", case, "handling", "--by", "9 WD", "--reason", "x", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (1, "refused")
    assert huiyin("deadlines", "--state", "overdue").out.strip() == "No deadlines."
    assert huiyin("verify").code == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_notice_is_imported_and_shown(huiyin: Huiyin, tmp_path: Path, encoding: str) -> None:
    before = huiyin("calendar", "show", "2027", "--json").json
    assert before["provisional"] and before["days"] == []

    (tmp_path / "2027.csv").write_bytes(NOTICE.encode(encoding))
    assert huiyin("calendar", "import", tmp_path / "2027.csv", "--source", "国办发明电", "--json").json == {"days": 4}

    after = huiyin("calendar", "show", "2027", "--json").json
    assert not after["provisional"]
    assert [(day["day"], day["kind"]) for day in after["days"]] == [
        ("2027-01-01", "休"),
        ("2027-02-14", "班"),
        ("2027-10-01", "休"),
    ]
    assert after["working_days"] == before["working_days"] - 1
    assert "2027-10-01" in huiyin("calendar", "show", "2027").out


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"2027-01-01,x\n",
        b"date,kind\n2027-01-01,off\n2027-02-30,off\n",
        b"date,kind\n2027-01-01,perhaps\n",
        b"date,kind\n2027-01-01,off\n2027-01-01,work\n",
        b"date,kind\nsoon\n",
        b"\xff\xff\xff\xff",
    ],
)
def test_a_file_with_a_wrong_line_changes_nothing(huiyin: Huiyin, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    answer = huiyin("calendar", "import", tmp_path / "x.csv", "--json")
    assert (answer.code, answer.json["error"]["code"]) == (1, "refused")
    assert huiyin("calendar", "show", "2027", "--json").json["days"] == []


def test_expected_days_stay_provisional(huiyin: Huiyin, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("date,kind\n2027-10-01,off\n", "utf-8")
    huiyin("calendar", "import", tmp_path / "x.csv", "--provisional")
    shown = huiyin("calendar", "show", "2027", "--json").json
    assert shown["provisional"] and shown["days"][0]["provisional"]


def test_office_hours(huiyin: Huiyin) -> None:
    assert huiyin("calendar", "hours", "09:00-17:00", "--source", "x", "--json").json == {"office_hours": "09:00-17:00"}
    assert huiyin("calendar", "show", "2026", "--json").json["office_hours"] == "09:00-17:00"
    assert huiyin("calendar", "hours", "late", "--source", "x").code == 1
