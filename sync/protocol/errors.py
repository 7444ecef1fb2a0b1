"""The one exception of the protocol and its stable codes.

``detail`` names the field or the rule that failed, never a value from a record body, so that it may
be logged and shown.
"""

from enum import StrEnum


class ProtocolErrorCode(StrEnum):
    """Why bytes were refused; listed with meanings in SPEC.md, section 14."""

    MALFORMED = "malformed"
    NOT_CANONICAL = "not_canonical"
    FORBIDDEN_TYPE = "forbidden_type"
    TOO_DEEP = "too_deep"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too_large"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_KEY = "unknown_key"
    NODE_MISMATCH = "node_mismatch"
    DIGEST_MISMATCH = "digest_mismatch"
    ROOT_MISMATCH = "root_mismatch"
    GAP = "gap"
    FORK = "fork"
    NOT_SEALED = "not_sealed"
    UNKNOWN_ENCRYPTION_KEY = "unknown_encryption_key"
    UNKNOWN_DICTIONARY = "unknown_dictionary"
    CANNOT_OPEN = "cannot_open"
    CANNOT_DECOMPRESS = "cannot_decompress"
    LOG_ID_MISMATCH = "log_id_mismatch"
    NONCE_MISMATCH = "nonce_mismatch"
    CITY_MISMATCH = "city_mismatch"
    TOO_FEW_SIGNATURES = "too_few_signatures"
    OLD_KEYSET = "old_keyset"
    WRONG_ROOT = "wrong_root"
    BAD_CHECK = "bad_check"
    BAD_MAC = "bad_mac"
    CODE_EXPIRED = "code_expired"


class ProtocolError(Exception):
    """Bytes that this protocol refuses, or a value that it cannot carry."""

    def __init__(self, code: ProtocolErrorCode, detail: str = "") -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code.value}: {detail}" if detail else code.value)
