"""The topic ``document``: a text of the case becomes a file of the case.

Parameters: ``name`` of the file, its ``text`` (with ``${…}``, worked out when the token came in), ``result``: the
variable that the file goes into, ``document`` where none is named. A name that ends in ``.html`` makes a page in which
the text stands as paragraphs, nothing in it is taken for HTML; every other name a text in UTF-8.
"""

from __future__ import annotations

import html
import json
from typing import Any

from engine.records import ExternalTask
from engine.settings import Settings
from engine.topics.result import Done, WorkFailed

#: The variable for a file that no parameter ``result`` names one for.
RESULT = "document"
_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head><meta charset="utf-8"><title>{title}</title></head>
<body>
{body}
</body>
</html>
"""


def run_document(task: ExternalTask, _settings: Settings) -> Done:
    """The file, for the variable it goes into."""
    name = _plain(task.values.get("name")).strip()
    if not name:
        raise WorkFailed("参数 name 为空，文件没有名称。 The parameter “name” is empty.", retries=0)
    text = _plain(task.values.get("text"))
    content = _page(name, text) if name.lower().endswith((".html", ".htm")) else text
    variable = str(task.values.get("result") or RESULT)
    return Done(files={variable: (name, content.encode("utf-8"))})


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _page(name: str, text: str) -> str:
    """Paragraphs where an empty line stands, line breaks where a line ends; everything else is text."""
    blocks = [block.strip() for block in text.replace("\r\n", "\n").split("\n\n") if block.strip()]
    body = "\n".join("<p>" + html.escape(block).replace("\n", "<br>\n") + "</p>" for block in blocks)
    title = name.rpartition(".")[0] or name
    return _PAGE.format(title=html.escape(title), body=body)
