"""A gallery of every page that qingsuan makes, of a small made-up year: ``make gallery`` photographs each, ``docs/gallery.md`` names them.

Each page is there in Chinese and in English, as a screen of 1280 and of 390 pixels shows it (PNG) and as it is printed on A4 (PDF).
"""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq

from browser import Browser, running

__all__ = ["PAGES", "main"]

COMMAND = Path(sys.executable).parent / "qingsuan"
WIDTHS = (1280, 390)
LANGUAGES = ("zh", "en")
CHANGE = "220100/390:inpatient.bands.minors.3M=75/80/85"

Make = Callable[[Path, Path, str], None]
"""Makes a page: the folder of the year, the file to write, the language."""


def qingsuan(*arguments: object) -> None:
    """Run the command; what it prints is not wanted."""
    subprocess.run([str(COMMAND), "-q", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def make_year(place: Path) -> None:
    """A made-up year: its tables, prepared, settled, closed."""
    qingsuan("sample", place / "in", "--people", 3000, "--seed", 11)
    tables = ("--insured", place / "in/insured.parquet", "--identities", place / "in/identities.parquet")
    qingsuan("prepare", place / "in/claims", *tables, "--year", 2021, "--out", place / "prepared")
    qingsuan("settle", place / "prepared", "--year", 2021, "--out", place / "run")
    qingsuan("year-end", place / "in/case.toml", "--out", place / "closed")


def dearest(place: Path) -> dict[str, str]:
    """The person and settlement for whom funds of three kinds pay most."""
    rows = [row for part in sorted((place / "run/settled").iterdir()) for row in pq.read_table(part).to_pylist()]
    one = max(rows, key=lambda row: (row["hifmi_pay"], row["maf_pay"], row["fund_pay_sumamt"], row["setl_id"]))
    return {"setl_id": one["setl_id"], "psn_no": one["psn_no"]}


def _settlement(place: Path, to: Path, lang: str) -> None:
    qingsuan(
        "explain", place / "run", "--setl-id", dearest(place)["setl_id"], "--format", "html", "--to", to, "--lang", lang
    )


def _person(place: Path, to: Path, lang: str) -> None:
    qingsuan(
        "explain", place / "run", "--psn-no", dearest(place)["psn_no"], "--format", "html", "--to", to, "--lang", lang
    )


def _run(place: Path, to: Path, lang: str) -> None:
    qingsuan("report", place / "run", "--to", to, "--lang", lang)


def _year(place: Path, to: Path, lang: str) -> None:
    qingsuan("report", place / "closed", "--to", to, "--lang", lang)


def _rules(_: Path, to: Path, lang: str) -> None:
    qingsuan("policy", "doc", "220100", "--out", to, "--lang", lang)


def _simulation(place: Path, to: Path, lang: str) -> None:
    out = to.with_suffix("")
    qingsuan("simulate", place / "prepared", "--set", CHANGE, "--page", "--out", out, "--lang", lang)
    (out / "simulation.html").rename(to)


PAGES: dict[str, Make] = {
    "report-of-a-run": _run,
    "report-of-a-year": _year,
    "a-settlement-explained": _settlement,
    "a-persons-year": _person,
    "rule-book": _rules,
    "simulation": _simulation,
}
"""The pages that commands write, by name."""

SERVED = {"served-runs": "", "served-overview": "1/", "served-institutions": "1/institutions", "served-year": "2/"}
"""Pages of ``qingsuan serve``, by name, with the way behind the language."""


def photograph(browser: Browser, address: str, to: Path) -> None:
    """A page at every width, whole, and as it is printed."""
    for width in WIDTHS:
        browser.resize(width)
        browser.open(address)
        height = int(browser.run("document.documentElement.scrollHeight"))
        browser.resize(width, height)
        how = {"cmd": "Page.captureScreenshot", "params": {"format": "png", "captureBeyondViewport": True}}
        picture = browser.ask("goog/cdp/execute", **how)["data"]
        to.with_name(f"{to.name}-{width}.png").write_bytes(base64.b64decode(picture))
    to.with_suffix(".pdf").write_bytes(browser.print())


def served(place: Path) -> Iterator[tuple[str, str]]:
    """The address of every served page, by name; the server is stopped when all were looked at."""
    command = [str(COMMAND), "serve", str(place / "run"), str(place / "closed")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            address = next(line for line in server.stdout if "http://" in line).split()[-1]
            for lang in LANGUAGES:
                yield from ((f"{name}-{lang}", f"{address}{lang}/{way}") for name, way in SERVED.items())
        finally:
            server.terminate()


def main(folder: Path) -> None:
    """Make the year unless it is there, and photograph every page of it."""
    pages, year = folder / "pages", folder / "year"
    pages.mkdir(parents=True, exist_ok=True)
    if not year.exists():
        make_year(year)
    with running() as browser:
        for name, make in PAGES.items():
            for lang in LANGUAGES:
                file = pages / f"{name}-{lang}.html"
                make(year, file, lang)
                photograph(browser, file.as_uri(), folder / f"{name}-{lang}")
        for name, address in served(year):
            photograph(browser, address, folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
