"""Runs a command with a PostgreSQL of its own: ``python with_postgres.py pytest …``.

The cluster lives in a temporary directory on a free loopback port, is reached through ``HUIYIN_TEST_POSTGRES``
(an SQLAlchemy address of its maintenance database) and is stopped and removed afterwards. Standard library only.
"""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OWNER = "postgres"
#: A throwaway cluster: durability off, so that a test run is not bound to the disk.
THROWAWAY = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs: the newest Debian one, or the one on the PATH."""
    packaged = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=lambda path: int(path.split("/")[4]))
    found = packaged[-1] if packaged else shutil.which(name)
    if not found:
        sys.exit(
            f"with_postgres: {name} was not found; install PostgreSQL's server (Debian: apt-get install postgresql)"
        )
    return found


def as_owner(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root, so root hands over to the user its package made."""
    return ["runuser", "-u", OWNER, "--", *command] if os.geteuid() == 0 else command


def run(command: list[str]) -> None:
    """Runs one of PostgreSQL's programs; on failure ends with all it said. Its output goes to a file, not a pipe:
    the server pg_ctl leaves behind would hold a pipe open for ever."""
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(as_owner(command), stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/")
        said.seek(0)
        if done.returncode:
            sys.exit(f"with_postgres: {' '.join(command)} failed:\n{said.read().decode('utf-8', 'replace')}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def cluster(options: str = THROWAWAY) -> Iterator[str]:
    """The SQLAlchemy address of a new cluster's maintenance database; ``options`` go to its server."""
    directory = Path(tempfile.mkdtemp(prefix="huiyin-postgres-"))
    data = directory / "data"
    try:
        if os.geteuid() == 0:
            owner = pwd.getpwnam(OWNER)
            os.chown(directory, owner.pw_uid, owner.pw_gid)
        run([program("initdb"), "-D", str(data), "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])
        port = free_port()
        listening = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200"
        pg_ctl = program("pg_ctl")
        run([pg_ctl, "-D", str(data), "-l", str(directory / "log"), "-o", f"{listening} {options}", "-w", "start"])
        try:
            yield f"postgresql+psycopg://{OWNER}@127.0.0.1:{port}/postgres"
        finally:
            run([pg_ctl, "-D", str(data), "-m", "immediate", "-w", "stop"])
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def main(command: list[str]) -> int:
    if not command:
        sys.exit(__doc__)
    with cluster() as address:
        return subprocess.call(command, env={**os.environ, "HUIYIN_TEST_POSTGRES": address})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
