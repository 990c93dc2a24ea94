"""What a report calls kinds of care and reasons, beside what an explanation calls things, in one language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from qingsuan.explain.names import Names
from qingsuan.messages import Words
from qingsuan.report.wording.reasons import REJECTIONS
from qingsuan.report.wording.warnings import warning_says

__all__ = ["ReportNames"]


class ReportNames(Names):
    """Names in the language of ``words``.

    Parameters
    ----------
    pools
        What plugins call their pools, by code.
    texts
        What parameter files say, in that language; what is not among them is said as it stands there.
    """

    def __init__(
        self,
        words: Words,
        pools: Mapping[str, str] = MappingProxyType({}),
        texts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(words, pools)
        self._texts = texts

    def told(self, reasons: Iterable[str]) -> str:
        """What parameter files say, one reason after the other."""
        return ("；" if self.words.lang == "zh" else "; ").join(self._texts.get(one, one) for one in reasons)

    def warning(self, text: str) -> str:
        """A warning of a record, the reasons in it as :meth:`told` says them."""
        for written, told in self._texts.items():
            text = text.replace(written, told)
        return warning_says(self.words, text)

    def care(self, code: str) -> str:
        """A kind of care (医疗类别)."""
        return self.code("med_type", code)

    def reason(self, code: str) -> str:
        """Why rows were rejected."""
        return self.words.speak(REJECTIONS[code]) if code in REJECTIONS else code
