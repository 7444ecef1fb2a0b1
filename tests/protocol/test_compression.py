"""Compression: exact, and bounded on the way back."""

import tracemalloc

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from sync.dictionary import CURRENT_DICTIONARY, DICTIONARIES, choose_dictionary
from sync.protocol.columns import to_columns
from sync.protocol.compression import DENSE_LEVEL, MAXIMUM_FRAME_BYTES, compress, decompress
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.limits import MAXIMUM_WINDOW_LOG
from tests.contracts.dictionary_train import sample_records

DICTIONARY = CURRENT_DICTIONARY.content


@given(st.binary(max_size=500), st.sampled_from([b"", DICTIONARY]))
def test_what_is_compressed_is_decompressed(data: bytes, dictionary: bytes) -> None:
    assert decompress(compress(data, dictionary), dictionary, len(data)) == data


@given(st.binary(max_size=100))
def test_any_bytes_are_a_frame_or_refused(data: bytes) -> None:
    for frame in (data, compress(b"x" * 100, b"")[:6] + data):
        try:
            assert len(decompress(frame, DICTIONARY, 50)) <= 50
        except ProtocolError as error:
            assert error.code in {  # noqa: PT017  both ends are allowed
                ProtocolErrorCode.CANNOT_DECOMPRESS,
                ProtocolErrorCode.TOO_LARGE,
            }


def refused(data: bytes, maximum_bytes: int) -> ProtocolErrorCode:
    with pytest.raises(ProtocolError) as caught:
        decompress(data, b"", maximum_bytes)
    return caught.value.code


def test_one_byte_too_many_is_too_large() -> None:
    frame = compress(b"x" * 100, b"")
    assert refused(frame, 99) is ProtocolErrorCode.TOO_LARGE
    assert refused(frame, MAXIMUM_FRAME_BYTES + 1) is ProtocolErrorCode.TOO_LARGE


def test_exactly_one_whole_frame() -> None:
    frame = compress(b"x" * 100, b"")
    assert refused(frame + b"\x00", 100) is ProtocolErrorCode.CANNOT_DECOMPRESS
    assert refused(frame + frame, 200) is ProtocolErrorCode.CANNOT_DECOMPRESS
    assert refused(frame[:-1], 100) is ProtocolErrorCode.CANNOT_DECOMPRESS
    assert refused(b"", 100) is ProtocolErrorCode.CANNOT_DECOMPRESS


def test_a_bomb_takes_no_memory() -> None:
    # 1 GiB of zeros in 32 KiB, made without ever holding them.
    compressor = zstd.ZstdCompressor()
    bomb = b"".join(compressor.compress(bytes(1 << 20)) for _ in range(1024)) + compressor.flush()
    assert len(bomb) < 1 << 17
    tracemalloc.start()
    try:
        assert refused(bomb, 4096) is ProtocolErrorCode.TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_a_window_beyond_the_limit_is_refused() -> None:
    options: dict[int, int] = {zstd.CompressionParameter.window_log: MAXIMUM_WINDOW_LOG + 1}
    compressor = zstd.ZstdCompressor(options=options)
    # Streaming: a frame that tells its size gets a smaller window.
    frame = compressor.compress(b"x" * 100, zstd.ZstdCompressor.FLUSH_BLOCK) + compressor.flush()
    assert refused(frame, 100) is ProtocolErrorCode.CANNOT_DECOMPRESS


def test_the_dictionary_pays_for_itself() -> None:
    records = sample_records(seed=1, dossiers=1)
    plaintext = b"".join(records)
    assert len(compress(plaintext, DICTIONARY)) * 3 < len(compress(plaintext, b"")) * 2
    assert len(DICTIONARY) <= 64 << 10


def test_the_newest_common_dictionary_is_chosen() -> None:
    assert choose_dictionary((1, 99)) == CURRENT_DICTIONARY
    assert choose_dictionary((99,)) is None
    assert DICTIONARIES[CURRENT_DICTIONARY.number] == CURRENT_DICTIONARY.content


def test_more_work_makes_fewer_bytes_of_the_same_form() -> None:
    columns = to_columns(sample_records(seed=1, dossiers=100), 0)
    shared = CURRENT_DICTIONARY.content
    dense = compress(columns, shared, DENSE_LEVEL)
    assert len(dense) < len(compress(columns, shared))
    assert decompress(dense, shared, len(columns)) == columns
