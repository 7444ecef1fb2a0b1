"""`edge-city audit` and `edge-city prove`: what an auditor and an outsider do.

Responsible for these commands' words. An audit and the check of a proof need neither the server nor
its configuration; only what opens bodies or signs takes the city's keys. Exit statuses: 0 good,
2 input, 5 not proven.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from sync.certificates import PRIVATE_MODE, write_whole
from sync.city.audit_shell import Export, Progress, Question, audit, read_receipts
from sync.city.audit_values import Report
from sync.city.audit_words import (
    AUDIT_LANGUAGES,
    encode_report,
    read_audit_texts,
    say_proof,
    say_report,
)
from sync.city.backup_form import BackupError
from sync.city.command import EXIT_INPUT, clock_ms, fail, guarded, settings_in, station_code
from sync.city.identity import load_identity
from sync.city.opening import BodyKeys
from sync.city.prove import (
    MAXIMUM_PROOF_BYTES,
    Proof,
    check_proof,
    find_pinned_key,
    make_receipt,
    pack_proof,
    read_proof,
)
from sync.city.prove_find import ProveError, find_event, read_leaves
from sync.city.serve import keys_directory
from sync.city.settings import Settings
from sync.city.storage import open_exporter, open_reading
from sync.dictionary import DICTIONARIES
from sync.protocol.cose import FindKey
from sync.protocol.errors import ProtocolError
from sync.protocol.keyset import keys_by_id
from sync.protocol.limits import DIGEST_BYTES

EXIT_NOT_PROVEN: Final = 5

_STEPS: Final = 1000

audit_app = typer.Typer(no_args_is_help=True, add_completion=False)

RootHashOption = Annotated[
    str,
    typer.Option(
        "--root-hash", metavar="HEX", help="What pins the city's roots, from edge-city keys show."
    ),
]
ConfigLater = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The city's configuration, for its keys."),
]


@audit_app.command("audit")
def audit_command(  # noqa: PLR0913 - each is an option of the command line
    source: Annotated[
        Path, typer.Option("--from", metavar="DIR", help="The export: a folder of backups.")
    ],
    root_hash: RootHashOption = "",
    *,
    number: Annotated[
        int | None, typer.Option("--number", metavar="N", help="An older backup in the folder.")
    ] = None,
    station: Annotated[str, typer.Option(metavar="CODE", help="Only this station.")] = "",
    receipts: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="Receipts: a stick's folder, or a station's sync.db."),
    ] = None,
    older: Annotated[
        Path | None, typer.Option("--older", metavar="DIR", help="An export of an earlier day.")
    ] = None,
    older_number: Annotated[
        int | None, typer.Option("--older-number", metavar="N", help="A backup in --older.")
    ] = None,
    open_bodies: Annotated[
        bool, typer.Option("--open", help="Open every body too; takes --config.")
    ] = False,
    config: ConfigLater = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    language: Annotated[str, typer.Option("--lang", help="en or vi.")] = "en",
) -> None:
    """Check a whole history offline: signatures, order, roots, receipts; no server is needed.

    The export is a folder that `edge-city backup` wrote. Exit status 5: something is not proven;
    each finding names the log, the position and the rule.
    """
    texts = read_audit_texts(language if language in AUDIT_LANGUAGES else AUDIT_LANGUAGES[0])
    pinned = read_root_hash(root_hash, texts["no_pin"])
    if open_bodies and config is None:
        fail(EXIT_INPUT, "--open takes the city's keys: give --config")
    code = station_code(station)

    def work() -> None:
        question = Question(
            export=Export(source, number),
            pinned_root=pinned,
            station=code,
            keys=_body_keys(config) if open_bodies and config else None,
            receipts=[one for path in receipts or () for one in read_receipts(path)],
            older=Export(older, older_number) if older else None,
        )
        report = _with_progress(lambda progress: audit(question, progress))
        if json:
            typer.echo(encode_report(report))
        else:
            for line in say_report(report, texts):
                typer.echo(line)
        if not report.is_good:
            raise typer.Exit(EXIT_NOT_PROVEN)

    _checked(work)


@audit_app.command("prove")
def prove_command(  # noqa: PLR0913 - each is an option of the command line
    config: ConfigLater = None,
    *,
    dossier: Annotated[str, typer.Option(metavar="NO", help="The dossier's number.")] = "",
    event: Annotated[int, typer.Option(metavar="N", help="Which of its events, from 1.")] = 1,
    station: Annotated[str, typer.Option(metavar="CODE", help="Look at this station only.")] = "",
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="The proof.")] = None,
    check: Annotated[
        Path | None, typer.Option("--check", metavar="FILE", help="Check a proof instead.")
    ] = None,
    root_hash: RootHashOption = "",
    receipt_key: Annotated[
        str, typer.Option("--receipt-key", metavar="HEX", help="The city's public receipt key.")
    ] = "",
    keyset: Annotated[
        Path | None,
        typer.Option("--keyset", metavar="FILE", help="A keyset, instead of the proof's own."),
    ] = None,
    language: Annotated[str, typer.Option("--lang", help="en or vi.")] = "en",
) -> None:
    """Prove to an outsider that one event of a dossier is in the archive, or check such a proof.

    The proof shows this one record and nothing of others. Exit status 5: the proof is not good.
    """
    texts = read_audit_texts(language if language in AUDIT_LANGUAGES else AUDIT_LANGUAGES[0])
    if check is not None:
        pins = _Pins(root_hash, receipt_key, keyset)
        guarded(lambda: _check_proof(check, pins, texts))
        return
    if config is None or output is None or not dossier:
        fail(EXIT_INPUT, texts["prove_how"])
    settings, code = settings_in(config), station_code(station)
    try:
        guarded(lambda: asyncio.run(_prove(settings, (dossier, code), event, output, texts)))
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
    keys = BodyKeys(identity.find_encryption_key, DICTIONARIES.get)
    async with open_exporter(settings) as exporter:
        event = await find_event(exporter, keys, dossier, number, _show_looked)
    async with open_reading(settings, identity.city_id, clock_ms()) as (archive, _, _):
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


class _Pins(NamedTuple):
    """What whoever checks a proof believes beforehand."""

    root_hash: str
    receipt_key: str
    keyset: Path | None


def _check_proof(path: Path, pins: _Pins, texts: Mapping[str, str]) -> None:
    with path.open("rb") as file:
        data = file.read(MAXIMUM_PROOF_BYTES + 1)
    try:
        proof = read_proof(data)
        city_id, find_key = _believed(pins, proof, texts["prove_key"])
        proven = check_proof(proof, find_key, city_id)
    except ProtocolError as error:
        fail(EXIT_NOT_PROVEN, texts["prove_bad"].format(code=error.code.value))
    for line in say_proof(proven, texts):
        typer.echo(line)


def _believed(pins: _Pins, proof: Proof, advice: str) -> tuple[bytes | None, FindKey]:
    """The city's id, where it is known, and its receipt keys. Raises ProtocolError."""
    if pins.receipt_key:
        return None, keys_by_id([read_root_hash(pins.receipt_key, advice)])
    pinned = read_root_hash(pins.root_hash, advice)
    message = proof.keyset if pins.keyset is None else pins.keyset.read_bytes()
    return find_pinned_key(message, pinned)


def _show_looked(records: int) -> None:
    """How far the search is, on a terminal only."""
    if sys.stderr.isatty():
        typer.echo(f"\r{records}", nl=False, err=True)


def read_root_hash(text: str, advice: str) -> bytes:
    """The hash that pins the roots, or exit status 2."""
    try:
        pinned = bytes.fromhex(text)
    except ValueError:
        pinned = b""
    if len(pinned) != DIGEST_BYTES:
        fail(EXIT_INPUT, advice)
    return pinned


def _body_keys(config: Path) -> BodyKeys:
    """The city's own keys; never made here, because new ones open nothing."""
    identity = load_identity(keys_directory(settings_in(config)))
    return BodyKeys(identity.find_encryption_key, DICTIONARIES.get)


def _with_progress(work: Callable[[Progress], Report]) -> Report:
    """Show how far the reading is, on a terminal only: standard output stays the report."""
    if not sys.stderr.isatty():
        return work(lambda _done, _total: None)
    with typer.progressbar(length=_STEPS, label="audit", file=sys.stderr) as bar:
        return work(lambda done, total: bar.update(_STEPS * done // max(total, 1) - bar.pos))


def _checked(work: Callable[[], None]) -> None:
    try:
        guarded(work)
    except BackupError as error:
        fail(EXIT_NOT_PROVEN, f"{error}: copy the export again from where it was made")
