"""Reading what a program sent: one JSON object, its members of the kind they should be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import flask

from engine.errors import EngineError, refused


def given(*names: str) -> Mapping[str, Any]:
    """The object that was sent. What it should not hold is a slip of the pen, and refused."""
    found = flask.request.get_json(force=True, silent=True)
    if not isinstance(found, dict):
        raise refused("应为一个 JSON 对象。", "Send one JSON object.")
    strange = sorted(set(found) - set(names))
    if strange:
        raise refused(
            f"不认识的名称：{'、'.join(strange)[:200]}。", f"These names are not known: {', '.join(strange)[:200]}."
        )
    return found


def wrong(name: str) -> EngineError:
    """The error for a member that is missing or of another kind."""
    return refused(f"“{name}”缺失或类型不对。", f"“{name}” is missing or not of the right kind.")


def text(sent: Mapping[str, Any], name: str, otherwise: str | None = None) -> str:
    """A text; ``otherwise`` where it is not sent."""
    found = sent.get(name, otherwise)
    if not isinstance(found, str):
        raise wrong(name)
    return found


def text_or_none(sent: Mapping[str, Any], name: str) -> str | None:
    """A text, or None where it is not sent."""
    return None if sent.get(name) is None else text(sent, name)


def whole(sent: Mapping[str, Any], name: str, otherwise: Any) -> Any:
    """A whole number; ``otherwise`` where it is not sent."""
    found = sent.get(name)
    if found is None:
        return otherwise
    if isinstance(found, bool) or not isinstance(found, int):
        raise wrong(name)
    return found


def number(sent: Mapping[str, Any], name: str, otherwise: Any) -> Any:
    """A number; ``otherwise`` where it is not sent."""
    found = sent.get(name)
    if found is None:
        return otherwise
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise wrong(name)
    return found


def mapping(sent: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object, empty where it is not sent."""
    found = sent.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise wrong(name)
    return found
