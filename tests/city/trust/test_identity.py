"""The city's keys: made once, found again, rotated on the run, never without the roots' word."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.city.trust import keyring
from sync.city.trust.ceremony import WORKING_ROLES, Role, keys_of, with_new_key, without_key
from sync.city.trust.identity import CityIdentity, ensure_identity, load_identity
from sync.city.trust.keyring import PrivateKey
from sync.keys import KeyFileError, KeyFileFault
from sync.protocol.cose import raw_key_id
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.keyset import Keyset, sign_keyset, verify_keyset

CITY_ID = b"cityCITY"


@pytest.fixture
def identity(tmp_path: Path) -> CityIdentity:
    return ensure_identity(tmp_path / "keys", CITY_ID)


def roots_of(identity: CityIdentity) -> list[Ed25519PrivateKey]:
    return list(keyring.read_ring(identity.directory).roots().values())


def rotate(identity: CityIdentity, role: Role) -> bytes:
    raw = keyring.make_key(identity.directory, role).public_key().public_bytes_raw()
    keyset = with_new_key(identity.keyset.keyset, role, raw)
    identity.take_over(sign_keyset(keyset, roots_of(identity)[:2]))
    return raw


def test_made_once_and_found_again(identity: CityIdentity) -> None:
    again = ensure_identity(identity.directory, b"otherone")
    assert again.city_id == identity.city_id == CITY_ID
    assert again.keyset == identity.keyset
    assert again.receipt_public == identity.receipt_public
    keyset = verify_keyset(identity.keyset.message)
    assert (len(keyset.root_keys), keyset.threshold, keyset.version) == (3, 2, 1)
    assert keyset.dictionaries
    assert (identity.directory / "city-id").read_text() == CITY_ID.hex() + "\n"


def test_a_first_start_that_was_cut_off_begins_anew(tmp_path: Path) -> None:
    keyring.make_roots(tmp_path)
    keyring.make_key(tmp_path, Role.CA)
    identity = ensure_identity(tmp_path, CITY_ID)
    assert len(roots_of(identity)) == 3
    assert len(list(tmp_path.glob("ca*.pem"))) == 1


@pytest.mark.parametrize("role", WORKING_ROLES)
def test_a_lost_key_is_named_and_never_replaced(identity: CityIdentity, role: Role) -> None:
    path = identity.directory / f"{role}.pem"
    path.unlink()
    with pytest.raises(KeyFileError) as caught:
        ensure_identity(identity.directory, b"otherone")
    assert (caught.value.fault, caught.value.path) == (KeyFileFault.MISSING, path)
    assert not path.exists()


def test_the_server_runs_without_its_roots(identity: CityIdentity, tmp_path: Path) -> None:
    safe = tmp_path / "safe"
    safe.mkdir()
    keyring.export_roots(identity.directory, safe, remove=True)
    assert load_identity(identity.directory).keyset == identity.keyset


def test_a_lost_id_file_comes_back_from_the_keyset(identity: CityIdentity) -> None:
    (identity.directory / "city-id").unlink()
    again = ensure_identity(identity.directory, b"otherone")
    assert again.city_id == CITY_ID
    assert (identity.directory / "city-id").exists()


@pytest.mark.parametrize("role", WORKING_ROLES)
def test_a_rotated_key_is_used_at_once_and_the_old_one_is_kept(
    identity: CityIdentity, role: Role
) -> None:
    before = keys_of(identity.keyset.keyset, role)
    raw = rotate(identity, role)
    in_use: dict[Role, PrivateKey] = {
        Role.CA: identity.ca_key,
        Role.RECEIPT: identity.receipt_key,
        Role.FEED: identity.feed_key,
        Role.ENCRYPTION: identity.encryption_key,
    }
    assert in_use[role].public_key().public_bytes_raw() == raw
    assert keys_of(identity.keyset.keyset, role) == (raw, *before)
    again = load_identity(identity.directory)
    assert [one.keyset.version for one in again.published] == [1, 2]


def test_what_old_encryption_keys_sealed_stays_readable_for_ever(identity: CityIdentity) -> None:
    kids = [raw_key_id(identity.encryption_public)]
    kids += [raw_key_id(rotate(identity, Role.ENCRYPTION)) for _ in range(2)]
    keyset = without_key(identity.keyset.keyset, Role.ENCRYPTION, kids[0])
    identity.take_over(sign_keyset(keyset, roots_of(identity)))
    for held in (identity, load_identity(identity.directory)):
        for kid in kids:
            key = held.find_encryption_key(kid)
            assert key is not None
            assert raw_key_id(key.public_key().public_bytes_raw()) == kid
    assert identity.find_encryption_key(b"stranger") is None


def refused(identity: CityIdentity, message: bytes) -> ProtocolErrorCode:
    before = identity.keyset
    with pytest.raises(ProtocolError) as caught:
        identity.take_over(message)
    assert identity.keyset == before
    assert load_identity(identity.directory).keyset == before
    return caught.value.code


def test_a_keyset_without_enough_roots_or_from_before_changes_nothing(
    identity: CityIdentity, tmp_path: Path
) -> None:
    first = identity.keyset.message
    rotate(identity, Role.FEED)
    keyset = with_new_key(identity.keyset.keyset, Role.CA, b"n" * 32)
    roots = roots_of(identity)
    strangers = [Ed25519PrivateKey.generate() for _ in range(3)]
    few = ProtocolErrorCode.TOO_FEW_SIGNATURES
    assert refused(identity, sign_keyset(keyset, roots[:1])) is few
    assert refused(identity, sign_keyset(keyset, [roots[0], *strangers])) is few
    assert refused(identity, sign_keyset(keyset, [roots[0], roots[0]])) is few
    assert refused(identity, first) is ProtocolErrorCode.OLD_KEYSET
    other = ensure_identity(tmp_path / "other", b"elsewher")
    assert refused(identity, other.keyset.message) is ProtocolErrorCode.CITY_MISMATCH
    stolen = keyset._replace(root_keys=tuple(k.public_key().public_bytes_raw() for k in strangers))
    assert refused(identity, sign_keyset(stolen, strangers)) is few


def test_a_machine_without_the_new_key_goes_on_with_the_one_it_has(
    identity: CityIdentity,
) -> None:
    keyset = with_new_key(identity.keyset.keyset, Role.RECEIPT, b"n" * 32)
    own = identity.receipt_public
    identity.take_over(sign_keyset(keyset, roots_of(identity)))
    assert identity.keyset.keyset.receipt_keys == (b"n" * 32, own)
    assert identity.receipt_public == own


def test_keys_may_lie_among_the_credentials(
    identity: CityIdentity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lent = tmp_path / "lent"
    lent.mkdir()
    for role in WORKING_ROLES:
        (identity.directory / f"{role}.pem").rename(lent / f"{role}.pem")
    with pytest.raises(KeyFileError):
        load_identity(identity.directory)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(lent))
    assert load_identity(identity.directory).receipt_public == identity.receipt_public


def test_a_station_gets_the_newest_keyset_it_can_take(identity: CityIdentity) -> None:
    first: Keyset = identity.keyset.keyset
    rotate(identity, Role.RECEIPT)
    assert verify_keyset(identity.keyset_after(1), first) == identity.keyset.keyset
    assert identity.keyset_after(2) == identity.keyset.message
    assert identity.keyset_after(None) == identity.keyset.message
