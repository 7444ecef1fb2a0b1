"""The sheet that stands in for the node when it is dead: numbered and signed beforehand."""

from datetime import datetime

import msgspec

from edge_node.documents.model.common import Sheet


class ContinuitySlip(msgspec.Struct, frozen=True, kw_only=True):
    """One pre-numbered slip: the desk's stub above, the citizen's part below.

    Rules: the number is reserved for paper and comes into the books exactly once; everything
    about the person is written by pen. `index` of `count` counts within the printed kit.
    """

    paper: Sheet = "A4"
    superior_agency: str = ""
    agency: str
    place: str
    hotline: str = ""
    kit: str  # the kit's own short name
    index: int
    count: int
    dossier_number: str
    token_url: str = ""
    check: str = ""
    printed_at: datetime
    reprint: bool = False


class ContinuityKit(msgspec.Struct, frozen=True, kw_only=True):
    """All sheets of a kit that are still unused, one page each."""

    paper: Sheet = "A4"
    agency: str
    sheets: tuple[ContinuitySlip, ...]
    printed_at: datetime
    reprint: bool = False
