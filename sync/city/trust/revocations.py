"""Ends a station's key: a signed revocation on the shelf, and word of it to every station.

Responsible for: which keys are meant, the positions up to which they stay good, and putting the
revocation where running servers find it. Rules: a revocation is never taken back; a later one may
only take more away, because all of them hold. It must not know HTTP.
"""

from collections.abc import Iterable, Sequence

from sync.city.feeds.publishing import announce_key_change
from sync.city.trust.enrolment import EnrolmentError, Fault, Registrar
from sync.city.trust.stations import REVOCATIONS, SUFFIX
from sync.protocol.limits import LOG_ID_BYTES
from sync.protocol.revocation import Revocation, sign_revocation

Positions = Sequence[tuple[bytes, int]] | None


def parse_positions(texts: Iterable[str]) -> tuple[tuple[bytes, int], ...]:
    """`LOG:SIZE` each, LOG in hex. Raises ValueError."""
    positions = []
    for text in texts:
        log, _, size = text.partition(":")
        lid = bytes.fromhex(log)
        if len(lid) != LOG_ID_BYTES or not size.isdigit():
            raise ValueError(f"{text!r} is not like {'0' * 32}:128")
        positions.append((lid, int(size)))
    return tuple(positions)


async def revoke(
    registrar: Registrar, station: int, kid: bytes, what: tuple[Positions, str]
) -> list[Revocation]:
    """Revoke the station's keys, or the one with this id, beyond `what`: positions and reason.

    Raises EnrolmentError for a station or a key that is not enrolled, ArchiveError.
    """
    positions, reason = what
    await registrar.stations.refresh()
    keys = registrar.stations.keys_of(station)
    found = [one for one in keys if not kid or one.kid == kid]
    if not found:
        raise EnrolmentError(Fault.STRANGER)
    now_ms = registrar.clock_ms()
    done = []
    for one in found:
        revocation = Revocation(
            node_id=one.node_id,
            kid=one.kid,
            positions=None if positions is None else tuple(positions),
            reason=reason,
            at_ms=now_ms,
        )
        message = sign_revocation(revocation, registrar.identity.ca_key)
        name = f"{one.node_id.hex()}-{one.kid.hex()}-{now_ms}{SUFFIX}"
        await registrar.shelf.write(REVOCATIONS, name, message)
        await announce_key_change(registrar.shelf, message, one.kid.hex(), now_ms)
        done.append(revocation)
    await registrar.stations.refresh()
    return done
