"""Catalogues of what is said to people, in English and in Chinese.

What comes in is a language and an English text with its values; what goes out is the text in that language. A text is written in
English where it is said (``words.speak("{count} claims", count=3)``) and once in Chinese in ``zh.po``, a gettext catalogue. What
errors and help say is plain English in the code; ``written.zh.po`` has its Chinese, and ``written.py`` finds it again. This
room knows no table, no rule and no amount: a caller hands over values that are texts or numbers already. Only the standard library
and Babel are below it.
"""

from qingsuan.messages.again import SaidAgain
from qingsuan.messages.language import LANGUAGES, Lang, language_of
from qingsuan.messages.words import Words, marked
from qingsuan.messages.written import written_says

__all__ = ["LANGUAGES", "Lang", "SaidAgain", "Words", "language_of", "marked", "written_says"]
