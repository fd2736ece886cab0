"""What reaches a case from outside: messages, signals, and time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import bpmn
from engine.clock import from_text
from engine.commands import SendMessage, SendSignal
from engine.errors import CaseSuspended, StaleCase, refused
from engine.handlers.attempts import Attempt
from engine.handlers.cases import begin
from engine.handlers.incidents import keep
from engine.handlers.persons import protect
from engine.handlers.stepping import OPEN, RECEIVED_TOPIC, CaseChange
from engine.handlers.work import Work
from engine.records import Outcome, Send, Values
from engine.rules.access import BROADCAST, has_role
from engine.rules.json_values import MAX_KEY, clean_values, message_key, refuse_reserved

#: Cases named where a message could be meant for several.
_MOST_LISTED = 20


def send_message(command: SendMessage, work: Work) -> Outcome:
    """Delivers a message to a case, or opens one on the procedure that starts with it."""
    key = _key(command.key)
    number = command.case if command.case is not None else case_waiting(work, command.name, key)
    if number is None:
        if key is not None and not work.store.versions.starting_with("messages", command.name):
            raise refused(
                f"没有诉求件以关联键“{key}”等待消息“{command.name}”，也没有流程由它启动。",
                f"No case waits for the message “{command.name}” with the key “{key}”; no procedure starts with it.",
            )
        return start_by_message(work, command.name, command.values)
    change = CaseChange.of(work, number)
    work.must_see(change.case.number, change.case.started_by)
    if not _awaits(change, command.name, key):
        told = ("", "") if key is None else (f"（关联键“{key}”）", f" with the key “{key}”")
        raise refused(
            f"诉求件 {number} 没有在等待消息“{command.name}”{told[0]}。",
            f"Case {number} does not wait for the message “{command.name}”{told[1]}.",
        )
    return _deliver_message(change, command.name, command.values, key)


def case_waiting(work: Work, name: str, key: str | None, sender: str | None = None) -> str | None:
    """The case that waits for the message with this key; None if there is none, or no key. ``Refused`` if there are
    several: a message goes to one."""
    found = [] if key is None else work.store.open_items.cases_waiting(name, key, sender)
    if len(found) > 1:
        numbers = ", ".join(found[:_MOST_LISTED]) + (" …" if len(found) > _MOST_LISTED else "")
        raise refused(
            f"有 {len(found)} 件诉求在等待消息“{name}”（关联键“{key}”）：{numbers}。请指定诉求件。",
            f"{len(found)} cases wait for the message “{name}” with the key “{key}”: {numbers}. Name the case.",
        )
    return found[0] if found else None


def pass_message_on(work: Work, send: Send, number: str | None) -> None:
    """Hands a message that one case sent to ``number``, the case that waits for it; without one to the procedure that
    starts with it, and if there is none any more, leaves it for the outside. Doing so twice changes nothing."""
    if not work.store.cases.mark_sent(send.id, work.at):
        return
    name, values = str(send.values.get("name", "")), send.values.get("values", {})
    if number is not None:
        change = CaseChange.of(work, number, must_be_open=False)
        if change.case.status == "suspended" and _awaits(change, name, send.values.get("key")):
            key = send.values.get("key")
            keyed = {} if key is None else {"key": key}
            _keep_for_later(change, "SendMessage", "message_received", {"name": name, "values": values, **keyed})
            return
        if change.case.status not in OPEN:
            raise refused(
                f"诉求件 {number} 现在不能接收消息“{name}”。", f"Case {number} cannot take the message “{name}” now."
            )
        if not _awaits(change, name, send.values.get("key")):
            raise StaleCase(case=number)
        _deliver_message(change, name, values, send.values.get("key"))
    elif work.store.versions.starting_with("messages", name):
        start_by_message(work, name, values)
    else:
        work.store.cases.send_outside(send.id)


def _deliver_message(change: CaseChange, name: str, values: Values, key: str | None) -> Outcome:
    given = given_values(change, values)
    keyed = {} if key is None else {"key": key}
    change.step("message_received", {"name": name, "values": given, **keyed}, bpmn.Message(name, given, key))
    return change.save()


def _awaits(change: CaseChange, name: str, key: str | None) -> bool:
    """Whether the case waits for that message: with that key or for any, where one is given."""
    return any(
        wait.kind == "message" and wait.name == name and (key is None or wait.key in (None, key))
        for wait in change.waits
    )


def _key(given: str | None) -> str | None:
    key = message_key(given)
    if given is not None and key is None:
        raise refused(
            f"消息的关联键应为 1 至 {MAX_KEY} 个字符的文本。",
            f"The key of a message is a text of 1 to {MAX_KEY} characters.",
        )
    return key


def start_by_message(work: Work, name: str, values: Values) -> Outcome:
    """Opens a case on the one procedure that starts with that message."""
    work.must_be_known()
    starting = work.store.versions.starting_with("messages", name)
    if not starting:
        raise refused(f"没有流程由消息“{name}”启动。", f"No procedure starts with the message “{name}”.")
    if len(starting) > 1:
        names = ", ".join(version.procedure for version in starting)
        raise refused(
            f"消息“{name}”可启动多个流程：{names}。",
            f"More than one procedure starts with the message “{name}”: {names}.",
        )
    given = clean_values(values)
    refuse_reserved(given, {})
    return begin(work, work.version_at(starting[0].id, None), given, message=name).save()


def start_by_signal(work: Work, version: int, name: str, values: Values) -> Outcome:
    """Opens a case on a version that starts with that signal."""
    work.must_be_known()
    given = clean_values(values)
    refuse_reserved(given, {})
    return begin(work, work.version_at(version, None), given, signal=name).save()


def send_signal(command: SendSignal, work: Work) -> Outcome:
    """Hands a signal to the one case that is named. ``Refused`` if it does not wait for it."""
    case = work.store.cases.load(str(command.case))
    work.must_see(case.number, case.started_by)
    outcome = deliver_signal(work, case.number, command.name, command.values)
    if outcome is None:
        raise refused(
            f"诉求件 {case.number} 没有在等待信号“{command.name}”。",
            f"Case {case.number} does not wait for the signal “{command.name}”.",
        )
    return outcome


def may_broadcast(work: Work) -> None:
    """Raises ``NotAllowed`` for whoever may not reach every case at once."""
    work.needs(has_role(work.actor, BROADCAST), "您无权向所有诉求件广播信号。", "you may not broadcast signals.")


def deliver_signal(work: Work, number: str, name: str, values: Values) -> Outcome | None:
    """Hands a signal to one case; None if it does not wait for it (any more)."""
    change = CaseChange.of(work, number, must_be_open=False)
    awaits = any(wait.kind == "signal" and wait.name == name for wait in change.waits)
    if change.case.status == "suspended" and awaits:
        _keep_for_later(change, "SendSignal", "signal_received", {"name": name, "values": values})
        return None
    if change.case.status not in OPEN or not awaits:
        return None
    given = given_values(change, values)
    change.step("signal_received", {"name": name, "values": given}, bpmn.Signal(name, given))
    return change.save()


def _keep_for_later(change: CaseChange, command: str, kind: str, data: Mapping[str, Any]) -> None:
    """What reaches a suspended case is not lost: it waits as an incident for whoever resumes the case."""
    given = given_values(change, data["values"])
    attempt = Attempt(kind, "", {**data, "values": given}, change.work.actor.login)
    keep(change, command, CaseSuspended(case=change.case.number), attempt)


def fire_timers(work: Work, number: str) -> Outcome | None:
    """Lets the due timers of one case fire, in order; None if there are none: firing twice changes nothing."""
    change = CaseChange.of(work, number, must_be_open=False)
    due = [wait for wait in change.waits if wait.due is not None and from_text(wait.due) <= work.now]
    if change.case.status not in OPEN or not due or not change.step("timers_fired", {}, bpmn.Fire()):
        return None
    return change.save()


def fire_next(work: Work, taken: list[str]) -> Outcome | None:
    """Takes the case whose timers have been due longest and lets them fire; ``taken`` says which it is, and is empty
    where there is none. None if nothing came of it: firing twice changes nothing."""
    number = work.store.claims.case_with_due_timer(work.at)
    taken[:] = [] if number is None else [number]
    if number is None:
        return None
    change = CaseChange.of(work, number, must_be_open=False)
    due = [wait for wait in change.waits if wait.due is not None and from_text(wait.due) <= work.now]
    if change.case.status not in OPEN or not due or not change.step("timers_fired", {}, bpmn.Fire()):
        # The list of waits says otherwise than the case: nobody looks at it again before the case moves.
        hold_timers(work, number)
        return None
    return change.save()


def hold_timers(work: Work, number: str) -> None:
    """The due timers of a case are left alone until it has been mended."""
    work.store.open_items.hold_timers(number, work.at)


def spread_signal(work: Work, send: Send) -> None:
    """Makes one message out of a signal for each case that waits for it now, and for each procedure that starts with
    it, so that each takes it once, whatever fails in between. Doing so twice changes nothing."""
    if not work.store.cases.mark_sent(send.id, work.at):
        return
    name = str(send.values.get("name", ""))
    receivers: list[dict[str, object]] = [
        {"to": number} for number in work.store.claims.cases_waiting_for_signal(name) if number != send.case
    ]
    receivers += [{"opens": version.id} for version in work.store.versions.starting_with("signals", name)]
    work.store.cases.add_sends(
        send.case, work.at, [(send.element, RECEIVED_TOPIC, {**send.values, **receiver}) for receiver in receivers]
    )


def take_signal(work: Work, send: Send) -> None:
    """Hands a signal to the one case it was made out for, or opens the case that it opens. Once."""
    if not work.store.cases.mark_sent(send.id, work.at):
        return
    name, values = str(send.values.get("name", "")), send.values.get("values", {})
    if "opens" in send.values:
        start_by_signal(work, int(send.values["opens"]), name, values)
    else:
        deliver_signal(work, str(send.values["to"]), name, values)


def given_values(change: CaseChange, values: Values) -> dict[str, object]:
    """Values from outside as the case takes them: cleaned, callers' data put away, files made the case's own."""
    given = clean_values(values)
    refuse_reserved(given, change.case.values)
    given = protect(change, given, change.loaded.personal_keys)
    change.attach(given)
    return given
