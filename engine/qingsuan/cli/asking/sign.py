"""``qingsuan sign``: a finished folder signed with a bureau's key, and the keys for it made."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from qingsuan.cli.options.language import lang_option
from qingsuan.cli.output import results_apart, show, tell
from qingsuan.closing.folder import is_closed_year
from qingsuan.closing.verifying import verify_year
from qingsuan.errors import InputError, UsageError
from qingsuan.messages import Lang, Words
from qingsuan.report.wording.stages import stage_says
from qingsuan.signatures.keys import fingerprint_of, new_pair, private_key
from qingsuan.signatures.signature import sign
from qingsuan.verify.findings import Findings
from qingsuan.verify.finished import verify

__all__ = ["command"]


@click.command("sign")
@click.argument(
    "folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="[DIR]"
)
@click.option("--key", type=click.Path(path_type=Path), help="The bureau's private key, which only its owner may read.")
@click.option(
    "--new-key",
    type=click.Path(path_type=Path),
    help="Make a pair of keys instead: the private one in this file, the public one in the same with .pub.",
)
@click.option("--passphrase", is_flag=True, help="With --new-key: ask for a passphrase that encrypts the private key.")
@lang_option
@results_apart
def command(folder: Path | None, key: Path | None, new_key: Path | None, passphrase: bool, lang: Lang) -> None:
    """Sign a finished run or a closed year: who has the public key can check that this is the folder (“qingsuan verify --key”).

    The folder is checked first, as “qingsuan verify” does; what is not whole is not signed (status 3). The signature is the
    file SIGNATURE beside run.json.
    """
    words = Words(lang)
    speak = words.speak
    if new_key is not None and folder is None and key is None:
        public = new_pair(new_key, _asked(words, twice=True) if passphrase else "")
        show(speak("{file}: the private key, for whoever may sign", file=str(new_key)))
        show(speak("{file}: the public key, for everybody", file=str(public)))
        return
    if folder is None or key is None or new_key is not None or passphrase:
        do = "qingsuan sign --new-key bureau.key; qingsuan sign out --key bureau.key"
        raise UsageError("sign", found="neither the one nor the other", expected="DIR and --key, or --new-key", do=do)
    private = private_key(key, lambda: _asked(words, twice=False))
    check = verify_year if is_closed_year(folder) else verify
    checked = check(folder, lambda stage: tell(speak("checking {stage} …", stage=stage_says(words, stage))))
    if checked.findings.total:
        show("\n".join(_told(words, folder, checked.findings)))
        sys.exit(InputError.exit_status)
    sign(folder, private)
    by = fingerprint_of(private.public_key())
    show(speak("{folder}: signed by the key {fingerprint}", folder=str(folder), fingerprint=by))


def _asked(words: Words, *, twice: bool) -> str:
    """A passphrase, asked for on standard error."""
    again = words.speak("the passphrase again") if twice else False
    return str(click.prompt(words.speak("passphrase"), hide_input=True, confirmation_prompt=again, err=True))


def _told(words: Words, folder: Path, findings: Findings) -> Iterator[str]:
    """Which files are not as they were written; what is wrong with each, ``qingsuan verify`` tells."""
    yield words.speak("{folder}: not signed: {number} findings", folder=str(folder), number=findings.total)
    by_file: Counter[str] = Counter()
    for (file, _), count in findings.counts.items():
        by_file[file] += count
    for file, count in by_file.items():
        if count:
            yield words.speak("  {file}: {number} findings", file=file, number=count)
    yield words.speak("  what to do: see “qingsuan verify {folder}”, which tells each of them", folder=str(folder))
