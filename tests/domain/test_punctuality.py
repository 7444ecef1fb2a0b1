"""How dates were kept: the result's day counts, a second supplement is late, doubt is neither."""

from datetime import date

import pytest

from edge_node.domain.dossier import DossierState
from edge_node.domain.punctuality import Facts, Kept, Share, judge, share

TODAY, DUE = date(2026, 11, 23), date(2026, 11, 20)
EARLY, AFTER = date(2026, 11, 19), date(2026, 11, 22)
FINISHED, HANDED_OVER = DossierState.FINISHED, DossierState.HANDED_OVER


@pytest.mark.parametrize(
    ("facts", "kept"),
    [
        (Facts(FINISHED, DUE, 0, DUE, None), Kept.ON_TIME),
        (Facts(FINISHED, DUE, 0, AFTER, None), Kept.LATE),
        (Facts(HANDED_OVER, DUE, 1, EARLY, AFTER), Kept.ON_TIME),
        (Facts(HANDED_OVER, DUE, 2, EARLY, EARLY), Kept.LATE),
        (Facts(HANDED_OVER, DUE, 0, None, EARLY), Kept.ON_TIME),
        (Facts(HANDED_OVER, DUE, 0, None, AFTER), Kept.UNKNOWN),
        (Facts(DossierState.IN_PROCESS, DUE, 0, None, None), Kept.LATE),
        (Facts(DossierState.PAUSED, DUE, 0, None, None), Kept.OPEN),
        (Facts(DossierState.IN_PROCESS, TODAY, 0, None, None), Kept.OPEN),
    ],
)
def test_how_a_date_was_kept(facts: Facts, kept: Kept) -> None:
    assert judge(facts, TODAY) is kept


def test_a_share_is_of_what_is_known() -> None:
    found = share([Kept.ON_TIME, Kept.ON_TIME, Kept.LATE, Kept.OPEN, Kept.UNKNOWN])
    assert found == Share(2, 1)
    assert found.percent == 66
    assert share([Kept.OPEN]).percent is None
