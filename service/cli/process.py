"""State of the process that a command changes, put back for whoever called it within theirs."""

import gc
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from reperage.service import logs


@contextmanager
def restored_process() -> Iterator[None]:
    """Context after which logging, signal handlers and standard streams are what they were before."""
    streams = sys.stdin, sys.stdout, sys.stderr
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    freeze_count = gc.get_freeze_count()
    try:
        with logs.restored():
            yield
    finally:
        # What serves is not loaded for commands that do not.
        if events := sys.modules.get("reperage.service.http.sse"):
            events.reopen_streams()
        # The library of the command line wraps those whose reader is gone.
        sys.stdin, sys.stdout, sys.stderr = streams
        if threading.current_thread() is threading.main_thread():
            for number, handler in handlers.items():
                if handler is not None:
                    signal.signal(number, handler)
        # What was frozen before goes as well, as the two cannot be told apart: it is only looked through again.
        if gc.get_freeze_count() > freeze_count:
            gc.unfreeze()
