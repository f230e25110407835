"""Calls in both worlds: what is sent, what is tried again, what comes of it."""

import math
import socket
import threading
from typing import Any

import attrs
import httpx
import pytest
import respx

from tests.raw_server import Connection, RawServer, Script
from tests.worlds import World
from xpander_client.configuration import Configuration, RetryPolicy
from xpander_client.core.call import prepare
from xpander_client.core.requests import Replay, RequestSpec, Root
from xpander_client.errors import (
    ApiStatusError,
    ArgumentError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    ConnectionFailedError,
    DecodingError,
    NotFoundError,
    PayloadTooLargeError,
    PermissionDeniedError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    TimeoutExceededError,
    UnknownOutcomeError,
    UnprocessableError,
)
from xpander_client.transport import Transport

URL = "http://platform.test"
FAST = RetryPolicy(initial=0.001)
CONFIGURATION = Configuration("key", URL, "org", retry=FAST)
GET = RequestSpec(
    operation="Tasks.get", method="GET", path="/t/1", template="/t/{id}", replay=Replay.ALWAYS
)
CREATE = RequestSpec(
    operation="Tasks.create",
    method="POST",
    path="/t",
    template="/t",
    body=b'{"a":1}',
    replay=Replay.KEYED,
)
HONORED = {"idempotency-keys": "honored"}

each_wire = pytest.mark.usefixtures("http")


@pytest.fixture
def wire() -> Any:
    with respx.mock(base_url=URL, assert_all_called=False) as router:
        yield router


def transport() -> Transport:
    return Transport.of(CONFIGURATION)


def answered(*answers: httpx.Response | type[Exception]) -> list[Any]:
    return list(answers)


def ok(**headers: str) -> httpx.Response:
    return httpx.Response(200, json={"id": "1"}, headers=headers)


def test_a_call_sends_the_key_and_gives_the_object(world: World, wire: respx.Router) -> None:
    route = wire.get("/t/1").mock(return_value=ok(**{"X-Request-Id": "r1"}))
    response = world.call(transport(), GET, dict[str, Any])
    request = route.calls.last.request
    assert response.parsed == {"id": "1"}
    assert (response.status_code, response.request_id) == (200, "r1")
    assert response.headers["x-Request-ID"] == "r1"
    assert [attempt.status_code for attempt in response.attempts] == [200]
    assert request.headers["x-api-key"] == "key"
    assert "content-type" not in request.headers


def test_a_body_is_json(world: World, wire: respx.Router) -> None:
    route = wire.post("/t").mock(return_value=ok())
    world.call(transport(), CREATE, dict[str, Any])
    request = route.calls.last.request
    assert (request.content, request.headers["content-type"]) == (b'{"a":1}', "application/json")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(world: World, wire: respx.Router, status: int) -> None:
    failed = httpx.Response(status, headers={"retry-after-ms": "1"})
    route = wire.get("/t/1").mock(side_effect=answered(failed, failed, ok()))
    response = world.call(transport(), GET, dict[str, Any])
    assert route.call_count == 3
    assert [attempt.status_code for attempt in response.attempts] == [status, status, 200]
    assert [attempt.waited for attempt in response.attempts] == [0.001, 0.001, None]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, BadRequestError),
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (409, ConflictError),
        (413, PayloadTooLargeError),
        (418, ApiStatusError),
        (422, UnprocessableError),
    ],
)
def test_a_final_failure_is_the_error_of_its_status(
    world: World, wire: respx.Router, status: int, error: type[ApiStatusError]
) -> None:
    body = {"detail": "because", "path": "$.a"}
    headers = {"x-request-id": "r7"}
    route = wire.get("/t/1").mock(return_value=httpx.Response(status, json=body, headers=headers))
    with pytest.raises(error) as caught:
        world.call(transport(), GET, dict[str, Any])
    found = caught.value
    assert type(found) is error
    assert route.call_count == 1
    assert (found.status_code, found.body) == (status, body)
    assert found.description == "because ($.a)"
    assert (found.method, found.path, found.request_id) == ("GET", "/t/1", "r7")
    assert not found.retryable
    assert str(found) == f"{status}: because ($.a) (GET {URL}/t/1, request r7)"


@pytest.mark.parametrize(
    ("status", "error"), [(408, RequestTimeoutError), (429, RateLimitError), (503, ServerError)]
)
def test_a_failure_that_lasts_carries_all_its_attempts(
    world: World, wire: respx.Router, status: int, error: type[ApiStatusError]
) -> None:
    wire.get("/t/1").mock(return_value=httpx.Response(status, text="busy"))
    with pytest.raises(error, match=f"{status}: busy .*3 attempts") as caught:
        world.call(transport(), GET, dict[str, Any])
    assert [attempt.status_code for attempt in caught.value.attempts] == [status] * 3
    assert caught.value.retryable


def test_a_wait_past_the_deadline_fails_now(world: World, wire: respx.Router) -> None:
    route = wire.get("/t/1").mock(return_value=httpx.Response(503, headers={"retry-after": "61"}))
    with pytest.raises(ServerError) as caught:
        world.call(transport(), GET, dict[str, Any])
    assert route.call_count == 1
    assert caught.value.retry_after == 61.0


def test_one_key_is_made_for_a_call_and_goes_with_each_attempt(
    world: World, wire: respx.Router
) -> None:
    route = wire.post("/t").mock(
        side_effect=answered(httpx.Response(503, headers=HONORED), ok(), ok())
    )
    there = transport()
    world.call(there, CREATE, dict[str, Any])
    world.call(there, CREATE, dict[str, Any])
    first, second, other = (call.request.headers["idempotency-key"] for call in route.calls)
    assert first == second
    assert other != first


def test_a_key_of_the_callers_own_is_used(world: World, wire: respx.Router) -> None:
    route = wire.post("/t").mock(return_value=ok())
    world.call(transport().options(idempotency_key="mine"), CREATE, dict[str, Any])
    assert route.calls.last.request.headers["idempotency-key"] == "mine"


@pytest.mark.parametrize("fault", [httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError])
def test_a_create_whose_fate_is_unknown_is_not_repeated(
    world: World, wire: respx.Router, fault: type[Exception]
) -> None:
    route = wire.post("/t").mock(side_effect=fault)
    configuration = Configuration("key", URL, f"unknown-{world.name}-{fault.__name__}", retry=FAST)
    with pytest.raises(UnknownOutcomeError, match="may have happened all the same"):
        world.call(Transport.of(configuration), CREATE, dict[str, Any])
    assert route.call_count == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_create_that_a_failing_platform_may_have_made_is_not_repeated(
    world: World, wire: respx.Router, status: int
) -> None:
    route = wire.post("/t").mock(return_value=httpx.Response(status, text="gateway"))
    configuration = Configuration("key", URL, f"failing-{world.name}-{status}", retry=FAST)
    with pytest.raises(ServerError, match=r"gateway\. Tasks\.create may have happened") as caught:
        world.call(Transport.of(configuration), CREATE, dict[str, Any])
    assert route.call_count == 1
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("status", "wait"), [(429, {}), (429, {"retry-after": "0"}), (503, {"retry-after": "0"})]
)
def test_a_create_that_the_platform_was_too_busy_for_is_sent_again(
    world: World, wire: respx.Router, status: int, wait: dict[str, str]
) -> None:
    busy = httpx.Response(status, headers=wait)
    route = wire.post("/t").mock(side_effect=answered(busy, busy, ok()))
    there = Transport.of(Configuration("key", URL, f"busy-{world.name}", retry=FAST))
    assert world.call(there, CREATE, dict[str, Any]).parsed == {"id": "1"}
    assert len({call.request.headers["idempotency-key"] for call in route.calls}) == 1


@pytest.mark.parametrize(("status", "wait"), [(429, {}), (503, {"retry-after": "0"})])
def test_a_create_that_the_platform_stays_too_busy_for_did_not_happen(
    world: World, wire: respx.Router, status: int, wait: dict[str, str]
) -> None:
    wire.post("/t").mock(return_value=httpx.Response(status, headers=wait))
    there = Transport.of(Configuration("key", URL, f"busy-{world.name}", retry=FAST))
    with pytest.raises(ApiStatusError, match="3 attempts") as caught:
        world.call(there, CREATE, dict[str, Any])
    assert "may have happened" not in str(caught.value)


def test_a_date_to_come_back_at_goes_by_the_clock_that_it_was_read_from(
    world: World, wire: respx.Router
) -> None:
    theirs = {"date": "Sun, 06 Nov 2044 08:49:37 GMT"}
    busy = httpx.Response(429, headers={**theirs, "retry-after": "Sun, 06 Nov 2044 08:49:37 GMT"})
    route = wire.get("/t/1").mock(side_effect=answered(busy, ok()))
    world.call(transport(), GET, dict[str, Any])
    assert route.call_count == 2


def test_it_is_repeated_where_the_platform_honors_keys(world: World, wire: respx.Router) -> None:
    wire.get("/t/1").mock(return_value=ok(**HONORED))
    route = wire.post("/t").mock(side_effect=answered(httpx.ReadTimeout, ok()))
    there = Transport.of(Configuration("key", URL, f"honoring-{world.name}", retry=FAST))
    world.call(there, GET, dict[str, Any])
    world.call(there, CREATE, dict[str, Any])
    first, second = (call.request.headers["idempotency-key"] for call in route.calls)
    assert first == second


@pytest.mark.parametrize("fault", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
def test_a_create_that_never_left_is_repeated(
    world: World, wire: respx.Router, fault: type[Exception]
) -> None:
    route = wire.post("/t").mock(side_effect=answered(fault, ok()))
    world.call(transport(), CREATE, dict[str, Any])
    assert route.call_count == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [(httpx.ConnectError, ConnectionFailedError), (httpx.ReadTimeout, TimeoutExceededError)],
)
def test_no_exception_of_httpx_comes_out(
    world: World, wire: respx.Router, fault: type[Exception], error: type[Exception]
) -> None:
    wire.get("/t/1").mock(side_effect=fault("no luck"))
    with pytest.raises(error, match="no luck") as caught:
        world.call(transport(), GET, dict[str, Any])
    found: BaseException | None = caught.value
    while found is not None:
        assert not isinstance(found, httpx.HTTPError)
        found = found.__cause__ or found.__context__


def test_an_answer_that_is_not_as_promised_names_the_place(
    world: World, wire: respx.Router
) -> None:
    wire.get("/t/1").mock(return_value=httpx.Response(200, json={"a": {"b": "x"}}))
    with pytest.raises(DecodingError) as caught:
        world.call(transport(), GET, dict[str, dict[str, int]])
    found = caught.value
    assert (found.json_path, found.expected, found.got) == (
        "$.a.b",
        "an integer",
        "the string 'x'",
    )
    assert found.body == {"a": {"b": "x"}}


def test_options_change_a_copy_that_shares_the_connections(
    world: World, wire: respx.Router
) -> None:
    route = wire.get("/t/1").mock(return_value=httpx.Response(503))
    there = transport()
    other = there.options(
        retry=RetryPolicy(attempts=2, initial=0.0), headers={"X-Tenant": "a"}
    ).options(headers={"x-trace": "b"})
    with pytest.raises(ServerError):
        world.call(other, GET, dict[str, Any])
    assert route.call_count == 2
    assert route.calls.last.request.headers["x-tenant"] == "a"
    assert route.calls.last.request.headers["x-trace"] == "b"
    assert other.pool is there.pool
    assert there.call_options.retry is None


@pytest.mark.parametrize(
    "value",
    ["top-secret\r\nx: y", "top-secret\0", "top-\nsecret", "\u200btop-secret", "s\u00e9cret"],
)
def test_a_header_that_cannot_be_sent_is_refused_where_it_is_given_and_not_shown(
    value: str,
) -> None:
    there = transport()
    with pytest.raises(ArgumentError, match="Authorization") as caught:
        there.options(headers={"Authorization": value})
    assert "cret" not in str(caught.value)
    with pytest.raises(ArgumentError, match="idempotency_key") as caught:
        there.options(idempotency_key=value)
    assert "cret" not in str(caught.value)
    assert "cret" not in repr(there.options(headers={"Authorization": "top-secret"}))


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"headers": {"a b": "c"}}, "'a b'"),
        ({"headers": {"a\n": "c"}}, "name of a header"),
        ({"headers": {"": "c"}}, "name of a header"),
        ({"headers": {b"a": "c"}}, "name of a header"),
        ({"headers": {"a": 1}}, "int"),
        ({"headers": {"a": None}}, "NoneType"),
        ({"headers": {"Content-Length": "1"}}, "Content-Length"),
        ({"headers": [("a", "b")]}, "headers"),
        ({"idempotency_key": ""}, "idempotency_key"),
        ({"idempotency_key": 7}, "idempotency_key"),
        ({"timeout": "5"}, "timeout"),
        ({"timeout": 0}, "timeout"),
        ({"retry": 3}, "retry"),
    ],
)
def test_an_option_of_the_wrong_kind_is_refused_where_it_is_given(
    options: dict[str, Any], named: str
) -> None:
    with pytest.raises(ArgumentError, match=named):
        transport().options(**options)


def test_white_space_around_a_header_is_taken_off(world: World, wire: respx.Router) -> None:
    route = wire.get("/t/1").mock(return_value=ok())
    there = transport().options(headers={"authorization": "Bearer x\r\n", "x-tab": "a\tb"})
    world.call(there, GET, dict[str, Any])
    assert route.calls.last.request.headers["authorization"] == "Bearer x"
    assert route.calls.last.request.headers["x-tab"] == "a\tb"


def test_what_stands_for_a_configuration_or_a_client_is_checked_where_it_is_given() -> None:
    for wrong in ("key", {"api_key": "key"}, httpx.Client):
        with pytest.raises(ArgumentError, match="must be a Configuration"):
            Transport.of(wrong)  # type: ignore[arg-type]  # what is tested
        with pytest.raises(ArgumentError, match="http_client must be"):
            Transport.of(CONFIGURATION, wrong)  # type: ignore[arg-type]  # what is tested


def test_a_header_of_a_given_client_that_cannot_be_sent_is_named_and_not_shown(
    world: World,
) -> None:
    new = httpx.Client if world.name == "sync" else httpx.AsyncClient
    client = new(headers={"authorization": "top-secret\n"})
    with pytest.raises(ArgumentError, match="authorization") as caught:
        Transport.of(CONFIGURATION, client)
    assert "secret" not in str(caught.value)
    with RawServer() as server:
        client = new()
        there = Transport.of(server.configuration(), client)
        client.headers["authorization"] = "top-secret\n"  # too late to be noticed
        with pytest.raises(ArgumentError, match="can't be sent") as caught:
            world.call(there, CREATE, dict[str, Any])
    assert "secret" not in str(caught.value)
    assert "may have happened" not in str(caught.value)


def test_a_login_in_the_address_is_sent_and_stands_in_no_log(
    world: World, wire: respx.Router, caplog: pytest.LogCaptureFixture
) -> None:
    route = wire.get("/t/1").mock(return_value=ok())
    address = URL.replace("://", "://me:top-secret@")
    with caplog.at_level("DEBUG"):
        world.call(Transport.of(Configuration("key", address, "org")), GET, dict[str, Any])
    assert route.calls.last.request.headers["authorization"] == "Basic bWU6dG9wLXNlY3JldA=="
    assert "secret" not in caplog.text


def test_a_request_as_it_is_sent_shows_no_secret() -> None:
    shown = repr(prepare(CREATE, Configuration("top-secret", URL), {"authorization": "b-secret"}))
    assert "x-api-key" in shown
    assert "secret" not in shown


@each_wire
def test_a_failed_call_says_which_address_was_tried(world: World) -> None:
    with RawServer() as server:
        configuration = server.configuration()
    url = f"{configuration.base_url}/t"
    with pytest.raises(ConnectionFailedError, match=f"no connection .*{url}, 3 attempts") as caught:
        world.call(Transport.of(configuration), CREATE, dict[str, Any])
    assert caught.value.url == url


@each_wire
def test_a_create_that_left_before_the_connection_was_lost_is_not_repeated(world: World) -> None:
    with RawServer(lambda connection: None, lambda connection: None) as server:
        configuration = server.configuration()
        with pytest.raises(UnknownOutcomeError):
            world.call(Transport.of(configuration), CREATE, dict[str, Any])
        assert len(server.lines) == 1


@each_wire
def test_https_to_a_server_without_tls_asks_whether_http_was_meant(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        talker = threading.Thread(target=_answer_in_clear, args=(listener,))
        talker.start()
        configuration = Configuration("key", address, "org", retry=RetryPolicy(attempts=1))
        with pytest.raises(ConnectionFailedError, match=f"did you mean http://{address}") as caught:
            world.call(Transport.of(configuration), GET, dict[str, Any])
        talker.join(5.0)
    assert f"https://{address}/t/1" in str(caught.value)


@each_wire
def test_time_limits_without_an_end_are_none_that_the_system_does_not_know(world: World) -> None:
    with RawServer(lambda connection: connection.answer(b"{}")) as server:
        endless = attrs.evolve(server.configuration(timeout=math.inf), connect_timeout=math.inf)
        assert world.call(Transport.of(endless), GET, dict[str, Any]).parsed == {}


@each_wire
def test_an_address_that_is_too_long_is_an_argument_error(world: World) -> None:
    spec = attrs.evolve(GET, path="/t/" + "1" * 70_000)
    with pytest.raises(ArgumentError, match="can't be asked for"):
        world.call(transport(), spec, dict[str, Any])


def test_an_answer_in_an_encoding_that_was_not_asked_for_is_named(
    world: World, wire: respx.Router
) -> None:
    headers = {"content-encoding": "zpaq"}
    wire.get("/t/1").mock(return_value=httpx.Response(200, content=b"\x07", headers=headers))
    with pytest.raises(DecodingError, match="zpaq"):
        world.call(transport(), GET, dict[str, Any])


def test_a_missing_key_is_said_before_anything_is_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XPANDER_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="XPANDER_API_KEY"):
        world.call(Transport.of(Configuration(None, URL)), GET, dict[str, Any])


def test_a_client_of_the_callers_own_is_used_as_it_is(world: World) -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return ok()

    mock = httpx.MockTransport(handle)
    client: httpx.Client | httpx.AsyncClient = (
        httpx.Client(transport=mock, headers={"x-mine": "yes"})
        if world.name == "sync"
        else httpx.AsyncClient(transport=mock, headers={"x-mine": "yes"})
    )
    there = Transport.of(CONFIGURATION, client)
    assert world.call(there, GET, dict[str, Any]).parsed == {"id": "1"}
    assert (seen[0].headers["x-mine"], seen[0].headers["x-api-key"]) == ("yes", "key")
    there.close()
    assert not client.is_closed


def _late(connection: Connection) -> None:
    connection.is_closed_by_peer()


def _half(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
    connection.sock.close()


@each_wire
@pytest.mark.parametrize(
    ("script", "error"), [(_late, TimeoutExceededError), (_half, ConnectionFailedError)]
)
def test_a_server_that_does_not_answer_fails_within_the_time(
    world: World, script: Script, error: type[Exception]
) -> None:
    with RawServer(script) as server:
        there = Transport.of(server.configuration(timeout=0.4, attempts=1))
        with pytest.raises(error):
            world.call(there, GET, dict[str, Any])


@each_wire
def test_the_organization_stands_in_front_of_what_is_under_the_events_root(world: World) -> None:
    spec = RequestSpec(
        operation="x",
        method="GET",
        path="/e",
        template="/e",
        root=Root.EVENTS,
        query=(("a", "b c"),),
    )
    with RawServer(lambda connection: connection.answer(b"{}")) as server:
        world.call(Transport.of(server.configuration()), spec, dict[str, Any])
    assert server.lines == ["GET /org/e?a=b+c HTTP/1.1"]


@each_wire
def test_an_answer_that_trickles_in_does_not_outlast_the_call(world: World) -> None:
    def trickling(connection: Connection) -> None:
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        for _ in range(1000):
            connection.send(b" ")
            if connection.is_closed_by_peer(0.05):
                return

    with RawServer(trickling) as server:
        there = Transport.of(server.configuration(timeout=0.4, attempts=1))
        with pytest.raises(TimeoutExceededError, match="had not ended"):
            world.call(there, GET, dict[str, Any])


def _answer_in_clear(listener: socket.socket) -> None:
    sock, _ = listener.accept()
    with sock:
        sock.recv(1024)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
