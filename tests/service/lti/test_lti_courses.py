"""Whose courses are whose: what one school has made, or was given, is not another's."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import httpx
import pytest

from reperage.service.access.signed_tokens import LaunchSession
from reperage.service.database.engine import Database
from reperage.service.database.lti import Context, Platform, add_platform, course_owners, make_course, mapped_contexts
from tests.service.lti.launching import launch
from tests.service.lti.platform import LtiPlatform
from tests.service.lti.school import CAMILLE, DOMINIQUE
from tests.service.lti.served import Lti, assert_refused, token_of
from tests.service.serving import assert_problem

pytestmark = pytest.mark.model
Platforms = Callable[..., LtiPlatform]


def choose(lti: Lti, token: str, **fields: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return lti.served.client.put("/v1/lti/context", json=fields, headers=headers)


def known(lti: Lti, platform: LtiPlatform) -> Platform:
    return next(one for one in lti.platforms() if one.issuer == platform.url)


def test_a_teacher_who_tries_another_course_comes_back_to_their_own(
    lti: Lti, another_platform: Platforms, client: httpx.Client
) -> None:
    platform = another_platform()
    token = token_of(launch(client, platform, platform.begin(DOMINIQUE)))
    own = choose(lti, token, new="Physique quantique").json()["course"]["id"]
    assert choose(lti, token, course="docker").status_code == 200
    assert own in lti.session(token)["courses"]
    assert choose(lti, token, course=own).json()["course"]["id"] == own
    # The same title is another course.
    assert choose(lti, token, new="Physique quantique").json()["course"]["id"] == f"{own}-2"


def test_what_one_school_has_made_is_not_offered_to_another(
    lti: Lti, another_platform: Platforms, client: httpx.Client
) -> None:
    first, second = another_platform(), another_platform()
    own = choose(lti, token_of(launch(client, first, first.begin(DOMINIQUE))), new="Chimie fine").json()
    stranger = token_of(launch(client, second, second.begin(DOMINIQUE)))
    assert own["course"]["id"] not in lti.session(stranger)["courses"]
    assert_problem(choose(lti, stranger, course=own["course"]["id"]), 404)
    assert choose(lti, stranger, new="Chimie fine").json()["course"]["id"] != own["course"]["id"]


def test_deployments_of_one_client_are_schools_apart(
    lti: Lti, another_platform: Platforms, client: httpx.Client
) -> None:
    platform = another_platform()
    lti.map(platform, "histoire-des-uns", "c-202")
    registered = known(lti, platform)
    lti.add(replace(registered, deployments=registered.deployments | {"the-others"}))
    session = LaunchSession("lms-them", "teacher", registered.id, "the-others", "c-1", "", "", 2_000_000_000)
    token = lti.served.app.state.services.tokens.launch.new(session)
    assert "histoire-des-uns" not in lti.session(token)["courses"]
    assert_problem(choose(lti, token, course="histoire-des-uns"), 404)


def test_a_course_that_is_withdrawn_is_closed_at_once(
    lti: Lti, another_platform: Platforms, client: httpx.Client
) -> None:
    platform = another_platform()
    lti.map(platform, "prete", "c-202")
    registered = known(lti, platform)
    lti.add(replace(registered, courses=frozenset({"lent"})))
    database: Database = lti.served.app.state.services.database
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE lti_contexts SET course = 'lent' WHERE course = 'prete'")
    lti.served.app.state.services.registry.read_again()
    token = token_of(launch(client, platform, platform.begin(CAMILLE, "c-202")))
    assert lti.session(token)["course"]["id"] == "lent"
    lti.add(replace(registered, courses=frozenset()))
    assert lti.session(token)["course"] is None
    assert_refused(launch(client, platform, platform.begin(CAMILLE, "c-202")), 403, "not_mapped")
    # The teacher chooses anew, as where nobody has chosen before.
    teacher = token_of(launch(client, platform, platform.begin(DOMINIQUE, "c-202")))
    assert lti.session(teacher)["course"] is None
    assert_problem(choose(lti, teacher, course="docker", instead_of="lent"), 409)
    assert choose(lti, teacher, course="docker", instead_of=None).json()["course"]["id"] == "docker"
    assert_problem(choose(lti, teacher, course="docker", instead_of=None), 409)
    assert lti.session(token)["course"]["id"] == "docker"


def test_a_choice_that_somebody_else_has_made_meanwhile_stays(
    lti: Lti, another_platform: Platforms, client: httpx.Client
) -> None:
    platform = another_platform()
    token = token_of(launch(client, platform, platform.begin(DOMINIQUE)))
    assert choose(lti, token, course="docker", instead_of=None).status_code == 200
    assert_problem(choose(lti, token, new="Trop tard", instead_of=None), 409)
    assert lti.session(token)["course"]["id"] == "docker"
    assert choose(lti, token, new="À temps", instead_of="docker").status_code == 200


def test_of_two_that_make_a_course_at_once_each_gets_their_own(database: Database) -> None:
    database.migrate()
    platform = Platform(
        "p1", "https://lms.example", "c", "", "https://a", "https://k", None, frozenset(), (), frozenset(), 0
    )
    add_platform(database, platform)
    add_platform(database, replace(platform, id="p2", client_id="d"))
    ready = Barrier(8)

    def make(i: int) -> str:
        ready.wait()
        context = Context(f"p{i % 2 + 1}", "1", f"c-{i}")
        return make_course(database, context, (f"maths-{n}" for n in range(99)), 0)

    with ThreadPoolExecutor(8) as threads:
        names = list(threads.map(make, range(8)))
    assert sorted(names) == [f"maths-{n}" for n in range(8)]
    owners, contexts = course_owners(database), mapped_contexts(database)
    for i, name in enumerate(names):
        assert owners[name] == (f"p{i % 2 + 1}", "1")
        assert contexts[Context(f"p{i % 2 + 1}", "1", f"c-{i}")] == name
