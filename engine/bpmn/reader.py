"""From bytes to ``Process`` models, with every problem named. Nothing is executed and nothing is guessed."""

from __future__ import annotations

from engine.bpmn import dialect, read_activities, read_compensation, read_events
from engine.bpmn.check_attributes import check_attributes, check_booleans
from engine.bpmn.document import Document, Element, bpmn, local, namespace, text_of
from engine.bpmn.model import Flow, Node, Process, Scope
from engine.bpmn.problems import Problems
from engine.rules.xml import XmlRefused, parse_xml

#: Longer ids and names are a mistake, and would stand in every log entry.
MAX_ID = 200
MAX_NAME = 500
#: Help texts are kept with every open task.
MAX_DOCUMENTATION = 20_000


def read_diagram(content: bytes, file: str) -> Document:
    """All processes of a ``.bpmn`` file. Never raises for bad input: see ``.problems``."""
    document = Document(file, Problems(file))
    try:
        root = parse_xml(content)
    except XmlRefused as refused:
        document.problems.error("", "xml_refused", refused.zh, refused.en)
        return document
    if root.tag != bpmn("definitions"):
        document.problems.error(
            "",
            "not_bpmn",
            "这不是 BPMN 2.0 文件：根元素应为 definitions。",
            "This is no BPMN 2.0 file: its root element should be “definitions”.",
        )
        return document
    _check_identifiers(root, document.problems)
    check_booleans(root, document.problems)
    _read_declarations(root, document)
    for element in root:
        if namespace(element) == dialect.BPMN:
            if local(element) == "process":
                _read_process(element, document)
            elif local(element) not in dialect.ROOT_ELEMENTS:
                refuse(document.problems, element)
            elif local(element) == "collaboration":
                for part in element:
                    if namespace(part) == dialect.BPMN and local(part) not in dialect.COLLABORATION | dialect.ARTIFACTS:
                        refuse(document.problems, part)
    if not document.processes:
        document.problems.error(
            "",
            "no_process",
            "文件中没有流程。请画一个流程后再发布。",
            "The file holds no process. Draw one, then publish.",
        )
    return document


def refuse(problems: Problems, element: Element) -> None:
    """An element that we do not execute, by its name."""
    tag = local(element)
    zh, en = dialect.REFUSED.get(tag, (tag, tag))
    owner = element if element.get("id") else next((a for a in element.iterancestors() if a.get("id")), element)
    problems.error(
        owner.get("id", ""),
        "not_executed",
        f"“{zh}”不能执行。请改用其他元素。",
        f"“{en}” is not executed here. Use another element.",
    )


def _check_identifiers(root: Element, problems: Problems) -> None:
    seen: set[str] = set()
    for element in root.iter():
        if namespace(element) != dialect.BPMN:
            _refuse_foreign(element, problems)
            continue
        identifier = element.get("id")
        if local(element) == "documentation":
            _check_documentation(element, problems)
        if not identifier:
            if local(element) in dialect.NEEDS_ID:
                problems.error(
                    "",
                    "id_missing",
                    f"{local(element)}（{element.get('name', '')}，第 {element.sourceline} 行）没有 id。",
                    f"The {local(element)} “{element.get('name', '')}” in line {element.sourceline} has no id.",
                )
            continue
        for text, limit in ((identifier, MAX_ID), (element.get("name", ""), MAX_NAME)):
            if len(text) > limit:
                problems.error(
                    identifier[:MAX_ID],
                    "text_too_long",
                    f"“{text[:40]}…”超过 {limit} 个字符。",
                    f"“{text[:40]}…” has more than {limit} characters.",
                )
        if identifier in seen:
            problems.error(
                identifier,
                "id_duplicate",
                f"id “{identifier}”出现了不止一次。",
                f"The id “{identifier}” occurs more than once.",
            )
        seen.add(identifier)


def _refuse_foreign(element: Element, problems: Problems) -> None:
    """Elements of other namespaces stand in ``extensionElements`` (BPMN 2.0.2 §8.2.3), where what is not ours may be
    passed over. Anywhere else one may be a task or a condition whose namespace was lost."""
    around = element.getparent()
    if around is None or namespace(around) != dialect.BPMN or local(around) in dialect.FOREIGN_INSIDE:
        return
    owner = next((a.get("id", "") for a in element.iterancestors() if a.get("id")), "")
    problems.error(
        owner,
        "foreign_element",
        f"第 {element.sourceline} 行的 {local(element)[:80]} 不是 BPMN 元素（命名空间“{namespace(element)[:80]}”）。",
        f"{local(element)[:80]} in line {element.sourceline} is no element of BPMN (namespace "
        f"“{namespace(element)[:80]}”).",
    )


def _check_documentation(element: Element, problems: Problems) -> None:
    if len(text_of(element)) > MAX_DOCUMENTATION:
        owner = next((a.get("id", "") for a in element.iterancestors() if a.get("id")), "")
        problems.error(
            owner,
            "documentation_too_long",
            f"说明超过 {MAX_DOCUMENTATION:,} 个字符。",
            f"The documentation has more than {MAX_DOCUMENTATION:,} characters.",
        )


def _read_declarations(root: Element, document: Document) -> None:
    for tag, table, code in (
        ("message", document.messages, "name"),
        ("signal", document.signals, "name"),
        ("error", document.errors, "errorCode"),
        ("escalation", document.escalations, "escalationCode"),
    ):
        for element in root.findall(bpmn(tag)):
            identifier = element.get("id", "")
            table[identifier] = element.get(code, "") or element.get("name", "") or identifier
            if "${" in table[identifier]:
                document.problems.error(
                    identifier,
                    "name_expression",
                    f"名称“{table[identifier][:80]}”是固定文字，不能含表达式。",
                    f"The name “{table[identifier][:80]}” is taken as it is and cannot be an expression.",
                )
    for reference in root.iter(bpmn("flowNodeRef")):
        lane = reference.getparent()
        if lane is not None and reference.text:
            document.lanes[reference.text.strip()] = lane.get("name", "")
    for association in root.iter(bpmn("association")):
        ends = association.get("sourceRef", ""), association.get("targetRef", "")
        for one, other in (ends, ends[::-1]):
            document.associated.setdefault(one, []).append(other)


def _read_process(element: Element, document: Document) -> None:
    executable = element.get("isExecutable", "true") != "false"
    process = Process(
        id=element.get("id", ""),
        name=element.get("name", "") or element.get("id", ""),
        file=document.file,
        executable=executable,
        documentation=text_of(element.find(bpmn("documentation"))),
    )
    extensions = element.find(bpmn("extensionElements"))
    if extensions is not None:
        process.properties = read_activities.properties(extensions)
    if executable:
        check_attributes(element, "process", document.problems)
        read_scope(element, process, document, process.id)
    document.processes.append(process)


def read_scope(element: Element, scope: Scope, document: Document, process: str) -> None:
    """Fills ``scope`` with the flow nodes and flows inside ``element``."""
    flows: list[Element] = []
    for child in element:
        if namespace(child) != dialect.BPMN:
            continue
        tag = local(child)
        if tag == "sequenceFlow":
            flows.append(child)
        elif tag in dialect.FLOW_NODES:
            node = _read_node(child, document, process)
            scope.nodes[node.id] = node
        elif tag == "extensionElements":
            _check_extensions(child, local(element), element.get("id", ""), document.problems)
        elif tag == "completionCondition" and local(element) == "adHocSubProcess":
            continue
        elif not (tag in dialect.ARTIFACTS | dialect.CHILDREN or child.get("name") == dialect.PLACEHOLDER):
            refuse(document.problems, child)
    refused = {child.get("id", "") for child in element} - set(scope.nodes) - {""}
    _read_flows(flows, scope, refused, document.problems)
    _check_references(scope, document.problems)
    read_compensation.tie_handlers(scope, document)


def _read_node(element: Element, document: Document, process: str) -> Node:
    tag = local(element)
    identifier = element.get("id", "")
    check_attributes(element, tag, document.problems)
    node = Node(
        id=identifier,
        type=tag,
        process=process,
        name=element.get("name") or "",
        documentation=text_of(element.find(bpmn("documentation"))),
        lane=document.lanes.get(identifier, ""),
        attributes={str(name): str(value) for name, value in element.attrib.items()},
        default=element.get("default"),
    )
    extensions = element.find(bpmn("extensionElements"))
    if extensions is not None:
        _check_extensions(extensions, tag, identifier, document.problems)
        node.properties = read_activities.properties(extensions)
        node.inputs, node.outputs = read_activities.parameters(extensions, identifier, document.problems)
    _check_children(element, tag, document.problems)
    if tag in dialect.EVENTS:
        read_events.read_event(element, node, document)
    elif tag in dialect.ACTIVITIES:
        read_activities.read_activity(element, node, document)
        if tag in dialect.SUBPROCESSES:
            node.scope = Scope(identifier)
            read_scope(element, node.scope, document, process)
            for inner in node.scope.nodes.values():
                inner.in_ad_hoc = node.ad_hoc is not None
    return node


def _check_children(element: Element, tag: str, problems: Problems) -> None:
    """Refuses what stands inside a flow node and is neither executed nor only drawn."""
    for child in element:
        if namespace(child) != dialect.BPMN:
            continue
        name = local(child)
        known = name in dialect.CHILDREN | dialect.ARTIFACTS or name.endswith(("EventDefinition", "EventDefinitionRef"))
        if name == "property" and child.get("name") == dialect.PLACEHOLDER:
            continue
        if name in dialect.REFUSED or (not known and tag not in dialect.SUBPROCESSES):
            refuse(problems, child)
        elif name in ("dataInputAssociation", "dataOutputAssociation"):
            for part in child:
                if local(part) in dialect.REFUSED:
                    refuse(problems, part)


def _check_extensions(extensions: Element, tag: str, identifier: str, problems: Problems) -> None:
    allowed = dialect.CAMUNDA_EXTENSIONS_COMMON | dialect.CAMUNDA_EXTENSIONS.get(tag, set())
    for child in extensions:
        space = namespace(child)
        if space == dialect.CAMUNDA and local(child) == "inputOutput":
            if tag not in dialect.ACTIVITIES:
                problems.error(
                    identifier,
                    "parameters_misplaced",
                    "只有任务、子流程和调用活动可以有输入输出参数。",
                    "Only tasks, subprocesses and call activities have input and output parameters.",
                )
        elif space == dialect.CAMUNDA and local(child) not in allowed:
            problems.error(
                identifier,
                "not_executed",
                f"扩展元素 camunda:{local(child)} 不能执行，请删除。",
                f"The extension camunda:{local(child)} is not executed here; remove it.",
            )
        elif space in dialect.OTHER_ENGINES:
            problems.error(
                identifier,
                "other_engine",
                f"属于{dialect.OTHER_ENGINES[space]}的扩展 {local(child)} 不能执行。",
                f"{local(child)} is an extension of {dialect.OTHER_ENGINES[space]} and is not executed here.",
            )


def _read_flows(elements: list[Element], scope: Scope, refused: set[str], problems: Problems) -> None:
    """The flows between nodes; of one that ends at a refused element nothing more need be said."""
    for element in elements:
        identifier = element.get("id", "")
        check_attributes(element, "sequenceFlow", problems)
        source, target = element.get("sourceRef", ""), element.get("targetRef", "")
        missing = [end for end in (source, target) if end not in scope.nodes]
        if missing and missing[0] in refused:
            continue
        if missing:
            problems.error(
                identifier,
                "flow_broken",
                f"连线的一端“{missing[0]}”不在同一流程（子流程）内。",
                f"One end of the flow, “{missing[0]}”, is not in the same process or subprocess.",
            )
            continue
        condition = element.find(bpmn("conditionExpression"))
        text = read_events.expression_text(condition) if condition is not None else None
        if text == "":
            problems.error(
                identifier,
                "condition_empty",
                "连线的条件是空的。请填写条件，或删除条件。",
                "The flow's condition is empty. Fill it in or remove it.",
            )
        flow = Flow(identifier, source, target, element.get("name") or "", text or None)
        scope.flows[identifier] = flow
        scope.nodes[source].outgoing.append(flow)
        scope.nodes[target].incoming.append(flow)


def _check_references(scope: Scope, problems: Problems) -> None:
    for node in scope.nodes.values():
        if node.default is not None and node.default not in {flow.id for flow in node.outgoing}:
            problems.error(
                node.id,
                "default_broken",
                f"默认流向“{node.default}”不是由它流出的连线。",
                f"The default flow “{node.default}” does not leave this element.",
            )
        if node.type == "boundaryEvent":
            host = scope.nodes.get(node.attached_to or "")
            if host is None or not host.is_activity or host.is_event_subprocess:
                problems.error(
                    node.id,
                    "boundary_broken",
                    "边界事件没有附在任务或子流程上。",
                    "The boundary event is not attached to a task or subprocess.",
                )
