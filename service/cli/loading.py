"""A command that ends while its model is still being loaded."""

from typing import TYPE_CHECKING

from reperage.service.cli.terminal import messages
from reperage.service.errors import StartError

if TYPE_CHECKING:
    from reperage.service.loading import Loading


class StillLoading(Exception):
    """The command has ended with this exit status, and a thread still loads the model."""

    def __init__(self, loading: "Loading", status: int) -> None:
        super().__init__(status)
        self.loading = loading
        self.status = status


def tell_failure(loading: "Loading") -> None:
    if loading.error:
        messages.print(f"repere: {loading.error}")


def end_loading(loading: "Loading", error: StartError | None = None) -> None:
    """Raise `StillLoading` where the model is still being loaded; `error`, which ends the command, is told then."""
    if not loading.wait(0):
        if error:
            messages.print(f"repere: {error}")
        raise StillLoading(loading, 1 if error else 0)
