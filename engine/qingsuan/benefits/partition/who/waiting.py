"""The waiting period (等待期): which claims lie in one, whom it spares, and where nobody said whether it holds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.partition.classify import Classifier
from qingsuan.benefits.partition.state import Work
from qingsuan.benefits.setup import Setup
from qingsuan.columns.cells import NO_DATE, day_text
from qingsuan.columns.rejects import Refusals

__all__ = ["PARAMETER", "Waits"]

PARAMETER = "waiting"
"""What a rule set leaves unsaid that does not say whether a waiting period holds."""

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_UNSAID = "the rule set does not say whether a waiting period (等待期) holds for this scheme, and whom it spares"


class Waits:
    """What the rule sets of a run say of waiting periods. Made once, when the vocabularies are frozen.

    ``honoured[set, scheme]`` says whether a rule set honours the column for a scheme.
    """

    def __init__(self, setup: Setup) -> None:
        schemes = setup.vocabularies["insutype"].texts
        said = [rule_set.waiting for rule_set in setup.program.rule_sets]
        self.honoured = np.array(
            [[one is not None and scheme in one.schemes for scheme in schemes] for one in said], np.bool_
        ).reshape(len(said), len(schemes))
        self._spared = Classifier(setup, setup.program.exemptions)

    def find(
        self,
        work: Work,
        refusals: Refusals,
        codes: Callable[[str], Int32],
        numbers: Callable[[str], Int64],
    ) -> Mask:
        """Find the claims for which no fund pays; refuse those of which the rule set does not say whether one does.

        Parameters
        ----------
        codes, numbers
            A column that rules look at, by its internal name: for every claim that still counts.
        """
        wait_end, begin = work.of_insured("wait_end"), work.at("begndate")
        found: Mask = (wait_end != NO_DATE) & (begin <= wait_end)
        places = np.flatnonzero(found)
        if not len(places):
            return found
        said = np.zeros(len(found), np.bool_)
        said[places] = self.honoured[work.rule_set[places], work.code("insutype")[places]]
        refusals.add(
            found & ~said,
            "E_NO_RULE",
            "wait_end_date",
            lambda place: f"wait_end_date {day_text(int(wait_end[place]))}, begndate {day_text(int(begin[place]))}",
            f"parameter {PARAMETER}, which the bureau must supply: {_UNSAID}",
        )
        found &= said
        places = np.flatnonzero(found)
        found[places] = ~self._is_spared(work, places, codes, numbers)
        return found

    def _is_spared(
        self,
        work: Work,
        places: npt.NDArray[np.intp],
        codes: Callable[[str], Int32],
        numbers: Callable[[str], Int64],
    ) -> Mask:
        spared = self._spared
        leaves = spared.leaves(
            work.rule_set[places],
            {name: codes(name)[places] for name in spared.code_columns},
            {name: numbers(name)[places] for name in spared.number_columns},
            work.held[places],
        )
        return leaves >= 0
