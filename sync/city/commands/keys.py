"""`edge-city keys`: the key ceremony.

Responsible for its commands and what they print. The roots are made at the first start and lie
beside the other keys until `export-root --remove` has taken them away; from then on every change is
a proposal that people sign where the roots are. A running server takes a change over in a second.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.certificates import PUBLIC_MODE, write_whole
from sync.city.commands.common import (
    EXIT_INPUT,
    ConfigOption,
    fail,
    guarded,
    open_registrar,
    settings_in,
)
from sync.city.serve import keys_directory
from sync.city.settings import Settings
from sync.city.trust import keyring, keysets
from sync.city.trust.ceremony import (
    WORKING_ROLES,
    CeremonyError,
    Role,
    keys_of,
    with_new_key,
    with_new_roots,
    without_key,
)
from sync.city.trust.enrolment import Registrar
from sync.city.trust.proposals import (
    Proposal,
    missing,
    pack_proposal,
    propose,
    read_proposal,
    sign_proposal,
)
from sync.city.trust.recertify import recertify
from sync.keys import credentials_directory, load_signing_key
from sync.protocol.cose import raw_key_id
from sync.protocol.keyset import Keyset, root_hash
from sync.protocol.limits import MAXIMUM_CONTROL_BYTES

RoleArgument = Annotated[Role, typer.Argument(help="root, ca, receipt, feed or encryption.")]
RootOption = Annotated[
    list[Path] | None,
    typer.Option("--root", metavar="FILE", help="A root key that is kept elsewhere."),
]
ProposalOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Where to write the change when roots are missing."),
]

Change = Callable[[Registrar], Awaitable[Keyset]]

_MAXIMUM_PROPOSAL_BYTES: Final = MAXIMUM_CONTROL_BYTES

keys_app = typer.Typer(no_args_is_help=True, help="The city's own keys: show, rotate, keep apart.")


@keys_app.command("show")
def show_command(config: ConfigOption) -> None:
    """List the keys of each role, which is in use, and whether its private half is here."""
    settings = settings_in(config)

    async def work() -> None:
        async with open_registrar(settings) as registrar:
            for line in describe(registrar):
                typer.echo(line)

    guarded(lambda: asyncio.run(work()))


@keys_app.command("rotate")
def rotate_command(
    config: ConfigOption,
    role: RoleArgument,
    root: RootOption = None,
    proposal: ProposalOption = None,
) -> None:
    """Make a new key for a role; the one before stays good for what it did.

    Two roots must sign; new roots are signed by two of the old and two of the new. When they are
    not here, the change is written to --proposal for them.
    """
    settings = settings_in(config)

    async def change(registrar: Registrar) -> Keyset:
        keyset, directory = registrar.identity.keyset.keyset, registrar.identity.directory
        if role is Role.ROOT:
            roots = keyring.make_roots(directory)
            return with_new_roots(keyset, [key.public_key().public_bytes_raw() for key in roots])
        key = keyring.make_key(directory, role)
        return with_new_key(keyset, role, key.public_key().public_bytes_raw())

    _change(settings, change, (root or [], proposal))


@keys_app.command("retire")
def retire_command(
    config: ConfigOption,
    role: RoleArgument,
    key: Annotated[str, typer.Argument(help="The id of an earlier key, from keys show.")],
    root: RootOption = None,
    proposal: ProposalOption = None,
) -> None:
    """Take an earlier key of a role out of the keyset: nothing it signs counts any more.

    What was sealed for a retired encryption key can still be read here.
    """
    settings = settings_in(config)

    async def change(registrar: Registrar) -> Keyset:
        kid = _kid(key)
        if role is Role.CA:
            _check_unused(registrar, kid)
        return without_key(registrar.identity.keyset.keyset, role, kid)

    _change(settings, change, (root or [], proposal))


@keys_app.command("recertify")
def recertify_command(config: ConfigOption) -> None:
    """Sign certificates and revocations anew with the CA key in use; rotate does it by itself."""
    settings = settings_in(config)

    async def work() -> None:
        async with open_registrar(settings) as registrar:
            typer.echo(f"{await recertify(registrar)} signed anew")

    guarded(lambda: asyncio.run(work()))


@keys_app.command("export-root")
def export_root_command(
    config: ConfigOption,
    directory: Annotated[Path, typer.Argument(help="A folder on a medium kept under lock.")],
    *,
    remove: Annotated[
        bool, typer.Option("--remove", help="Then take them away from this machine.")
    ] = False,
) -> None:
    """Copy the root keys away and read them back. Give each to another person.

    Removed files may be found again on a flash disk: make the roots on the machine where they stay
    (keys rotate root there, from a copy of the keys), when that matters.
    """
    settings = settings_in(config)

    def work() -> None:
        for path in keyring.export_roots(keys_directory(settings), directory, remove=remove):
            typer.echo(str(path))

    guarded(work)


@keys_app.command("sign-keyset")
def sign_keyset_command(
    proposal: Annotated[Path, typer.Argument(help="The change, from keys rotate or retire.")],
    root: Annotated[list[Path], typer.Option("--root", metavar="FILE", help="A root key.")],
    output: Annotated[Path, typer.Option(metavar="FILE", help="The change with signatures.")],
) -> None:
    """Sign a change with root keys; needs neither the city's configuration nor a network."""

    def work() -> None:
        signed = sign_proposal(_read(proposal), None, _roots(root))
        for line in summary(signed.keyset):
            typer.echo(line)
        write_whole(output, pack_proposal(signed), mode=PUBLIC_MODE)
        typer.echo(f"{len(signed.parts)} signatures in {output}")

    guarded(work)


@keys_app.command("install")
def install_command(
    config: ConfigOption,
    proposal: Annotated[Path, typer.Argument(help="A change that enough roots have signed.")],
) -> None:
    """Make a signed change the city's keyset."""
    settings = settings_in(config)

    async def work() -> None:
        async with open_registrar(settings) as registrar:
            await _finish(registrar, _read(proposal), proposal)

    guarded(lambda: asyncio.run(work()))


def describe(registrar: Registrar) -> list[str]:
    """One line for each key, and the hash that pins the roots."""
    identity = registrar.identity
    keyset = identity.keyset.keyset
    ring = keyring.read_ring(identity.directory, credentials_directory())
    threshold = f"{keyset.threshold} of {len(keyset.root_keys)} roots"
    lines = [
        f"city {identity.city_id.hex()}, keyset {keyset.version}, {threshold}",
        f"root hash {root_hash(keyset.root_keys).hex()}",
    ]
    for role in (Role.ROOT, *WORKING_ROLES):
        for place, raw in enumerate(keys_of(keyset, role)):
            kid = raw_key_id(raw)
            use = "in use" if place == 0 or role is Role.ROOT else "earlier"
            here = "here" if ring.has(role, kid) else "not here"
            lines.append(f"{role:<11} {kid.hex()}  {use:<8} {here}")
    return lines


def summary(keyset: Keyset) -> list[str]:
    """What people look at before they sign."""
    return [f"city {keyset.city_id.hex()}, keyset {keyset.version}"] + [
        f"{role:<11} {' '.join(raw_key_id(raw).hex() for raw in keys_of(keyset, role))}"
        for role in (Role.ROOT, *WORKING_ROLES)
    ]


def _change(settings: Settings, change: Change, where: tuple[list[Path], Path | None]) -> None:
    roots, target = where

    async def work() -> None:
        async with open_registrar(settings) as registrar:
            given = _roots(roots)
            at_hand = keyring.read_ring(registrar.identity.directory).roots()
            if target is None and not at_hand and not given:
                raise CeremonyError("the roots are not here: give --root, or --proposal")
            proposal = propose(await change(registrar))
            at_hand = keyring.read_ring(registrar.identity.directory).roots()
            trusted = registrar.identity.keyset.keyset
            await _finish(registrar, sign_proposal(proposal, trusted, {**at_hand, **given}), target)

    guarded(lambda: asyncio.run(work()))


async def _finish(registrar: Registrar, proposal: Proposal, target: Path | None) -> None:
    """Publish a change that is signed by enough; else write it down for the others."""
    lacking = missing(proposal, registrar.identity.keyset.keyset)
    if not lacking:
        await keysets.publish(registrar.identity, registrar.shelf, proposal.message)
        await recertify(registrar)
        typer.echo(f"keyset {registrar.identity.keyset.keyset.version} is in use")
        return
    if target is None:
        raise CeremonyError(f"signatures are missing: {lacking}; see --proposal")
    write_whole(target, pack_proposal(proposal), mode=PUBLIC_MODE)
    raise CeremonyError(f"{target} waits for {lacking}: see keys sign-keyset, then keys install")


def _check_unused(registrar: Registrar, kid: bytes) -> None:
    """That no station would lose its certificate, no revocation its force, with this CA key."""
    held = registrar.stations.signed_by(kid)
    if held:
        raise CeremonyError(f"{held} certificates and revocations need this key: keys recertify")


def _kid(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        fail(EXIT_INPUT, "the id of a key is hexadecimal, see keys show")


def _roots(paths: list[Path]) -> Mapping[bytes, Ed25519PrivateKey]:
    keys = [load_signing_key(path) for path in paths]
    return {raw_key_id(key.public_key().public_bytes_raw()): key for key in keys}


def _read(path: Path) -> Proposal:
    with path.open("rb") as file:
        return read_proposal(file.read(_MAXIMUM_PROPOSAL_BYTES + 1))
