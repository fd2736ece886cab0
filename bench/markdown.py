"""A stored run as Markdown, for docs/reference/benchmarks.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.report import short


def as_markdown(run: Mapping[str, Any]) -> str:
    """The tables of a run as read from its JSON file, the machine first."""
    machine = run["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    head = ", ".join(
        (
            f"{machine['at'][:10]}, size {run['size']}: {machine['cores']} cores ({machine['processor']})",
            f"{machine['memory_gib']} GiB",
            machine["system"],
            f"one `fsync` {short(machine['fsync_ms']['median'])} ms",
            f"load before the run {machine['load_before']}",
            f"Python {machine['python']}",
            f"SQLite {machine['sqlite']}",
            f"{versions}.",
        )
    )
    return "\n\n".join([head, *(_answer(answer) for answer in run["answers"].values())])


def _answer(answer: Mapping[str, Any]) -> str:
    rows = [
        f"### {answer['question']}",
        "",
        "| | median | min – max | ratio | min – max | to | target |",
        "|---|--:|--:|--:|--:|---|---|",
        *(_row(line) for line in answer["lines"]),
        "",
        *(f"- {note}" for note in answer["notes"]),
    ]
    return "\n".join(rows)


def _row(line: Mapping[str, Any]) -> str:
    ratio, target = line["ratio"], line["target"]
    compared = [short(ratio["median"]), _range(ratio), line["against"]] if ratio is not None else ["", "", ""]
    wanted = ""
    if target is not None:
        ((how, limit),) = target.items()
        wanted = f"{'≥' if how == 'at_least' else '≤'} {limit:g}, {'met' if line['met'] else '**missed**'}"
    figure = [f"{short(line['median'])} {line['unit']}", _range(line)]
    return f"| {' | '.join([line['what'], *figure, *compared, wanted])} |"


def _range(spread: Mapping[str, Any]) -> str:
    return f"{short(spread['min'])} – {short(spread['max'])}" if spread["rounds"] > 1 else ""
