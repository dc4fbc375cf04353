"""What people record and what happens to it on the way: each case is a group of pieces and how ffmpeg makes them.

Every piece is made of a coded source (`tests.support.coded`), so that each of its moments can be found again. A piece
is a chain of steps: ffmpeg's arguments, or a function of the bytes. `{in}` is the file before, `{dir}` where a cover
picture (cover.png), words (words.srt) and another source (other.nut) lie; without `{in}` the arguments stand behind it.

Sources: the project's own field trials; where a public report shows the kind, it stands beside the case.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

Step = str | Callable[[bytes], bytes]
H264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"
AAC = "-c:a aac"
PHONE = f"{H264} {AAC}"
COPY = "-c copy"
X265 = "-c:v libx265 -pix_fmt yuv420p -preset"
WEBM = "-c:v libvpx -deadline realtime -threads 1 -c:a libopus"  # its threads wait for one another by spinning
MPEG4 = f"-c:v mpeg4 -q:v 3 {AAC}"
FINER = f"-c:v libx264 -preset medium -pix_fmt yuv420p {AAC}"
SECOND_SOUND = f"-i {{in}} -i {{dir}}/other.nut -map 0 -map 1:a {PHONE} -shortest"
SECOND_PICTURE = f"-i {{in}} -i {{dir}}/other.nut -map 0 -map 1:v {PHONE} -shortest"
WITH_WORDS = f"-i {{in}} -i {{dir}}/words.srt -map 0 -map 1 {PHONE} -c:s"
COVER_BEHIND = f"-i {{in}} -i {{dir}}/cover.png -map 0 -map 1 {COPY}"
LATE = f"-i {{in}} -itsoffset 0.5 -i {{in}} {COPY}"
WRAPPING = f"{PHONE} -output_ts_offset 95442 -muxdelay 0"
OPEN_GROUPS = f"-c:v libx264 -pix_fmt yuv420p -x264-params open-gop=1:keyint=20:bframes=3 {AAC}"
PAUSE = "-vf setpts=PTS+gte(N\\,30)*3/TB -af asetpts=PTS+gte(T\\,1.2)*3/TB -fps_mode passthrough"


@dataclass(frozen=True)
class Piece:
    """`sources`: numbers of the coded sources, the files of several put one behind the other byte by byte."""

    sources: tuple[int, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Case:
    """A group. `ordinary`: what phones, cameras and screen recorders make day by day, which has to end removed.

    `broken`: no service can join it, and a look at the pieces shows it. `quick`: among the few that every run of the
    tests makes. `seen`: a public report of the kind.
    """

    name: str
    ext: str
    pieces: tuple[Piece, ...]
    ordinary: bool = False
    broken: bool = False
    quick: bool = False
    seen: str = ""


def same(*steps: Step, count: int = 3) -> tuple[Piece, ...]:
    """Pieces that are all made alike."""
    return tuple(Piece((number,), steps) for number in range(1, count + 1))


def unlike(*each: Step | tuple[Step, ...]) -> tuple[Piece, ...]:
    """Pieces that are each made in a way of their own."""
    return tuple(
        Piece((number,), steps if isinstance(steps, tuple) else (steps,)) for number, steps in enumerate(each, 1)
    )


def behind(place: int, *steps: Step) -> tuple[Piece, ...]:
    """Three pieces, of which one is two files put one behind the other by `cat`."""
    return tuple(Piece((n, 4) if n == place else (n,), steps) for n in (1, 2, 3))


# --- changes of bytes -------------------------------------------------------------------------------------------------


def cut_off(share: float) -> Callable[[bytes], bytes]:
    """The first part of a file, as an upload or a recorder that was broken off leaves it."""
    return lambda body: body[: int(len(body) * share)]


def third(part: int) -> Callable[[bytes], bytes]:
    """One of three parts into which a tool for large files split one."""
    return lambda body: body[part * len(body) // 3 : (part + 1) * len(body) // 3]


def without_beginning(body: bytes) -> bytes:
    """What a browser's recorder hands out after its first chunk: clusters without the header."""
    return body[len(body) // 3 :]


def zeroed(body: bytes) -> bytes:
    """A tenth of the file in its middle lost to a bad card."""
    begin, length = len(body) // 2, len(body) // 10
    return body[:begin] + bytes(length) + body[begin + length :]


def claims(seconds: float) -> Callable[[bytes], bytes]:
    """A header that names another length: of FLV its metadata, of Matroska and WebM its info."""

    def changed(body: bytes) -> bytes:
        data = bytearray(body)
        if data.startswith(b"FLV"):
            at = data.index(b"duration") + 9
            data[at : at + 8] = struct.pack(">d", seconds)
            return bytes(data)
        at = data.index(b"\x44\x89")
        size = data[at + 2] & 0x7F
        data[at + 3 : at + 3 + size] = struct.pack(">d" if size == 8 else ">f", seconds * 1000)
        return bytes(data)

    return changed


def without_index(body: bytes) -> bytes:
    """An mp4 whose recorder died before it wrote `moov`."""
    at = body.rindex(b"moov") - 4
    return body[:at]


def replaced(content: bytes) -> Callable[[bytes], bytes]:
    """Something else under the name of a piece."""
    return lambda _: content


HTML = b"<!DOCTYPE html><html><head><title>404</title></head><body>not found</body></html>"
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n0.ts\n#EXT-X-ENDLIST\n"
NOISE = bytes((at * at * 7 + at * 13 + 5) % 251 for at in range(20_000))

# --- the table --------------------------------------------------------------------------------------------------------

ORDINARY = (
    Case("phone: H.264 and AAC in mp4", "mp4", same(f"{PHONE} -r 30 -ar 48000"), quick=True),
    Case("phone held upright", "mp4", same(PHONE, "-display_rotation -90 -i {in} -c copy"), quick=True),
    Case("phone: HEVC in mov", "mov", same(f"-c:v libx265 -preset ultrafast -tag:v hvc1 -pix_fmt yuv420p {AAC}")),
    Case("phone: HEVC in 10 bits", "mp4", same(f"-c:v libx265 -preset ultrafast -pix_fmt yuv420p10le {AAC}")),
    Case(
        "phone: pictures at uneven times",
        "mp4",
        same(f"-vf select=not(between(mod(n\\,15)\\,4\\,7)) -fps_mode vfr {PHONE}"),
        seen="mifi/lossless-cut#2338",
        quick=True,
    ),
    Case("camera: mov with a time code", "mov", same(PHONE, f"-i {{in}} -timecode 01:00:00:00 {COPY}"), quick=True),
    Case("camera: 60 pictures a second", "mp4", same(f"-vf fps=60 {PHONE}")),
    Case(
        "camera: 29.97 pictures a second",
        "mp4",
        same(f"-vf fps=30000/1001 {PHONE}"),
    ),
    Case("camera: 23.976 pictures a second", "mp4", same(f"-vf fps=24000/1001 {PHONE}")),
    Case("camera: interlaced in MTS", "mts", same(f"{H264} -flags +ilme+ildct -c:a ac3 -f mpegts")),
    Case("camera: Motion JPEG and PCM in avi", "avi", same("-c:v mjpeg -pix_fmt yuvj420p -c:a pcm_s16le")),
    Case("camera: MPEG-4 and MP3 in avi", "avi", same("-c:v mpeg4 -q:v 3 -c:a libmp3lame")),
    Case("camera: MPEG-2 in mpg", "mpg", same("-c:v mpeg2video -q:v 3 -c:a mp2")),
    Case("camera: HEVC with reordered pictures in mkv", "mkv", same(f"{X265} ultrafast {AAC}")),
    Case("camcorder: pixels of 4 to 3", "mp4", same(f"-vf setsar=4/3 {PHONE}")),
    Case("dash camera: ts", "ts", same(PHONE), quick=True),
    Case("dash camera: ts whose sound outlasts its picture", "ts", same(f"-vf trim=end=2.2 {PHONE}")),
    Case("security camera: 10 pictures a second, 8 kHz", "mp4", same(f"-vf fps=10 {H264} {AAC} -ar 8000 -ac 1")),
    Case(
        "security camera: no sound",
        "mp4",
        same(f"{H264} -an"),
    ),
    Case("time lapse: one picture a second, no sound", "mp4", same(f"-vf fps=1 {H264} -an")),
    Case("slide film: 5 pictures a second", "mp4", same(f"-vf fps=5 {PHONE}")),
    Case("drone: 640 by 360", "mp4", same(f"-vf scale=480:360,pad=640:360:-1:-1 {PHONE}")),
    Case("screen recorder: mkv", "mkv", same(PHONE), quick=True),
    Case("screen recorder: flv", "flv", same(PHONE), quick=True),
    Case("screen recorder: fragmented mp4", "mp4", same(f"{PHONE} -movflags frag_keyframe+empty_moov"), quick=True),
    Case("screen recorder: 4:4:4", "mp4", same(f"-c:v libx264 -preset ultrafast -pix_fmt yuv444p {AAC}")),
    Case("screen recorder: webm", "webm", same(WEBM)),
    Case("live recorder: flv", "flv", same(f"{PHONE} -flvflags no_duration_filesize")),
    Case("live recorder: ts in pieces of one stream", "ts", same(f"{PHONE} -output_ts_offset 3600")),
    Case("conference: 5.1 sound", "mp4", same(f"{H264} {AAC} -ac 6")),
    Case("podcast: m4a", "m4a", same(f"-vn {AAC}"), quick=True),
    Case(
        "podcast: mp3",
        "mp3",
        same("-vn -c:a libmp3lame"),
    ),
    Case("dictation: mp3 of 8 kHz", "mp3", same("-vn -c:a libmp3lame -ar 8000 -ac 1")),
    Case("dictation: wav", "wav", same("-vn -c:a pcm_s16le")),
    Case("dictation: ogg", "ogg", same("-vn -c:a libopus")),
    Case("music: flac", "flac", same("-vn -c:a flac")),
    Case("voice: aac", "aac", same("-vn -c:a aac")),
    Case("a group of two", "mp4", same(PHONE, count=2)),
    Case("a group of eight", "mp4", same(PHONE, count=8)),
)

UNLIKE = (
    Case(
        "another size in the middle",
        "mp4",
        unlike(PHONE, f"-vf scale=240:180 {PHONE}", PHONE),
        seen="PHP-FFMpeg/PHP-FFMpeg#395",
    ),
    Case(
        "another frame rate in the middle",
        "mp4",
        unlike(PHONE, f"-vf fps=50 {PHONE}", PHONE),
        quick=True,
        seen="mifi/lossless-cut#1315",
    ),
    Case(
        "the first has one picture a second",
        "mp4",
        unlike(f"-vf fps=1 {PHONE}", PHONE, PHONE),
        quick=True,
        seen="mifi/lossless-cut#566",
    ),
    Case(
        "five frame rates",
        "mp4",
        unlike(*(f"-vf fps={rate} {PHONE}" for rate in ("24000/1001", "24", "30000/1001", "50", "60000/1001"))),
    ),
    Case("the last has five pictures a second", "mp4", unlike(PHONE, PHONE, f"-vf fps=5 {PHONE}")),
    Case(
        "another time base",
        "mp4",
        unlike(PHONE, f"{PHONE} -video_track_timescale 90000", PHONE),
        seen="mifi/lossless-cut#455",
    ),
    Case("mp3 sound in the middle", "mp4", unlike(PHONE, f"{H264} -c:a libmp3lame", PHONE)),
    Case("HEVC in the middle", "mp4", unlike(PHONE, f"-c:v libx265 -preset ultrafast {AAC}", PHONE)),
    Case("another sample rate", "mp4", unlike(PHONE, f"{PHONE} -ar 22050", PHONE)),
    Case("mono in the middle", "mp4", unlike(f"{PHONE} -ac 2", f"{PHONE} -ac 1", f"{PHONE} -ac 2")),
    Case("5.1 in the last", "mp4", unlike(PHONE, PHONE, f"{PHONE} -ac 6")),
    Case("one held upright", "mp4", unlike(PHONE, (PHONE, "-display_rotation -90 -i {in} -c copy"), PHONE)),
    Case(
        "other pixels' shape",
        "mp4",
        unlike(PHONE, f"-vf setsar=4/3 {PHONE}", PHONE),
        seen="protonemedia/laravel-ffmpeg#177",
    ),
    Case("other pixel format", "mp4", unlike(PHONE, f"-c:v libx264 -preset ultrafast -pix_fmt yuv422p {AAC}", PHONE)),
    Case(
        "sound before picture in one",
        "mp4",
        unlike(PHONE, (PHONE, f"-i {{in}} -map 0:a -map 0:v {COPY}"), PHONE),
        quick=True,
    ),
    Case(
        "the first has no sound",
        "mp4",
        unlike((PHONE, f"-i {{in}} -an {COPY}"), PHONE, PHONE),
        quick=True,
        seen="transitive-bullshit/ffmpeg-concat#46",
    ),
    Case("the second has no sound", "mp4", unlike(PHONE, (PHONE, f"-i {{in}} -an {COPY}"), PHONE)),
    Case("the last has no sound", "mp4", unlike(PHONE, PHONE, (PHONE, f"-i {{in}} -an {COPY}"))),
    Case("the second has no picture", "mp4", unlike(PHONE, f"-vn {AAC}", PHONE)),
    Case("the first has no picture", "mp4", unlike(f"-vn {AAC}", PHONE, PHONE), seen="mifi/lossless-cut#566"),
    Case("H.264 with other parameter sets", "mp4", unlike(PHONE, FINER, PHONE), seen="mifi/lossless-cut#945"),
    Case(
        "H.264 of one profile with other parameter sets",
        "mp4",
        unlike(f"{PHONE} -refs 1", f"{PHONE} -refs 4 -x264-params ref=4:level=3.1", f"{PHONE} -refs 1"),
    ),
    Case(
        "HEVC with other parameter sets",
        "mp4",
        unlike(*(f"-c:v libx265 -preset {p} -pix_fmt yuv420p {AAC}" for p in ("ultrafast", "medium", "ultrafast"))),
        quick=True,
    ),
    Case("MPEG-4 with other parameter sets", "mp4", unlike(MPEG4, f"{MPEG4} -mpeg_quant 1 -flags +mv4", MPEG4)),
    Case("H.264 with other parameter sets in ts", "ts", unlike(PHONE, FINER, PHONE)),
)

TRACKS = (
    Case("two tracks of sound", "mp4", same(SECOND_SOUND), quick=True, seen="mifi/lossless-cut#82"),
    Case("two tracks of sound in mkv", "mkv", same(SECOND_SOUND)),
    Case("a second track of sound in one", "mp4", unlike(PHONE, SECOND_SOUND, PHONE)),
    Case("two pictures, front and rear", "mp4", same(SECOND_PICTURE)),
    Case("subtitles", "mp4", same(f"{WITH_WORDS} mov_text"), quick=True),
    Case("subtitles in mkv", "mkv", same(f"{WITH_WORDS} srt")),
    Case("subtitles in the last", "mp4", unlike(PHONE, PHONE, f"{WITH_WORDS} mov_text")),
    Case(
        "a cover behind the film",
        "mp4",
        same(PHONE, f"{COVER_BEHIND} -disposition:v:1 attached_pic"),
    ),
    Case(
        "a cover as first picture",
        "mkv",
        same(PHONE, f"-i {{dir}}/cover.png -i {{in}} -map 0 -map 1 {COPY}"),
        quick=True,
    ),
    Case("a cover in m4a", "m4a", same(f"-vn {AAC}", f"{COVER_BEHIND} -disposition:v:0 attached_pic")),
    Case(
        "a cover in mp3",
        "mp3",
        same("-vn -c:a libmp3lame", f"{COVER_BEHIND} -disposition:v:0 attached_pic"),
    ),
    Case("chapters and titles", "mp4", same(f"{PHONE} -metadata title=讲座 -metadata comment=🎓")),
)

TIMES = (
    Case(
        "cut without encoding: an edit list in the first",
        "mp4",
        unlike((PHONE, f"-ss 0.7 -i {{in}} {COPY}"), PHONE, PHONE),
        quick=True,
        seen="mifi/lossless-cut#1843",
    ),
    Case("an edit list in each", "mp4", same(PHONE, f"-ss 0.7 -i {{in}} {COPY}")),
    Case("a long edit list in the last", "mp4", unlike(PHONE, PHONE, (PHONE, f"-ss 1.5 -i {{in}} {COPY}"))),
    Case("late sound", "mp4", same(PHONE, f"{LATE} -map 0:v -map 1:a")),
    Case(
        "late picture",
        "mp4",
        same(PHONE, f"{LATE} -map 1:v -map 0:a"),
    ),
    Case("late sound in ts", "ts", same(PHONE, f"{LATE} -map 0:v -map 1:a")),
    Case("late sound in flv", "flv", same(PHONE, f"{LATE} -map 0:v -map 1:a")),
    Case("late picture in mkv", "mkv", same(PHONE, f"{LATE} -map 1:v -map 0:a")),
    Case("sound ends early", "mp4", same(f"-af atrim=end=1.6 {PHONE}"), seen="mifi/lossless-cut#634", quick=True),
    Case("picture ends early", "mp4", same(f"-vf trim=end=1.6 {PHONE}"), seen="kkroening/ffmpeg-python#564"),
    Case("sound ends early in the last", "mp4", unlike(PHONE, PHONE, f"-af atrim=end=1.0 {PHONE}")),
    Case(
        "a clock that begins at 100 s",
        "ts",
        same(f"{PHONE} -output_ts_offset 100"),
    ),
    Case("a clock that wraps", "ts", same(WRAPPING)),
    Case("a clock that wraps in the middle", "ts", unlike(PHONE, WRAPPING, PHONE)),
    Case("pictures that refer to those before the cut", "ts", same(OPEN_GROUPS, f"-ss 0.9 -i {{in}} {COPY}")),
    Case("B-pictures", "mp4", same(f"-c:v libx264 -pix_fmt yuv420p -bf 3 {AAC}")),
    Case(
        "two ts files put behind one another as the first",
        "ts",
        behind(1, PHONE),
        quick=True,
        seen="Franiac/TwitchLeecher#79",
    ),
    Case("two ts files put behind one another as the last", "ts", behind(3, PHONE)),
    Case("two flv files put behind one another", "flv", behind(2, PHONE)),
    Case(
        "two mp4 files put behind one another",
        "mp4",
        behind(2, PHONE),
    ),
    Case("two mpg files put behind one another", "mpg", behind(2, "-c:v mpeg2video -q:v 3 -c:a mp2")),
    Case("two mkv files put behind one another", "mkv", behind(2, PHONE)),
    Case(
        "two mp3 files put behind one another", "mp3", behind(2, "-vn -c:a libmp3lame -write_xing 0 -id3v2_version 0")
    ),
    Case("two aac files put behind one another", "aac", behind(2, "-vn -c:a aac")),
    Case("flv whose header says one second", "flv", unlike((PHONE, claims(1.0)), PHONE, PHONE), quick=True),
    Case(
        "mkv whose header says one second",
        "mkv",
        unlike((PHONE, claims(1.0)), PHONE, PHONE),
    ),
    Case("mkv whose header says two thirds", "mkv", unlike(PHONE, (PHONE, claims(1.6)), PHONE)),
    Case("flv whose headers all say two thirds", "flv", same(PHONE, claims(1.6))),
    Case("webm whose header says one second", "webm", unlike((WEBM, claims(1.0)), WEBM, WEBM)),
    Case("flv whose header says an hour", "flv", unlike((PHONE, claims(3600.0)), PHONE, PHONE)),
    Case(
        "webm of a browser, without length",
        "webm",
        same(f"{WEBM} -live 1"),
        quick=True,
        seen="yusitnikov/fix-webm-duration#1",
    ),
    Case("a pause of three seconds in ts", "ts", unlike(PHONE, f"{PAUSE} {PHONE}", PHONE)),
    Case("very short pieces", "mp4", same(f"-t 0.2 {PHONE}")),
    Case("one short piece in the middle", "mp4", unlike(PHONE, f"-t 0.2 {PHONE}", PHONE), quick=True),
    Case("one picture in the middle", "mp4", unlike(PHONE, f"-frames:v 1 -an {H264}", PHONE)),
    Case("a piece of one second among longer ones", "mp4", unlike(PHONE, f"-t 1 {PHONE}", PHONE)),
    Case("mp3 without a header, changing rate", "mp3", same("-vn -c:a libmp3lame -q:a 4 -write_xing 0")),
    Case("silence in the first half", "mp4", same(f"-af volume=0:enable=lt(t\\,1.2) {PHONE}")),
    Case(
        "a still picture with sound",
        "mp4",
        same(f"-vf select=eq(n\\,0),tpad=stop_mode=clone:stop_duration=2.36 {PHONE}"),
    ),
)

BROKEN = (
    Case("ts cut off in the middle", "ts", unlike(PHONE, (PHONE, cut_off(0.6)), PHONE)),
    Case(
        "mp4 with its index cut off",
        "mp4",
        unlike(PHONE, (f"{PHONE} -movflags +faststart", cut_off(0.6)), PHONE),
    ),
    Case("mkv cut off in the middle", "mkv", unlike(PHONE, (PHONE, cut_off(0.6)), PHONE)),
    Case("flv cut off in the middle", "flv", unlike(PHONE, (PHONE, cut_off(0.6)), PHONE)),
    Case("ts with a hole", "ts", unlike(PHONE, (PHONE, zeroed), PHONE)),
    Case("mp4 with a hole", "mp4", unlike(PHONE, (PHONE, zeroed), PHONE), quick=True),
    Case("flv with a hole", "flv", unlike(PHONE, (PHONE, zeroed), PHONE)),
    Case("an html page", "mp4", unlike(PHONE, (PHONE, replaced(HTML)), PHONE), broken=True, quick=True),
    Case("an html page as the first", "mp4", unlike((PHONE, replaced(HTML)), PHONE, PHONE), broken=True),
    Case(
        "an mp4 without its index",
        "mp4",
        unlike(PHONE, (PHONE, without_index), PHONE),
        broken=True,
        quick=True,
        seen="anthwlock/untrunc#63",
    ),
    Case("an empty file", "mp4", unlike(PHONE, PHONE, (PHONE, replaced(b""))), broken=True),
    Case("noise", "mp4", unlike(PHONE, (PHONE, replaced(NOISE)), PHONE), broken=True),
    Case("a playlist", "mp4", unlike(PHONE, (PHONE, replaced(PLAYLIST)), PHONE), broken=True),
    Case(
        "a browser's chunks without their header",
        "webm",
        unlike(*((f"{WEBM} -live 1", *change) for change in ((), (without_beginning,), (without_beginning,)))),
        broken=True,
        seen="Vexa-ai/vexa#302",
    ),
    Case("one mp4 split into three", "mp4", tuple(Piece((1,), (PHONE, third(n))) for n in range(3)), broken=True),
)

CASES = (
    *(Case(c.name, c.ext, c.pieces, True, c.broken, c.quick, c.seen) for c in ORDINARY),
    *UNLIKE,
    *TRACKS,
    *TIMES,
    *BROKEN,
)
