"""Calls to an API: what is sent, what counts as an answer, and that no server can hold a caller for long."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from millhand.core.errors import Transient
from millhand.notify.http import Answer, Busy, Caller, Unanswered, persistently


class Server:
    """A server of raw bytes: what it was sent, and what it answers each time."""

    def __init__(self, *answers: bytes, pause: float = 0.0) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._answers = list(answers)
        self._pause = pause
        self.heard: list[str] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, suppress(OSError):
                    self.heard.append(_request(connection))
                    for piece in self._pieces():
                        connection.sendall(piece)
                        time.sleep(self._pause)

    def _pieces(self) -> list[bytes]:
        answer = self._answers.pop(0) if self._answers else b""
        return [answer[at : at + 1] for at in range(len(answer))] if self._pause else [answer]


def _request(connection: socket.socket) -> str:
    with connection.makefile("rb") as stream:
        head = b"".join(iter(stream.readline, b"\r\n")).decode()
        length = next((line.split()[1] for line in head.splitlines() if line.startswith("Content-Length:")), "0")
        return f"{head}\r\n{stream.read(int(length)).decode()}"


@contextmanager
def serving(*answers: bytes, pause: float = 0.0) -> Iterator[Server]:
    server = Server(*answers, pause=pause)
    try:
        yield server
    finally:
        server.close()


def reply(status: str, body: str = "", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def test_json_is_sent_as_javascript_writes_it() -> None:
    with serving(reply("200 OK", "{}")) as server:
        assert Caller(headers={"Authorization": "Bearer k"}).post(f"{server.url}/a", {"filePath": "é"}).ok
    head, _, body = server.heard[0].partition("\r\n\r\n")
    lines = head.split("\r\n")
    assert (lines[0], body) == ("POST /a HTTP/1.1", '{"filePath":"é"}')
    assert {"Content-Type: application/json", "Authorization: Bearer k", "Content-Length: 17"} <= set(lines)


def test_a_post_without_a_body_says_so() -> None:
    with serving(reply("204 No Content")) as server:
        assert Caller().post(f"{server.url}/a/start").status == 204
    assert "Content-Length: 0" in server.heard[0]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply("400 Bad Request", '{"success": false, "error": "Job 1 not found"}'), "Job 1 not found"),
        (reply("502 Bad Gateway", "<html>"), "Bad Gateway"),
        (reply("500 Oops", '["no"]'), "Oops"),
        (reply("404 "), "Not Found"),
        (reply("599 "), "status 599"),
    ],
)
def test_an_answer_that_says_no_is_an_answer(answer: bytes, error: str) -> None:
    with serving(answer) as server:
        told = Caller().post(server.url)
    assert not told.ok
    assert told.error == error


def test_how_long_to_wait_may_be_part_of_it() -> None:
    with serving(reply("503 Busy", "", "Retry-After: 7"), reply("503 Busy", "", "Retry-After: soon")) as server:
        assert [Caller().post(server.url).retry_after for _ in range(2)] == [7.0, None]


def test_a_redirect_keeps_the_call_and_loses_the_key_at_another_host() -> None:
    with serving(reply("200 OK")) as other, serving(reply("307 Moved", "", f"Location: {other.url}/b")) as server:
        assert Caller(headers={"Authorization": "Bearer k"}).post(f"{server.url}/a", {"x": 1}).ok
    assert other.heard[0].startswith("POST /b ")
    assert other.heard[0].endswith('{"x":1}')
    assert "Bearer" not in other.heard[0]


def test_redirects_end() -> None:
    answers = [reply("301 Moved", "", "Location: /again")] * 9
    with serving(*answers) as server, pytest.raises(Unanswered, match="in a circle"):
        Caller().post(f"{server.url}/a")
    assert [heard.split()[0] for heard in server.heard] == ["POST", "GET", "GET", "GET", "GET"]


def test_nobody_there() -> None:
    with pytest.raises(Unanswered) as refused:
        Caller().post("http://127.0.0.1:9/secret/path")
    assert refused.value.message == "http://127.0.0.1:9 does not answer: Connection refused"


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 2"])
def test_half_an_answer_is_none(answer: bytes) -> None:
    with serving(answer) as server, pytest.raises(Unanswered):
        Caller(seconds=2).post(server.url)


def test_a_server_that_drips_is_given_up() -> None:
    began = time.monotonic()
    with serving(reply("200 OK", "x" * 500), pause=0.05) as server:
        with pytest.raises(Unanswered):
            Caller(seconds=0.4).post(server.url)
        assert time.monotonic() - began < 10


def test_proxies_of_the_environment_are_not_for_calls_to_an_api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serving(reply("200 OK")) as server:
        assert Caller().post(server.url).ok


@pytest.mark.parametrize("error", [Busy("busy"), Unanswered("gone")])
def test_what_may_pass_in_a_moment_is_tried_again(error: Transient) -> None:
    answers, waited = [error, error], list[float]()

    def call() -> str:
        if answers:
            raise answers.pop()
        return "done"

    assert persistently(call, (1.0, 2.0, 4.0), waited.append) == "done"
    assert waited == [1.0, 2.0]


def test_patience_ends_and_other_errors_do_not_wait() -> None:
    waited = list[float]()

    def fail(error: Exception) -> Answer:
        raise error

    with pytest.raises(Busy):
        persistently(lambda: fail(Busy("busy", retry_after=9)), (1.0, 20.0), waited.append)
    with pytest.raises(Transient, match="later"):
        persistently(lambda: fail(Transient("later")), (1.0,), waited.append)
    assert waited == [9.0, 20.0]
