"""What people at a counter do with the queue; each file is one kind of action.

Rules of all of them: one transaction changes the number, its evidence and the journal; a form names
the number its reader saw, so that a double press never skips a person.
"""

from edge_node.usecases.queue.call import call_next, pick, recall
from edge_node.usecases.queue.end import back, finish, no_show
from edge_node.usecases.queue.present import (
    MAXIMUM_CALLS,
    Call,
    as_call,
    at_counter,
    present_call,
    seen_as,
)
from edge_node.usecases.queue.priority import give_priority
from edge_node.usecases.queue.transfer import Destination, transfer
from edge_node.usecases.queue.visit import add_services

__all__ = [
    "MAXIMUM_CALLS",
    "Call",
    "Destination",
    "add_services",
    "as_call",
    "at_counter",
    "back",
    "call_next",
    "finish",
    "give_priority",
    "no_show",
    "pick",
    "present_call",
    "recall",
    "seen_as",
    "transfer",
]
