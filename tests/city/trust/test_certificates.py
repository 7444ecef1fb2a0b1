"""The private authority: strict verification, renewal, and files that survive a cut."""

import ipaddress
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from sync.certificates import (
    LEAF_DAYS,
    RENEW_DAYS,
    CertificateError,
    ensure_tls,
    issue_certificate,
    make_authority,
)

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def test_leaf_passes_strict_verification_for_each_host() -> None:
    authority = make_authority("City CA")
    leaf = issue_certificate(authority, "city", ["city.example", "127.0.0.1"], now=NOW)
    builder = PolicyBuilder().store(Store([authority.certificate])).time(NOW)
    for subject in (x509.DNSName("city.example"), x509.IPAddress(_loopback())):
        chain = builder.build_server_verifier(subject).verify(leaf.certificate, [])
        assert chain[-1] == authority.certificate


def test_another_authority_and_another_name_are_refused() -> None:
    leaf = issue_certificate(make_authority("City CA"), "city", ["city.example"], now=NOW)
    stranger = PolicyBuilder().store(Store([make_authority("City CA").certificate])).time(NOW)
    with pytest.raises(VerificationError):
        stranger.build_server_verifier(x509.DNSName("city.example")).verify(leaf.certificate, [])


def test_files_are_made_once_with_the_right_modes(tmp_path: Path) -> None:
    files = ensure_tls(tmp_path / "tls", "city", ["localhost"], now=NOW)
    before = [path.read_bytes() for path in files]
    assert ensure_tls(tmp_path / "tls", "city", ["localhost"], now=NOW) == files
    assert [path.read_bytes() for path in files] == before
    assert stat.S_IMODE(files.key.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "tls" / "authority.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key)


@pytest.mark.parametrize(
    ("days", "hosts", "renewed"),
    [
        (LEAF_DAYS - RENEW_DAYS - 3, ["localhost"], False),
        (LEAF_DAYS - RENEW_DAYS + 1, ["localhost"], True),
        (-30, ["localhost"], True),
        (0, ["localhost", "10.0.0.5"], True),
    ],
)
def test_only_the_server_certificate_is_renewed(
    tmp_path: Path,
    days: int,
    hosts: list[str],
    renewed: bool,  # noqa: FBT001 - a column of the table above
) -> None:
    files = ensure_tls(tmp_path, "city", ["localhost"], now=NOW)
    leaf, authority = files.certificate.read_bytes(), files.authority.read_bytes()
    ensure_tls(tmp_path, "city", hosts, now=NOW + timedelta(days=days))
    assert (files.certificate.read_bytes() != leaf) is renewed
    assert files.authority.read_bytes() == authority


def test_a_machine_without_a_clock_makes_an_authority_that_lasts(tmp_path: Path) -> None:
    files = ensure_tls(tmp_path, "tram", ["localhost"], now=datetime(1970, 1, 1, tzinfo=UTC))
    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    assert authority.not_valid_before_utc < NOW < authority.not_valid_after_utc
    first = files.certificate.read_bytes()
    ensure_tls(tmp_path, "tram", ["localhost"], now=datetime(1970, 1, 2, tzinfo=UTC))
    assert files.certificate.read_bytes() == first


def test_cut_between_key_and_certificate_is_repaired(tmp_path: Path) -> None:
    files = ensure_tls(tmp_path, "city", ["localhost"], now=NOW)
    other = ensure_tls(tmp_path / "other", "city", ["localhost"], now=NOW)
    files.key.write_bytes(other.key.read_bytes())
    ensure_tls(tmp_path, "city", ["localhost"], now=NOW)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key)


def test_a_damaged_authority_is_never_replaced(tmp_path: Path) -> None:
    files = ensure_tls(tmp_path, "city", ["localhost"], now=NOW)
    (tmp_path / "authority.key").unlink()
    with pytest.raises(CertificateError):
        ensure_tls(tmp_path, "city", ["localhost"], now=NOW)
    assert files.authority.exists()


def _loopback() -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address("127.0.0.1")
