"""One question to an implementation: bytes to read, what the reader is told, the test keys."""

from collections.abc import Mapping
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.conformance.plain import Json
from sync.protocol.cose import FindKey
from sync.protocol.slip import slip_key_id


class Keys(NamedTuple):
    """The test keys: private ones by name, and finders by key id."""

    signing: Mapping[str, Ed25519PrivateKey]
    encryption: Mapping[str, X25519PrivateKey]
    find_key: FindKey
    by_kid: Mapping[bytes, X25519PrivateKey]


class Call(NamedTuple):
    """What ``read`` is asked; ``given`` is as in the vector."""

    data: bytes
    given: Mapping[str, Json]
    keys: Keys

    def octets(self, name: str) -> bytes | None:
        """A member of ``given`` that is hexadecimal, or None when it is not there."""
        text = self.given.get(name)
        return None if text is None else bytes.fromhex(text)

    def find_city_key(self, kid: bytes) -> X25519PrivateKey | None:
        """The city's private encryption key, if it has this id."""
        return self._own(kid, "city")

    def find_station_key(self, kid: bytes) -> X25519PrivateKey | None:
        """The station's private encryption key, if it has this id."""
        return self._own(kid, "station")

    def find_slip_key(self, kid: bytes) -> Ed25519PublicKey | None:
        """The slip key, if it has this id."""
        key = self.keys.signing["slip"].public_key()
        return key if slip_key_id(key.public_bytes_raw()) == kid else None

    def _own(self, kid: bytes, name: str) -> X25519PrivateKey | None:
        key = self.keys.by_kid.get(kid)
        return key if key is self.keys.encryption[name] else None


def read_keys(vector: Json) -> Keys:
    """The keys in the vector ``keys``."""
    signing = {
        name: Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key["seed"]))
        for name, key in vector["signing"].items()
    }
    encryption = {
        name: X25519PrivateKey.from_private_bytes(bytes.fromhex(key["seed"]))
        for name, key in vector["encryption"].items()
    }
    public: dict[bytes, Ed25519PublicKey] = {
        bytes.fromhex(vector["signing"][name]["kid"]): key.public_key()
        for name, key in signing.items()
    }
    by_kid = {
        bytes.fromhex(vector["encryption"][name]["kid"]): key for name, key in encryption.items()
    }
    return Keys(signing, encryption, public.get, by_kid)
