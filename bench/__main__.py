"""``python -m bench [question …] [--quick]``: prints tables, writes ``bench/results/<moment>.json``."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.databases import DURABLE, Place
from bench.markdown import as_markdown
from bench.report import machine, table
from tests.setup.with_postgres import cluster

#: In this order.
QUESTIONS = ("steps", "loops", "workers", "timers", "web", "engines", "sizes")
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Runs what was asked for; every question's table is printed as soon as it is answered."""
    asked = _asked()
    if asked.markdown is not None:
        sys.stdout.write(as_markdown(json.loads(asked.markdown.read_text(encoding="utf-8"))) + "\n")
        return
    found: dict[str, object] = {"machine": machine(), "size": "quick" if asked.quick else "full"}
    sys.stdout.write(json.dumps(found["machine"], ensure_ascii=False) + "\n\n")
    answers = {}
    with ExitStack() as open_ones:
        folder = Path(open_ones.enter_context(tempfile.TemporaryDirectory(prefix="huiyin-bench-")))
        postgres = None if asked.no_postgres else open_ones.enter_context(cluster(DURABLE))
        place = Place(folder, postgres, "quick" if asked.quick else "full")
        for name in asked.questions or QUESTIONS:
            began = time.monotonic()
            answer = importlib.import_module(f"bench.{name}").run(place)
            answers[name] = {**answer.as_json(), "took_s": round(time.monotonic() - began, 1)}
            sys.stdout.write(f"{table(answer)}\n\n")
            sys.stdout.flush()
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{time.strftime('%Y-%m-%d-%H%M%S')}.json"
    file.write_text(json.dumps({**found, "answers": answers}, ensure_ascii=False, indent=1), encoding="utf-8")
    sys.stdout.write(f"{file}\n")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("questions", nargs="*", choices=[*QUESTIONS, []], metavar="question", help=", ".join(QUESTIONS))
    parser.add_argument("--quick", action="store_true", help="small sizes: about a minute, for a first look")
    parser.add_argument("--no-postgres", action="store_true", help="SQLite only")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="print a stored run as Markdown, measure nothing")
    return parser.parse_args()


if __name__ == "__main__":
    main()
