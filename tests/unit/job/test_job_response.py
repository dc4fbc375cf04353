"""Answers of CI, including every oddity seen in documents and SDKs, and bodies that are broken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cosconcat.errors import InvalidInput
from cosconcat.job.media import read_media
from cosconcat.job.response import job_from_details, read_jobs
from cosconcat.model import Bucket, Media, OutputFile, Stream
from cosconcat.naming.keys import EXTENSIONS
from cosconcat.output.key import expand

MD5 = "d41d8cd98f00b204e9800998ecf8427e"
DONE: dict[str, Any] = {
    "Code": "Success",
    "State": "Success",
    "Tag": "Concat",
    "JobId": "j1",
    "EndTime": "2026-01-05T10:00:00+0800",
    "Operation": {
        "MediaInfo": {
            "Format": {"Duration": "12.3", "Size": "1234567", "Bitrate": "800.1"},
            "Stream": {
                "Video": {"CodecName": "h264", "Profile": "High", "Width": "1280", "Height": "720", "Fps": "50/1"},
                "Audio": {"CodecName": "aac", "SampleRate": "44100", "Channel": "2"},
            },
        },
        "MediaResult": {
            "OutputFile": {
                "Bucket": "demo-1250000000",
                "ObjectName": "out/x.mp4",
                "Md5Info": {"Md5": MD5.upper(), "ObjectName": "out/x.mp4"},
            }
        },
        "Output": {"Bucket": "demo-1250000000", "Object": "out/x.${ext}", "Region": "ap-guangzhou"},
        "UserData": "group-17",
    },
}


def operation(**nodes: object) -> dict[str, Any]:
    """DONE with other nodes in its Operation."""
    return {**DONE, "Operation": {**DONE["Operation"], **nodes}}


def files(written: object, asked: str = "out/x.mp4", **nodes: object) -> tuple[OutputFile, ...]:
    """The files of a job with this MediaResult.OutputFile."""
    output = {"Bucket": "demo-1250000000", "Object": asked, "Region": "ap-guangzhou"}
    return job_from_details(operation(MediaResult={"OutputFile": written}, Output=output, **nodes)).files


def test_a_finished_job_is_read() -> None:
    """Everything that verification needs."""
    job = job_from_details(DONE)
    assert (job.id, job.tag, job.state, job.user_data) == ("j1", "Concat", "Success", "group-17")
    assert (job.output, job.output_key) == (Bucket("demo-1250000000", "ap-guangzhou"), "out/x.${ext}")
    assert job.files == (OutputFile("out/x.mp4", MD5),)
    assert job.ended == 1767578400
    video = Stream("video", "h264", fps=50.0, profile="High", width=1280, height=720)
    audio = Stream("audio", "aac", sample_rate=44100, channels=2)
    assert job.media == Media(12.3, 1234567, (video, audio), bitrate=800.1)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"ObjectName": "out/x.mp4"}, ["out/x.mp4"]),
        ({"ObjectName": ["out/x.m3u8", "out/x0.ts"]}, ["out/x.m3u8", "out/x0.ts"]),
        ([{"ObjectName": "a"}, {"ObjectName": "b"}], ["a", "b"]),
        ({"ObjectName": "x.mp4", "ObjectPrefix": "out/"}, ["out/x.mp4"]),
        ({"ObjectName": "out/x.mp4", "ObjectPrefix": "out/"}, ["out/x.mp4"]),
        ({"ObjectName": "out/x.mp4", "ObjectPrefix": None}, ["out/x.mp4"]),
        ({"ObjectName": "/out/x.mp4"}, ["out/x.mp4"]),
        ({"ObjectName": "out/${jobid}.mp4"}, ["out/j1.mp4"]),
        ({"ObjectName": "out/${jobid}.${ext}"}, ["out/j1.${ext}"]),
        ({"ObjectName": None}, []),
        ({}, []),
        ("", []),
        (None, []),
        ([], []),
    ],
)
def test_written_files_have_whole_keys(written: object, expected: list[str]) -> None:
    """One or several, with a prefix apart, a leading slash, wildcards left as they were, or none."""
    assert [file.key for file in files(written)] == expected


def test_a_leading_slash_stays_where_the_key_was_asked_for_with_one() -> None:
    """Then it is part of the key."""
    assert files({"ObjectName": "/x.mp4"}, asked="/x.mp4") == (OutputFile("/x.mp4"),)


@pytest.mark.parametrize("container", EXTENSIONS)
def test_an_unexpanded_format_is_taken_from_the_echoed_request(container: str) -> None:
    """Where the echo has a Container, `${ext}` is known, and the same as for the key that was claimed."""
    echo = {"Container": {"Format": container}}
    written = expand("o/a.${ext}", container)
    assert written == f"o/a.{EXTENSIONS[container]}"
    assert files({"ObjectName": "o/a.${ext}"}, ConcatTemplate=echo) == (OutputFile(written),)


@pytest.mark.parametrize(
    ("sums", "md5s"),
    [
        ({"ObjectName": "a", "Md5": MD5}, [MD5, ""]),
        ([{"ObjectName": "b", "Md5": MD5}, {"ObjectName": "a", "Md5": "0" * 32}], ["0" * 32, MD5]),
        ({"ObjectName": "/a", "Md5": MD5}, [MD5, ""]),
        ({"ObjectName": "c", "Md5": MD5}, ["", ""]),
        ({"ObjectName": "a", "Md5": "not a checksum"}, ["", ""]),
        (None, ["", ""]),
    ],
)
def test_checksums_belong_to_their_file(sums: object, md5s: list[str]) -> None:
    """Matched by key, never by place; what is no MD5 is none."""
    assert [file.md5 for file in files({"ObjectName": ["a", "b"], "Md5Info": sums})] == md5s


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("2026-01-05T10:00:00+0800", 1767578400),
        ("2026-01-05T02:00:00Z", 1767578400),
        ("-", 0),
        ("", 0),
        (None, 0),
        ("yesterday", 0),
    ],
)
def test_times_are_epoch_seconds_or_unknown(time: object, seconds: int) -> None:
    """`-` stands for a time that is not known yet; older samples have an empty element."""
    assert job_from_details({**DONE, "EndTime": time}).ended == seconds


@pytest.mark.parametrize(
    "info",
    [
        None,
        "",
        {},
        {"Format": "", "Stream": ""},
        {"Format": {"Duration": "12"}},
        {"Format": {"Size": "x"}},
        {"Format": {"Duration": "x", "Size": "1"}},
    ],
)
def test_a_job_without_usable_media_information_has_none(info: object) -> None:
    """Unfinished jobs carry empty elements; a guess would not be a proof."""
    assert job_from_details(operation(MediaInfo=info)).media is None


def test_several_streams_are_all_read_and_numbers_may_be_numbers() -> None:
    """JSON may hold numbers, and a stream may stand in a list."""
    video = {"CodecName": "h264", "Width": 640, "Height": 480, "AvgFps": 25.0}
    info = {"Format": {"Duration": 2, "Size": 10.0}, "Stream": {"Video": [video, {"CodecName": "mjpeg"}], "Audio": {}}}
    media = job_from_details(operation(MediaInfo=info)).media
    picture = Stream("video", "h264", width=640, height=480, avg_fps=25.0)
    assert media == Media(2.0, 10, (picture, Stream("video", "mjpeg")))


@pytest.mark.parametrize("details", [{}, {"State": "Success"}, [], "text", None, {"JobId": ""}, {"JobId": {}}])
def test_a_job_without_an_id_is_refused(details: object) -> None:
    """It could not be re-read, so nothing can follow from it."""
    with pytest.raises(InvalidInput, match="JobId"):
        job_from_details(details)


@pytest.mark.parametrize("operation_", ["", None, [], {}, "x", {"Output": [], "MediaResult": 5, "UserData": {"a": 1}}])
def test_a_job_with_an_odd_operation_is_still_a_job(operation_: object) -> None:
    """Its id and state are what matters; the rest is empty."""
    job = job_from_details({"JobId": "j1", "State": "Running", "Operation": operation_})
    assert (job.id, job.state, job.user_data, job.output_key, job.files) == ("j1", "Running", "", "", ())


def test_a_listing_has_jobs_a_token_and_unknown_ids() -> None:
    """One or several of each."""
    body = b"""<Response>
    <JobsDetail><JobId>j1</JobId></JobsDetail><JobsDetail/><Code>Success</Code><Message/>
    <JobsDetail><JobId>j2</JobId></JobsDetail><NextToken>225508</NextToken><NonExistJobIds>j3, j4</NonExistJobIds>
    <NonExistJobIds>j5</NonExistJobIds></Response>"""
    read = read_jobs(body)
    assert [job.id for job in read.jobs] == ["j1", "j2"]
    assert (read.next_token, read.missing) == ("225508", ("j3", "j4", "j5"))


@pytest.mark.parametrize(
    ("inner", "why"),
    [
        ("<Code>InternalError</Code><Message>try later</Message>", "an error, InternalError try later"),
        ("<Code>InternalError</Code><JobsDetail><JobId>j1</JobId></JobsDetail>", "an error, InternalError"),
        ("<Message>try later</Message>", "an error, try later"),
        ("<Code>Success</Code><Code>InternalError</Code>", "an error"),
        ("<NextToken>1</NextToken><NextToken>2</NextToken>", "NextToken"),
        ("<NextToken><a>1</a></NextToken>", "NextToken"),
        ("<JobsDetail><JobId/></JobsDetail>", "JobsDetail.JobId: missing"),
        ("<JobsDetail><JobId>j1</JobId></JobsDetail><JobsDetail><State>Success</State></JobsDetail>", "JobId: missing"),
        ("<JobsDetail>busy</JobsDetail>", "JobsDetail"),
    ],
)
def test_half_an_answer_is_none(inner: str, why: str) -> None:
    """A job of ours could be in what is missing: taken for all of it, it would be posted again."""
    with pytest.raises(InvalidInput, match=why):
        read_jobs(f"<Response>{inner}</Response>".encode())


@pytest.mark.parametrize("body", [b"<Response/>", b"<Response></Response>", b"<Response><JobsDetail/></Response>"])
def test_an_empty_listing_is_no_error(body: bytes) -> None:
    """No job, no next page."""
    assert read_jobs(body) == ((), "", ())


BROKEN = {
    "nothing": b"",
    "text": b"Bad Gateway",
    "a page": b"<!DOCTYPE html><html></html>",
    "unclosed": b"<Response><JobsDetail><Tag>Concat<Tag></JobsDetail></Response>",
    "misspelt": b"<Response><MediaInfo></MeidaInfo></Response>",
    "only an end": b"<Response></Message></Response>",
    "json": json.dumps(DONE).encode(),
    "entities": b'<!DOCTYPE R [<!ENTITY a "aaa">]><Response><JobsDetail><JobId>&a;</JobId></JobsDetail></Response>',
    "external": b'<!DOCTYPE R SYSTEM "file:///etc/passwd"><Response/>',
    "undefined entity": b"<Response>&x;</Response>",
    "deep": b"<a>" * 5000 + b"</a>" * 5000,
    "not utf-8": b"<Response>\xff</Response>",
    "unknown encoding": b"<?xml version='1.0' encoding='klingon'?><Response/>",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=list(BROKEN))
def test_a_broken_body_is_a_typed_error(body: bytes) -> None:
    """Some printed samples are not well-formed; a document type is never read."""
    with pytest.raises(InvalidInput):
        read_jobs(body)
    with pytest.raises(InvalidInput):
        read_media(body)


def test_another_document_is_not_an_answer() -> None:
    """An error body where jobs were expected."""
    with pytest.raises(InvalidInput, match="root is Error"):
        read_jobs(b"<Error><Code>X</Code></Error>")


def test_a_probe_is_read() -> None:
    """`?ci-process=videoinfo`, with every stream in the file's own order and a rate as a decimal."""
    body = b"""<Response><MediaInfo>
    <Format><Duration>5.33</Duration><Size>7309593</Size><StartTime>-0.02</StartTime><Bitrate>900.5</Bitrate>
    <FormatName>mov,mp4</FormatName><NumStream>5</NumStream></Format>
    <Stream><Video><Index>1</Index><CodecName>h264</CodecName><Profile>High</Profile><Level>31</Level>
    <Width>640</Width><Height>360</Height><Fps>15.000000</Fps><AvgFps>15/1</AvgFps><NumFrames>80</NumFrames>
    <Timebase>1/15360</Timebase><PixFormat>yuv420p</PixFormat><Sar>4:3</Sar><Rotation>90</Rotation>
    <StartTime>0.066667</StartTime><Duration>5.3</Duration><Bitrate>800</Bitrate></Video>
    <Audio><Index>0</Index><CodecName>aac</CodecName><SampleRate>48000</SampleRate><Channel>1</Channel>
    <Language>zho</Language></Audio>
    <Audio><Index>2</Index><CodecName>mp3</CodecName><Duration>N/A</Duration></Audio>
    <Subtitle><Index>3</Index><CodecName>mov_text</CodecName><Duration>4</Duration></Subtitle>
    </Stream></MediaInfo></Response>"""
    video = Stream(
        "video", "h264", 1, 0.066667, 5.3, 80, 15.0, 15.0, 800.0, "High", "31", 640, 360, "yuv420p", "4:3", 90.0,
        "1/15360",
    )  # fmt: skip
    audio = Stream("audio", "aac", 0, sample_rate=48000, channels=1, language="zho")
    subtitle = Stream("subtitle", "mov_text", 3, duration=4.0)
    streams = (audio, video, Stream("audio", "mp3", 2), subtitle)
    media = read_media(body)
    assert media == Media(5.33, 7309593, streams, "mov,mp4", -0.02, 900.5, 5)
    assert media.of("audio") == (audio, Stream("audio", "mp3", 2))


@pytest.mark.parametrize("duration", ["", "<Duration/>", "<Duration>N/A</Duration>", "<Duration>0</Duration>"])
def test_a_length_that_is_not_told_is_unknown(duration: str) -> None:
    """A webm that a browser recorded says none; its own bytes may."""
    body = f"<Response><MediaInfo><Format>{duration}<Size>5</Size></Format></MediaInfo></Response>"
    assert read_media(body.encode()) == Media(None, 5)


@pytest.mark.parametrize(
    "format_",
    [
        "",
        "<Duration>5</Duration>",
        "<Duration>nan</Duration><Size>5</Size>",
        "<Duration>inf</Duration><Size>5</Size>",
        "<Duration>-1</Duration><Size>5</Size>",
        "<Duration>5</Duration><Size>5.5</Size>",
    ],
)
def test_a_probe_without_a_true_length_is_an_error(format_: str) -> None:
    """A join is verified by duration; nan would compare as equal to anything that is careless."""
    with pytest.raises(InvalidInput, match=r"MediaInfo\.Format"):
        read_media(f"<Response><MediaInfo><Format>{format_}</Format></MediaInfo></Response>".encode())
