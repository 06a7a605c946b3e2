"""Real answers to show in Slack: of the shipped course, and of a course with everything that Markdown can set."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import anyio

from reperage.index.encoder import Encoder
from reperage.service.answering.answerability import NAMES
from reperage.service.answering.calibration import load_calibration
from reperage.service.answering.generation.composer import GeneratingComposer
from reperage.service.answering.pipeline import Pipeline
from reperage.service.assistant import Assistant
from reperage.service.caller import COMMAND_LINE, Caller
from reperage.service.contract.answer import Answer, RelatedSection
from reperage.service.conversations.conversations import Conversations
from reperage.service.courses.library import CourseLibrary
from reperage.service.settings import Settings
from reperage.service.sources.links import SourceLinks
from tests.service.answering.generation.scripted import Script, ScriptedModel
from tests.service.serving import build_course

BASE_URL = "https://repere.example"
COURSE = "reseaux"
MATERIAL = """\
# Réseaux

## Installer un serveur

Pour installer un serveur web, suivez ces étapes :

1. Mettez le système à jour avec `apt update`.
2. Installez le serveur. Deux choix sont possibles :
    - **nginx**, qui est léger ;
    - *Apache*, qui est répandu.
3. Ouvrez le port **80** du pare-feu.

## Ports connus

| Service | Port | Usage |
| --- | --- | --- |
| HTTP | 80 | pages web |
| HTTPS | 443 | pages web chiffrées |
| SSH | 22 | |

## Démarrer le serveur

La commande suivante démarre le serveur et le garde actif après un redémarrage :

```sh
sudo systemctl enable nginx
sudo systemctl start nginx
```

## Les couches du modèle TCP/IP

Le modèle TCP/IP a quatre couches :

- la couche application, où se trouve [HTTP](https://www.rfc-editor.org/rfc/rfc9110) ;
- la couche transport, avec TCP et UDP ;
- la couche internet, avec IP ;
- la couche d'accès au réseau.

## Balises de Slack

La balise `<!channel>` prévient tout un canal : <!channel>, <@U1> et *tout le monde* | @here la reçoivent.

## Les commandes de l'administrateur

{commands}
"""
_COMMAND = (
    "- La commande `commande-{i}` de l'administrateur règle le paramètre numéro {i} du serveur, affiche sa valeur, et "
    "écrit dans le journal du système qui l'a changé, à quelle heure et depuis quelle machine."
)
_MATERIAL = MATERIAL.format(commands="\n".join(_COMMAND.format(i=i) for i in range(1, 61)))


class Answering:
    """Asks an assistant; every answer has the id that its question gives it."""

    def __init__(self, home: Path, folder: Path, encoder: Encoder) -> None:
        own = Path(shutil.copytree(home, folder / "home", ignore=shutil.ignore_patterns("repere.sqlite3*")))
        (folder / COURSE).mkdir()
        (folder / COURSE / "reseaux.md").write_text(_MATERIAL, encoding="utf-8")
        build_course(own, folder / COURSE, encoder)
        self._settings, self._encoder = Settings(home=own), encoder
        self.assistant = self._made(None)

    def ask(self, question: str, course: str = "docker", earlier: Sequence[str] = ()) -> Answer:
        return self.assistant.ask(
            question,
            course,
            links=SourceLinks(BASE_URL),
            answer_id="r1",
            conversation_id="c1",
            earlier=earlier,
            caller=COMMAND_LINE,
        )

    def write(self, question: str, script: Script, course: str = "docker") -> Answer:
        """The answer that a language model writes."""
        made = self._made(ScriptedModel(script))

        async def written() -> Answer:
            return await made.answer(
                question, course, links=SourceLinks(BASE_URL), answer_id="r1", conversation_id="c1", caller=COMMAND_LINE
            )

        return anyio.run(written)

    def read_on(self, answer: Answer) -> RelatedSection | None:
        return self.assistant.read_on(answer, caller=Caller("somebody", channel="slack"), links=SourceLinks(BASE_URL))

    def _made(self, model: ScriptedModel | None) -> Assistant:
        calibration = load_calibration(self._settings.home, self._settings.recipe.model_digest, NAMES)
        composer = GeneratingComposer(model, self._encoder, self._settings) if model else None
        return Assistant(
            Pipeline(self._encoder, calibration), CourseLibrary(self._settings), Conversations(), composer=composer
        )
