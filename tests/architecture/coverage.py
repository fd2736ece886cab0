"""What ``docs/reference/bpmn-coverage.md`` says of elements, made from the tables the reader works with.

``python -m tests.architecture.coverage`` writes the tables of the page anew; what people wrote around them stays.
``tests/architecture/test_coverage_page.py`` plays or refuses the example of every row.
"""

from __future__ import annotations

from pathlib import Path

from engine.bpmn import dialect
from engine.bpmn.read_events import ALLOWED
from tests.bpmn.drawing import END, START, boundary, flow, flows, users

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "bpmn-coverage.md"
BEGIN, FINISH = "<!-- made from engine/bpmn: begin -->", "<!-- made from engine/bpmn: end -->"

#: Elements by name, in the order of the page.
NAMES = {
    "task": "任务",
    "userTask": "用户任务",
    "manualTask": "人工任务",
    "scriptTask": "脚本任务",
    "businessRuleTask": "业务规则任务",
    "serviceTask": "服务任务",
    "sendTask": "发送任务",
    "receiveTask": "接收任务",
    "callActivity": "调用活动",
    "subProcess": "子流程",
    "transaction": "事务子流程",
    "adHocSubProcess": "自由子流程",
    "exclusiveGateway": "排他网关",
    "parallelGateway": "并行网关",
    "inclusiveGateway": "包容网关",
    "eventBasedGateway": "事件网关",
    "standardLoopCharacteristics": "循环",
    "multiInstanceLoopCharacteristics": "多实例",
}
PLACES = {
    "startEvent": "开始事件",
    "startEvent in event subprocess": "事件子流程的开始事件",
    "intermediateCatchEvent": "中间捕获事件",
    "boundaryEvent": "边界事件",
    "intermediateThrowEvent": "中间抛出事件",
    "endEvent": "结束事件",
}
KINDS = {
    "none": "无",
    "message": "消息",
    "signal": "信号",
    "timer": "定时",
    "conditional": "条件",
    "error": "错误",
    "escalation": "升级",
    "compensate": "补偿",
    "cancel": "取消",
    "link": "链接",
    "terminate": "终止",
}
DEFINITIONS = {
    "none": "",
    "message": '<messageEventDefinition messageRef="m1"/>',
    "signal": '<signalEventDefinition signalRef="s1"/>',
    "timer": "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>",
    "conditional": "<conditionalEventDefinition><condition>${ready}</condition></conditionalEventDefinition>",
    "error": '<errorEventDefinition errorRef="e1"/>',
    "escalation": '<escalationEventDefinition escalationRef="x1"/>',
    "compensate": "<compensateEventDefinition/>",
    "cancel": "<cancelEventDefinition/>",
    "link": '<linkEventDefinition name="l"/>',
    "terminate": "<terminateEventDefinition/>",
}
_SEVERAL = "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>"
_LOOP = "<standardLoopCharacteristics loopMaximum='2'/>"
_GATEWAY = users("a") + END + flows("start>x", "x>a", "a>end")
_EXTERNAL = 'camunda:type="external" camunda:topic="notify"'

#: A small diagram in which the element ``x`` is reached.
ELEMENTS = {
    **{tag: START + f'<{tag} id="x" name="x"/>' + END + flows("start>x", "x>end") for tag in NAMES},
    "scriptTask": START + '<scriptTask id="x" name="x"><script>n = 1</script></scriptTask>' + flow("start", "x"),
    "businessRuleTask": START + '<businessRuleTask id="x" name="x" camunda:decisionRef="d"/>' + flow("start", "x"),
    "serviceTask": START + f'<serviceTask id="x" name="x" {_EXTERNAL}/>' + flow("start", "x"),
    "sendTask": START + '<sendTask id="x" name="x" messageRef="m1"/>' + flow("start", "x"),
    "receiveTask": START + '<receiveTask id="x" name="x" messageRef="m1"/>' + flow("start", "x"),
    "callActivity": START + '<callActivity id="x" name="x" calledElement="q"/>' + flow("start", "x"),
    "subProcess": START + f'<subProcess id="x" name="x">{users("a")}</subProcess>' + flow("start", "x"),
    "transaction": START + f'<transaction id="x" name="x">{users("a")}</transaction>' + flow("start", "x"),
    "adHocSubProcess": START + f'<adHocSubProcess id="x" name="x">{users("a")}</adHocSubProcess>' + flow("start", "x"),
    "exclusiveGateway": START + '<exclusiveGateway id="x"/>' + _GATEWAY,
    "parallelGateway": START + '<parallelGateway id="x"/>' + _GATEWAY,
    "inclusiveGateway": START + '<inclusiveGateway id="x"/>' + _GATEWAY,
    "eventBasedGateway": START + '<eventBasedGateway id="x"/><intermediateCatchEvent id="c">' + DEFINITIONS["message"]
    + "</intermediateCatchEvent>" + flows("start>x", "x>c"),
    "standardLoopCharacteristics": START + f'<userTask id="x" name="x">{_LOOP}</userTask>' + flow("start", "x"),
    "multiInstanceLoopCharacteristics": START + f'<userTask id="x" name="x">{_SEVERAL}</userTask>' + flow("start", "x"),
}  # fmt: skip


def event(place: str, kind: str) -> str:
    """A small diagram with the event ``x``, in a place where it can happen."""
    definition = DEFINITIONS[kind]
    if place == "startEvent":
        return f'<startEvent id="x">{definition}</startEvent>' + users("a") + flow("x", "a")
    if place == "endEvent":
        inner = START + users("a") + f'<endEvent id="x">{definition}</endEvent>' + flows("start>a", "a>x")
        if kind != "cancel":
            return inner
        return (
            '<startEvent id="begin"/>' + f'<transaction id="t" name="t">{inner}</transaction>'
            + boundary("b", "t", definition) + users("after") + flows("begin>t", "b>after")
        )  # fmt: skip
    if place == "intermediateCatchEvent":
        caught = f'<intermediateCatchEvent id="x">{definition}</intermediateCatchEvent>' + users("a") + flow("x", "a")
        if kind != "link":
            return START + caught + flow("start", "x")
        throw = f'<intermediateThrowEvent id="t">{definition}</intermediateThrowEvent>'
        return START + throw + caught + flow("start", "t")
    if place == "intermediateThrowEvent":
        thrown = START + f'<intermediateThrowEvent id="x">{definition}</intermediateThrowEvent>' + flow("start", "x")
        if kind == "link":
            return (
                thrown
                + f'<intermediateCatchEvent id="c">{definition}</intermediateCatchEvent>'
                + END
                + flow("c", "end")
            )
        return thrown + END + flow("x", "end")
    return _around(place, kind, definition)


def _around(place: str, kind: str, definition: str) -> str:
    """Events that listen while something else runs, with what makes them happen inside."""
    causes = kind in ("error", "escalation", "cancel", "compensate")
    last = f'<endEvent id="e">{definition if causes else ""}</endEvent>'
    inner = '<startEvent id="s"/>' + users("w") + last + flows("s>w", "w>e")
    host = "transaction" if kind == "cancel" else "subProcess"
    if place == "boundaryEvent":
        if kind == "compensate":
            undo = '<userTask id="undo" name="undo" isForCompensation="true"/>'
            return (
                START + users("w") + boundary("x", "w", definition).replace('cancelActivity="true"', "") + undo
                + '<association id="as" sourceRef="x" targetRef="undo" associationDirection="One"/>' + last
                + flows("start>w", "w>e")
            )  # fmt: skip
        body = f'<{host} id="h" name="h">{inner}</{host}>' + boundary("x", "h", definition) + users("after")
        return START + body + flows("start>h", "x>after")
    handler = f'<startEvent id="x">{definition}</startEvent>' + users("after") + flow("x", "after")
    listening = f'<subProcess id="on" triggeredByEvent="true">{handler}</subProcess>'
    if kind != "compensate":
        return START + f'<subProcess id="h" name="h">{inner}{listening}</subProcess>' + flow("start", "h")
    done = '<startEvent id="s"/>' + users("w") + flow("s", "w") + listening
    return START + f'<subProcess id="h" name="h">{done}</subProcess>' + last + flows("start>h", "h>e")


def tables() -> str:
    """The part of the page that is made."""
    lines = ["## Elements 元素", "", "| Element | 元素 | |", "|---|---|---|"]
    lines += [f"| `{tag}` | {zh} | {'executed' if executed(tag) else 'refused'} |" for tag, zh in NAMES.items()]
    lines += ["", "## Events 事件", "", "| | " + " | ".join(f"{kind} {zh}" for kind, zh in KINDS.items()) + " |"]
    lines.append("|---" * (len(KINDS) + 1) + "|")
    for place, zh in PLACES.items():
        cells = ["executed" if kind in ALLOWED[place] else "–" for kind in KINDS]
        lines.append(f"| {place} {zh} | " + " | ".join(cells) + " |")
    lines += ["", "What is not executed is refused: “–”.", "", "## Refused by name 拒绝", "", "| Element | | |"]
    lines += ["|---|---|---|"] + [f"| `{tag}` | {en} | {zh} |" for tag, (zh, en) in dialect.REFUSED.items()]
    engines = "、".join(dialect.OTHER_ENGINES.values())
    lines += ["| extensions | of other engines | " + f"{engines} 的扩展 |", "", "## Drawn only 仅供阅读", ""]
    lines.append(", ".join(f"`{tag}`" for tag in sorted(dialect.ARTIFACTS | dialect.COLLABORATION)) + ".")
    lines += ["", "## Attributes 属性", "", "Executed, by element:", ""]
    for tag in sorted(set(dialect.ATTRIBUTES) | set(dialect.CAMUNDA_ATTRIBUTES)):
        plain = [f"`{name}`" for name in sorted(dialect.ATTRIBUTES.get(tag, ()))]
        known = [f"`camunda:{name}`" for name in sorted(dialect.CAMUNDA_ATTRIBUTES.get(tag, ()))]
        if plain or known:
            lines.append(f"- `{tag}`: {', '.join(plain + known)}")
    limited = [f"`{name}` ({', '.join(sorted(values))})" for name, values in sorted(dialect.HARMLESS_VALUES.items())]
    lines += ["", f"With these values only: {', '.join(limited)}.", ""]
    ignored = ", ".join(f"`{name}`" for name in sorted(dialect.CAMUNDA_IGNORED))
    lines.append(f"Accepted without a meaning here (`camunda:`): {ignored}. Every other attribute is refused.")
    return "\n".join(lines)


def executed(tag: str) -> bool:
    """Whether the reader takes an element."""
    return tag in dialect.FLOW_NODES | dialect.CHILDREN


def page(before: str) -> str:
    """The page with its tables as they are now."""
    head, rest = before.split(BEGIN)
    return f"{head}{BEGIN}\n\n{tables()}\n\n{FINISH}{rest.split(FINISH)[1]}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
