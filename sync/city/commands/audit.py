"""`edge-city audit`: what an auditor does.

Responsible for the command's words. An audit needs neither the server nor its configuration; only
opening bodies takes the city's keys. Exit statuses: 0 good, 2 input, 5 not proven.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from sync.city.audit.options import takes
from sync.city.audit.shell import Export, Question, audit, read_receipts
from sync.city.audit.words import AUDIT_LANGUAGES, encode_report, read_audit_texts, say_report
from sync.city.backup.form import BackupError
from sync.city.commands.common import (
    EXIT_INPUT,
    fail,
    guarded,
    settings_in,
    show_progress,
    station_code,
)
from sync.city.receiving.opening import BodyKeys
from sync.city.serve import keys_directory
from sync.city.settings import Settings
from sync.city.trust.identity import load_identity
from sync.dictionary import DICTIONARIES
from sync.protocol.limits import DIGEST_BYTES

EXIT_NOT_PROVEN: Final = 5


audit_app = typer.Typer(no_args_is_help=True, add_completion=False)


def _known_language(given: str) -> str:
    return given if given in AUDIT_LANGUAGES else AUDIT_LANGUAGES[0]


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

LanguageOption = Annotated[str, typer.Option("--lang", callback=_known_language, help="en or vi.")]


class AuditOptions(NamedTuple):
    """The options of `edge-city audit`."""

    source: Annotated[
        Path, typer.Option("--from", metavar="DIR", help="The export: a folder of backups.")
    ]
    root_hash: RootHashOption = ""
    number: Annotated[
        int | None, typer.Option("--number", metavar="N", help="An older backup in the folder.")
    ] = None
    station: Annotated[
        str, typer.Option("--station", metavar="CODE", help="Only this station.")
    ] = ""
    receipts: Annotated[
        list[Path] | None,
        typer.Option(
            "--receipts", metavar="PATH", help="Receipts: a stick's folder, or a station's sync.db."
        ),
    ] = None
    older: Annotated[
        Path | None, typer.Option("--older", metavar="DIR", help="An export of an earlier day.")
    ] = None
    older_number: Annotated[
        int | None, typer.Option("--older-number", metavar="N", help="A backup in --older.")
    ] = None
    open_bodies: Annotated[
        bool, typer.Option("--open", help="Open every body too; takes --config.")
    ] = False
    config: ConfigLater = None
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False
    language: LanguageOption = AUDIT_LANGUAGES[0]


@audit_app.command("audit")
@takes(AuditOptions)
def audit_command(options: AuditOptions) -> None:
    """Check a whole history offline: signatures, order, roots, receipts; no server is needed.

    The export is a folder that `edge-city backup` wrote. Exit status 5: something is not proven;
    each finding names the log, the position and the rule.
    """
    texts = read_audit_texts(options.language)
    pinned = read_root_hash(options.root_hash, texts["no_pin"])
    if options.open_bodies and options.config is None:
        fail(EXIT_INPUT, "--open takes the city's keys: give --config")
    code = station_code(options.station)
    try:
        guarded(lambda: _audit(options, pinned, code, texts))
    except BackupError as error:
        fail(EXIT_NOT_PROVEN, f"{error}: copy the export again from where it was made")


def _audit(
    options: AuditOptions, pinned: bytes, station: int | None, texts: Mapping[str, str]
) -> None:
    config, older = options.config, options.older
    question = Question(
        export=Export(options.source, options.number),
        pinned_root=pinned,
        station=station,
        keys=city_body_keys(settings_in(config)) if options.open_bodies and config else None,
        receipts=[one for path in options.receipts or () for one in read_receipts(path)],
        older=Export(older, options.older_number) if older else None,
    )
    with show_progress("audit") as progress:
        report = audit(question, progress)
    lines = [encode_report(report).decode()] if options.json else say_report(report, texts)
    for line in lines:
        typer.echo(line)
    if not report.is_good:
        raise typer.Exit(EXIT_NOT_PROVEN)


def read_root_hash(text: str, advice: str) -> bytes:
    """The hash that pins the roots, or exit status 2."""
    try:
        pinned = bytes.fromhex(text)
    except ValueError:
        pinned = b""
    if len(pinned) != DIGEST_BYTES:
        fail(EXIT_INPUT, advice)
    return pinned


def city_body_keys(settings: Settings) -> BodyKeys:
    """The city's own keys; never made here, because new ones open nothing. Raises KeyFileError."""
    identity = load_identity(keys_directory(settings))
    return BodyKeys(identity.find_encryption_key, DICTIONARIES.get)
