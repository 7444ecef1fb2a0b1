"""Key files: made once, for their owner only, and every fault is named."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from sync.keys import (
    KeyFileError,
    KeyFileFault,
    generate_encryption_key,
    generate_signing_key,
    load_encryption_key,
    load_signing_key,
)


def fault(act: Callable[[], object]) -> KeyFileFault:
    with pytest.raises(KeyFileError) as caught:
        act()
    assert str(caught.value.path) in str(caught.value)
    return caught.value.fault


def test_keys_are_loaded_as_they_were_made(tmp_path: Path) -> None:
    signing = generate_signing_key(tmp_path / "sign.pem")
    encryption = generate_encryption_key(tmp_path / "encryption.pem")
    loaded = load_signing_key(tmp_path / "sign.pem")
    assert loaded.private_bytes_raw() == signing.private_bytes_raw()
    opened = load_encryption_key(tmp_path / "encryption.pem")
    assert opened.private_bytes_raw() == encryption.private_bytes_raw()
    modes = {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {0o600}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["encryption.pem", "sign.pem"]


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "sign.pem"
    first = generate_signing_key(path).private_bytes_raw()
    assert fault(lambda: generate_signing_key(path)) is KeyFileFault.EXISTS
    assert load_signing_key(path).private_bytes_raw() == first
    assert [entry.name for entry in tmp_path.iterdir()] == ["sign.pem"]


def test_a_half_written_key_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / ".sign.pem.unfinished").write_bytes(b"-----BEGIN")
    generate_signing_key(tmp_path / "sign.pem")
    assert [entry.name for entry in tmp_path.iterdir()] == ["sign.pem"]


def test_a_missing_folder_or_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "sign.pem"
    assert fault(lambda: generate_signing_key(path)) is KeyFileFault.MISSING
    assert fault(lambda: load_signing_key(path)) is KeyFileFault.MISSING


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "sign.pem"
    generate_signing_key(path)
    path.chmod(mode)
    assert fault(lambda: load_signing_key(path)) is KeyFileFault.PERMISSIONS


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file away needs root")
def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sign.pem"
    generate_signing_key(path)
    os.chown(path, 12345, -1)
    assert fault(lambda: load_signing_key(path)) is KeyFileFault.OWNER


def test_links_folders_and_pipes_are_no_key_files(tmp_path: Path) -> None:
    generate_signing_key(tmp_path / "sign.pem")
    (tmp_path / "link").symlink_to("sign.pem")
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir()
    for name in ("link", "pipe", "folder"):
        path = tmp_path / name
        assert fault(lambda: load_signing_key(path)) is KeyFileFault.NOT_A_FILE  # noqa: B023  called at once


def test_a_file_in_place_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    path = tmp_path / "file" / "sign.pem"
    assert fault(lambda: load_signing_key(path)) is KeyFileFault.UNREADABLE


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def test_only_an_unencrypted_pem_key_is_a_key(tmp_path: Path) -> None:
    secret = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
    )
    for content in (b"", b"not a key", secret):
        path = write(tmp_path / "key.pem", content)
        assert fault(lambda: load_signing_key(path)) is KeyFileFault.NOT_A_KEY  # noqa: B023  called at once


def test_each_purpose_has_its_kind_of_key(tmp_path: Path) -> None:
    generate_signing_key(tmp_path / "sign.pem")
    generate_encryption_key(tmp_path / "encryption.pem")
    wrong = KeyFileFault.WRONG_KIND
    assert fault(lambda: load_signing_key(tmp_path / "encryption.pem")) is wrong
    assert fault(lambda: load_encryption_key(tmp_path / "sign.pem")) is wrong
