"""The strict reader of a bureau's contracts with operators (大病保险承办合同).

Everything that can be wrong in the file is found here, before any input is opened. A percentage that a contract's form needs and the file
does not have is an error that names it; a figure that nobody has stands under ``[[missing]]`` and leaves its contract unsettled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from qingsuan.errors import PolicyError
from qingsuan.money import BP_ONE, apply_bp, yuan
from qingsuan.operators.model import (
    MEASURES,
    OFF,
    PARTIES,
    Band,
    Contract,
    Contracts,
    PolicyLoss,
    Proposal,
    Share,
    Side,
    TakenOff,
    Unsettled,
    YearOfClaims,
)
from qingsuan.policy.model import FUNDS, Source
from qingsuan.policy.sources import cite, read_sources
from qingsuan.policy.strict import Table, load
from qingsuan.tables import CODES

__all__ = ["MOST_HEADS", "YEARS", "read_contracts"]

YEARS = 3
"""So many years before set the premium: 前三年大病保险基金运行情况."""

MOST_HEADS = 10**10


def read_contracts(file: Path, year: int) -> Contracts:
    """Read the contracts of a year.

    Raises
    ------
    PolicyError
        With file, key, what was found and what was expected.
    """
    root = load(file)
    head = root.table("contracts")
    if (found := head.whole("year", low=2000, high=2999)) != year:
        head.refuse("year", found=str(found), expected=f"{year}, the year that is settled", do="give that year's file")
    sources = read_sources(root)
    contracts = tuple(_contract(table, year, sources) for table in root.tables("contract"))
    unsettled = tuple(_unsettled(table) for table in root.tables("missing"))
    title, source = head.text("title"), cite(head, sources)
    root.done()
    if not contracts and not unsettled:
        root.refuse("contract", found="none", expected="at least one contract", do="write [[contract]]")
    _check_apart(file, (*contracts, *unsettled))
    return Contracts(title, year, source, contracts, unsettled, sources)


def _contract(table: Table, year: int, sources: Mapping[str, Source]) -> Contract:
    name, pool, schemes, pays = _whose(table)
    first, last = table.whole("first_year", low=2000, high=2999), table.whole("last_year", low=2000, high=2999)
    if not first <= year <= last:
        found, expected = f"{first} to {last}", f"years with {year} among them"
        table.refuse("last_year", found=found, expected=expected, do="take the contract out, or correct its years")
    return Contract(
        id=name,
        operator=table.text("operator"),
        pool=pool,
        schemes=schemes,
        pays=pays,
        by_settled=table.choice("claims", ("settled", "paid")) == "settled",
        first_year=first,
        last_year=last,
        source=cite(table, sources),
        premium=_premium(table.table("premium"), year, sources),
        off=_off(table),
        policy_loss=_policy_loss(table),
        surplus=_side(table.table("surplus"), sources),
        overrun=_side(table.table("overrun"), sources),
    )


def _whose(table: Table) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
    """Id, pool, schemes, and the funds that the operator pays for."""
    pool = table.text("pool")
    if re.fullmatch(r"[1-9]\d{5}", pool) is None:
        table.refuse("pool", found=f'"{pool}"', expected="the six digits of a pool", do="write its code in full")
    schemes, pays = table.texts("schemes"), table.texts("pays")
    for key, texts, known in (("schemes", schemes, tuple(CODES["insutype"])), ("pays", pays, FUNDS)):
        if not texts:
            table.refuse(key, found="an empty list", expected="at least one", do=f"name one of {', '.join(known)}")
        for number, text in enumerate(texts, 1):
            if text not in known:
                expected = f"one of {', '.join(known)}"
                table.refuse(f"{key}[{number}]", found=f'"{text}"', expected=expected, do="write one of these")
    return table.text("id"), pool, schemes, pays


def _premium(table: Table, year: int, sources: Mapping[str, Source]) -> Proposal:
    stated = table.yuan_fen("yuan") if table.has("yuan") else None
    years = tuple(
        YearOfClaims(
            one.whole("year", low=2000, high=2999), one.whole("heads", low=1, high=MOST_HEADS), one.yuan_fen("paid")
        )
        for one in table.tables("years")
    )
    if (stated is None) == (not years):
        found = "both an amount and years" if years else "neither an amount nor years"
        expected = "yuan, as the contract states it, or years, from whose results it follows"
        table.refuse("yuan", found=found, expected=expected, do="write the one that decides")
    if years and [one.year for one in years] != list(range(year - YEARS, year)):
        found = ", ".join(str(one.year) for one in years)
        expected = f"the three years before, in order: {', '.join(str(one) for one in range(year - YEARS, year))}"
        table.refuse("years", found=found, expected=expected, do="write their heads and what was paid")
    before, most = table.yuan_fen("before"), _most(table)
    lowered_by = cite(table.table("lowered"), sources) if table.has("lowered") else ""
    if stated is not None and stated < before and not lowered_by:
        expected = f"at least {yuan(before)}, the premium per head of the year before, or what lowers it"
        table.refuse("yuan", found=yuan(stated), expected=expected, do="correct it, or write lowered = { source = … }")
    for low, key in ((stated, "yuan"), (None if lowered_by else before, "before")):
        if low is not None and most is not None and low > most:
            table.refuse(key, found=yuan(low), expected=f"at most {yuan(most)}, as most says", do="correct one of them")
    balance = table.yuan_fen("balance") if years and table.has("balance") else 0
    if years and not table.has("balance"):
        balance = -table.yuan_fen("deficit")
    return Proposal(
        stated_fen=stated,
        years=years,
        loading_bp=table.percent_bp("loading") if years else 0,
        balance_fen=balance,
        before_fen=before,
        lowered_by=lowered_by,
        most_fen=most,
        source=cite(table, sources),
    )


def _most(table: Table) -> int | None:
    """The bound of the premium per head: a percentage of what is financed per head."""
    if not table.has("most"):
        return None
    most = table.table("most")
    return apply_bp(most.yuan_fen("of"), most.percent_bp("percent"))


def _off(table: Table) -> TakenOff:
    which = table.texts("takes_off")
    for number, text in enumerate(which, 1):
        if text not in OFF:
            expected = f"one of {', '.join(OFF)}"
            table.refuse(f"takes_off[{number}]", found=f'"{text}"', expected=expected, do="write one of these")
    operating = "operating" in which
    return TakenOff(
        which=which,
        reserve_fen=table.yuan_fen("reserve") if "reserve" in which else 0,
        operating_fen=table.yuan_fen("operating") if operating else 0,
        operating_most_bp=table.percent_bp("operating_most") if operating and table.has("operating_most") else None,
        profit_bp=table.percent_bp("profit") if "profit" in which else 0,
    )


def _policy_loss(table: Table) -> PolicyLoss | None:
    if not table.has("policy_loss"):
        return None
    loss = table.table("policy_loss")
    return PolicyLoss(loss.yuan_fen("yuan"), loss.choice("borne_by", PARTIES))


def _side(table: Table, sources: Mapping[str, Source]) -> Side:
    bands: list[Band] = []
    tables = table.tables("bands")
    for number, one in enumerate(tables, 1):
        is_last = number == len(tables)
        if one.has("upto") == is_last:
            found = f"band {number} of {len(tables)} {'with' if is_last else 'without'} a bound"
            one.refuse(
                "upto", found=found, expected="a bound in every band but the last", do="write upto, or take it out"
            )
        upto = None if is_last else one.percent_bp("upto", low=1)
        if upto is not None and bands and upto <= (bands[-1].upto_bp or 0):
            expected = f"above {yuan(bands[-1].upto_bp or 0)} %, where the band before ends"
            one.refuse(
                "upto", found=f"{yuan(upto)} %", expected=expected, do="write bands from the lowest to the highest"
            )
        bands.append(Band(upto, _shares(one)))
    if not bands:
        table.refuse("bands", found="none", expected="at least one band", do="write bands = [{ shares = […] }]")
    return Side(table.choice("measured", MEASURES), tuple(bands), cite(table, sources))


def _shares(table: Table) -> tuple[Share, ...]:
    """Whose a band is, in order: each a percentage, the last one what is left."""
    shares: list[Share] = []
    tables = table.tables("shares")
    if not tables:
        table.refuse("shares", found="nobody", expected="whose the band is", do='write shares = [{ party = "fund" }]')
    for number, one in enumerate(tables, 1):
        party = one.choice("party", PARTIES)
        if party in (share.party for share in shares):
            one.refuse("party", found=f'"{party}" twice', expected="each once", do="add the two up")
        left = BP_ONE - sum(share.bp for share in shares)
        if number == len(tables):
            if one.has("percent"):
                do = "take the percentage out: it follows from the others"
                one.refuse("percent", found="a percentage of the last party", expected="what is left", do=do)
            shares.append(Share(party, left))
        else:
            shares.append(Share(party, one.percent_bp("percent", high=left)))
    return tuple(shares)


def _unsettled(table: Table) -> Unsettled:
    name, pool, schemes, pays = _whose(table)
    return Unsettled(name, pool, schemes, pays, table.text("parameter"), table.text("why"))


def _check_apart(file: Path, contracts: Iterable[Contract | Unsettled]) -> None:
    """No two contracts have one id, and none pays what another one pays."""
    ids: set[str] = set()
    owners: dict[tuple[str, str, str], str] = {}
    for one in contracts:
        if one.id in ids:
            found = f'the contract "{one.id}" twice'
            raise PolicyError(str(file), found=found, expected="an id of its own for each", do="rename one of the two")
        ids.add(one.id)
        for key in ((one.pool, scheme, fund) for scheme in one.schemes for fund in one.pays):
            if key in owners:
                found = f"{one.id} and {owners[key]} both pay {key[2]} of scheme {key[1]} in pool {key[0]}"
                do = "correct the pool, the schemes or the funds of one of them"
                raise PolicyError(str(file), found=found, expected="one operator for each payment", do=do)
            owners[key] = one.id
