"""Uses of accounts (个人账户支出): whose account pays, what is refused before a balance is looked at, and in which order they come.

On one day what pays goes before what gives back; then ``setl_id`` decides, as bytes. A use is refused for the first reason of
:data:`REASONS` that holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.accounts.credits import Accounts
from qingsuan.accounts.intake.columns import KEY
from qingsuan.accounts.ledger import PURPOSE, ROLE, STATUS, Booked, Events
from qingsuan.accounts.relations import is_related
from qingsuan.accounts.rule.model import KINDS, TRANSFERS, UNFIT
from qingsuan.accounts.rule.year import NO_RULE, Rules
from qingsuan.columns.rows import numbers
from qingsuan.people import Numbering, Texts

__all__ = ["REASONS", "Judged", "judge"]

REASONS: tuple[tuple[str, str], ...] = (
    ("", ""),
    ("E_PERSON", "the payer has no account here on this day"),
    ("E_PERSON", "the payer's account is not settled: see rejected"),
    ("E_FAMILY", "the claim names no account of a relative that bears all of its acct_mulaid_pay"),
    ("E_REVERSAL_ORPHAN", "no use of this account with that setl_id, earlier and accepted, that is not taken back yet"),
    ("E_REVERSAL_MISMATCH", "not the amount, or not the person, of what it takes back"),
    ("E_NO_RULE", "the pool's rule does not say what may be paid from an account"),
    ("E_USE", "a use that the document refuses by name"),
    ("E_USE", "a use that the pool's rule does not allow"),
    ("E_FAMILY", "a use that the pool's rule does not allow for the cost of others"),
    ("E_USE", "a use that the pool's rule allows for the cost of relatives only"),
    ("E_FAMILY", "no registered relative, in a relation that the rule allows, on this day"),
    ("E_COMPOSITION", "what relatives' accounts bear of the claim is not its acct_mulaid_pay"),
    ("E_DUPLICATE", "the same setl_id, account and use again"),
    ("E_BALANCE", "the balance does not suffice"),
)
"""Why a use is refused, in the order in which it is looked for: code, and words."""

NO_ACCOUNT, NOT_SETTLED, UNNAMED, ORPHAN, MISMATCH, NO_USES, REFUSED_BY_NAME, NOT_ALLOWED = range(1, 9)
NOT_FOR_OTHERS, ONLY_FOR_OTHERS, UNRELATED, UNLIKE_CLAIM, AGAIN, SHORT = range(9, len(REASONS))

Mask = npt.NDArray[np.bool_]
Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass
class Judged:
    """Uses in the order in which they are written: by payer (hash), then day.

    Attributes
    ----------
    psn_no, payer, setl_id, use : texts; ``payer`` is empty where a claim names none.
    day, kind, back, amount, of_claim : numbers; ``of_claim`` is 1 where the row comes from the claims.
    of_settled : (n,) bool, whether its amount is part of a claim's acct_pay or acct_mulaid_pay.
    account : (n,) int64, -1 where there is none.
    why : (n,) int8, a number of :data:`REASONS`; 0 where the balance decides.
    order : (m,) int64
        Which of them the ledger sees, account after account.
    """

    psn_no: pa.Array
    payer: pa.Array
    setl_id: pa.Array
    use: pa.Array
    day: Int32
    kind: Int8
    back: Int8
    amount: Int64
    of_claim: Int8
    of_settled: Mask
    is_family: Mask
    account: Int64
    why: Int8
    original: Int64
    order: Int64

    def events(self, accounts: int, month: Int8) -> Events:
        """What the ledger is given; ``month`` by use."""
        order = self.order
        place = np.full(len(self.why), -1, np.int64)
        place[order] = np.arange(len(order))
        back = self.back[order] == 1
        transfer = np.isin(self.kind[order], [KINDS.index(kind) for kind in TRANSFERS])
        purpose = np.where(
            transfer, PURPOSE["transfer"], np.where(self.is_family[order], PURPOSE["family"], PURPOSE["own"])
        )
        original = np.where(back, place[np.maximum(self.original[order], 0)] if len(order) else back, -1)
        return Events(
            np.searchsorted(self.account[order], np.arange(accounts + 1)),
            month[order],
            self.amount[order],
            np.where(back, ROLE["gives back"], ROLE["pays"]).astype(np.int8),
            purpose.astype(np.int8),
            original.astype(np.int32),
        )

    def booked(self, booked: Booked) -> tuple[Int64, Int64]:
        """Take over what became of those that the ledger saw; returns what each took, and what was left (-1: not known)."""
        short, nothing = booked.status == STATUS["short"], booked.status == STATUS["nothing"]
        self.why[self.order[short]] = SHORT
        self.why[self.order[nothing]] = ORPHAN
        paid, left = np.zeros(len(self.why), np.int64), np.full(len(self.why), -1, np.int64)
        paid[self.order], left[self.order] = booked.paid, booked.balance_after
        return paid, left


def judge(
    uses: pa.Table, claims: pa.Table, families: pa.Table, accounts: Accounts, rules: Rules, month: Int8
) -> Judged:
    """Judge uses, all but their balance.

    Parameters
    ----------
    uses, claims, families
        Tables of :data:`qingsuan.accounts.intake.columns.INTERNAL`, in one partition with their families.
    month : (366,) int8
        The month of each day of the year.
    """
    return _Judging(uses, claims, families, accounts, rules, month).judged()


class _Judging:
    def __init__(
        self, uses: pa.Table, claims: pa.Table, families: pa.Table, accounts: Accounts, rules: Rules, month: Int8
    ) -> None:
        self.accounts, self.rules, self.families, self.month = accounts, rules, families, month
        uses, claims = uses.combine_chunks(), claims.combine_chunks()
        unnamed, unlike, bears = _against_claims(uses, claims)
        own = claims.filter(pa.array(numbers(claims["own"]) > 0))
        apart = claims.filter(pa.array(unnamed))
        parts = [_of_uses(uses), _of_claims(own, "own", True), _of_claims(apart, "mulaid", False)]
        rows = pa.concat_tables(parts).combine_chunks()
        self.unlike = np.zeros(len(rows), np.bool_)
        self.unlike[: len(uses)] = unlike
        self.unnamed = np.zeros(len(rows), np.bool_)
        self.unnamed[len(uses) + len(own) :] = True
        self.of_settled = np.ones(len(rows), np.bool_)
        self.of_settled[: len(uses)] = bears
        order = _in_order(rows)
        self.rows = rows.take(pa.array(order))
        self.unlike, self.unnamed, self.of_settled = self.unlike[order], self.unnamed[order], self.of_settled[order]
        self.col = {name: numbers(self.rows[name]) for name in ("day", "kind", "back", "amount", "of_claim")}
        self.is_family = ~pc.equal(self.rows["psn_no"], self.rows["payer"]).to_numpy()
        self.why = np.zeros(len(rows), np.int8)

    def judged(self) -> Judged:
        """All steps."""
        person = self.accounts.people.find(Texts.of(self.rows["payer"]))
        account = self.accounts.at(person, self.col["day"])
        settled = np.ones(len(person), np.bool_)
        settled[person >= 0] = ~self.accounts.refused[person[person >= 0]]
        self._refuse(self.unnamed, UNNAMED)
        self._refuse((account < 0) & settled, NO_ACCOUNT)
        self._refuse(account < 0, NOT_SETTLED)
        self._by_rule(account)
        self._refuse(self.unlike, UNLIKE_CLAIM)
        original = self._pairs(account)
        seen = np.flatnonzero(self.why == 0)
        order = seen[np.argsort(account[seen], kind="stable")]
        texts = {name: _plain(self.rows[name]) for name in ("psn_no", "payer", "setl_id", "use")}
        return Judged(
            **texts,
            **self.col,
            of_settled=self.of_settled,
            is_family=self.is_family,
            account=account,
            why=self.why,
            original=original,
            order=order,
        )

    def _refuse(self, where: Mask, why: int) -> None:
        self.why[where & (self.why == 0)] = why

    def _by_rule(self, account: Int64) -> None:
        """What the rule of the account's pool says of payments in the use's month."""
        pays = np.flatnonzero((self.why == 0) & (self.col["back"] == 0))
        pool, month = self.accounts.pool[account[pays]], self.month[self.col["day"][pays] - self.accounts.first_day]
        kind, family = self.col["kind"][pays], self.is_family[pays]
        known = kind < len(KINDS)
        number = np.where(known, kind, 0)
        own_ok, family_ok = (self.rules.allows[pool, month, number, which] & known for which in (0, 1))
        fit = (kind >= len(KINDS)) & (kind < len(KINDS) + len(UNFIT))

        def refuse(where: Mask, why: int) -> None:
            places = pays[where]
            self.why[places[self.why[places] == 0]] = why

        refuse((self.rules.of[pool, month] == NO_RULE) | ~self.rules.has_uses[pool, month], NO_USES)
        refuse(fit, REFUSED_BY_NAME)
        refuse(~own_ok & ~family_ok, NOT_ALLOWED)
        refuse(family & ~family_ok, NOT_FOR_OTHERS)
        refuse(~family & ~own_ok, ONLY_FOR_OTHERS)
        asked = np.flatnonzero(family & (self.why[pays] == 0))
        allowed = self.rules.relations[pool[asked], month[asked]]
        rows = self.rows.take(pa.array(pays[asked]))
        related = np.ones(len(pays), np.bool_)
        related[asked] = is_related(self.families, rows["payer"], rows["psn_no"], numbers(rows["day"]), allowed)
        refuse(~related, UNRELATED)

    def _pairs(self, account: Int64) -> Int64:
        """For each reversal the use that it takes back, -1 for others; copies and reversals that pair with nothing are refused.

        A use is known by its account, its setl_id and its kind: of several the first one is it.
        """
        original = np.full(len(self.why), -1, np.int64)
        back = self.col["back"] == 1
        ids = pa.concat_arrays([_plain(self.rows["setl_id"]), _plain(self.rows["init"])])
        numbered = Numbering(Texts.of(ids)).numbers.astype(np.int64)
        has_id = np.asarray(pc.not_equal(self.rows["setl_id"], "").to_numpy(), np.bool_)
        meant = np.where(back, numbered[len(back) :], numbered[: len(back)])
        some = np.flatnonzero((account >= 0) & (back | has_id) & ((self.why == 0) | ~back))
        key = np.stack([account[some], meant[some], self.col["kind"][some].astype(np.int64)])
        # claims go first: what they say of a settlement is what was settled
        order = np.lexsort((some, 1 - self.col["of_claim"][some], back[some], *key[::-1]))
        some, key = some[order], key[:, order]
        new = np.ones(len(some), np.bool_)
        new[1:] = (key[:, 1:] != key[:, :-1]).any(axis=0)
        head = some[np.maximum.accumulate(np.where(new, np.arange(len(some)), 0))] if len(some) else some
        copies = some[~new & ~back[some]]
        self.why[copies[self.why[copies] == 0]] = AGAIN
        of_back = back[some]
        self._take_back(some[of_back], head[of_back], original)
        self._refuse(back & (original < 0) & (account >= 0), ORPHAN)
        return original

    def _take_back(self, backs: Int64, heads: Int64, original: Int64) -> None:
        """Pair reversals, in their order, with what they name: an accepted use before it, once."""
        pays = (self.col["back"][heads] == 0) & (self.why[heads] == 0) & (heads < backs)
        backs, heads = backs[pays], heads[pays]
        psn = self.rows["psn_no"]
        same = np.asarray(pc.equal(psn.take(pa.array(backs)), psn.take(pa.array(heads))).to_numpy(), np.bool_)
        alike = same & (self.col["amount"][backs] == self.col["amount"][heads])
        self.why[backs[~alike]] = MISMATCH
        backs, heads = backs[alike], heads[alike]
        firsts = np.unique(heads, return_index=True)[1]
        original[backs[firsts]] = heads[firsts]


def _of_uses(uses: pa.Table) -> pa.Table:
    return uses.select(["psn_no", "payer", "setl_id", "init", "day", "kind", "back", "amount", "use"]).append_column(
        "of_claim", pa.array(np.zeros(len(uses), np.int8))
    )


def _of_claims(claims: pa.Table, amount: str, is_own: bool) -> pa.Table:
    """Rows of claims as uses: of the person's own account, or of nobody's."""
    size, nothing = len(claims), pa.array([""] * len(claims), pa.string())
    kinds = numbers(claims["kind"])
    return pa.table(
        {
            "psn_no": claims["psn_no"],
            "payer": claims["psn_no"] if is_own else nothing,
            "setl_id": claims["setl_id"],
            "init": nothing,
            "day": claims["day"],
            "kind": claims["kind"],
            "back": pa.array(np.zeros(size, np.int8)),
            "amount": claims[amount],
            "use": pa.array(KINDS, pa.string()).take(pa.array(kinds)),
            "of_claim": pa.array(np.ones(size, np.int8)),
        }
    )


def _against_claims(uses: pa.Table, claims: pa.Table) -> tuple[Mask, Mask, Mask]:
    """Hold what relatives' accounts bear against what claims say they did.

    A use names a claim only inside the person's family: elsewhere it may lie in another partition, and nothing may hang on that.

    Returns
    -------
    unnamed : (claims,) bool, which claims find no accounts that bear just what they say
    unlike, bears : (uses,) bool, which uses name a claim that says otherwise, and which one that says the same
    """
    mulaid = numbers(claims["mulaid"])
    if not len(claims):
        return np.zeros(0, np.bool_), np.zeros(len(uses), np.bool_), np.zeros(len(uses), np.bool_)
    numbering = Numbering(Texts.of(_plain(claims["setl_id"])))
    claim_of = np.zeros(numbering.count, np.int64)
    claim_of[numbering.numbers] = np.arange(len(claims))
    number = numbering.find(Texts.of(_plain(uses["setl_id"])))
    named = np.flatnonzero((number >= 0) & (numbers(uses["back"]) == 0))
    claim = claim_of[number[named]]
    rows = uses.take(pa.array(named))
    whose = pc.equal(rows["psn_no"], claims["psn_no"].take(pa.array(claim))).to_numpy()
    inside = numbers(rows[KEY]) == numbers(claims[KEY])[claim]
    mine = (
        inside & np.asarray(whose, np.bool_) & ~np.asarray(pc.equal(rows["psn_no"], rows["payer"]).to_numpy(), np.bool_)
    )
    named, claim = named[mine], claim[mine]
    borne = np.zeros(len(claims), np.int64)
    np.add.at(borne, claim, numbers(uses["amount"])[named])
    differs = borne != mulaid
    unlike, bears = np.zeros(len(uses), np.bool_), np.zeros(len(uses), np.bool_)
    unlike[named], bears[named] = differs[claim], ~differs[claim]
    return (mulaid > 0) & differs, unlike, bears


def _in_order(rows: pa.Table) -> Int64:
    """The order of uses: payer, day, payments before reversals, setl_id; then whatever tells rows apart."""
    payer = Texts.of(_plain(rows["payer"])).hashes
    first = (payer, *(numbers(rows[name]) for name in ("day", "back")))
    order = np.lexsort(first[::-1])
    alike = np.ones(max(0, len(order) - 1), np.bool_)
    for column in first:
        alike &= column[order[1:]] == column[order[:-1]]
    if not alike.any():
        return order
    tied = np.append(False, alike) | np.append(alike, False)
    some, group = order[tied], np.cumsum(np.append(True, ~alike))[tied]
    ranks = {
        name: _ranks(_plain(rows[name]).take(pa.array(some))) for name in ("setl_id", "use", "psn_no", "payer", "init")
    }
    then = (ranks["setl_id"], 1 - numbers(rows["of_claim"])[some], ranks["use"], numbers(rows["amount"])[some])
    keys = (group, *then, ranks["psn_no"], ranks["payer"], ranks["init"])
    order[tied] = some[np.lexsort(keys[::-1])]
    return order


def _ranks(texts: pa.Array) -> Int64:
    """The place of each text among the different ones, by bytes."""
    encoded = texts.dictionary_encode()
    ranks = np.empty(len(encoded.dictionary), np.int64)
    ranks[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(len(ranks))
    return ranks[encoded.indices.to_numpy()] if len(ranks) else np.zeros(0, np.int64)


def _plain(column: pa.ChunkedArray) -> pa.Array:
    found = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return found if isinstance(found, pa.Array) else pa.concat_arrays(found.chunks)
