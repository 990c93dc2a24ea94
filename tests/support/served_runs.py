"""Small made-up runs, served: the application of ``qingsuan serve`` as its tests ask it, without a socket."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from werkzeug.test import Client, TestResponse

from qingsuan.messages import Lang
from qingsuan.served.application import Application
from qingsuan.served.door import Door
from qingsuan.served.runs import open_runs
from settling import claim, insured, run, settle, write

__all__ = ["CANARY", "PORT", "TOKEN", "Made", "make_runs"]

TOKEN = "t0ken-of-the-test"  # noqa: S105 - of no server
PORT = 4_321
CANARY = "nobody-may-read-this"

_CASE = """\
format = 1
[year]
year = 2022
[inputs]
claims = "{claims}"
insured = "{insured}"
[settle]
"""


@dataclass
class Made:
    """A folder with runs in it: ``out`` from a prepared year, ``bare`` without one, ``closed`` a closed year; beside them what is not served.

    Attributes
    ----------
    application : of the runs ``out``, ``bare``, ``closed`` and ``closed/settle``, by these numbers.
    """

    folder: Path
    application: Application

    @property
    def client(self) -> Client:
        return Client(self.application)

    def get(self, path: str, *, token: str = TOKEN, host: str = f"127.0.0.1:{PORT}", **more: object) -> TestResponse:
        """The answer to a request; ``path`` is what stands behind the token."""
        return self.client.get(f"/{token}{path}", base_url=f"http://{host}/", **more)


def make_runs(folder: Path, *, token: str = TOKEN, lang: Lang = "en") -> Made:
    """Settle everything; the made-up region of :mod:`settling` is installed already."""
    people = [insured(psn_no=f"p{n}") for n in range(1, 8)]
    claims = [
        claim(
            setl_id=f"s{n}",
            psn_no=f"p{n % 6 + 1}",
            fixmedins_code=f"H{n % 3}",
            begndate=f"2022-0{n % 6 + 3}-01",
            enddate=f"2022-0{n % 6 + 3}-05",
            setl_time=f"2022-0{n % 6 + 3}-05 10:00:00",
        )
        for n in range(1, 25)
    ]
    claims += [
        claim(setl_id="twice", psn_no="p1", fixmedins_code="H1&<script>"),
        claim(setl_id="twice", psn_no="p2"),
        claim(setl_id="bad", psn_no="p3", med_type="99"),
    ]
    rows = write(folder / "in/claims.csv", claims), write(folder / "in/insured.csv", people)
    year = folder / "year"
    assert run("prepare", rows[0], "--insured", rows[1], "--year", 2022, "--partitions", 2, "--out", year).status == 0
    assert run("settle", year, "--year", 2022, "--out", folder / "out").status == 0
    assert settle(*rows, folder / "bare").status == 0
    case = folder / "in/case.toml"
    case.write_text(_CASE.format(claims=rows[0], insured=rows[1]), "utf-8")
    assert run("year-end", case, "--out", folder / "closed").status == 0
    shutil.copytree(folder / "out", folder / "kept-back")
    (folder / "secret.txt").write_text(CANARY, "utf-8")
    (folder / "out/notes.txt").write_text(CANARY, "utf-8")
    return Made(folder, application_of(folder, token=token, lang=lang))


def application_of(folder: Path, *, token: str = TOKEN, lang: Lang = "en", seconds: float = 120) -> Application:
    """The runs of :func:`make_runs`, served."""
    served = open_runs([folder / name for name in ("out", "bare", "closed")], [], None)
    return Application(served, Door(PORT, token), lang, seconds)
