"""Links that open for whoever is at this machine, whether or not keys are asked for."""

from contextlib import closing
from pathlib import Path

import httpx
from pydantic import SecretStr

from reperage.corpus import read_course
from reperage.service.access.api_keys import new_key
from reperage.service.access.document_grants import links_here
from reperage.service.access.signed_tokens import GrantTokens
from reperage.service.database.engine import Database
from reperage.service.database.keys import store_key
from reperage.service.settings import Settings


def granted(settings: Settings, folder: Path) -> bool:
    """Whether a link to the document in `folder` holds a right to read it."""
    [document] = read_course(folder, "réseaux").documents
    address = httpx.URL(links_here(settings).to(document))
    if "grant" not in address.params:
        return False
    tokens = GrantTokens(["k" * 16])
    assert tokens.is_good(address.params["grant"], document.course, document.id, document.version)
    return True


def test_links_hold_a_right_to_read_once_there_is_a_key(tmp_path: Path) -> None:
    folder, home = tmp_path / "material", tmp_path / "home"
    folder.mkdir()
    (folder / "ports.md").write_text("# Les ports\n\nUn port est un numéro.\n", encoding="utf-8")
    settings = Settings(home=home, secret_key=SecretStr("k" * 16))
    assert links_here(settings).base_url == "http://localhost:8000"
    assert not granted(settings, folder)
    assert not home.exists()
    home.mkdir()
    with closing(Database(f"sqlite:///{home / 'repere.sqlite3'}")) as database:
        database.migrate()
        assert not granted(settings, folder)
        store_key(database, new_key("", "student", None, None)[0])
    assert granted(settings, folder)
    # Where nobody can say whether there is one, a right does no harm.
    gone = settings.model_copy(update={"database_url": SecretStr("postgresql://nobody:secret@127.0.0.1:9/none")})
    assert granted(gone, folder)
