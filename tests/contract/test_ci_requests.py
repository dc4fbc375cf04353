"""POST /jobs against the API page: what is taken, and what is refused by the name of its node."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.ci import coverage, document, schema
from local.ci.errors import JobFailed
from local.ci.rendering import plan
from local.ci.rules import Place
from local.network.http import Request
from tests.support.local_ci import LocalCi, read

BUCKET, REGION = "demo-1250000000", "ap-guangzhou"
HOST = f"http://{BUCKET}.cos.{REGION}.myqcloud.com/"


@pytest.fixture(scope="module")
def ci() -> Iterator[LocalCi]:
    """A service whose workers do not run: requests are taken or refused, no more."""
    service = LocalCi()
    yield service
    service.store.close()


def full_job() -> dict[str, Any]:
    """A request with every node of the page but TemplateId, all of them allowed."""
    mix = {
        "AudioSource": HOST + "mix%201.mp3",
        "MixMode": "Once",
        "Replace": "true",
        "EffectConfig": {
            "EnableStartFadein": "true",
            "StartFadeinTime": "3",
            "EnableEndFadeout": "false",
            "EndFadeoutTime": "0",
            "EnableBgmFade": "true",
            "BgmFadeTime": "1.7",
        },
    }
    place = {"Pos": "TopLeft", "LocMode": "Absolute", "Dx": "1", "Dy": "2", "StartTime": "0", "EndTime": "1.5"}
    image = {"Url": HOST + "logo.png", "Mode": "Fixed", "Width": "8", "Height": "9", "Transparency": "50"}
    font = {"FontSize": "30", "FontType": "simhei.ttf", "FontColor": "0xff00FF", "Transparency": "100"}
    return {
        "Tag": "Concat",
        "Input": {"Object": "in put/文.mp4"},
        "Operation": {
            "ConcatTemplate": {
                "ConcatFragment": [
                    {"Url": HOST + "a 1+%.mp4", "FragmentIndex": "0", "StartTime": "0", "EndTime": "6"},
                    {"Url": HOST + "b.mp4", "FragmentIndex": "1", "Mode": "End", "Duration": "3"},
                ],
                "Audio": {"Codec": "aac", "Samplerate": "44100", "Bitrate": "128", "Channels": "2", "Remove": "false"},
                "Video": {
                    "Codec": "H.264",
                    "Width": "1280",
                    "Height": "720",
                    "Fps": "29.97",
                    "Bitrate": "1000",
                    "Crf": "25",
                    "Remove": "false",
                    "Rotate": "90",
                },
                "Container": {"Format": "mp4"},
                "AudioMix": mix,
                "AudioMixArray": [mix, mix],
                "Index": "2",
                "SceneChangeInfo": {"Mode": "FADE", "Time": "0.5"},
                "DirectConcat": "false",
            },
            "Watermark": [
                {"Type": "Image", **place, "Image": image | {"Background": "false"}},
                {"Type": "Text", **place, "Text": font | {"Text": "会议_1"}},
            ],
            "Output": {"Region": REGION, "Bucket": BUCKET, "Object": "out/${jobid}.${ext}"},
            "UserData": "this is ~ my data",
            "JobLevel": "2",
        },
        "CallBack": "http://callback.example.com/x?y=1",
        "CallBackFormat": "JSON",
        "CallBackType": "TDMQ",
        "CallBackMqConfig": {"MqRegion": "gz", "MqMode": "Topic", "MqName": "done"},
    }


def changed(path: str, value: object) -> dict[str, Any]:
    """The full request with one node set, or taken away when the value is None; a number in a path is a position."""
    job: Any = copy.deepcopy(full_job())
    *above, last = path.split(".")
    node = job
    for name in above:
        node = node[int(name)] if name.isdigit() else node.setdefault(name, {})
    if value is None:
        del node[last]
    else:
        node[int(last) if last.isdigit() else last] = value
    return dict(job)


def test_full_request_is_taken(ci: LocalCi) -> None:
    """Every node of the page is known."""
    details = ci.submit(full_job())
    assert details["State"] == "Submitted"


def test_examples_of_the_page_are_taken(ci: LocalCi) -> None:
    """By parameters with Input, and several files with trims; by template in the tests of templates."""
    fragments = [{"Url": HOST + "start.mp4"}, {"Url": HOST + "end.mp4"}]
    template = {"ConcatFragment": fragments, "Container": {"Format": "mp4"}, "Audio": {"Codec": "mp3"}}
    output = {"Region": REGION, "Bucket": BUCKET, "Object": "output/out.${ext}"}
    job = {"Tag": "Concat", "Operation": {"ConcatTemplate": template, "Output": output, "JobLevel": "0"}}
    assert "Input" not in ci.submit(job)
    told = ci.submit(job | {"Input": {"Object": "input/demo.mp4"}})
    assert told["Input"] == {"BucketId": BUCKET, "Object": "input/demo.mp4", "Region": REGION}
    assert told["Operation"]["ConcatTemplate"]["ConcatFragment"] == fragments


C, W = "Operation.ConcatTemplate", "Operation.Watermark"
WRONG = [
    ("Tag", "Transcode"),
    ("Tag", None),
    ("Input.Object", ""),
    ("Input.Bucket", BUCKET),
    ("Nonsense", "1"),
    ("Operation", None),
    ("Operation.ConcatTemplate", None),
    (f"{C}.Nonsense", "1"),
    (f"{C}.Container", None),
    (f"{C}.Container.Format", "avi"),
    (f"{C}.Container.Format", "MP4"),
    (f"{C}.ConcatFragment.0.Url", None),
    (f"{C}.ConcatFragment.0.Url", "a.mp4"),
    (f"{C}.ConcatFragment.0.Url", HOST),
    (f"{C}.ConcatFragment.0.Url", HOST + "a.mp4?x=1"),
    (f"{C}.ConcatFragment.0.Url", HOST.replace("demo", "other") + "a.mp4"),
    (f"{C}.ConcatFragment.0.Url", HOST.replace("guangzhou", "beijing") + "a.mp4"),
    (f"{C}.ConcatFragment.0.FragmentIndex", "-1"),
    (f"{C}.ConcatFragment.0.FragmentIndex", "1.0"),
    (f"{C}.ConcatFragment.0.StartTime", "-0.5"),
    (f"{C}.ConcatFragment.0.StartTime", "6"),
    (f"{C}.ConcatFragment.0.EndTime", "1e3"),
    (f"{C}.ConcatFragment.0.Mode", "start"),
    (f"{C}.ConcatFragment.0.Nonsense", "1"),
    (f"{C}.Audio.Codec", "AAC"),
    (f"{C}.Audio.Codec", None),
    (f"{C}.Audio.Samplerate", "44000"),
    (f"{C}.Audio.Bitrate", "7"),
    (f"{C}.Audio.Bitrate", "1001"),
    (f"{C}.Audio.Channels", "3"),
    (f"{C}.Audio.Remove", "True"),
    (f"{C}.Video.Codec", "h264"),
    (f"{C}.Video.Codec", None),
    (f"{C}.Video.Width", "127"),
    (f"{C}.Video.Height", "4097"),
    (f"{C}.Video.Width", "128.5"),
    (f"{C}.Video.Fps", "0"),
    (f"{C}.Video.Fps", "61"),
    (f"{C}.Video.Bitrate", "9"),
    (f"{C}.Video.Crf", "0"),
    (f"{C}.Video.Crf", "52"),
    (f"{C}.Video.Rotate", "360"),
    (f"{C}.Video.Preset", "fast"),
    (f"{C}.AudioMix.AudioSource", None),
    (f"{C}.AudioMix.AudioSource", HOST + "音.mp3"),
    (f"{C}.AudioMix.AudioSource", HOST + "100%.mp3"),
    (f"{C}.AudioMix.AudioSource", HOST.replace("demo", "other") + "a.mp3"),
    (f"{C}.AudioMix.MixMode", "Twice"),
    (f"{C}.AudioMix.EffectConfig.StartFadeinTime", "0"),
    (f"{C}.AudioMixArray", [full_job()["Operation"]["ConcatTemplate"]["AudioMix"]] * 3),
    (f"{C}.Index", "3"),
    (f"{C}.SceneChangeInfo.Mode", "XFADE"),
    (f"{C}.SceneChangeInfo.Mode", None),
    (f"{C}.SceneChangeInfo.Time", "0"),
    (f"{C}.SceneChangeInfo.Time", "5.1"),
    (f"{C}.DirectConcat", "yes"),
    (f"{W}", [full_job()["Operation"]["Watermark"][1]] * 4),
    (f"{W}.0.Type", "Video"),
    (f"{W}.0.Image", None),
    (f"{W}.0.Pos", "Middle"),
    (f"{W}.0.LocMode", None),
    (f"{W}.0.Dx", "4097"),
    (f"{W}.0.Dy", "-1"),
    (f"{W}.0.EndTime", "0"),
    (f"{W}.0.Image.Url", HOST + "标.png"),
    (f"{W}.0.Image.Width", "7"),
    (f"{W}.0.Image.Transparency", "0"),
    (f"{W}.0.SlideConfig", {"SlideMode": "ScrollFromLeft", "XSlideSpeed": "11", "YSlideSpeed": "0"}),
    (f"{W}.1.Text.Text", "two words"),
    (f"{W}.1.Text.Text", "x" * 65),
    (f"{W}.1.Text.FontColor", "red"),
    (f"{W}.1.Text.FontSize", "4"),
    ("Operation.Output", None),
    ("Operation.Output.Object", None),
    ("Operation.Output.Object", "/out.mp4"),
    ("Operation.Output.Bucket", "other-1250000000"),
    ("Operation.Output.Region", "ap-beijing"),
    ("Operation.UserData", "名"),
    ("Operation.UserData", "x" * 1025),
    ("Operation.JobLevel", "3"),
    ("CallBack", "callback.example.com"),
    ("CallBackFormat", "json"),
    ("CallBackType", "Kafka"),
    ("CallBackMqConfig", None),
    ("CallBackMqConfig.MqRegion", "ap-guangzhou"),
    ("CallBackMqConfig.MqMode", None),
]


@pytest.mark.parametrize(("path", "value"), WRONG)
def test_wrong_node_is_refused_by_name(path: str, value: object, ci: LocalCi) -> None:
    """One change to a good request gives 400 InvalidArgument whose message names the node."""
    status, code, message = ci.refusal(changed(path, value))
    assert (status, code) == (400, "InvalidArgument")
    named = [part for part in path.split(".") if not part.isdigit()]
    assert named[-1] in message or "EndTime" in message
    assert "Request" in message


def test_mp3_has_rules_of_its_own(ci: LocalCi) -> None:
    """mp3 knows neither 96000 Hz nor more than two channels; aac does."""
    audio = {"Codec": "aac", "Samplerate": "96000", "Channels": "6"}
    ci.submit(changed(f"{C}.Audio", audio))
    _, _, message = ci.refusal(changed(f"{C}.Audio", audio | {"Codec": "mp3"}))
    assert "Samplerate" in message
    assert "Channels" in message


def test_all_mistakes_are_named_at_once(ci: LocalCi) -> None:
    """Three wrong nodes, three names."""
    job = changed(f"{C}.Video.Width", "1")
    job["Tag"], job["Operation"]["JobLevel"] = "x", "9"
    _, _, message = ci.refusal(job)
    assert all(name in message for name in ("Video.Width", "Tag", "JobLevel"))


BODIES = [
    (b"", "MissingContent"),
    (b"<Request><Tag>Concat</Tag>", "InvalidContent"),
    (b"<Request><Tag>Concat<Tag></Request>", "InvalidContent"),
    (b'<!DOCTYPE Request [<!ENTITY x "y">]><Request><Tag>&x;</Tag></Request>', "InvalidContent"),
    (b'<!DOCTYPE Request SYSTEM "file:///etc/passwd"><Request/>', "InvalidContent"),
    (b'<Request a="1"><Tag>Concat</Tag></Request>', "InvalidContent"),
    (b"<Request>text<Tag>Concat</Tag></Request>", "InvalidContent"),
    (b"<Request><Tag>Concat</Tag></Request><Request/>", "InvalidContent"),
    (b"{}", "InvalidContent"),
    (b"\xff\xfe\x00", "InvalidContent"),
    (b"<Response><Tag>Concat</Tag></Response>", "InvalidArgument"),
]


@pytest.mark.parametrize(("body", "code"), BODIES)
def test_body_that_is_no_request_is_refused(body: bytes, code: str, ci: LocalCi) -> None:
    """Not well-formed, with a document type, with attributes: 400 and the code of the documents."""
    status, answered, _ = ci.refusal(body)
    assert (status, answered) == (400, code)


@given(st.binary(max_size=200))
def test_parser_reads_or_says_malformed(body: bytes) -> None:
    """No bytes make the parser fail in another way."""
    with contextlib.suppress(document.Malformed):
        document.parse(body)


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8)
TREES = st.recursive(
    TEXT, lambda inner: st.dictionaries(st.sampled_from("abcdef"), inner, min_size=1, max_size=3), max_leaves=8
)


@given(TREES)
@settings(max_examples=50)
def test_what_is_written_is_read_back(tree: document.Tree) -> None:
    """Any tree survives XML, special characters and all."""
    assert document.parse(document.to_xml("Root", tree)).tree() == tree


def test_content_md5_and_content_type_are_checked(ci: LocalCi) -> None:
    """A body that is not what its headers say is refused."""
    body = full_job()
    assert b"InvalidContent<" in ci.ask("POST", "/jobs", body, headers={"Content-MD5": "AAAA"}).body
    assert b"InvalidContentType" in ci.ask("POST", "/jobs", body, headers={"Content-Type": "text/plain"}).body


def test_errors_have_the_form_of_this_service(ci: LocalCi) -> None:
    """No Resource node, the request id in body and header."""
    answer = ci.ask("POST", "/jobs", {"Tag": "x"})
    error = document.parse(answer.body)
    assert [child.name for child in error.children] == ["Code", "Message", "RequestId", "TraceId"]
    assert error.value("RequestId") == answer.headers["x-ci-request-id"]
    assert answer.headers["Content-Type"] == "application/xml"


@pytest.mark.parametrize(("method", "path"), [("GET", "/nothing"), ("DELETE", "/jobs/j1"), ("PUT", "/jobs/j1")])
def test_unknown_calls_are_refused(method: str, path: str, ci: LocalCi) -> None:
    """What is not served says so."""
    answer = ci.ask(method, path)
    assert (answer.status, document.parse(answer.body).value("Code")) == (404, "InvalidUrl")


def test_unsigned_and_foreign_requests_are_refused(ci: LocalCi) -> None:
    """Without a signature 401, with a key that may not create jobs 403; neither makes a job, both are counted."""
    policy = {"version": "2.0", "statement": [{"effect": "allow", "action": ["name/cos:*"], "resource": ["*"]}]}
    key = ci.account.issue("poor", policy)
    ci.calls.reset()
    before = len(ci.service.jobs())
    assert ci.ask("POST", "/jobs", full_job(), key=key).status == 403
    unsigned = ci.service(Request("POST", f"{BUCKET}.ci.{REGION}.myqcloud.com", "/jobs"))
    assert (unsigned.status, document.parse(unsigned.body).value("Code")) == (401, "MissingAuthorization")
    assert len(ci.service.jobs()) == before
    assert ci.calls.snapshot() == {("", "POST jobs"): 2}


@pytest.mark.parametrize("bucket", ["other-1250000000", "demo"])
def test_other_buckets_are_refused(bucket: str, ci: LocalCi, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that is no bucket of the account gets InvalidHost."""
    monkeypatch.setattr(ci, "bucket", bucket)
    answer = ci.ask("GET", "/jobs", query={"tag": "Concat"})
    assert (answer.status, document.parse(answer.body).value("Code")) == (400, "InvalidHost")


def test_template_wins_node_by_node(ci: LocalCi) -> None:
    """A stored ConcatTemplate replaces the same nodes of the job and leaves the others; its id and name come back."""
    stored = {"Container": {"Format": "ts"}, "Video": {"Codec": "H.264", "Width": "640"}}
    answer = ci.ask("POST", "/template", {"Tag": "Concat", "Name": "small", "ConcatTemplate": stored})
    template = read(answer)["Template"]
    assert template["ConcatTemplate"] == stored
    job = full_job()
    job["Operation"]["TemplateId"] = template["TemplateId"]
    told = ci.submit(job)
    assert (told["Operation"]["TemplateId"], told["Operation"]["TemplateName"]) == (template["TemplateId"], "small")
    own = ci.service.jobs()[-1].operation.find("ConcatTemplate")
    held = document.parse(document.to_xml("ConcatTemplate", stored))
    merged = plan.merged(held, own)
    assert merged.value("Container/Format") == "ts"
    assert merged.value("Audio/Codec") == "aac"
    assert merged.find("Video/Height") is None


def test_unknown_template_is_refused(ci: LocalCi) -> None:
    """Also one of the other kind."""
    job = full_job()
    job["Operation"]["TemplateId"] = "t" + "0" * 32
    assert ci.refusal(job)[1] == "TemplateNotFound"


def test_coverage_names_nodes_that_exist() -> None:
    """Every rendered node is one of the schema, and every node of the schema is rendered or has its reason."""
    paths = set(schema.leaf_paths(schema.JOB))
    assert paths >= coverage.RENDERED | set(coverage.SUBSTITUTED)
    rendering = {path for path in paths if path.startswith((f"{C}.", f"{W}."))}
    for path in rendering - coverage.RENDERED - set(coverage.SUBSTITUTED):
        assert "unknown node" not in coverage.why_not(path)


@pytest.mark.parametrize("path", [f"{C}.ConcatFragment.Duration", f"{C}.SceneChangeInfo.TransitionType"])
def test_node_without_rendering_fails_the_plan(path: str) -> None:
    """What is accepted but not rendered is never skipped in silence."""
    job = document.parse(document.to_xml("Request", full_job()))
    concat = job.find("Operation/ConcatTemplate")
    assert concat is not None
    fragments = concat.all("ConcatFragment")
    fragments[1].children = [child for child in fragments[1].children if child.name != "Duration"]
    plan.plan_of(concat, [], "", Place(BUCKET, REGION))  # without the node it is renderable
    parts = path.removeprefix(f"{C}.").split(".")
    concat.all(parts[0])[0].children.append(document.Element(parts[1], "1"))
    with pytest.raises(JobFailed, match=path):
        plan.plan_of(concat, [], "", Place(BUCKET, REGION))
