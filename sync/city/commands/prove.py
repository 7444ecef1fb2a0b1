"""`edge-city prove`: what the city shows to an outsider, and what the outsider does with it.

Responsible for the command's words. Checking a proof needs neither the city's configuration nor a
network; making one takes the city's keys. Exit statuses: 0 good, 2 input, 5 not proven.
"""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from sync.certificates import PRIVATE_MODE, write_whole
from sync.city.audit.evidence import (
    MAXIMUM_PROOF_BYTES,
    Proof,
    check_proof,
    find_pinned_key,
    make_receipt,
    pack_proof,
    read_proof,
)
from sync.city.audit.find import ProveError, find_event, read_leaves
from sync.city.audit.options import takes
from sync.city.audit.words import AUDIT_LANGUAGES, read_audit_texts, say_proof
from sync.city.commands.audit import (
    EXIT_NOT_PROVEN,
    ConfigLater,
    LanguageOption,
    RootHashOption,
    audit_app,
    city_body_keys,
    read_root_hash,
)
from sync.city.commands.common import EXIT_INPUT, clock_ms, fail, guarded, settings_in, station_code
from sync.city.serve import keys_directory
from sync.city.settings import Settings
from sync.city.storage import open_exporter, open_reading
from sync.city.trust.identity import load_identity
from sync.protocol.cose import FindKey
from sync.protocol.errors import ProtocolError
from sync.protocol.keyset import keys_by_id

__all__ = ["audit_app"]


class ProveOptions(NamedTuple):
    """The options of `edge-city prove`."""

    config: ConfigLater = None
    dossier: Annotated[
        str, typer.Option("--dossier", metavar="NO", help="The dossier's number.")
    ] = ""
    event: Annotated[
        int, typer.Option("--event", metavar="N", help="Which of its events, from 1.")
    ] = 1
    station: Annotated[
        str, typer.Option("--station", metavar="CODE", help="Look at this station only.")
    ] = ""
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="The proof.")] = (
        None
    )
    check: Annotated[
        Path | None, typer.Option("--check", metavar="FILE", help="Check a proof instead.")
    ] = None
    root_hash: RootHashOption = ""
    receipt_key: Annotated[
        str, typer.Option("--receipt-key", metavar="HEX", help="The city's public receipt key.")
    ] = ""
    keyset: Annotated[
        Path | None,
        typer.Option("--keyset", metavar="FILE", help="A keyset, instead of the proof's own."),
    ] = None
    language: LanguageOption = AUDIT_LANGUAGES[0]


@audit_app.command("prove")
@takes(ProveOptions)
def prove_command(options: ProveOptions) -> None:
    """Prove to an outsider that one event of a dossier is in the archive, or check such a proof.

    The proof shows this one record and nothing of others. Exit status 5: the proof is not good.
    """
    texts = read_audit_texts(options.language)
    if options.check is not None:
        path = options.check
        guarded(lambda: _check_proof(path, options, texts))
        return
    if options.config is None or options.output is None or not options.dossier:
        fail(EXIT_INPUT, texts["prove_how"])
    settings, output = settings_in(options.config), options.output
    dossier = options.dossier, station_code(options.station)
    try:
        guarded(lambda: asyncio.run(_prove(settings, dossier, options.event, output, texts)))
    except ProveError as error:
        fail(EXIT_INPUT, texts[f"prove_{error.fault.value}"])


async def _prove(
    settings: Settings,
    dossier: tuple[str, int | None],
    number: int,
    output: Path,
    texts: Mapping[str, str],
) -> None:
    identity = load_identity(keys_directory(settings))
    keys = city_body_keys(settings)
    async with open_exporter(settings) as exporter:
        event = await find_event(exporter, keys, dossier, number, _show_looked)
    async with open_reading(settings, identity.city_id, clock_ms()) as (archive, *_):
        leaves = await read_leaves(archive, event)
    log = (identity.city_id, event.lid)
    receipt = make_receipt(log, leaves, event.sequence, identity.receipt_key)
    proof = Proof(receipt, event.raw, identity.keyset.message)
    # It holds a citizen's data: nobody else on this machine reads it.
    write_whole(output, pack_proof(proof), mode=PRIVATE_MODE)
    typer.echo(
        texts["written"].format(
            path=output,
            event=number,
            dossier=dossier[0],
            sequence=event.sequence,
            lid=event.lid.hex(),
            size=event.size,
        )
    )


def _check_proof(path: Path, options: ProveOptions, texts: Mapping[str, str]) -> None:
    with path.open("rb") as file:
        data = file.read(MAXIMUM_PROOF_BYTES + 1)
    try:
        proof = read_proof(data)
        city_id, find_key = _believed(options, proof, texts["prove_key"])
        proven = check_proof(proof, find_key, city_id)
    except ProtocolError as error:
        fail(EXIT_NOT_PROVEN, texts["prove_bad"].format(code=error.code.value))
    for line in say_proof(proven, texts):
        typer.echo(line)


def _believed(options: ProveOptions, proof: Proof, advice: str) -> tuple[bytes | None, FindKey]:
    """The city's id, where it is known, and its receipt keys. Raises ProtocolError."""
    if options.receipt_key:
        return None, keys_by_id([read_root_hash(options.receipt_key, advice)])
    pinned = read_root_hash(options.root_hash, advice)
    message = proof.keyset if options.keyset is None else options.keyset.read_bytes()
    return find_pinned_key(message, pinned)


def _show_looked(records: int) -> None:
    """How far the search is, on a terminal only."""
    if sys.stderr.isatty():
        typer.echo(f"\r{records}", nl=False, err=True)
