"""The tables that leave a partition: the ledger, uses, balances; and sums by pool and month, and by kind of use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.accounts.credits import CREDITED, Accounts
from qingsuan.accounts.ledger import Booked
from qingsuan.accounts.rule.model import KINDS
from qingsuan.accounts.rule.year import MONTHS, Rules
from qingsuan.accounts.uses import REASONS, Judged
from qingsuan.columns.cells import decimals, decimals_or_null
from qingsuan.columns.rows import add_up, arrow

__all__ = ["AMOUNTS", "BY_KIND", "BY_MONTH", "Outcome"]

AMOUNTS = ("opening", "credit", "interest", "withheld", "own_uses", "family_uses", "transfers", "closing")
"""What the ledger says of a month, in fen."""

BY_MONTH = ("pool", "month")
BY_KIND = ("pool", "use", "cost_of", "code")
"""What totals are by."""

_CREDITS = ("credit_in_service", "credit_retired")

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A partition that is settled: its accounts, what was booked, its uses with what each took and left."""

    rules: Rules
    accounts: Accounts
    booked: Booked
    judged: Judged
    paid: Int64
    left: Int64

    def tables(self) -> dict[str, pa.Table]:
        """The tables that become files."""
        return {"ledger": self._ledger(), "uses": self._uses(), "balances": self._balances()}

    def _amounts(self) -> dict[str, Int64]:
        booked = self.booked
        every = (
            *(booked.opens, self.accounts.credit, booked.interest, self.accounts.withheld),
            *(booked.own, booked.family, booked.transfers, booked.closes),
        )
        return dict(zip(AMOUNTS, (np.ascontiguousarray(each).reshape(-1) for each in every), strict=True))

    def _people(self) -> pa.Array:
        """The number of each account's person, as text."""
        some = self.accounts.people.rows[self.accounts.people.starts[:-1]]
        return self.accounts.texts.take(pa.array(some[self.accounts.person]))

    def _pool(self, numbers: npt.NDArray[np.int32]) -> pa.Array:
        return pa.DictionaryArray.from_arrays(arrow(numbers), pa.array(self.rules.pools, pa.string()))

    def _ledger(self) -> pa.Table:
        count = len(self.accounts.person)
        people, occurs = _coded(self._people())
        months = [f"{self.rules.year}-{month:02d}" for month in range(1, MONTHS + 1)]
        columns: dict[str, pa.Array] = {
            "psn_no": pa.DictionaryArray.from_arrays(arrow(np.repeat(occurs, MONTHS)), people),
            "pool": self._pool(np.repeat(self.accounts.pool, MONTHS)),
            "month": pa.DictionaryArray.from_arrays(
                arrow(np.tile(np.arange(MONTHS, dtype=np.int32), count)), pa.array(months, pa.string())
            ),
            "credited_as": pa.DictionaryArray.from_arrays(
                arrow(self.accounts.how.reshape(-1).astype(np.int32)), pa.array(CREDITED, pa.string())
            ),
        }
        return _complete({**columns, **{name: decimals(fen) for name, fen in self._amounts().items()}})

    def _balances(self) -> pa.Table:
        closing = np.ascontiguousarray(self.booked.closes[:, -1])
        return _complete({"psn_no": self._people(), "pool": self._pool(self.accounts.pool), "balc": decimals(closing)})

    def _uses(self) -> pa.Table:
        judged = self.judged
        known, back = judged.account >= 0, judged.back == 1
        pool = np.where(known, self.accounts.pool[judged.account] if len(self.accounts.pool) else 0, 0).astype(np.int32)
        codes, words = ([reason[which] for reason in REASONS] for which in (0, 1))
        day = (judged.day).astype(np.int32)
        refused = judged.why > 0
        return pa.table(
            {
                "psn_no": judged.psn_no,
                "payer_psn_no": judged.payer,
                "pool": pa.DictionaryArray.from_arrays(
                    pa.array(pool, mask=~known), pa.array(self.rules.pools, pa.string())
                ),
                "date": arrow(day, pa.date32()),
                "use": judged.use.dictionary_encode(),
                "amount": decimals(np.where(back, -judged.amount, judged.amount)),
                "setl_id": judged.setl_id,
                "refd_setl_flag": pa.DictionaryArray.from_arrays(
                    arrow(judged.back.astype(np.int32)), pa.array(["0", "1"])
                ),
                "of_claim": pa.DictionaryArray.from_arrays(
                    arrow(judged.of_claim.astype(np.int32)), pa.array(["0", "1"])
                ),
                "paid": decimals(self.paid),
                "balc": decimals_or_null(np.maximum(self.left, 0), self.left >= 0),
                "code": _named(judged.why, codes, refused),
                "reason": _named(judged.why, words, refused),
            }
        )

    def counts(self) -> dict[str, int]:
        """Whole numbers that are added up over partitions."""
        judged, family = self.judged, self.judged.is_family & (self.judged.why == 0)
        of_claim = judged.of_claim == 1
        named = of_claim & (judged.why == 0)
        return {
            **self.accounts.counts,
            "accounts": len(self.accounts.person),
            "people": int((np.diff(self.accounts.firsts) > 0).sum()),
            "people_refused": int(self.accounts.refused.sum()),
            "uses_accepted": int((judged.why == 0).sum() - named.sum()),
            "uses_refused": int((judged.why > 0).sum() - (of_claim & (judged.why > 0)).sum()),
            "family_uses": int(family.sum()),
        }

    def totals(self) -> dict[str, pa.Table]:
        """Sums in fen, to be merged with those of other partitions."""
        return {"months": self._by_month(), "uses": self._by_kind()}

    def _by_month(self) -> pa.Table:
        pools = len(self.rules.pools)
        cells = (self.accounts.pool[:, None] * MONTHS + np.arange(MONTHS)).reshape(-1).astype(np.int32)
        how, credit = self.accounts.how.reshape(-1), np.ascontiguousarray(self.accounts.credit).reshape(-1)
        amounts = {
            "accounts": np.ones(len(cells), np.int64),
            **{name: np.where(how == number, credit, 0) for number, name in enumerate(_CREDITS, 1)},
            **{name: fen for name, fen in self._amounts().items() if name != "credit"},
        }
        sums = add_up(cells, pools * MONTHS, list(amounts.values()))
        occurs = np.flatnonzero(sums[0])
        columns = {
            "pool": pa.array([self.rules.pools[cell // MONTHS] for cell in occurs.tolist()], pa.string()),
            "month": pa.array([f"{self.rules.year}-{cell % MONTHS + 1:02d}" for cell in occurs.tolist()], pa.string()),
        }
        return pa.table({**columns, **{name: arrow(one[occurs]) for name, one in zip(amounts, sums, strict=True)}})

    def _by_kind(self) -> pa.Table:
        judged = self.judged
        kinds = (*KINDS, "others")
        pool = np.where(
            judged.account >= 0,
            self.accounts.pool[judged.account] if len(self.accounts.pool) else 0,
            len(self.rules.pools),
        )
        kind = np.minimum(judged.kind, len(KINDS))
        shape = (len(self.rules.pools) + 1, len(kinds), 2, len(REASONS))
        groups = np.ravel_multi_index((pool, kind, judged.is_family.astype(np.int64), judged.why), shape).astype(
            np.int32
        )
        signed = np.where(judged.back == 1, -judged.amount, judged.amount)
        with_id = np.where(judged.of_settled, judged.amount, 0)
        sums = add_up(groups, int(np.prod(shape)), [np.ones(len(groups), np.int64), signed, self.paid, with_id])
        occurs = np.flatnonzero(sums[0])
        of_pool, of_kind, of_whom, of_why = (each.tolist() for each in np.unravel_index(occurs, shape))
        names = (*self.rules.pools, "")
        columns = {
            "pool": pa.array([names[each] for each in of_pool], pa.string()),
            "use": pa.array([kinds[each] for each in of_kind], pa.string()),
            "cost_of": pa.array([("own", "family")[each] for each in of_whom], pa.string()),
            "code": pa.array([REASONS[each][0] for each in of_why], pa.string()),
        }
        amounts = zip(("uses", "amount", "paid", "of_claims"), sums, strict=True)
        return pa.table({**columns, **{name: arrow(one[occurs]) for name, one in amounts}})


def _named(numbers: npt.NDArray[np.int8], texts: list[str], known: npt.NDArray[np.bool_]) -> pa.Array:
    """A text for each number, each text once in the dictionary; null where it is not known."""
    places: dict[str, int] = {}
    place = np.array([places.setdefault(text, len(places)) for text in texts], np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(place[numbers], mask=~known), pa.array(list(places), pa.string()))


def _coded(people: pa.Array) -> tuple[pa.Array, npt.NDArray[np.int32]]:
    """People of accounts, each once, in their order; and the place of each account's. Accounts of one person lie together."""
    if not len(people):
        return people, np.zeros(0, np.int32)
    encoded = people.dictionary_encode()
    return encoded.dictionary, encoded.indices.to_numpy()


def _complete(fields: dict[str, pa.Array]) -> pa.Table:
    """A table without nulls, which says so: no reader and no writer need look."""
    kinds = [pa.field(name, array.type, nullable=False) for name, array in fields.items()]
    return pa.table(list(fields.values()), schema=pa.schema(kinds))
