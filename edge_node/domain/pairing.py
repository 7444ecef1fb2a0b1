"""The code that makes a browser a kiosk: how long, how often tried, used once.

Responsible for one open code and its end. Rules: digits only, because they are typed at a kiosk
without a keyboard; a code ends with its time, its last wrong try or its first right one; what is
too late or wrong is refused in the same words. Must not know the clock, who types, cookies.
"""

import hmac
from typing import Final, NamedTuple

CODE_DIGITS: Final = 8
CODE_AGE_S: Final = 5 * 60
MAXIMUM_WRONG_TRIES: Final = 5
"""With so many tries a guess succeeds once in twenty million codes."""

RANDOM_BYTES: Final = 16
"""So many that the remainder favours no code."""

MAXIMUM_TYPED_CHARACTERS: Final = 32


class OpenCode(NamedTuple):
    """A code for one seat, made by an officer at a time of the monotonic clock."""

    code: str
    seat: str
    officer_id: str
    made_mono_ms: int
    wrong_tries: int = 0

    @property
    def shown(self) -> str:
        """The code as people read it: "1234 5678"."""
        half = CODE_DIGITS // 2
        return f"{self.code[:half]} {self.code[half:]}"

    @property
    def guessed_out(self) -> bool:
        """Whether it ended because of wrong tries."""
        return self.wrong_tries >= MAXIMUM_WRONG_TRIES

    def left_s(self, mono_ms: int) -> int:
        """Seconds until its time is over, rounded up; 0 when it is."""
        age_ms = mono_ms - self.made_mono_ms
        return max(-(-(CODE_AGE_S * 1000 - age_ms) // 1000), 0)

    def is_open(self, mono_ms: int) -> bool:
        """Whether it can still be used."""
        return self.left_s(mono_ms) > 0 and not self.guessed_out

    def is_typed(self, typed: str) -> bool:
        """Whether this is what was typed; blanks and hyphens do not count."""
        digits = "".join(one for one in typed[:MAXIMUM_TYPED_CHARACTERS] if one not in " -")
        return hmac.compare_digest(digits.encode(), self.code.encode())

    def missed(self) -> "OpenCode":
        """The same code after one more wrong try."""
        return self._replace(wrong_tries=self.wrong_tries + 1)


def draw(random: bytes) -> str:
    """A code from RANDOM_BYTES random bytes."""
    return f"{int.from_bytes(random, 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}}"
