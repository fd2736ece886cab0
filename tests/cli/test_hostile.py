"""What is typed or piped by somebody who means no good ends in an exit code and one JSON document, never in a trace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bpmn.drawing import END, START, document, flows, users
from tests.cli.conftest import Huiyin

DIAGRAM = document(START + users("a") + END + flows("start>a", "a>end"))


@pytest.fixture
def number(huiyin: Huiyin, tmp_path: Path) -> str:
    """A case of a published procedure."""
    (tmp_path / "p.bpmn").write_bytes(DIAGRAM)
    assert huiyin("publish", "p.bpmn").code == 0
    found: str = huiyin("start", "p", "--json").json["case"]
    return found


LINES = [
    ["start", "BAD"],
    ["complete", "BAD"],
    ["claim", "BAD"],
    ["message", "BAD"],
    ["message", "paid", "--key", "BAD"],
    ["message", "paid", "--case", "BAD"],
    ["correct", "CASE", "--reason", "BAD"],
    ["correct", "BAD", "--reason", "r"],
    ["modify", "CASE", "--begin", "BAD", "--reason", "r"],
    ["modify", "CASE", "--begin", "a@BAD", "--reason", "r"],
    ["modify", "CASE", "--cancel", "BAD", "--reason", "r"],
    ["migrate", "CASE", "--to", "BAD", "--reason", "r"],
    ["suspend", "CASE", "--reason", "BAD"],
    ["retry", "BAD", "--reason", "r"],
    ["skip", "CASE", "BAD", "--reason", "r"],
    ["external", "fetch", "BAD", "--worker", "w"],
    ["external", "fetch", "t", "--worker", "BAD"],
    ["show", "BAD"],
    ["history", "BAD"],
    ["tasks", "--case", "BAD"],
    ["incidents", "--case", "BAD"],
    ["deadlines", "--case", "BAD"],
    ["verify", "BAD"],
    ["tasks", "--as", "BAD"],
    ["publish", "p.bpmn", "--note", "BAD", "--as", "BAD"],
]


@pytest.mark.parametrize("bad", ["\udcff", "长" * 30_000, "", " ", "\x1b[2J", "a\nb", "../..", "0" * 5_000])
@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_a_hostile_word_on_the_line_ends_in_an_answer(huiyin: Huiyin, number: str, line: list[str], bad: str) -> None:
    answer = huiyin(*[word.replace("BAD", bad).replace("CASE", number) for word in line], "--json")
    assert answer.code in (0, 1, 2)
    assert "Traceback" not in answer.err
    said = answer.out or answer.err
    assert "\x1b" not in said
    if answer.code < 2:
        json.loads(said)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"7",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": 1, "a": 2}',
        b'{"a": "\\ud800"}',
        b'{"a": "\\u0000"}',
        b'{"typename": 1, "x": {"typename": 1}}',
        b'{"a": ' + b"9" * 5_000 + b"}",
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": ' + b"[" * 60 + b"]" * 60 + b"}",
        '{"a": "长"}'.encode("gbk"),
        '{"a": 1}'.encode("utf-16"),
        b'{"a b": 1}',
        b"\x00",
    ],
)
def test_values_that_are_no_values_are_refused_everywhere(
    huiyin: Huiyin, number: str, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "bad.json"
    file.write_bytes(content)
    task = huiyin("tasks", "--json").json["tasks"][0]["id"]
    before = huiyin("history", number, "--json").json
    for line in (
        ["start", "p"],
        ["complete", task],
        ["message", "paid", "--case", number],
        ["correct", number, "--reason", "r", "--as", "system"],
        ["modify", number, "--begin", "a", "--reason", "r", "--as", "system"],
    ):
        answer = huiyin(*line, "--values", file, "--json")
        assert answer.code in (1, 2), line
        assert "Traceback" not in answer.err
    assert huiyin("history", number, "--json").json == before


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.bpmn", b""),
        ("x.bpmn", b"\xff\xfe"),
        ("x.bpmn", b"<a" + b' b="1"' * 9),
        ("x.bpmn", b"<!DOCTYPE a><a/>"),
        ("x.dmn", b"<a>" * 500),
        ("x.form", b"[" * 200_000),
        ("x.form", b'{"id": "f", "id": "g"}'),
        ("x.form", b'{"id": NaN}'),
        ("x.form", b'{"id": ' + b"9" * 5_000 + b"}"),
        ("x.form", b"null"),
        ("x.bpmn", b"x" * 5_300_000),
    ],
)
def test_files_that_are_none_are_listed_by_check_and_not_published(
    huiyin: Huiyin, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    checked = huiyin("check", name, "--json")
    assert checked.code == 1
    assert checked.json["problems"][0]["file"] == name
    published = huiyin("publish", name, "--json")
    assert published.code == 1
    assert "Traceback" not in checked.err + published.err


def test_a_form_with_a_byte_order_mark_is_found_by_diagrams_published_later(huiyin: Huiyin, tmp_path: Path) -> None:
    form = {"type": "default", "id": "f", "components": [{"type": "textfield", "key": "a", "label": "a", "id": "x"}]}
    (tmp_path / "f.form").write_bytes(b"\xef\xbb\xbf" + json.dumps(form).encode())
    (tmp_path / "p.bpmn").write_bytes(DIAGRAM.replace(b"<userTask", b'<userTask camunda:formRef="f"'))
    assert huiyin("publish", "f.form", "p.bpmn").code == 0
    (tmp_path / "q.bpmn").write_bytes((tmp_path / "p.bpmn").read_bytes().replace(b'"p"', b'"q"'))
    assert huiyin("publish", "q.bpmn", "--json").code == 0
