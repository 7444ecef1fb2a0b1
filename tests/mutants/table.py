"""Hand-made mutants of the protocol: one rule of the real code taken away each.

A mutant is one replacement in one module, made when the module is loaded. Who kills it is named:
the simulator's schedules, or tests of the pure parts. A mutant that nobody kills means that a rule
is not needed or not tested.
"""

from typing import Final, NamedTuple


class Mutant(NamedTuple):
    """`old` stands exactly once in `module`; `killers` are test files, none for the simulator."""

    name: str
    module: str
    old: str
    new: str
    killers: tuple[str, ...] = ()


VECTORS: Final = ("tests/protocol/test_vectors.py",)
KEYS: Final = ("tests/protocol/test_keyset.py",)
TRUST: Final = ("tests/protocol/test_trust_messages.py",)
FEEDS: Final = ("tests/protocol/test_feed.py",)
MAILBOX: Final = ("tests/daemon/test_mailbox.py",)
INTAKE: Final = ("tests/city/test_intake.py",)
ARCHIVE: Final = ("tests/city/archive/test_archive.py",)
OPENING: Final = ("tests/city/receiving/test_opening.py",)

MUTANTS: Final = (
    # What the simulator's schedules must find.
    Mutant(
        "signatures are not checked",
        "sync.protocol.cose",
        "        key.verify(parts.signature, _to_be_signed(parts.protected, label, parts.payload))"
        "\n",
        "        pass\n",
    ),
    Mutant(
        "anybody enrolled may speak for anybody",
        "sync.city.receiving.checking",
        "if (station.node_id, station.code) != (node_id, code):",
        "if False:",
    ),
    Mutant(
        "the roots of station and city are not compared",
        "sync.daemon.belief",
        "agrees=head is None or own_roots[state.lid] == state.root,",
        "agrees=True,",
    ),
    Mutant(
        "the station keeps its own cursor",
        "sync.daemon.progress",
        "        city_size=report.city_size,\n",
        "        city_size=max(log.city_size, report.city_size),\n",
    ),
    Mutant(
        "a forked log is still sent",
        "sync.daemon.progress",
        "if _first(session, log) < log.own_size and not log.forked]",
        "if _first(session, log) < log.own_size]",
        ("tests/daemon/test_session.py",),
    ),
    Mutant(
        "a forked log is not journalled again",
        "sync.journal.recovery",
        "        journal.append_copy(connection, record, position, time)\n",
        "        pass\n",
    ),
    Mutant(
        "what is set aside counts as stored",
        "sync.daemon.refusals",
        "logs = replace_log(session.logs, log.lid, aside=max(log.aside, end))",
        "logs = replace_log(session.logs, log.lid, city_size=end)",
        ("tests/daemon/test_refusals.py", "tests/daemon/test_session.py"),
    ),
    Mutant(
        "one command may take effect twice",
        "sync.city.archive.register",
        "    return frozenset(verdict.sequence for verdict in verdicts)\n",
        "    return frozenset()\n",
    ),
    Mutant(
        "the root before a batch is not compared",
        "sync.city.archive.taking_in",
        "if header.first < log.size or header.previous_root != log.root or",
        "if header.first < log.size or",
        ARCHIVE,
    ),
    Mutant(
        "records that overlap are not compared",
        "sync.city.archive.taking_in",
        "if header.first < log.size or header.previous_root != log.root or",
        "if header.first >= log.size and header.previous_root != log.root or",
    ),
    Mutant(
        "the city tells its own root, not that at the smaller size",
        "sync.city.archive.taking_in",
        "    if asked.size >= log.size:\n        return head\n",
        "    return head\n",
        ARCHIVE,
    ),
    Mutant(
        "an answer may belong to another batch",
        "sync.daemon.belief",
        "if (reference.first, reference.count, reference.body_digest) != sent:",
        "if False:",
        MAILBOX,
    ),
    Mutant(
        "a refusal that nobody signed withholds a record",
        "sync.daemon.refusals",
        "    if not isinstance(event, SetAside):\n        return _give_way(session, chance)\n",
        "",
        # A withheld record is given again by itself, so schedules end well all the same.
        ("tests/daemon/test_refusals.py",),
    ),
    Mutant(
        "bodies go before the city's backup has them",
        "edge_node.domain.retention",
        "record.sequence < record.archived\n        and ",
        "",
    ),
    Mutant(
        "what the city promised as archived was never copied",
        "sync.city.archive.kept",
        "UPDATE log SET archived = max(archived, min(opened, ?)) WHERE lid = ?",
        "UPDATE log SET archived = max(opened, ?) WHERE lid = ?",
        ARCHIVE,
    ),
    Mutant(
        "a log that grows again after it was set back is not asked about",
        "sync.daemon.progress",
        "applied=min(report.applied, report.own_size),",
        "applied=report.applied,",
        (
            "tests/simulators/test_simulator.py::test_a_log_set_back_that_grows_again_is_asked_about",
        ),
    ),
    # What the tests of the pure parts must find.
    Mutant(
        "one kind of signature passes as another",
        "sync.protocol.cose",
        "    aad = label.encode()\n",
        '    aad = b""\n',
        VECTORS,
    ),
    Mutant(
        "the body is not the one that was signed",
        "sync.protocol.batch",
        "if (len(body), sha256(body).digest()) != (header.body_bytes, header.body_digest):",
        "if False:",
        VECTORS,
    ),
    Mutant(
        "unsealed bodies are taken",
        "sync.protocol.batch",
        "        if not accept_unsealed:\n",
        "        if False:\n",
        VECTORS,
    ),
    Mutant(
        "sequences may be anything",
        "sync.protocol.entries",
        "        if found != sequence:\n",
        "        if False:\n",
        VECTORS,
    ),
    Mutant(
        "a log's id need not follow from its parts",
        "sync.protocol.batch_header",
        "    _check_log_id(header, id_of)\n",
        "",
        VECTORS,
    ),
    Mutant(
        "any encoding of a value will do",
        "sync.protocol.canonical",
        "    if again.getvalue() != data:\n",
        "    if False:\n",
        VECTORS,
    ),
    Mutant(
        "containers may nest for ever",
        "sync.protocol.heads",
        "    if level >= MAXIMUM_DEPTH:\n",
        "    if False:\n",
        VECTORS,
    ),
    Mutant(
        "a frame may hold more than it promises",
        "sync.protocol.compression",
        "    if len(content) > maximum_bytes:\n",
        "    if False:\n",
        ("tests/protocol/test_compression.py",),
    ),
    Mutant(
        "strings may be put back beyond the promised length",
        "sync.protocol.columns",
        "    if len(texts) + grown > maximum_bytes:\n",
        "    if False:\n",
        ("tests/protocol/test_columns.py",),
    ),
    Mutant(
        "any number of strings may be put back",
        "sync.protocol.columns",
        "    if len(columns.lengths) > MAXIMUM_STRINGS * count:\n",
        "    if False:\n",
        VECTORS,
    ),
    Mutant(
        "columns need not give the length of the plaintext",
        "sync.protocol.columns",
        "    if left_bytes:\n",
        "    if False:\n",
        VECTORS,
    ),
    Mutant(
        "an entry may stand twice among the others",
        "sync.protocol.columns",
        "        if not lowest <= sequence < first + count:\n",
        "        if False:\n",
        VECTORS,
    ),
    Mutant(
        "a text with bytes of its own meaning goes among the texts",
        "sync.protocol.columns",
        "        and TAKEN not in body\n",
        "",
        ("tests/protocol/test_columns.py",),
    ),
    Mutant(
        "a welcome of another session is taken",
        "sync.protocol.handshake",
        "    if fields.bytes_of(4, NONCE_BYTES) != nonce:\n",
        "    if False:\n",
        VECTORS,
    ),
    Mutant(
        "more may be archived or applied than stored",
        "sync.protocol.handshake",
        "    if archived > size or applied > size:\n",
        "    if False:\n",
        VECTORS,
    ),
    Mutant(
        "leaves and inner nodes hash alike",
        "sync.protocol.merkle",
        'return sha256(b"\\x00" + entry).digest()',
        'return sha256(b"\\x01" + entry).digest()',
        VECTORS,
    ),
    Mutant(
        "new roots need no old ones",
        "sync.protocol.keyset",
        "    _check_threshold(parts, trusted)\n",
        "",
        KEYS,
    ),
    Mutant(
        "an old keyset may come back",
        "sync.protocol.keyset",
        "    if keyset.version < trusted.version or (\n",
        "    if (\n",
        KEYS,
    ),
    Mutant(
        "one root may sign twice",
        "sync.protocol.keyset",
        "    if len(signed) < rule.threshold:\n",
        "    if len(parts) < rule.threshold:\n",
        KEYS,
    ),
    Mutant(
        "a revoked key reaches beyond its position",
        "sync.protocol.revocation",
        "    return first + count > dict(revocation.positions).get(lid, 0)\n",
        "    return first > dict(revocation.positions).get(lid, 0)\n",
        TRUST,
    ),
    Mutant(
        "a feed of another city is read",
        "sync.protocol.feed",
        "    if signed.header.node_id != city_node_id(reader.city_id):\n",
        "    if False:\n",
        FEEDS,
    ),
    Mutant(
        "a feed of another station is read",
        "sync.protocol.feed",
        "    if signed.header.station not in {EVERY_STATION, reader.station}:\n",
        "    if False:\n",
        FEEDS,
    ),
    Mutant(
        "a receipt may have another root",
        "sync.daemon.belief",
        "    if receipt.root != batch.root:\n",
        "    if False:\n",
        MAILBOX,
    ),
    Mutant(
        "a receipt may be older than the last",
        "sync.daemon.mailbox",
        "    if row is not None and receipt.size < row.acked:\n",
        "    if False:\n",
        MAILBOX,
    ),
    Mutant(
        "a fork counts as acknowledged",
        "sync.daemon.mailbox",
        "acked = min(report.own_size, state.size) if report.agrees else 0",
        "acked = min(report.own_size, state.size)",
        MAILBOX,
    ),
    Mutant(
        "a gap is not refused",
        "sync.city.intake",
        "    if claim.first > held.size:\n",
        "    if False:\n",
        INTAKE,
    ),
    Mutant(
        "overlapping leaves may differ",
        "sync.city.intake",
        "if diverged or list(claim.leaves[:skip]) != list(overlap):",
        "if diverged:",
        INTAKE,
    ),
    Mutant(
        "the signed root need not follow",
        "sync.city.intake",
        "    if merkle.root(frontier) != claim.root:\n",
        "    if False:\n",
        INTAKE,
    ),
    Mutant(
        "what is opened later need not give the signed root",
        "sync.city.receiving.opening",
        "    if merkle.root(after) != signed.header.root:\n",
        "    if False:\n",
        OPENING,
    ),
    Mutant(
        "a log that lied is trusted again at once",
        "sync.city.archive.taking_in",
        " or log.opened < log.wary_until:\n",
        ":\n",
        ARCHIVE,
    ),
)
"""Every mutant, the simulator's first."""
