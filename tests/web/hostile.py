"""A course whose author means harm: markup, links and scripts wherever a document can hold them, and a huge table."""

from pathlib import Path

TABLE_BYTES = 5_000_000

FOUND_BY = "Quel est le matricule du pangolin Zéphyrin ?"
ROW = "pangolin Zéphyrin"
"""What the one row of the table holds that `FOUND_BY` asks for; all the others are alike."""

FLAG = "__hostile"
"""The global of a page that a script of the course would set, if one ever ran."""

HOST = "evil.example"
"""Where the course's images, frames and links lead."""

ATTACKS = {
    "Un script": f"Le script est ici <script>window.{FLAG} = 'script'</script> et se termine là.",
    "Une image": f"L'image cassée est ici <img src=x onerror=\"window.{FLAG} = 'img'\"> en ligne.",
    "Un lien": f"Le lien piégé est [un lien](javascript:window.{FLAG}='link') qui ne mène nulle part.",
    "Un lien déguisé": f"Le lien déguisé est [un autre](&#106;ava&#x9;script&colon;window.{FLAG}='link') bien caché.",
    "Un lien automatique": f"Le lien automatique est <javascript:window.{FLAG}=1> entre chevrons.",
    "Une adresse de données": "La page de données est [une page](data:text/html;base64,PHNjcmlwdD4xPC9zY3JpcHQ+) vide.",
    "Une image distante": f"L'image distante est ![un pixel](https://{HOST}/x.png) invisible.",
    "Un cadre": f'Le cadre est <iframe src="https://{HOST}/" srcdoc="<script>parent.{FLAG}=1</script>"></iframe> ici.',
    "Un dessin": (
        f"Le dessin est <svg onload=\"window.{FLAG} = 'svg'\"><script>window.{FLAG} = 'svg'</script></svg> ici."
    ),
    "Un style": f"Le style est <style>@import 'https://{HOST}/x.css'; * {{ display: none }}</style> caché.",
    "Un formulaire": f'Le formulaire est <form action="https://{HOST}/"><input name="q" autofocus></form> ici.',
    "Une base": f'La base est <base href="https://{HOST}/"> et tout part ailleurs.',
    "Un caractère renversé": "Le fichier renversé est \u202etxt.exe\u202c et \u2066isolé\u2069, \u200einvisible\u200f.",
    "Un code": f"Le code fermant est ceci :\n\n```html\n</script><script>window.{FLAG} = 'code'</script>\n```",
    "Un bloc": (
        f'Le bloc brut suit.\n\n<div onclick="window.{FLAG} = \'div\'" style="position:fixed;inset:0">Cliquez</div>'
    ),
    "Une balise en code": "La balise échappée est `<img src=x onerror=alert(1)>` et &lt;script&gt;alert(1).",
    "Un gabarit": "Le gabarit est {{ 7 * 7 }} ${7 * 7} <%= 7 * 7 %> `${alert(1)}`.",
    f"<img src=x onerror=\"window.{FLAG} = 'heading'\"> *Titre* `</h2>` <b>gras</b>": "Le titre piégé est au-dessus.",
    f"Un titre avec [un lien](javascript:window.{FLAG}='title')": "Le titre à lien est au-dessus.",
}
"""Sections by their headings, each a sentence that can be asked for."""

_FILLER = "| remplissage | " + "rien à signaler dans cette ligne du registre des animaux, " * 8 + "fin |\n"


def write(folder: Path, table_bytes: int = TABLE_BYTES) -> Path:
    """Write the course's documents into `folder`, which is made; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "attaques.md").write_text(attacks(), encoding="utf-8")
    (folder / "registre.md").write_text(table(table_bytes), encoding="utf-8")
    return folder


def attacks() -> str:
    """A document with a section for each attack."""
    return "# Attaques\n\n" + "\n\n".join(f"## {heading}\n\n{text}" for heading, text in ATTACKS.items()) + "\n"


def table(size: int = TABLE_BYTES) -> str:
    """A document of about `size` bytes that is one table; the row that can be found stands past its middle.

    The other rows are alike: an index encodes a text once, so that its build takes seconds.
    """
    rows = size // len(_FILLER.encode())
    before = rows * 2 // 3
    found = f"| {ROW} | Le matricule du {ROW} est 48151623. |\n"
    head = "# Registre\n\n| espèce | remarque |\n| --- | --- |\n"
    return head + _FILLER * before + found + _FILLER * (rows - before)
