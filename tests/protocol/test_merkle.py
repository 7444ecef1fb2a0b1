"""The tree against the definitions of RFC 9162, written out naively."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol import merkle
from sync.protocol.errors import ProtocolError


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162 §2.1.1, over leaf hashes."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def leaves_of(size: int) -> list[bytes]:
    return [merkle.leaf_hash(str(number).encode()) for number in range(size)]


def test_a_leaf_is_hashed_with_its_own_prefix() -> None:
    assert merkle.leaf_hash(b"x") == sha256(b"\x00x").digest()


@pytest.mark.parametrize("size", range(70))
def test_roots_follow_the_definition(size: int) -> None:
    assert merkle.root_of(leaves_of(size)) == naive_root(leaves_of(size))


@given(st.integers(0, 300), st.integers(0, 50))
def test_a_frontier_carries_on_where_it_stopped(before: int, after: int) -> None:
    leaves = leaves_of(before + after)
    frontier = merkle.extend(merkle.EMPTY_FRONTIER, 0, leaves[:before])
    assert len(frontier) == before.bit_count()
    frontier = merkle.extend(merkle.unpack(merkle.pack(frontier)), before, leaves[before:])
    assert merkle.root(frontier) == naive_root(leaves)


def test_an_odd_frontier_is_refused() -> None:
    with pytest.raises(ProtocolError):
        merkle.unpack(b"x" * 33)


@given(st.integers(1, 40), st.data())
def test_inclusion_is_proved(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = leaves_of(size)
    root = naive_root(leaves)
    proof = merkle.inclusion_proof(leaves, index)
    assert merkle.verify_inclusion(leaves[index], index, size, proof, root)
    assert not merkle.verify_inclusion(leaves[index - 1], index, size, proof, b"\x00" * 32)
    assert not merkle.verify_inclusion(leaves[index], index, size, [*proof, root], root)
    if proof:
        assert not merkle.verify_inclusion(leaves[index], index, size, proof[:-1], root)
        other = data.draw(st.integers(0, size - 1).filter(lambda number: number != index))
        assert not merkle.verify_inclusion(leaves[index], other, size, proof, root)


def test_a_leaf_outside_the_tree_is_not_included() -> None:
    assert not merkle.verify_inclusion(b"", 3, 3, [], b"")
    with pytest.raises(ValueError, match="outside"):
        merkle.inclusion_proof(leaves_of(3), 3)


@given(st.integers(1, 40), st.data())
def test_consistency_is_proved(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    leaves = leaves_of(new)
    roots = (naive_root(leaves[:old]), naive_root(leaves))
    proof = merkle.consistency_proof(leaves, old)
    assert merkle.verify_consistency(old, new, roots, proof)
    assert not merkle.verify_consistency(old, new, (b"\x00" * 32, roots[1]), proof)
    assert not merkle.verify_consistency(old, new, (roots[0], b"\x00" * 32), proof)
    assert not merkle.verify_consistency(old, new, roots, [*proof, roots[0]])
    if proof:
        assert not merkle.verify_consistency(old, new, roots, proof[:-1])


def test_consistency_needs_a_size_to_start_from() -> None:
    roots = (merkle.EMPTY_ROOT, merkle.root_of(leaves_of(3)))
    assert not merkle.verify_consistency(0, 3, roots, [])
    assert not merkle.verify_consistency(0, 0, (roots[0], roots[0]), [])
    assert not merkle.verify_consistency(3, 2, roots, [])
    assert not merkle.verify_consistency(3, 5, roots, [])
    with pytest.raises(ValueError, match="outside"):
        merkle.consistency_proof(leaves_of(3), 0)
