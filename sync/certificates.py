"""A private certificate authority and the TLS server certificate it signs.

Responsible for: one P-256 authority per directory, one server certificate under it, renewing that
certificate before it ends, and leaving both on disk with the right modes. Used by the city server
and by a station for its LAN.

Rules: the time is an argument. The authority carries fixed dates, because the machine that makes
it may not know the year yet. Every certificate passes strict RFC 5280 verification (key
identifiers, critical constraints, name in the subject alternative names). Files appear whole or
not at all. It must not know who asks, nor open a socket.
"""

import contextlib
import ipaddress
import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_NOT_BEFORE = datetime(2025, 1, 1, tzinfo=UTC)
AUTHORITY_NOT_AFTER = datetime(2055, 1, 1, tzinfo=UTC)
LEAF_DAYS = 397
"""Browsers refuse private certificates that live longer than 398 days."""
RENEW_DAYS = 30
BACKDATE = timedelta(days=1)
"""A client whose clock is a little behind must not meet a certificate from tomorrow."""

PRIVATE_MODE = 0o600
PUBLIC_MODE = 0o644
DIRECTORY_MODE = 0o700


class CertificateError(Exception):
    """The authority on disk cannot be used; `path` names its certificate.

    Nothing is replaced: restore both files from the backup, or move them away and pair again.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: certificate and key do not belong together or are damaged")
        self.path = path


class Issued(NamedTuple):
    """A certificate with the private key it certifies."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


class TlsFiles(NamedTuple):
    """Where a server finds its chain and key, and what clients must be given to trust it."""

    certificate: Path
    key: Path
    authority: Path


def make_authority(common_name: str) -> Issued:
    """A new self-signed authority that may sign servers and nothing below them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(common_name)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(AUTHORITY_NOT_BEFORE)
        .not_valid_after(AUTHORITY_NOT_AFTER)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    return Issued(certificate, key)


def issue_certificate(
    authority: Issued, common_name: str, hosts: Iterable[str], *, now: datetime
) -> Issued:
    """A server certificate for `hosts` (DNS names or IP addresses), valid for 397 days.

    `now` is aware. A clock before the authority's own first day is taken as that day.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    starts = max(AUTHORITY_NOT_BEFORE, now - BACKDATE)
    ends = min(AUTHORITY_NOT_AFTER, starts + timedelta(days=LEAF_DAYS))
    issuer = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(common_name))
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_alternatives(hosts)), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer.value),
            critical=False,
        )
        .sign(authority.key, hashes.SHA256())
    )
    return Issued(certificate, key)


def ensure_tls(
    directory: Path, common_name: str, hosts: Iterable[str], *, now: datetime
) -> TlsFiles:
    """The TLS files in `directory`, made on first use and renewed when needed.

    The server certificate is made again when fewer than 30 days are left, when it is not valid
    yet, when a host is missing from it or when it does not belong to the authority. The authority
    is made once: replacing it would lock out everybody who trusts it, so a damaged one raises
    CertificateError.
    """
    directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    files = TlsFiles(
        directory / "server.pem", directory / "server.key", directory / "authority.pem"
    )
    authority_key = directory / "authority.key"
    authority = _load(files.authority, authority_key)
    if authority is None and files.authority.exists():
        raise CertificateError(files.authority)
    if authority is None:
        authority = make_authority(f"{common_name} CA")
        _store(authority, files.authority, authority_key, chain=b"")
    wanted = tuple(hosts)
    leaf = _load(files.certificate, files.key)
    if leaf is None or not _still_good(leaf.certificate, authority.certificate, wanted, now):
        leaf = issue_certificate(authority, common_name, wanted, now=now)
        chain = authority.certificate.public_bytes(Encoding.PEM)
        _store(leaf, files.certificate, files.key, chain=chain)
    return files


def write_whole(path: Path, data: bytes, *, mode: int) -> None:
    """Put `data` at `path` so that a reader or a power cut meets the old file or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _alternatives(hosts: Iterable[str]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for host in dict.fromkeys(hosts):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host.encode("idna").decode("ascii")))
    return names


def _still_good(
    leaf: x509.Certificate, authority: x509.Certificate, hosts: tuple[str, ...], now: datetime
) -> bool:
    try:
        leaf.verify_directly_issued_by(authority)
    except Exception:  # noqa: BLE001 - any failure to verify means the same: make a new one
        return False
    starts, ends = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    if not starts <= max(now, AUTHORITY_NOT_BEFORE) < ends - timedelta(days=RENEW_DAYS):
        return False
    present = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(_alternatives(hosts)) <= set(present)


def _load(certificate_path: Path, key_path: Path) -> Issued | None:
    """The pair on disk; None when a file is missing, unreadable as PEM or not the other's."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
        key = load_pem_private_key(key_path.read_bytes(), password=None)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return None
    return Issued(certificate, key) if certificate.public_key() == key.public_key() else None


def _store(issued: Issued, certificate_path: Path, key_path: Path, *, chain: bytes) -> None:
    private = issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # Key first: a cut between the two leaves a pair that does not match, which is made again.
    write_whole(key_path, private, mode=PRIVATE_MODE)
    public = issued.certificate.public_bytes(Encoding.PEM) + chain
    write_whole(certificate_path, public, mode=PUBLIC_MODE)
