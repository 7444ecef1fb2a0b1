"""The vectors of citizen slips: tokens, the printed text, the end of a slip key."""

from typing import Any, Final

import cbor2

from sync.protocol.canonical import Value, encode
from sync.protocol.slip import (
    Claims,
    base32,
    sign_slip,
    slip_check,
    slip_claims,
    slip_key_id,
    slip_url,
)
from tests.contracts import vector_samples as sample
from tests.contracts.vector_samples import ABSENT, Vector, plain, raw, refuse

RECEIVED: Final = Claims(
    station="26734",
    issued_s=sample.WALL_MS // 1000,
    lid=sample.LID[:8],
    sequence=1,
    dossier="T26734-7KXM-00001-3",
    procedure="1.004194",
    due_day=20_783,
    fee_vnd=15_000,
    leaf=sample.LEAVES[1][:8],
)
TICKET: Final = Claims(
    station="26734",
    issued_s=sample.WALL_MS // 1000,
    lid=sample.LID[:8],
    sequence=2,
    ticket="A013",
)
KID: Final = slip_key_id(raw(sample.SLIP_KEY))


def slip_accepted() -> list[Vector]:
    """A dossier's slip, a ticket's, the same before and behind the end of its key, the text."""
    token = sign_slip(RECEIVED, sample.SLIP_KEY)
    return [
        slip("slip", "A dossier with everything that may be said.", RECEIVED),
        slip("slip-ticket", "A number in the queue and nothing else.", TICKET),
        slip("slip-before-the-end", "Its record is one of the first two.", RECEIVED,
             ended=[[sample.LID.hex(), 2]]) | {"covers": [False]},
        slip("slip-behind-the-end", "Its record is the third.", TICKET,
             ended=[[sample.LID.hex(), 2]]) | {"covers": [True]},
        slip("slip-all-ended", "No slip of the key is good.", RECEIVED,
             ended=None) | {"covers": [True]},
        text("slip-text", "The text of the printed code.", slip_url("tra-cuu.example.vn", token),
             token),
        text("slip-text-typed", "The last part alone, small, with blanks.",
             base32(token).lower()[:20] + " " + base32(token).lower()[20:], token),
    ]  # fmt: skip


def slip_refused() -> list[Vector]:
    """One fault each."""
    token = sign_slip(RECEIVED, sample.SLIP_KEY)
    url = slip_url("tra-cuu.example.vn", token)
    return [
        wrong("flipped-bit", "One bit of the dossier number.", flipped(token, token.index(b"T26")),
              "bad_signature"),
        wrong("unknown-key", "Signed by another slip key.",
              sign_slip(RECEIVED, sample.STRANGER_KEY), "unknown_key"),
        wrong("tagged", "With tag 18.", b"\xd2" + token, "malformed"),
        wrong("trailing-byte", "One byte after the signature.", token + b"\x00", "malformed"),
        wrong("external-data", "Signed under a label.",
              enveloped(fields(RECEIVED), label=b"wes1/receipt"), "bad_signature"),
        wrong("algorithm", "Algorithm -8 instead of -19.",
              enveloped(fields(RECEIVED), protected={1: -8, 4: KID}), "unsupported"),
        wrong("long-key-id", "A key id of eight bytes.",
              enveloped(fields(RECEIVED), protected={1: -19, 4: KID * 2}), "unsupported"),
        wrong("unprotected-header", "Something in the unprotected header.",
              enveloped(fields(RECEIVED), unprotected={5: b"x"}), "malformed"),
        wrong("new-claim", "A claim of a newer protocol.", enveloped(fields(RECEIVED, {-9: 1})),
              "unsupported"),
        wrong("no-position", "Without its position.", enveloped(fields(RECEIVED, {-4: ABSENT})),
              "malformed"),
        wrong("of-nothing", "Neither a dossier nor a ticket.",
              enveloped(fields(RECEIVED, {-1: ABSENT})), "malformed"),
        wrong("long-text", "A procedure of 33 bytes.",
              enveloped(fields(RECEIVED, {-2: "x" * 33})), "malformed"),
        wrong("negative-fee", "A fee below zero.", enveloped(fields(RECEIVED, {-6: -1})),
              "malformed"),
        wrong("too-large", "513 bytes.",
              enveloped(fields(RECEIVED, {100: b"x" * (513 - len(token) - 5)})), "too_large"),
        refuse("slip-text-alphabet", "slip-text", "The digit 0 is not in Base32.",
               (url[:-1] + "0").encode(), "malformed"),
        refuse("slip-text-bits", "slip-text", "Bits left over that are not zero.",
               spoilt_bits(base32(b"four")).encode(), "malformed"),
        refuse("slip-text-other", "slip-text", "The address of something else.",
               b"HTTPS://TRA-CUU.EXAMPLE.VN/X/MFRGG", "malformed"),
        refuse("slip-text-long", "slip-text", "More than any slip has.", b"A" * 1025, "too_large"),
    ]  # fmt: skip


def slip(name: str, about: str, claims: Claims, **given: Any) -> Vector:
    token = sign_slip(claims, sample.SLIP_KEY)
    return {
        "name": name,
        "about": about,
        "reads": "slip",
        "given": given,
        "bytes": token.hex(),
        "expect": "accepted",
        "says": plain(slip_claims(claims)),
        "check": slip_check(token),
        "signers": ["slip"],
        "written": True,
    }


def text(name: str, about: str, printed: str, token: bytes) -> Vector:
    return {
        "name": name,
        "about": about,
        "reads": "slip-text",
        "given": {},
        "bytes": printed.encode().hex(),
        "expect": "accepted",
        "says": plain(token),
    }


def wrong(name: str, about: str, token: bytes, expect: str) -> Vector:
    return refuse(f"slip-{name}", "slip", about, token, expect)


def fields(claims: Claims, change: dict[int | str, Any] | None = None) -> bytes:
    """A payload with other members, ``ABSENT`` for none."""
    members: dict[int | str, Any] = {**slip_claims(claims), **(change or {})}
    kept: dict[int | str, Value] = {
        name: value for name, value in members.items() if value is not ABSENT
    }
    return encode(kept)


def enveloped(
    payload: bytes,
    *,
    protected: dict[int, Any] | None = None,
    unprotected: dict[int, Any] | None = None,
    label: bytes = b"",
) -> bytes:
    """A token with any headers and a good signature, made with cbor2 alone."""
    head = cbor2.dumps(protected or {1: -19, 4: KID}, canonical=True)
    signed = cbor2.dumps(["Signature1", head, label, payload])
    return cbor2.dumps([head, unprotected or {}, payload, sample.SLIP_KEY.sign(signed)])


def flipped(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


def spoilt_bits(url: str) -> str:
    """The last character with its lowest bit set: it holds bits of no byte."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return url[:-1] + alphabet[alphabet.index(url[-1]) | 1]
