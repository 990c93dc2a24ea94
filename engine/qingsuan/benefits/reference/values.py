"""What a claim has in each dimension of its rule set, as the slow twin asks for it: codes, numbers, classes held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from qingsuan.benefits.reference.rows import Claim, Identity, Insured
from qingsuan.benefits.reference.rules import Value
from qingsuan.policy.model import GROUP_KEYS, RuleSet
from qingsuan.tables import REFERRALS

__all__ = ["classes_held", "column_of_key", "values_of"]

EPOCH = dt.date(1970, 1, 1)


def values_of(claim: Claim, row: Insured, held: frozenset[str], place: str, benefit_date: dt.date) -> dict[str, Value]:
    """What the claim has in each dimension."""
    return {
        "insutype": claim.insutype,
        "psn_type": row.psn_type,
        "med_type": claim.med_type,
        "dise_code": claim.dise_code,
        "dedc_hosp_lv": claim.dedc_hosp_lv,
        "psn_idet_type": held,
        "place": place,
        "referral": REFERRALS[(claim.refl_flag == "1") + 2 * (claim.er_flag == "1")],
        "age": None if row.brdy is None or row.brdy > benefit_date else _completed_years(row.brdy, benefit_date),
        "medfee_sumamt": claim.medfee_sumamt,
        "date": (benefit_date - EPOCH).days,
        **claim.extra,
        **row.extra,
    }


def classes_held(rule_set: RuleSet, date: dt.date | None, identities: Sequence[Identity]) -> frozenset[str]:
    """The names of the rule set's identity classes that hold on the identity date."""
    codes = {
        identity.psn_idet_type
        for identity in identities
        if date is not None and identity.begntime <= date <= (identity.endtime or dt.date.max)
    }
    return frozenset(one.name for one in rule_set.identities if codes.intersection(one.codes))


def _completed_years(birth: dt.date, date: dt.date) -> int:
    return date.year - birth.year - ((date.month, date.day) < (birth.month, birth.day))


def column_of_key(rule_set: RuleSet, group: str) -> str:
    """The column that keeps a group apart, or the function that gives its key."""
    by = rule_set.group_keys[group]
    own = next((one for one in rule_set.dimensions if one.name == by and by not in GROUP_KEYS), None)
    return by if own is None else own.column or own.function
