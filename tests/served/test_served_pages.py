"""Every page of ``qingsuan serve`` says what the command of its name says, in both languages, and lets no text in as an element."""

from __future__ import annotations

import re
import threading
from html import unescape
from urllib.parse import quote, quote_plus, urlencode

import pytest
from werkzeug.test import TestResponse

import qingsuan
from html_pages import check_page, texts_of
from qingsuan.closing.printed.report import report_of_year
from qingsuan.messages import Lang
from qingsuan.printed.report import report_of
from qingsuan.served import simulating
from qingsuan.served.application import HEADERS
from qingsuan.served.runs import Served
from served_runs import TOKEN, Made, application_of

CHINESE = re.compile(r"[\u4e00-\u9fff]")
RULES = "990100/310/2021-02-01"
LANGS: tuple[Lang, ...] = ("zh", "en")


def words_of(answer: TestResponse) -> str:
    return " ".join(texts_of(answer.text, f"/{TOKEN}/").split())


def check(answer: TestResponse, status: int = 200) -> str:
    """The texts of a page, which is whole and has every header."""
    assert answer.status_code == status, words_of(answer)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    lang = "zh-CN" if '<html lang="zh-CN">' in answer.text else "en"
    check_page(answer.text, lang, within=f"/{TOKEN}/")
    return words_of(answer)


def links_of(answer: TestResponse) -> list[str]:
    return [unescape(one).removeprefix(f"/{TOKEN}") for one in re.findall(r'href="(/[^"]*)"', answer.text)]


def test_a_visit_begins_in_the_language_that_was_said(made: Made) -> None:
    answer = made.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/{TOKEN}/en/")
    assert made.get("").status_code == 302


def test_every_page_that_a_page_leads_to_is_there_in_both_languages(made: Made) -> None:
    seen, ahead = set(), ["/en/"]
    while ahead:
        path = ahead.pop()
        answer = made.get(path)
        without_year = bool(re.match(r"/../[24]/(person|claim|simulation)", path))
        text = check(answer, 404 if without_year else 200)
        assert bool(CHINESE.search(text.replace("中文", ""))) or not path.startswith("/zh/"), path
        assert ("--year" in text) >= without_year
        seen.add(path)
        again = re.compile(r"/../([24]/(report|institutions)|1/institutions.code=H[12])")  # as run 1 and H0
        ahead += [one for one in links_of(answer) if one not in seen and one not in ahead and not again.match(one)]
    assert {path[:3] for path in seen} == {"/zh", "/en"}
    assert {"/zh/1/institutions", "/en/1/institutions?code=H0", "/zh/1/report", "/zh/4/claim", "/en/3/"} <= seen


@pytest.mark.parametrize("token", [TOKEN[:-1], f"{TOKEN}x", TOKEN.swapcase(), TOKEN[::-1], "ü", "x", "en"])
def test_only_the_whole_token_lets_in(made: Made, token: str) -> None:
    for path in ("/", "/en/", "/en/1/person?psn_no=p4"):
        answer = made.get(path, token=quote(token))
        assert "nothing here" in check(answer, 404)
        assert links_of(answer) == []
        assert TOKEN not in answer.text


def test_the_runs_are_numbered_as_they_were_given(made: Made) -> None:
    text = check(made.get("/en/"))
    found = [
        text.index(f" {number} {kind} 2022 ") for number, kind in enumerate(("benefits", "benefits", "year-end"), 1)
    ]
    assert found == sorted(found)
    assert str(made.folder / "closed/settle") in text


def test_the_overview_is_the_report_without_what_has_its_own_page(made: Made) -> None:
    report = report_of(made.folder / "out", "en")
    text, whole = check(made.get("/en/1/")), check(made.get("/en/1/report"))
    for name, section in report.sections.items():
        assert section.title in whole
        is_there = name in ("rows", "pools", "funds", "rejected", "missing", "warnings")
        assert (f"{section.title} " in text) >= is_there
        for row in section.shown():
            assert not is_there or " ".join(" ".join(row).split()) in text, (name, row)
    assert report.sections["institutions"].note not in text


@pytest.mark.parametrize("lang", LANGS)
def test_a_closed_year_is_shown_as_its_report(made: Made, lang: Lang) -> None:
    report = report_of_year(made.folder / "closed", lang)
    text = check(made.get(f"/{lang}/3/"))
    assert [one.title for one in report.sections.values() if one.title not in text] == []
    assert report.sections
    check(made.get(f"/{lang}/3/report"), 404)


@pytest.mark.parametrize("lang", LANGS)
def test_another_run_is_shown_as_its_command_prints_it(made: Made, lang: Lang, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Served, "is_benefits", False)  # what a run of premiums, say, is shown as
    answer = made.get(f"/{lang}/2/")
    assert " ".join(qingsuan.open(made.folder / "bare").summary(lang).split()) in check(answer)
    assert f"/{lang}/2/person" not in links_of(answer)
    check(made.get(f"/{lang}/2/person"), 404)


def test_institutions_are_shown_whole_by_pages_or_one_by_one(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = ["H0", "H1", "H1&<script>", "H2"]
    page = check(made.get("/en/1/institutions"))
    assert [code in page for code in codes] == [True] * 4
    one = check(made.get(f"/en/1/institutions?code={quote_plus('H1&<script>')}"))
    assert "Institution H1&<script>" in one
    assert "990100" in one
    assert "1,000.00" in one
    check(made.get("/en/1/institutions?code=H9"), 404)
    monkeypatch.setattr("qingsuan.served.institutions._ON_A_PAGE", 3)
    first, second = made.get("/en/1/institutions"), made.get("/en/1/institutions?from=3")
    assert ("1 to 3 of 4" in check(first), "4 to 4 of 4" in check(second)) == (True, True)
    assert "/en/1/institutions?from=3" in links_of(first)
    assert "/en/1/institutions?from=0" in links_of(second)
    for wrong in ("4", "-1", "x", "1.5", "²", "9" * 30):
        check(made.get(f"/en/1/institutions?{urlencode({'from': wrong})}"), 404)


@pytest.mark.parametrize("lang", LANGS)
def test_a_persons_year_and_a_settlement_are_those_of_the_command(made: Made, lang: str) -> None:
    from qingsuan.explain.page.page import page_of

    run = qingsuan.open(made.folder / "out")
    for path, asked in (("person?psn_no=p4", {"psn_no": "p4"}), ("claim?setl_id=s5", {"setl_id": "s5"})):
        answer = made.get(f"/{lang}/1/{path}")
        alone = page_of(run.explain(**asked, lang=lang))
        assert " ".join(texts_of(re.sub("<title>.*?</title>", "", alone)).split()) in check(answer)
    assert "<form" in made.get(f"/{lang}/1/person").text


def test_whose_settlement_it_is_is_asked_where_several_have_it(made: Made) -> None:
    answer = made.get("/en/1/claim?setl_id=twice")
    assert "Several people" in check(answer)
    ways = [one for one in links_of(answer) if "psn_no" in one]
    assert ways == ["/en/1/claim?setl_id=twice&psn_no=p1", "/en/1/claim?setl_id=twice&psn_no=p2"]
    assert "H1&<script>" in check(made.get(ways[0]))
    check(made.get("/en/1/claim?setl_id=twice&psn_no=p3"), 404)


@pytest.mark.parametrize("lang", LANGS)
def test_who_is_not_there_is_told_with_the_nearest(made: Made, lang: str) -> None:
    text = check(made.get(f"/{lang}/1/person?psn_no=p99"), 404)
    assert ("没有这个编号" if lang == "zh" else "no claim of this number") in text
    answer = made.get(f"/{lang}/1/claim?setl_id=s11x")
    check(answer, 404)
    assert f"/{lang}/1/claim?setl_id=s11" in links_of(answer)
    assert 'value="s11x"' in answer.text, "the form is there again"


def test_a_run_without_a_prepared_year_takes_one_that_is_given(made: Made) -> None:
    from qingsuan.served.runs import open_runs

    folder = made.folder
    bare, closed, part = open_runs([folder / "bare", folder / "closed"], [folder / "year"], None)
    assert (bare.prepared, closed.prepared, part.prepared) == (folder / "year", None, folder / "year")
    assert bare.explainer("en").explain(psn_no="p4").agrees


def test_a_number_is_changed_as_the_command_changes_it(made: Made) -> None:
    choice = made.get("/en/1/simulation")
    ways = [one for one in links_of(choice) if "rules=" in one]
    assert (check(choice).count("made up"), ways) != (0, [])
    form = made.get(ways[0])
    assert "pooled.bands" in check(form)
    path = "pooled.deductible"
    assert f'<option value="{path}"' in form.text
    asked = {"rules": RULES, "path": path, "value": "200/100"}
    answer = made.get(f"/en/1/simulation?{urlencode(asked)}")
    text = check(answer)
    expected = qingsuan.simulate(made.folder / "year", [f"{RULES}:{path}=200/100"], lang="en")
    row = expected.tables["variants"].to_pylist()[0]
    assert row["fund_pay_sumamt_change"] < 0
    assert f"{row['fund_pay_sumamt_change']:+,.2f}" in text
    assert f"{path} = 100/50 yuan" in text, "the form is there again"
    chosen = made.get(f"/en/1/simulation?{urlencode({'rules': RULES, 'path': path})}")
    assert f'<option value="{path}" selected>' in chosen.text
    check(chosen)
    assert 'value="200/100"' in answer.text


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"rules": "990100/310/2099-01-01"}, 404, "no such rule set"),
        ({"rules": RULES, "path": "pooled.nothing", "value": "1"}, 404, "no such number"),
        ({"rules": RULES, "path": "pooled.deductible", "value": "much"}, 400, "two decimals"),
        ({"rules": RULES, "path": "pooled.deductible", "value": "1=2"}, 400, "two decimals"),
        ({"rules": RULES, "path": "pooled.deductible", "value": "٣"}, 400, "two decimals"),
        ({"rules": RULES, "path": "pooled.bands", "value": "5000"}, 400, "from 0 to 100"),
    ],
)
def test_a_number_that_cannot_be_changed_so_is_refused(
    made: Made, asked: dict[str, str], status: int, said: str
) -> None:
    assert said in check(made.get(f"/en/1/simulation?{urlencode(asked)}"), status)
    assert said not in check(made.get(f"/zh/1/simulation?{urlencode(asked)}"), status)


def test_one_simulation_works_at_a_time_and_ends_when_it_is_told(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    application = application_of(made.folder)
    served = Made(made.folder, application)
    path = f"/en/1/simulation?{urlencode({'rules': RULES, 'path': 'pooled.deductible', 'value': '200/100'})}"
    begun, go_on, work = threading.Event(), threading.Event(), simulating.simulate

    def slow(*arguments: object, **named: object) -> object:
        begun.set()
        assert go_on.wait(30)
        return work(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(simulating, "simulate", slow)
    answers: list[TestResponse] = []
    first = threading.Thread(target=lambda: answers.append(served.get(path)))
    first.start()
    assert begun.wait(30)
    busy = served.get("/en/1/simulation")
    assert "Another simulation" in check(busy, 503)
    assert busy.headers["Retry-After"]
    check(served.get("/en/1/"), 200)
    application.simulations.stop()
    go_on.set()
    application.simulations.wait()
    first.join(30)
    check(answers[0], 504)
    monkeypatch.undo()


def test_a_simulation_that_takes_too_long_is_stopped_and_leaves_nothing(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = made.folder / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    served = Made(made.folder, application_of(made.folder, seconds=0))
    path = f"/zh/1/simulation?{urlencode({'rules': RULES, 'path': 'pooled.deductible', 'value': '200/100'})}"
    assert "已停止" in check(served.get(path), 504)
    assert list(scratch.iterdir()) == []


def test_a_fault_of_ours_is_said_and_the_next_page_is_served(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoilt(*_: object) -> str:
        raise ZeroDivisionError("p4 is a person")

    monkeypatch.setattr("qingsuan.served.application.runs", spoilt)
    text = check(made.get("/en/"), 500)
    assert "ZeroDivisionError (test_served_pages.py" in text
    assert "qingsuan 自身的错误" in check(made.get("/zh/"), 500)
    assert "p4 is a person" not in text
    check(made.get("/en/1/"))


def test_a_table_that_is_gone_is_said(made: Made) -> None:
    application = application_of(made.folder)
    gone = made.folder / "bare/totals/care.parquet"
    content = gone.read_bytes()
    gone.unlink()
    try:
        text = check(Made(made.folder, application).get("/en/2/"), 500)
    finally:
        gone.write_bytes(content)
    assert "care.parquet" in text
