"""The set-up scripts: a PostgreSQL of one's own is there while the command runs and gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WITH_POSTGRES = ROOT / "tests" / "setup" / "with_postgres.py"

ASK = """
import os, sys, psycopg
address = os.environ["HUIYIN_TEST_POSTGRES"].replace("+psycopg", "")
with psycopg.connect(address) as connection:
    print(address, connection.execute("show data_directory").fetchone()[0], sep="\\n")
sys.exit(7)
"""


def test_a_cluster_is_there_for_the_command_and_gone_afterwards() -> None:
    done = subprocess.run(
        [sys.executable, str(WITH_POSTGRES), sys.executable, "-c", ASK], capture_output=True, text=True
    )

    assert done.returncode == 7, done.stderr
    address, data = done.stdout.split()
    assert "@127.0.0.1:" in address
    assert not Path(data).exists()


def test_pins_name_no_addresses() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()

    assert lines
    assert all(line.count("==") == 1 and "@" not in line and ":" not in line for line in lines)


def test_an_old_python_is_named(tmp_path: Path) -> None:
    fake = tmp_path / "python3"
    fake.write_text('#!/bin/sh\ncase "$2" in *platform*) echo 3.9.2;; *) exit 1;; esac\n', "utf-8")
    fake.chmod(0o755)

    done = subprocess.run(
        ["/bin/sh", str(ROOT / "tests" / "setup" / "find-python")],
        env={"PATH": str(tmp_path), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert "python3 3.9.2" in done.stderr
    assert "3.11" in done.stderr


def test_ci_runs_what_everybody_runs() -> None:
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
