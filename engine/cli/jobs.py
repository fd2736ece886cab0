"""``jobs``: how the background work stands."""

from __future__ import annotations

from engine.cli.output import local, table
from engine.cli.session import Exit, Session, command
from engine.cli.top import top
from engine.cli.wording import say
from engine.records import Health


@command(
    top,
    "jobs",
    zh="后台处理的状况：到时未处理的、待发送的、异常，以及在工作的进程。有到时的却没有进程在处理时返回 1。",
    en="How the background work stands: what is due or waits to leave, incidents, workers. "
    "Ends with 1 if work is due and nobody is there to do it.",
)
def jobs(session: Session) -> Exit:
    health = session.engine.health()
    session.answer(health.as_json(), lambda: _text(health))
    return 1 if health.work_is_due and not health.someone_works else 0


def _text(health: Health) -> str:
    oldest = local(health.oldest_due) if health.oldest_due is not None else say("无", "none")
    rows: list[tuple[str, object]] = [
        (say("最早到时", "Due since"), oldest),
        (say("滞后（秒）", "Lag (seconds)"), round(health.lag)),
        (say("到时的定时", "Timers due"), health.timers),
        (say("定时立案", "Cases to open by timer"), health.starts),
        (say("时限检查", "Deadlines to look at"), health.deadlines),
        (say("待处理异常的定时", "Timers held by incidents"), health.held),
        (say("待传递的信号与消息", "Signals and messages to hand on"), health.handed_on),
        (say("待发送", "Waiting to leave"), health.waiting),
        (say("发送失败待重试", "Could not leave yet"), health.failing),
        (say("已放弃的发送", "Given up"), health.given_up),
        (say("未处理异常", "Open incidents"), health.incidents),
        (say("外部任务（等待/进行）", "Work outside (waiting/locked)"), f"{health.outside} / {health.locked}"),
    ]
    text = table([say("项目", "What"), say("数量", "How many")], rows)
    if not health.workers:
        return text + "\n\n" + say("没有后台进程。", "No worker was seen.")
    seen = [
        (worker.name, local(worker.seen_at), say("在", "yes") if worker.alive else say("不在", "no"))
        for worker in health.workers
    ]
    return text + "\n\n" + table([say("后台进程", "Worker"), say("最近一次", "Last seen"), say("在否", "Alive")], seen)
