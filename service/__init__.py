"""What programs start from: `create_app`, `Services`, `Assistant`, `Answer` and `Settings`.

Each is imported when it is asked for, so that a command that needs one module does not load them all.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reperage.service.app import create_app as create_app
    from reperage.service.assistant import Assistant as Assistant
    from reperage.service.contract.answer import Answer as Answer
    from reperage.service.services import Services as Services
    from reperage.service.settings import Settings as Settings

_HOMES = {
    "create_app": "app",
    "Services": "services",
    "Assistant": "assistant",
    "Answer": "contract.answer",
    "Settings": "settings",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(_HOMES)
