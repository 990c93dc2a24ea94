"""The command line: one module per command, each imported only when it is called."""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from pathlib import Path, PurePath
from typing import NoReturn

import click

from qingsuan import __version__
from qingsuan.cli.log import Telling
from qingsuan.cli.output import open_standard_streams, tell
from qingsuan.cli.speaking import SpeakingContext, misuse_told, spoken_to
from qingsuan.cli.stopping import terminated_as_interrupted
from qingsuan.contents import SHOW_VALUES
from qingsuan.errors import QingsuanError, RunError, UsageError
from qingsuan.messages import LANGUAGES, Lang, Words, marked
from qingsuan.messages.language import VARIABLE as LANGUAGE
from qingsuan.report.wording.speaking import error_told
from qingsuan.run.machine.crashes import crash_of, tell_of_crashes

__all__ = ["COMMANDS", "cli", "main"]

TRACEBACK = "QINGSUAN_TRACEBACK"
"""An environment variable: set, a command that ends with an error shows where it was raised."""

NEW_OBJECTS = 1_000_000
"""After so many new objects a process of ours looks for unused ones: modules and rules stay, looking through them is in vain."""

BLAS_THREADS = "OPENBLAS_NUM_THREADS"
"""NumPy keeps so many threads for products of matrices. Nothing here forms any; starting them was a fifth of a short command's work."""

ALLOCATOR = "ARROW_DEFAULT_MEMORY_POOL"
"""Arrow takes memory from this allocator. Its usual one keeps 120 MB more of what threads that read need no longer."""

LEFT_OUT = "pandas"
"""Where it is installed, PyArrow imports it with the first array that it makes, which takes longer than all else of a short command.
No command asks for it but one with :data:`SPARK`."""

SPARK = "spark"
"""The engine whose library asks for it."""

_INTERRUPTED = marked("interrupted; nothing half-written is taken for finished")

COMMANDS = {
    "account": "Settle a year of personal accounts (个人账户): credits, uses, families, interest, what is left.",
    "clear": "Clear a year with the institutions (医疗机构清算): what contracts are due, less what was paid already.",
    "demo": "A made-up year of two regions, closed, on one screen: the first thing to run.",
    "diff": "Compare two finished settlements of a year: what differs, why, what is to be paid out or taken back.",
    "engine-selftest": "Try an engine on a made-up year before it is trusted: the bytes must be those of the local run.",
    "explain": "Explain a settlement, or a person's year, step by step, with the source of every number.",
    "export": "Write the tables of a finished run into a PostgreSQL database, each whole or not at all.",
    "find": "Look one person or one settlement up in a prepared year.",
    "fund": "Keep the fund's books (基金账): income, expense and balance by fund and pool, what is due and has not come.",
    "inspect": "Say what is in the files of a table before any run: columns, ranges, codes, an intake file proposed.",
    "new-plugin": "Begin a regional plugin: a distribution that installs, loads and settles at once, without one number.",
    "operator": "Settle contracts with operators of critical illness insurance (大病保险承办): premium, claims, bands, clearing.",
    "outside": "Clear care outside the pool (异地就医清算): who owes whom, within the region and beyond, advances and alarms.",
    "permitted-changes": "Say which numbers a pool may change (待遇清单), and by how much each alone closes a gap of its fund.",
    "plugins": "List the installed regional plugins, broken ones too.",
    "policy": "Show, question, test and compare the rules of a region: tables, cases, differences, nothing settled.",
    "premium": "Hold premiums (个人缴费) against what is due: who is assisted, who owes, who is not insured any more.",
    "prepare": "Read, check and order a year once, to settle it from there as often as is wanted.",
    "procurement": "Settle central procurement (集中带量采购): what institutions keep of saved money, ledgers of advances.",
    "report": "Report what a finished settlement or a closed year comes to: one page for a meeting, one workbook of its tables.",
    "sample": "Make all tables of a plausible made-up year, from claims to receipts, with a case file over them.",
    "serve": "Serve pages about finished runs to a browser of this machine: overview, institutions, people, simulations.",
    "settle": "Settle a year of claims (待遇结算): what each fund pays for each of them.",
    "sign": "Sign a finished run or a closed year with a bureau's key (签名), or make a pair of keys.",
    "simulate": "Say what changed rules would have come to over a prepared year, fund by fund and group by group.",
    "subsidy": "Count heads and split the subsidy (财政补助): what each level of government owes.",
    "verify": "Check a finished run folder again: digests, rows, sums, accumulators, signature; or settle it again and compare.",
    "without-names": "Write the tables of a finished run for others, with pseudonyms in the place of people's numbers.",
    "year-end": "Close a year (年终清算): every settlement of a case file in one folder, and what must add up between them.",
}

_ROOMS = {
    "account": "settling",
    "clear": "settling",
    "diff": "asking",
    "explain": "asking",
    "export": "asking",
    "find": "asking",
    "inspect": "asking",
    "operator": "settling",
    "outside": "settling",
    "fund": "settling",
    "permitted-changes": "asking",
    "premium": "settling",
    "prepare": "settling",
    "procurement": "settling",
    "report": "asking",
    "serve": "asking",
    "settle": "settling",
    "sign": "asking",
    "simulate": "asking",
    "subsidy": "settling",
    "verify": "asking",
    "without-names": "asking",
    "year-end": "settling",
}
"""The rooms of those commands that do not lie in this one."""


class _Lazy(click.Group):
    """A group whose commands are imported when they are called, so that ``--help`` stays quick."""

    context_class = SpeakingContext

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        path = [*([_ROOMS[name]] if name in _ROOMS else []), name.replace("-", "_")]
        module = importlib.import_module(".".join(("qingsuan.cli", *path)))
        command: click.Command = module.command
        command.context_class = SpeakingContext
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in sorted(COMMANDS)])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="qingsuan")
@click.option(
    "--share",
    type=click.Choice(["owner", "group", "everybody"]),
    help="Who may read what a command writes about people; its owner alone unless given here or by QINGSUAN_SHARE.",
)
@click.option(
    "--show-values",
    is_flag=True,
    help="Show what stands in people's rows in messages, which otherwise name the place alone (QINGSUAN_SHOW_VALUES).",
)
@click.option(
    "-q", "--quiet", is_flag=True, help="Say nothing of how a command gets on, but what a person should know."
)
@click.option(
    "-v", "--verbose", is_flag=True, help="Say each step of a stage on a line of its own, on a terminal, too."
)
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    help="Help, errors and everything a command says in Chinese or in English; a command's own --lang goes before it.",
)
@click.option("--log", type=click.Path(path_type=Path), help="Add how the command gets on to this file, as JSON lines.")
@click.pass_context
def cli(
    context: click.Context,
    share: str | None,
    show_values: bool,
    quiet: bool,
    verbose: bool,
    lang: Lang | None,
    log: Path | None,
) -> None:
    """Settle a whole year of medical insurance at once, exact to the fen (医保年度清算).

    Exit status: 0 done; 1 finished settlements that do not add up; 2 wrong use; 3 the input cannot be trusted; 4 a plugin or a
    parameter cannot be trusted; 5 the run failed part-way, or only printing its results did; 6 the run is finished, but rejected
    more claims than --max-rejected accepts.
    """
    telling = context.ensure_object(Telling)
    if quiet and verbose:
        raise UsageError("--quiet --verbose", found="both", expected="one of them")
    telling.quiet, telling.verbose = quiet, verbose
    if log is not None:
        telling.log.open(log, context.invoked_subcommand or "")
    context.with_resource(terminated_as_interrupted())
    context.with_resource(_set(LANGUAGE, lang))
    context.with_resource(_set(SHOW_VALUES, "1" if show_values else None))
    if context.invoked_subcommand in _ROOMS:
        from qingsuan.run.folder.modes import SHARE, private_files  # --help stays quick

        context.with_resource(_set(SHARE, share))
        context.with_resource(private_files())


@contextmanager
def _set(variable: str, value: str | None) -> Iterator[None]:
    """Have an environment variable say what an option says, as long as the command runs; None leaves it as it is."""
    before = os.environ.get(variable)
    if value is not None:
        os.environ[variable] = value
    try:
        yield
    finally:
        if value is not None and before is None:
            del os.environ[variable]
        elif value is not None:
            os.environ[variable] = str(before)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with the status that says whose fault it was."""
    open_standard_streams()
    words = spoken_to(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        _set_up_process(words, sys.argv[1:])
    try:
        if any("\0" in argument for argument in arguments or ()):
            raise UsageError("qingsuan", found="a NUL in an argument", expected="texts and names of files")
        telling = Telling(words=words)
        with telling.log:
            cli.main(args=arguments, prog_name="qingsuan", standalone_mode=False, obj=telling)
        if arguments is None:
            _leave()
    except click.ClickException as error:
        tell(misuse_told(words, error))
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        tell(f"qingsuan: {words.speak(_INTERRUPTED)}")
        sys.exit(5)
    except QingsuanError as error:
        _end(words, error, error)
    except OSError as error:
        _end(words, _not_done(error), error)
    except Exception as error:  # noqa: BLE001 - the last handler: it ends the process with what is known
        _end(words, _fault(error), error)


def _set_up_process(words: Words, arguments: Sequence[str]) -> None:
    """Set a process up that is there for one command."""
    if not any(argument.rpartition("=")[2] == SPARK for argument in arguments):
        sys.meta_path.insert(0, _LeftOut())
    gc.set_threshold(NEW_OBJECTS)
    os.environ.setdefault(BLAS_THREADS, "1")
    if sys.platform == "linux":  # PyArrow's wheels for others have no such allocator
        os.environ.setdefault(ALLOCATOR, "jemalloc")
    tell_of_crashes(f"qingsuan: {error_told(words, crash_of())}")


class _LeftOut(MetaPathFinder):
    """Says of :data:`LEFT_OUT` that it is not installed."""

    def find_spec(self, name: str, _path: object, _target: object = None) -> None:
        """Find nothing; of one name, let nobody else find it."""
        if name == LEFT_OUT:
            raise ModuleNotFoundError(f"no command loads {name}", name=name)


def _leave() -> NoReturn:
    """End a process that is there for one command without taking its objects apart: after a run that costs a tenth of a second.

    Raises
    ------
    OSError
        Standard output does not take what was printed.
    """
    if sys.stdout is not None:
        sys.stdout.flush()
    atexit._run_exitfuncs()  # noqa: SLF001 - what libraries want done at the end is done
    os._exit(0)


def _end(words: Words, told: QingsuanError, error: BaseException) -> NoReturn:
    if os.environ.get(TRACEBACK):
        tell("".join(traceback.format_exception(error)))
    tell(f"qingsuan: {error_told(words, told)}")
    _drop_output()
    sys.exit(told.exit_status)


def _not_done(error: OSError) -> QingsuanError:
    """The machine refused something outside of what a command tells on its own: most often standard output."""
    return RunError(
        "the command",
        found=f"the machine refused to read, write or print something: {error}",
        expected="room, the right to read and write, and a standard output that can be written",
        do="mend that and give the command again; a folder without run.json is not finished",
    )


def _fault(error: Exception) -> QingsuanError:
    """What qingsuan itself did wrong: nobody has met it before."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f" ({PurePath(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return RunError(
        f"version {__version__}",
        found=f"a fault of qingsuan itself: {type(error).__name__}: {error}{at}",
        expected="an answer to every input; a folder without run.json is not finished, one with it is whole",
        do=f"give the command again with {TRACEBACK}=1, and report what it prints, without data of people",
    )


def _drop_output() -> None:
    """Forget what standard output could not take, so that the end of the process does not try again."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
