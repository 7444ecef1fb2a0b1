"""The counter's keyboard: one table that the page and its help are both made of.

Rules: a key means one thing on every page; to give an action another key, change it here. No key of
the table is what a code scanner sends first.
"""

from typing import Final, NamedTuple


class Key(NamedTuple):
    """An action, its key as the browser names it, and the text that explains it."""

    action: str
    key: str
    text: str


KEYS: Final = (
    Key("help", "F1", "desk.key.help"),
    Key("find", "/", "desk.key.find"),
    Key("next", "F2", "counter.queue.next"),
    Key("recall", "F3", "counter.queue.recall"),
    Key("no_show", "F4", "counter.queue.no_show"),
    Key("transfer", "F6", "desk.key.transfer"),
    Key("photograph", "F7", "desk.key.photograph"),
    Key("money_seen", "Alt+M", "desk.key.money_seen"),
    Key("receive", "F9", "counter.decide.receive"),
    Key("supplement", "F10", "counter.decide.supplement"),
    Key("undo", "Alt+Z", "desk.key.undo"),
    Key("work", "Alt+1", "desk.key.work"),
    Key("lists", "Alt+2", "desk.key.lists"),
    Key("page_next", "PageDown", "desk.key.page_next"),
    Key("page_before", "PageUp", "desk.key.page_before"),
    Key("lock", "Alt+L", "desk.key.lock"),
    Key("close", "Escape", "desk.key.close"),
)

KEY_OF: Final = {one.action: one.key for one in KEYS}
SHOWN: Final = {"Escape": "Esc", "PageDown": "PgDn", "PageUp": "PgUp"}
"""What stands on the key cap when it is not the browser's name."""


def cap(key: str) -> str:
    """What stands on the key."""
    return SHOWN.get(key, key)
