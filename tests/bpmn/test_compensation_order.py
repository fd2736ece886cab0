"""Random diagrams: whatever ran, it is undone in the order of its completion, backwards, subprocess by subprocess.
The seed is in the test's name; every step begins from the saved snapshot."""

from __future__ import annotations

import random

import pytest

from tests.bpmn.drawing import START, Player, flow, subprocess, throw, users
from tests.bpmn.test_compensation import UNDO_ALL, done


class Drawn:
    """A random block of tasks that can all be undone, in sequences, parallel branches, loops and subprocesses."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.count = 100
        self.owner: dict[str, str] = {}

    def name(self, prefix: str, scope: str) -> str:
        self.count += 1
        self.owner[f"{prefix}{self.count}"] = scope
        return f"{prefix}{self.count}"

    def block(self, depth: int, scope: str) -> tuple[str, str, str]:
        """Its XML, where it is entered and where it is left."""
        kind = self.dice.choice(["task", "sequence", "parallel", "loop", "sub"]) if depth else "task"
        if kind == "task":
            task = self.name("t", scope)
            return done(task), task, task
        if kind == "sequence":
            one, two = self.block(depth - 1, scope), self.block(depth - 1, scope)
            return one[0] + two[0] + flow(one[2], two[1]), one[1], two[2]
        if kind == "sub":
            sub = self.name("s", scope)
            xml, into, _ = self.block(depth - 1, sub)
            return subprocess(sub, f'<startEvent id="b{sub}"/>' + xml + flow(f"b{sub}", into)), sub, sub
        split, join = self.name("g", scope), self.name("g", scope)
        if kind == "parallel":
            xml = f'<parallelGateway id="{split}"/><parallelGateway id="{join}"/>'
            for _ in range(2):
                inner_xml, into, out = self.block(depth - 1, scope)
                xml += inner_xml + flow(split, into) + flow(out, join)
            return xml, split, join
        inner_xml, into, out = self.block(depth - 1, scope)
        after = self.name("g", scope)
        xml = f'<exclusiveGateway id="{split}"/><exclusiveGateway id="{join}" default="{join}_{after}"/>'
        xml += f'<exclusiveGateway id="{after}"/>' + flow(join, split, f"${{again{join}}}") + flow(join, after)
        return xml + inner_xml + flow(split, into) + flow(out, join), split, after


def undone_in_order(done_by: dict[str, list[str]], scope: str, rounds: dict[str, list[list[str]]]) -> list[str]:
    """The reference: what a scope has completed, backwards; a subprocess by what that round of it had completed."""
    found: list[str] = []
    for name in reversed(done_by[scope]):
        if name.startswith("t"):
            found.append(f"undo_{name}")
        else:
            inside = {**done_by, name: rounds[name].pop()}
            found += undone_in_order(inside, name, rounds)
    return found


@pytest.mark.parametrize("seed", range(40))
def test_whatever_ran_is_undone_backwards(seed: int) -> None:
    dice = random.Random(seed)
    drawn = Drawn(dice)
    xml, into, out = drawn.block(4, "")
    body = (
        START + xml + throw("t", UNDO_ALL) + users("after") + flow("start", into) + flow(out, "t") + flow("t", "after")
    )
    choices = [name for name in drawn.owner if name.startswith("g")]

    def again() -> dict[str, bool]:
        return {f"again{name}": dice.random() < 0.3 for name in choices}

    case = Player(body, again())
    done_by: dict[str, list[str]] = {name: [] for name in ["", *drawn.owner]}
    rounds: dict[str, list[list[str]]] = {name: [] for name in drawn.owner}
    while not (case.finished or case.open == ["after"] or any(name.startswith("undo") for name in case.open)):
        case.do(dice.choice(case.open), **again())
        for fact in case.step.facts:
            if fact.kind == "element_ended" and fact.element[0] in "ts" and fact.element in drawn.owner:
                done_by[drawn.owner[fact.element]].append(fact.element)
                if fact.element.startswith("s"):
                    rounds[fact.element].append(done_by[fact.element])
                    done_by[fact.element] = []
    for expected in undone_in_order(done_by, "", rounds):
        assert case.open == [expected]
        case.do(expected)
    assert case.open == ["after"]
    assert "done" not in case.step.snapshot
