"""The profiles fit the procedures: roles in diagrams are known, and the demonstration has somebody for each form."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PROFILES = ROOT / "processes" / "profiles"

#: Forms whose task no demonstration user may do: their branches belong to other profiles than S01.
OTHER_PROFILES = {"UC09-4", "UC09-6", "UC09-7"}


def read(name: str) -> Any:
    return yaml.safe_load((PROFILES / name).read_bytes().decode("utf-8"))


def tasks() -> list[tuple[str, set[str]]]:
    """The form and the roles of every user task drawn; roles that are worked out when it is run are left out."""
    drawn = [path.read_text("utf-8") for path in sorted((ROOT / "processes").rglob("*.bpmn"))]
    found = [tag for text in drawn for tag in re.findall(r"<bpmn:userTask [^>]*>", text)]
    named = [(attribute(tag, "formRef"), attribute(tag, "candidateGroups")) for tag in found]
    return [(form, set(roles.split(","))) for form, roles in named if "${" not in roles]


def attribute(tag: str, name: str) -> str:
    match = re.search(rf'camunda:{name}="([^"]*)"', tag)
    assert match, f"{name} is missing in {tag}"
    return match.group(1)


def test_every_role_in_a_diagram_is_known() -> None:
    assert {role for _, roles in tasks() for role in roles} <= set(read("roles.yaml"))


def test_every_role_has_a_label_and_a_duty() -> None:
    roles = read("roles.yaml")

    assert len(roles) == 50
    assert [key for key, role in roles.items() if not role["label"] or not role["duty"]] == []


def test_the_demonstrations_people_have_known_roles_and_units() -> None:
    demo, roles = read("demo.yaml"), read("roles.yaml")

    for login, user in demo["users"].items():
        assert set(user["roles"]) <= set(roles), login
        assert user["unit"] in demo["units"], login


def test_the_demonstration_has_somebody_for_each_form() -> None:
    filled = {role for user in read("demo.yaml")["users"].values() for role in user["roles"]}

    assert {form for form, roles in tasks() if not roles & filled} == OTHER_PROFILES
