"""Which language a request speaks: Chinese unless the person chose English in the header; kept in the session."""

from __future__ import annotations

from typing import Any, Literal

import flask
from flask_babel import Babel, gettext

from engine.errors import language as engine_language
from webui.addresses import own_path

Code = Literal["zh", "en"]
LOCALES: dict[Code, str] = {"zh": "zh_Hans", "en": "en"}

blueprint = flask.Blueprint("language", __name__)


def current() -> Code:
    """``zh`` or ``en``."""
    chosen = flask.session.get("language")
    return "en" if chosen == "en" else "zh"


def _(text: str, **values: Any) -> str:
    """``text`` in the request's language, with ``%(name)s`` filled in."""
    return str(gettext(text, **values))


def install(app: flask.Flask) -> None:
    """Makes pages, and the sentences of engine errors, speak the request's language."""
    Babel(
        app, default_locale=LOCALES["zh"], default_timezone="Asia/Shanghai", locale_selector=lambda: LOCALES[current()]
    )
    app.register_blueprint(blueprint)

    @app.before_request
    def _speak() -> None:
        flask.g.engine_language = engine_language.set(current())

    @app.teardown_request
    def _be_silent(_error: BaseException | None) -> None:
        token = flask.g.pop("engine_language", None)
        if token is not None:
            engine_language.reset(token)


@blueprint.post("/language")
def choose() -> flask.typing.ResponseReturnValue:
    """Keeps the chosen language in the session and goes back to where the person was."""
    flask.session["language"] = "en" if flask.request.form.get("language") == "en" else "zh"
    return flask.redirect(own_path(flask.request.form.get("next", "")) or flask.url_for("worklist.index"))
