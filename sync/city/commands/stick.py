"""`edge-city stick import|export`: what stations send and get by USB stick.

Responsible for these commands' words and their progress bar. They speak to the running server as a
station would, and need nothing but the city's own configuration.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from sync.city.commands.city_line import LineError, open_line
from sync.city.commands.common import (
    ConfigOption,
    clock_ms,
    fail,
    guarded,
    settings_in,
    surroundings,
)
from sync.city.commands.courier import Carried, CityKeys, Courier, bring_in, take_out
from sync.city.feeds.announcements import CatalogueReleased
from sync.city.serve import city_facts, prepare_identity
from sync.city.settings import Settings
from sync.city.web.tokens import tokens_of
from sync.protocol.keyset import keys_by_id
from sync.stick.command import EXIT_STICK, explain, run_with_bar
from sync.stick.medium import Medium, StickError
from sync.stick.report import Report

EXIT_LINE: Final = 7

stick_app = typer.Typer(no_args_is_help=True, help="Carry between stations and city by stick.")

StickArgument = Annotated[
    Path, typer.Argument(metavar="STICK", help="Where the stick is mounted, or any folder.")
]

Work = Callable[[Courier, Report], Awaitable[Carried]]


@stick_app.command("import")
def import_command(config: ConfigOption, stick: StickArgument) -> None:
    """Take in what stations sent, and write receipts, keys and feeds back for them."""
    carried = _run(settings_in(config), stick, bring_in)
    typer.echo(
        f"{carried.stations} stations: {carried.records_held} records in {carried.batches} batches,"
        f" {carried.attachments} attachments; {carried.written} files written for them"
    )
    if carried.aside:
        typer.echo(f"{carried.aside} batches of an expired or revoked key are kept aside")
    if carried.waiting:
        typer.echo(f"{carried.waiting} batches wait for earlier ones: leave them on the stick")
    if carried.refused:
        fail(EXIT_STICK, f"{carried.refused} files were not believed; they stay on the stick")


@stick_app.command("export")
def export_command(config: ConfigOption, stick: StickArgument) -> None:
    """Write keys and feeds for the stations whose folder lies on the stick; take in nothing."""
    carried = _run(settings_in(config), stick, take_out)
    typer.echo(f"{carried.stations} stations: {carried.written} files written for them")


def _run(settings: Settings, stick: Path, work: Work) -> Carried:
    outcome: list[Carried] = []

    def run() -> None:
        try:
            outcome.append(run_with_bar(lambda report: _carry(settings, stick, work, report)))
        except StickError as error:
            fail(EXIT_STICK, explain(error))
        except LineError as error:
            fail(EXIT_LINE, f"{error}; is edge-city serve running?")

    guarded(run)
    return outcome[0]


async def _carry(settings: Settings, stick: Path, work: Work, report: Report) -> Carried:
    identity = prepare_identity(settings, surroundings())
    facts = city_facts(settings, settings.listen.port, clock_ms())
    keyset = identity.keyset.keyset
    tokens = tokens_of(identity.receipt_key)
    keys = CityKeys(keyset, keys_by_id(keyset.receipt_keys), keys_by_id(keyset.feed_keys))
    async with open_line(facts.url, facts.ca_pem) as line:
        courier = Courier(
            Medium(stick),
            line,
            lambda node_id: tokens.issue(node_id, clock_ms()),
            keys,
            _object_of,
        )
        return await work(courier, report)


def _object_of(body: bytes) -> bytes | None:
    try:
        return bytes.fromhex(msgspec.json.decode(body, type=CatalogueReleased).sha256)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
