"""A proxy between a client and a server of S3's API, which makes what can go wrong go wrong."""

from __future__ import annotations

import csv
import http.client
import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar, NamedTuple

from retrodetect.errors import RetrodetectError
from retrodetect.runs.batch import run
from retrodetect.runs.outputs import Outputs
from retrodetect.runs.pool import Workers
from retrodetect.runs.task import Settings

__all__ = ["FAULTS", "RESULTS", "Trial", "between", "is_honest", "trial"]

RESULTS = ("strides.csv", "sessions.csv")

SLOW_S = 0.3
REFUSAL = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    "<Error><Code>{}</Code><Message>as the test wants it</Message></Error>"
)


class Proxy(BaseHTTPRequestHandler):
    """Passes requests on, but for those that a fault takes."""

    protocol_version = "HTTP/1.1"
    server_port: ClassVar[int]
    fault: ClassVar[Callable[[Proxy, bytes], bool]] = staticmethod(lambda own, body: False)
    after: ClassVar[int] = 0
    """Requests that go well before the fault begins."""
    count: ClassVar[int] = 0
    hits: ClassVar[int] = 0
    listings: ClassVar[dict[str, tuple[int, list[tuple[str, str]], bytes]]] = {}

    def handle_any(self) -> None:
        """Answer one request."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        Proxy.count += 1
        if Proxy.count > Proxy.after and Proxy.fault(self, body):
            Proxy.hits += 1
            return
        self.answer(*self.passed_on(body))

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any  # noqa: N815

    @property
    def is_listing(self) -> bool:
        """Whether the client asks for the names of objects."""
        return self.command == "GET" and "list-type" in self.path

    def passed_on(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """What the server says."""
        connection = http.client.HTTPConnection("127.0.0.1", Proxy.server_port)
        connection.request(self.command, self.path, body, dict(self.headers))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.getheaders(), content

    def answer(
        self, status: int, headers: list[tuple[str, str]], content: bytes, most: int | None = None
    ) -> None:
        """Send an answer, or the beginning of one."""
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:most])
        if most is not None:
            self.close_connection = True

    def refuse(self, status: int, code: str) -> bool:
        """Say no as S3 does."""
        body = b"" if self.command == "HEAD" else REFUSAL.format(code).encode()
        self.answer(status, [("Content-Type", "application/xml")], body)
        return True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def _slow(own: Proxy, body: bytes) -> bool:
    time.sleep(SLOW_S)
    own.answer(*own.passed_on(body))
    return True


def _sometimes(status: int, code: str) -> Callable[[Proxy, bytes], bool]:
    """Every third request."""
    return lambda own, body: Proxy.count % 3 == 0 and own.refuse(status, code)


def _broken_download(own: Proxy, body: bytes) -> bool:
    if own.command != "GET" or own.is_listing or Proxy.count % 2:
        return False
    status, headers, content = own.passed_on(body)
    own.answer(status, headers, content, len(content) // 2)
    return True


def _half_upload(own: Proxy, body: bytes) -> bool:
    """The connection breaks before the server has all of it."""
    if own.command != "PUT" or Proxy.count % 2:
        return False
    own.close_connection = True
    return True


def _late_listing(own: Proxy, body: bytes) -> bool:
    """What was listed first is listed forever."""
    if not own.is_listing:
        return False
    if own.path not in Proxy.listings:
        Proxy.listings[own.path] = own.passed_on(body)
    own.answer(*Proxy.listings[own.path])
    return True


FAULTS: dict[str, Callable[[Proxy, bytes], bool]] = {
    "429 now and then": _sometimes(429, "TooManyRequests"),
    "503 now and then": _sometimes(503, "SlowDown"),
    "broken downloads": _broken_download,
    "half uploads": _half_upload,
    "a listing that lags": _late_listing,
    "expired credentials": lambda own, body: own.refuse(403, "ExpiredToken"),
    "a bucket that turns read-only": lambda own, body: (
        own.command in ("PUT", "POST", "DELETE") and own.refuse(403, "AccessDenied")
    ),
    "slow answers": _slow,
    "503 for good": lambda own, body: own.refuse(503, "SlowDown"),
}


@contextmanager
def between(server_port: int) -> Iterator[int]:
    """Run the proxy before a server; gives its port."""
    Proxy.server_port = server_port
    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def disturbed(name: str | None, after: int) -> Iterator[None]:
    """Let a fault begin after so many requests; None for none."""
    Proxy.count, Proxy.hits, Proxy.after, Proxy.listings = 0, 0, after, {}
    Proxy.fault = staticmethod(FAULTS[name]) if name else staticmethod(lambda own, body: False)
    try:
        yield
    finally:
        Proxy.fault = staticmethod(lambda own, body: False)


class Trial(NamedTuple):
    """What came of two runs, of which the first was disturbed."""

    said: str
    """Why the first run ended, or what it says of inputs that failed; empty where it is whole."""
    hits: int
    """Requests that the fault took."""
    first: dict[str, bytes]
    then: dict[str, bytes]
    """What is there after each of the two."""


def trial(fault: str, after: int, inputs: str, out: str, settings: Settings, files: Any) -> Trial:
    """Label under a fault, then once more without it."""

    def results() -> dict[str, bytes]:
        places = {name: f"{out.removeprefix('s3://')}/{name}" for name in RESULTS}
        return {name: files.cat_file(at) for name, at in places.items() if files.exists(at)}

    said = ""
    with disturbed(fault, after):
        try:
            outcome = run([inputs], Outputs(out), settings, Workers(1))
            failed = outcome.sessions["status"] == "failed"
            said = "; ".join(outcome.sessions.loc[failed, "message"])
        except RetrodetectError as error:
            said = str(error)
    hits, first = Proxy.hits, results()
    run([inputs], Outputs(out), settings, Workers(1))
    return Trial(said, hits, first, results())


def is_honest(done: Trial, expected: Mapping[str, bytes]) -> bool:
    """Whether what a disturbed run left is whole, or names every recording that it lacks."""
    if not done.said:
        return done.first == expected
    if not done.said.endswith("."):
        return False
    if "sessions.csv" not in done.first:
        return all(done.first[name] == expected[name] for name in done.first)
    rows = [_rows(of["sessions.csv"]) for of in (done.first, expected)]
    failed = {name for name, row in rows[0].items() if row["status"] == "failed"}
    strides = _lines(expected["strides.csv"], without=failed)
    return (
        rows[0].keys() == rows[1].keys()
        and all(rows[0][name] == row for name, row in rows[1].items() if name not in failed)
        and _lines(done.first.get("strides.csv", b""), without=set()) == strides
    )


def _rows(table: bytes) -> dict[str, dict[str, str]]:
    rows = csv.DictReader(io.StringIO(table.decode()))
    return {row["recording"]: row for row in rows}


def _lines(table: bytes, without: set[str]) -> list[str]:
    """Lines but for those of some recordings."""
    return [line for line in table.decode().splitlines() if line.split(",")[0] not in without]
