"""What the conversation needs from the parts beside it: the line, the feeds, the attachments.

Responsible for the forms only: values and Protocols. Rules: an implementation stores what it
verified before it answers, and says what went wrong as an event instead of raising (only a broken
sync.db is raised). It must not know who implements them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from sync.daemon.answers import Answer
from sync.daemon.events import Failed, PartSent, Problem, Pulled
from sync.protocol.handshake import Welcome
from sync.protocol.limits import MAXIMUM_CONTROL_BYTES
from sync.protocol.session_extras import FeedHead

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


class Request(NamedTuple):
    """One exchange with the city; `path` begins with `/v1/`, with its query.

    The session's bearer token is added when `bearer` is set. `patience_s` is how long the city may
    be silent (a long poll); None takes the usual time. A longer answer than `maximum_bytes` fails.
    """

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = NO_HEADERS
    bearer: bool = False
    patience_s: float | None = None
    maximum_bytes: int = MAXIMUM_CONTROL_BYTES


class Line(Protocol):
    """Bytes to the one enrolled city and back."""

    async def ask(self, request: Request) -> Answer:
        """The answer, whatever its status. Raises `transport.TransportError`."""


class FeedReader(Protocol):
    """Reads the city's logs into sync.db."""

    async def heads(self) -> tuple[FeedHead, ...]:
        """How far every feed has been read: HELLO key 8."""

    async def welcomed(self, welcome: Welcome) -> bool:
        """Take over what a verified welcome says of feeds; whether any of them is behind."""

    async def pull(self) -> Pulled | Problem | Failed:
        """Fetch, verify and store one batch of a feed that is behind; `more`: another one is."""

    async def listen(self, wait_s: float) -> bool:
        """Wait at the city for news, at most so long, beside whatever else is sent.

        True when there is something to pull, or something was stored; False when there is nothing
        to listen to, or the city did not answer: it is not called again before the next welcome.
        It may be cancelled at any await, and is before `pull` is called.
        """


class BlobSender(Protocol):
    """Sends attachments, strictly below events: the conversation asks for one part at a time."""

    async def welcomed(self, welcome: Welcome) -> bool:
        """Take over the city's wishes, budget and window; whether anything is to be sent now."""

    async def waiting(self) -> bool:
        """Whether anything may be sent now; asked when the journal has grown."""

    async def send_part(self) -> PartSent | Problem | Failed:
        """Send one part (64 to 256 KiB) of the attachment whose turn it is."""
