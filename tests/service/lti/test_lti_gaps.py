"""What a course could not answer is told to the school whose students asked it, where several share the course."""

from collections.abc import Callable

import httpx
import pytest

from reperage.service.access.api_keys import new_key
from reperage.service.caller import Role
from reperage.service.database.keys import store_key
from tests.service.lti.launching import browser, launch
from tests.service.lti.platform import LtiPlatform
from tests.service.lti.school import CAMILLE, DOMINIQUE
from tests.service.lti.served import Lti, token_of
from tests.web.running import until

pytestmark = pytest.mark.model

QUESTION = "Comment installer Kubernetes chez Camille ?"
REASON = "signé Camille"
GAPS = "/v1/courses/docker/gaps"


def test_a_teacher_reads_what_their_own_students_asked(
    lti: Lti, another_platform: Callable[..., LtiPlatform], client: httpx.Client
) -> None:
    here, elsewhere = another_platform(), another_platform()
    for platform in (here, elsewhere):
        lti.map(platform)
    asks = {"Authorization": f"Bearer {token_of(launch(client, here, here.begin(CAMILLE)))}"}
    api = lti.served.client
    given = api.post("/v1/ask", json={"question": QUESTION, "course": "docker"}, headers=asks).json()
    assert given["status"] == "not_in_material"
    path = f"/v1/answers/{given['id']}/feedback"
    until(lambda: api.post(path, json={"rating": "down", "reason": REASON}, headers=asks).is_success)
    own = teacher(here)
    until(lambda: QUESTION in lti.get(GAPS, own).text and REASON in lti.get(GAPS, own).text)
    told = lti.get(GAPS, teacher(elsewhere))
    assert told.status_code == 200
    assert told.json()["questions"] == []
    assert told.json()["empty_sections"] == lti.get(GAPS, own).json()["empty_sections"] != []
    assert QUESTION in lti.get(GAPS, key(lti, "teacher")).text


def teacher(platform: LtiPlatform) -> str:
    with browser() as another:
        return token_of(launch(another, platform, platform.begin(DOMINIQUE)))


def key(lti: Lti, role: Role) -> str:
    made, text = new_key("", role, None, None)
    store_key(lti.served.app.state.services.database, made)
    lti.served.app.state.services.registry.read_again()
    return text
