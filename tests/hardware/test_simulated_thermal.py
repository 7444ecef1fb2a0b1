"""The ESC/POS interpreter: any stream, any split."""

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hardware.printing.escpos import compose
from hardware.simulated.thermal import (
    Band,
    Cut,
    Event,
    InOrderQuestion,
    Interpreter,
    RealTimeQuestion,
    command_length,
)
from tests.hardware.conftest import png


def events_of(*pieces: bytes) -> list[Event]:
    interpreter = Interpreter(576)
    return [event for piece in pieces for event in interpreter.feed(piece)]


def test_job_of_the_driver_is_understood_completely() -> None:
    interpreter = Interpreter(576)
    events = interpreter.feed(compose(png(Image.new("1", (576, 200), 0)), 576))
    assert [type(event) for event in events] == [Band, Band, Cut]
    assert interpreter.unknown_bytes == 0


def test_questions_keep_their_place_among_the_bands() -> None:
    band = b"\x1dv0\x00\x01\x00\x01\x00\xff"
    assert events_of(b"\x1b@" + band + b"\x1dr\x01\x10\x04\x04") == [
        Band(1),
        InOrderQuestion(1),
        RealTimeQuestion(4),
    ]


def test_picture_narrower_than_the_paper_is_left_aligned_on_white() -> None:
    (_, cut) = events_of(b"\x1dv0\x00\x01\x00\x01\x00\xff\x1dVB\x10")
    assert isinstance(cut, Cut)
    assert cut.page.size == (576, 17)
    assert [cut.page.getpixel((x, 0)) for x in (0, 7, 8)] == [0, 0, 1]


@given(st.binary(max_size=200), st.integers(1, 50))
def test_split_does_not_matter(stream: bytes, size: int) -> None:
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    whole, split = events_of(stream), events_of(*pieces)
    assert [type(event) for event in whole] == [type(event) for event in split]


@given(st.binary(min_size=1, max_size=8))
def test_every_command_has_a_length_or_needs_more(head: bytes) -> None:
    length = command_length(head)
    assert length is None or length >= 1
    assert length is not None or len(head) < 8
