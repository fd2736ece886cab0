"""The hotline procedure as it ships: every branch once, its forms in order, its limits by the decision table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine import Engine, Settings, Task
from engine.commands import CompleteTask, FireTimers, SendMessage, StartCase
from engine.demo import Staff, Story, find_root, set_up, who_does
from engine.errors import FormInvalid

SHANGHAI = ZoneInfo("Asia/Shanghai")

#: From the investigation to the archive where everybody agrees, with and without legal review.
HANDLED = ["UC05-1", "UC06-1", "UC06-2", "UC07-1", "UC09-1", "UC09-2"]
COMPLAINT = [*HANDLED, "UC09-3", "UC10-1"]
HELP = [*HANDLED, "UC10-1"]


class Clock:
    """Stands still until it is set; Monday 2026-11-23, nine o'clock, to begin with."""

    def __init__(self) -> None:
        self.now = at("2026-11-23 09:00")

    def __call__(self) -> datetime:
        return self.now


def at(text: str) -> datetime:
    """A moment at the office."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Clock]]:
    """The demonstration's company with the procedures of this repository, once for all cases."""
    folder = tmp_path_factory.mktemp("hotline")
    clock = Clock()
    settings = Settings(env="test", home=str(folder))
    with Engine.open(f"sqlite:///{folder / 'huiyin.db'}", clock=clock, settings=settings) as engine:
        set_up(engine, find_root())
        yield engine, clock


class Matter:
    """One case and the people who work on it."""

    def __init__(self, engine: Engine, clock: Clock, story: Story) -> None:
        self.engine, self.clock, self.staff = engine, clock, Staff(story)
        self.number = ""
        self.done: list[str] = []

    def register(self, **told: Any) -> Matter:
        """Takes the matter in by telephone; ``told`` differs from a complaint that cannot be answered at once."""
        first = {
            "org_profile": "S01",
            "received_at": self.clock.now.isoformat(),
            "channel": "电话",
            "need_confirmed": True,
            "identity_kind": "匿名",
            "problem_desc": "末班车提前十分钟开走。",
            "demand": "说明原因。",
            "category": "投诉举报",
            "urgency": "一般",
            "complexity": "复杂问题",
            "can_answer_now": False,
            **told,
        }
        if not first["can_answer_now"]:
            first.setdefault("promised_reply_at", (self.clock.now + timedelta(days=7)).isoformat())
            first["promise_told"] = True
        self.number = self.engine.handle(StartCase(procedure="hotline", first=first, actor="agent")).case
        return self

    def open(self, form: str) -> list[Task]:
        return [task for task in self.engine.open_tasks(case=self.number) if task.form == form]

    def task(self, form: str) -> Task:
        (task,) = self.open(form)
        return task

    def due(self, form: str) -> datetime | None:
        """By when the task with this form is to be done."""
        due = self.task(form).due
        return None if due is None else datetime.fromisoformat(due).astimezone(SHANGHAI)

    def do(self, form: str, **values: Any) -> str:
        """Somebody who may does the (first) task with this form; who it was."""
        task = self.open(form)[0]
        person = who_does(task, self.engine.users())
        assert person is not None, f"nobody may do {task.name}: {task.roles}, {task.unit}"
        written = {**self.staff.values(task, person.login, self.clock.now), **values}
        self.engine.handle(CompleteTask(task=task.id, values=written, actor=person.login))
        self.done.append(form)
        return person.login

    def go_on(self, until: str = "", leave: tuple[str, ...] = ("U01-4",)) -> list[str]:
        """Does task after task until ``until`` has its turn, or to the end; which forms that took."""
        began = len(self.done)
        while forms := [task.form or "" for task in self.engine.open_tasks(case=self.number) if task.form not in leave]:
            if until in forms:
                break
            self.do(forms[0])
        return self.done[began:]

    @property
    def status(self) -> str:
        """处理进度, as lists show it."""
        return str(self.engine.case(self.number).facts["status_text"])

    @property
    def values(self) -> dict[str, Any]:
        return dict(self.engine.case(self.number).values)

    def is_archived(self, outcome: str, retention: str = "10年") -> bool:
        case = self.engine.case(self.number)
        assert (case.status, case.values["outcome"], case.values["retention"]) == ("closed", outcome, retention)
        assert self.engine.verify(self.number).ok
        return bool(case.values["archived_at"])


@pytest.fixture
def matter(office: tuple[Engine, Clock]) -> Matter:
    """A case to come, at nine o'clock on Monday 2026-11-23."""
    return told(office, Story())


def told(office: tuple[Engine, Clock], story: Story) -> Matter:
    engine, clock = office
    clock.now = at("2026-11-23 09:00")
    return Matter(engine, clock, story)


# --- Answered at once, consultation, suggestion, lost property ---------------------------------------------------


def test_what_can_be_answered_at_once_is_answered_and_archived(matter: Matter) -> None:
    matter.register(category="业务咨询", can_answer_now=True, answer_content="在一楼办理。")
    assert (matter.status, matter.task("U01-1").values["answer_content"]) == ("当场解答", "在一楼办理。")

    assert matter.go_on() == ["U01-1", "UC13-1"]

    assert matter.status == "归档"
    assert matter.is_archived("当场解答")


def test_a_consultation_is_answered_by_the_department_and_told_by_customer_service(matter: Matter) -> None:
    promised = at("2026-11-26 09:00")
    matter.register(category="业务咨询", promised_reply_at=promised.isoformat())
    assert (matter.due("UC02-1"), matter.status) == (at("2026-11-23 18:30"), "待转办")
    matter.do("UC02-1")
    assert matter.status == "转办"
    assert matter.due("UC03-1") == at("2026-11-25 09:00")
    assert matter.do("UC03-1") == "fuze"

    assert (matter.due("U01-2"), matter.task("U01-2").unit) == (at("2026-11-25 09:00"), "ywb")
    matter.do("U01-2")
    assert (matter.due("U01-3"), matter.status) == (promised, "结果反馈")
    assert matter.do("U01-3") == "agent"

    assert matter.go_on() == ["UC13-1"]
    assert matter.is_archived("满意")
    assert "discipline_copied" not in matter.values


@pytest.mark.parametrize("satisfaction", ["不满意", "未联系上"])
def test_a_consultation_never_ends_unsatisfied_by_itself(office: tuple[Engine, Clock], satisfaction: str) -> None:
    matter = told(office, Story(unsatisfied=("重新调查",)))
    matter.register(category="业务咨询")
    matter.go_on("U01-3")
    matter.do("U01-3", satisfaction=satisfaction)

    assert matter.do("UC10-1") == "kefu"
    assert (matter.task("UC10-2").values["unsat_reason"] != "", matter.status) == (True, "进一步处理")
    assert matter.go_on() == ["UC10-2", *HELP, "UC13-1"]
    assert matter.values["rounds"] == 1
    assert matter.is_archived("满意")


def test_a_suggestion_goes_to_the_pool(matter: Matter) -> None:
    matter.register(category="建议意见", complexity="简单问题")

    assert matter.go_on() == ["UC13-1"]

    assert matter.status == "待汇总"
    assert matter.is_archived("待汇总")


def test_lost_property_is_answered_by_the_unit_itself(matter: Matter) -> None:
    matter.register(category="寻物")
    assert matter.go_on() == ["UC02-1", "UC03-1", "U01-2", "U01-3", "UC13-1"]
    assert matter.is_archived("满意")


def test_a_call_for_help_is_handled_without_a_copy_or_legal_review(matter: Matter) -> None:
    matter.register(category="求助")
    assert matter.go_on(leave=()) == ["UC02-1", "UC03-1", *HELP, "UC13-1"]
    assert matter.is_archived("满意")


# --- Complaints --------------------------------------------------------------------------------------------------


def test_a_complaint_runs_the_whole_chain_with_discipline_inspection_beside_it(matter: Matter) -> None:
    matter.register()
    assert matter.task("UC02-1").values["copy_discipline"] is True
    matter.do("UC02-1")
    assert matter.task("U01-4").roles == ("discipline",)
    matter.do("UC03-1")

    invest = matter.task("UC05-1")
    assert (matter.status, invest.unit) == ("调查核实", "ywb")
    assert matter.due("UC05-1") == at("2026-11-26 09:00")
    assert datetime.fromisoformat(invest.follow_up or "") == at("2026-11-24 09:00")
    matter.do("UC05-1")
    assert (matter.due("UC06-1"), matter.status) == (at("2026-12-02 09:00"), "制定方案")
    matter.do("UC06-1")
    assert matter.do("UC06-2") == "zhuren"
    assert (matter.due("UC07-1"), matter.status) == (at("2026-11-23 18:30"), "处理实施")
    matter.do("UC07-1")
    assert (matter.due("UC09-1"), matter.status) == (at("2026-11-24 09:00"), "审核")
    assert matter.go_on("UC10-1") == ["UC09-1", "UC09-2", "UC09-3"]
    assert (matter.due("UC10-1"), matter.status) == (at("2026-11-24 09:00"), "结果反馈")
    assert matter.task("UC10-1").roles == ("customer_service",)
    assert matter.open("U01-4")
    matter.do("UC10-1")

    assert not matter.open("U01-4")
    assert matter.task("UC13-1").values["retention"] == "10年"
    assert matter.go_on() == ["UC13-1"]
    assert matter.is_archived("满意")


def test_a_complaint_answered_at_once_is_transferred_all_the_same(matter: Matter) -> None:
    matter.register(can_answer_now=True, answer_content="已向来电人说明。")
    assert datetime.fromisoformat(matter.values["promised_reply_at"]) == at("2026-12-02 09:00")

    assert matter.go_on() == ["UC02-1", "UC03-1", *COMPLAINT, "UC13-1"]
    assert matter.values["discipline_copied"] is True
    assert matter.is_archived("满意")


def test_an_opinion_of_discipline_inspection_is_kept(matter: Matter) -> None:
    matter.register()
    matter.go_on("UC03-1")
    assert matter.do("U01-4", sign_opinion="请如期办结。") == "jijian"
    matter.go_on()
    assert matter.values["discipline_opinion"] == "请如期办结。"
    assert matter.is_archived("满意")


def test_a_major_complaint_with_a_recording_is_heard_again_before_it_is_sent(matter: Matter) -> None:
    matter.register(major_factors=["社会知名人士"])
    assert matter.due("UC05-3") == at("2026-11-23 18:30")
    assert matter.go_on() == ["UC05-3", "UC02-1", "UC03-1", *COMPLAINT, "UC13-1"]
    assert matter.is_archived("满意", "永久")


def test_a_liable_complaint_is_kept_for_30_years(matter: Matter) -> None:
    matter.register()
    matter.go_on("UC05-1")
    matter.do("UC05-1", is_liable=True, liable_rule="《营运服务规范》第八条")
    matter.go_on()
    assert matter.is_archived("满意", "30年")


def test_legal_help_can_be_asked_for_while_investigating(matter: Matter) -> None:
    matter.register()
    matter.go_on("UC05-1")
    matter.engine.handle(SendMessage(name="legal_help", values={}, case=matter.number, actor="fuze"))
    assert matter.due("UC05-2") == matter.due("UC05-1")
    assert matter.do("UC05-2") == "fawu"
    assert matter.open("UC05-1")


# --- Sent back ---------------------------------------------------------------------------------------------------


def test_an_agreed_return_is_sent_to_another_unit(office: tuple[Engine, Clock]) -> None:
    matter = told(office, Story(returned="同意退回"))
    matter.register(category="业务咨询", promised_reply_at=at("2026-11-26 09:00").isoformat())
    matter.go_on("UC03-2")
    assert (matter.status, matter.task("UC03-2").unit) == ("退回", "ywb")
    matter.do("UC03-2")
    matter.clock.now = at("2026-11-24 09:00")
    assert matter.do("UC03-3") == "kefu"
    assert matter.due("UC02-1") == at("2026-11-24 18:30")
    # a new limit from the new transfer, not later than what the caller was told
    assert datetime.fromisoformat(matter.task("UC02-1").values["due_at"]) == at("2026-11-26 09:00")
    matter.do("UC02-1")
    assert (matter.status, matter.task("UC03-1").unit) == ("再次转派", "ywb2")
    assert matter.values["dispatch_no"].endswith("-Z2")
    assert matter.do("UC03-1") == "fuze2"
    assert matter.go_on() == ["U01-2", "U01-3", "UC13-1"]
    assert matter.is_archived("满意")


def test_a_redispatched_complaint_is_copied_to_discipline_inspection_once(office: tuple[Engine, Clock]) -> None:
    matter = told(office, Story(returned="同意退回"))
    matter.register()
    assert matter.go_on("UC05-1") == ["UC02-1", "UC03-1", "UC03-2", "UC03-3", "UC02-1", "UC03-1"]
    assert len(matter.open("U01-4")) == 1


def test_a_refused_return_stays_with_the_unit(office: tuple[Engine, Clock]) -> None:
    matter = told(office, Story(returned="不同意退回"))
    matter.register(category="求助")
    assert matter.go_on("UC05-1") == ["UC02-1", "UC03-1", "UC03-2", "UC03-3"]
    assert matter.task("UC05-1").unit == "ywb"
    matter.go_on()
    assert matter.is_archived("满意")


def test_plan_report_and_legal_review_can_be_sent_back(office: tuple[Engine, Clock]) -> None:
    matter = told(office, Story(plan_rejected=True, report_rejected=True, legal_rejected=True))
    matter.register()
    matter.go_on("UC06-1")
    planned = ["UC06-1", "UC06-2"]
    reported = ["UC09-1", "UC09-2"]
    assert matter.go_on("UC10-1") == [*planned, *planned, "UC07-1", *reported, *reported, "UC09-3", *reported, "UC09-3"]
    matter.go_on()
    assert matter.is_archived("满意")


def test_a_refused_completion_is_handled_again_within_a_new_limit(matter: Matter) -> None:
    engine, clock = matter.engine, matter.clock
    matter.register(org_profile="S03", category="求助", channel="集团热线中心转派")
    matter.go_on("UC03-1")
    assert matter.due("UC03-1") == at("2026-11-24 09:00")
    assert matter.go_on("UC09-5") == ["UC03-1", *HANDLED]
    refused = {"close_decision": "不同意办结", "redo_reason": "证据不足"}
    for form, values in (("UC09-5", {}), ("UC09-6", {}), ("UC09-4", refused)):
        task = matter.task(form)
        written = {**matter.staff.values(task, "system", clock.now), **values}
        if form == "UC09-4":
            clock.now = at("2026-12-03 09:00")
            assert matter.status == "申请办结"
        engine.handle(CompleteTask(task=task.id, values=written, actor="system"))
    assert datetime.fromisoformat(matter.values["due_at"]) == at("2026-12-07 09:00")
    # the plan's own date has passed: the new limit holds
    assert matter.due("UC07-1") == at("2026-12-07 09:00")
    assert matter.status == "处理实施"


# --- Implementation ----------------------------------------------------------------------------------------------


def test_each_measure_is_a_task_that_shows_its_own_row(office: tuple[Engine, Clock]) -> None:
    matter = told(office, Story(measures=3))
    matter.register(category="求助")
    matter.go_on("UC06-1")
    due = date(2026, 11, 27)
    rows = [{"measure": f"措施{n}", "person": "fuze", "due": (due - timedelta(days=n)).isoformat()} for n in range(3)]
    matter.do("UC06-1", measures=rows)
    assert datetime.fromisoformat(matter.task("UC06-2").values["plan_due"]) == at("2026-11-27 18:30")
    matter.do("UC06-2")

    tasks = matter.open("UC07-1")
    assert [task.values["measures"] for task in tasks] == [[row] for row in rows]
    assert [datetime.fromisoformat(task.due or "") for task in tasks] == [
        at(f"2026-11-{27 - n} 18:30") for n in range(3)
    ]
    matter.go_on()
    assert matter.values["measures"] == rows
    assert matter.is_archived("满意")


def test_a_measure_may_not_end_after_the_limit_of_the_case(matter: Matter) -> None:
    matter.register(category="求助")
    matter.go_on("UC06-1")
    late = [{"measure": "更换站牌", "person": "fuze", "due": "2026-12-03"}]
    matter.do("UC06-1", measures=late)
    # back to the plan, with the latest date as the one that does not fit
    again = matter.task("UC06-1")
    assert datetime.fromisoformat(again.values["plan_due"]) == at("2026-12-03 18:30")
    with pytest.raises(FormInvalid, match="办理时限"):
        matter.do("UC06-1", measures=late, plan_due=again.values["plan_due"])
    matter.do("UC06-1", measures=[{**late[0], "due": "2026-12-02"}])
    assert datetime.fromisoformat(matter.task("UC06-2").values["plan_due"]) == at("2026-12-02 09:00")


@pytest.mark.parametrize(("kind", "retention"), [("help", "10年"), ("major", "永久")])
def test_help_is_coordinated_and_the_measure_goes_on(office: tuple[Engine, Clock], kind: str, retention: str) -> None:
    matter = told(office, Story(help=kind))
    matter.register(category="求助")
    matter.go_on("UC07-2")
    assert matter.do("UC07-2") == "lgb"
    assert matter.task("UC07-3").unit == "ywb2"
    assert matter.do("UC07-3") == "fuze2"
    assert matter.go_on("UC09-1") == ["UC07-1"]
    matter.go_on()
    assert matter.is_archived("满意", retention)


# --- Feedback ----------------------------------------------------------------------------------------------------


def test_who_is_not_reached_is_called_again_after_four_office_hours(office: tuple[Engine, Clock]) -> None:
    matter = told(office, Story(unreachable=True))
    matter.register(category="求助")
    matter.clock.now = at("2026-11-23 16:00")
    matter.go_on()
    assert matter.engine.case(matter.number).status == "open"
    matter.clock.now = at("2026-11-24 09:59")
    matter.engine.handle(FireTimers(actor="clock"))
    assert not matter.open("UC10-1")
    matter.clock.now = at("2026-11-24 10:00")
    matter.engine.handle(FireTimers(actor="clock"))
    assert matter.go_on() == ["UC10-1", "UC13-1"]
    assert matter.is_archived("满意")


@pytest.mark.parametrize(
    ("action", "again"),
    [("重新调查", COMPLAINT), ("调整方案", COMPLAINT[1:]), ("继续实施", COMPLAINT[3:])],
)
def test_who_is_not_satisfied_is_served_on(office: tuple[Engine, Clock], action: str, again: list[str]) -> None:
    matter = told(office, Story(unsatisfied=(action,)))
    matter.register()
    matter.go_on("UC10-2")
    assert matter.status == "进一步处理"
    matter.clock.now = at("2026-12-01 09:00")
    matter.do("UC10-2")
    assert matter.values["rounds"] == 1
    assert datetime.fromisoformat(matter.values["due_at"]) == at("2026-12-10 09:00")
    assert matter.go_on() == [*again, "UC13-1"]
    assert matter.is_archived("满意")


@pytest.mark.parametrize("verdict", ["继续实施", "提请领导小组"])
def test_after_three_rounds_the_leading_group_decides(office: tuple[Engine, Clock], verdict: str) -> None:
    matter = told(office, Story(unsatisfied=("继续实施",) * 3, verdict=verdict))
    matter.register(category="求助")
    matter.go_on("U01-5")
    assert (matter.values["rounds"], matter.done.count("UC10-2")) == (3, 3)
    assert matter.task("U01-5").values["unsat_reason"]
    assert matter.do("U01-5") == "lingdao"
    if verdict == "提请领导小组":
        assert matter.go_on() == ["UC13-1"]
        assert matter.is_archived("不满意")
    else:
        assert matter.go_on() == [*HELP[3:], "UC13-1"]
        assert matter.is_archived("满意")


def test_customer_service_may_ask_the_leading_group_at_once(office: tuple[Engine, Clock]) -> None:
    matter = told(office, Story(unsatisfied=("提请领导小组",), verdict="重新调查"))
    matter.register(category="求助")
    matter.go_on("U01-5")
    assert matter.values["rounds"] == 1
    matter.do("U01-5")
    assert matter.go_on() == [*HELP, "UC13-1"]
    assert matter.is_archived("满意")


# --- Limits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "transfer", "reply"),
    [
        ("2026-11-23 09:00", "2026-11-23 18:30", "2026-11-25 09:00"),
        ("2026-11-23 17:45", "2026-11-24 10:00", "2026-11-25 17:45"),
        ("2026-11-27 10:00", "2026-11-27 18:30", "2026-12-01 10:00"),
        ("2026-11-28 10:00", "2026-11-30 18:30", "2026-12-02 08:30"),
    ],
    ids=["morning", "last hour", "friday", "saturday"],
)
def test_limits_count_working_time(office: tuple[Engine, Clock], received: str, transfer: str, reply: str) -> None:
    matter = told(office, Story())
    matter.clock.now = at(received)
    matter.register(category="业务咨询")
    assert matter.due("UC02-1") == at(transfer)
    assert datetime.fromisoformat(matter.task("UC02-1").values["due_at"]) == at(reply)


def test_limits_go_on_into_the_next_year(matter: Matter) -> None:
    matter.clock.now = at("2026-12-30 10:00")
    matter.register()
    matter.go_on("UC05-1")
    due = matter.due("UC05-1")
    assert due is not None
    assert due.year == 2027


def test_several_units_have_seven_days_to_investigate(matter: Matter) -> None:
    matter.register(category="求助")
    matter.do("UC02-1", dispatch_type="主办会办", handling_units=["ywb"], lead_unit="ywb2", co_units=["ywb"])
    assert matter.task("UC03-1").unit == "ywb2"
    matter.go_on("UC05-1")
    assert matter.due("UC05-1") == at("2026-11-30 09:00")


def test_what_came_in_online_is_looked_at_within_a_working_day(matter: Matter) -> None:
    engine, clock = matter.engine, matter.clock
    outcome = engine.handle(
        StartCase(
            procedure="hotline",
            values={"channel": "网络平台", "category": "业务咨询", "identity_kind": "匿名"},
            actor="platform",
        )
    )
    matter.number = outcome.case
    task = matter.task("UC01-2")
    assert (task.roles, matter.due("UC01-2")) == (("platform_admin",), at("2026-11-24 09:00"))
    assert datetime.fromisoformat(task.values["promised_reply_at"]) == at("2026-11-26 09:00")
    written = {
        "received_at": clock.now.isoformat(),
        "channel": "网络平台",
        "problem_desc": "换乘优惠从哪天起调整？",
        "demand": "答复。",
        "category": "业务咨询",
        "complexity": "复杂问题",
        "can_answer_now": False,
        "promise_told": True,
        "promised_reply_at": task.values["promised_reply_at"],
    }
    engine.handle(CompleteTask(task=task.id, values=written, actor="platform"))
    assert matter.go_on() == ["UC02-1", "UC03-1", "U01-2", "U01-3", "UC13-1"]
    assert matter.is_archived("满意")
