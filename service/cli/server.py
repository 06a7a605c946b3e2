"""Serving over HTTP, as several commands do: the address, who may ask at it, and the server."""

import errno
import socket
from typing import TYPE_CHECKING

from reperage.service.cli.terminal import messages, open_database
from reperage.service.errors import StartError, StateUnavailable
from reperage.service.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from uvicorn import Server


def tell_who_may_ask(settings: Settings) -> None:
    """Say what is open as long as there is no key; make the first one where others can reach the server."""
    from reperage.service.access.api_keys import new_key
    from reperage.service.database.keys import all_keys, store_key
    from reperage.service.urls import is_loopback

    try:
        with open_database(settings) as database:
            if all_keys(database):
                return
            if is_loopback(settings.host):
                messages.print("This machine alone may ask, as no key was made yet (`repere keys create`).")
                return
            key, key_text = new_key("made at the first start", "administrator", None, None)
            store_key(database, key)
    except StateUnavailable as error:
        messages.print(f"Who may ask cannot be read for now: {error.reason}")
        return
    messages.print(
        "Others can reach this address, so it takes a key from now on. The administrator's, shown this once:\n"
        f"{key_text}\n"
        f"Pages ask once their site is registered: repere sites add {settings.address()} --course NAME"
    )


def listen(host: str, port: int, command: str) -> socket.socket:
    """A listening socket; `command` takes another port where this one is taken.

    Raises:
        StartError: the port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named: without it an answer waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise StartError(
                f"port {port} on {host} is taken by another program; end that one, or choose another port: "
                f"{command.format(port + 1)}"
            ) from error
        raise StartError(
            f"cannot listen on {host}:{port}: {error.strerror}; set REPERE_HOST and REPERE_PORT"
        ) from error
    return listener


def new_server(application: "ASGIApp", settings: Settings) -> "Server":
    import uvicorn

    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=settings.proxies,
    )
    return uvicorn.Server(config)


def run_server(server: "Server", listener: socket.socket) -> None:
    """Serve until the server is told to end, or Ctrl-C."""
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        messages.print("Repère has ended.")
