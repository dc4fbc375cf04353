"""Was a direct join possible, which copies packets: CONCAT_DIRECT, DirectConcat in the API."""

from __future__ import annotations

from cosconcat.job.mixed import differences
from cosconcat.model import Media, Stream
from cosconcat.verification.join import Join
from cosconcat.verification.streams import counted

COPIED = 0.95  # share of the bytes of its pieces that a direct join must carry


def copied(join: Join) -> str:
    """A direct join that carries fewer bytes than its pieces."""
    if not join.options.direct or join.options.removed or join.output.format != join.pieces[0].shown.format:
        return ""
    bytes_in, bytes_out = sum(_payload(piece.shown) for piece in join.pieces), _payload(join.output)
    if bytes_out < COPIED * bytes_in:
        return f"the output carries {bytes_out:.0f} bytes, its pieces {bytes_in:.0f}"
    for track in join.tracks:
        own = [counted(piece.shown, track.kind)[track.rank : track.rank + 1] for piece in join.pieces]
        told = [_bytes(stream) for streams in own for stream in streams]
        carried, wanted = _bytes(track.output) if track.output else None, sum(filter(None, told))
        if carried is not None and None not in told and carried < COPIED * wanted:
            return f"{track.label} of the output has {carried:.0f} bytes, in the pieces {wanted:.0f}"
    return ""


def unlike(join: Join) -> str:
    """Packets copied from pieces that differ: the output describes the first of them only."""
    if not join.options.direct:
        return ""
    found = differences([(piece.key, piece.shown) for piece in join.pieces])
    return f"joined without transcoding, but {found[0]}" if found else ""


def configurations(join: Join) -> str:
    """A direct join whose pieces' decoder configurations were not shown to be equal."""
    if not join.options.direct or len(join.pieces) < 2 or join.options.configurations == "alike":
        return ""
    if join.options.configurations == "unlike":
        return "joined without transcoding, but the decoder configurations of the pieces differ"
    return "joined without transcoding, and the decoder configurations of the pieces were not compared"


def _bytes(stream: Stream) -> float | None:
    """Of one stream; None where its bitrate is not told."""
    return stream.bitrate * 125 * stream.duration if stream.bitrate and stream.duration else None


def _payload(media: Media) -> float:
    """Bytes of the streams that count; of the whole file where their bitrates are not told."""
    streams = (*counted(media, "video"), *media.of("audio"))
    if streams and all(stream.bitrate and stream.duration for stream in streams):
        return sum((stream.bitrate or 0.0) * 125 * (stream.duration or 0.0) for stream in streams)
    return float(media.size)
