"""Two pages on the Concat API, node by node: docs/concat-api.md says what each may hold and who sends it, and
docs/internals/coverage.md how much of it is modelled, rendered by the local cloud and tested.

The lists of the page's nodes are written by hand from the page; everything beside them is derived.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from cosconcat.config import CallbackMq, Config
from cosconcat.errors import InvalidInput
from cosconcat.job.compose import compose
from cosconcat.job.overlay import read_overlay
from cosconcat.job.refusals import REFUSALS
from cosconcat.job.request import Request
from cosconcat.job.response import JobsDetail
from cosconcat.job.schema import Spec, walk
from cosconcat.model import Bucket, Fragment, FragmentSet, ObjectInfo
from tools.pages import ROOT, between_marks

try:
    from local.ci.coverage import RENDERED, SUBSTITUTED, why_not
except ImportError:  # the desk's tools work without the local cloud
    RENDERED, SUBSTITUTED = frozenset(), {}

    def why_not(path: str) -> str:
        """Nothing is rendered without the local cloud."""
        return f"{path}: not yet"


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

PAGE = ROOT / "docs" / "concat-api.md"
COVERAGE = ROOT / "docs" / "internals" / "coverage.md"
SOURCES = {
    "page": "the API page",
    "template": "Creating a splicing template",
    "structures": "Appendix, structures",
    "watermark": "Creating a watermark template",
    "sdk": "official SDKs and demos",
}


def _paths(root: str, text: str) -> tuple[str, ...]:
    """`A.B` and `A.{B,C}` below a root, one a word."""
    found = []
    for word in text.split():
        above, _, names = word.rpartition(".")
        found += [".".join(filter(None, (root, above, name))) for name in names.strip("{}").split(",")]
    return tuple(found)


# The tables of the page. It lists AudioMixArray below "Request.Operation.Transcode"; its example has it here.
REQUEST_TABLES = (
    "Request",
    *_paths(
        "Request",
        """{Tag,Input,Operation,CallBackFormat,CallBackType,CallBack,CallBackMqConfig} Input.Object
        Operation.{TemplateId,ConcatTemplate,WatermarkTemplateId,Watermark,Output,JobLevel}
        Operation.ConcatTemplate.{ConcatFragment,Audio,Video,Container,AudioMix,AudioMixArray,Index,SceneChangeInfo}
        Operation.ConcatTemplate.ConcatFragment.{Url,FragmentIndex,StartTime,EndTime}
        Operation.Output.{Region,Bucket,Object}""",
    ),
)
# What only its text or its examples show.
REQUEST_EXAMPLES = _paths(
    "Request.Operation",
    """UserData ConcatTemplate.DirectConcat ConcatTemplate.Container.Format ConcatTemplate.Audio.{Codec,Remove}
    ConcatTemplate.Video.{Codec,Bitrate,Width,Height,Fps}
    ConcatTemplate.AudioMixArray.{AudioSource,MixMode,Replace,EffectConfig}
    ConcatTemplate.AudioMixArray.EffectConfig.{EnableStartFadein,StartFadeinTime,EnableEndFadeout,EndFadeoutTime}
    ConcatTemplate.AudioMixArray.EffectConfig.{EnableBgmFade,BgmFadeTime}""",
)
ANSWER_TABLES = (
    "Response",
    "Response.JobsDetail",
    *_paths(
        "Response.JobsDetail",
        """{Code,Message,JobId,Tag,State,CreationTime,StartTime,EndTime,QueueId,Input,Operation}
        Input.{Region,Bucket,Object} Operation.{TemplateId,TemplateName,ConcatTemplate,Output,MediaInfo,MediaResult}
        Operation.{UserData,JobLevel}""",
    ),
)
ANSWER_EXAMPLES = _paths("Response.JobsDetail", "Input.BucketId Operation.Output.{Region,Bucket,Object}")


def request_model() -> Mapping[str, Spec]:
    """Every node of our request by its path."""
    return {"Request": Spec("page", required=True, node=Request), **dict(walk(Request, "Request"))}


def answer_model() -> Mapping[str, Spec]:
    """Every node of an answer that we read; below the echoed ConcatTemplate it is the request's own model."""
    root = "Response.JobsDetail"
    echo = f"{root}.Operation.ConcatTemplate."
    below = {path: spec for path, spec in walk(JobsDetail, root) if not path.startswith(echo)}
    return {"Response": Spec("page"), root: Spec("page", node=JobsDetail), **below}


@cache
def composed() -> frozenset[str]:
    """The nodes that the functions send of themselves, from composing requests with everything configured."""
    config = Config(bucket=Bucket("demo-1", "ap-guangzhou"), direct=False, template_id="t", queue_id="p")
    trimmed = FragmentSet("g", (Fragment(0, ObjectInfo("k.mp4", "", 1, 0), "1", "2"),))
    plain = FragmentSet("g", (Fragment(0, ObjectInfo("k.mp4", "", 1, 0)),))
    requests = (
        compose(config, trimmed, "o", "token", "https://cb.example"),
        compose(replace(config, callback_mq=CallbackMq("gz", "Topic", "t")), plain, "o", "token", ""),
        compose(replace(config, direct=True), plain, "o", "token", ""),
    )
    return frozenset(path for request in requests for path in _set("Request", request.to_mapping()))


def _set(path: str, value: object) -> Iterator[str]:
    yield path
    if isinstance(value, dict):
        for name, child in value.items():
            yield from _set(f"{path}.{name}", child)
    elif isinstance(value, list):
        for child in value:
            yield from _set(path, child)


def sent(path: str) -> str:
    """Who sets a node of the request: the functions, the person by an overlay, or nobody and why."""
    if path in composed():
        return "by the function"
    names = path.split(".")[1:]
    if names[0] == "Operation":
        names = names[1:]
    overlay: object = None
    for name in reversed(names):
        overlay = {name: overlay}
    try:
        read_overlay(overlay, "CONCAT_JOB")
    except InvalidInput as refused:
        for problem in refused.problems:
            _, ours, why = problem.partition("refused here; ")
            if ours:
                return f"no: {why}"
    return "as `CONCAT_JOB` or a manifest says"


def rendered(path: str, spec: Spec) -> str:
    """Whether the local cloud does what a leaf asks for; empty for what does not concern picture, sound or order."""
    name = path.removeprefix("Request.")
    if spec.node is not None or not name.startswith(("Operation.ConcatTemplate.", "Operation.Watermark.")):
        return ""
    if name in RENDERED:
        return "yes"
    return SUBSTITUTED.get(name) or "no: " + re.sub(r".*\((.*)\)", r"\1", why_not(name))


@cache
def _tests() -> Mapping[str, str]:
    """The sources of the tests of this API and of what is rendered, by name."""
    files = sorted([*ROOT.glob("tests/unit/job/test_job_*.py"), *ROOT.glob("tests/contract/test_render_*.py")])
    sources = {file.stem.removeprefix("test_"): file.read_text("utf-8") for file in files}
    del sources["job_coverage"]  # it tests these tables
    return sources


def named_by(path: str) -> str:
    """The tests whose source names the node and its parent."""
    words = [re.compile(rf"\b{name}\b") for name in path.split(".")[-2:]]
    return ", ".join(name for name, text in _tests().items() if all(word.search(text) for word in words))


def _allowed(spec: Spec) -> str:
    words = "a container" if spec.node else (spec.allowed.words if spec.allowed else "")
    if 1 < spec.most <= 10:
        words += f"; at most {spec.most}"
    return words + ("; required" if spec.required else "")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("<", "&lt;") for cell in line) + " |" for line in lines
    )


def _counts(what: str, model: Mapping[str, Spec], tables: Sequence[str], examples: Sequence[str]) -> str:
    covered = sum(path in model for path in tables), sum(path in model for path in examples)
    return (
        f"{what}: the page's tables list {len(tables)} nodes, {covered[0]} of them are modelled here; its text and "
        f"examples show {len(examples)} more, {covered[1]} modelled. The model has {len(model)} nodes in all."
    )


def tables() -> str:
    """Everything between the marks of docs/concat-api.md."""
    return "\n\n".join(
        (
            "### The request, node by node",
            "\n".join(f"- *{name}*: {title}" for name, title in SOURCES.items()),
            _table(
                ("node", "allowed", "sent", "described by"),
                ((f"`{path}`", _allowed(spec), sent(path), spec.source) for path, spec in request_model().items()),
            ),
            "### Refusals",
            _table(
                ("code", "number", "for the job that was to be created", "what to do"),
                ((f"`{code}`", known.number, known.standing.value, known.fix) for code, known in REFUSALS.items()),
            ),
        )
    )


def coverage() -> str:
    """Everything between the marks of docs/internals/coverage.md."""
    request, answer = request_model(), answer_model()
    leaves = [path for path, spec in request.items() if spec.node is None]
    concerned = [path for path in leaves if rendered(path, request[path])]
    done = [path for path in concerned if rendered(path, request[path]) == "yes"]
    where = {**dict.fromkeys(REQUEST_EXAMPLES + ANSWER_EXAMPLES, "example")}
    where |= dict.fromkeys(REQUEST_TABLES + ANSWER_TABLES, "table")
    return "\n\n".join(
        (
            "## In figures",
            "\n".join(
                (
                    f"- {_counts('Request', request, REQUEST_TABLES, REQUEST_EXAMPLES)}",
                    f"- {_counts('Answer', answer, ANSWER_TABLES, ANSWER_EXAMPLES)}",
                    f"- The local cloud renders {len(done)} of {len(concerned)} leaves for picture, sound and order.",
                )
            ),
            "## The request, node by node",
            _table(
                ("node", "on the page", "described by", "rendered locally", "tests that name it"),
                (
                    (f"`{path}`", where.get(path, ""), spec.source, rendered(path, spec), named_by(path))
                    for path, spec in request.items()
                ),
            ),
            "## The answer, node by node",
            _table(
                ("node", "on the page", "described by", "tests that name it"),
                ((f"`{path}`", where.get(path, ""), spec.source, named_by(path)) for path, spec in answer.items()),
            ),
        )
    )


def pages() -> dict[Path, str]:
    """Both pages with what is between their marks made anew."""
    return {
        PAGE: between_marks(PAGE.read_text("utf-8"), tables()),
        COVERAGE: between_marks(COVERAGE.read_text("utf-8"), coverage()),
    }


def write() -> None:
    """Make them anew."""
    for page, text in pages().items():
        page.write_text(text, "utf-8")
