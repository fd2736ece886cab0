"""Files nobody here wrote: whatever their bytes, names and namespaces, they are read as meant or refused by name."""

from __future__ import annotations

import pytest

from engine import bpmn
from tests.bpmn.drawing import END, START, document, flows, users

PLAIN = document(START + users("a") + END + flows("start>a", "a>end")).decode()
BODY = PLAIN.split("?>", 1)[1].replace('name="a"', 'name="长"')


def errors(content: bytes) -> set[tuple[str, str]]:
    """(element, code) of what keeps a diagram from being published."""
    return {(found.element, found.code) for found in bpmn.check({"p.bpmn": content}) if found.severity == "error"}


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("gbk", "GBK"),
        ("gb18030", "GB18030"),
    ],
)
def test_every_encoding_that_is_declared_is_read_and_hides_no_doctype(encoding: str, declared: str) -> None:
    head = f"<?xml version='1.0' encoding='{declared}'?>"
    drawn = bpmn.load({"p.bpmn": (head + BODY).encode(encoding)}).procedures["p"]
    assert drawn.nodes["p", "a"].name == "长"
    doctype = '<!DOCTYPE definitions [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>'
    assert errors((head + doctype + BODY).encode(encoding)) == {("", "xml_refused")}


@pytest.mark.parametrize(
    ("encoding", "declared"), [("gbk", "UTF-8"), ("utf-8", "UTF-16"), ("utf-8", "nonsense"), ("cp037", "cp037")]
)
def test_an_encoding_that_is_not_the_declared_one_is_refused(encoding: str, declared: str) -> None:
    head = f"<?xml version='1.0' encoding='{declared}'?>"
    body = BODY.replace("长", "x") if encoding == "cp037" else BODY
    assert errors((head + body).encode(encoding)) == {("", "xml_refused")}


def test_latin_1_with_chinese_by_number_is_read() -> None:
    content = "<?xml version='1.0' encoding='ISO-8859-1'?>" + BODY.replace("长", "&#38271;é")
    drawn = bpmn.load({"p.bpmn": content.encode("latin-1")}).procedures["p"]
    assert drawn.nodes["p", "a"].name == "长é"


@pytest.mark.parametrize("text", ["&x;", "&#0;", "&#xD800;", "&#xFFFF;", "&#1;"])
def test_characters_that_xml_has_not_are_refused(text: str) -> None:
    assert errors(PLAIN.replace('name="a"', f'name="{text}"').encode()) == {("", "xml_refused")}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<userTask", '<userTask xmlns="urn:x"'),
        ("<sequenceFlow", '<sequenceFlow xmlns="urn:x"'),
        ("<userTask", '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname"/><userTask'),
    ],
)
def test_an_element_of_another_namespace_is_not_passed_over(old: str, new: str) -> None:
    assert errors(PLAIN.replace(old, new, 1).encode()) == {("p", "foreign_element")}


def test_a_condition_that_lost_its_namespace_does_not_make_its_flow_unconditional() -> None:
    lost = PLAIN.replace(
        'targetRef="a"></sequenceFlow>',
        'targetRef="a"><q:conditionExpression xmlns:q="u">0</q:conditionExpression></sequenceFlow>',
    )
    assert lost != PLAIN
    assert errors(lost.encode()) == {("start_a", "foreign_element")}


def test_what_is_not_ours_may_stand_in_extension_elements() -> None:
    extended = PLAIN.replace(
        '<userTask id="a" name="a"/>',
        '<userTask id="a" name="a"><documentation><b xmlns="http://www.w3.org/1999/xhtml">x</b></documentation>'
        '<extensionElements><q:x xmlns:q="urn:q"/></extensionElements></userTask>',
    )
    assert not errors(extended.encode())


def test_an_included_file_is_not_read() -> None:
    included = PLAIN.replace(
        '<userTask id="a" name="a"/>',
        '<userTask id="a" name="a"><documentation>x<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" '
        'href="file:///etc/hostname"/></documentation></userTask>',
    )
    assert bpmn.load({"p.bpmn": included.encode()}).procedures["p"].nodes["p", "a"].documentation == "x"


def test_a_hundred_thousand_attributes_are_refused_at_once() -> None:
    many = " ".join(f'a{number}="1"' for number in range(100_000))
    assert errors(PLAIN.replace("<userTask", f"<userTask {many}").encode()) == {("", "xml_refused")}


def test_a_help_text_has_an_end() -> None:
    long = f'<userTask id="a"><documentation>{"长" * 20_001}</documentation></userTask>'
    assert errors(document(START + long + flows("start>a"))) == {("a", "documentation_too_long")}


def test_no_number_of_warnings_hides_an_error() -> None:
    nameless = "".join(f'<task id="t{number}"/>' for number in range(300))
    last = '<callActivity id="c" calledElement="nowhere"/>'
    chain = [f"t{number}>t{number + 1}" for number in range(299)]
    drawn = document(START + nameless + last + flows("start>t0", *chain, "t299>c"))
    assert errors(drawn) == {("c", "call_unknown")}


def test_what_an_earlier_release_published_with_such_elements_still_runs() -> None:
    files = {"p.bpmn": PLAIN.replace("<userTask", '<x xmlns="urn:x"/><userTask').encode()}
    assert bpmn.load(files, published=True).procedures["p"].id == "p"
