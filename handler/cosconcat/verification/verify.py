"""Is the output whole? Pure arithmetic on what was probed; the caller makes the calls.

The rule that matters: *the loss of the shortest fragment must always be seen.* A join whose output misses less than
half of its shortest fragment cannot have lost one; anything beyond is not trusted, and on any doubt inputs stay.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from cosconcat.model import Head, Media, OutputFile, ProbeError

DRIFT_SECONDS = 0.1  # encoder padding and frame rounding at one joint: an AAC frame is 23 ms, a video frame 40 ms
SIZE_TOLERANCE = 0.05
_GRID = 100  # steps to a second when losses are added up

_PLAIN_MD5 = re.compile(r"[0-9a-fA-F]{32}")
_SEGMENT_SECONDS = re.compile(r"#EXTINF:\s*([0-9.]+)")


@dataclass(frozen=True)
class Verified:
    """The output holds all of it; `figures` is JSON-able and says on what grounds."""

    figures: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Unverified:
    """Not shown to be whole; `reason` is for a person, `figures` (JSON-able) for checking it.

    `doubt` says that the output may still be what the person wants: it is kept beside its fragments, not given up.
    """

    reason: str
    figures: Mapping[str, object] = field(default_factory=dict)
    doubt: bool = False


Verdict = Verified | Unverified


@dataclass(frozen=True)
class Piece:
    """One part of the join as it was probed; `start` and `end` (seconds, decimal text) as sent to CI.

    Leave them empty for a direct join: CI ignores trims there.
    """

    key: str
    media: Media | ProbeError
    start: str = ""
    end: str = ""

    @property
    def seconds(self) -> float:
        """What it contributes to the output; 0 when its length is not known."""
        if isinstance(self.media, ProbeError):
            return 0.0
        length = self.media.duration or 0.0
        end = min(float(self.end), length) if self.end else length
        return max(end - (float(self.start) if self.start else 0.0), 0.0)


def check_duration(expected: Sequence[Piece], output: Media, transition_seconds: float = 0.0) -> Verdict:
    """Whether the output is as long as its pieces together, or, with transitions, shorter by what they overlap.

    A loss costs at least the shortest piece, so less than half of that missing is none. An excess is held to the
    same bound: a longer output holds something that was not asked for (a piece twice, another version of one), and
    an excess as large as half a piece could hide the loss of one. Whether a transition shortens the output is not
    documented; where it does, (N − 1) · `transition_seconds` are missing, and that is believed only if the loss of no
    set of pieces would look the same.
    """
    figures: dict[str, object] = {
        "expected_seconds": round(sum(piece.seconds for piece in expected), 3),
        "output_seconds": round(output.duration or 0.0, 3),
        "fragments": len(expected),
        "shortest_seconds": round(min((piece.seconds for piece in expected), default=0.0), 3),
    }
    if transition_seconds:
        figures["transition_seconds"] = transition_seconds
    unreadable = [f"{piece.key} ({_why_unreadable(piece)})" for piece in expected if piece.seconds <= 0]
    if unreadable or not expected:
        return Unverified(f"no length to compare with: {', '.join(unreadable[:5]) or 'no fragments'}", figures)
    if not output.duration:
        return Unverified("the output's length is not known", figures)

    lengths = [piece.seconds for piece in expected]
    missing = sum(lengths) - output.duration
    drift = min(DRIFT_SECONDS * len(lengths), min(lengths) / 2)
    if missing <= -min(lengths) / 2:
        return Unverified(f"the output is {-missing:.3f} s longer than its fragments together", figures)
    if missing < min(lengths) / 2:
        return Verified(figures)
    overlap = (len(lengths) - 1) * transition_seconds
    if overlap <= 0 or abs(missing - overlap) >= drift:
        return Unverified(f"{missing:.3f} s of the fragments are missing from the output", figures)
    if _loss_looks_like(missing, lengths, transition_seconds, drift):
        return Unverified(
            f"the output is {missing:.3f} s shorter: by its transitions or by a lost fragment, which looks the same",
            figures,
        )
    return Verified(figures)


def check_tracks(
    expected: Sequence[Piece], output: Media, left_out: Collection[str] = (), overlap: float = 0.0
) -> Verdict:
    """Whether each picture and each sound track of the pieces is in the output, as long as the pieces' together.

    `left_out` are the kinds (`video`, `audio`) that the request itself asked to leave out, `overlap` the seconds by
    which transitions may have shortened the whole. A length that is not told cannot be compared; a track that is longer
    than the pieces' (silence filled in) is whole.
    """
    probed = [(piece, piece.media) for piece in expected if isinstance(piece.media, Media)]
    for kind in ("video", "audio"):
        if kind in left_out:
            continue
        here = _lengths(output, kind)
        for piece, media in probed:
            there = len(_lengths(media, kind))
            if there > len(here):
                words = f"the output has {_tracks(len(here), kind)}, {piece.key} has {_tracks(there, kind)}"
                return Unverified(words, {"track": kind}, doubt=True)
        for rank, length in enumerate(here):
            tracks = ((piece, _lengths(media, kind)[rank:]) for piece, media in probed)
            parts = [min(found[0], piece.seconds) for piece, found in tracks if found and found[0]]
            if length is not None and parts and sum(parts) - overlap - length >= min(parts) / 2:
                name = f"{kind} track {rank + 1}"
                words = f"{name} of the output has {length:.3f} s, the fragments' together {sum(parts):.3f} s"
                figures = {"track": name, "expected_seconds": round(sum(parts), 3), "output_seconds": length}
                return Unverified(words, figures, doubt=True)
    return Verified()


def _lengths(media: Media, kind: str) -> list[float | None]:
    return [stream.duration for stream in media.streams if stream.kind == kind]


def _tracks(count: int, kind: str) -> str:
    return f"no {kind}" if not count else f"{count} {kind} tracks" if count > 1 else f"1 {kind} track"


def check_size(sizes: Sequence[int], output: int) -> Verdict:
    """For direct joins: whether the output's bytes are the sum of its fragments' bytes, within 5 %.

    And within half the smallest fragment: among twenty or more, 5 % would hide one.
    """
    figures: dict[str, object] = {"expected_bytes": sum(sizes), "output_bytes": output, "fragments": len(sizes)}
    if not sizes or min(sizes) <= 0:
        return Unverified("a fragment is empty, or there is none", figures)
    allowed = SIZE_TOLERANCE * sum(sizes)
    missing = sum(sizes) - output
    if missing > allowed or missing >= min(sizes) / 2:
        return Unverified(f"{missing} bytes of the fragments are missing from the output", figures)
    if -missing > allowed:
        return Unverified(f"the output has {-missing} bytes more than its fragments", figures)
    return Verified(figures)


def check_object(file: OutputFile, head: Head, media: Media | None) -> Verdict:
    """Whether the object that lies there is the one the job wrote: size as MediaInfo says, MD5 where both are plain.

    The ETag of a multipart upload is no MD5 (it ends in `-<parts>`) and is not compared.
    """
    figures: dict[str, object] = {"key": head.object.key, "etag": head.object.etag, "bytes": head.object.size}
    if head.object.size == 0:
        return Unverified(f"{head.object.key} is empty", figures)
    if media is not None and media.size and media.size != head.object.size:
        return Unverified(f"{head.object.key} has {head.object.size} bytes, the job wrote {media.size}", figures)
    plain = _PLAIN_MD5.fullmatch(file.md5) and _PLAIN_MD5.fullmatch(head.object.etag)
    if plain and file.md5.lower() != head.object.etag.lower():
        return Unverified(f"{head.object.key} has MD5 {head.object.etag}, the job wrote {file.md5}", figures)
    return Verified(figures)


@dataclass(frozen=True)
class Playlist:
    """An `hls` output's m3u8: the length it promises, the keys of its segments in order, and whether it is closed."""

    seconds: float
    segments: tuple[str, ...]
    ended: bool


def read_playlist(body: bytes, key: str) -> Playlist:
    """The playlist stored under `key`; segment names are relative to its folder, as HLS has it (RFC 8216, 4.1)."""
    lines = [line.strip() for line in body.decode(errors="replace").splitlines()]
    seconds = sum(float(found[1]) for line in lines if (found := _SEGMENT_SECONDS.match(line)) and _is_number(found[1]))
    names = [line for line in lines if line and not line.startswith("#")]
    return Playlist(seconds, tuple(_segment_key(name, key) for name in names), "#EXT-X-ENDLIST" in lines)


def check_playlist(playlist: Playlist, heads: Mapping[str, Head | None]) -> Verdict:
    """For `hls`, whose output is many objects: the playlist is closed, and every segment is there with content.

    Then `Media(playlist.seconds, …)` goes through `check_duration` like any other output.
    """
    figures: dict[str, object] = {"segments": len(playlist.segments), "output_seconds": round(playlist.seconds, 3)}
    if not playlist.segments or not playlist.ended:
        return Unverified("the playlist names no segments or has no end", figures)
    gone = [key for key in playlist.segments if (head := heads.get(key)) is None or head.object.size == 0]
    if gone:
        return Unverified(f"segments missing or empty: {', '.join(gone[:5])}", {**figures, "missing": len(gone)})
    return Verified(figures)


def _loss_looks_like(missing: float, lengths: Sequence[float], transition: float, drift: float) -> bool:
    """Whether some set of lost pieces explains `missing` seconds (within `drift`) as well as transitions do.

    Without overlap a loss costs the pieces themselves. With overlap each lost piece takes one transition with it, so it
    shows as its length less that, on top of the overlap. Sums of sets are kept as bits of one number, a grid apart.
    """
    if min(lengths) - transition <= 2 * drift:
        return True
    slack = round(drift * _GRID) + len(lengths)  # each length is rounded to the grid
    lowest, highest = max(round(missing * _GRID) - slack, 1), round(missing * _GRID) + slack
    within = (1 << (highest + 1)) - 1
    reachable = 1
    for length in lengths:
        if length * _GRID <= highest:
            reachable |= (reachable << round(length * _GRID)) & within
    return bool(reachable >> lowest)


def _why_unreadable(piece: Piece) -> str:
    return piece.media.code if isinstance(piece.media, ProbeError) else "no duration"


def _segment_key(name: str, playlist_key: str) -> str:
    parts = urlsplit(name)
    if parts.scheme or name.startswith("/"):
        return unquote(parts.path).removeprefix("/")
    return f"{playlist_key.rpartition('/')[0]}/{unquote(parts.path)}".removeprefix("/")


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[0-9]+(\.[0-9]*)?|\.[0-9]+", text) is not None
