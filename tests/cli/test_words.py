"""What the command line reads and writes before any engine is asked."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.cli.output import json_text, table, width
from engine.cli.values import BadValues, read_values
from engine.cli.wording import choose_language
from engine.errors import speaking


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "zh"),
        ({"LANG": "C"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "zh_CN.GB18030"}, "zh"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "HUIYIN_LANG": "en"}, "en"),
    ],
)
def test_the_language_is_chosen_then_the_locales_then_chinese(environment: dict[str, str], language: str) -> None:
    assert choose_language(environment) == language


def test_json_keeps_its_characters_and_escapes_only_what_utf8_cannot_write() -> None:
    text = json_text({"问题": "噪声", "broken": "a\ud800b"})

    assert "噪声" in text
    assert json.loads(text.encode("utf-8")) == {"问题": "噪声", "broken": "a\ud800b"}


def test_chinese_characters_take_two_columns() -> None:
    assert width("ab中文") == 6
    assert table(["键", "v"], [("ab", 1), ("中文", "two\nlines")]) == "键    v\nab    1\n中文  two lines"


def given(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "values.json"
    path.write_bytes(content)
    return str(path)


def test_values_come_from_a_file_or_from_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = '\ufeff{"描述": "噪声", "n": 1.5, "list": [null, true]}'.encode()
    expected: dict[str, Any] = {"描述": "噪声", "n": 1.5, "list": [None, True]}

    assert read_values(given(tmp_path, content)) == expected
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="ascii"))
    assert read_values("-") == expected
    assert read_values(None) == {}


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b'{"a": 1,\n  "b": }', "line 2, column 8"),
        (b"", "line 1, column 1"),
        (b'{"a": 1}\n{"b": 2}', "line 2, column 1"),
        (b"[1, 2]", "line 1, column 1"),
        (b'{"a": "\xff"}', "line 1, byte 8"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": 1, "a": 2}', "the key a occurs twice"),
        (b'{"a":' + b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "digits"),
    ],
)
def test_what_is_not_one_json_object_is_refused_with_the_place(tmp_path: Path, content: bytes, where: str) -> None:
    with speaking("en"), pytest.raises(BadValues, match=where):
        read_values(given(tmp_path, content))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadValues, match=r"gone\.json"):
        read_values(str(tmp_path / "gone.json"))


def test_more_than_any_form_holds_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(BadValues):
        read_values(given(tmp_path, b" " * 10_000_001))
