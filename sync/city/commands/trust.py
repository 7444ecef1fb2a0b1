"""`edge-city` commands about stations: enrol, code, stations, revoke, quarantine.

Responsible for their options and what they print. They work beside a running server, which takes
over within a second what they leave on the shelf.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from sync.certificates import PRIVATE_MODE, PUBLIC_MODE, write_whole
from sync.city.archive.port import Quarantined
from sync.city.commands.common import EXIT_INPUT as _EXIT_INPUT
from sync.city.commands.common import (
    ConfigOption,
    fail,
    guarded,
    open_registrar,
    settings_in,
    station_code,
)
from sync.city.receiving.quarantine import LOOK_S, RELEASED, outcome, wish
from sync.city.settings import Settings
from sync.city.shelf import Shelf
from sync.city.storage import open_exporter, open_shelf
from sync.city.trust.code_sheet import as_line, explain, svg_picture, terminal_picture
from sync.city.trust.codes import MAXIMUM_LIFETIME_HOURS, CodeBook, IssuedCode, expiry_ms
from sync.city.trust.enrolment import Operator, Registrar, enrol
from sync.city.trust.revocations import parse_positions, revoke
from sync.city.trust.stations import Station, format_code
from sync.protocol.enrolment_code import EnrolmentCode
from sync.protocol.keyset import root_hash
from sync.protocol.limits import CODE_BYTES, MAXIMUM_CONTROL_BYTES

StationOption = Annotated[str, typer.Option("--station", metavar="CODE", help="The station.")]

StationChoice = Annotated[str, typer.Option("--station", metavar="CODE", help="Only this station.")]

EXIT_NOT_RELEASED: Final = 5
RELEASE_PATIENCE_S: Final = 10.0
"""How long the command waits for the running server."""

_NAME_HELP: Final = "The station's name on the overview page."


def add_trust_commands(app: typer.Typer) -> None:
    """Put these commands into the program."""
    app.command("code")(code_command)
    app.command("enrol")(enrol_command)
    app.command("stations")(stations_command)
    app.command("revoke")(revoke_command)
    quarantine = typer.Typer(no_args_is_help=True, help="What was set aside: list, release.")
    quarantine.command("list")(quarantine_list_command)
    quarantine.command("release")(quarantine_release_command)
    app.add_typer(quarantine, name="quarantine")


def code_command(
    config: ConfigOption,
    station: StationOption,
    *,
    name: Annotated[str, typer.Option(help=_NAME_HELP)] = "",
    hours: Annotated[int, typer.Option(help="How long it is good, at most 72.")] = 72,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it there too.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line for a program.")] = False,
) -> None:
    """Make a one-time code that takes one station in: QR to scan, characters to type.

    It bears five wrong tries. A new code for a station ends the one before.
    """
    settings = settings_in(config)
    number = _wanted(station)
    if not 1 <= hours <= MAXIMUM_LIFETIME_HOURS:
        fail(_EXIT_INPUT, f"--hours: between 1 and {MAXIMUM_LIFETIME_HOURS}")

    async def work() -> None:
        async with open_registrar(settings) as registrar:
            code = await issue_code(registrar, number, name, hours)
        if svg is not None:
            write_whole(svg, svg_picture(code).encode(), mode=PRIVATE_MODE)
        typer.echo(as_line(code) if as_json else f"{terminal_picture(code)}\n{explain(code)}")

    guarded(lambda: asyncio.run(work()))


def enrol_command(
    config: ConfigOption,
    request: Annotated[Path, typer.Option(metavar="FILE", help="What the station wrote.")],
    output: Annotated[Path, typer.Option(metavar="FILE", help="Carry this to the station.")],
    *,
    station: Annotated[
        str, typer.Option(metavar="CODE", help="Refuse a request from any other station.")
    ] = "",
    name: Annotated[str, typer.Option(help=_NAME_HELP)] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="The station has a new key; the old one ends.")
    ] = False,
) -> None:
    """Take a station in: check its request, certify its key, write the answer.

    Compare the printed fingerprint with the one on the station's screen. A running server knows
    the station within a second.
    """
    settings = settings_in(config)
    operator = Operator(name, station_code(station), replace)
    guarded(lambda: asyncio.run(_enrol(settings, request, output, operator)))


def stations_command(config: ConfigOption) -> None:
    """List the enrolled stations, their keys and how long their certificates last."""
    settings = settings_in(config)
    guarded(lambda: asyncio.run(_list(settings)))


def revoke_command(
    config: ConfigOption,
    station: StationOption,
    reason: Annotated[str, typer.Option(help="Why; stations and operators read it.")],
    *,
    beyond: Annotated[
        list[str] | None,
        typer.Option(
            "--from", metavar="LOG:SIZE", help="Keep the first SIZE records of this log good."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Keep nothing good.")] = False,
    key: Annotated[str, typer.Option(metavar="ID", help="Only this key of the station.")] = "",
) -> None:
    """End a station's keys: what they sign from a place on is set aside, not thrown away.

    Give --from once for each log whose beginning stays good, or --all.
    """
    settings = settings_in(config)
    number = _wanted(station)
    if bool(beyond) == everything:
        fail(_EXIT_INPUT, "give --from LOG:SIZE, or --all")
    try:
        positions = None if everything else parse_positions(beyond or [])
        kid = bytes.fromhex(key)
    except ValueError as error:
        fail(_EXIT_INPUT, f"--from, --key: {error}")

    async def work() -> None:
        async with open_registrar(settings) as registrar:
            for ended in await revoke(registrar, number, kid, (positions, reason)):
                typer.echo(f"revoked key {ended.kid.hex()} of station {format_code(number)}")

    guarded(lambda: asyncio.run(work()))


def quarantine_list_command(config: ConfigOption, station: StationChoice = "") -> None:
    """List what was set aside: batches of expired or revoked keys, forks, unreadable ones."""
    settings, number = settings_in(config), station_code(station)

    async def work() -> None:
        async with open_exporter(settings) as exporter:
            for item in await exporter.quarantined(number):
                typer.echo(_item_line(item))

    guarded(lambda: asyncio.run(work()))


def quarantine_release_command(
    config: ConfigOption,
    items: Annotated[list[int], typer.Argument(help="Numbers from quarantine list.")],
) -> None:
    """Let set-aside batches into their logs, as if their key were good; the server must run.

    Release batches of one log together: each must continue what is stored. Their bytes stay.
    """
    settings = settings_in(config)

    async def work() -> bool:
        async with open_shelf(settings) as shelf:
            for item in items:
                await wish(shelf, item)
            said = [await _await_outcome(shelf, item) for item in items]
        for item, word in zip(items, said, strict=True):
            typer.echo(f"{item}: {word or 'asked for; the server does not answer yet'}")
        return all(word == RELEASED for word in said)

    good: list[bool] = []
    guarded(lambda: good.append(asyncio.run(work())))
    if good != [True]:
        raise typer.Exit(EXIT_NOT_RELEASED)


async def _await_outcome(shelf: Shelf, item: int) -> str | None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + RELEASE_PATIENCE_S
    # Another process answers, through the shelf: nothing but looking tells of it.
    while (word := await outcome(shelf, item)) is None and loop.time() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(LOOK_S / 5)
    return word


def _item_line(item: Quarantined) -> str:
    came = datetime.fromtimestamp(item.received_ms / 1000, UTC)
    state = "waits" if item.released_ms is None else "released"
    return (
        f"{item.id}  {format_code(item.station)}  {item.reason:<10} log {item.lid.hex()}"
        f" from {item.first} count {item.count}  {item.size_bytes} bytes"
        f"  {came:%Y-%m-%d %H:%M}  {state}"
    )


def _wanted(station: str) -> int:
    number = station_code(station)
    if number is None:
        fail(_EXIT_INPUT, "--station: which one?")
    return number


async def issue_code(registrar: Registrar, station: int, name: str, hours: int) -> EnrolmentCode:
    """A new code for a station, on the shelf before it is shown."""
    ends_ms = expiry_ms(registrar.clock_ms(), hours)
    secret = registrar.entropy(CODE_BYTES)
    await CodeBook(registrar.shelf).issue(IssuedCode(station, secret, ends_ms, name))
    roots = root_hash(registrar.identity.keyset.keyset.root_keys)
    return EnrolmentCode(registrar.facts().url, roots, station, secret, ends_ms)


async def _enrol(settings: Settings, request: Path, output: Path, operator: Operator) -> None:
    with request.open("rb") as file:
        message = file.read(MAXIMUM_CONTROL_BYTES + 1)
    async with open_registrar(settings) as registrar:
        enrolled, answer = await enrol(registrar, message, operator)
    write_whole(output, answer, mode=PUBLIC_MODE)
    typer.echo(f"station {format_code(enrolled.station)}, node {enrolled.node_id.hex()}")
    typer.echo(f"fingerprint {enrolled.fingerprint}")


async def _list(settings: Settings) -> None:
    async with open_registrar(settings) as registrar:
        for station in registrar.stations.all():
            typer.echo(_line(registrar, station))


def _line(registrar: Registrar, station: Station) -> str:
    now_ms = registrar.clock_ms()
    state = "good"
    if registrar.stations.revoked(station.kid):
        state = "revoked"
    elif station.not_after_ms is not None and station.not_after_ms <= now_ms:
        state = "expired"
    ends = "never"
    if station.not_after_ms is not None:
        ends = f"{datetime.fromtimestamp(station.not_after_ms / 1000, UTC):%Y-%m-%d}"
    return (
        f"{format_code(station.code)}  node {station.node_id.hex()}  key {station.kid.hex()}"
        f"  until {ends}  {state}  {station.name}".rstrip()
    )
