"""Who is at a school, what they are taught, and the links that teachers put into their courses."""

from dataclasses import dataclass, field

from tests.service.lti.names import ADMINISTRATOR, ASSISTANT, INSTRUCTOR, LEARNER, PERSON, STAFF


@dataclass(frozen=True)
class User:
    """Somebody with an account. `roles` are those of the institution; those in a course are the course's."""

    id: str
    given_name: str
    family_name: str
    roles: tuple[str, ...] = ()
    locale: str | None = "fr"

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def email(self) -> str:
        return f"{self.given_name}.{self.family_name}@lycee.example".lower()


@dataclass(frozen=True)
class Link:
    """A link to the tool in a course, as a teacher made it or picked it in the tool."""

    id: str
    title: str
    target: str | None = None
    custom: dict[str, str] = field(default_factory=dict)


@dataclass
class Context:
    """A course of the platform: who has which role in it, and its links by their IDs."""

    id: str
    label: str
    title: str
    roles: dict[str, tuple[str, ...]]
    links: dict[str, Link] = field(default_factory=dict)

    def roles_of(self, user: User) -> list[str]:
        return [*self.roles.get(user.id, ()), *user.roles]


CAMILLE = User("u-4711", "Camille", "Étudiante", (PERSON,))
BASIL = User("u-4712", "Basil", "Student", (PERSON,), "en-GB")
DOMINIQUE = User("u-0815", "Dominique", "Enseignante", (STAFF,))
ALEX = User("u-0816", "Alex", "Assistant", (PERSON,))
"""A student who helps in a course."""
SACHA = User("u-0001", "Sacha", "Admin", (ADMINISTRATOR,))
USERS = {user.id: user for user in (CAMILLE, BASIL, DOMINIQUE, ALEX, SACHA)}


def contexts() -> dict[str, Context]:
    """Two courses, each with a link that somebody typed in by hand."""
    members: dict[str, tuple[str, ...]] = {
        CAMILLE.id: (LEARNER,),
        BASIL.id: (LEARNER,),
        DOMINIQUE.id: (INSTRUCTOR,),
        ALEX.id: (ASSISTANT,),
    }
    made = [
        Context("c-101", "DOCKER", "Conteneurs, l’introduction", members),
        Context("c-202", "PY", "Python <b>avancé</b> & Cie", dict(members)),
    ]
    for number, context in enumerate(made, 1):
        context.links[f"l-{number}"] = Link(f"l-{number}", "L’assistant du cours")
    return {context.id: context for context in made}
