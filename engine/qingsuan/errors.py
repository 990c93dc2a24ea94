"""Whose fault it is: the caller's, the input's, the parameters', the plugin's, or the machine's.

Every error a user can meet is one of these five; beside them stand a finished run that rejected more than its caller
accepts, and settlements of a year that do not add up together. Each knows the exit status it ends a command with, and each message
says where, what was found, what was expected, and what to do.
"""

from __future__ import annotations

__all__ = [
    "InputError",
    "NotBalanced",
    "PluginError",
    "PolicyError",
    "QingsuanError",
    "RunError",
    "TooManyRejected",
    "UsageError",
    "unread",
]


def unread(error: Exception) -> str:
    """Why a small text file cannot be read, in words, for ``found`` of a message.

    >>> unread(FileNotFoundError(2, "No such file or directory", "a.toml"))
    'No such file or directory'
    >>> unread(UnicodeDecodeError("utf-8", bytes([65, 0xB1]), 1, 2, "invalid start byte"))
    'byte 2 (0xb1) is not UTF-8: save the file as UTF-8 (Chinese editors often save GBK)'
    """
    match error:
        case UnicodeDecodeError():
            byte = error.object[error.start]
            return f"byte {error.start + 1} (0x{byte:02x}) is not UTF-8: save the file as UTF-8 (Chinese editors often save GBK)"
        case OSError():
            return error.strerror or str(error)
        case RecursionError():
            return "brackets within brackets, too deep to be read"
    return str(error)


class QingsuanError(Exception):
    """Base of every error that is reported to a user rather than shown as a traceback.

    Parameters
    ----------
    where
        The file, row, key or command the message is about.
    found, expected, do
        What was found there, what was expected, and what the reader can do about it.
    """

    exit_status = 1
    besides = ""
    """What stands below a message that is one of several."""

    def __init__(self, where: str, *, found: str, expected: str = "", do: str = "") -> None:
        self.where, self.found, self.expected, self.do = where, found, expected, do
        super().__init__(str(self))

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.found}"]
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        if self.do:
            lines.append(f"  what to do: {self.do}")
        if self.besides:
            lines.append(f"  {self.besides}")
        return "\n".join(lines)


class UsageError(QingsuanError):
    """The command was called the wrong way."""

    exit_status = 2


class InputError(QingsuanError):
    """An input file cannot be trusted; nothing was written."""

    exit_status = 3


class PolicyError(QingsuanError):
    """A parameter file cannot be trusted, or contradicts itself."""

    exit_status = 4


class PluginError(QingsuanError):
    """A plugin is missing, broken, misspelt, too old or too new, or claims what another one owns."""

    exit_status = 4


class RunError(QingsuanError):
    """The run failed part-way: the machine, not the input, stopped it."""

    exit_status = 5


class TooManyRejected(QingsuanError):
    """The run is finished and its folder whole, but it rejected more claims than the caller accepts."""

    exit_status = 6


class NotBalanced(QingsuanError):
    """The settlements of a year are finished, but what one says is not what another one says: the year is not closed."""

    exit_status = 1
