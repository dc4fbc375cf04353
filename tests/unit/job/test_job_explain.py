"""`cos-concat explain` prints the request that the functions would send, and sends nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cosconcat.environment.reading import read_config
from cosconcat.job.request import Request
from cosconcat.model import gid_of
from ops.command import main
from ops.verbs.explain import printed, request_for, set_of_keys

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = {
    "CONCAT_BUCKET": "demo-1250000000",
    "CONCAT_REGION": "ap-guangzhou",
    "CONCAT_CALLBACK_URL": "https://cb.example/done",
    "CONCAT_CALLBACK_SECRET": "a-secret-that-nobody-may-see-0123456789",
    "CONCAT_JOB": '{"ConcatTemplate": {"Video": {"Codec": "H.264", "Crf": 25, "Bitrate": 1000}}}',
}
KEYS = ["fragments/讲座.part10-of-10.mp4", "fragments/讲座.part9-of-10.mp4"]


def urls(request: Request) -> list[str]:
    """Its fragments in order."""
    assert request.Operation is not None
    assert request.Operation.ConcatTemplate is not None
    return [f.Url.rpartition("/")[2] for f in request.Operation.ConcatTemplate.ConcatFragment]


def test_keys_are_explained_in_the_conventions_order(capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed reads back into the very request, and what the service ignores is said."""
    assert main(["explain", *KEYS], ENVIRONMENT) == 0
    out, err = capsys.readouterr()
    request = Request.from_xml(out.encode())
    assert urls(request) == ["讲座.part9-of-10.mp4", "讲座.part10-of-10.mp4"]
    assert request.Operation is not None
    assert request.Operation.Output is not None
    assert request.Operation.Output.Object == "output/讲座.${ext}"
    assert "Video.Bitrate: void with Crf" in err
    assert "nonce" in err
    assert ENVIRONMENT["CONCAT_CALLBACK_SECRET"] not in out + err


GAP = {**ENVIRONMENT, "CONCAT_NAMING": "timestamp", "CONCAT_COMPLETION": "gap:60"}


def piece(clock: str, ext: str = "mp4") -> str:
    """A piece of one camera."""
    return f"fragments/cam_202401{clock}Z.{ext}"


def test_pieces_are_explained_as_the_recording_that_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Its id, and so its output and its job, is its source and start."""
    assert main(["explain", piece("01T120050"), piece("01T120000")], GAP) == 0
    out, _ = capsys.readouterr()
    request = Request.from_xml(out.encode())
    assert urls(request) == ["cam_20240101T120000Z.mp4", "cam_20240101T120050Z.mp4"]
    assert request.Operation is not None
    assert request.Operation.Output is not None
    assert request.Operation.Output.Object == "output/cam_20240101T120000Z.${ext}"
    assert gid_of("cam_20240101T120000Z") in (request.Operation.UserData or "")


def test_pieces_of_several_recordings_are_no_request(capsys: pytest.CaptureFixture[str]) -> None:
    """Each is named, and why it ends."""
    assert main(["explain", piece("01T120000"), piece("05T120050"), piece("05T120100")], GAP) == 2
    told = "keys of 2 recordings: cam_20240101T120000Z (then nothing for 345650 s), cam_20240105T120050Z"
    assert told in capsys.readouterr().err
    day = [piece(f"01T{hour:02}{minute:02}00") for hour in range(2) for minute in range(60)]
    assert main(["explain", *day], {**GAP, "CONCAT_MAX_LENGTH": "hour"}) == 2
    assert "cam_20240101T000000Z (cut by CONCAT_MAX_LENGTH), cam_20240101T010000Z" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("keys", "settings", "why"),
    [
        ((piece("01T120000"), piece("01T120000", "MP4")), {}, "overlap by more than half"),
        ((piece("01T120000"), piece("01T120050", "flv")), {"CONCAT_DIRECT": "true"}, "differ in type"),
        ((piece("01T120000"),), {"CONCAT_SINGLE": "leave"}, "CONCAT_SINGLE=leave"),
    ],
)
def test_it_is_said_why_a_recording_would_not_be_sent(
    keys: tuple[str, ...], settings: dict[str, str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the sweep would judge it."""
    assert main(["explain", *keys], {**GAP, "CONCAT_JOB": "{}", **settings}) == 0
    err = capsys.readouterr().err
    assert "none of this is sent" in err
    assert why in err


def test_the_printed_request_is_the_composed_one() -> None:
    """Indentation apart."""
    config = read_config(ENVIRONMENT)
    request = request_for(config, set_of_keys(config, KEYS))
    assert Request.from_xml(printed(request).encode()) == request


def test_without_a_group_the_configuration_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """Two made-up fragments."""
    assert (
        main(["explain"], {**ENVIRONMENT, "CONCAT_DIRECT": "true", "CONCAT_OUTPUT_KEY": "o/{date}/{fingerprint}.{ext}"})
        == 0
    )
    out, err = capsys.readouterr()
    assert len(urls(Request.from_xml(out.encode()))) == 2
    for part in (
        "probed first",
        "fingerprint in Output.Object",
        "date in Output.Object",
        "Video: void with DirectConcat",
    ):
        assert part in err


@pytest.mark.parametrize(("single", "words"), [("copy", "is copied to output/v.webm"), ("leave", "stays as it is")])
def test_a_single_fragment_that_gets_no_job_is_told(
    single: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The request is what `join` would send."""
    assert main(["explain", "fragments/v.part1-of-1.WEBM"], {**ENVIRONMENT, "CONCAT_SINGLE": single}) == 0
    err = capsys.readouterr().err
    assert "none of this is sent" in err
    assert words in err


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (["a.part1-of-2.mp4"], "none of this is sent yet: 1 of 2 is missing: 2"),
        (["a.part2-of-4.mp4", "a.part4-of-4.mp4"], "none of this is sent yet: 2 of 4 are missing: 1, 3"),
        (["a.part1-of-2.mp4", "a.part1-of-3.mp4"], "none of this is sent: "),
        (["a.part1-of-2.mp4", "a.part2-of-2.mp4"], ""),
    ],
)
def test_a_group_that_would_not_be_sent_says_so(keys: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In a note, before the others; the request is shown all the same."""
    assert main(["explain", *(f"fragments/{key}" for key in keys)], ENVIRONMENT) == 0
    printed = capsys.readouterr()
    assert ("none of this" in printed.err, told in printed.err) == (bool(told), True), printed.err
    assert "<Request>" in printed.out


def test_a_manifest_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its order, trims, intro and overlay."""
    file = tmp_path / "talk.manifest.json"
    listed = [{"key": "fragments/b.mp4", "end": 3}, {"key": "fragments/a.mp4"}]
    file.write_text(json.dumps({"fragments": listed, "intro": "brand/in.mp4", "job": {"JobLevel": 2}}))
    assert (
        main(
            ["explain", "--manifest", str(file)],
            {**ENVIRONMENT, "CONCAT_COMPLETION": "manifest", "CONCAT_ASSETS_PREFIX": "brand/"},
        )
        == 0
    )
    request = Request.from_xml(capsys.readouterr().out.encode())
    assert urls(request) == ["in.mp4", "b.mp4", "a.mp4"]
    assert request.Operation is not None
    assert request.Operation.JobLevel == "2"


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "says"),
    [
        (["fragments/a.part1-of-2.mp4", "fragments/b.part2-of-2.mp4"], {}, 2, "keys of several groups: a, b"),
        (["elsewhere/a.part1-of-2.mp4"], {}, 2, "elsewhere/a.part1-of-2.mp4"),
        ([], {"CONCAT_JOB": '{"JobLvl": 1}'}, 2, "did you mean JobLevel?"),
        (
            [],
            {"CONCAT_JOB": '{"ConcatTemplate": {"Audio": {"Bitrate": 64}}}'},
            2,
            "CONCAT_JOB.ConcatTemplate.Audio.Codec: missing; required",
        ),
    ],
)
def test_what_cannot_be_sent_is_said(
    capsys: pytest.CaptureFixture[str], arguments: list[str], environment: dict[str, str], code: int, says: str
) -> None:
    """The reason, on standard error, and an exit code."""
    assert main(["explain", *arguments], {**ENVIRONMENT, **environment}) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
