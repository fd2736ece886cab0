"""The records of a CSV file: where each begins, and how one that is damaged leaves the others alone."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import speaking
from engine.imports import BadRow, Record, records
from engine.imports.records import LARGEST_FIELD


def read(content: bytes, encoding: str = "utf-8-sig", delimiter: str = ",") -> list[Record | BadRow]:
    return list(records(io.BytesIO(content), encoding, delimiter))


def lines(found: list[Record | BadRow], kind: type[Record] | type[BadRow]) -> list[int]:
    return [row.line for row in found if isinstance(row, kind)]


def test_a_record_may_span_lines_and_is_known_by_its_first() -> None:
    found = read(b'a,b\r\n1,"two\r\nlines"\r\n2,"say ""yes"""\r\n')

    assert found == [Record(1, ("a", "b")), Record(2, ("1", "two\r\nlines")), Record(4, ("2", 'say "yes"'))]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_nothing_in_it(content: bytes) -> None:
    assert read(content) == []


def test_a_byte_order_mark_is_not_part_of_the_first_column() -> None:
    assert read(b"\xef\xbb\xbfa,b\n") == [Record(1, ("a", "b"))]


def test_the_last_line_needs_no_end_and_empty_fields_count() -> None:
    assert read(b"a,,\n,x") == [Record(1, ("a", "", "")), Record(2, ("", "x"))]


def test_gb18030_and_another_delimiter() -> None:
    assert read("编号;内容\n1;热线\n".encode("gb18030"), "gb18030", ";") == [
        Record(1, ("编号", "内容")),
        Record(2, ("1", "热线")),
    ]


def test_bytes_that_are_not_in_the_encoding_refuse_their_row_only() -> None:
    found = read("a,b\n1,热线\n".encode() + "2,热线\n".encode("gb18030") + b"3,ok\n")

    assert lines(found, Record) == [1, 2, 4]
    assert lines(found, BadRow) == [3]


def test_an_unclosed_quotation_mark_refuses_its_line_and_reading_goes_on_at_the_next() -> None:
    found = read(b'a,b\n1,"open\n2,ok\n3,"fine"\n4,last\n')

    assert lines(found, BadRow) == [2]
    assert lines(found, Record) == [1, 3, 4, 5]


def test_an_unclosed_quotation_mark_in_the_last_line() -> None:
    assert lines(read(b'a\n1\n"open'), BadRow) == [3]


def test_text_after_a_closing_quotation_mark_is_damage() -> None:
    assert lines(read(b'a,b\n1,"x"y\n2,z\n'), BadRow) == [2]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_field_of_a_megabyte_is_refused_by_its_line(quote: str) -> None:
    huge = quote + "x" * 1_000_000 + quote
    found = read(f"a,b\n1,{huge}\n2,ok\n".encode())

    assert lines(found, BadRow) == [2]
    assert found[-1] == Record(3, ("2", "ok"))


def test_a_huge_field_over_many_lines_makes_no_rows_of_its_own() -> None:
    inside = "9,smuggled\n" * (LARGEST_FIELD // 5)
    found = read(f'a,b\n1,"{inside}"\n2,ok\n'.encode())

    assert lines(found, BadRow) == [2]
    assert [row.fields for row in found if isinstance(row, Record)] == [("a", "b"), ("2", "ok")]


def test_the_reason_speaks_both_languages() -> None:
    bad = read(b'"open')[0]
    assert isinstance(bad, BadRow)
    with speaking("zh"):
        assert str(bad.reason) == "引号没有结束"
    with speaking("en"):
        assert str(bad.reason) == "a quotation mark is never closed"


cells = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from('",\n'), max_size=20)


@given(st.lists(st.lists(cells, min_size=2, max_size=5), max_size=10))
def test_what_pythons_csv_writes_is_read_back(rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)

    found = read(text.getvalue().encode("utf-8"))

    assert [list(row.fields) for row in found if isinstance(row, Record)] == rows
