"""Processes of `repere` that need no seconds to import what it needs: forked from one that has imported it.

`forking` starts that one, and gives the path of a program that runs as `repere` would: with its own arguments,
environment, folder and streams. It takes signals, ends with the same status or by the same signal, and ends what it has
begun where it is killed itself.
"""

import array
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

ROOT = Path(__file__).parents[2]
FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
MOST_BYTES = 1 << 20

_PROGRAM = """\
#!{python} -IS
import array, json, os, signal, socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect({address!r})
given = json.dumps([sys.argv, os.getcwd(), dict(os.environ)]).encode()
streams = array.array("i", [0, 1, 2])
for number in {forwarded}:
    signal.signal(number, lambda number, frame: connection.sendall(bytes([number])))
connection.sendmsg([len(given).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
connection.sendall(given)
status = int.from_bytes(connection.recv(2), "big", signed=True)
if status < 0:
    signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
os._exit(status)
"""


@contextmanager
def forking() -> Iterator[str]:
    """The path of the program; it can be run until the end of the block."""
    with TemporaryDirectory(prefix="repere-fork-") as folder:
        address, program = Path(folder) / "socket", Path(folder) / "repere"
        forwarded = [int(number) for number in FORWARDED]
        program.write_text(_PROGRAM.format(python=sys.executable, address=str(address), forwarded=forwarded))
        program.chmod(0o755)
        with subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import run; run({str(address)!r})"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            start_new_session=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            # Until it listens.
            assert process.stdout.readline() == b"ready\n"
            yield str(program)
            process.stdin.close()


def serve(address: str) -> None:
    """Fork for everybody who connects, until standard input ends; returns in each process that is to be `repere`.

    Of the libraries' threads those of OpenBLAS end and begin around a fork; the one of onnxruntime is idle.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        gc.freeze()
        while True:
            readable, _, _ = select.select([listener, 0], [], [])
            if 0 in readable:
                os._exit(0)
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                return begin(connection)
            connection.close()


def begin(connection: socket.socket) -> None:
    """Read what is to be run; watch over it in this process, and return in a fork of it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, ancillary, _, _ = connection.recvmsg(4, socket.CMSG_SPACE(12))
    streams = array.array("i", ancillary[0][2])
    given = b""
    while len(given) < int.from_bytes(size, "big"):
        given += connection.recv(MOST_BYTES)
    arguments, folder, environment = json.loads(given)
    if own := os.fork():
        for stream in (0, 1, 2, *streams):
            os.close(stream)
        watch(connection, own)
    connection.close()
    for at, stream in enumerate(streams):
        os.dup2(stream, at)
        os.close(stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv[:] = arguments


def watch(connection: socket.socket, own: int) -> NoReturn:
    """Pass signals on to a process and tell its end; end it where nobody waits for it any more."""
    ended = os.pidfd_open(own)
    while True:
        readable, _, _ = select.select([connection, ended], [], [])
        if ended in readable:
            break
        for number in connection.recv(64) or [signal.SIGKILL]:
            os.kill(own, number)
            if number == signal.SIGKILL:
                os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(own, 0)[1])
    connection.sendall(status.to_bytes(2, "big", signed=True))
    os._exit(0)


def run(address: str) -> NoReturn:
    """Be that one process, and whatever is forked from it."""
    import uvicorn  # noqa: F401

    import reperage.index.encoder
    import reperage.service.app
    import reperage.service.mcp
    import reperage.service.slack.socket_mode  # noqa: F401
    from reperage.service.cli.main import main

    serve(address)
    sys.exit(main())
