"""Optional dependencies, and the command that installs those that are missing."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from reperage.service.errors import StartError

EXTRAS = frozenset({"mcp", "mistralai", "ollama", "openai", "postgresql", "redis", "slack"})
"""The extras of pyproject.toml that bring something to a user."""

_DISTRIBUTION = "reperage"


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Around the import of what the optional dependencies of that name bring.

    Raises:
        StartError: they are not installed.
    """
    try:
        yield
    except ImportError as error:
        if (error.name or "").partition(".")[0] == _DISTRIBUTION:
            raise
        raise StartError(f"this needs a library that is not installed: {install_command(name)}") from error


def install_command(name: str) -> str:
    """The command that installs what is missing, where this very program was installed.

    `name`: an extra of ours, or else a package of somebody else's.
    """
    here = installation()
    if name not in EXTRAS:
        return f"{'.venv/bin/' if here.is_checkout else ''}pip install {_quoted(name)}"
    if here.is_checkout:
        return f"python3 tools/environment.py --extra {name}"
    return f"pip install {here.requirement(name)}"


@dataclass(frozen=True, slots=True)
class Installation:
    """How this program came to where it runs."""

    is_checkout: bool
    """Whether it is run in the folder of its sources, with the tool that makes their environment."""
    direct_url: dict[str, Any] | None = None
    """What it was installed from, as PEP 610 says: a file, a folder or an address; nothing for a name in an index."""
    requires: Sequence[str] = ()
    """What the distribution requires, as its metadata says."""

    def requirement(self, extra: str) -> str:
        """What pip is told to install to have an extra as well."""
        if self.direct_url is None:
            return _quoted(f"{_DISTRIBUTION}[{extra}]")
        url: str = self.direct_url["url"]
        if urlsplit(url).scheme != "file":
            # Other than to a path, pip lets no extra be written to an address.
            return _quoted(f"{_DISTRIBUTION}[{extra}] @ {self._address(url)}")
        path = Path(url2pathname(urlsplit(url).path))
        if not path.exists():
            return " ".join(map(_quoted, self._libraries(extra)))
        is_editable = self.direct_url.get("dir_info", {}).get("editable", False)
        return f"{'--editable ' if is_editable else ''}{_quoted(f'{path}[{extra}]')}"

    def _address(self, url: str) -> str:
        assert self.direct_url is not None
        if version_control := self.direct_url.get("vcs_info"):
            url = f"{version_control['vcs']}+{url}@{version_control['commit_id']}"
        folder = self.direct_url.get("subdirectory")
        return f"{url}#subdirectory={folder}" if folder else url

    def _libraries(self, extra: str) -> list[str]:
        """What an extra brings, by name."""
        marker = re.compile(rf"""extra\s*==\s*['"]{re.escape(extra)}['"]""")
        parts = (required.partition(";") for required in self.requires)
        return [name.strip() for name, _, condition in parts if marker.search(condition)]


def installation() -> Installation:
    """How the running program was installed."""
    is_checkout = (Path(__file__).resolve().parents[1] / "tools" / "environment.py").is_file()
    try:
        found = distribution(_DISTRIBUTION)
    except PackageNotFoundError:
        return Installation(is_checkout)
    direct_url = found.read_text("direct_url.json")
    return Installation(is_checkout, json.loads(direct_url) if direct_url else None, found.requires or ())


def _quoted(text: str) -> str:
    """A word for the shell; its brackets would stand for file names."""
    return "'" + text.replace("'", """'"'"'""") + "'"
