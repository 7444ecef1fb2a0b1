"""What an audit says: rules, findings, one verdict per log.

Responsible for the values and their names. A finding names a log, a position in it and a rule;
codes of rules are stable, their sentences are in the locale files. Nothing here holds a record's
content.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple


class Rule(StrEnum):
    """What was not as it must be; the values are stable."""

    FILE = "file"
    """A file of the export is missing or is not what its manifest says."""
    MANIFEST = "manifest"
    """The manifest says other than the batches, or than the keyset."""
    ROOT_HASH = "root_hash"
    """No keyset has the pinned roots."""
    KEYSET = "keyset"
    """A keyset that its own roots or those before it did not sign."""
    CERTIFICATE = "certificate"
    """A certificate that no CA key of the newest keyset signed."""
    REVOCATION = "revocation"
    """A revocation that no CA key of the newest keyset signed."""
    SIGNER = "signer"
    """A batch of a key that has no certificate."""
    SIGNATURE = "signature"
    FORM = "form"
    BODY = "body"
    """The body is not the one that was signed."""
    LOG_ID = "log_id"
    STATION = "station"
    """The batch speaks for another station than its signer's."""
    RANGE = "range"
    """The row of the export says other positions than the signed header."""
    GAP = "gap"
    TWICE = "twice"
    """A batch begins before the end of the one before it: there twice, or out of order."""
    ROOT = "root"
    """The root before a batch is not the one after its predecessor."""
    REVOKED = "revoked"
    EXPIRED = "expired"
    MISSING_TAIL = "missing_tail"
    """A child names records of its parent that did not come, for longer than a day."""
    PARENT = "parent"
    """A child names another root of its parent than the parent's own."""
    UNREADABLE = "unreadable"
    LEAVES = "leaves"
    """The records do not give the root that was signed for them."""
    GENESIS = "genesis"
    """The first record says other than the header of its batch."""
    EFFECTS = "effects"
    """The records give another number of effects than the city counted."""
    RECEIPT = "receipt"
    """A receipt that cannot be read or that no receipt key of the city signed."""
    RECEIPT_ROOT = "receipt_root"
    RECEIPT_MISSING = "receipt_missing"
    """The city gave a receipt for records that are not in the export."""
    OLDER_ROOT = "older_root"
    OLDER_SIZE = "older_size"
    """The export has less than an older one."""
    ROLLBACK = "rollback"
    BRANCH = "branch"
    CONFLICT = "conflict"
    WITHHELD = "withheld"
    WAITING = "waiting"
    """The end of a parent may still be on its way."""
    REVOKED_LATER = "revoked_later"
    RELEASED = "released"


NOTES: Final = frozenset(
    {
        Rule.ROLLBACK,
        Rule.BRANCH,
        Rule.CONFLICT,
        Rule.WITHHELD,
        Rule.WAITING,
        Rule.REVOKED_LATER,
        Rule.RELEASED,
    }
)
"""What a person should know, and what makes no history false."""


class Finding(NamedTuple):
    """Where a rule does not hold; `lid` is None when it is about no log.

    `detail` is for experts.
    """

    rule: Rule
    lid: bytes | None = None
    position: int | None = None
    detail: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether the history is not proven because of it."""
        return self.rule not in NOTES


class LogVerdict(NamedTuple):
    """One log as it was found; `lane` and `number` are None without its first batch."""

    lid: bytes
    node_id: bytes
    station: int
    lane: int | None
    number: int | None
    batches: int
    size: int
    root: bytes
    findings: Sequence[Finding]

    @property
    def is_good(self) -> bool:
        """Whether every record up to `size` is proven."""
        return not any(finding.is_bad for finding in self.findings)


class Report(NamedTuple):
    """The whole audit; counts of records unless said otherwise.

    `unchecked` are roots that could only be compared with the bodies open. `effects` is None when
    the bodies stayed closed.
    """

    city_id: bytes
    number: int
    made_ms: int
    keyset_version: int | None
    opened: bool
    logs: Sequence[LogVerdict]
    findings: Sequence[Finding]
    receipts: int
    unchecked: int
    effects: int | None

    @property
    def is_good(self) -> bool:
        """Whether nothing bad was found."""
        return not any(finding.is_bad for finding in self.findings)

    @property
    def records(self) -> int:
        """How many records the audited logs have."""
        return sum(log.size for log in self.logs)
