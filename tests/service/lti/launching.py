"""Launches without a browser: the same requests, with a client that keeps cookies as a browser would."""

from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from tests.service.lti.messages import Launch
from tests.service.lti.platform import LtiPlatform


def browser(language: str = "fr") -> httpx.Client:
    """A client that, as browsers do on this machine, sends secure cookies without TLS; it follows nothing by itself."""
    jar = CookieJar(DefaultCookiePolicy(secure_protocols=("http", "https")))

    def send_cookies(request: httpx.Request) -> None:
        # httpx copies the jar for each request, and forgets its policy.
        request.headers.pop("Cookie", None)
        httpx.Cookies(jar).set_cookie_header(request)

    headers = {"Accept-Language": language, "Accept": "text/html"}
    return httpx.Client(cookies=jar, timeout=60, headers=headers, event_hooks={"request": [send_cookies]})


@dataclass(frozen=True)
class Form:
    """What a page posts by itself."""

    address: str
    fields: dict[str, str]


def form_of(html: str) -> Form:
    """The form of a page; there is one."""
    reader = _Forms()
    reader.feed(html)
    assert len(reader.forms) == 1, html
    return reader.forms[0]


def log_in(client: httpx.Client, platform: LtiPlatform, launch: Launch, method: str = "get") -> httpx.Response:
    """What the tool answers to the beginning of a launch: somebody on their way to the platform, or a refusal."""
    begun = client.get(platform.window_of(launch, method))
    if method == "get":
        return client.get(begun.headers["location"], headers=_from(platform))
    form = form_of(begun.text)
    return client.post(form.address, data=form.fields, headers=_from(platform))


def way(client: httpx.Client, answered: httpx.Response) -> str:
    """The address at the platform that a login leads on to: at once, or by a page that sees that the cookie is kept."""
    if answered.status_code != 200:
        assert answered.status_code in (302, 303), answered.text
        return answered.headers["location"]
    held = _Body.of(answered.text)
    assert client.get(answered.url.join("cookie"), params={"name": held["data-cookie"]}).json() == {"is_kept": True}
    return held["data-address"]


def authorize(client: httpx.Client, platform: LtiPlatform, answered: httpx.Response) -> Form:
    """What the platform posts to the tool in the end, where the tool `answered` with the way there."""
    location = way(client, answered)
    assert location.partition("?")[0] == platform.authorization_url, location
    page = client.get(location)
    assert page.status_code == 200, page.text
    return form_of(page.text)


def post(client: httpx.Client, platform: LtiPlatform, form: Form) -> httpx.Response:
    return client.post(form.address, data=form.fields, headers=_from(platform))


def launch(client: httpx.Client, platform: LtiPlatform, begun: Launch, method: str = "get") -> httpx.Response:
    """The whole way: what the tool answers in the end, or to the beginning where it refuses that."""
    answered = log_in(client, platform, begun, method)
    if answered.status_code >= 400:
        return answered
    return post(client, platform, authorize(client, platform, answered))


def _from(platform: LtiPlatform) -> dict[str, str]:
    """What a browser says of where a request comes from."""
    return {"Origin": platform.url, "Referer": f"{platform.url}/", "Sec-Fetch-Site": "cross-site"}


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(found["action"], {}))
        elif tag == "input" and self.forms and "name" in found:
            self.forms[-1].fields[found["name"]] = found.get("value", "")


class _Body(HTMLParser):
    @classmethod
    def of(cls, html: str) -> dict[str, str]:
        """The attributes of the body of a page."""
        reader = cls()
        reader.feed(html)
        return reader.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self.found = {name: value or "" for name, value in attrs}
