"""Errors as pages: what the engine refuses becomes an HTTP status and a page in words."""

from __future__ import annotations

import logging
from typing import Any

import flask
from flask_wtf.csrf import CSRFError
from itsdangerous import BadData
from werkzeug.exceptions import HTTPException

from engine.errors import Conflict, DiagramFailed, EngineError, NotAllowed, NotFound, Refused
from webui.language import _

log = logging.getLogger(__name__)

#: The first class that fits gives the status.
STATUSES: tuple[tuple[type[EngineError], int], ...] = (
    (NotFound, 404),
    (NotAllowed, 403),
    (Refused, 422),
    (Conflict, 409),
    (DiagramFailed, 409),
    (EngineError, 500),
)


def status_of(error: EngineError) -> int:
    """The HTTP status of an engine error."""
    return next(status for kind, status in STATUSES if isinstance(error, kind))


def install(app: flask.Flask) -> None:
    """Registers the pages for everything that can go wrong."""
    app.register_error_handler(EngineError, _engine_error)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(BadData, _tampered)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def page(status: int, message: str = "", **more: Any) -> tuple[str, int]:
    """The error page of a status: what happened, in words, and the way on."""
    titles = {
        400: _("请求有误"),
        401: _("请先登录"),
        403: _("无权访问"),
        404: _("没有找到"),
        405: _("不能这样访问"),
        409: _("已被他人更新"),
        413: _("文件过大"),
        422: _("未能办理"),
        429: _("尝试过于频繁"),
        500: _("系统出错"),
    }
    advice = {
        403: _("如确需办理，请联系系统管理员调整角色。本次访问已记入日志。"),
        404: _("请核对编号或地址，也可以从列表中查找。"),
        409: _("请回到列表查看最新情况后再办理。"),
        413: _(
            "单次上传不得超过 %(size)s MB，请压缩或分次上传。",
            size=(flask.current_app.config["MAX_CONTENT_LENGTH"] or 0) // 1024 // 1024,
        ),
        429: _("请稍候一分钟再试。"),
        500: _("请稍后重试；如仍出现，请告知系统管理员。所填内容未保存。"),
    }
    body = flask.render_template(
        "errors/error.html",
        status=status,
        title=titles.get(status, _("请求有误")),
        message=message,
        advice=advice.get(status, ""),
        **more,
    )
    return body, status


def wants_json() -> bool:
    """Whether a script asks rather than a person."""
    accepted = flask.request.accept_mimetypes
    return bool(flask.request.is_json or accepted.best_match(["text/html", "application/json"]) == "application/json")


def _answer(status: int, message: str, **more: Any) -> flask.typing.ResponseReturnValue:
    if wants_json():
        return {"error": {"status": status, "message": message}}, status
    return page(status, message, **more)


def _engine_error(error: EngineError) -> flask.typing.ResponseReturnValue:
    status = status_of(error)
    if status == 500:
        log.error("engine error at %s", flask.request.path, exc_info=error)
    if isinstance(error, NotAllowed):
        return _answer(status, str(error.values.get("reason", "")))
    if isinstance(error, DiagramFailed):
        return _answer(status, str(error), heading=_("流程无法继续"))
    return _answer(status, str(error))


def _stale_form(_error: CSRFError) -> flask.typing.ResponseReturnValue:
    return _answer(400, _("页面已过期：登录会话已变化。请返回上一页并刷新后重试。"))


def _tampered(_error: BadData) -> flask.typing.ResponseReturnValue:
    return _answer(400, _("附件信息不完整或已过期。请返回上一页并重新上传。"))


def _http_error(error: HTTPException) -> flask.typing.ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error.get_response()
    return _answer(error.code, "")


def _unexpected(error: Exception) -> flask.typing.ResponseReturnValue:
    log.error("unexpected error at %s", flask.request.path, exc_info=error)
    return _answer(500, "")
