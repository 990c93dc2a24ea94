"""Requests that nobody honest sends, from a seed: paths, fields, methods, hosts, tokens, sizes, forms of HTTP, connections left half open."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

__all__ = ["Hostile", "hostile_requests"]

_METHODS = [
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "get",
    "GETT",
    "",
    "G\x00T",
    "A" * 300,
]
_NAMES = [
    "../../secret.txt",
    "..\\..\\secret.txt",
    "....//....//secret.txt",
    "kept-back/run.json",
    "notes.txt",
    "run.json",
    "settled/part-000.parquet",
]
_TEXTS = [
    "", "p4", "s5", "H1", "<script>alert(1)</script>", "'; drop table claims; --", "{{ 7 * 7 }}", "${7*7}", "%s%n%x", "=1+1", "\x00", "p4\x00", "\x1b[31m",
    "\u202ep4", "ＰＩ４", "９９", "²", "-1", "0", "1e9", "9" * 40, "nan", "None", "p4\r\nSet-Cookie: a=b", "*", "?", "[", "\\", "/", ".", "..", "~", "\ud7ff", "👾" * 40, "a" * 201, "b" * 1500,
]  # fmt: skip
_PAGES = ["", "report", "institutions", "person", "claim", "simulation"]
_FIELDS = [
    "psn_no",
    "setl_id",
    "code",
    "from",
    "rules",
    "path",
    "value",
    "lang",
    "file",
    "out",
    "year",
    "",
    "psn_no[]",
    "__class__",
]
_RAW = [
    "%ED%A0%80",
    "%FF%FE",
    "%00",
    "%",
    "%zz",
    "%2",
    "%u002e",
    "%c0%ae%c0%ae%c0%af",
    "%252e%252e%252f",
    "&&&",
    ";;",
    "===",
    "+",
    "%0d%0aX: y",
]


@dataclass(frozen=True)
class Hostile:
    """One request.

    Attributes
    ----------
    pieces : what is sent, one after the other.
    may_be_shown : whether it may be answered with a page, status 200.
    half_open : whether the connection is given up before an answer.
    """

    pieces: Sequence[bytes]
    may_be_shown: bool = False
    half_open: bool = False


class _Maker:
    def __init__(self, chance: random.Random, port: int, token: str, folder: Path) -> None:
        self.chance, self.port, self.token = chance, port, token
        self.names = [
            *_NAMES,
            str(folder / "secret.txt"),
            f"file://{folder}/secret.txt",
            "/etc/passwd",
            str(folder / "kept-back"),
        ]

    # ---- parts

    def text(self) -> str:
        return self.chance.choice([*_TEXTS, *self.names])

    def segment(self) -> str:
        """A name or a text as a part of a path, written in one of several ways."""
        text = self.text().encode("utf-8", "replace").decode()
        how = self.chance.randrange(5)
        if how == 0:
            return quote(text, safe="/")
        if how == 1:
            return quote(text, safe="")
        if how == 2:
            return quote(quote(text, safe=""), safe="")
        if how == 3:
            return "".join(f"%{byte:02x}" for byte in text.encode())
        return self.chance.choice(_RAW) + quote(text, safe="/.")

    def fields(self) -> str:
        chance = self.chance
        made = [
            f"{chance.choice(_FIELDS)}={quote(self.text(), safe=chance.choice(['', '/']), errors='replace')}"
            for _ in range(chance.randrange(1, 4))
        ]
        return "&".join([*made, *chance.sample(_RAW, chance.randrange(2))])

    def head(
        self, target: str, *more: str, method: str = "GET", host: str | None = "", version: str = "HTTP/1.1"
    ) -> bytes:
        hosts = [] if host is None else [f"Host: {host or f'127.0.0.1:{self.port}'}"]
        lines = [f"{method} {target} {version}", *hosts, "Connection: close", *more, "", ""]
        return "\r\n".join(lines).encode("utf-8", "surrogatepass")

    def good(self) -> str:
        return f"/{self.token}/en/{self.chance.choice(['', '1/', '3/', '1/institutions', '1/person'])}"

    # ---- kinds

    def path(self) -> Hostile:
        chance = self.chance
        lang = chance.choice(["en", "zh", "EN", "fr", "", "..", "%65n", self.segment()])
        number = chance.choice(
            ["1", "2", "4", "0", "-1", "5", "999", "1000", "01", "1.0", "１", "9" * 60, self.segment()]
        )
        page = chance.choice([*_PAGES, "Person", "person/", "person/x", "static/x", self.segment(), self.segment()])
        path = chance.choice(["/", "//", "/./", "/../"]).join([f"/{self.token}", lang, number, page])
        return Hostile([self.head(quote(path, safe="/%.-_~?=&;"))], may_be_shown=True)

    def query(self) -> Hostile:
        page = self.chance.choice(_PAGES)
        return Hostile(
            [self.head(f"/{self.token}/{self.chance.choice(['en', 'zh'])}/1/{page}?{self.fields()}")], may_be_shown=True
        )

    def number(self) -> Hostile:
        """A number of the rules in the place of another, most of them wrong."""
        value = self.chance.choice(["200/100", "0", "-5", "1e3", "100", "9" * 15, "1/2/3", "0.001", "-", self.text()])
        path = self.chance.choice(["pooled.deductible", "pooled.bands", "critical.bands", "pooled.caps", self.text()])
        rules = self.chance.choice(["990100/310/2021-02-01"] * 3 + [self.text()])
        fields = f"rules={quote(rules, errors='replace')}&path={quote(path, errors='replace')}&value={quote(value, errors='replace')}"
        return Hostile([self.head(f"/{self.token}/en/1/simulation?{fields}")], may_be_shown=True)

    def method(self) -> Hostile:
        return Hostile([self.head(self.good(), method=self.chance.choice(_METHODS))])

    def host(self) -> Hostile:
        port = self.port
        wrong = ["evil.example", f"evil.example:{port}", "127.0.0.1", "localhost", f"127.0.0.1:{port + 1}", f"[::1]:{port}", f"0.0.0.0:{port}", f"127.0.0.1:{port}.evil", f"127.1:{port}", f"2130706433:{port}", f"127.0.0.1:{port}, 127.0.0.1:{port}", f"a@127.0.0.1:{port}", None, " "]  # fmt: skip
        host = self.chance.choice(wrong)
        more = self.chance.choice(
            [
                [],
                [f"X-Forwarded-Host: 127.0.0.1:{port}"],
                [f"Host: 127.0.0.1:{port}"],
                [f"Forwarded: host=127.0.0.1:{port}"],
            ]
        )
        return Hostile(
            [
                self.head(
                    self.good(),
                    *(more if host is not None or not more or not more[0].startswith("Host") else []),
                    host=host,
                )
            ]
        )

    def wrong_token(self) -> Hostile:
        own = self.token
        wrong = [
            "",
            own[:-1],
            own + "x",
            own.swapcase(),
            own[::-1],
            "x" * len(own),
            "ü" * 9,
            "%00" + own,
            own + "%00",
            own + ";x",
            own + "/.." * 3,
            self.segment(),
        ]
        token = self.chance.choice(wrong)
        return Hostile(
            [self.head(f"/{token}/en/{self.chance.choice(['', '1/', '1/person?psn_no=p4'])}")], may_be_shown=False
        )

    def body(self) -> Hostile:
        ways = [
            (["Content-Length: 5"], b"a=b&c"),
            (["Content-Length: -1"], b""),
            (["Content-Length: x"], b""),
            (["Content-Length: 99999999999999999999"], b"a"),
            (["Content-Length: 5", "Content-Length: 6"], b"abcdef"),
            (["Transfer-Encoding: chunked"], b"5\r\nabcde\r\n0\r\n\r\n"),
            (["Transfer-Encoding: chunked"], b"zz\r\nabc"),
            (["Transfer-Encoding: chunked"], b"ffffffffffffffff\r\n"),
            (["Transfer-Encoding: gzip"], b""),
            (["Transfer-Encoding: chunked", "Content-Length: 4"], b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
            (["Expect: 100-continue", "Content-Length: 10"], b"0123456789"),
        ]
        more, content = self.chance.choice(ways)
        return Hostile([self.head(self.good(), *more), content])

    def size(self) -> Hostile:
        chance = self.chance
        ways = [
            [self.head(f"/{self.token}/en/1/person?psn_no=" + "9" * chance.choice([2_000, 7_000, 9_000, 70_000]))],
            [self.head(f"/{self.token}/" + "a/" * chance.choice([1_000, 3_000, 40_000]))],
            [self.head(self.good(), f"X-A: {'a' * chance.choice([9_000, 70_000])}")],
            [self.head(self.good(), *(f"X-{n}: {n}" for n in range(chance.choice([800, 5_000]))))],
            [b"GET / HTTP/1.1\r\n", *[b"X-A: " + b"a" * 1_000 + b"\r\n"] * 12],
        ]
        return Hostile(chance.choice(ways))

    def form(self) -> Hostile:
        """Bytes that are hardly HTTP."""
        chance, good = self.chance, self.good()
        host = f"Host: 127.0.0.1:{self.port}".encode()
        ways = [
            b"GET /\r\n",
            self.head(good, version="HTTP/9.9", host="evil.example"),
            self.head(good, version="HTTP/2.0", host=None),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            bytes.fromhex("16030100a5010000a10303") + chance.randbytes(60),
            chance.randbytes(chance.randrange(1, 300)) + b"\r\n\r\n",
            f"GET {good} HTTP/1.1\n".encode() + host + b"\n\n",
            f"GET {good} HTTP/1.1\r\nX\r\n".encode() + host + b"\r\n\r\n",
            f"GET {good} HTTP/1.1\r\nA: b\r\n c\r\nHost : 127.0.0.1\r\n\r\n".encode(),
            f"GET  {good}  HTTP/1.1\r\n\r\n".encode(),
            f"GET {good} HTTP/1.1 HTTP/1.1\r\n\r\n".encode(),
            f"GET {good}\x00 HTTP/1.1\r\nHost: evil\r\n\r\n".encode(),
            b"\r\n" * 40,
            b"\x00" * 200 + b"\r\n\r\n",
            self.head("http://evil.example/" + self.token, host="evil.example"),
            self.head(f"evil.example:{self.port}", method="CONNECT"),
            self.head("*", method="OPTIONS"),
        ]
        return Hostile([chance.choice(ways)])

    def header(self) -> Hostile:
        """A good request with headers that others obey."""
        more = self.chance.sample(
            [
                "Range: bytes=0-10",
                "If-None-Match: *",
                "Accept-Language: ../../x",
                "Cookie: a=" + "b" * 500,
                "X-Original-URL: /etc/passwd",
                "X-Rewrite-URL: /secret.txt",
                "Upgrade: websocket",
                "X-HTTP-Method-Override: DELETE",
                "Authorization: Basic Og==",
                "Accept-Encoding: br;q=x",
                "Referer: http://evil.example/",
                "Origin: null",
                "X-Forwarded-For: ::1",
                "Transfer_Encoding: chunked",
                "Content_Length: 9",
            ],
            3,
        )
        return Hostile([self.head(self.good(), *more)], may_be_shown=True)

    def given_up(self) -> Hostile:
        """A connection that is closed before, within or behind a request."""
        whole = self.head(self.good())
        cut = self.chance.choice([0, 1, 20, len(whole) - 2, len(whole)])
        return Hostile([whole[:cut]] if cut else [], half_open=True)

    def in_pieces(self) -> Hostile:
        whole, at = self.head(self.good()), self.chance.randrange(1, 40)
        return Hostile([whole[:at], whole[at : at + 1], whole[at + 1 :]], may_be_shown=True)


def hostile_requests(seed: int, count: int, port: int, token: str, folder: Path) -> list[Hostile]:
    """So many of them; the same from the same seed."""
    chance = random.Random(seed)
    maker = _Maker(chance, port, token, folder)
    kinds: list[tuple[Callable[[], Hostile], int]] = [
        (maker.path, 22),
        (maker.query, 22),
        (maker.number, 3),
        (maker.method, 7),
        (maker.host, 8),
        (maker.wrong_token, 8),
        (maker.body, 7),
        (maker.size, 5),
        (maker.form, 8),
        (maker.header, 3),
        (maker.given_up, 5),
        (maker.in_pieces, 2),
    ]
    makers, weights = zip(*kinds, strict=True)
    return [make() for make in chance.choices(makers, weights, k=count)]
