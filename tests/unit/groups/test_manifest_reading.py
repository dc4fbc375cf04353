"""What a manifest may say, how mistakes in it are told, and when the group it lists is whole."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosconcat.config import Config
from cosconcat.errors import InvalidInput
from cosconcat.groups.manifest import LARGEST, ListedFragment, Manifest, read_manifest
from cosconcat.groups.survey import newcomers, survey
from cosconcat.groups.verdicts import Invalid, Verdict, Waiting, Whole
from cosconcat.model import Bucket
from cosconcat.output.key import output_key
from tests.support.shelf import BUCKET, NOW, Shelf

CONFIG = Config(BUCKET, naming="folder", completion="marker", assets_prefix="brand/")
IN = "fragments/"
SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "manifest.schema.json").read_text())
X, Y = {"key": IN + "a/x.mp4"}, {"key": IN + "a/y.mp4"}


def read(value: object, config: Config = CONFIG) -> Manifest:
    """The manifest with this JSON value."""
    return read_manifest(json.dumps(value, ensure_ascii=False).encode(), config)


FULL: dict[str, Any] = {
    "fragments": [{"key": IN + "a/第 1+%.MP4", "start": 2.5, "end": "60"}, {"key": IN + "b/2.ts", "end": 7}],
    "intro": "brand/in.mp4",
    "outro": IN + "out.mov",
    "output": "output/talks/{group}.{ext}",
    "job": {"JobLevel": 1},
}


def test_a_full_manifest_is_read() -> None:
    """Trims become decimal text, as the API takes them."""
    assert read(FULL) == Manifest(
        (ListedFragment(IN + "a/第 1+%.MP4", "2.5", "60"), ListedFragment(IN + "b/2.ts", "", "7")),
        "brand/in.mp4",
        IN + "out.mov",
        "output/talks/{group}.{ext}",
        {"JobLevel": "1"},
    )
    jsonschema.validate(FULL, SCHEMA)


def test_a_byte_order_mark_does_no_harm() -> None:
    """Editors on Windows write one."""
    assert read_manifest(b"\xef\xbb\xbf" + json.dumps({"fragments": [X]}).encode(), CONFIG).fragments


@pytest.mark.parametrize(
    ("value", "path", "part", "schema_sees_it"),
    [
        ([], "$", "must be an object", True),
        ({}, "$.fragments", "at least one", True),
        ({"fragments": []}, "$.fragments", "at least one", True),
        ({"fragments": "x"}, "$.fragments", "list", True),
        ({"fragments": [X], "fragmets": 1}, "$.fragmets", "did you mean fragments?", True),
        ({"fragments": [X | {"begin": 1}]}, "$.fragments[0].begin", "unknown", True),
        ({"fragments": ["x.mp4"]}, "$.fragments[0]", "must be an object", True),
        ({"fragments": [X, {}]}, "$.fragments[1].key", "full key", True),
        ({"fragments": [{"key": "/" + IN + "a.mp4"}]}, "$.fragments[0].key", "begin with /", True),
        ({"fragments": [{"key": IN + "a?.mp4"}]}, "$.fragments[0].key", "unencoded", True),
        ({"fragments": [{"key": IN + "a"}]}, "$.fragments[0].key", "no media extension", True),
        ({"fragments": [{"key": IN + "a.txt"}]}, "$.fragments[0].key", "no media extension", False),
        ({"fragments": [{"key": "elsewhere/a.mp4"}]}, "$.fragments[0].key", "outside the input prefix", False),
        ({"fragments": [X, Y, X]}, "$.fragments[2].key", "stands at $.fragments[0].key already", False),
        ({"fragments": [X], "intro": X["key"]}, "$.intro", "fragments are removed", False),
        ({"fragments": [X], "outro": 7}, "$.outro", "full key", True),
        ({"fragments": [X | {"start": -1}]}, "$.fragments[0].start", "seconds", True),
        ({"fragments": [X | {"start": True}]}, "$.fragments[0].start", "seconds", True),
        ({"fragments": [X | {"end": "1:30"}]}, "$.fragments[0].end", "seconds", True),
        ({"fragments": [X | {"end": "1.2345"}]}, "$.fragments[0].end", "millisecond", True),
        ({"fragments": [X | {"start": 5, "end": 5.0}]}, "$.fragments[0]", "not before end", False),
        ({"fragments": [X | {"end": 0}]}, "$.fragments[0]", "not before end", False),
        ({"fragments": [X], "output": ""}, "$.output", "output bucket", True),
        ({"fragments": [X], "output": "/a.mp4"}, "$.output", "begin with /", True),
        ({"fragments": [X], "output": "output/a/"}, "$.output", "not a folder", True),
        ({"fragments": [X], "output": "output/{x}.mp4"}, "$.output", "in braces", False),
        ({"fragments": [X], "output": "output/a.ts"}, "$.output", "CONCAT_FORMAT is mp4", False),
        *(
            ({"fragments": [X], "output": output}, "$.output", "must begin with 'output/'", False)
            for output in (
                *(IN + "z.mp4", ".concat/z.mp4", "trash/z.mp4", "brand/z.mp4", "{group}.mp4", "out{jobid}put/x.mp4"),
                *("x{jobid}.mp4", "{jobid}/x.mp4", "${jobid}output/x.mp4", "Output/x.mp4", "o\u0075tput\u200b/x.mp4"),
            )
        ),
        *(
            ({"fragments": [X], "output": output}, "$.output", "folders", False)
            for output in (
                "output/../z.mp4",
                "output/%2e%2E/z.mp4",
                "output/..\\z.mp4",
                "output//z.mp4",
                "output/./z.mp4",
            )
        ),
        ({"fragments": [X], "intro": "elsewhere/in.mp4"}, "$.intro", "lies outside the input prefix", False),
        ({"fragments": [X], "outro": "brand/../private/x.mp4"}, "$.outro", "unencoded", False),
        ({"fragments": [X], "job": {"JobLevle": "1"}}, "$.job.JobLevle", "JobLevel", False),
        ({"fragments": [X], "job": []}, "$.job", "", True),
    ],
)
def test_a_mistake_is_told_by_its_json_path(
    value: object, path: str, part: str, schema_sees_it: bool
) -> None:  # a column of the table
    """And the schema for editors sees what can be seen without the configuration."""
    with pytest.raises(InvalidInput) as caught:
        read(value)
    assert any(p.startswith(path) and part in p for p in caught.value.problems), caught.value.problems
    valid = jsonschema.Draft202012Validator(SCHEMA).is_valid(value)
    assert valid is not schema_sees_it


def test_an_output_in_another_bucket_may_lie_anywhere() -> None:
    """What is written there cannot start the function."""
    config = Config(BUCKET, output_bucket=Bucket("other-1250000000", "ap-guangzhou"), output_key="{group}.mp4")
    assert read({"fragments": [X], "output": "fragments/z.mp4"}, config).output == "fragments/z.mp4"


def test_every_mistake_is_told_at_once() -> None:
    """One upload is enough to mend them all."""
    with pytest.raises(InvalidInput) as caught:
        read({"fragments": [{"key": "x"}, X | {"start": 3, "end": 2}], "intro": 1, "extra": 2})
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "$.extra",
        "$.fragments[0].key",
        "$.fragments[0].key",
        "$.fragments[1]",
        "$.intro",
    ]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b'{"fragments": NaN}', b"[" * 100_000, b'{"job": {}, "job": {}, "fragments": []}']
)
def test_what_is_no_json_is_invalid(body: bytes) -> None:
    """Also numbers that JSON does not know, names given twice, and nesting without end."""
    with pytest.raises(InvalidInput, match=r"^\$"):
        read_manifest(body, CONFIG)


@given(st.binary(max_size=60))
def test_no_bytes_whatever_make_reading_crash(body: bytes) -> None:
    """They are a manifest or they are invalid."""
    try:
        manifest = read_manifest(body, CONFIG)
    except InvalidInput:
        return
    assert manifest.fragments


def test_trims_are_refused_where_they_have_no_effect() -> None:
    """DirectConcat ignores them, which would join what was to be cut off."""
    with pytest.raises(InvalidInput, match="CONCAT_DIRECT"):
        read({"fragments": [X | {"start": 1}]}, Config(BUCKET, direct=True))


def test_more_objects_than_one_job_takes_are_invalid() -> None:
    """Intro and outro count too."""
    with pytest.raises(InvalidInput, match="3 objects to join, more than CONCAT_MAX_FRAGMENTS=2"):
        read({"fragments": [X, Y], "intro": "brand/i.mp4"}, replace(CONFIG, max_fragments=2))


def shelf(value: object, *keys: str, at: int = NOW) -> Shelf:
    """A bucket with a manifest for group `a` and objects."""
    body = json.dumps(value).encode()
    return Shelf().store(*keys).store(IN + "a/manifest.json", body=body, at=at)


def look(found: Shelf, own: str = IN + "a/manifest.json", config: Config = CONFIG) -> Verdict:
    """The verdict on group `a`."""
    return survey(found.services(config), "a", own)


@pytest.mark.parametrize("own", [IN + "a/manifest.json", IN + "a/x.mp4", ""])
def test_a_manifest_makes_its_group_whole_in_its_own_order(own: str) -> None:
    """Names do not matter, and the manifest belongs to the set."""
    value = {
        "fragments": [Y | {"start": 1}, X],
        "intro": "brand/i.mp4",
        "outro": "brand/o.mp4",
        "output": "output/t/{group}.mp4",
    }
    found = shelf(value, X["key"], Y["key"], "brand/i.mp4", "brand/o.mp4", IN + "a/1.mp4")
    verdict = look(found, own)
    assert isinstance(verdict, Whole)
    fragments = verdict.set
    assert [(f.index, f.object.key, f.start) for f in fragments.fragments] == [(0, Y["key"], "1"), (1, X["key"], "")]
    assert [o and o.key for o in (fragments.intro, fragments.outro)] == ["brand/i.mp4", "brand/o.mp4"]
    assert fragments.marker == found.info(IN + "a/manifest.json")
    assert output_key(CONFIG, fragments) == "output/t/a.mp4"
    assert newcomers(found.services(CONFIG), fragments) == ()


def test_a_listed_object_that_is_not_there_is_waited_for() -> None:
    """By name; so is an intro."""
    verdict = look(shelf({"fragments": [X, Y]}, X["key"]))
    assert isinstance(verdict, Waiting)
    assert (verdict.missing, Y["key"] in verdict.reason) == ((1,), True)
    verdict = look(shelf({"fragments": [X], "intro": "brand/i.mp4"}, X["key"]))
    assert isinstance(verdict, Waiting)
    assert "brand/i.mp4" in verdict.reason


@pytest.mark.parametrize("keys", [["b/1.mp4"], ["a/1.mp4", "a/2.mp4", "a/3.mp4", "a/4.mp4"]])
@pytest.mark.parametrize("own", [IN + "a/manifest.json", ""])
def test_nothing_of_what_a_manifest_lists_is_waited_for_since_it_came(keys: list[str], own: str) -> None:
    """Without a time the group would never be old enough to be reported."""
    verdict = look(shelf({"fragments": [{"key": IN + key} for key in keys]}), own)
    assert isinstance(verdict, Waiting)
    assert verdict.since == NOW


def test_an_empty_listed_object_is_invalid() -> None:
    """A broken upload is no recording."""
    verdict = look(shelf({"fragments": [X]}, Y["key"]).store(X["key"], body=b""))
    assert isinstance(verdict, Invalid)
    assert X["key"] in verdict.reason


def test_a_manifest_older_than_a_fragment_does_not_count() -> None:
    """It listed an earlier recording; an intro may be as new as it likes."""
    verdict = look(shelf({"fragments": [X]}, X["key"], at=NOW - 1001))
    assert isinstance(verdict, Waiting)
    assert "older than" in verdict.reason
    found = shelf({"fragments": [X], "intro": "brand/i.mp4"}, X["key"]).store("brand/i.mp4", at=NOW + 50)
    assert isinstance(look(found), Whole)


def test_types_in_a_manifest_may_differ_only_where_they_are_transcoded() -> None:
    """Intro included."""
    found = shelf({"fragments": [X], "intro": "brand/i.MOV"}, X["key"], "brand/i.MOV")
    direct = replace(CONFIG, completion="manifest", direct=True)
    assert isinstance(look(found), Whole)
    assert isinstance(look(found, config=direct), Invalid)


def test_a_broken_manifest_makes_its_group_invalid() -> None:
    """With its key and the path of the mistake; one that is too large is not even read."""
    verdict = look(shelf({"fragments": [X | {"start": "x"}]}, X["key"]))
    assert isinstance(verdict, Invalid)
    assert verdict.reason.startswith(f"{IN}a/manifest.json: $.fragments[0].start")
    found = Shelf().store(IN + "a/manifest.json", body=b" " * (LARGEST + 1))
    assert isinstance(look(found), Invalid)
    assert "get" not in found.calls


def test_with_completion_manifest_numbers_mean_nothing() -> None:
    """Neither duplicates nor many pieces are at odds: the manifest may list some of them."""
    config = Config(BUCKET, naming="folder", completion="manifest", max_fragments=2)
    found = Shelf().store(*(f"{IN}a/{name}.mp4" for name in ("x1", "y1", "2", "3")))
    for own in (IN + "a/x1.mp4", ""):
        verdict = look(found, own, config)
        assert isinstance(verdict, Waiting)
        assert verdict.reason == "waiting for the manifest"
    found.store(*(f"{IN}a/{number}.mp4" for number in range(2000)))
    body = json.dumps({"fragments": [{"key": IN + "a/y1.mp4"}]}).encode()
    found.store(IN + "a/manifest.json", body=body)
    for own in (IN + "a/manifest.json", ""):
        assert isinstance(look(found, own, config), Whole)
    declared = Shelf().store(IN + "v.part1-of-9.mp4")
    verdict = survey(
        declared.services(Config(BUCKET, completion="manifest", max_fragments=2)), "v", IN + "v.part1-of-9.mp4"
    )
    assert isinstance(verdict, Waiting)


def test_with_completion_manifest_nothing_else_makes_a_group_whole() -> None:
    """Complete numbers and markers do not."""
    config = Config(BUCKET, naming="folder", completion="manifest")
    found = Shelf().store(IN + "a/1.mp4").store(IN + "a/_DONE", body=b"1")
    verdict = look(found, IN + "a/1.mp4", config)
    assert isinstance(verdict, Waiting)
    assert (verdict.reason, verdict.awaits) == ("waiting for the manifest", "marker")
