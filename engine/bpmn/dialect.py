"""Which BPMN elements and attributes are executed, which are documentation, which are refused by name.

One table a question, so that what the engine understands can be read in one place (ADR 0009). Anything in the BPMN
or Camunda namespaces that stands in none of them is refused: never silently ignored.
"""

from __future__ import annotations

from functools import cache

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"


@cache
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
SUBPROCESSES = {"subProcess", "transaction", "adHocSubProcess"}
ACTIVITIES = TASKS | SUBPROCESSES | {"callActivity"}
GATEWAYS = {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"}
EVENTS = {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS
#: Things that are referred to, or at which a token can stand.
NEEDS_ID = FLOW_NODES | {"process", "sequenceFlow", "message", "signal", "error", "escalation"}

#: Standard elements we know and do not execute.
REFUSED = {
    "complexGateway": ("复杂网关", "complex gateway"),
    "ioSpecification": ("输入输出规约（请改用 camunda:in/out）", "ioSpecification (use camunda:in/out)"),
    "transformation": ("数据转换（请改用脚本任务）", "data transformation (use a script task)"),
    "assignment": ("数据赋值（请改用脚本任务）", "data assignment (use a script task)"),
    "potentialOwner": ("potentialOwner（请改用候选角色）", "potentialOwner (use candidate groups)"),
    "humanPerformer": ("humanPerformer（请改用办理人）", "humanPerformer (use assignee)"),
    "performer": ("performer（请改用办理人）", "performer (use assignee)"),
    "resourceRole": ("resourceRole（请改用候选角色）", "resourceRole (use candidate groups)"),
    "property": ("流程属性", "property"),
    "correlationProperty": (
        "消息关联属性（请改用属性 correlationKey）",
        "correlation property (use the property correlationKey)",
    ),
    "correlationKey": ("消息关联键（请改用属性 correlationKey）", "correlation key (use the property correlationKey)"),
    "correlationSubscription": (
        "消息关联订阅（请改用属性 correlationKey）",
        "correlation subscription (use the property correlationKey)",
    ),
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
    "BPMNDiagram",
}
#: Children of a collaboration, which is only drawn.
COLLABORATION = {"participant", "messageFlow", "conversationLink"}

#: Elements of BPMN in which elements of other namespaces are drawings, notes, or said to be extensions.
FOREIGN_INSIDE = {"definitions", "extensionElements", "documentation", "text"}

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
    "transaction": {"triggeredByEvent", "method"},
    "adHocSubProcess": {"triggeredByEvent", "ordering", "cancelRemainingInstances"},
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
    "isForCompensation": {"true", "false"},
    "ordering": {"Parallel", "Sequential"},
    "cancelRemainingInstances": {"true", "false"},
    "method": {"##Compensate", "compensate"},
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
    "startEvent": {"formRef", "formKey", "initiator"},
    "businessRuleTask": {"decisionRef", "resultVariable", "mapDecisionResult"},
    "serviceTask": {"type", "topic", "taskPriority"},
    "sendTask": {"type", "topic", "taskPriority"},
    "scriptTask": set(),
    "callActivity": {"calledElementBinding", "calledElementVersion"},
    "multiInstanceLoopCharacteristics": {"collection", "elementVariable"},
}
#: Attributes of event definitions.
EVENT_DEFINITIONS: dict[str, set[str]] = {
    "messageEventDefinition": {"messageRef", "operationRef"},
    "signalEventDefinition": {"signalRef"},
    "errorEventDefinition": {"errorRef"},
    "escalationEventDefinition": {"escalationRef"},
    "compensateEventDefinition": {"activityRef", "waitForCompletion"},
}
CAMUNDA_DEFINITIONS: dict[str, set[str]] = {
    "errorEventDefinition": {"errorCodeVariable", "errorMessageVariable"},
}
CAMUNDA_EXTENSIONS: dict[str, set[str]] = {
    "callActivity": {"in", "out"},
}
CAMUNDA_EXTENSIONS_COMMON = {"properties"}

#: Bindings other than these would let a case run something else than the version it is pinned to.
BINDINGS = {"latest", "deployment"}
#: A called process may besides be of a version of its own: see ``called``.
CALL_BINDINGS = BINDINGS | {"version"}

#: Topics of service tasks (``type="external"``) that the engine deals with in the step itself.
IMMEDIATE_TOPICS = {"notify", "decision", "ledger"}
#: Topics for which a token waits, and our own worker does the work, with the parameters it cannot do without. Every
#: other topic waits for a worker that somebody attaches.
WAITING_TOPICS: dict[str, tuple[str, ...]] = {"document": ("name", "text"), "webhook": ("url",)}

DECISION_RESULTS = ("singleEntry", "singleResult", "collectEntries", "resultList")

SCRIPT_FORMATS = {"", "expression", "huiyin", "feel", "python", "text/python", "application/python"}
