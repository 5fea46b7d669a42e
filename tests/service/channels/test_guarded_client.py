"""The guarded client against hostile names, rebinding, redirects, stalls and floods."""

import re
import select
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from data.errors import Refused, SourceUnavailable
from service.channels.guarded_client import MAX_ANSWER_BYTES, GuardedClient
from tests.service.channels.test_addresses import NOT_GLOBAL, UNREADABLE_URLS

PUBLIC = "93.184.215.14"


@pytest.fixture
def no_dialling(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Makes every attempt to connect fail at once, and keeps whither it went."""
    dialled: list[str] = []

    def connect(address: tuple[str, int], *args: object, **kwargs: object) -> socket.socket:
        dialled.append(address[0])
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", connect)
    return dialled


def resolver(answers: dict[str, Sequence[Sequence[str]]]) -> Callable[[str, int], Sequence[str]]:
    """A resolver that gives each name its answers in turn."""
    left = {name: list(turns) for name, turns in answers.items()}

    def resolve(host: str, port: int) -> Sequence[str]:
        if host not in left:
            raise socket.gaierror(-2, "Name or service not known")
        return left[host].pop(0)

    return resolve


def post(client: GuardedClient, url: str, **headers: str) -> Any:
    return client.post(url, content=b"{}", headers=headers)


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"], ["10.1.2.3"], ["169.254.169.254"], ["::1"], ["::ffff:192.168.0.1"],
        [PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC], ["fd00::1", PUBLIC], ["0.0.0.0"],
    ],
)  # fmt: skip
def test_a_name_that_leads_inside_is_never_dialled(
    no_dialling: list[str], addresses: list[str]
) -> None:
    client = GuardedClient(resolve=resolver({"evil.example": [addresses]}))
    with pytest.raises(Refused, match="not on the public internet"):
        post(client, "https://evil.example/")
    assert no_dialling == []


def test_the_checked_address_is_the_one_that_is_dialled(no_dialling: list[str]) -> None:
    """A name server that answers differently the second time is not asked a second time."""
    client = GuardedClient(resolve=resolver({"evil.example": [[PUBLIC], ["127.0.0.1"]]}))
    with pytest.raises(SourceUnavailable):
        post(client, "https://evil.example/")
    assert no_dialling == [PUBLIC]
    with pytest.raises(Refused):
        post(client, "https://evil.example/")
    assert no_dialling == [PUBLIC]


def test_every_checked_address_is_tried(no_dialling: list[str]) -> None:
    client = GuardedClient(resolve=resolver({"two.example": [[PUBLIC, "8.8.8.8"]]}))
    with pytest.raises(SourceUnavailable, match="Connection refused"):
        post(client, "https://two.example/")
    assert no_dialling == [PUBLIC, "8.8.8.8"]


def test_an_unknown_name_is_unavailable(no_dialling: list[str]) -> None:
    with pytest.raises(SourceUnavailable, match="cannot be found"):
        post(GuardedClient(resolve=resolver({})), "https://no.example/")
    assert no_dialling == []


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "https://127.0.0.1/", "https://localhost/",
                                 "https://[::1]/", "https://[::ffff:7f00:1]/"])  # fmt: skip
def test_this_machine_is_not_called(no_dialling: list[str], url: str) -> None:
    with pytest.raises(Refused):
        post(GuardedClient(), url)
    assert no_dialling == []


def test_no_hostile_form_reaches_a_server_of_this_machine() -> None:
    """Every form of the tests of addresses, aimed at a socket that really listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        forms = [re.sub(r"^(https?://[^/?#]*[^/:?#])(?=/|$)", rf"\1:{port}", url)
                 for url in UNREADABLE_URLS]  # fmt: skip
        names = {f"a{number}.example": [[address]] for number, address in enumerate(NOT_GLOBAL)}
        forms += [f"https://{name}:{port}/" for name in names]
        assert len(forms) >= 60
        client = GuardedClient(resolve=resolver({**names, "hooks.example.org": []}))
        for url in forms:
            with pytest.raises(Refused):
                post(client, url)
        assert select.select([listener], [], [], 0)[0] == []


def test_plain_http_does_not_leave_this_machine(no_dialling: list[str]) -> None:
    client = GuardedClient(allow_loopback=True, resolve=resolver({"out.example": [[PUBLIC]]}))
    with pytest.raises(Refused, match="Plain http"):
        post(client, "http://out.example/")
    assert no_dialling == []


def test_proxies_of_the_environment_are_not_used(
    no_dialling: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with pytest.raises(SourceUnavailable):
        post(GuardedClient(resolve=resolver({"a.example": [[PUBLIC]]})), "https://a.example/")
    assert no_dialling == [PUBLIC]


def test_a_post_arrives_as_sent(httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request("/hook", method="POST").respond_with_data("thanks")
    client = GuardedClient(allow_loopback=True)
    answer = client.post(
        httpserver.url_for("/hook?a=b"), content=b'{"x":1}', headers={"X-Name": "v"}
    )
    assert (answer.status, answer.body) == (200, b"thanks")
    (request, _), *_ = httpserver.log
    assert (request.data, request.headers["X-Name"]) == (b'{"x":1}', "v")
    assert request.query_string == b"a=b"
    assert request.headers["Host"] == f"{httpserver.host}:{httpserver.port}"


def test_name_and_certificate_stay_those_of_the_url(
    serve: Any, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    seen: dict[str, object] = {}

    def remember_name(_: ssl.SSLObject, name: str, __: ssl.SSLContext) -> None:
        seen["sni"] = name

    server_context.sni_callback = remember_name  # type: ignore[assignment]

    def handle(connection: socket.socket) -> None:
        with server_context.wrap_socket(connection, server_side=True) as secure:
            seen["request"] = read_request(secure)
            secure.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    port = serve(handle)
    client = GuardedClient(
        allow_loopback=True,
        resolve=resolver({"hooks.example.org": [["127.0.0.1"]]}),
        ssl_context=client_context,
    )
    assert post(client, f"https://hooks.example.org:{port}/a").status == 204
    assert seen["sni"] == "hooks.example.org"
    assert f"Host: hooks.example.org:{port}".encode() in seen["request"]  # type: ignore[operator]


def test_a_certificate_of_another_name_is_not_accepted(
    serve: Any, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    def handle(connection: socket.socket) -> None:
        server_context.wrap_socket(connection, server_side=True).close()

    client = GuardedClient(
        allow_loopback=True,
        resolve=resolver({"other.example.org": [["127.0.0.1"]]}),
        ssl_context=client_context,
    )
    with pytest.raises(SourceUnavailable, match="certificate"):
        post(client, f"https://other.example.org:{serve(handle)}/")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_answers(httpserver: HTTPServer, status: int) -> None:
    inner = httpserver.expect_request("/inner")
    inner.respond_with_data("secret")
    httpserver.expect_request("/hook").respond_with_response(
        Response("", status, {"Location": httpserver.url_for("/inner")})
    )
    answer = post(GuardedClient(allow_loopback=True), httpserver.url_for("/hook"))
    assert answer.status == status
    assert [request.path for request, _ in httpserver.log] == ["/hook"]


def test_a_flood_is_cut(serve: Any) -> None:
    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65_536)

    answer = post(GuardedClient(allow_loopback=True), f"http://127.0.0.1:{serve(handle)}/")
    assert answer.body == b"x" * MAX_ANSWER_BYTES


def read_request(connection: socket.socket) -> bytes:
    """Returns a whole request: one that is answered half read resets the connection."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(65_536)
    head, _, body = request.partition(b"\r\n\r\n")
    (length,) = re.findall(rb"content-length: (\d+)", head.lower())
    while len(body) < int(length):
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def listen_only(connection: socket.socket) -> None:
    """Reads until the caller gives up, at most 5 seconds, and never answers."""
    while connection.recv(65_536):
        pass


def drip(connection: socket.socket, head: bytes) -> None:
    """Answers byte by byte until the caller gives up, at most 10 seconds."""
    read_request(connection)
    connection.sendall(head)
    for _ in range(500):
        if select.select([connection], [], [], 0.02)[0]:
            return
        connection.sendall(b"x")


@pytest.mark.parametrize(
    "handle",
    [
        pytest.param(listen_only, id="silence"),
        pytest.param(lambda c: drip(c, b"HTTP/1.1 200 OK\r\nX-A: "), id="dripping head"),
        pytest.param(lambda c: drip(c, b"HTTP/1.1 200 OK\r\n\r\n"), id="dripping body"),
    ],
)
def test_a_stalling_receiver_does_not_hold_a_worker(
    serve: Any, handle: Callable[[socket.socket], None]
) -> None:
    client = GuardedClient(allow_loopback=True, timeout_seconds=0.3, deadline_seconds=0.3)
    with pytest.raises(SourceUnavailable, match="in time"):
        post(client, f"http://127.0.0.1:{serve(handle)}/")


def test_a_silent_handshake_does_not_hold_a_worker(serve: Any) -> None:
    client = GuardedClient(allow_loopback=True, timeout_seconds=5, deadline_seconds=0.3)
    with pytest.raises(SourceUnavailable, match="in time"):
        post(client, f"https://127.0.0.1:{serve(listen_only)}/")


@pytest.mark.parametrize("junk", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 banana\r\n\r\n"])
def test_nonsense_is_unavailable(serve: Any, junk: bytes) -> None:
    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(junk)

    with pytest.raises(SourceUnavailable, match="The call failed"):
        post(GuardedClient(allow_loopback=True), f"http://127.0.0.1:{serve(handle)}/")


def test_failures_do_not_tell_the_address(no_dialling: list[str]) -> None:
    client = GuardedClient(resolve=resolver({"hooks.example.org": [[PUBLIC]]}))
    with pytest.raises(SourceUnavailable) as caught:
        post(client, "https://hooks.example.org/token-1234")
    assert "token" not in str(caught.value)
    assert "example" not in str(caught.value)
