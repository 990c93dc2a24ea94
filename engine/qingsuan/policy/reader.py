"""From TOML to rule sets: the words of ``plugins/README.md``, section 3, and no others.

A file is read as it stands, then checked by :mod:`qingsuan.policy.check`; the rule sets of a region are then checked
against each other. Nothing is filled in that the file does not say, except the defaults that the README names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path, PurePath
from typing import Literal

from qingsuan.errors import PolicyError
from qingsuan.money import BP_ONE
from qingsuan.policy.check import check
from qingsuan.policy.conditions import read_dimensions, read_when
from qingsuan.policy.counting.groups import read_groups
from qingsuan.policy.figures.reading import Figures
from qingsuan.policy.findings import Finding, findings_of, refuse_findings
from qingsuan.policy.layers.amounts import amount_columns, read_amount, read_share
from qingsuan.policy.layers.entries import read_entries
from qingsuan.policy.layers.points import cases_of, grows, only_grows, read_growing, refuse_unknown
from qingsuan.policy.layers.rounding import read_rounding
from qingsuan.policy.layers.toward import read_toward
from qingsuan.policy.layers.year_end import read_year_end
from qingsuan.policy.matrices.axes import Axes, read_who
from qingsuan.policy.matrices.reading import Matrices, SettingReader
from qingsuan.policy.model import (
    COUNTERS,
    FUNDS,
    PERSONAL_ACCOUNT,
    Adjust,
    Bands,
    Beyond,
    Cap,
    Case,
    Ceiling,
    Covers,
    Deductible,
    Dimension,
    Explained,
    Guarantee,
    IdentityClass,
    IdentityRank,
    InterimSettlements,
    Layer,
    Limit,
    Missing,
    Per,
    Region,
    Rule,
    RuleSet,
    Select,
    Source,
    Visits,
    When,
)
from qingsuan.policy.per_claim.amount import Amount
from qingsuan.policy.sources import cite, read_sources
from qingsuan.policy.strict import Table, load
from qingsuan.policy.together import check_together
from qingsuan.policy.toml.file import files_in
from qingsuan.policy.when.tables import Matrix
from qingsuan.policy.when.waiting import Exemption, Waiting

__all__ = ["read_rule_set", "read_rule_sets"]

_DateColumn = Literal["setl_time", "begndate", "enddate"]

_DATE_COLUMNS: tuple[_DateColumn, ...] = ("setl_time", "begndate", "enddate")
_PER: tuple[Per, ...] = ("visit", "period")
_MEASURED: tuple[Literal["absolute", "excess"], ...] = ("absolute", "excess")
_CEILING_OF: tuple[Literal["medfee_sumamt", "inscp_scp_amt"], ...] = ("medfee_sumamt", "inscp_scp_amt")
_WAITING: tuple[Literal["wait_end_date"], ...] = ("wait_end_date",)
_NEW_YEAR: tuple[Literal["anew"], ...] = ("anew",)
_COUNT_AS: tuple[Literal["one-visit"], ...] = ("one-visit",)
_MAX_FACTOR_BP = 10 * BP_ONE
"""The largest factor of an adjustment, 1000 %: beyond it a typing error is likelier than a policy."""

Codes = Mapping[str, Mapping[str, str]]


def read_rule_sets(region: Region) -> tuple[RuleSet, ...]:
    """Read every rule set (``*.toml``) of a region, in the order of the file names.

    Raises
    ------
    PolicyError
        The folder cannot be read; a file is wrong; a set is of a pool that is not the region's; two sets contradict
        each other (see :func:`qingsuan.policy.together.check_together`). One error for all files: it says the first finding
        and how many more there are, and has all of them (:class:`qingsuan.policy.findings.PolicyFindings`).
    """
    if region.rules is None:
        return ()
    files = files_in(region.rules, f"the folder of rule sets of {region.code} {region.name}", "rules")
    rule_sets: list[RuleSet] = []
    findings: list[Finding] = []
    for file in files:
        try:
            rule_sets.append(
                read_rule_set(file, codes=region.codes, functions=tuple(region.functions), folder=region.rules)
            )
        except PolicyError as error:
            findings += findings_of(error)
    refuse_findings([*findings, *check_together(region, rule_sets)])
    return tuple(rule_sets)


def read_rule_set(
    file: Traversable | Path,
    *,
    codes: Codes | None = None,
    functions: tuple[str, ...] = (),
    folder: Traversable | Path | None = None,
) -> RuleSet:
    """Read and check one rule set.

    Parameters
    ----------
    file
        The TOML file.
    codes
        Local additions to the national code tables (``Region.codes``).
    functions
        The names of ``Region.functions``.
    folder
        Where lists are; the folder of the file unless given.

    Raises
    ------
    PolicyError
        The file cannot be trusted. What is wrong in what it says is found all at once; reading stops at the first key that
        cannot be read.
    """
    label = "/".join(PurePath(str(file)).parts[-3:])
    root = load(file, label=label)
    rule_set = _rule_set(root, label, folder or Path(str(file)).parent)
    refuse_findings(check(rule_set, codes=codes or {}, functions=functions))
    return rule_set


def _rule_set(root: Table, label: str, folder: Traversable | Path) -> RuleSet:
    """Read the outermost table."""
    head = root.table("ruleset")
    sources = read_sources(root)
    dimensions = read_dimensions(root, folder)
    rank = _identity_rank(root, sources)
    order = () if rank is None else rank.order
    axes = Axes(read_who(root, dimensions, order), dimensions, order)
    figures = Figures(root, sources)
    root.amount_of = figures.amount_fen
    read = _Reader(sources, dimensions, order, root.named_tables("layers"), axes, figures)
    layers = {name: read.layer(name, table) for name, table in read.layers.items()}
    rules = tuple(read.rule(name, table) for name, table in _listed(root, "rules"))
    needed = figures.missing({name: layer.cases for name, layer in layers.items()}, rules)
    groups = read_groups(root, sources)
    begins, year_source = _year_begins(head, sources)
    rule_set = RuleSet(
        file=label,
        pool=head.text("pool"),
        schemes=head.texts("schemes"),
        title=head.text("title"),
        effective=head.date("effective"),
        until=head.date("until") if head.has("until") else None,
        benefit_date=head.choice("benefit_date", _DATE_COLUMNS),
        identity_date=head.choice("identity_date", _DATE_COLUMNS),
        levels=head.texts("levels"),
        identities=_identities(root, head, sources),
        sources=sources,
        groups=groups.periods,
        dimensions=(*dimensions, *amount_columns(layers.values())),
        layers=layers,
        rules=rules,
        missing=(*(read.missing(name, table) for name, table in _listed(root, "missing")), *needed),
        covers=_covers(root, read),
        identity_rank=rank,
        identities_without_effect=head.texts("identities_without_effect", ()),
        interim_settlements=_interim_settlements(head, sources),
        waiting=read.waiting(root.table("waiting"), head.texts("schemes")) if root.has("waiting") else None,
        source=cite(head, sources),
        explained=tuple(
            Explained(one.text("oddity"), one.text("why"), cite(one, sources, must=False))
            for one in root.tables("explained")
        ),
        beyond=tuple(Beyond(t.text("parameter"), t.text("why"), cite(t, sources)) for t in root.tables("beyond")),
        who=tuple(axes.who.values()),
        matrices=tuple(read.drawn),
        figures=tuple(figures.known.values()),
        multiples=tuple(figures.multiples),
        group_keys=groups.keys,
        year_begins=begins,
        year_source=year_source,
        carry_over=groups.carry_over,
        group_counts=groups.counts,
    )
    root.done()  # before groups that nothing uses: a misspelt key leaves some, and is what has to be mended
    axes.refuse_unused(root)
    figures.refuse_unused(root)
    return rule_set


def _listed(root: Table, key: str) -> Iterator[tuple[str | None, Table]]:
    """The tables of a list, ``[[rules]]``; or of a table by names, ``[rules]``, where a name may have several."""
    if not root.is_table(key):
        yield from ((None, table) for table in root.tables(key))
        return
    outer = root.table(key)
    for name in outer.names():
        tables = outer.tables(name) if outer.is_list(name) else (outer.table(name),)
        yield from ((name, table) for table in tables)


def _covers(root: Table, read: _Reader) -> tuple[Covers, ...]:
    """What is promised to be covered: a list, each with its ``when``; or conditions by names."""
    if not root.is_table("covers"):
        return tuple(Covers(read.when(table)) for table in root.tables("covers"))
    return tuple(Covers(read.conditions(table)) for table in root.named_tables("covers").values())


def _identities(root: Table, head: Table, sources: Mapping[str, Source]) -> tuple[IdentityClass, ...]:
    if head.has("identities") and head.texts("identities"):  # an empty list says that there is no class, which is so
        head.refuse(
            "identities",
            found="a list of codes",
            expected="a table [identities] with one class a line",
            do='write name = { title = "低保", codes = ["2303", "7019"], source = "…" } under [identities]; '
            "where the highest class held decides, state the order under [identity_rank]",
        )
    return tuple(
        IdentityClass(name, table.text("title"), table.texts("codes"), cite(table, sources))
        for name, table in root.named_tables("identities").items()
    )


def _identity_rank(root: Table, sources: Mapping[str, Source]) -> IdentityRank | None:
    if not root.has("identity_rank"):
        return None
    table = root.table("identity_rank")
    return IdentityRank(table.texts("order"), cite(table, sources))


def _interim_settlements(head: Table, sources: Mapping[str, Source]) -> InterimSettlements | None:
    if not head.has("interim_settlements"):
        return None
    table = head.table("interim_settlements")
    new_year = table.choice("new_year", _NEW_YEAR) if table.has("new_year") else None
    return InterimSettlements(table.choice("count_as", _COUNT_AS), cite(table, sources), new_year)


def _year_begins(head: Table, sources: Mapping[str, Source]) -> tuple[tuple[int, int], str]:
    """The month and day on which the benefit year (待遇年度) begins, and the source that says so."""
    if not head.has("year_begins"):
        return (1, 1), ""
    if not head.is_table("year_begins"):
        do = 'write year_begins = { day = "07-01", source = "…" }, or leave it out where the year begins on 1 January'
        head.refuse("year_begins", found="no table", expected="a table with day and source", do=do)
    table = head.table("year_begins")
    text = table.text("day")
    found = re.fullmatch(r"(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])", text)
    if found is None:
        expected = "month and day, from 01-01 to 12-28: every month has such a day"
        table.refuse("day", found=f'"{text}"', expected=expected, do='write for example "07-01"')
    return (int(found[1]), int(found[2])), cite(table, sources)


class _Reader:
    """Reads layers and rules, knowing the sources they may name and the dimensions they may ask for."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        dimensions: tuple[Dimension, ...],
        rank: tuple[str, ...],
        layers: Mapping[str, Table],
        axes: Axes,
        figures: Figures,
    ) -> None:
        self.sources, self.dimensions, self.rank, self.layers = sources, dimensions, rank, layers
        self.names = [one.name for one in dimensions]
        self.noted_deductible, self.noted_bands = figures.noted(self.deductible), figures.noted(self.bands)
        self.noted_limit, self.noted_cap = figures.noted(self.limit), figures.noted(self.cap)
        readers: dict[str, SettingReader] = {
            "deductible": self.noted_deductible,
            "bands": self.noted_bands,
            "limit": self.noted_limit,
            "caps": self.noted_cap,
            "adjust": self.adjust,
        }
        self.matrices = Matrices(axes, layers, readers)
        self.drawn: list[Matrix] = []
        self.growing: dict[str, set[str]] = {}

    def when(self, table: Table) -> When:
        return self.conditions(table.table("when"))

    def conditions(self, table: Table) -> When:
        return read_when(table, self.dimensions, self.rank)

    def rule(self, name: str | None, table: Table) -> Rule:
        rule = Rule(
            id=table.text("id") if name is None else name,
            when=self.when(table),
            layers=table.texts("layers"),
            entry_bp=table.percent_bp("entry_percent", BP_ONE),
            ceiling=self.ceiling(table.table("ceiling")) if table.has("ceiling") else None,
            overrides=table.texts("overrides", ()),
            source=cite(table, self.sources, must=table.has("entry_percent")),
            guarantee=self.guarantee(table.table("guarantee")) if table.has("guarantee") else None,
            registered=table.texts("registered", ()),
        )
        refuse_unknown(table, rule, self.growing)
        return rule

    def missing(self, name: str | None, table: Table) -> Missing:
        when = self.when(table) if table.has("when") else None
        parameter = table.text("parameter") if name is None else name
        return Missing(parameter, table.text("why"), when, table.texts("overrides", ()))

    def waiting(self, table: Table, schemes: tuple[str, ...]) -> Waiting:
        return Waiting(
            column=table.choice("column", _WAITING),
            schemes=table.texts("schemes", schemes),
            exempt=tuple(Exemption(self.when(one), cite(one, self.sources)) for one in table.tables("exempt")),
            source=cite(table, self.sources),
        )

    def ceiling(self, table: Table) -> Ceiling:
        ratio_bp = table.percent_bp("percent")
        return Ceiling(ratio_bp, table.choice("of", _CEILING_OF), table.texts("layers"), cite(table, self.sources))

    def guarantee(self, table: Table) -> Guarantee:
        ratio_bp, of = table.percent_bp("percent"), table.choice("of", _CEILING_OF)
        return Guarantee(ratio_bp, of, table.texts("layers"), table.text("to"), cite(table, self.sources))

    def layer(self, name: str, table: Table) -> Layer:
        own = {key: self.matrices.setting(name, key) for key in ("deductible", "bands", "limit", "adjust")}
        cases = [self.case(table, {}, own, self.matrices.caps(name)), *self.grown(name, own["adjust"], {})]
        for case in table.tables("cases"):
            settings = {key: case.table(key) if case.has(key) else None for key in own}
            one = self.case(case, self.when(case), settings, case.tables("caps") if case.has("caps") else None)
            if not one.when:
                do = "write it among the layer's own keys"
                case.refuse("when", found="no condition", expected="at least one dimension", do=do)
            grown = self.grown(name, settings["adjust"], one.when)
            sets_something = one != Case(when=one.when)
            cases += [*([one] if sets_something else []), *grown]
            if not sets_something and not grown:
                expected = "one of visits, deductible, bands, limit, caps, entry, counts_toward, rounding, adjust"
                case.refuse("", found="a case that sets nothing", expected=expected, do="take it out, or fill it")
        for matrix, stands_for in self.matrices.of(name):
            self.drawn.append(matrix)
            cases += stands_for
        year_end = read_year_end(table.table("year_end"), self.sources) if table.has("year_end") else None
        return Layer(name, table.choice("fund", (*FUNDS, PERSONAL_ACCOUNT)), tuple(cases), year_end)

    def case(
        self, table: Table, when: When, settings: Mapping[str, Table | None], caps: tuple[Table, ...] | None
    ) -> Case:
        return Case(
            when=when,
            visits=self.visits(table.table("visits")) if table.has("visits") else None,
            deductible=None if (found := settings["deductible"]) is None else self.noted_deductible(found),
            bands=None if (found := settings["bands"]) is None else self.noted_bands(found),
            limit=None if (found := settings["limit"]) is None else self.noted_limit(found),
            caps=self.caps(table, caps),
            entry=read_entries(table, self.sources, self.names) if table.has("entry") else None,
            adjust=None if (found := settings["adjust"]) is None or only_grows(found) else self.adjust(found),
            rounding=read_rounding(table.table("rounding"), self.sources) if table.has("rounding") else None,
            counts_toward=read_toward(table.table("counts_toward"), self.sources)
            if table.has("counts_toward")
            else None,
        )

    def grown(self, layer: str, adjust: Table | None, when: When) -> list[Case]:
        """The cases that the points of an adjustment are, if they grow with a number."""
        found = None if adjust is None else read_growing(adjust, self.dimensions)
        if found is None or adjust is None:
            return []
        self.growing.setdefault(layer, set()).add(found.number)
        return list(cases_of(adjust, found, when, cite(adjust, self.sources)))

    def visits(self, table: Table) -> Visits:
        counts = table.flag("counts", default=True)
        return Visits(table.text("group"), counts, cite(table, self.sources, must=False))

    def deductible(self, table: Table) -> Deductible:
        exempt, credits_group = table.flag("exempt", default=False), table.flag("credits", default=False)
        taken_by_nobody = exempt and not credits_group and not table.has("yuan")
        per = table.choice("per", _PER, "visit" if taken_by_nobody else None)
        if taken_by_nobody:
            amounts: tuple[int, ...] = (0,)
        elif (of_claim := self.of_claim(table)) is not None:
            source = cite(table, self.sources)
            return Deductible(per, (0,), _group(table), exempt, credits_group, source, of_claim)
        elif per == "visit":
            amounts = table.yuan_or_yuans_fen("yuan")
        else:
            amounts = (table.yuan_fen("yuan"),)
        return Deductible(per, amounts, _group(table), exempt, credits_group, cite(table, self.sources))

    def of_claim(self, table: Table) -> Amount | None:
        """An amount that each claim has for itself; None where it is one for all."""
        return read_amount(table, self.names)

    def bands(self, table: Table) -> Bands:
        select = self.select(table) if table.has("select") else None
        upto = table.yuans_fen("upto") if table.has("upto") and select is None else ()
        crossed = bool(upto)
        return Bands(
            ratio_bp=table.percents_bp("percent"),
            upto_fen=upto,
            per=table.choice("per", _PER, None if crossed else "visit"),
            measured=table.choice("measured", _MEASURED, None if crossed else "excess"),
            group=_group(table),
            select=select,
            source=cite(table, self.sources),
        )

    def select(self, bands: Table) -> Select:
        table = bands.table("select")
        group, counter = table.text("group"), table.choice("counter", COUNTERS)
        if not bands.has("upto"):
            return Select(group, counter)
        return Select(group, counter, bands.wholes("upto") if counter == "visits" else bands.yuans("upto"))

    def limit(self, table: Table) -> Limit:
        of_claim = self.of_claim(table)
        amount = table.yuan_fen("yuan") if of_claim is None else 0
        per = table.choice("per", _PER, "visit")
        if per == "visit" and table.has("group"):
            do = 'take the group out, or write per = "period" for a limit on what the group lets in'
            table.refuse(
                "group", found="a group beside a limit per visit", expected="no group: it counts nothing", do=do
            )
        return Limit(amount, per, _group(table), cite(table, self.sources), of_claim)

    def caps(self, table: Table, tables: Sequence[Table] | None) -> tuple[Cap, ...] | None:
        if tables is None:
            return None
        caps = tuple(self.noted_cap(item) for item in tables)
        if not caps or (len(caps) > 1 and any(cap.is_none for cap in caps)):
            found = "none beside another cap" if caps else "an empty list"
            do = "write caps = [{ none = true, source = … }] where there is no cap, and the caps alone where there is one"
            table.refuse("caps", found=found, expected="the caps, or the word that there is none", do=do)
        return caps

    def cap(self, table: Table) -> Cap:
        if table.has("none") and table.flag("none"):
            return Cap(None, "visit", None, cite(table, self.sources))
        of_claim = read_share(table) or self.of_claim(table)
        amount = 0 if of_claim is not None else table.yuan_fen("yuan") if table.has("yuan") else None
        per = table.choice("per", _PER, "period")
        if amount is None and not table.has("group"):
            do = "add yuan = …, or the group it draws on; none = true where there is no cap"
            table.refuse("", found="neither an amount nor a group", expected="yuan, group, or both", do=do)
        return Cap(amount, per, _group(table), cite(table, self.sources, must=amount is not None), of_claim)

    def adjust(self, table: Table) -> Adjust:
        adjust = Adjust(
            deductible_bp=_factor_bp(table, "deductible_percent"),
            points_bp=0 if grows(table) else table.points_bp("points", 0),
            own_bp=_factor_bp(table, "own_percent"),
            lift_caps=table.texts("lift_caps", ()),
            source=cite(table, self.sources),
        )
        if adjust == Adjust(source=adjust.source):
            expected = "one of deductible_percent, points, own_percent, lift_caps"
            table.refuse("", found="an adjustment of nothing", expected=expected, do="take it out, or fill it")
        return adjust


def _group(table: Table) -> str | None:
    return table.text("group") if table.has("group") else None


def _factor_bp(table: Table, key: str) -> int | None:
    return table.percent_bp(key, high=_MAX_FACTOR_BP) if table.has(key) else None
