"""Whoever follows a link in an LMS comes to the course of that LMS's course, as who they are there."""

import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.service.lti.launching import Form, authorize, browser, form_of, launch, log_in, post
from tests.service.lti.messages import MISSING, Twists
from tests.service.lti.names import ADMINISTRATOR, INSTRUCTOR, LEARNER, STAFF
from tests.service.lti.platform import LtiPlatform
from tests.service.lti.school import ALEX, BASIL, CAMILLE, DOMINIQUE, User
from tests.service.lti.served import Lti, assert_refused, introduce, token_of
from tests.service.serving import REFERENCE, Page, assert_problem
from tests.web.running import until

pytestmark = pytest.mark.model

Platforms = Callable[..., LtiPlatform]


def data(response: httpx.Response) -> dict[str, str | None]:
    """What a page holds for its script."""
    assert response.status_code == 200, response.text
    body = next(attributes for name, attributes in Page(response.text).tags if name == "body")
    return {name.removeprefix("data-"): value for name, value in body.items() if name.startswith("data-")}


def view_of(response: httpx.Response) -> str:
    """The view that a launch ends in."""
    return str(data(response)["address"]).partition("?")[0].rpartition("/")[2]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("user", "role"), [(CAMILLE, "student"), (BASIL, "student"), (ALEX, "teacher"), (DOMINIQUE, "teacher")]
)
def test_everybody_comes_to_the_course_in_their_role(
    lti: Lti, platform: LtiPlatform, client: httpx.Client, user: User, role: str, method: str
) -> None:
    lti.map(platform)
    response = launch(client, platform, platform.begin(user), method)
    assert view_of(response) == "course"
    session = lti.session(token_of(response))
    assert session["role"] == role
    assert session["course"]["id"] == "docker"
    assert session["context_title"] == "Conteneurs, l’introduction"


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        ([INSTRUCTOR], "teacher"),
        ([LEARNER, STAFF], "student"),  # Those of the course decide.
        ([LEARNER, INSTRUCTOR], "teacher"),
        ([STAFF], "teacher"),
        ([ADMINISTRATOR, INSTRUCTOR], "teacher"),
        (["Instructor"], "teacher"),
        (["https://lycee.example/roles#Instructor"], "student"),
        ([], "student"),
    ],
)
def test_the_roles_decide(lti: Lti, platform: LtiPlatform, client: httpx.Client, roles: list[str], role: str) -> None:
    lti.map(platform)
    begun = platform.begin(CAMILLE, twists=Twists(claims={"roles": roles}))
    assert lti.session(token_of(launch(client, platform, begun)))["role"] == role


@pytest.mark.parametrize(("user", "language"), [(CAMILLE, "fr"), (BASIL, "en")])
def test_the_language_is_the_one_that_they_read_the_lms_in(
    lti: Lti, platform: LtiPlatform, user: User, language: str
) -> None:
    lti.map(platform)
    with browser("de") as client:
        response = launch(client, platform, platform.begin(user))
    assert Page(response.text).values("html", "lang") == [language]
    assert parse_qs(urlsplit(data(response)["address"]).query)["lang"] == [language]


def test_the_language_is_the_browsers_where_the_lms_tells_none(lti: Lti, platform: LtiPlatform) -> None:
    lti.map(platform)
    twists = Twists(claims={"locale": MISSING, "launch_presentation": MISSING})
    with browser("en") as client:
        response = launch(client, platform, platform.begin(CAMILLE, twists=twists))
    assert Page(response.text).values("html", "lang") == ["en"]


def test_a_platform_that_tells_only_what_it_must(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    lti.map(platform)
    optional = ("name", "given_name", "family_name", "email", "locale", "tool_platform", "launch_presentation", "lis")
    twists = Twists(
        login={"client_id": MISSING, "lti_deployment_id": MISSING},
        claims=dict.fromkeys(optional, MISSING) | {"context": {"id": "c-101"}},
    )
    assert lti.session(token_of(launch(client, platform, platform.begin(CAMILLE, twists=twists))))["role"] == "student"


def test_only_the_platform_may_show_the_page(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    lti.map(platform)
    policy = launch(client, platform, platform.begin(CAMILLE)).headers["content-security-policy"]
    assert f"frame-ancestors {platform.url};" in f"{policy};"


def test_nothing_that_tells_who_somebody_is_is_kept(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    lti.map(platform)
    token = token_of(launch(client, platform, platform.begin(CAMILLE)))
    answered = ask(lti, token)
    assert answered["status"] == "answered"

    def kept() -> str:
        with closing(sqlite3.connect(lti.home / "repere.sqlite3")) as database:
            return "\n".join(database.iterdump())

    until(lambda: answered["id"] in kept())
    told = (
        CAMILLE.given_name,
        CAMILLE.family_name,
        CAMILLE.email,
        f"sub-{CAMILLE.id}",
        platform.answers[-1]["id_token"],
    )
    assert not [secret for secret in told if secret in kept()]


def ask(lti: Lti, token: str, course: str = "docker") -> dict:
    response = asking(lti, token, course)
    assert response.status_code == 200, response.text
    return response.json()


def asking(lti: Lti, token: str, course: str = "docker") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return lti.served.client.post("/v1/ask", json={"question": REFERENCE, "course": course}, headers=headers)


def test_somebody_is_the_same_at_the_next_launch_and_nobody_else_is(
    lti: Lti, platform: LtiPlatform, another_platform: Platforms, client: httpx.Client
) -> None:
    elsewhere = another_platform()
    for place in (platform, elsewhere):
        lti.map(place)
    conversation = ask(lti, token_of(launch(client, platform, platform.begin(CAMILLE))))["conversation_id"]
    path = f"/v1/conversations/{conversation}"
    again = token_of(launch(client, platform, platform.begin(CAMILLE)))
    assert lti.get(path, again).status_code == 200
    with browser() as another:
        for place, user in ((platform, BASIL), (platform, DOMINIQUE), (elsewhere, CAMILLE)):
            assert_problem(lti.get(path, token_of(launch(another, place, place.begin(user)))), 404)


def test_what_is_kept_about_somebody_can_be_removed(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    lti.map(platform)
    token = token_of(launch(client, platform, platform.begin(CAMILLE)))
    path = f"/v1/conversations/{ask(lti, token)['conversation_id']}"
    assert lti.get(path, token).status_code == 200
    removed = lti.served.client.delete("/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert removed.status_code == 204
    assert_problem(lti.get(path, token), 404)


def test_a_source_opens_for_whoever_got_the_answer(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    """The course is nobody's but that of the launch; a citation's address holds the right to read."""
    lti.map(platform)
    url = ask(lti, token_of(launch(client, platform, platform.begin(CAMILLE))))["citations"][0]["url"]
    assert "grant=" in url
    assert httpx.get(url).status_code == 200
    assert httpx.get(httpx.URL(url).copy_remove_param("grant")).status_code == 401


def test_a_teacher_chooses_a_course_once(lti: Lti, another_platform: Platforms, client: httpx.Client) -> None:
    platform = another_platform()
    response = launch(client, platform, platform.begin(DOMINIQUE))
    assert view_of(response) == "choose"
    token = token_of(response)
    session = lti.session(token)
    assert session["course"] is None
    assert "docker" in session["courses"]
    assert_problem(asking(lti, token), 404)
    mapped = put_context(lti, token, course="docker")
    assert mapped.status_code == 200, mapped.text
    assert mapped.json()["course"]["id"] == "docker"
    assert ask(lti, token)["status"] == "answered"
    with browser() as another:
        assert view_of(launch(another, platform, platform.begin(CAMILLE))) == "course"
        assert view_of(launch(another, platform, platform.begin(DOMINIQUE))) == "course"


def put_context(lti: Lti, token: str, **body: str) -> httpx.Response:
    return lti.served.client.put("/v1/lti/context", json=body, headers={"Authorization": f"Bearer {token}"})


def test_a_student_chooses_nothing(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    lti.map(platform)
    token = token_of(launch(client, platform, platform.begin(CAMILLE)))
    assert_problem(put_context(lti, token, course="docker"), 403)
    assert lti.session(token)["courses"] == []


def test_a_teacher_begins_a_course_that_no_other_school_can_choose(
    lti: Lti, another_platform: Platforms, client: httpx.Client
) -> None:
    own, elsewhere = another_platform(), another_platform()
    token = token_of(launch(client, own, own.begin(DOMINIQUE, "c-202")))
    made = put_context(lti, token, new="Réseaux & câbles")
    assert made.status_code == 200, made.text
    course = made.json()["course"]
    assert re.fullmatch(r"[a-z0-9-]+", course["id"])
    assert not course["is_ready"]
    stranger = token_of(launch(client, elsewhere, elsewhere.begin(DOMINIQUE, "c-202")))
    assert course["id"] not in lti.session(stranger)["courses"]
    assert_problem(put_context(lti, stranger, course=course["id"]), 404)
    named_alike = put_context(lti, stranger, new="Réseaux & câbles").json()["course"]["id"]
    assert named_alike != course["id"]


@pytest.mark.parametrize("title", ["", "   ", "x" * 101])
def test_a_new_course_needs_a_name(lti: Lti, another_platform: Platforms, client: httpx.Client, title: str) -> None:
    platform = another_platform()
    token = token_of(launch(client, platform, platform.begin(DOMINIQUE, "c-202")))
    assert put_context(lti, token, new=title).status_code in (400, 404, 422)
    assert lti.session(token)["course"] is None


def test_a_session_opens_the_course_of_its_context_alone(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    lti.map(platform)
    lti.map(platform, "nobody-s", "c-202")
    tokens = [token_of(launch(client, platform, platform.begin(CAMILLE, context))) for context in ("c-101", "c-202")]
    assert ask(lti, tokens[0])["status"] == "answered"
    assert asking(lti, tokens[1]).status_code in (403, 404)
    assert asking(lti, tokens[0], "nobody-s").status_code in (403, 404)


def test_a_platform_that_was_removed_has_no_sessions_any_more(
    lti: Lti, another_platform: Platforms, client: httpx.Client
) -> None:
    from reperage.service.database.lti import remove_platform

    platform = another_platform()
    lti.map(platform)
    token = token_of(launch(client, platform, platform.begin(CAMILLE)))
    own = next(one for one in lti.platforms() if one.issuer == platform.url)
    assert remove_platform(lti.served.app.state.services.database, own.id)
    lti.served.app.state.services.registry.read_again()
    assert_problem(lti.get("/v1/lti/session", token), 401)
    assert_problem(asking(lti, token), 401)


def test_a_key_that_the_platform_has_replaced(lti: Lti, another_platform: Platforms, client: httpx.Client) -> None:
    platform = another_platform()
    lti.map(platform)
    assert token_of(launch(client, platform, platform.begin(CAMILLE)))
    platform.rotate()
    assert token_of(launch(client, platform, platform.begin(CAMILLE)))
    assert platform.keys_asked == 2


def test_two_platforms_of_one_address_are_told_apart_by_their_clients(
    lti: Lti, another_platform: Platforms, client: httpx.Client
) -> None:
    """As a school has that registers the service twice."""
    platform = another_platform()
    first = platform.tool
    introduce(lti, platform, client_id="client-2")
    lti.map(platform)
    assert view_of(launch(client, platform, platform.begin(DOMINIQUE))) == "course"
    assert view_of(launch(client, platform, platform.begin(DOMINIQUE, tool=first))) == "choose"
    begun = platform.begin(DOMINIQUE, twists=Twists(login={"client_id": MISSING}))
    assert log_in(client, platform, begun).status_code == 403


# Browsers that keep no cookie of ours.


def without_cookies(client: httpx.Client, platform: LtiPlatform, answered: httpx.Response) -> httpx.Response:
    """What the tool says to the platform's answer where its cookie has not come back."""
    form = authorize(client, platform, answered)
    with httpx.Client() as bare:
        return post(bare, platform, form)


def test_the_platforms_page_keeps_the_proof(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    lti.map(platform)
    page = log_in(client, platform, platform.begin(CAMILLE, storage="lti_storage"))
    kept = data(page)
    assert kept["frame"] == "lti_storage"
    assert kept["origin"] == platform.url
    on_its_way = httpx.Response(302, headers={"location": str(kept["address"])})
    proving = without_cookies(client, platform, on_its_way)
    assert data(proving)["origin"] == platform.url
    form = form_of(proving.text)
    assert form.fields["state"] == kept["key"]
    address = str(httpx.URL(str(proving.url)).join(form.address))
    with httpx.Client() as bare:
        finished = bare.post(address, data=form.fields | {"proof": str(kept["value"])})
        assert lti.session(token_of(finished))["role"] == "student"
        again = bare.post(address, data=form.fields | {"proof": str(kept["value"])})
    assert again.status_code == 403


@dataclass(frozen=True)
class Kept:
    """A launch that waits for the proof from the platform's page: what its page posts, and where."""

    address: str
    fields: dict[str, str]
    proof: str

    def finish(self, proof: str) -> httpx.Response:
        with httpx.Client(headers={"Accept-Language": "fr"}) as bare:
            return bare.post(self.address, data=self.fields | {"proof": proof})


def keep(platform: LtiPlatform) -> Kept:
    """Such a launch, in a browser of its own."""
    with browser() as client:
        page = data(log_in(client, platform, platform.begin(CAMILLE, storage="lti_storage")))
        on_its_way = httpx.Response(302, headers={"location": str(page["address"])})
        proving = without_cookies(client, platform, on_its_way)
    form = form_of(proving.text)
    return Kept(str(proving.url.join(form.address)), form.fields, str(page["value"]))


def test_the_right_proof_lets_in_once_and_no_other_does(lti: Lti, platform: LtiPlatform) -> None:
    lti.map(platform)
    first, second = keep(platform), keep(platform)
    for wrong in ("", "p" * 43, second.proof):
        assert_refused(first.finish(wrong), 403, "other_browser")
    assert lti.session(token_of(first.finish(first.proof)))["role"] == "student"
    assert_refused(first.finish(first.proof), 403, "other_browser")
    assert token_of(second.finish(second.proof))


def test_whoever_has_everything_removed_has_no_launch_waiting(
    lti: Lti, platform: LtiPlatform, client: httpx.Client
) -> None:
    lti.map(platform)
    token, waiting = token_of(launch(client, platform, platform.begin(CAMILLE))), keep(platform)
    removed = lti.served.client.delete("/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert removed.status_code == 204
    assert_refused(waiting.finish(waiting.proof), 403, "other_browser")


def test_the_proof_is_the_platforms_where_people_sign_in(
    lti: Lti, another_platform: Platforms, client: httpx.Client
) -> None:
    """That may be another host than the issuer's, as Canvas has it; messages go to it and to nobody else."""
    platform = another_platform()
    lti.map(platform)
    issuer, signs_in = platform.url, platform.url.replace("127.0.0.1", "localhost")
    known = next(one for one in lti.platforms() if one.issuer == issuer)
    lti.add(replace(known, auth_url=f"{signs_in}/authorize"))
    storing = data(log_in(client, platform, platform.begin(CAMILLE, storage="lti_storage")))
    address = str(storing["address"])
    assert storing["origin"] == signs_in
    assert address.startswith(f"{signs_in}/authorize?")
    # Its cookies are those of the one address.
    on_its_way = httpx.Response(302, headers={"location": address.replace(signs_in, issuer)})
    assert data(without_cookies(client, platform, on_its_way))["origin"] == signs_in


def test_a_new_window_is_offered_before_the_hint_is_used_up(
    lti: Lti, platform: LtiPlatform, client: httpx.Client
) -> None:
    lti.map(platform)
    begun = platform.begin(CAMILLE)
    offered = log_in(client, platform, begun)
    with httpx.Client() as bare:
        asked = bare.get(offered.url.join("cookie"), params={"name": data(offered)["cookie"]})
    assert asked.json() == {"is_kept": False}
    assert begun.is_hinted
    form = form_of(offered.text)
    assert "lti_storage_target" not in form.fields
    assert f"form-action 'self' {platform.url} https:;" in offered.headers["content-security-policy"]
    # There nothing is asked any more.
    with browser() as window:
        window.get(platform.window_of(begun))
        opened = window.post(offered.url.join(form.address), data=form.fields)
        assert opened.status_code == 302
        assert token_of(post(window, platform, authorize(window, platform, opened)))


def test_who_has_no_cookie_in_the_end_is_refused(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    lti.map(platform)
    answered = without_cookies(client, platform, log_in(client, platform, platform.begin(CAMILLE)))
    assert answered.status_code == 403
    assert "rl_" not in answered.text


def test_who_is_known_to_keep_cookies_goes_on_at_once(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    lti.map(platform)
    assert log_in(client, platform, platform.begin(CAMILLE)).status_code == 200
    assert log_in(client, platform, platform.begin(CAMILLE)).status_code == 302


@pytest.mark.parametrize("name", ["", "repere_lti_0000000000000000", "session"])
def test_other_cookies_are_not_told_of(lti: Lti, name: str) -> None:
    headers = {"Cookie": "session=1"}
    assert httpx.get(f"{lti.url}/lti/cookie", params={"name": name}, headers=headers).json() == {"is_kept": False}


# Content that teachers pick.


def pick(lti: Lti, client: httpx.Client, platform: LtiPlatform, **fields: str) -> httpx.Response:
    """A teacher picks content, and the browser takes it back to the platform; what that says."""
    return returned(lti, client, platform, launch(client, platform, platform.begin(DOMINIQUE, link=None)), **fields)


def returned(
    lti: Lti, client: httpx.Client, platform: LtiPlatform, opened: httpx.Response, **fields: str
) -> httpx.Response:
    """The same from the form on, which the launch has `opened`."""
    assert view_of(opened) == "link"
    link = data(opened)["link"]
    made = client.post(f"{lti.url}/lti/deep-link", data={"link": link, "token": token_of(opened), **fields})
    assert made.status_code == 200, made.text
    form = form_of(made.text)
    policy = made.headers["content-security-policy"]
    assert f"form-action {platform.url}" in policy
    return post(client, platform, Form(form.address, form.fields))


def test_a_link_that_a_teacher_picks_leads_to_what_was_picked(
    lti: Lti, platform: LtiPlatform, client: httpx.Client
) -> None:
    lti.map(platform)
    question = 'C\'est quoi un port <exposé> & "interne" ?'
    added = pick(lti, client, platform, title="L’assistant", kind="question", question=question, section="left#out")
    assert "Liens ajoutés : 1" in added.text
    link = list(platform.courses["c-101"].links.values())[-1]
    assert link.title == "L’assistant"
    response = launch(client, platform, platform.begin(CAMILLE, link=link))
    query = parse_qs(urlsplit(data(response)["address"]).query)
    assert query["question"] == [question]
    assert "section" not in query


def test_a_link_to_a_section_keeps_the_section(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    lti.map(platform)
    pick(lti, client, platform, title="Les ports", kind="section", section="introduction-docker#les-ports")
    link = list(platform.courses["c-101"].links.values())[-1]
    assert link.custom == {"section": "introduction-docker#les-ports"}
    query = parse_qs(urlsplit(data(launch(client, platform, platform.begin(CAMILLE, link=link)))["address"]).query)
    assert query["section"] == ["introduction-docker#les-ports"]


def test_a_link_cannot_be_made_without_the_request_for_it(
    lti: Lti, platform: LtiPlatform, another_platform: Platforms, client: httpx.Client
) -> None:
    elsewhere = another_platform()
    for place in (platform, elsewhere):
        lti.map(place)
    teacher = launch(client, platform, platform.begin(DOMINIQUE, link=None))
    link = str(data(teacher)["link"])
    with browser() as another:
        student = token_of(launch(another, platform, platform.begin(CAMILLE)))
        stranger = token_of(launch(another, elsewhere, elsewhere.begin(DOMINIQUE)))
    for fields, status in (
        ({"token": token_of(teacher), "link": "forged"}, 401),
        ({"token": token_of(teacher)}, 401),
        ({"link": link}, 401),
        ({"token": stranger, "link": link}, 401),
        ({"token": student, "link": link}, 401),
    ):
        answered = client.post(f"{lti.url}/lti/deep-link", data=fields | {"title": "?"})
        assert answered.status_code == status, fields
        assert "eyJ" not in answered.text


def test_a_link_is_made_as_long_as_it_is_asked_for(
    lti: Lti, platform: LtiPlatform, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A teacher may leave the form open for longer than a session's token is good for."""
    lti.map(platform)
    with monkeypatch.context() as patch:
        patch.setattr("itsdangerous.timed.TimestampSigner.get_timestamp", lambda self: int(time.time()) - 7200)
        opened = launch(client, platform, platform.begin(DOMINIQUE, link=None))
    assert_problem(asking(lti, token_of(opened)), 401)
    assert "Liens ajoutés : 1" in returned(lti, client, platform, opened, title="L’assistant").text


def test_a_teacher_who_changes_their_mind_adds_nothing(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    lti.map(platform)
    assert "Liens ajoutés : 0" in pick(lti, client, platform, cancel="1", title="L’assistant").text
    assert len(platform.courses["c-101"].links) == 1


def test_custom_parameters_of_others_are_left(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    lti.map(platform)
    begun = platform.begin(
        CAMILLE, twists=Twists(claims={"custom": {"theme": "dark", "question": ["?"], "lang": "xx"}})
    )
    query = parse_qs(urlsplit(data(launch(client, platform, begun))["address"]).query)
    assert query.keys() == {"lang"}
    assert query["lang"] == ["fr"]


def test_the_published_keys_are_public(lti: Lti) -> None:
    keys = httpx.get(f"{lti.url}/lti/jwks").json()["keys"]
    assert keys
    assert all(not {"d", "p", "q"} & key.keys() and key["kid"] and key["use"] == "sig" for key in keys)


def test_canvas_is_given_our_addresses(lti: Lti) -> None:
    told = httpx.get(f"{lti.url}/lti/canvas.json").json()
    assert told["oidc_initiation_url"] == f"{lti.url}/lti/login"
    assert told["public_jwk_url"] == f"{lti.url}/lti/jwks"
    assert told["target_link_uri"] == f"{lti.url}/lti/launch"


def test_somebody_whose_name_is_markup(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    lti.map(platform, context="c-202")
    title = "</script><script>alert(1)</script>\"' &amp; \u202e"
    begun = platform.begin(CAMILLE, "c-202", twists=Twists(claims={"context": {"id": "c-202", "title": title}}))
    response = launch(client, platform, begun)
    assert "<script>alert" not in response.text
    assert lti.session(token_of(response))["course"]["id"] == "docker"
