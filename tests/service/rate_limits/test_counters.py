"""Processes that count together, in a real Redis that comes and goes."""

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr

from reperage.service.access.api_keys import new_key
from reperage.service.app import create_app
from reperage.service.cli.checks import examine
from reperage.service.database.engine import Database
from reperage.service.database.keys import store_key
from reperage.service.errors import StartError, TooManyRequests
from reperage.service.rate_limits import limiter as module
from reperage.service.rate_limits.counters import Counters, place
from reperage.service.rate_limits.limiter import RateLimiter
from reperage.service.settings import Settings
from tests.service.redis_server import RedisServer, redis_server
from tests.service.serving import REFERENCE, assert_problem, copy_home, serving


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server() as started:
        yield started


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.0)


def sharing(server: RedisServer, per_session: str = "3/minute") -> RateLimiter:
    """What one process of several counts by."""
    return RateLimiter(per_session, "100/minute", "5/hour", Counters.at(server.url))


async def left(rates: RateLimiter, person: str = "anne") -> int | None:
    """What is left after one question more; `None` where it is refused."""
    try:
        headers = await rates.count_questions(person, "a")
    except TooManyRequests:
        return None
    assert headers["RateLimit-Policy"].startswith('"session";q=3;w=60')
    return int(headers["RateLimit"].split(";")[1].removeprefix("r="))


async def lefts(*rates: RateLimiter) -> list[int | None]:
    return [await left(each) for each in rates]


def test_processes_count_together(server: RedisServer) -> None:
    one, other = sharing(server), sharing(server)
    assert asyncio.run(lefts(one, other, one, other, one)) == [2, 1, 0, None, None]
    assert asyncio.run(other.count_key_questions("k"))["RateLimit"].startswith('"key";r=4;t=')
    assert asyncio.run(one.count_key_questions("k", 4))["RateLimit"].startswith('"key";r=0;t=')
    with pytest.raises(TooManyRequests) as refused:
        asyncio.run(other.count_key_questions("k"))
    assert 3590 <= refused.value.retry_after <= 3600
    for rates in (one, other):
        assert rates.problem is None
        rates.close()


def test_many_at_the_same_moment_never_get_more_than_there_is(server: RedisServer) -> None:
    processes = [sharing(server) for _ in range(3)]

    async def all_at_once() -> list[int | None]:
        return list(await asyncio.gather(*(left(rates) for rates in processes for _ in range(5))))

    given = [found for found in asyncio.run(all_at_once()) if found is not None]
    assert 1 <= len(given) <= 3
    assert asyncio.run(lefts(*processes)) == [None, None, None] if len(given) == 3 else True
    for rates in processes:
        rates.close()


def test_nothing_is_kept_longer_than_its_window(server: RedisServer) -> None:
    rates = sharing(server)
    asyncio.run(left(rates))
    rates.close()
    names = server.names()
    assert len(names) == 2
    assert all(name.startswith("repere:") for name in names)
    assert all(0 < server.seconds_left(name) <= 60 for name in names)


def test_what_is_refused_by_the_address_is_not_counted_for_the_person(server: RedisServer) -> None:
    rates = RateLimiter("3/minute", "1/minute", "5/hour", Counters.at(server.url))
    asyncio.run(rates.count_session("a"))
    assert asyncio.run(left(rates)) is None
    assert int(asyncio.run(rates.count_questions("anne", "b"))["RateLimit"].split(";")[1].removeprefix("r=")) == 2
    rates.close()


@pytest.mark.usefixtures("no_pause")
def test_a_redis_that_dies_is_done_without_and_used_again_when_it_is_back(
    server: RedisServer, capfd: pytest.CaptureFixture[str]
) -> None:
    one, other = sharing(server), sharing(server)
    assert asyncio.run(lefts(one, other)) == [2, 1]
    server.kill()
    # Each by itself meanwhile: nobody is refused for want of Redis, and nobody asks without end.
    assert asyncio.run(lefts(one, one, one, one, other)) == [2, 1, 0, None, 2]
    assert one.problem is not None
    server.start()
    assert asyncio.run(lefts(one, other, one, other)) == [2, 1, 0, None]
    assert one.problem is None
    for rates in (one, other):
        rates.close()


@pytest.mark.usefixtures("no_pause")
def test_an_outage_is_logged_once_and_its_end_too(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    for level in ("error", "info"):
        monkeypatch.setattr(module.log, level, lambda event, **_: logged.append(event), raising=False)
    rates = sharing(server)
    for _ in range(2):
        server.kill()
        asyncio.run(lefts(rates, rates, rates))
        server.start()
        asyncio.run(lefts(rates, rates))
    assert logged == ["rates_not_shared", "rates_shared_again"] * 2
    rates.close()


@pytest.mark.skipif(sys.platform == "win32", reason="stops a process by a signal")
def test_a_redis_that_hangs_holds_nobody_up(server: RedisServer) -> None:
    rates = sharing(server)
    assert asyncio.run(left(rates)) == 2
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)

    async def asked_meanwhile() -> tuple[float, float, float]:
        """Seconds of the first question, of the next one, and the longest pause of the event loop."""
        longest, until = 0.0, asyncio.Event()

        async def watch() -> None:
            nonlocal longest
            while not until.is_set():
                began = time.perf_counter()
                await asyncio.sleep(0.005)
                longest = max(longest, time.perf_counter() - began)

        watching = asyncio.create_task(watch())
        times = []
        for person in ("bruno", "chloé"):
            began = time.perf_counter()
            assert await left(rates, person) == 2
            times.append(time.perf_counter() - began)
        until.set()
        await watching
        return times[0], times[1], longest

    first, second, longest = asyncio.run(asked_meanwhile())
    assert 0.4 < first < 2
    assert second < 0.2
    assert longest < 0.3
    server.process.send_signal(signal.SIGCONT)
    rates.close()


@pytest.mark.skipif(sys.platform == "win32", reason="stops a process by a signal")
def test_one_question_finds_out_whether_a_hanging_redis_is_back_and_no_other_waits(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.3)
    rates = sharing(server)
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)

    async def waited(person: str) -> float:
        began = time.perf_counter()
        assert await left(rates, person) == 2
        return time.perf_counter() - began

    async def asked() -> list[float]:
        await waited("first")
        assert rates.problem is not None
        await asyncio.sleep(0.35)
        return sorted(await asyncio.gather(*(waited(f"person {n}") for n in range(6))))

    *others, last = asyncio.run(asked())
    assert last > 0.4
    assert max(others) < 0.3
    server.process.send_signal(signal.SIGCONT)
    rates.close()


@pytest.mark.usefixtures("no_pause")
def test_a_redis_that_is_back_and_refuses_is_back(server: RedisServer) -> None:
    one, other = sharing(server), sharing(server)
    server.kill()
    assert asyncio.run(left(one)) == 2
    server.start()
    assert asyncio.run(lefts(other, other, other)) == [2, 1, 0]
    assert one.problem is not None
    assert asyncio.run(left(one)) is None
    assert one.problem is None
    for rates in (one, other):
        rates.close()


def test_who_asks_many_at_once_is_told_when_there_is_room_for_all_of_them(server: RedisServer) -> None:
    rates = sharing(server, "3/minute")
    asyncio.run(rates.count_questions("anne", "a"))
    time.sleep(3)
    asyncio.run(rates.count_questions("anne", "a", 2))
    waits = []
    for count in (1, 2, 3):
        with pytest.raises(TooManyRequests) as refused:
            asyncio.run(rates.count_questions("anne", "a", count))
        waits.append(refused.value.retry_after)
    assert waits[0] <= 57 < waits[1] <= waits[2] <= 60
    rates.close()


def test_a_redis_that_answers_nonsense_is_done_without() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        rates = RateLimiter(
            "3/minute", "9/minute", "9/hour", Counters.at(f"redis://127.0.0.1:{listener.getsockname()[1]}")
        )
        asking = asyncio.run(_asked_of(listener, rates))
        rates.close()
    assert asking == [2, 1]
    assert rates.problem is not None


async def _asked_of(listener: socket.socket, rates: RateLimiter) -> list[int | None]:
    listener.setblocking(False)

    async def answer() -> None:
        connection, _ = await asyncio.get_running_loop().sock_accept(listener)
        with connection:
            await asyncio.get_running_loop().sock_sendall(connection, b"HTTP/1.1 400 Bad Request\r\n\r\n")

    answering = asyncio.create_task(answer())
    found = await lefts(rates, rates)
    await answering
    return found


@pytest.mark.parametrize(
    "url",
    [
        "memory://",
        "memcached://127.0.0.1:11211",
        "http://127.0.0.1:6379",
        "127.0.0.1:6379",
        "redis://:s3cret-word@127.0.0.1:port/0",
        "redis+sentinel://:s3cret-word@127.0.0.1:26379",
        "redis+sentinel://:s3cret-word@127.0.0.1/name",
    ],
)
def test_an_address_that_is_none_stops_the_start_and_is_not_repeated(url: str) -> None:
    with pytest.raises(StartError, match="REPERE_RATE_STORAGE_URL") as refused:
        create_app(Settings(rate_storage_url=SecretStr(url)))
    assert "s3cret-word" not in str(refused.value)


@pytest.mark.parametrize("url", ["rediss://127.0.0.1:6379", "redis+unix:///tmp/none", "redis+sentinel://127.0.0.1:1/x"])
def test_every_way_to_name_a_redis_is_taken_and_not_waited_for(url: str) -> None:
    rates = RateLimiter("3/minute", "9/minute", "9/hour", Counters.at(url))
    assert asyncio.run(lefts(rates, rates)) == [2, 1]
    assert rates.problem
    rates.close()


def test_without_the_library_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(StartError, match=r"tools/environment\.py --extra redis$"):
        Counters.at("redis://127.0.0.1:6379")


def test_a_place_holds_no_password() -> None:
    assert place("rediss://anne:s3cret@host.example:6379/2") == "rediss://host.example:6379/2"


@pytest.mark.model
def test_the_doctor_tells_whether_it_answers(server: RedisServer, settings: Settings) -> None:
    own = settings.model_copy(update={"rate_storage_url": SecretStr(server.url.replace("//", "//:s3cret@"))})

    def check() -> tuple[bool, str]:
        found = next(check for check in examine(own) if check.name == "rate storage")
        assert "s3cret" not in found.detail
        return found.ok, found.detail

    assert check() == (True, f"{server.url} answers")
    server.kill()
    ok, detail = check()
    assert not ok
    assert "each process counts by itself" in detail


@pytest.mark.model
def test_two_services_share_what_a_key_may_ask(server: RedisServer, encoder, home, tmp_path) -> None:
    key, written = new_key("", "student", None, None)
    database = f"sqlite:///{tmp_path / 'state.sqlite3'}"
    opened = Database(database)
    opened.migrate()
    store_key(opened, key)
    opened.close()
    own = Settings(
        home=copy_home(home, tmp_path),
        database_url=SecretStr(database),
        secret_key=SecretStr("k" * 16),
        rate_per_key="3/hour",
        rate_storage_url=SecretStr(server.url),
    )

    def ask(client: httpx.Client) -> httpx.Response:
        headers = {"Authorization": f"Bearer {written}"}
        return client.post("/v1/ask", json={"question": REFERENCE, "course": "docker"}, headers=headers)

    with serving(own, encoder) as one, serving(own, encoder) as other:
        remaining = [ask(served.client).headers["RateLimit"] for served in (one, other, one)]
        assert [found.split(";")[1] for found in remaining] == ["r=2", "r=1", "r=0"]
        refused = ask(other.client)
        assert_problem(refused, 429)
        assert 3590 <= int(refused.headers["Retry-After"]) <= 3600
        server.kill()
        assert ask(other.client).status_code == 200
        assert "counted by each process" in str(other.client.get("/readyz").json()["notices"])
