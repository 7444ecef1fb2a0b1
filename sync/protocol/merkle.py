"""The Merkle tree of a log (RFC 9162 §2.1): frontier, roots, inclusion and consistency proofs.

A frontier holds the roots of the perfect subtrees of a log, largest first; their sizes are the
binary digits of the log's size. It is all that an appender keeps. Hashes are 32 bytes (SHA-256).
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, TypeAlias

from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.limits import DIGEST_BYTES

Frontier: TypeAlias = tuple[bytes, ...]

EMPTY_ROOT: Final = sha256().digest()
EMPTY_FRONTIER: Final[Frontier] = ()


def leaf_hash(entry: bytes) -> bytes:
    """The leaf of one encoded record."""
    return sha256(b"\x00" + entry).digest()


def _join(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def append(frontier: Frontier, size: int, leaf: bytes) -> Frontier:
    """The frontier after one more leaf; ``size`` is the number of leaves before it."""
    kept = len(frontier)
    while size & 1:
        kept -= 1
        leaf = _join(frontier[kept], leaf)
        size >>= 1
    return (*frontier[:kept], leaf)


def extend(frontier: Frontier, size: int, leaves: Iterable[bytes]) -> Frontier:
    """The frontier after many more leaves; ``size`` is the number of leaves before them.

    Whole levels at a time: each node is made once and no frontier in between.
    """
    nodes = list(leaves)
    kept = len(frontier)
    last: list[bytes] = []
    while nodes:
        if size & 1:
            kept -= 1
            nodes.insert(0, frontier[kept])
        if len(nodes) & 1:
            last.append(nodes.pop())
        pairs = zip(nodes[::2], nodes[1::2], strict=True)
        nodes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        size >>= 1
    return (*frontier[:kept], *reversed(last))


def root(frontier: Frontier) -> bytes:
    """The root of the whole log."""
    if not frontier:
        return EMPTY_ROOT
    result = frontier[-1]
    for subtree in reversed(frontier[:-1]):
        result = _join(subtree, result)
    return result


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaves, from the first one on."""
    return root(extend(EMPTY_FRONTIER, 0, leaves))


def pack(frontier: Frontier) -> bytes:
    """The frontier as one byte string, for a database column."""
    return b"".join(frontier)


def unpack(data: bytes) -> Frontier:
    """The frontier that ``pack`` wrote."""
    if len(data) % DIGEST_BYTES:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "frontier length")
    return tuple(data[at : at + DIGEST_BYTES] for at in range(0, len(data), DIGEST_BYTES))


def _split(size: int) -> int:
    """The largest power of two smaller than ``size`` (≥ 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of leaf ``index`` among all these leaves (RFC 9162 §2.1.3.1)."""
    if not 0 <= index < len(leaves):
        raise ValueError("index outside the tree")
    path: list[bytes] = []
    while len(leaves) > 1:
        split = _split(len(leaves))
        if index < split:
            path.append(root_of(leaves[split:]))
            leaves = leaves[:split]
        else:
            path.append(root_of(leaves[:split]))
            leaves, index = leaves[split:], index - split
    return path[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes
) -> bool:
    """Whether the proof leads from this leaf to the root of ``size`` leaves (RFC 9162 §2.1.3.2)."""
    return root_of_proof(leaf, index, size, proof) == expected_root


def root_of_proof(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that an audit path leads to, or None when its length is wrong."""
    if not 0 <= index < size:
        return None
    number, last, result = index, size - 1, leaf
    for node in proof:
        if last == 0:
            return None
        if number & 1 or number == last:
            result = _join(node, result)
            while not number & 1:
                number, last = number >> 1, last >> 1
        else:
            result = _join(result, node)
        number, last = number >> 1, last >> 1
    return result if last == 0 else None


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Proof that the first ``old_size`` leaves are a prefix of all of them (RFC 9162 §2.1.4.1)."""
    if not 0 < old_size <= len(leaves):
        raise ValueError("old size outside the tree")
    path: list[bytes] = []
    complete = True
    while old_size < len(leaves):
        split = _split(len(leaves))
        if old_size <= split:
            path.append(root_of(leaves[split:]))
            leaves = leaves[:split]
        else:
            path.append(root_of(leaves[:split]))
            leaves, old_size, complete = leaves[split:], old_size - split, False
    if not complete:
        path.append(root_of(leaves))
    return path[::-1]


def verify_consistency(
    old_size: int, new_size: int, roots: tuple[bytes, bytes], proof: Sequence[bytes]
) -> bool:
    """Whether the log with ``roots[1]`` extends that with ``roots[0]`` (RFC 9162 §2.1.4.2)."""
    if old_size == new_size:
        return not proof and roots[0] == roots[1] and old_size > 0
    if not 0 < old_size < new_size:
        return False
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, roots[0])
    if not path:
        return False
    return _fold_consistency(old_size - 1, new_size - 1, path) == roots


def _fold_consistency(number: int, last: int, path: list[bytes]) -> tuple[bytes, bytes] | None:
    """Old and new root as the path gives them, or None when its length is wrong."""
    while number & 1:
        number, last = number >> 1, last >> 1
    old = new = path[0]
    for node in path[1:]:
        if last == 0:
            return None
        if number & 1 or number == last:
            old, new = _join(node, old), _join(node, new)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            new = _join(new, node)
        number, last = number >> 1, last >> 1
    return (old, new) if last == 0 else None
