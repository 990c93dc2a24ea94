"""In a real browser: forms are filled in and sent, the other language is a click away, nothing is wider than a telephone, A4 prints."""

from __future__ import annotations

import pytest

from browser import Browser, running
from qingsuan.served.runs import open_runs
from served_live import live
from served_runs import TOKEN, Made


def overflow(browser: Browser) -> int:
    """By how much the page is wider than the window."""
    return int(browser.run("document.documentElement.scrollWidth - window.innerWidth"))


def test_a_visit_in_a_browser(made: Made) -> None:
    served = open_runs([made.folder / "out", made.folder / "closed"], [], None)
    with running() as browser, live(served, TOKEN) as port:
        here = f"http://127.0.0.1:{port}/{TOKEN}"
        browser.open(f"{here}/")
        assert browser.run("document.title") == "Finished runs"
        browser.follow("a[lang=zh-CN]")
        assert browser.run("[document.documentElement.lang, location.pathname]") == ["zh-CN", f"/{TOKEN}/zh/"]
        browser.follow('td:nth-child(2) a[href$="/1/"]')
        assert browser.run("document.querySelectorAll('figure svg').length") == 1
        browser.follow('nav a[href$="/1/person"]')
        browser.write("input[name=psn_no]", "p4 & <b>")
        browser.follow("form button")
        assert browser.run("[document.querySelector('input').value, document.querySelectorAll('b').length]") == [
            "p4 & <b>",
            0,
        ]
        browser.write("input[name=psn_no]", "p4")
        browser.follow("form button")
        assert "p4" in browser.run("document.querySelector('h1 + p').innerText")
        assert browser.run("document.querySelectorAll('table.steps').length") > 0
        browser.open(f"{here}/en/1/simulation?rules=990100/310/2021-02-01&path=pooled.deductible")
        browser.write("input[name=value]", "200/100")
        browser.follow("form button")
        assert "Simulation of 2022" in browser.run("document.title")
        assert browser.run("document.querySelector('select').value") == "pooled.deductible"
        for path, width in (
            ("", 390),
            ("1/", 390),
            ("1/", 1280),
            ("1/person?psn_no=p4", 390),
            ("2/", 390),
            ("2/", 1280),
        ):
            browser.resize(width)
            browser.open(f"{here}/zh/{path}")
            assert overflow(browser) <= 0, (path, width)
            assert browser.run("performance.getEntriesByType('resource').length") == 0, path
        printed = browser.print()
        assert printed.startswith(b"%PDF-")
        browser.open(f"http://localhost:{port}/{TOKEN}/en/")
        assert browser.run("document.title") == "Finished runs"
        for wrong in (f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{port}/{TOKEN[:-1]}/en/"):
            browser.open(wrong)
            assert browser.run("[document.title, document.links.length]") == ["There is nothing here", 0]
    with pytest.raises(OSError, match="refused"):
        browser.run("1")
