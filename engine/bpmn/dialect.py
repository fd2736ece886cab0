"""Which BPMN elements and attributes are executed, which are documentation, which are refused by name.

One table a question, so that what the engine understands can be read in one place (ADR 0009). Anything in the BPMN
or Camunda namespaces that stands in none of them is refused: never silently ignored.
"""

from __future__ import annotations

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"


def camunda(name: str) -> str:
    """The qualified name of a Camunda element or attribute."""
    return f"{{{CAMUNDA}}}{name}"


#: Extension vocabularies of other engines: they change what a diagram does, so ignoring them would be a lie.
OTHER_ENGINES = {
    "http://camunda.org/schema/zeebe/1.0": "Camunda 8 (zeebe)",
    "http://spiffworkflow.org/bpmn/schema/1.0/core": "SpiffArena",
    "http://activiti.org/bpmn": "Activiti",
    "http://flowable.org/bpmn": "Flowable",
}

TASKS = {"task", "userTask", "manualTask", "scriptTask", "businessRuleTask", "serviceTask", "sendTask", "receiveTask"}
ACTIVITIES = TASKS | {"callActivity", "subProcess"}
GATEWAYS = {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"}
EVENTS = {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS
#: Things that are referred to, or at which a token can stand.
NEEDS_ID = FLOW_NODES | {"process", "sequenceFlow", "message", "signal", "error", "escalation"}

#: Standard elements we know and do not execute.
REFUSED = {
    "transaction": ("事务子流程", "transaction subprocess"),
    "adHocSubProcess": ("自由子流程", "ad-hoc subprocess"),
    "complexGateway": ("复杂网关", "complex gateway"),
    "compensateEventDefinition": ("补偿事件", "compensation event"),
    "cancelEventDefinition": ("取消事件", "cancel event"),
    "ioSpecification": ("输入输出规约（请改用 camunda:in/out）", "ioSpecification (use camunda:in/out)"),
    "transformation": ("数据转换（请改用脚本任务）", "data transformation (use a script task)"),
    "assignment": ("数据赋值（请改用脚本任务）", "data assignment (use a script task)"),
    "potentialOwner": ("potentialOwner（请改用候选角色）", "potentialOwner (use candidate groups)"),
    "humanPerformer": ("humanPerformer（请改用办理人）", "humanPerformer (use assignee)"),
    "performer": ("performer（请改用办理人）", "performer (use assignee)"),
    "resourceRole": ("resourceRole（请改用候选角色）", "resourceRole (use candidate groups)"),
    "property": ("流程属性", "property"),
    "correlationSubscription": ("消息关联订阅", "correlation subscription"),
    "choreography": ("编排图", "choreography"),
    "conversation": ("会话图", "conversation"),
}

#: Drawn for the reader; nothing to execute. A data association says which variable a task reads or writes: in a process
#: every task sees all of them (ADR 0010), so there is nothing to copy; one that computes something is refused.
ARTIFACTS = {
    "textAnnotation",
    "association",
    "group",
    "laneSet",
    "dataObject",
    "dataObjectReference",
    "dataStoreReference",
    "dataInputAssociation",
    "dataOutputAssociation",
    "documentation",
    "extensionElements",
    "auditing",
    "monitoring",
    "supports",
}

#: What may stand inside a flow node, beside what is drawn only and, in a subprocess, the nodes of its own.
CHILDREN = {"incoming", "outgoing", "script", "standardLoopCharacteristics", "multiInstanceLoopCharacteristics"}
#: The property that editors add as the end of a data association; it has no meaning of its own.
PLACEHOLDER = "__targetRef_placeholder"

#: Children of ``definitions`` that are looked up, or only drawn.
ROOT_ELEMENTS = {
    "process",
    "collaboration",
    "message",
    "signal",
    "error",
    "escalation",
    "itemDefinition",
    "category",
    "dataStore",
    "import",
    "extension",
    "documentation",
    "extensionElements",
    "relationship",
    "interface",
    "endPoint",
    "resource",
    "correlationProperty",
    "correlationKey",
    "BPMNDiagram",
}

COMMON_ATTRIBUTES = {"id", "name", "default", "startQuantity", "completionQuantity", "isForCompensation"}
ATTRIBUTES: dict[str, set[str]] = {
    "userTask": {"implementation"},
    "serviceTask": {"implementation", "operationRef"},
    "sendTask": {"implementation", "operationRef", "messageRef"},
    "receiveTask": {"implementation", "operationRef", "messageRef", "instantiate"},
    "businessRuleTask": {"implementation"},
    "scriptTask": {"scriptFormat"},
    "callActivity": {"calledElement"},
    "subProcess": {"triggeredByEvent"},
    "startEvent": {"isInterrupting", "parallelMultiple"},
    "intermediateCatchEvent": {"parallelMultiple"},
    "boundaryEvent": {"attachedToRef", "cancelActivity", "parallelMultiple"},
    "exclusiveGateway": {"gatewayDirection"},
    "parallelGateway": {"gatewayDirection"},
    "inclusiveGateway": {"gatewayDirection"},
    "eventBasedGateway": {"gatewayDirection", "instantiate", "eventGatewayType"},
    "sequenceFlow": {"sourceRef", "targetRef", "isImmediate"},
    "process": {"isExecutable", "isClosed", "processType", "definitionalCollaborationRef"},
}
#: Values other than these change what the element means in a way we do not execute.
HARMLESS_VALUES: dict[str, set[str]] = {
    "startQuantity": {"1"},
    "completionQuantity": {"1"},
    "isForCompensation": {"false"},
    "instantiate": {"false"},
    "parallelMultiple": {"false"},
    "eventGatewayType": {"Exclusive"},
}

#: Camunda attributes that say how another engine schedules or lists things; they change nothing of the meaning here.
CAMUNDA_IGNORED = {
    "asyncBefore",
    "asyncAfter",
    "exclusive",
    "jobPriority",
    "taskPriority",
    "historyTimeToLive",
    "versionTag",
    "isStartableInTasklist",
    "candidateStarterGroups",
    "candidateStarterUsers",
    "modelerTemplate",
    "modelerTemplateVersion",
    "modelerTemplateIcon",
    "diagramRelationId",
    "formRefBinding",
    "formRefVersion",
    "decisionRefBinding",
    "decisionRefVersion",
    "calledElementBinding",
    "calledElementVersion",
    "initiator",
}
CAMUNDA_ATTRIBUTES: dict[str, set[str]] = {
    "userTask": {
        "assignee",
        "candidateGroups",
        "candidateUsers",
        "dueDate",
        "followUpDate",
        "priority",
        "formRef",
        "formKey",
    },
    "startEvent": {"formRef", "formKey"},
    "businessRuleTask": {"decisionRef", "resultVariable", "mapDecisionResult"},
    "serviceTask": {"type", "topic"},
    "sendTask": {"type", "topic"},
    "scriptTask": set(),
    "multiInstanceLoopCharacteristics": {"collection", "elementVariable"},
}
CAMUNDA_EXTENSIONS: dict[str, set[str]] = {
    "callActivity": {"in", "out", "properties", "inputOutput"},
}
CAMUNDA_EXTENSIONS_COMMON = {"properties", "inputOutput"}

#: Bindings other than these would let a case run something else than the version it is pinned to.
BINDINGS = {"latest", "deployment"}

#: Topics a service task may send to (``type="external"``).
TOPICS = {"notify"}

DECISION_RESULTS = ("singleEntry", "singleResult", "collectEntries", "resultList")

SCRIPT_FORMATS = {"", "expression", "huiyin", "feel", "python", "text/python", "application/python"}
