"""Real input: 100 service requests of New York's 311 hotline become 100 cases, and all of them reach the archive."""

from __future__ import annotations

import csv
import io
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine import Engine
from engine.cli import run
from engine.demo import Staff, Story, find_root, set_up, work_off
from engine.imports import import_rows, read_mapping

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CSV = ROOT.parent / "shared" / "data" / "nyc311-100.csv"
MAPPING = HERE / "nyc311.yaml"

#: What people decide, in turn: every branch of the procedure that people can open is in here.
STORIES = (
    Story(),
    Story(unit="ywb2", other="ywb", measures=2),
    Story(returned="同意退回"),
    Story(returned="不同意退回"),
    Story(plan_rejected=True),
    Story(report_rejected=True),
    Story(legal_rejected=True),
    Story(help="help"),
    Story(help="major", conclusion="部分属实"),
    Story(unreachable=True),
    Story(unsatisfied=("重新调查",), conclusion="不属实"),
    Story(unsatisfied=("调整方案",)),
    Story(unsatisfied=("继续实施", "调整方案")),
    Story(unsatisfied=("提请领导小组",), verdict="提请领导小组"),
    Story(unsatisfied=("重新调查", "调整方案", "继续实施"), verdict="继续实施"),
    Story(returned="同意退回", plan_rejected=True, unreachable=True, unsatisfied=("继续实施",)),
)

#: A branch is known by an element that began, how often it must have begun at least, and a value the case ends with.
BRANCHES: dict[str, tuple[str, int, str, object]] = {
    "当场解答": ("u01_1", 1, "", None),
    "业务咨询，部门答复": ("u01_2", 1, "", None),
    "建议意见入池": ("to_pool", 1, "", None),
    "投诉举报，抄送纪检监察": ("u01_4", 1, "", None),
    "调查核实": ("uc05_1", 1, "", None),
    "同意退回，再次转派": ("uc02_1", 2, "", None),
    "不同意退回": ("uc03_3", 1, "return_decision", "不同意退回"),
    "方案退回修改": ("uc06_1", 2, "", None),
    "多项措施同时实施": ("uc07_1", 2, "", None),
    "领导小组办公室协调": ("uc07_2", 1, "", None),
    "报告退回修改": ("uc09_1", 2, "", None),
    "法务审核": ("uc09_3", 1, "", None),
    "未联系上，再次反馈": ("uc10_1", 2, "", None),
    "不满意，进一步处理": ("uc10_2", 1, "", None),
    "重新调查": ("uc05_1", 2, "", None),
    "领导小组决定": ("u01_5", 1, "", None),
    "以不满意办结": ("u01_5", 1, "satisfaction", "不满意"),
}


class Ticking:
    """A clock that goes on by a minute each time it is read."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.moment += timedelta(minutes=1)
        return self.moment


@pytest.fixture(scope="module")
def requests() -> bytes:
    """The file beside the repository; it is not ours to copy."""
    assert CSV.is_file(), f"this test needs {CSV.name} in ../shared/data beside the repository"
    return CSV.read_bytes()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = Engine.open(f"sqlite:///{tmp_path / 'huiyin.db'}", clock=Ticking())
    set_up(engine, ROOT)
    yield engine
    engine.close()


def test_all_100_reach_the_archive_along_different_branches(
    engine: Engine, requests: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Ticking()
    began = time.perf_counter()
    mapping = read_mapping(MAPPING.read_bytes())

    report = import_rows(engine, io.BytesIO(requests), mapping, actor="agent")
    assert (report.imported, report.existing, report.refused) == (100, 0, [])

    people = list(engine.users())
    taken: Counter[str] = Counter()
    for index, number in enumerate(report.cases):
        work_off(engine, number, Staff(STORIES[index % len(STORIES)]), people, clock)
        taken.update(branches(engine, number))
        assert engine.case(number).status == "closed"

    again = import_rows(engine, io.BytesIO(requests), mapping, actor="agent")
    assert (again.imported, again.existing, again.refused) == (0, 100, [])

    verdict = engine.verify(None)
    assert (verdict.ok, verdict.cases, list(verdict.mismatches)) == (True, 100, [])

    with capsys.disabled():
        head = f"\n{len(report.cases)} cases to the archive in {time.perf_counter() - began:.1f} s, branches taken:\n"
        sys.stdout.write(head + "".join(f"  {count:4d}  {branch}\n" for branch, count in taken.most_common()))
    assert sorted(branch for branch in BRANCHES if not taken[branch]) == []


def branches(engine: Engine, number: str) -> list[str]:
    """The branches a case went along, from its log."""
    begun = Counter(entry.element for entry in engine.history(number) if entry.kind == "element_began")
    values = engine.case(number).values
    return [
        branch
        for branch, (element, times, key, value) in BRANCHES.items()
        if begun[element] >= times and (not key or values.get(key) == value)
    ]


def test_what_a_row_says_is_what_the_case_knows(engine: Engine, requests: bytes) -> None:
    first = io.BytesIO(b"".join(requests.splitlines(keepends=True)[:2]))

    (number,) = import_rows(engine, first, read_mapping(MAPPING.read_bytes()), actor="agent").cases

    case = engine.case(number)
    assert case.reference == "nyc311:42254749"
    assert case.values["received_at"] == "2019-04-19T01:55:45.000000+00:00"
    assert case.values["channel"] == "电话"
    assert case.values["category"] == "投诉举报"
    assert case.values["identity_kind"] == "匿名"
    assert case.values["accused"] == "New York City Police Department"
    assert case.values["problem_desc"] == (
        "Noise - Residential：Banging/Pounding；场所：Residential Building/House；地点：3855 SHORE PARKWAY；"
        "区域：BROOKLYN；主管机构：New York City Police Department"
    )


def damaged(requests: bytes) -> tuple[bytes, list[int]]:
    """Two good rows with a damaged one of each kind between them, and the lines of those."""
    rows = list(csv.reader(io.StringIO(requests.decode("utf-8"))))
    header, good, last = rows[0], rows[1], rows[2]

    def changed(number: int, **cells: str) -> str:
        row = [cells.get(name.replace(" ", "_"), cell) for name, cell in zip(header, good, strict=True)]
        row[0] = str(number)
        return text([row])

    def text(lines: list[list[str]]) -> str:
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\r\n").writerows(lines)
        return out.getvalue()

    bad = [
        changed(1, Created_Date="31/31/2019 25:00").encode(),
        changed(2, Descriptor="", Complaint_Type="").encode(),
        changed(3, Descriptor="x" * 1_000_000).encode(),
        changed(4, Descriptor="噪声扰民").encode("gb18030"),
        changed(5, Descriptor="=HYPERLINK(1)").encode(),
        text([good[:-3]]).encode(),
        b'6,"never closed\r\n',
        changed(7, Open_Data_Channel_Type="PIGEON").encode(),
    ]
    content = text([header, good]).encode() + b"".join(bad) + text([last]).encode()
    return content, list(range(3, 3 + len(bad)))


def test_malformed_rows_are_reported_by_line_and_the_others_imported(
    requests: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    content, lines = damaged(requests)
    file = tmp_path / "requests.csv"
    file.write_bytes(content)
    monkeypatch.setenv("HUIYIN_DATABASE_URL", f"sqlite:///{tmp_path / 'huiyin.db'}")
    monkeypatch.setenv("HUIYIN_ENV", "test")
    monkeypatch.setenv("HUIYIN_LANG", "zh")
    with_people = Engine.open(f"sqlite:///{tmp_path / 'huiyin.db'}")
    set_up(with_people, find_root())
    with_people.close()
    command = ["import", str(file), "--mapping", str(MAPPING), "--as", "agent", "--json"]

    assert run(command) == 0
    report = json.loads(capfdbinary.readouterr().out)
    assert (report["imported"], report["existing"]) == (2, 0)
    assert [row["line"] for row in report["refused"]] == lines
    for row, reason in zip(
        report["refused"], ("日期", "不能为空", "1,000,000", "编码", "公式", "列", "引号", "对照表"), strict=True
    ):
        assert reason in row["reason"]

    assert run(command) == 0
    again = json.loads(capfdbinary.readouterr().out)
    assert (again["imported"], again["existing"]) == (0, 2)
    assert run([*command, "--strict"]) == 1


def test_a_mapping_that_does_not_fit_is_refused_before_anything_is_imported(
    requests: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "requests.csv"
    file.write_bytes(requests.replace(b"Descriptor", b"Describer", 1))
    monkeypatch.setenv("HUIYIN_DATABASE_URL", f"sqlite:///{tmp_path / 'huiyin.db'}")
    monkeypatch.setenv("HUIYIN_ENV", "test")

    assert run(["import", str(file), "--mapping", str(MAPPING), "--json"]) == 1
    error = json.loads(capfdbinary.readouterr().out)["error"]
    assert error["code"] == "bad_mapping"
    assert "Descriptor" in error["message"]
