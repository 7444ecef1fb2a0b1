"""A change of the keyset on its way between people who hold root keys.

Responsible for: the file that collects their signatures, signing it with the roots at hand, and
saying how many are still missing. A proposal is the canonical array of the keyset's payload and the
signed objects so far; it is public, and worth nothing until enough roots have signed.
"""

from collections.abc import Mapping
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.city.trust.ceremony import CeremonyError, signers_needed
from sync.protocol.canonical import Value, decode, encode
from sync.protocol.cose import LABEL_KEYSET, raw_key_id, signer, verify
from sync.protocol.errors import ProtocolError
from sync.protocol.fields import any_bytes, array, tuple_of
from sync.protocol.keyset import (
    Keyset,
    encode_keyset,
    join_keyset,
    keys_by_id,
    parse_keyset,
    sign_keyset_part,
)
from sync.protocol.limits import MAXIMUM_KEYSET_SIGNATURES


class Proposal(NamedTuple):
    """The payload that every root signs, and the signatures so far, by key id."""

    payload: bytes
    parts: Mapping[bytes, bytes]

    @property
    def keyset(self) -> Keyset:
        """What is proposed."""
        return parse_keyset(self.payload)

    @property
    def message(self) -> bytes:
        """The keyset message with the signatures so far."""
        return join_keyset(list(self.parts.values()))


def propose(keyset: Keyset) -> Proposal:
    """A proposal that nobody has signed. Raises ProtocolError for keys out of range."""
    return Proposal(encode_keyset(keyset), {})


def sign_proposal(
    proposal: Proposal, trusted: Keyset | None, roots: Mapping[bytes, Ed25519PrivateKey]
) -> Proposal:
    """The proposal, signed by those `roots` (by key id) whose word counts for it.

    Without the keyset in use, every root given signs: it is on another machine.
    """
    counted = {raw_key_id(raw) for raw in signers_needed(proposal.keyset, trusted)}
    parts = dict(proposal.parts)
    for kid, key in roots.items():
        if kid in counted or trusted is None:
            parts[kid] = sign_keyset_part(proposal.payload, key)
    return proposal._replace(parts=parts)


def missing(proposal: Proposal, trusted: Keyset) -> str:
    """Who has yet to sign, in words; "" when it is enough."""
    lacking = []
    for rule, name in ((trusted, "the roots in use"), (proposal.keyset, "the new roots")):
        signed = {raw_key_id(raw) for raw in rule.root_keys} & proposal.parts.keys()
        if len(signed) < rule.threshold:
            lacking.append(f"{rule.threshold - len(signed)} more of {name}")
    return " and ".join(dict.fromkeys(lacking)) if lacking else ""


def pack_proposal(proposal: Proposal) -> bytes:
    """The content of the file."""
    parts: list[Value] = list(proposal.parts.values())
    return encode([proposal.payload, parts])


def read_proposal(content: bytes) -> Proposal:
    """What `pack_proposal` packed; signatures by keys that it does not name stay unchecked.

    Raises CeremonyError.
    """
    try:
        payload, listed = tuple_of(decode(content), 2, "proposal")
        keyset = parse_keyset(any_bytes(payload, "payload"))
        parts: dict[bytes, bytes] = {}
        for item in array(listed, MAXIMUM_KEYSET_SIGNATURES, "signatures"):
            part = any_bytes(item, "signature")
            parts[_signer_of(part, keyset)] = part
    except ProtocolError as error:
        raise CeremonyError(f"not a proposal: {error}") from None
    return Proposal(encode_keyset(keyset), parts)


def _signer_of(part: bytes, keyset: Keyset) -> bytes:
    """Whose signature it is; one by a root that the proposal names must be good."""
    kid = signer(part)
    find_key = keys_by_id(keyset.root_keys)
    if find_key(kid) is not None:
        verify(part, LABEL_KEYSET, find_key)
    return kid
