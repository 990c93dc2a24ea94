"""``qingsuan sign``: a finished folder signed with a bureau's key, and the keys for it made."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from qingsuan.cli.output import results_apart, show, tell
from qingsuan.closing.folder import is_closed_year
from qingsuan.closing.verifying import verify_year
from qingsuan.errors import InputError, UsageError
from qingsuan.signatures.keys import fingerprint_of, new_pair, private_key
from qingsuan.signatures.signature import sign
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
@results_apart
def command(folder: Path | None, key: Path | None, new_key: Path | None, passphrase: bool) -> None:
    """Sign a finished run or a closed year: who has the public key can check that this is the folder (“qingsuan verify --key”).

    The folder is checked first, as “qingsuan verify” does; what is not whole is not signed (status 3). The signature is the
    file SIGNATURE beside run.json.
    """
    if new_key is not None and folder is None and key is None:
        words = click.prompt("passphrase", hide_input=True, confirmation_prompt=True, err=True) if passphrase else ""
        public = new_pair(new_key, words)
        show(f"{new_key}: the private key, for whoever may sign\n{public}: the public key, for everybody")
        return
    if folder is None or key is None or new_key is not None or passphrase:
        do = "qingsuan sign --new-key bureau.key; qingsuan sign out --key bureau.key"
        raise UsageError("sign", found="neither the one nor the other", expected="DIR and --key, or --new-key", do=do)
    private = private_key(key, lambda: str(click.prompt("passphrase", hide_input=True, err=True)))
    checked = (verify_year if is_closed_year(folder) else verify)(folder, lambda stage: tell(f"checking {stage} …"))
    if checked.findings.total:
        show("\n".join([f"{folder}: not signed: {checked.findings.total} findings", *map(str, checked.findings.told)]))
        sys.exit(InputError.exit_status)
    sign(folder, private)
    show(f"{folder}: signed by the key {fingerprint_of(private.public_key())}")
