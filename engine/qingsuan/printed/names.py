"""What a report calls kinds of care and reasons, beside what an explanation calls things, in one language."""

from __future__ import annotations

from qingsuan.explain.names import Names
from qingsuan.report.wording.reasons import REJECTIONS

__all__ = ["ReportNames"]


class ReportNames(Names):
    """Names in the language of ``words``."""

    def care(self, code: str) -> str:
        """A kind of care (医疗类别)."""
        return self.code("med_type", code)

    def reason(self, code: str) -> str:
        """Why rows were rejected."""
        return self.words.speak(REJECTIONS[code]) if code in REJECTIONS else code
