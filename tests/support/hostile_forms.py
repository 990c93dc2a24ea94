"""A hostile plugin in every form that somebody thought of: where its code runs, what it does there, and what is said of it.

Each form is a distribution of its own with a region of its own, so that many of them are installed beside an honest one at once.
"""

from __future__ import annotations

import os
import textwrap
from dataclasses import dataclass
from pathlib import Path

from rule_heads import head

__all__ = ["FORMS", "HARMLESS", "Form", "install_form"]

HARMLESS = ""
"""What is said of a form that changes nothing but its own process: it is opened like any other."""


@dataclass(frozen=True)
class Form:
    """One form: its code at import, in the hook, and in the function; and what is said of it when it is opened, or when it is asked.

    ``quick`` ones are tried whenever tests are; the others with ``make hostile-plugins``.
    """

    name: str
    at_import: str = "pass"
    in_hook: str = "pass"
    in_function: str = 'return ["1"] * len(batch)'
    columns: str = '("setl_time",)'
    region: str = ""
    opened: str = HARMLESS
    asked: str = HARMLESS
    slow: bool = False
    quick: bool = False
    files: tuple[tuple[str, str], ...] = ()


def _function(name: str, code: str, asked: str, **more: bool) -> Form:
    return Form(name, in_function=code, asked=asked, **more)


FORMS = (
    # ---- what an import does to the process that it runs in
    Form("patches-money", "import qingsuan.money as m\nm.yuan = m.fen_of_yuan = m.bp_of_percent = lambda *_: 0", quick=True),
    Form("patches-numpy", "import numpy\nnumpy.where = numpy.zeros = numpy.bincount = lambda *_, **__: 0"),
    Form("patches-arrow", "import pyarrow\npyarrow.array = pyarrow.RecordBatch = None"),
    Form("patches-builtins", "import builtins\nbuiltins.sum = builtins.sorted = builtins.open = lambda *_, **__: []"),
    Form("patches-modules", "for name in [n for n in sys.modules if n.startswith('qingsuan.')]: sys.modules[name] = None"),
    Form("hooks-imports", "sys.meta_path.insert(0, type('Evil', (), {'find_spec': staticmethod(lambda *_: os._exit(7))}))", opened="opening it ended its process with status 7"),
    Form("changes-paths", "sys.path[:] = ['/nowhere']; os.environ.clear(); os.environ['TZ'] = 'Asia/Shanghai'; time.tzset()"),
    Form("changes-the-process", "import locale\nos.umask(0); os.chdir('/tmp'); locale.setlocale(locale.LC_ALL, 'C')", quick=True),
    Form("takes-signals", "for n in (1, 2, 10, 12, 14, 15): signal.signal(n, signal.SIG_IGN)"),
    Form("leaves-threads", "for _ in range(20): threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()"),
    Form("leaves-processes", "for _ in range(10):\n    if os.fork() == 0:\n        time.sleep(3600)", quick=True),
    Form("says-good-bye", "import atexit\natexit.register(print, 'EVIL')"),
    Form("prints", "print('EVIL'); sys.stderr.write('EVIL'); os.write(1, b'EVIL'); os.write(2, b'EVIL'); os.system('echo EVIL')", quick=True),
    Form("looks-for-open-files", "if FILES: raise ValueError(FILES)", quick=True),
    Form("looks-for-secrets", "if 'QINGSUAN_TEST_SECRET' in os.environ: raise ValueError", quick=True),
    Form("exits", "sys.exit(0)", opened="it cannot be imported: SystemExit: 0"),
    Form("ends-at-once", "os._exit(0)", opened="opening it ended its process with status 0, without a word", quick=True),
    Form("crashes", "os.kill(os.getpid(), signal.SIGSEGV)", opened="opening it crashed its process (SIGSEGV)"),
    Form("kills-its-group", "os.killpg(0, signal.SIGKILL)", opened="opening it was killed", quick=True),
    Form("sleeps", "time.sleep(3600)", opened="opening it took more than", slow=True, quick=True),
    Form("runs-in-circles", "while True: pass", opened="opening it took more than", slow=True),
    Form("ignores-alarms", "signal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: time.sleep(1)", opened="opening it took more than", slow=True),
    Form("recurses", "def f(): f()\nf()", opened="it cannot be imported: RecursionError"),
    Form("is-greedy", "x = [bytearray(1 << 30) for _ in range(64)]", opened="it cannot be imported: MemoryError", quick=True),
    Form("raises-what-cannot-be-shown", "class E(BaseException):\n    def __str__(self): raise SystemExit\nraise E", opened="(its message cannot be shown: SystemExit)"),
    Form("raises-escapes", "raise ValueError('\\x1b[2J\\x07')", opened="ValueError: \\x1b[2J\\x07"),
    Form("raises-half-letters", "raise ValueError('\\ud800')", opened="ValueError: \\xd800"),
    Form("writes-files", "os.write(os.open(os.path.join(HERE, 'written'), os.O_WRONLY | os.O_CREAT), b'x')", opened="OSError: [Errno 27] File too large"),
    Form("closes-everything", "os.closerange(0, 100)", opened="opening it "),  # is killed, or ends by itself: whichever is sooner
    Form("answers-garbage", "[os.write(n, b'\\0' * 16 + b'x') for n in SOCKETS]; time.sleep(1)", opened="opening it gave an answer that is no message"),
    Form("answers-without-end", "[os.write(n, b'\\xff' * 16) for n in SOCKETS]; time.sleep(1)", opened="opening it gave an answer of", quick=True),
    Form("answers-for-the-engine", "say({'region': {'code': 5}})", opened="an answer that describes no region"),
    Form("answers-a-list", "say([])", opened="an answer that is no message"),
    Form("installs-what-runs-at-start", files=(("evil.pth", "import os\n"),), opened="it installs evil.pth, which Python runs whenever it starts", quick=True),
    Form("installs-sitecustomize", files=(("sitecustomize.py", "import os\n"),), opened="it installs sitecustomize.py"),
    # ---- what its hook does
    Form("hook-exits", in_hook="sys.exit(3)", opened="its hook qingsuan_region failed: SystemExit: 3"),
    Form("hook-sleeps", in_hook="time.sleep(3600)", opened="opening it took more than", slow=True),
    Form("hook-says-nothing", in_hook="return None", opened="returned NoneType, not a qingsuan.Region"),
    Form("lies-about-pools", region='Region(CODE, "x", (Pool("990100", "x", ("9901",)),))', opened="is not a six-digit code of region"),
    Form("lies-about-prefixes", region='Region(CODE, "x", (Pool(CODE[:2] + "0100", "x", ("99",)),))', opened='claims "99": not two to six digits'),
    Form("hides-its-name", region='Region(CODE, "\\x1b[2J", ())', opened="an answer that describes no region"),
    Form("changes-later", in_hook="threading.Timer(0.1, lambda: object.__setattr__(LAST[0], 'code', '990000')).start()"),
    Form("rules-without-end", in_hook="os.symlink('/dev/zero', os.path.join(HERE, 'rules', 'b.toml'))", opened="its rule sets cannot be trusted", quick=True),
    Form("rules-that-wait", in_hook="os.mkfifo(os.path.join(HERE, 'rules', 'b.toml'))", opened="its rule sets cannot be trusted"),
    Form("names-other-columns", columns='("setl_tim",)', opened='did you mean "setl_time"?'),
    # ---- what its function does, where it is asked
    _function("function-exits", "sys.exit(0)", "SystemExit: 0"),
    _function("function-ends", "os._exit(0)", "ended its process with status 0", quick=True),
    _function("function-sleeps", "time.sleep(3600)", "took more than", slow=True),
    _function("function-is-greedy", "return bytearray(1 << 40)", "MemoryError"),
    _function("function-recurses", "return f(batch)", "RecursionError"),
    _function("function-raises", "raise BaseException('no')", "BaseException: no"),
    _function("function-guesses", "return [str(os.urandom(8).hex()) for _ in range(len(batch))]", "it depends on something else than the row", quick=True),
    _function("function-counts", "LAST.append(0); return [str(len(LAST))] * len(batch)", "it depends on something else than the row"),
    _function("function-reads-the-clock", "return [str(time.time_ns())] * len(batch)", "it depends on something else than the row"),
    _function("function-asks-who-is-beside", "return [str(n) for n in range(len(batch))]", "it depends on something else than the row"),
    _function("function-says-less", "return ['1']", "1 codes", quick=True),
    _function("function-says-nothing", "return None", "TypeError"),
    _function("function-says-numbers", "import pyarrow\n    return pyarrow.array([1] * len(batch))", "text (string)"),
    _function("function-says-much", "return ['x' * 10_000_000] * len(batch)", "gave an answer of"),
    _function("function-says-more", "return ['x' * 1_000] * len(batch)", "not short texts"),
    _function("function-says-escapes", "return ['\\x1b[2J'] * len(batch)", "not short texts"),
    _function("function-says-half-letters", "return ['\\ud800'] * len(batch)", "UnicodeEncodeError"),
    _function("function-answers-for-the-engine", "say({'values': ['1']}, b'\\xff' * 4 * len(batch))", "codes that are not in it", quick=True),
    _function("function-looks-for-ids", "return batch.column('psn_no')", "KeyError"),
    _function("function-changes-modules", "import pyarrow\n    pyarrow.array = None\n    return ['1'] * len(batch)", "TypeError"),
)  # fmt: skip

_CODE = """\
import json, os, signal, stat, struct, sys, threading, time
from importlib.resources import files
from qingsuan import Function, Pool, Region, hookimpl

CODE, HERE, LAST = {code!r}, os.path.dirname(__file__), []
OPEN = [n for n in range(64) if os.path.exists(f"/proc/self/fd/{{n}}")]
SOCKETS = [n for n in OPEN if stat.S_ISSOCK(os.fstat(n).st_mode)]
FILES = [n for n in OPEN if stat.S_ISREG(os.fstat(n).st_mode)]

def say(head, body=b""):
    said = json.dumps(head).encode()
    for n in SOCKETS:
        os.write(n, struct.pack(">QQ", len(said), len(body)) + said + body)
    time.sleep(1)

{at_import}

def f(batch):
    {in_function}

@hookimpl
def qingsuan_region():
{in_hook}
    LAST.append({region})
    return LAST[-1]
"""
_REGION = (
    'Region(CODE, "made up", (Pool(CODE[:2] + "0100", "made up", (CODE[:2] + "01",)),), '
    'rules=files(__name__) / "rules", functions={{"f": Function(f, {columns})}})'
)
_RULES = """\
[dimensions.own]
kind = "function"
function = "f"
[layers.pooled]
fund = "hifp_pay"
bands = { percent = [50], source = "X" }
[[rules]]
id = "inpatient"
when = { med_type = ["21"], own = ["1"] }
layers = ["pooled"]
"""


_FREE = [number for number in range(11, 98) if number not in (15, 22)]
"""The first two digits of regions that no plugin here has."""


def install_form(site: Path, form: Form, number: int) -> str:
    """Put a form into a folder of packages as pip would; the code of its region."""
    code = f"{_FREE[number]}0000"
    package = f"evil_{form.name.replace('-', '_')}"
    files = {
        f"{package}/__init__.py": _CODE.format(
            code=code,
            at_import=form.at_import,
            in_function=form.in_function,
            in_hook=textwrap.indent(form.in_hook, "    "),
            region=form.region or _REGION.format(columns=form.columns),
        ),
        f"{package}/rules/a.toml": (head() + _RULES).replace("990100", f"{code[:2]}0100"),
        f"{package}-1.dist-info/METADATA": f"Metadata-Version: 2.1\nName: evil-{form.name}\nVersion: 1\n",
        f"{package}-1.dist-info/entry_points.txt": f"[qingsuan]\nevil-{form.name} = {package}\n",
        f"{package}-1.dist-info/RECORD": "".join(f"{os.path.join(package, name)},,\n" for name, _ in form.files),
        **{f"{package}/{name}": text for name, text in form.files},
    }
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text, "utf-8")
    return code
