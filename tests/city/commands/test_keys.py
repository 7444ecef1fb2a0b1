"""`edge-city keys`: rotation with the roots at hand, with the roots in a safe, and without."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sync.city.__main__ import app
from sync.city.shelf import FolderShelf
from sync.city.trust import keyring
from sync.city.trust.ceremony import Role
from sync.city.trust.identity import CityIdentity, load_identity
from sync.city.trust.keysets import publish, share
from sync.city.trust.proposals import pack_proposal, propose, read_proposal, sign_proposal
from sync.protocol.cose import raw_key_id
from sync.protocol.keyset import verify_keyset

CONFIG = '[city]\nname = "Thành phố Thử"\nstate_directory = "state"\n'


class Operator:
    """Somebody at the city's command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "city.toml"
        self.config.write_text(CONFIG, encoding="utf-8")
        self.keys = folder / "state" / "keys"

    def says(self, *arguments: str | Path) -> Result:
        words = [str(argument) for argument in arguments]
        if words[0] != "sign-keyset":
            words += ["--config", str(self.config)]
        return CliRunner().invoke(app, ["keys", *words])

    def good(self, *arguments: str | Path) -> str:
        result = self.says(*arguments)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    def refused(self, *arguments: str | Path) -> str:
        result = self.says(*arguments)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.stdout
        return result.stderr

    @property
    def identity(self) -> CityIdentity:
        return load_identity(self.keys)


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    made = Operator(tmp_path)
    made.good("show")
    return made


def take_roots_away(operator: Operator) -> list[Path]:
    safe = operator.folder / "safe"
    safe.mkdir()
    operator.good("export-root", safe, "--remove")
    assert not list(operator.keys.glob("root*"))
    return sorted(safe.iterdir())


def test_show_lists_every_key(operator: Operator) -> None:
    text = operator.good("show")
    assert text.count("here") == 7
    assert "keyset 1, 2 of 3 roots" in text
    take_roots_away(operator)
    assert operator.good("show").count("not here") == 3


@pytest.mark.parametrize("role", ["ca", "receipt", "feed", "encryption"])
def test_rotate_with_the_roots_at_hand(operator: Operator, role: str) -> None:
    first = operator.identity.keyset
    assert "keyset 2 is in use" in operator.good("rotate", role)
    second = operator.identity.keyset
    assert verify_keyset(second.message, first.keyset) == second.keyset
    assert "earlier" in operator.good("show")
    text = operator.good("show")
    (earlier,) = [line.split()[1] for line in text.splitlines() if "earlier" in line]
    operator.good("retire", role, earlier)
    assert "earlier" not in operator.good("show")
    assert operator.identity.keyset.keyset.version == 3


def test_new_roots_are_signed_by_the_old_and_the_new(operator: Operator) -> None:
    first = operator.identity.keyset.keyset
    operator.good("rotate", "root")
    second = operator.identity.keyset
    assert set(second.keyset.root_keys).isdisjoint(first.root_keys)
    assert verify_keyset(second.message, first) == second.keyset
    operator.good("rotate", "feed")
    third = operator.identity.keyset
    assert verify_keyset(third.message, second.keyset) == third.keyset


def test_rotate_with_the_roots_in_a_safe(operator: Operator) -> None:
    roots = take_roots_away(operator)
    change, signed = operator.folder / "change", operator.folder / "signed"
    assert "the roots are not here" in operator.refused("rotate", "receipt")
    text = operator.refused("rotate", "receipt", "--proposal", change)
    assert "2 more of the roots in use" in text
    assert operator.identity.keyset.keyset.version == 1
    assert "2 more" in operator.refused("install", change)
    one = operator.good("sign-keyset", change, "--root", roots[0], "--output", signed)
    assert "1 signatures" in one
    assert "1 more of the roots in use" in operator.refused("install", signed)
    operator.good("sign-keyset", signed, "--root", roots[2], "--output", signed)
    assert "keyset 2 is in use" in operator.good("install", signed)
    assert len(operator.identity.keyset.keyset.receipt_keys) == 2
    assert "version 3 comes next" in operator.refused("install", signed)
    # With the roots on a stick for a moment.
    words = ("rotate", "feed", "--root", roots[0], "--root", roots[1])
    assert "keyset 3 is in use" in operator.good(*words)


def test_the_same_root_twice_or_a_strangers_is_not_enough(operator: Operator) -> None:
    roots = take_roots_away(operator)
    change = operator.folder / "change"
    strange = operator.folder / "strange"
    strange.mkdir()
    keyring.make_roots(strange)
    operator.refused("rotate", "ca", "--proposal", change)
    first = ("--root", roots[0], "--root", roots[0], "--root", strange / "root-1.pem")
    operator.good("sign-keyset", change, *first, "--output", change)
    assert "1 more of the roots in use" in operator.refused("install", change)
    assert operator.identity.keyset.keyset.version == 1


def test_a_damaged_or_foreign_proposal_is_refused(operator: Operator, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(b"noise")
    assert "not a proposal" in operator.refused("install", bad)
    (tmp_path / "other").mkdir()
    other = Operator(tmp_path / "other")
    other.good("show")
    proposal = read_proposal(pack_proposal(propose(other.identity.keyset.keyset)))
    bad.write_bytes(pack_proposal(proposal))
    operator.refused("install", bad)
    assert operator.identity.keyset.keyset.version == 1


def test_keys_in_use_and_unknown_ids_are_not_retired(operator: Operator) -> None:
    kid = raw_key_id(operator.identity.receipt_public).hex()
    assert "in use" in operator.refused("retire", "receipt", kid)
    assert "no key" in operator.refused("retire", "receipt", "00" * 8)
    assert "hexadecimal" in operator.refused("retire", "receipt", "x")


def test_a_readable_root_is_refused(operator: Operator) -> None:
    (operator.keys / "root-1.pem").chmod(0o644)
    assert "chmod 600" in operator.refused("rotate", "ca")


async def test_another_machine_takes_the_keyset_over_from_the_shelf(operator: Operator) -> None:
    shelf = FolderShelf(operator.folder / "state")
    here = operator.identity
    ring = keyring.read_ring(operator.keys)
    raw = keyring.make_key(operator.keys, Role.FEED).public_key().public_bytes_raw()
    proposal = propose(here.keyset.keyset._replace(version=2, feed_keys=(raw,)))
    roots = list(ring.roots().items())
    signed = sign_proposal(proposal, here.keyset.keyset, dict(roots[:2]))
    await share(here, shelf)
    running = operator.identity
    await publish(here, shelf, signed.message)
    await share(running, shelf)
    assert running.keyset == here.keyset
    assert running.feed_key.public_key().public_bytes_raw() == raw
    # What enough roots have not signed is not taken from any shelf.
    await shelf.write("keysets", "3", operator.identity.published[0].message)
    await share(running, shelf)
    assert running.keyset.keyset.version == 2
