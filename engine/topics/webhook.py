"""The topic ``webhook``: the case asks another system by HTTP.

Parameters: ``url``; ``body``, the JSON that is posted, or else all other parameters as one object; ``result``, the
variable for the JSON that comes back. With every try of one task goes the same ``Idempotency-Key``, and, where a
secret is set, ``X-Huiyin-Signature: sha256=<HMAC of the body>``.

Where a webhook may go is the installation's decision, not the diagram's: see ``destination``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from engine.records import ExternalTask
from engine.settings import Settings
from engine.topics.post import Answer, NoAnswer, post
from engine.topics.result import Done, Rejected, WorkFailed
from engine.topics.whereto import NoAddress, NotListed, destination

#: The business error of an answer 4xx.
REJECTED = "webhook_rejected"
#: Parameters that are not part of the body.
_OWN = frozenset({"url", "body", "result"})
#: Answers that ask to come again although they are 4xx (RFC 9110, RFC 6585, RFC 8470).
_LATER = frozenset({408, 425, 429})
_LONGEST_PAUSE = 3600
_SHOWN = 300


def run_webhook(task: ExternalTask, settings: Settings) -> Done:
    """What the other system answered. Raises ``WorkFailed``, or ``Rejected`` for an answer 4xx."""
    try:
        place = destination(str(task.values.get("url", "")), settings)
    except NotListed as error:
        raise WorkFailed(str(error), retries=0) from None
    except NoAddress as error:
        raise WorkFailed(str(error)) from None
    given = {name: value for name, value in task.values.items() if name not in _OWN}
    body = json.dumps(task.values.get("body", given), ensure_ascii=False, allow_nan=False).encode("utf-8")
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Accept": "application/json",
        "User-Agent": "huiyin",
        "Idempotency-Key": task.id,
    }
    if settings.webhook_secret:
        signature = hmac.new(settings.webhook_secret.encode("utf-8"), body, hashlib.sha256).hexdigest()
        headers["X-Huiyin-Signature"] = f"sha256={signature}"
    try:
        answer = post(place, body, headers)
    except NoAnswer as error:
        raise WorkFailed(str(error)) from None
    return _understood(answer, task.values)


def _understood(answer: Answer, values: Mapping[str, Any]) -> Done:
    told = f"HTTP {answer.status}: {answer.text[:_SHOWN]}".strip()
    variable = str(values.get("result") or "")
    if 200 <= answer.status < 300:
        if not variable:
            return Done()
        try:
            return Done({variable: json.loads(answer.text) if answer.text.strip() else None})
        except (ValueError, RecursionError):
            raise WorkFailed(f"回答不是 JSON。The answer is not JSON. {told}") from None
    if answer.status in _LATER or not 400 <= answer.status < 500:
        after = answer.retry_after
        raise WorkFailed(told, retry_after=None if after is None else min(after, _LONGEST_PAUSE))
    raise Rejected(
        REJECTED, told, {variable: {"status": answer.status, "text": answer.text[:_SHOWN]}} if variable else {}
    )
