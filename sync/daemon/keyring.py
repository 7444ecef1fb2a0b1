"""The city's public keys as the station trusts them now.

Responsible for taking a newer keyset only when enough roots of the old and of the new one signed
it. It must not know where keysets come from or where they are kept.
"""

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from sync.daemon.belief import City
from sync.protocol.keyset import Keyset, keys_by_id, verify_keyset
from sync.protocol.seal import encryption_key


class Keyring:
    """Whose word counts (`city`), and whom bodies are sealed for.

    Both change when a keyset is taken.
    """

    def __init__(self, keyset: Keyset) -> None:
        self.keyset = keyset
        self.city = _city(keyset)

    @property
    def recipients(self) -> list[X25519PublicKey]:
        """Keys that bodies may be sealed for; the first is the one to use."""
        return [encryption_key(raw) for raw in self.keyset.encryption_keys]

    def take(self, message: bytes) -> bool:
        """Trust this keyset from now on; False when it is the one in use. Raises ProtocolError."""
        keyset = verify_keyset(message, self.keyset)
        newer = keyset.version > self.keyset.version
        if newer:
            self.keyset = keyset
            self.city = _city(keyset)
        return newer


def _city(keyset: Keyset) -> City:
    return City(keyset.city_id, keys_by_id(keyset.receipt_keys))
