"""Writes a made-up year to a folder: every table that the settlements of a year take, a case file, and what it is.

People are made in chunks, each with a random stream of its own, and written at once, so memory does not grow.
The same people, seed, year and bad rows give the same bytes with the same releases of NumPy and Arrow.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict, astuple, dataclass, field, fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.accounts.intake.columns import FAMILIES, MONTHS, OPENING, USES
from qingsuan.clearing.intake.columns import CASES
from qingsuan.errors import UsageError
from qingsuan.funds.columns import ENTRIES
from qingsuan.listing import all_below
from qingsuan.purchases.intake import AGREED, PURCHASES
from qingsuan.run.folder.apart import beside
from qingsuan.run.folder.disk import looking_into, writing
from qingsuan.run.folder.lock import LOCK, held
from qingsuan.sample.bureau.books import BOOK_FILES, entries_table, write_opening, write_watched
from qingsuan.sample.bureau.care import Care
from qingsuan.sample.bureau.contracts import CONTRACT_FILES, cases_table, write_contracts
from qingsuan.sample.bureau.operators import OPERATOR_FILES, write_operators
from qingsuan.sample.bureau.outside import OUTSIDE_FILES, write_outside
from qingsuan.sample.bureau.procurement import PROCUREMENT_FILES, agreed_table, purchases_table, write_procurement
from qingsuan.sample.bureau.small import BUREAU_FILES, write_bureau
from qingsuan.sample.claims import Claims, claims_table, make_claims
from qingsuan.sample.columns import as_text, claims_schema, plain_schema
from qingsuan.sample.draw import generator
from qingsuan.sample.families import families_table, make_relations, uses_table
from qingsuan.sample.output import FORMATS, Output
from qingsuan.sample.paying import premiums_table
from qingsuan.sample.people import (
    MOST_PEOPLE,
    People,
    identities_table,
    insured_table,
    make_people,
    residents_of,
)
from qingsuan.sample.spoil import Note, spoil
from qingsuan.sample.working import make_working, months_table, opening_table
from qingsuan.tables import ACCOUNT_COLUMNS, IDENTITIES, INSURED, PREMIUMS

__all__ = ["CHUNK", "FORMATS", "Made", "make_year"]

CHUNK = 32_768
"""People per chunk: about 85 000 claims, some 40 MB while they are made."""

TABLES = (
    *("insured", "insured_150000", "identities", "premiums", "months", "opening", "families", "uses", "cases"),
    *("entries", "purchases", "agreed"),
)
"""The large tables beside the claims, as the files are named."""

_FOLDERS = ("claims", "contracts")

_BUREAU_FILES = (*BUREAU_FILES, *BOOK_FILES, *OPERATOR_FILES, *OUTSIDE_FILES, *PROCUREMENT_FILES)

_WRITTEN = re.compile(
    rf"(claims/part-\d{{3}}|{'|'.join(TABLES)})({'|'.join(map(re.escape, FORMATS.values()))})"
    rf"|README\.txt|sample\.json|spoiled\.csv|{'|'.join(map(re.escape, _BUREAU_FILES))}"
    rf"|contracts/({'|'.join(map(re.escape, CONTRACT_FILES))})"
)
"""The files that a sample writes, by their names from its folder on."""

README = """\
MADE UP. 样例数据，非真实数据。

Everything in this folder was drawn at random by `qingsuan sample`: no person, claim, institution or amount in it is
real, and nothing in it says anything about the four pools named.

claims/        one row per settlement (结算)
insured        one row per person, scheme and period (参保)
identities     dated identity classes (人员身份)
insured_150000 those of them in Inner Mongolia, the region whose premiums are known
premiums       what residents there paid (个人缴费)
months         contributions of employees by month (缴费月), with their bases
opening        balances with which personal accounts open (上年结转)
families       registered relations (家庭共济)
uses           what was paid from personal accounts (个人账户支付)
cases          what stays are that contracts pay by disease or bed-day (病种、床日)
contracts/     contracts with institutions: ways of payment, advances, audits (医疗机构清算)
classes.csv    a made-up class (一, 二, 三) for every county of Inner Mongolia; real use needs the bureau's own table
entries        what was received and paid in the fund's books (基金账); fund_opening.csv is what they open with,
               fund_targets.csv, fund_budgets.csv and fund_lines.csv what they are held against
operator_…     contracts with operators of critical illness insurance, heads, payments (大病保险承办); two have no figures
outside_…      what is agreed for care outside the pool, where institutions lie, payments (异地就医)
purchases, agreed, procurement_…
               central procurement: what institutions bought and had agreed on, prices, scores, advances (集采)
local_split.csv, premium_standards.csv, must_insure.csv, receipts.csv, budgets.csv
               the other tables that a bureau hands over
case.toml      all of it as one case: qingsuan year-end case.toml --out year
spoiled.csv    only with --bad-rows: which claim rows are spoiled, and the rejection code each must get
sample.json    people, seed, year and counts of this folder
"""


@dataclass(slots=True)
class Made:
    """What was made: sizes of each table, how many rows are spoiled by which code."""

    people: int
    seed: int
    year: int
    made_up: bool = True
    insured: int = 0
    identities: int = 0
    premiums: int = 0
    months: int = 0
    opening: int = 0
    families: int = 0
    uses: int = 0
    cases: int = 0
    entries: int = 0
    purchases: int = 0
    agreed: int = 0
    claims: int = 0
    reversals: int = 0
    spoiled: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What was asked for."""

    people: int
    seed: int
    year: int
    bad_rows: int
    kind: str
    files: int

    @property
    def chunks(self) -> int:
        return -(-self.people // CHUNK)

    def bad_before(self, chunk: int) -> int:
        """Spoiled rows in the chunks before this one."""
        return self.bad_rows * min(chunk * CHUNK, self.people) // self.people


def _check(out: Path, plan: _Plan) -> None:
    with looking_into(out):
        is_taken = out.exists() and (not out.is_dir() or any(out.iterdir()))
    if is_taken:
        raise UsageError(
            str(out),
            found="there is something already",
            expected="a folder that does not exist yet, or an empty one",
            do="choose another folder, or remove this one",
        )
    if plan.bad_rows > plan.people // 2:
        raise UsageError(
            "--bad-rows",
            found=f"{plan.bad_rows} bad rows for {plan.people} people",
            expected=f"at most {plan.people // 2}, half as many as people",
            do="ask for fewer bad rows, or for more people",
        )
    if not 1 <= plan.people <= MOST_PEOPLE:
        raise UsageError("--people", found=f"{plan.people} people", expected=f"1 to {MOST_PEOPLE}")
    if plan.kind not in FORMATS:
        raise UsageError("--format", found=plan.kind, expected=", ".join(FORMATS))


def make_year(
    out: Path,
    *,
    people: int,
    seed: int,
    year: int = 2021,
    bad_rows: int = 0,
    kind: str = "parquet",
    files: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Made:
    """Make a year in the folder ``out`` and say what was made.

    Parameters
    ----------
    people, seed, year, bad_rows
        Size and identity of the sample; exactly ``bad_rows`` claim rows are spoiled.
    kind, files
        One of :data:`FORMATS`; the claims are cut into that many files, each a slice of the year.
    progress
        Called with the number of people made, after each chunk.

    Raises
    ------
    UsageError
        The folder holds something already, or the figures do not go together.
    RunError
        Another process makes a sample there, or the disk is full.
    """
    plan = _Plan(people, seed, year, bad_rows, kind, files)
    _check(out, plan)
    work = beside(out)
    with held(work, out):
        _check(out, plan)
        _empty(work)
        try:
            with writing(out):
                made = _write(work, plan, progress)
                if out.exists():
                    out.rmdir()
                work.rename(out)
        except BaseException:
            _empty(work)
            raise
    (out / LOCK).unlink(missing_ok=True)
    return made


def _empty(work: Path) -> None:
    """Remove what a sample that was stopped left, and not the lock.

    Raises
    ------
    UsageError
        Something is there that no sample writes.
    """
    paths = [path for path in all_below(work) if path.name != LOCK]
    others = sorted(path.relative_to(work).as_posix() for path in paths if not _is_of_a_sample(path, work))
    if others:
        raise UsageError(
            str(work),
            found=f"it holds other things: {', '.join(others[:5])}",
            expected="nothing, or what a sample that was stopped has left",
            do="take them away: no sample removes what it did not write",
        )
    for path in paths:
        if not path.is_dir():
            path.unlink()
    for name in _FOLDERS:
        if (work / name).is_dir():
            (work / name).rmdir()


def _is_of_a_sample(path: Path, work: Path) -> bool:
    """Whether a path below the folder in which a sample is made is one that it writes, and no link."""
    name = path.relative_to(work).as_posix()
    if path.is_symlink():
        return False
    return path.is_dir() if name in _FOLDERS else path.is_file() and _WRITTEN.fullmatch(name) is not None


def _write(work: Path, plan: _Plan, progress: Callable[[int], None] | None) -> Made:
    (work / "claims").mkdir(parents=True)
    made, heads, care = _write_tables(work, plan, progress)
    write_bureau(work, heads, plan.seed, plan.year, FORMATS[plan.kind])
    write_contracts(work / "contracts", care, generator(plan.seed, plan.chunks, 0), plan.year)
    write_opening(work, care)
    write_watched(work, care)
    write_operators(work, heads, plan.year)
    write_outside(work, care, plan.year)
    write_procurement(work, care, plan.year)
    (work / "README.txt").write_text(README, encoding="utf-8")
    (work / "sample.json").write_text(json.dumps(asdict(made), indent=2) + "\n", encoding="utf-8")
    return made


def _write_tables(
    work: Path, plan: _Plan, progress: Callable[[int], None] | None
) -> tuple[Made, Mapping[str, int], Care]:
    """Write the large tables; returns their sizes, residents by county, and what the care of institutions came to."""
    label = {"qingsuan.made_up": "made up; not real data 样例数据", "qingsuan.sample": json.dumps(asdict(plan))}
    suffix, heads, rows = FORMATS[plan.kind], Counter[str](), Counter[str]()
    made, care = Made(plan.people, plan.seed, plan.year), Care()
    with ExitStack() as stack:

        def output(name: str) -> Output:
            return stack.enter_context(closing(Output(work / f"{name}{suffix}", plan.kind, label)))

        outputs = {name: output(name) for name in TABLES}
        claims = [output(f"claims/part-{at:03d}") for at in range(plan.files)]
        notes = stack.enter_context(closing(_Notes(work / "spoiled.csv", plan.bad_rows)))
        for chunk in range(plan.chunks):
            rng, first = generator(plan.seed, chunk), chunk * CHUNK
            people = make_people(rng, first, min(CHUNK, plan.people - first), plan.year)
            for name, table in _people_tables(rng, plan, chunk, people):
                rows[name] += outputs[name].write(table)
            claims_of = make_claims(rng, chunk, people, plan.year)
            care.add(claims_of)
            rows["cases"] += outputs["cases"].write(cases_table(claims_of, plan.year, plain_schema(CASES)))
            table = _claims(rng, plan, claims_of, chunk, made, notes)
            for at, part in enumerate(claims):
                start = len(table) * at // plan.files
                made.claims += part.write(table.slice(start, len(table) * (at + 1) // plan.files - start))
            heads.update(residents_of(people))
            if progress is not None:
                progress(first + len(people.ids))
        for name, table in _bureau_tables(plan, care):
            rows[name] = outputs[name].write(table)
    for name in rows.keys() & {each.name for each in fields(made)}:
        setattr(made, name, rows[name])
    made.spoiled = dict(sorted(notes.counts.items()))
    return made, heads, care


def _bureau_tables(plan: _Plan, care: Care) -> Iterator[tuple[str, pa.Table]]:
    """The tables that follow from what all care came to, by name."""
    yield "entries", entries_table(care, plan.year, plain_schema(ENTRIES))
    yield "purchases", purchases_table(care, plan.year, plain_schema(PURCHASES))
    yield "agreed", agreed_table(care, plain_schema(AGREED))


def _people_tables(rng: np.random.Generator, plan: _Plan, chunk: int, people: People) -> Iterator[tuple[str, pa.Table]]:
    """The tables of a chunk that are not claims, by name; what is beside the benefits has streams of its own."""
    year = plan.year
    streams = [generator(plan.seed, chunk, purpose) for purpose in range(1, 6)]
    working = make_working(streams[0], people, year)
    insured = insured_table(rng, people, plain_schema((*INSURED, *ACCOUNT_COLUMNS)), working.columns())
    yield "insured", insured
    yield "insured_150000", insured.filter(pc.starts_with(insured["insu_admdvs"].cast(pa.string()), "15"))
    yield "identities", identities_table(rng, people, year, plain_schema(IDENTITIES))
    yield "premiums", premiums_table(streams[1], people, year, plain_schema(PREMIUMS))
    yield "months", months_table(streams[2], people, working, year, plain_schema(MONTHS))
    yield "opening", opening_table(people, insured, plain_schema(OPENING))
    relations = make_relations(streams[3], people, working.employee, year)
    yield "families", families_table(people, relations, plain_schema(FAMILIES))
    yield "uses", uses_table(streams[4], chunk, people, working.employee, relations, year, plain_schema(USES))


def _claims(rng: np.random.Generator, plan: _Plan, claims: Claims, chunk: int, made: Made, notes: _Notes) -> pa.Table:
    """The claims of one chunk as they are written, spoiled ones among them."""
    taken_back = claims.original[claims.original >= 0]
    made.reversals += len(taken_back)
    table = claims_table(claims, plan.year, claims_schema())
    first, last = plan.bad_before(chunk), plan.bad_before(chunk + 1)
    if first == last and not plan.bad_rows:
        return table
    table = as_text(table) if plan.kind == "csv" else table.cast(claims_schema())
    if first == last:
        return table
    free = np.flatnonzero((claims.original < 0) & ~np.isin(claims.serial, taken_back))
    table, found = spoil(table, free, rng, first, last, plan.kind == "csv")
    notes.write(found)
    return table


class _Notes:
    """The file that says which rows are spoiled; there is none when nothing is to be spoiled."""

    def __init__(self, path: Path, bad_rows: int) -> None:
        self.counts: Counter[str] = Counter()
        self._file = path.open("w", encoding="utf-8", newline="") if bad_rows else None
        if self._file is not None:
            csv.writer(self._file, lineterminator="\n").writerow(one.name for one in fields(Note))

    def write(self, notes: list[Note]) -> None:
        """Add notes in the order of the spoiled rows' numbers."""
        if self._file is not None:
            csv.writer(self._file, lineterminator="\n").writerows(astuple(note) for note in notes)
        self.counts.update(note.code for note in notes)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
