"""A rejected claim of which nothing but its row is known: its person cannot be read, or the platform holds it void."""

from __future__ import annotations

from collections.abc import Mapping

from qingsuan.explain.document import Claim, Rejection
from qingsuan.messages import Words
from qingsuan.report.wording.reasons import REJECTIONS
from qingsuan.report.wording.rejected import rejected_says
from qingsuan.run.rejections.refused import REASON_COLUMNS

__all__ = ["unread_claim"]


def unread_claim(speech: Words, number: int, row: Mapping[str, str]) -> Claim:
    """Such a claim, from its row of ``rejected/``."""
    code = row["code"]
    return Claim(
        number=number,
        setl_id=row.get("setl_id", ""),
        outcome="rejected",
        claim={name: text for name, text in row.items() if name not in REASON_COLUMNS},
        file=row["source_file"],
        row=int(row["source_row"]),
        pool=None,
        benefit_date=None,
        benefit_date_column="",
        identity_date=None,
        identity_date_column="",
        insured=(),
        identities=(),
        registrations=(),
        rule=None,
        waiting=None,
        layers=(),
        guarantee=None,
        ceiling=None,
        year_end=None,
        stay=None,
        sums=None,
        account=None,
        counters=(),
        rejection=Rejection(
            code,
            speech.speak(REJECTIONS[code]),
            row.get("column", ""),
            rejected_says(speech, row.get("found", "")),
            rejected_says(speech, row.get("expected", "")),
            (),
            None,
        ),
        reversal=None,
        found=row,
        agrees=True,
        differences=(),
    )
