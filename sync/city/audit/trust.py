"""Whom an audit believes: from the pinned roots to the keys of stations.

Responsible for: the succession of keysets from the pinned one on, the certificates and revocations
that the newest CA keys signed, and receipt keys of every keyset in the succession. Pure. Rules: a
keyset before the pinned one is not believed, because the signatures of a later one do not vouch
for it; a certificate of a CA key that was retired is a finding, as the city itself would refuse it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.city.audit.values import Finding, Rule
from sync.city.backup.form import ShelfRow
from sync.city.trust.keysets import KEYSETS
from sync.city.trust.stations import REVOCATIONS, STATIONS, read_content
from sync.protocol.certificate import StationCertificate, verify_certificate
from sync.protocol.cose import FindKey, public_key, raw_key_id
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.keyset import Keyset, keys_by_id, verify_keyset
from sync.protocol.revocation import Revocation, verify_revocation


class Signer(NamedTuple):
    """A key that a station has or had; `not_after_ms` is the latest of its certificates'."""

    node_id: bytes
    station: int
    key: Ed25519PublicKey
    not_after_ms: int | None


class Trust(NamedTuple):
    """Everything that an export's signatures are checked with."""

    keyset: Keyset
    signers: Mapping[bytes, Signer]
    revocations: Mapping[bytes, Sequence[Revocation]]
    find_receipt_key: FindKey

    def find_key(self, kid: bytes) -> Ed25519PublicKey | None:
        """The public key of a station with this id."""
        signer = self.signers.get(kid)
        return None if signer is None else signer.key


def build_trust(rows: Iterable[ShelfRow], pinned_root: bytes) -> tuple[Trust | None, list[Finding]]:
    """The trust that the shelf of an export gives; None when no keyset has the pinned roots."""
    folders: dict[str, dict[str, bytes]] = {}
    for row in rows:
        folders.setdefault(row.folder, {})[row.name] = row.content
    findings: list[Finding] = []
    keysets = _succession(folders.get(KEYSETS, {}), pinned_root, findings)
    if not keysets:
        return None, [*findings, Finding(Rule.ROOT_HASH, detail=pinned_root.hex())]
    newest = keysets[-1]
    find_ca = keys_by_id(newest.ca_keys)
    receipt_keys = [key for keyset in keysets for key in keyset.receipt_keys]
    trust = Trust(
        newest,
        _signers(folders.get(STATIONS, {}), newest.city_id, find_ca, findings),
        _revocations(folders.get(REVOCATIONS, {}), find_ca, findings),
        keys_by_id(receipt_keys),
    )
    return trust, findings


def _succession(
    messages: Mapping[str, bytes], pinned_root: bytes, findings: list[Finding]
) -> list[Keyset]:
    """The keysets from the pinned one on, each signed by the roots of the one before."""
    keysets: list[Keyset] = []
    for name in sorted((name for name in messages if name.isdigit()), key=int):
        try:
            if keysets:
                keyset = verify_keyset(messages[name], keysets[-1])
            else:
                keyset = verify_keyset(messages[name], None, pinned_root)
        except ProtocolError as error:
            if keysets or error.code is not ProtocolErrorCode.WRONG_ROOT:
                findings.append(Finding(Rule.KEYSET, detail=f"{name}: {error.code.value}"))
            continue
        keysets.append(keyset)
    return keysets


def _signers(
    files: Mapping[str, bytes], city_id: bytes, find_ca: FindKey, findings: list[Finding]
) -> dict[bytes, Signer]:
    signers: dict[bytes, Signer] = {}
    for name, content in files.items():
        file = read_content(content)
        if file is None:
            findings.append(Finding(Rule.CERTIFICATE, detail=name))
            continue
        for message in (*file.earlier, file.certificate):
            try:
                certificate = verify_certificate(message, find_ca)
            except ProtocolError as error:
                detail = f"{name}: {error.code.value}"
                findings.append(Finding(Rule.CERTIFICATE, detail=detail))
                continue
            if certificate.city_id != city_id or not _add(signers, certificate):
                findings.append(Finding(Rule.CERTIFICATE, detail=name))
    return signers


def _add(signers: dict[bytes, Signer], certificate: StationCertificate) -> bool:
    """False when the key already belongs to another station."""
    kid = raw_key_id(certificate.signing_key)
    end_ms = certificate.not_after_ms
    known = signers.get(kid)
    if known is not None:
        if (known.node_id, known.station) != (certificate.node_id, certificate.station):
            return False
        ends = (known.not_after_ms, end_ms)
        end_ms = None if None in ends else max(one for one in ends if one is not None)
    signers[kid] = Signer(
        certificate.node_id, certificate.station, public_key(certificate.signing_key), end_ms
    )
    return True


def _revocations(
    files: Mapping[str, bytes], find_ca: FindKey, findings: list[Finding]
) -> dict[bytes, list[Revocation]]:
    found: dict[bytes, list[Revocation]] = {}
    for name, message in files.items():
        try:
            revocation = verify_revocation(message, find_ca)
        except ProtocolError as error:
            findings.append(Finding(Rule.REVOCATION, detail=f"{name}: {error.code.value}"))
            continue
        found.setdefault(revocation.kid, []).append(revocation)
    return found
