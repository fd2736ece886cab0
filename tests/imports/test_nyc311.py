"""Real input: 100 service requests of New York's 311 hotline become 100 cases, and all of them reach the archive."""

from __future__ import annotations

import csv
import io
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine import Engine, Settings
from engine.background import Worker
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

#: The four routes; every case takes exactly one. Known by an element that began.
ROUTES = {
    "当场解答": "u01_1",
    "业务咨询，部门答复": "u01_2",
    "建议意见入池": "to_pool",
    "调查、方案、实施、反馈": "c05_investigate",
}

#: What people decided on the way: the element, the key and the value that was entered there.
BRANCHES = {
    "同意退回，再次转派": ("uc03_3", "return_decision", "同意退回"),
    "不同意退回，继续办理": ("uc03_3", "return_decision", "不同意退回"),
    "属实": ("uc05_1", "invest_conclusion", "属实"),
    "部分属实": ("uc05_1", "invest_conclusion", "部分属实"),
    "不属实": ("uc05_1", "invest_conclusion", "不属实"),
    "方案退回修改": ("uc06_2", "sign_decision", "退回修改"),
    "需要协助，领导小组办公室协调": ("uc07_2", "major_issue", False),
    "重大问题": ("uc07_2", "major_issue", True),
    "报告退回修改": ("uc09_2", "sign_decision", "退回修改"),
    "法务审核同意": ("uc09_3", "sign_decision", "同意"),
    "法务退回修改": ("uc09_3", "sign_decision", "退回修改"),
    "未联系上，再次反馈": ("uc10_1", "satisfaction", "未联系上"),
    "满意": ("uc10_1", "satisfaction", "满意"),
    "不满意": ("uc10_1", "satisfaction", "不满意"),
    "进一步处理：重新调查": ("uc10_2", "further_action", "重新调查"),
    "进一步处理：调整方案": ("uc10_2", "further_action", "调整方案"),
    "进一步处理：继续实施": ("uc10_2", "further_action", "继续实施"),
    "进一步处理：提请领导小组": ("uc10_2", "further_action", "提请领导小组"),
    "满三轮，领导小组决定继续实施": ("u01_5", "further_action", "继续实施"),
    "领导小组同意以不满意办结": ("u01_5", "further_action", "提请领导小组"),
}

#: What a case may have besides: an element that began.
BESIDES = {"抄送纪检监察，监督全程": "u01_4", "实施需要协助": "uc07_3"}

#: Who was not reached is called again on a later day: by then every case is done.
DAYS = 3


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
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def engine(database_url: str, clock: Ticking, tmp_path: Path) -> Iterator[Engine]:
    with Engine.open(database_url, clock=clock, settings=Settings(env="test", home=str(tmp_path))) as engine:
        set_up(engine, ROOT)
        yield engine


def test_all_100_reach_the_archive_along_different_branches(
    engine: Engine, clock: Ticking, requests: bytes, record_property: Callable[[str, object], None]
) -> None:
    began = time.perf_counter()
    mapping = read_mapping(MAPPING.read_bytes())

    report = import_rows(engine, io.BytesIO(requests), mapping, actor="agent")
    assert (report.imported, report.existing, report.refused) == (100, 0, [])

    people = list(engine.users())
    staff = {number: Staff(STORIES[index % len(STORIES)]) for index, number in enumerate(report.cases)}
    for _ in range(DAYS):
        for number in staff:
            work_off(engine, number, staff[number], people, clock)
        clock.moment += timedelta(days=1)
        Worker(engine).once()
    routes: Counter[str] = Counter()
    branches: Counter[str] = Counter()
    for number in staff:
        assert engine.case(number).status == "closed"
        assert engine.case(number).values["archived_at"]
        (route,), taken = taken_by(engine, number)
        routes[route] += 1
        branches.update(taken)

    again = import_rows(engine, io.BytesIO(requests), mapping, actor="agent")
    assert (again.imported, again.existing, again.refused) == (0, 100, [])

    verdict = engine.verify(None)
    assert (verdict.ok, verdict.cases, list(verdict.mismatches)) == (True, 100, [])

    counts = [*routes.most_common(), *branches.most_common()]
    record_property(
        f"count: {len(report.cases)} requests of the 311 hotline to the archive in {time.perf_counter() - began:.0f} s",
        "\n".join(f"{count:4d}  {name}" for name, count in counts),
    )
    assert set(routes) == set(ROUTES)
    assert set(branches) == {*BRANCHES, *BESIDES}


def taken_by(engine: Engine, number: str) -> tuple[list[str], list[str]]:
    """The route of a case, which must be one, and the branches it took on the way, from its log."""
    entries = list(engine.history(number))
    begun = {entry.element for entry in entries if entry.kind == "element_began"}
    entered = {
        (entry.element, key, value)
        for entry in entries
        if entry.kind == "task_completed"
        for key, value in entry.data["values"].items()
        if isinstance(value, (str, bool))
    }
    branches = [branch for branch, decided in BRANCHES.items() if decided in entered]
    branches += [branch for branch, element in BESIDES.items() if element in begun]
    return [route for route, element in ROUTES.items() if element in begun], branches


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
