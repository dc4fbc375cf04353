"""Is the object that lies there the one that the job wrote, and, for direct joins, has it the bytes of its pieces?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from cosconcat.model import Head, Media, OutputFile
from cosconcat.verification.join import KINDS, JoinOptions
from cosconcat.verification.streams import counted
from cosconcat.verification.verdict import Unverified, Verdict, Verified

SIZE_TOLERANCE = 0.05  # share of the pieces' bytes: containers' own bytes differ

_PLAIN_MD5 = re.compile(r"[0-9a-fA-F]{32}")


def check_object(file: OutputFile, head: Head, media: Media | None) -> Verdict:
    """Whether the object that lies there is the one the job wrote: size as MediaInfo says, MD5 where both are plain.

    The ETag of a multipart upload is no MD5 (it ends in `-<parts>`), nor is that of an object which the service
    encrypts (document 436/7749); both are not compared.
    """
    figures: dict[str, object] = {"key": head.object.key, "etag": head.object.etag, "bytes": head.object.size}
    if head.object.size == 0:
        return Unverified(f"{head.object.key} is empty", figures, "object")
    if media is not None and media.size and media.size != head.object.size:
        return Unverified(
            f"{head.object.key} has {head.object.size} bytes, the job wrote {media.size}", figures, "object"
        )
    plain = not head.encrypted and _PLAIN_MD5.fullmatch(file.md5) and _PLAIN_MD5.fullmatch(head.object.etag)
    if plain and file.md5.lower() != head.object.etag.lower():
        return Unverified(f"{head.object.key} has MD5 {head.object.etag}, the job wrote {file.md5}", figures, "object")
    return Verified(figures)


def check_size(sizes: Sequence[int], output: int) -> Verdict:
    """For direct joins: whether the output's bytes are the sum of its fragments' bytes, within 5 %.

    And within half the smallest fragment: among twenty or more, 5 % would hide one.
    """
    figures: dict[str, object] = {"expected_bytes": sum(sizes), "output_bytes": output, "fragments": len(sizes)}
    if not sizes or min(sizes) <= 0:
        return Unverified("a fragment is empty, or there is none", figures, "size")
    allowed = SIZE_TOLERANCE * sum(sizes)
    missing = sum(sizes) - output
    if missing > allowed or missing >= min(sizes) / 2:
        return Unverified(f"{missing} bytes of the fragments are missing from the output", figures, "size")
    if -missing > allowed or -missing >= min(sizes) / 2:
        return Unverified(f"the output has {-missing} bytes more than its fragments", figures, "size")
    return Verified(figures)


def check_kinds(key: str, piece: Media, output: Media, options: JoinOptions) -> Verdict:
    """For direct joins judged by bytes: whether the output has as many streams of each kind as the piece `key`."""
    expected = Counter(
        kind for kind in KINDS for rank in range(len(counted(piece, kind))) if options.requires(kind, rank)
    )
    there = Counter(kind for kind in KINDS for _ in counted(output, kind))
    figures: dict[str, object] = {"expected_streams": dict(expected), "output_streams": dict(there)}
    for kind in KINDS:
        if there[kind] < expected[kind]:
            reason = f"{key} has {expected[kind]} {kind} stream(s), the output {there[kind]}"
            return Unverified(reason, figures, "kinds")
    if not expected:
        return Unverified(f"{key}: its probe shows no stream", figures, "kinds", "play the output")
    return Verified(figures)
