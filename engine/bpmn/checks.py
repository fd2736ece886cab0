"""What must hold of a process before it may be published, beyond being readable."""

from __future__ import annotations

from collections.abc import Mapping, Set

from engine.bpmn import correlation, dialect
from engine.bpmn.check_calls import Versions, check_call
from engine.bpmn.check_clocks import check_clocks
from engine.bpmn.check_scopes import check_scopes
from engine.bpmn.check_texts import check_texts
from engine.bpmn.model import Node, Process, Scope
from engine.bpmn.problems import Problems
from engine.errors import Problem
from engine.rules.decisions import Decision

MAX_NODES = 20_000


def check_process(
    process: Process,
    processes: Mapping[str, Process],
    tables: Mapping[str, Decision],
    forms: Set[str],
    roles: Set[str] | None,
    topics: Set[str] = frozenset(),
    versions: Versions | None = None,
    published: bool = False,
) -> list[Problem]:
    """All problems of one process that was read without errors. ``versions``: those there are to be called; None where
    that is not known, or was looked at before."""
    problems = Problems(process.file)
    _check_scope(process, problems, top=True)
    check_clocks(process, problems)
    check_scopes(process, problems)
    for node in process.walk():
        _check_node(node, problems, processes, tables, forms, roles)
        if node.type == "callActivity":
            check_call(node, problems, processes, versions, published)
        _check_topic(node, problems, topics)
        correlation.check_key(node, node.id in process.nodes, problems)
        if node.scope is not None:
            _check_scope(node.scope, problems, top=False, event_subprocess=node.is_event_subprocess)
    if sum(1 for _ in process.walk()) > MAX_NODES:
        problems.error(
            process.id,
            "too_large",
            f"流程超过 {MAX_NODES} 个元素。",
            f"The process has more than {MAX_NODES} elements.",
        )
    return problems.found


def _check_scope(scope: Scope, problems: Problems, top: bool, event_subprocess: bool = False) -> None:
    starts = scope.start_events()
    plain = [node for node in starts if node.event is None or node.event.kind == "none"]
    if not scope.nodes:
        problems.error(scope.id, "empty", "流程（子流程）是空的。", "The process or subprocess is empty.")
        return
    if event_subprocess:
        if len(starts) != 1:
            problems.error(
                scope.id,
                "event_subprocess_start",
                "事件子流程必须有且只有一个开始事件。",
                "An event subprocess has exactly one start event.",
            )
    elif len(plain) > 1:
        problems.error(
            plain[1].id,
            "several_starts",
            "有多个普通开始事件，无法确定从哪里开始。",
            "There are several plain start events.",
        )
    elif not starts and not scope.implicit_starts():
        problems.error(
            scope.id,
            "no_start",
            "没有起点：每个元素都有流入的连线。",
            "Nothing can begin: every element has an incoming flow.",
        )
    if not event_subprocess and starts and not top and not plain:
        problems.error(scope.id, "no_start", "子流程缺少普通开始事件。", "The subprocess has no plain start event.")
    _check_links(scope, problems)
    _check_event_gateways(scope, problems)
    _check_reach(scope, problems)


def _check_links(scope: Scope, problems: Problems) -> None:
    catches: dict[str, int] = {}
    for node in scope.nodes.values():
        if node.event is not None and node.event.kind == "link" and node.type == "intermediateCatchEvent":
            catches[node.event.name] = catches.get(node.event.name, 0) + 1
    for node in scope.nodes.values():
        if (
            node.event is not None
            and node.event.kind == "link"
            and node.type == "intermediateThrowEvent"
            and catches.get(node.event.name, 0) != 1
        ):
            problems.error(
                node.id,
                "link_broken",
                f"链接“{node.event.name}”应有且只有一个接收端。",
                f"The link “{node.event.name}” needs exactly one catching end.",
            )


def _check_reach(scope: Scope, problems: Problems) -> None:
    """Elements no token ever comes to are a slip of the pen."""
    starts = scope.start_events() or scope.implicit_starts()
    open_ = [node.id for node in starts] + [node.id for node in scope.event_subprocesses()]
    reached: set[str] = set()
    links = {
        (node.event.name): node.id
        for node in scope.nodes.values()
        if node.event is not None and node.event.kind == "link" and node.type == "intermediateCatchEvent"
    }
    while open_:
        name = open_.pop()
        if name in reached:
            continue
        reached.add(name)
        node = scope.nodes[name]
        open_.extend(flow.target for flow in node.outgoing)
        open_.extend(boundary.id for boundary in scope.boundary_events(name))
        if node.compensated_by is not None:
            open_.append(node.compensated_by)
        if node.event is not None and node.event.kind == "link" and node.event.name in links:
            open_.append(links[node.event.name])
    for node in scope.nodes.values():
        if node.id not in reached:
            problems.warning(node.id, "unreachable", "没有任何路径到达这里。", "Nothing leads here.")


def _check_node(
    node: Node,
    problems: Problems,
    processes: Mapping[str, Process],
    tables: Mapping[str, Decision],
    forms: Set[str],
    roles: Set[str] | None,
) -> None:
    _check_flows(node, problems)
    check_texts(node, problems)
    if node.type == "businessRuleTask" or node.topic == "decision":
        decision = node.decision
        if not decision:
            problems.error(node.id, "decision_missing", "没有选择决策表。", "No decision is chosen.")
        elif decision not in tables:
            problems.error(
                node.id,
                "decision_unknown",
                f"决策“{decision}”不存在或没有一起发布。",
                f"The decision “{decision}” does not exist and is not among the files.",
            )
        shape = node.camunda("mapDecisionResult")
        if shape is not None and shape not in dialect.DECISION_RESULTS:
            problems.error(
                node.id,
                "decision_result",
                f"决策结果的形式“{shape}”不存在。可用：{'、'.join(dialect.DECISION_RESULTS)}。",
                f"There is no decision result “{shape}”. There are: {', '.join(dialect.DECISION_RESULTS)}.",
            )
    form = node.form
    if form is not None and form not in forms:
        problems.error(
            node.id,
            "form_unknown",
            f"表单“{form}”不存在或没有一起发布。",
            f"The form “{form}” does not exist and is not among the files.",
        )
    if roles:
        for role in node.groups:
            if "${" not in role and role not in roles:
                problems.warning(
                    node.id,
                    "role_unknown",
                    f"角色“{role}”不存在，没有人能办理。",
                    f"There is no role “{role}”: nobody could do this task.",
                )
    if node.type in dialect.ACTIVITIES and not node.is_event_subprocess and not node.name:
        problems.warning(node.id, "name_missing", "任务没有名称。", "The task has no name.")


def _check_topic(node: Node, problems: Problems, topics: Set[str]) -> None:
    """A topic nobody is known to work on may be a slip of the pen: then the case would wait for ever."""
    if node.waits_outside and node.topic not in dialect.WAITING_TOPICS and node.topic not in topics:
        problems.warning(
            node.id,
            "topic_unknown",
            f"主题“{node.topic}”不是内置的，也不在设置 HUIYIN_TOPICS 中：须有外部程序领取，否则一直等待。",
            f"The topic “{node.topic}” is neither built in nor in HUIYIN_TOPICS: without a worker that fetches it the "
            "case waits for ever.",
        )


def _check_flows(node: Node, problems: Problems) -> None:
    if node.type == "startEvent" and node.incoming:
        problems.error(node.id, "start_incoming", "开始事件不能有流入的连线。", "A start event has no incoming flow.")
    if node.type == "endEvent" and node.outgoing:
        problems.error(node.id, "end_outgoing", "结束事件不能有流出的连线。", "An end event has no outgoing flow.")
    if node.is_event_subprocess and (node.incoming or node.outgoing):
        problems.error(
            node.id, "event_subprocess_flow", "事件子流程不能有流入或流出的连线。", "An event subprocess has no flows."
        )
    if node.type == "boundaryEvent" and node.incoming:
        problems.error(
            node.id, "boundary_incoming", "边界事件不能有流入的连线。", "A boundary event has no incoming flow."
        )
    if node.type in ("parallelGateway", "eventBasedGateway", "startEvent"):
        for flow in node.outgoing:
            if flow.condition is not None:
                problems.error(
                    flow.id,
                    "condition_misplaced",
                    "这里流出的连线不能有条件。",
                    "A flow that leaves here has no condition.",
                )
    if node.type == "exclusiveGateway" and len(node.outgoing) > 1:
        bare = [flow for flow in node.outgoing if flow.condition is None and flow.id != node.default]
        if node.default is not None and bare:
            problems.error(
                bare[0].id,
                "condition_missing",
                "排他网关的这条流向没有条件，也不是默认流向。",
                "This flow out of an exclusive gateway has no condition and is not the default.",
            )
        elif len(bare) > 1:
            problems.error(
                bare[1].id,
                "condition_missing",
                "排他网关有多条没有条件的流向，无法确定走哪一条。",
                "Several flows out of this exclusive gateway have no condition; which is taken is not said.",
            )
        elif bare:
            problems.warning(
                node.id,
                "default_missing",
                "没有条件的那条流向被当作默认流向，请明确设置。",
                "The flow without a condition is taken as the default; say so in the diagram.",
            )
        elif node.default is None:
            problems.warning(
                node.id,
                "default_missing",
                "没有默认流向：所有条件都不成立时流程会卡住。",
                "There is no default flow: if no condition holds, the case is stuck.",
            )


def _check_event_gateways(scope: Scope, problems: Problems) -> None:
    """Behind an event-based gateway stand catch events and receive tasks that nothing else leads to (§10.6.6)."""
    for node in scope.nodes.values():
        if node.type != "eventBasedGateway":
            continue
        if not node.outgoing:
            problems.error(
                node.id, "event_gateway_empty", "事件网关之后没有事件。", "Nothing follows the event-based gateway."
            )
        for flow in node.outgoing:
            target = scope.nodes[flow.target]
            if target.type not in ("intermediateCatchEvent", "receiveTask") or (
                target.event and target.event.kind == "link"
            ):
                problems.error(
                    target.id,
                    "event_gateway_target",
                    "事件网关之后只能是捕获事件或接收任务。",
                    "Only catch events and receive tasks follow an event-based gateway.",
                )
            elif len(target.incoming) > 1:
                problems.error(
                    target.id,
                    "event_gateway_target",
                    "事件网关之后的事件不能有其他流入连线。",
                    "An event behind an event-based gateway has no other incoming flow.",
                )
            elif target.loop is not None or target.inputs or scope.boundary_events(target.id):
                problems.error(
                    target.id,
                    "event_gateway_receive",
                    "事件网关之后的接收任务不能有循环、输入参数或边界事件。",
                    "A receive task behind an event-based gateway has no loop, input parameters or boundary events.",
                )
