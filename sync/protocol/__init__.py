"""WES/1, the ward edge sync protocol: pure functions from values to bytes and back.

Nothing here reads a clock, a file, a socket or a source of randomness; keys, ids and times come in
as arguments. The one exception is sealing, which draws its own ephemeral key inside the library.
The text that binds other implementations is ``sync/SPEC.md``.
"""
