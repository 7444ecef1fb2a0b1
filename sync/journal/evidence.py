"""The protocol's own records as journal events: time anchors, acknowledgements, alerts.

Responsible for the lane each kind travels in. Their command id follows from what they say, so that
saying the same thing twice is one record. It must not know where the facts come from.
"""

from collections.abc import Mapping
from typing import Final

from sync.journal.journal import LANE_DOSSIERS, LANE_URGENT, JournalEvent
from sync.protocol.control_records import ControlBody, control_record
from sync.protocol.record import Kind, RecordTime

LANES: Final[Mapping[int, int]] = {
    int(Kind.TIME_ANCHOR): LANE_DOSSIERS,
    int(Kind.FEED_ACK): LANE_DOSSIERS,
    int(Kind.KEY_ROTATION): LANE_URGENT,
    int(Kind.ALERT): LANE_URGENT,
}

_NO_TIME: Final = RecordTime(0, None, 0)


def event_of(content: ControlBody) -> JournalEvent:
    """What to append so that the city has the station's signed word on it."""
    record = control_record(content, 0, _NO_TIME)
    return JournalEvent(
        record.eid,
        record.kind,
        record.subject,
        record.version,
        record.body,
        record.content_type,
        LANES[record.kind],
    )
