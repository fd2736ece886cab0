"""What holds for every page: headers, languages, error pages, who may open which."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask

import webui
from engine import Engine
from tests.web.visitor import Page, Visitor

WEBUI = Path(webui.__file__).parent

PAGES = {
    "agent": ["/", "/?tab=pool", "/intake", "/cases"],
    "shenji": ["/audit", "/studio"],
    "admin": ["/people"],
}


@pytest.fixture
def every_page(signed: Any, complaint: str) -> list[Page]:
    pages = [signed(login).get(path) for login, paths in PAGES.items() for path in paths]
    agent = signed("agent")
    pages += [agent.get(f"/cases/{complaint}"), agent.get(f"/intake/{complaint}"), agent.get("/nowhere")]
    return pages


def test_pages_allow_nothing_inline_and_nothing_from_elsewhere(every_page: list[Page]) -> None:
    for page in every_page:
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src 'self'" in policy, page.path
        assert "unsafe-inline" not in policy and "unsafe-eval" not in policy, page.path
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["X-Frame-Options"] == "DENY"
        assert page.headers["Cache-Control"] == "no-store"
        assert not page.root.xpath("//@style | //style | //@onclick | //@onchange"), page.path
        scripts = page.root.xpath("//script[not(@src) and not(@type='application/json')]")
        assert not scripts, page.path
        outside = [link for _, _, link, _ in page.root.iterlinks() if re.match(r"(https?:)?//", link)]
        assert not outside, page.path


def test_pages_have_one_heading_a_title_labels_and_a_way_past_the_header(every_page: list[Page]) -> None:
    for page in every_page:
        root = page.root
        assert len(root.xpath("//h1")) == 1, page.path
        assert page.title.endswith("· 回音 Huiyin") and len(page.title) > len("· 回音 Huiyin") + 1
        assert root.xpath("//a[@class='skip-link']/@href") == ["#content"] and root.xpath("//main[@id='content']")
        ids = root.xpath("//@id")
        assert len(ids) == len(set(ids)), (page.path, [one for one in ids if ids.count(one) > 1])
        labelled = set(root.xpath("//label/@for"))
        for control in root.xpath("//input[not(@type='hidden')] | //select | //textarea"):
            named = (
                control.get("id") in labelled
                or control.get("aria-label")
                or control.xpath("ancestor::label[normalize-space()]")
            )
            assert named, (page.path, control.get("name"))


def test_every_form_that_changes_something_carries_a_token(every_page: list[Page]) -> None:
    for page in every_page:
        for form in page.root.forms:
            assert form.method == "GET" or form.fields.get("csrf_token"), (page.path, form.action)


def test_the_language_is_kept_and_comes_back(app: Flask) -> None:
    visitor = Visitor(app)
    page = visitor.sign_in("agent")
    assert page.one("html").get("lang") == "zh-CN" and "我的待办" in page.words(".hy-tabs")
    page = visitor.send(visitor.get("/cases?q=x").form("/language"), "language=en")
    assert page.path == "/cases" and page.one("html").get("lang") == "en" and "Cases" in page.title
    assert "My tasks" in visitor.get("/").words(".hy-tabs")
    assert "There is no" in visitor.get("/cases/nope").words("main")
    assert visitor.send(visitor.get("/").form("/language"), "language=zh").one("html").get("lang") == "zh-CN"


def test_every_text_is_translated() -> None:
    with (WEBUI / "translations" / "en" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        english = {message.id: message for message in read_po(file)}
    mapping = [("**.py", "python"), ("templates/**.html", "jinja2")]
    options = {"templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}
    texts = {found[2] for found in extract_from_dir(str(WEBUI), mapping, options)}
    missing = sorted(str(text) for text in texts if text not in english or not english[text].string)
    assert not missing
    for text in texts:
        names = set(re.findall(r"%\(\w+\)s|\{\w+\}", str(text)))
        assert names == set(re.findall(r"%\(\w+\)s|\{\w+\}", str(english[text].string))), text


@pytest.mark.parametrize(
    ("login", "path"),
    [("agent", "/people"), ("agent", "/audit"), ("agent", "/studio"), ("liucheng", "/people"), ("kefu", "/audit")],
)
def test_pages_of_other_roles_are_refused_and_not_offered(signed: Any, login: str, path: str) -> None:
    visitor = signed(login)
    assert path not in visitor.get("/").root.xpath("//nav//@href")
    page = visitor.get(path)
    assert page.status == 403 and "无权访问" in page.words("h1")


def test_a_case_of_others_is_refused_in_words_and_logged(signed: Any, engine: Engine, complaint: str) -> None:
    page = signed("fuze2").get(f"/cases/{complaint}")
    assert page.status == 403 and "您与这件诉求无关" in page.words("main")
    entry = engine.access_log("shenji").rows[0]
    assert (entry.actor, entry.case, entry.outcome) == ("fuze2", complaint, "refused")


@pytest.mark.parametrize(
    "path",
    [
        "/cases/20991231-0001",
        "/tasks/20991231-0001.7",
        "/tasks/what",
        "/nowhere",
        "/attachments/nothing",
        "/intake/20991231-0001",
    ],
)
def test_what_is_not_there_is_said_so(signed: Any, path: str) -> None:
    page = signed("kefu").get(path)
    assert page.status == 404 and "没有找到" in page.words("h1")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/?page=" + "9" * 5000, 200),
        ("/cases?page=²", 200),
        ("/cases/%00", 404),
        ("/studio/hotline/versions/" + "9" * 30, 422),
        ("/diagrams/hotline/" + "9" * 30 + "/hotline.bpmn", 422),
    ],
)
def test_addresses_nobody_would_type_are_no_errors_of_ours(signed: Any, path: str, status: int) -> None:
    assert signed("liucheng").get(path).status == status


def test_scripts_get_errors_as_json(signed: Any) -> None:
    answer = signed("kefu").client.get("/cases/20991231-0001", headers={"Accept": "application/json"})
    assert answer.status_code == 404 and answer.json is not None
    assert answer.json["error"]["status"] == 404 and "20991231-0001" in answer.json["error"]["message"]


def test_an_error_nobody_expected_gives_a_page_in_words(
    app: Flask, signed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = signed("agent")
    app.testing = False

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(app.extensions["huiyin"], "cases", fail)
    page = visitor.get("/cases")
    assert page.status == 500 and "系统出错" in page.words("h1") and "secret detail" not in page.text


def test_an_upload_that_is_too_large_is_refused_in_words(app: Flask, signed: Any) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 100_000
    visitor = signed("agent")
    form = visitor.get("/intake").form("/intake")
    page = visitor.send(form, "_submit", **{"f-attachments": ("big.bin", b"x" * 200_000)})
    assert page.status == 413 and "文件过大" in page.words("h1")


def test_health_is_answered_without_a_login(app: Flask) -> None:
    answer = app.test_client().get("/healthz")
    assert answer.status_code == 200 and answer.json == {"status": "ok"}
