"""Launches that are not what they claim to be are refused, with a page that whoever sees it understands."""

import asyncio
import time
from collections.abc import Callable

import httpx
import pytest
from starlette.requests import Request

from reperage.service.lti.pages import refusal
from reperage.service.lti.refusals import LaunchRefused, Reason
from tests.service.lti.launching import authorize, browser, launch, log_in, post
from tests.service.lti.messages import MISSING, Twists
from tests.service.lti.platform import LtiPlatform
from tests.service.lti.school import CAMILLE, DOMINIQUE
from tests.service.lti.served import Lti, assert_refused, token_of
from tests.service.lti.server import KeySet
from tests.service.lti.signing import SigningKey

pytestmark = pytest.mark.model

Platforms = Callable[..., LtiPlatform]
FOREIGN = "https://elsewhere.example/lti/launch"


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"iss": "https://elsewhere.example"}, 403, "unknown_platform"),
        ({"iss": MISSING}, 403, "unknown_platform"),
        ({"client_id": "another"}, 403, "unknown_platform"),
        ({"login_hint": MISSING}, 400, "invalid_message"),
        ({"target_link_uri": FOREIGN}, 400, "foreign_address"),
        ({"target_link_uri": "javascript:alert(1)"}, 400, "foreign_address"),
        ({"target_link_uri": "{base}.elsewhere.example/lti/launch"}, 400, "foreign_address"),
        ({"target_link_uri": "{base}@elsewhere.example/lti/launch"}, 400, "foreign_address"),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_login_that_does_not_begin_as_it_should(
    lti: Lti,
    platform: LtiPlatform,
    client: httpx.Client,
    changes: dict[str, object],
    status: int,
    reason: Reason,
    method: str,
) -> None:
    changed = {name: value.format(base=lti.url) if isinstance(value, str) else value for name, value in changes.items()}
    answered = log_in(client, platform, platform.begin(CAMILLE, twists=Twists(login=changed)), method)
    assert_refused(answered, status, reason)
    assert "set-cookie" not in answered.headers
    assert "location" not in answered.headers


def unsigned() -> Twists:
    return Twists(algorithm="none")


def now() -> int:
    return int(time.time())


TWISTED: dict[str, tuple[Callable[[], Twists], int, tuple[Reason, ...]]] = {
    "unsigned": (unsigned, 403, ("bad_signature",)),
    "unsigned, in capitals": (lambda: Twists(algorithm="none", header={"alg": "NONE"}), 403, ("bad_signature",)),
    "signed with the public key": (lambda: Twists(algorithm="HS256"), 403, ("bad_signature",)),
    "signed by another": (
        lambda: Twists(key=SigningKey.of("forged"), header={"kid": "platform-1"}),
        403,
        ("bad_signature",),
    ),
    "signed by a key that is not there": (lambda: Twists(header={"kid": "nobody-s"}), 403, ("unknown_key",)),
    "signed by a key without a name": (lambda: Twists(header={"kid": None}), 403, ("unknown_key",)),
    "with a key in its header": (
        lambda: Twists(key=SigningKey.of("forged"), header={"jwk": SigningKey.of("forged").jwk()}),
        403,
        ("unknown_key",),
    ),
    "for another tool": (lambda: Twists(claims={"aud": "another"}), 403, ("wrong_audience",)),
    "for nobody": (lambda: Twists(claims={"aud": MISSING}), 403, ("wrong_audience",)),
    "for several": (lambda: Twists(claims={"aud": ["client-1", "another"]}), 403, ("wrong_audience",)),
    "asked for by another": (
        lambda: Twists(claims={"aud": ["client-1", "another"], "azp": "another"}),
        403,
        ("wrong_audience",),
    ),
    "of another platform": (
        lambda: Twists(claims={"iss": "https://elsewhere.example"}),
        403,
        ("unknown_platform", "invalid_message"),
    ),
    "expired": (lambda: Twists(claims={"exp": now() - 120, "iat": now() - 420}), 403, ("expired",)),
    "that never ends": (lambda: Twists(claims={"exp": MISSING}), 400, ("invalid_message",)),
    "not valid yet": (lambda: Twists(claims={"nbf": now() + 600}), 403, ("not_yet_valid",)),
    "made in the future": (lambda: Twists(claims={"iat": now() + 600}), 403, ("not_yet_valid",)),
    "with another nonce": (lambda: Twists(claims={"nonce": "n" * 32}), 403, ("replayed",)),
    "without a nonce": (lambda: Twists(claims={"nonce": MISSING}), 403, ("replayed",)),
    "of a deployment that is not known": (lambda: Twists(claims={"deployment_id": "2"}), 403, ("unknown_deployment",)),
    "that leads elsewhere": (lambda: Twists(claims={"target_link_uri": FOREIGN}), 400, ("foreign_address",)),
    "from no course": (lambda: Twists(claims={"context": MISSING}), 400, ("no_context",)),
    "from a course without a name": (lambda: Twists(claims={"context": {"title": "?"}}), 400, ("no_context",)),
    "of another kind": (
        lambda: Twists(claims={"message_type": "LtiSubmissionReviewRequest"}),
        400,
        ("invalid_message",),
    ),
    "of another version": (lambda: Twists(claims={"version": "1.4.0"}), 400, ("invalid_message",)),
    "whose roles are no list": (lambda: Twists(claims={"roles": "Instructor"}), 400, ("invalid_message",)),
    "whose context is a list": (lambda: Twists(claims={"context": ["c-101"]}), 400, ("invalid_message",)),
    "whose algorithm is no text": (lambda: Twists(header={"alg": "\ud800"}), 403, ("bad_signature",)),
    "for what is no text": (lambda: Twists(claims={"aud": "\ud800"}), 403, ("wrong_audience",)),
    "whose deployment is a list": (lambda: Twists(claims={"deployment_id": ["1"]}), 400, ("invalid_message",)),
    "whose deployment is an object": (lambda: Twists(claims={"deployment_id": {"a": 1}}), 400, ("invalid_message",)),
    "whose deployment is no text": (lambda: Twists(claims={"deployment_id": "\ud800"}), 403, ("unknown_deployment",)),
    "whose link is null": (lambda: Twists(claims={"resource_link": None}), 400, ("invalid_message",)),
    "whose link is a text": (lambda: Twists(claims={"resource_link": "l-1"}), 400, ("invalid_message",)),
    "whose first question is no text": (
        lambda: Twists(claims={"custom": {"question": "\ud800"}}),
        400,
        ("invalid_message",),
    ),
    "that ends at no time": (lambda: Twists(claims={"exp": float("inf")}), 400, ("invalid_message",)),
    "about a person without an end": (lambda: Twists(claims={"sub": "s" * 5000}), 400, ("invalid_message",)),
} | {
    # A name of its own for each, as the loop's is the same for all of them.
    f"without {name}": (lambda name=name: Twists(claims={name: MISSING}), 400, reasons)
    for name, reasons in {
        "message_type": ("invalid_message",),
        "version": ("invalid_message",),
        "deployment_id": ("invalid_message",),
        "target_link_uri": ("foreign_address", "invalid_message"),
        "resource_link": ("invalid_message",),
        "roles": ("invalid_message",),
        "sub": ("invalid_message",),
    }.items()
}


@pytest.mark.parametrize("twisted", TWISTED)
def test_a_token(lti: Lti, platform: LtiPlatform, client: httpx.Client, twisted: str) -> None:
    lti.map(platform)
    twists, status, reasons = TWISTED[twisted]
    answered = launch(client, platform, platform.begin(CAMILLE, twists=twists()))
    assert_refused(answered, status, *reasons)


def test_the_same_launches_are_let_in_untwisted(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    """So that none of the others is refused for another reason than its own."""
    lti.map(platform)
    for claims in ({}, {"aud": ["client-1"]}, {"aud": ["client-1", "another"], "azp": "client-1"}, {"exp": now() - 20}):
        assert token_of(launch(client, platform, platform.begin(CAMILLE, twists=Twists(claims=claims))))


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        ({"state": "s" * 32}, 403, "state_unknown"),
        ({"state": MISSING}, 400, "state_missing"),
        ({"id_token": MISSING}, 400, "invalid_message"),
        ({"id_token": "eyJhbGciOiJub25lIn0"}, 400, "invalid_message"),
        ({"id_token": "eyJ.eyJ.eyJ"}, 400, "invalid_message"),
        ({"id_token": "bnVsbA.bnVsbA.bnVsbA"}, 400, "invalid_message"),
        ({"id_token": "é.\0.\ud7ff"}, 400, "invalid_message"),
        ({"id_token": MISSING, "error": "login_required"}, 400, "invalid_message"),
    ],
    ids=str,
)
def test_an_answer(
    lti: Lti, platform: LtiPlatform, client: httpx.Client, answer: dict[str, object], status: int, reason: Reason
) -> None:
    lti.map(platform)
    assert_refused(launch(client, platform, platform.begin(CAMILLE, twists=Twists(answer=answer))), status, reason)


def test_an_answer_that_is_sent_twice(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    lti.map(platform)
    form = authorize(client, platform, log_in(client, platform, platform.begin(CAMILLE)))
    assert token_of(post(client, platform, form))
    assert_refused(post(client, platform, form), 403, "replayed")


def test_a_token_that_answers_another_login(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    lti.map(platform)
    old = authorize(client, platform, log_in(client, platform, platform.begin(DOMINIQUE)))
    new = authorize(client, platform, log_in(client, platform, platform.begin(CAMILLE)))
    new.fields["id_token"] = old.fields["id_token"]
    assert_refused(post(client, platform, new), 403, "replayed")


def test_an_answer_in_a_browser_that_has_not_asked(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    """What somebody else began is not finished here, not even by way of a new window."""
    lti.map(platform)
    form = authorize(client, platform, log_in(client, platform, platform.begin(DOMINIQUE)))
    with browser() as another:
        answered = post(another, platform, form)
        assert "rl_" not in answered.text
        assert form.fields["id_token"] not in answered.text
    assert_refused(post(client, platform, form), 403, "replayed")


def test_a_proof_that_is_not_the_one(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    """The platform's page keeps the proof where the browser keeps no cookie; nobody gets in without it."""
    lti.map(platform)
    begun = platform.begin(CAMILLE, storage="lti_storage")
    page = log_in(client, platform, begun)
    assert page.status_code == 200
    for fields in ({}, {"state": "s" * 32, "proof": "p" * 43}):
        answered = client.post(f"{lti.url}/lti/finish", data=fields)
        assert_refused(answered, 403, "other_browser")


KEY_SETS: tuple[KeySet, ...] = ("down", "slow", "huge", "no JSON", "elsewhere")


@pytest.mark.parametrize("key_set", KEY_SETS)
def test_keys_that_cannot_be_had(
    lti: Lti,
    another_platform: Platforms,
    client: httpx.Client,
    key_set: KeySet,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("reperage.service.access.jwks._WAIT_SECONDS", 1.0)
    platform = another_platform(key_set=key_set)
    lti.map(platform)
    begun = time.monotonic()
    assert_refused(launch(client, platform, platform.begin(CAMILLE)), 502, "keys_unavailable")
    assert time.monotonic() - begun < 11
    platform.key_set = "good"
    assert platform.keys_asked < 5


def test_keys_of_which_there_are_none(lti: Lti, another_platform: Platforms, client: httpx.Client) -> None:
    platform = another_platform(key_set="empty")
    lti.map(platform)
    assert_refused(launch(client, platform, platform.begin(CAMILLE)), 403, "unknown_key")


def test_a_key_that_is_made_up_again_and_again_does_not_make_the_service_ask_again_and_again(
    lti: Lti, another_platform: Platforms, client: httpx.Client
) -> None:
    platform = another_platform()
    lti.map(platform)
    for number in range(5):
        twists = Twists(header={"kid": f"made-up-{number}"})
        assert_refused(launch(client, platform, platform.begin(CAMILLE, twists=twists)), 403, "unknown_key")
    assert platform.keys_asked <= 2


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "", None])
def test_content_that_would_be_returned_elsewhere(
    lti: Lti, platform: LtiPlatform, client: httpx.Client, address: str | None
) -> None:
    lti.map(platform)
    settings = {"deep_link_return_url": address, "accept_types": ["ltiResourceLink"]}
    settings |= {"accept_presentation_document_targets": ["iframe"]}
    twists = Twists(claims={"deep_linking_settings": settings})
    answered = launch(client, platform, platform.begin(DOMINIQUE, link=None, twists=twists))
    assert_refused(answered, 400, "foreign_address", "invalid_message")


NO_TEXT = {
    "deep_link_return_url": "https://lms.example/",
    "accept_types": ["ltiResourceLink"],
    "accept_presentation_document_targets": ["iframe"],
    "data": "\ud800",
}


@pytest.mark.parametrize("settings", ["x", ["x"], 5, NO_TEXT], ids=ascii)
def test_content_that_is_asked_for_in_another_form(
    lti: Lti, platform: LtiPlatform, client: httpx.Client, settings: object
) -> None:
    lti.map(platform)
    twists = Twists(claims={"deep_linking_settings": settings})
    answered = launch(client, platform, platform.begin(DOMINIQUE, link=None, twists=twists))
    assert_refused(answered, 400, "invalid_message")


def test_a_student_who_would_pick_content(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    lti.map(platform)
    answered = launch(client, platform, platform.begin(CAMILLE, link=None))
    assert_refused(answered, 403, "teachers_only")


def test_a_student_whose_teacher_has_chosen_nothing_yet(lti: Lti, platform: LtiPlatform, client: httpx.Client) -> None:
    assert_refused(launch(client, platform, platform.begin(CAMILLE, "c-202")), 403, "not_mapped")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_refusal_is_in_the_language_of_who_reads_it(lti: Lti, platform: LtiPlatform, language: str) -> None:
    with browser(f"{language}-XX,de;q=0.5") as client:
        answered = launch(client, platform, platform.begin(CAMILLE, twists=unsigned()))
        assert_refused(answered, 403, "bad_signature", language=language)


def test_what_is_refused_may_be_shown_in_the_platforms_frame(
    lti: Lti, platform: LtiPlatform, client: httpx.Client
) -> None:
    """Where else would it be seen."""
    answered = launch(client, platform, platform.begin(CAMILLE, twists=unsigned()))
    assert "frame-ancestors 'none'" not in answered.headers["content-security-policy"]
    assert "x-frame-options" not in answered.headers


def test_a_refusal_that_holds_what_is_no_text_can_be_shown() -> None:
    request = Request({"type": "http", "path": "/lti/launch", "root_path": "", "headers": []})
    shown = asyncio.run(refusal(request, LaunchRefused("invalid_message", "half: \ud800")))
    assert "half: ?" in bytes(shown.body).decode()
