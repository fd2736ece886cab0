"""The command line ``huiyin``: a module a noun. It reads, asks the engine and writes; it decides nothing.

Exit codes: 0 done; 1 refused, or the answer is "no" (``check``, ``verify``); 2 the command was not understood.
Shapes and examples: ``docs/reference/cli.md``.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click
from click.exceptions import Exit, NoArgsIsHelpError

from engine.cli import calendar, cases, deadlines, external, importing, jobs, operations, procedures, running, tasks
from engine.cli.output import error_document, json_text, write
from engine.cli.top import top
from engine.cli.wording import choose_language, say, usage_message
from engine.errors import BadSetting, EngineError, speaking

#: The modules that add commands to ``top``; named here so that none is dropped as an unused import.
NOUNS = (procedures, cases, tasks, external, importing, running, jobs, deadlines, calendar, operations)


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Carries out one command line and returns its exit code; never raises but for a bug in this function."""
    as_json = "--json" in arguments
    with speaking(choose_language()):
        try:
            ended = top.main(args=list(arguments), prog_name="huiyin", standalone_mode=False)
            return ended if isinstance(ended, int) else 0
        except Exit as error:
            return error.exit_code
        except NoArgsIsHelpError as error:
            write(error.format_message())
            return 2
        except click.ClickException as error:
            text = usage_message(error)
            hint = say("用 --help 查看用法。", "See --help.")
            return _fail(as_json, {"error": {"code": "usage", "message": text}}, f"{text} {hint}", 2)
        except EngineError as error:
            return _fail(as_json, error_document(error), _sentence(error), 2 if isinstance(error, BadSetting) else 1)
        except (click.Abort, KeyboardInterrupt):
            return _fail(as_json, {"error": {"code": "interrupted", "message": say("已中断。", "Interrupted.")}}, "", 1)
        except BrokenPipeError:
            # Whoever read our output has left; there is nobody to tell.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except Exception as error:
            traceback.print_exc()
            message = say(f"意外错误：{error}", f"Unexpected: {error}")
            return _fail(as_json, {"error": {"code": "unexpected", "message": message}}, message, 1)


def _sentence(error: EngineError) -> str:
    return f"{say('错误：', 'Error: ')}{error}"


def _fail(as_json: bool, document: Any, text: str, code: int) -> int:
    if text:
        write(text, sys.stderr)
    if as_json:
        write(json_text(document))
    return code


__all__ = ["main", "run"]
