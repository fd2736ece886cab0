"""Multi-instance and standard loops (BPMN 2.0.2 §10.3.8, §13.3.6, §13.3.7).

The token at the activity stands for the loop as a whole and carries its state; each instance is a token of its own
with values of its own (the item, ``loopCounter``). A loop entered again is a new token: nothing is left of the round
before.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.task import Task

from engine.bpmn.case_workflow import CaseWorkflow
from engine.errors import Bilingual, DiagramFailed

if TYPE_CHECKING:
    from engine.bpmn.activity import Activity
    from engine.bpmn.model import Loop

#: More instances than people could ever work on are a mistake in a cardinality.
MAX_INSTANCES = 1_000


def begin(activity: Activity, token: Task, case: CaseWorkflow) -> bool | None:
    """Starts the loop at ``token``. True if there is nothing to do."""
    loop = _definition(activity)
    if loop.standard:
        token.internal_data["loop"] = {"done": 0}
        if loop.maximum == 0 or (loop.test_before and not _goes_on(activity, token, case)):
            return True
        _spawn(activity, token, 0, case)
        return None
    items = _items(activity, token, case)
    token.internal_data["loop"] = {"items": items, "next": 0, "done": 0, "results": [None] * len(items)}
    if not items:
        _finish(activity, token, case)
        return True
    for _ in items[:1] if loop.sequential else items:
        _spawn_next(activity, token, case)
    return None


def instance_done(activity: Activity, token: Task, index: int, result: Any, case: CaseWorkflow) -> None:
    """One instance has ended: the next one, or the end of the loop."""
    loop = _definition(activity)
    state = token.internal_data["loop"]
    state["done"] += 1
    if loop.standard:
        if _goes_on(activity, token, case):
            _spawn(activity, token, state["done"], case)
        else:
            token.complete()
        return
    state["results"][index] = result
    ended = loop.until and bool(case.evaluate(token, loop.until, variables(token)))
    if ended or state["done"] == len(state["items"]):
        for other in case.tokens(token.workflow):
            if (other.internal_data.get("instance") or {}).get("of") == token.id:
                case.cancel_token(other)
        _finish(activity, token, case)
        token.complete()
    elif loop.sequential:
        _spawn_next(activity, token, case)


def variables(token: Task) -> dict[str, Any]:
    """nrOfInstances, nrOfActiveInstances and nrOfCompletedInstances."""
    state = token.internal_data.get("loop") or {}
    if "items" not in state:
        return {}
    return {
        "nrOfInstances": len(state["items"]),
        "nrOfActiveInstances": state["next"] - state["done"],
        "nrOfCompletedInstances": state["done"],
    }


def result_of(activity: Activity, token: Task, case: CaseWorkflow) -> Any:
    """What an ended instance gives to the output collection: its output item, or all that was entered in it."""
    loop = _definition(activity)
    if loop.standard or not loop.output:
        return None
    if loop.output_item:
        visible = case.variables(token)
        if loop.output_item in visible:
            return deepcopy(visible[loop.output_item])
    return deepcopy(token.internal_data.get("entered"))


def _definition(activity: Activity) -> Loop:
    loop = activity.node.loop
    if loop is None:
        raise TypeError(f"{activity.bpmn_id} is no loop")
    return loop


def _goes_on(activity: Activity, token: Task, case: CaseWorkflow) -> bool:
    loop = _definition(activity)
    done = token.internal_data["loop"]["done"]
    if done >= (loop.maximum if loop.maximum is not None else MAX_INSTANCES):
        return False
    return not loop.while_ or bool(case.evaluate(token, loop.while_, {"loopCounter": done}))


def _items(activity: Activity, token: Task, case: CaseWorkflow) -> list[Any]:
    loop = _definition(activity)
    if loop.collection:
        text = loop.collection.removeprefix("${").removesuffix("}")
        found = case.evaluate(token, text)
        if not isinstance(found, list):
            raise DiagramFailed(
                element=activity.bpmn_id,
                reason=Bilingual(zh=f"多实例的集合 {text} 不是列表。", en=f"The collection {text} is not a list."),
            )
        items = deepcopy(found)
    else:
        count = case.evaluate(token, loop.cardinality)
        if isinstance(count, bool) or not isinstance(count, int | float) or count != int(count) or count < 0:
            raise DiagramFailed(
                element=activity.bpmn_id,
                reason=Bilingual(
                    zh=f"多实例的次数“{count}”不是自然数。", en=f"The cardinality “{count}” is no whole number."
                ),
            )
        items = list(range(min(int(count), MAX_INSTANCES + 1)))
    if len(items) > MAX_INSTANCES:
        raise DiagramFailed(
            element=activity.bpmn_id,
            reason=Bilingual(
                zh=f"多实例超过 {MAX_INSTANCES} 个。", en=f"There are more than {MAX_INSTANCES} instances."
            ),
        )
    return items


def _spawn_next(activity: Activity, token: Task, case: CaseWorkflow) -> None:
    state = token.internal_data["loop"]
    index = state["next"]
    state["next"] += 1
    _spawn(activity, token, index, case)


def _spawn(activity: Activity, token: Task, index: int, case: CaseWorkflow) -> None:
    loop = _definition(activity)
    local: dict[str, Any] = {"loopCounter": index}
    if loop.item and not loop.standard:
        local[loop.item] = deepcopy(token.internal_data["loop"]["items"][index])
    if loop.output_item:
        local[loop.output_item] = None
    case.arrive(token.workflow, activity, instance={"of": token.id, "index": index}, local=local)


def _finish(activity: Activity, token: Task, case: CaseWorkflow) -> None:
    loop = _definition(activity)
    if loop.output:
        state = token.internal_data["loop"]
        results = [result for result in state["results"] if result is not None]
        case.assign(token, {loop.output: results})
