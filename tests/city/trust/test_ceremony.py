"""The key ceremony: what the next keyset is, who must sign it, and the files it leaves."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.city.trust import keyring
from sync.city.trust.ceremony import (
    WORKING_ROLES,
    CeremonyError,
    Role,
    keys_of,
    newest_for,
    signers_needed,
    with_new_key,
    with_new_roots,
    without_key,
)
from sync.keys import KeyFileError, KeyFileFault
from sync.protocol.cose import raw_key_id
from sync.protocol.enrolment import SignedKeyset
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.keyset import Keyset, sign_keyset, verify_keyset
from sync.protocol.limits import MAXIMUM_KEYS


def public(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


ROOTS = [Ed25519PrivateKey.generate() for _ in range(3)]
OTHER_ROOTS = [Ed25519PrivateKey.generate() for _ in range(3)]
FIRST = Keyset(
    city_id=b"cityCITY",
    version=1,
    root_keys=tuple(public(key) for key in ROOTS),
    threshold=2,
    ca_keys=(b"c" * 32,),
    receipt_keys=(b"r" * 32,),
    feed_keys=(b"f" * 32,),
    encryption_keys=(b"e" * 32,),
)


def signed(keyset: Keyset, *roots: Ed25519PrivateKey) -> SignedKeyset:
    return SignedKeyset(sign_keyset(keyset, roots), keyset)


@pytest.mark.parametrize("role", WORKING_ROLES)
def test_a_new_key_goes_in_front_and_the_old_one_stays(role: Role) -> None:
    new = with_new_key(FIRST, role, b"n" * 32)
    assert keys_of(new, role) == (b"n" * 32, *keys_of(FIRST, role))
    assert new.version == 2
    others = [each for each in (*WORKING_ROLES, Role.ROOT) if each is not role]
    assert all(keys_of(new, each) == keys_of(FIRST, each) for each in others)


def test_the_key_in_use_cannot_be_retired_and_an_older_one_can() -> None:
    new = with_new_key(FIRST, Role.RECEIPT, b"n" * 32)
    with pytest.raises(CeremonyError, match="in use"):
        without_key(new, Role.RECEIPT, raw_key_id(b"n" * 32))
    with pytest.raises(CeremonyError, match="no key"):
        without_key(new, Role.RECEIPT, b"12345678")
    left = without_key(new, Role.RECEIPT, raw_key_id(b"r" * 32))
    assert (left.receipt_keys, left.version) == ((b"n" * 32,), 3)


def test_a_role_has_a_limit() -> None:
    keyset = FIRST
    for number in range(MAXIMUM_KEYS - 1):
        keyset = with_new_key(keyset, Role.FEED, bytes([number]) * 32)
    with pytest.raises(CeremonyError, match="retire"):
        with_new_key(keyset, Role.FEED, b"n" * 32)


def test_new_roots_need_the_old_and_the_new() -> None:
    new = with_new_roots(FIRST, [public(key) for key in OTHER_ROOTS])
    assert signers_needed(new, FIRST) == (*FIRST.root_keys, *new.root_keys)
    assert verify_keyset(sign_keyset(new, [*ROOTS[:2], *OTHER_ROOTS[:2]]), FIRST) == new
    for roots in ([*ROOTS, OTHER_ROOTS[0]], [ROOTS[0], *OTHER_ROOTS], ROOTS, OTHER_ROOTS):
        with pytest.raises(ProtocolError) as caught:
            verify_keyset(sign_keyset(new, roots), FIRST)
        assert caught.value.code is ProtocolErrorCode.TOO_FEW_SIGNATURES


def test_one_root_alone_changes_nothing() -> None:
    new = with_new_key(FIRST, Role.CA, b"n" * 32)
    with pytest.raises(ProtocolError) as caught:
        verify_keyset(sign_keyset(new, [ROOTS[0], ROOTS[0]]), FIRST)
    assert caught.value.code is ProtocolErrorCode.TOO_FEW_SIGNATURES


def test_a_station_that_slept_through_changes_of_roots_comes_up_step_by_step() -> None:
    second = with_new_key(FIRST, Role.CA, b"n" * 32)
    third = with_new_roots(second, [public(key) for key in OTHER_ROOTS])
    fourth = with_new_key(third, Role.CA, b"m" * 32)
    published = [
        signed(FIRST, *ROOTS),
        signed(second, *ROOTS),
        signed(third, *ROOTS, *OTHER_ROOTS),
        signed(fourth, *OTHER_ROOTS),
    ]
    trusted, steps = FIRST, []
    while (message := newest_for(published, trusted.version)) is not None:
        trusted = verify_keyset(message, trusted)
        steps.append(trusted.version)
    assert steps == [3, 4]
    assert newest_for(published, None) == published[-1].message
    assert newest_for(published, 77) == published[-1].message
    assert newest_for([], None) is None


def test_files_of_the_ring(tmp_path: Path) -> None:
    roots = keyring.make_roots(tmp_path)
    first = keyring.make_key(tmp_path, Role.RECEIPT)
    second = keyring.make_key(tmp_path, Role.RECEIPT)
    opening = keyring.make_key(tmp_path, Role.ENCRYPTION)
    kid = raw_key_id(public(second))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["encryption.pem", "receipt.pem", f"receipt-{kid.hex()}.pem"]
        + [f"root-{number}.pem" for number in (1, 2, 3)]
    )
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    ring = keyring.read_ring(tmp_path)
    assert set(ring.roots()) == {raw_key_id(public(key)) for key in roots}
    assert ring.has(Role.RECEIPT, raw_key_id(public(first)))
    assert ring.has(Role.RECEIPT, kid)
    assert list(ring.encryption) == [raw_key_id(public(opening))]
    assert len(keyring.make_roots(tmp_path)) == 3
    assert len(keyring.read_ring(tmp_path).roots()) == 6


def test_credentials_count_as_files_and_a_file_comes_first(tmp_path: Path) -> None:
    folder, lent = tmp_path / "keys", tmp_path / "lent"
    folder.mkdir()
    lent.mkdir()
    receipt, feed = (keyring.make_key(lent, role) for role in (Role.RECEIPT, Role.FEED))
    (lent / "receipt.pem").rename(lent / "keys_receipt.pem")  # of a whole folder of credentials
    own = keyring.make_key(folder, Role.FEED)
    ring = keyring.read_ring(folder, lent)
    assert ring.has(Role.RECEIPT, raw_key_id(public(receipt)))
    assert ring.has(Role.FEED, raw_key_id(public(own)))
    assert not ring.has(Role.FEED, raw_key_id(public(feed)))


@pytest.mark.parametrize("name", ["receipt.pem", "root-2.pem", "encryption.pem", "ca.pem"])
def test_a_key_that_others_can_read_or_a_link_is_refused(tmp_path: Path, name: str) -> None:
    keyring.make_roots(tmp_path)
    for role in WORKING_ROLES:
        keyring.make_key(tmp_path, role)
    keyring.read_ring(tmp_path)
    path = tmp_path / name
    path.chmod(0o644)
    with pytest.raises(KeyFileError) as caught:
        keyring.read_ring(tmp_path)
    assert (caught.value.fault, caught.value.path) == (KeyFileFault.PERMISSIONS, path)
    path.chmod(0o600)
    elsewhere = path.rename(tmp_path / "elsewhere")
    path.symlink_to(elsewhere)
    with pytest.raises(KeyFileError) as caught:
        keyring.read_ring(tmp_path)
    assert (caught.value.fault, caught.value.path) == (KeyFileFault.NOT_A_FILE, path)


def test_roots_are_taken_away_only_after_they_were_read_back(tmp_path: Path) -> None:
    folder, safe = tmp_path / "keys", tmp_path / "safe"
    folder.mkdir()
    with pytest.raises(KeyFileError):
        keyring.export_roots(folder, safe, remove=True)
    roots = keyring.make_roots(folder)
    with pytest.raises(KeyFileError) as caught:  # the stick is not there
        keyring.export_roots(folder, safe, remove=True)
    assert caught.value.fault is KeyFileFault.MISSING
    assert len(keyring.read_ring(folder).roots()) == 3
    safe.mkdir()
    assert len(keyring.export_roots(folder, safe, remove=False)) == 3
    with pytest.raises(KeyFileError) as caught:  # never over what lies there
        keyring.export_roots(folder, safe, remove=True)
    assert caught.value.fault is KeyFileFault.EXISTS
    other = tmp_path / "other"
    other.mkdir()
    keyring.export_roots(folder, other, remove=True)
    assert not keyring.read_ring(folder).roots()
    assert set(keyring.read_ring(other).roots()) == {raw_key_id(public(key)) for key in roots}


def test_keysets_are_kept_and_damage_is_named(tmp_path: Path) -> None:
    second = with_new_key(FIRST, Role.CA, b"n" * 32)
    for keyset in (second, FIRST):
        keyring.write_keyset(tmp_path, signed(keyset, *ROOTS))
    assert [one.keyset for one in keyring.read_keysets(tmp_path)] == [FIRST, second]
    (tmp_path / "keyset-x.cbor").write_bytes(b"not ours")
    assert len(keyring.read_keysets(tmp_path)) == 2
    path = tmp_path / "keyset-2.cbor"
    good = path.read_bytes()
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(KeyFileError) as caught:
        keyring.read_keysets(tmp_path)
    assert caught.value.path == path
