"""What the kinds of elements are called: names for what is drawn without one."""

from __future__ import annotations

from webui.language import _


def kind_name(kind: str, event: str = "") -> str:
    """What an element without a name is called, by its BPMN kind and, for events, what they wait for or throw; empty
    for what needs no word."""
    if event == "subprocess":
        return _("事件子流程")
    events = {
        "timer": _("定时"),
        "message": _("消息"),
        "signal": _("信号"),
        "conditional": _("条件"),
        "error": _("错误"),
        "escalation": _("上报"),
        "compensate": _("补偿"),
        "cancel": _("取消"),
        "terminate": _("终止"),
        "link": _("链接"),
    }
    places = {
        "startEvent": _("开始事件"),
        "endEvent": _("结束事件"),
        "intermediateCatchEvent": _("等待事件"),
        "intermediateThrowEvent": _("触发事件"),
        "boundaryEvent": _("边界事件"),
    }
    if kind in places and event in events:
        return _("%(event)s%(place)s", event=events[event], place=places[kind].lower())
    names = {
        "startEvent": _("开始"),
        "endEvent": _("结束"),
        "exclusiveGateway": _("排他网关"),
        "parallelGateway": _("并行网关"),
        "inclusiveGateway": _("包容网关"),
        "eventBasedGateway": _("事件网关"),
        "intermediateCatchEvent": _("等待"),
        "intermediateThrowEvent": _("经过点"),
        "boundaryEvent": _("边界事件"),
        "subProcess": _("子流程"),
        "adHocSubProcess": _("自由子流程"),
        "transaction": _("事务"),
        "callActivity": _("调用流程"),
        "userTask": _("人工任务"),
        "manualTask": _("线下任务"),
        "serviceTask": _("服务任务"),
        "sendTask": _("发送任务"),
        "receiveTask": _("接收任务"),
        "scriptTask": _("赋值任务"),
        "businessRuleTask": _("规则任务"),
        "task": _("任务"),
    }
    return names.get(kind, "")
