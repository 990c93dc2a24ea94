"""Why this number: the slow twin over a person's claims in order, held against the run folder."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from qingsuan.benefits.reference.trace import Traces
from qingsuan.benefits.reference.twin import Places, settle_year
from qingsuan.errors import InputError, UsageError
from qingsuan.explain.document import VERSION, Claim, Explanation, Year
from qingsuan.explain.making.became import by_claim, judged_elsewhere
from qingsuan.explain.making.claims import Claims
from qingsuan.explain.making.unread import unread_claim
from qingsuan.explain.rows.carried import Carried, carried_into
from qingsuan.explain.rows.found import Texts, found_of, rejected_with
from qingsuan.explain.rows.nearest import near_people, near_settlements
from qingsuan.explain.rows.opening import Opened, open_run
from qingsuan.explain.rows.person import Person, people_of, person_in
from qingsuan.explain.rows.relatives import tied_to
from qingsuan.messages import Lang, Words
from qingsuan.policy.model import FUNDS

__all__ = ["Explainer", "NothingFound", "SeveralPeople", "explain"]


class NothingFound(InputError):
    """The run has no claim of who or what was asked for.

    Attributes
    ----------
    near : the ids that are nearest to it.
    """

    near: tuple[str, ...] = ()


class SeveralPeople(UsageError):
    """Several people have a settlement of the id that was asked for.

    Attributes
    ----------
    people : who they are.
    """

    people: tuple[str, ...] = ()


def explain(
    folder: Path,
    *,
    setl_id: str | None = None,
    psn_no: str | None = None,
    lang: Lang = "en",
    at: dt.date | None = None,
    prepared: Path | None = None,
    opening: Path | None = None,
    rules_dir: Path | None = None,
) -> Explanation:
    """Explain what became of a settlement, or of all claims of a person's year.

    Parameters
    ----------
    folder
        The run folder.
    setl_id, psn_no
        Which settlement, or whose year; both where several people have a settlement of one id.
    lang
        The language of what is said in words.
    at
        The last benefit date that is shown; what comes later is left out.
    prepared
        The prepared year; None for the one that the run names.
    opening
        The folder of the earlier run with whose accumulators the run went on.
    rules_dir
        The working folder of rules by which the run was settled.

    Raises
    ------
    InputError
        There is no such run, settlement or person; or what the run was made of is not there as it was.
    UsageError
        Nothing is asked for, or something is needed that is not given.
    PluginError, PolicyError
        What is installed is not what the run was settled by.
    """
    if setl_id is None and psn_no is None:
        raise UsageError("explain", found="neither of them", expected="--setl-id or --psn-no")
    opened = open_run(folder, prepared, rules_dir)
    return Explainer(opened, lang, opening).explain(setl_id=setl_id, psn_no=psn_no, at=at)


class Explainer:
    """A finished run that is open, to explain several of its people.

    Parameters
    ----------
    opened, lang, opening
        As :func:`explain` opens it, and has them.
    """

    def __init__(self, opened: Opened, lang: Lang = "en", opening: Path | None = None) -> None:
        self.opened, self.speech, self.opening = opened, Words(lang), opening

    def explain(
        self, *, setl_id: str | None = None, psn_no: str | None = None, at: dt.date | None = None
    ) -> Explanation:
        """Explain a settlement, or a person's year; see :func:`explain`."""
        whose = psn_no if psn_no is not None else self._whose(str(setl_id))
        carried = Carried()
        if whose is None:
            claims = self._unread(rejected_with(self.opened.folder, "setl_id", str(setl_id)))
        else:
            carried = carried_into(self.opened.record, self.opened.folder, self.opening, whose)
            claims = self._claims(whose, carried)
        shown = tuple(
            one
            for one in claims
            if setl_id in (None, one.setl_id)
            and (at is None or one.benefit_date is None or one.benefit_date <= at.isoformat())
        )
        if not claims or (setl_id is not None and not shown):
            raise _nothing(self.opened, setl_id, psn_no)
        return Explanation(
            version=VERSION,
            lang=self.speech.lang,
            about="person" if setl_id is None else "claim",
            psn_no=whose or "",
            setl_id=setl_id,
            at=None if at is None else at.isoformat(),
            run=self.opened.run,
            carried_in=carried.told,
            claims=shown,
            year=_year(shown),
            agrees=all(one.agrees for one in shown),
        )

    def _whose(self, setl_id: str) -> str | None:
        """The person who has a settlement of an id; None where the year knows nobody who has.

        Raises
        ------
        SeveralPeople
            Several people have one.
        """
        people = people_of(self.opened.year, setl_id)
        if len(people) > 1:
            several = SeveralPeople(
                "--setl-id",
                found=f"{setl_id}, which {len(people)} people have: {', '.join(people[:10])}",
                expected="one of them: --psn-no beside --setl-id",
            )
            several.people = tuple(people)
            raise several
        return people[0] if people else None

    def _unread(self, rows: Iterable[Texts], first: int = 1) -> tuple[Claim, ...]:
        """Rejected claims of which nothing but the row is known."""
        return tuple(unread_claim(self.speech, number, row) for number, row in enumerate(rows, first))

    def _relatives(self, psn_no: str) -> Iterator[Person]:
        """Those whose claims met the same counters, where rules count by the family: with the person's they stand in one order."""
        opened = self.opened
        for other in tied_to(opened.year, opened.setup, psn_no):
            one = person_in(opened.year, opened.setup, other)
            one.claims = judged_elsewhere(opened, one, found_of(opened.folder, opened.record, other))
            yield one

    def _claims(self, psn_no: str, carried: Carried) -> tuple[Claim, ...]:
        """Every claim of a person, in the order in which they are settled; last those of which the year has no row."""
        opened, setup = self.opened, self.opened.setup
        person = person_in(opened.year, setup, psn_no)
        found = found_of(opened.folder, opened.record, psn_no)
        person.claims = judged_elsewhere(opened, person, found)
        people = [person, *self._relatives(psn_no)]
        places, traces = Places(setup.regions), Traces()
        outcome = settle_year(
            [one for each in people for one in (*(row.claim for row in each.claims), *each.of_nobody)],
            [row for each in people for row, _ in each.insured],
            [row for each in people for row, _ in each.identities],
            places,
            setup.program.rule_sets,
            setup.year,
            carried.accounts,
            [row for each in people for row, _ in each.registrations],
            traces,
        )
        became = by_claim(outcome)
        claims = Claims(setup, self.speech, person, places, traces, found)
        rows = sorted(
            person.claims,
            key=lambda row: (row.refused, row.benefit or dt.date.max, row.claim.setl_time, row.claim.setl_id),
        )
        made = [claims.of(number, row, became[id(row.claim)]) for number, row in enumerate(rows, 1)]
        return (*made, *self._unread(found.tables["rejected"], len(made) + 1))


def _year(claims: Sequence[Claim]) -> Year:
    count = Counter(one.outcome for one in claims)
    sums = [one.sums for one in claims if one.sums is not None]
    return Year(
        settled=count["settled"],
        reversed=count["reversed"],
        rejected=count["rejected"],
        medfee_sumamt_fen=sum(one.medfee_sumamt_fen for one in sums),
        funds_fen={fund: sum(one.funds_fen[fund] for one in sums) for fund in FUNDS},
        fund_pay_sumamt_fen=sum(one.fund_pay_sumamt_fen for one in sums),
        acct_pay_fen=sum(one.acct_pay_fen for one in sums),
        psn_cash_pay_fen=sum(one.psn_cash_pay_fen for one in sums),
    )


def _nothing(opened: Opened, setl_id: str | None, psn_no: str | None) -> NothingFound:
    """Nothing is there of what was asked for; what is nearest to it."""
    if setl_id is not None:
        asked, near = f"setl_id {setl_id}", near_settlements(opened.year, setl_id)
    else:
        asked, near = f"psn_no {psn_no}", near_people(opened.year, str(psn_no))
    nearest = f"the nearest: {', '.join(near)}" if near else "none that differs in one character either"
    nothing = NothingFound(
        str(opened.folder),
        found=f"no claim of {asked}{'' if setl_id is None or psn_no is None else f' and psn_no {psn_no}'}; {nearest}",
        expected="a settlement or a person of the run",
        do="check the number; psn_no and setl_id are texts, every character of them counts",
    )
    nothing.near = tuple(near)
    return nothing
