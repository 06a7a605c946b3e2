"""Logs: one line an event, on standard error; no question and no answer is ever logged."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from reperage.service.settings import Settings


def configure(settings: Settings) -> None:
    """Log as the settings say, the libraries' warnings included."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if settings.log_format == "json":
        renderer: structlog.typing.Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
        shared.append(structlog.processors.format_exc_info)
    else:
        # The formatter that structlog would choose shows local variables: questions, and what is secret.
        plain = structlog.dev.plain_traceback
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # What a logger keeps could not be taken back.
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[remove_meta, renderer])
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(level, logging.WARNING))
    logging.getLogger("reperage").setLevel(level)


@contextmanager
def restored() -> Iterator[None]:
    """Whatever is configured within, logging is afterwards as it was before."""
    was_configured, configuration = structlog.is_configured(), structlog.get_config()
    root, own = logging.getLogger(), logging.getLogger("reperage")
    handlers, levels = root.handlers[:], (root.level, own.level)
    try:
        yield
    finally:
        structlog.reset_defaults()
        if was_configured:
            structlog.configure(**configuration)
        root.handlers = handlers
        root.setLevel(levels[0])
        own.setLevel(levels[1])
