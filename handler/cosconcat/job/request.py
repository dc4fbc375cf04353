"""The request of `POST /jobs` with Tag Concat, in the API's node names.

A field has the name of its node, and so has its class, so parents and children live in different modules: `request`
holds `operation`, which holds `template`, which holds `additions` and `parts`. `schema` reads, checks and writes them
all. Every value is text, as the API has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosconcat.errors import InvalidInput
from cosconcat.job import operation, parts, schema
from cosconcat.job.additions import AudioMix, Watermark
from cosconcat.job.markup import read_xml, write_xml
from cosconcat.job.operation import Operation
from cosconcat.job.parts import (
    CALLBACK_URL,
    ID,
    PAGE,
    SDK,
    Audio,
    CallBackMqConfig,
    ConcatFragment,
    Container,
    EffectConfig,
    Image,
    Input,
    Output,
    SceneChangeInfo,
    SlideConfig,
    Text,
    Video,
)
from cosconcat.job.schema import Node, branch, leaf, one_of
from cosconcat.job.template import ConcatTemplate

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "Audio",
    "AudioMix",
    "CallBackMqConfig",
    "ConcatFragment",
    "ConcatTemplate",
    "Container",
    "EffectConfig",
    "Image",
    "Input",
    "Operation",
    "Output",
    "Request",
    "SceneChangeInfo",
    "SlideConfig",
    "Text",
    "Video",
    "Watermark",
]


class Request(Node):
    """One splicing job. `CallBack` `no` silences the queue's own callback."""

    Tag: str = leaf(one_of("Concat"), PAGE, required=True)
    Input: parts.Input | None = branch(parts.Input, PAGE)
    Operation: operation.Operation | None = branch(operation.Operation, PAGE, required=True)
    CallBack: str = leaf(CALLBACK_URL, PAGE)
    CallBackFormat: str = leaf(one_of("JSON", "XML"), PAGE)
    CallBackType: str = leaf(one_of("Url", "TDMQ"), PAGE)
    CallBackMqConfig: parts.CallBackMqConfig | None = branch(parts.CallBackMqConfig, PAGE)
    QueueId: str = leaf(ID, SDK)  # the page dropped it; earlier ones demand it

    @classmethod
    def from_mapping(cls, value: object) -> Request:
        """The request that nested mappings (parsed JSON or XML) describe; a single item may stand for a list.

        Raises:
            InvalidInput: with every mistake at once, each starting with the path of its node.
        """
        problems: list[str] = []
        request = schema.read(cls, value, "Request", problems)
        if problems:
            raise InvalidInput(problems)
        return request

    @classmethod
    def from_xml(cls, body: bytes) -> Request:
        """The request in an XML body.

        Raises:
            InvalidInput: not well-formed, a document type, another root, or mistakes as in `from_mapping`.
        """
        root, content = read_xml(body, "Request")
        if root != "Request":
            raise InvalidInput([f"{root}: the root of a request must be Request"])
        return cls.from_mapping(content)

    def to_mapping(self) -> dict[str, Any]:
        """The nodes that are set, as JSON would hold them."""
        return schema.mapping(self)

    def to_xml(self) -> bytes:
        """The body of POST /jobs, UTF-8."""
        return write_xml("Request", self.to_mapping())

    @property
    def direct(self) -> bool:
        """Whether the fragments are to be joined without transcoding."""
        template = self.Operation.ConcatTemplate if self.Operation else None
        return template is not None and template.DirectConcat == "true"

    def transcoded(self) -> Request:
        """The same request without DirectConcat."""
        if self.Operation is None or self.Operation.ConcatTemplate is None:
            return self
        template = self.Operation.ConcatTemplate.replaced(DirectConcat="")
        return self.replaced(Operation=self.Operation.replaced(ConcatTemplate=template))

    def lacking(self, path: str) -> Iterator[str]:
        """Where a TDMQ callback goes."""
        if self.CallBackType == "TDMQ" and self.CallBackMqConfig is None:
            yield f"{path}.CallBackMqConfig: missing; required with CallBackType TDMQ"

    def ignored(self) -> tuple[str, ...]:
        """Nodes that are set and that the service, by its documents, will not act on: one sentence each."""
        operation = self.Operation
        template = operation.ConcatTemplate if operation else None
        if operation is None or template is None:
            return ()
        return tuple(_ignored(operation, template, "Request.Operation.ConcatTemplate"))


def _ignored(operation: Operation, template: ConcatTemplate, path: str) -> Iterator[str]:
    if operation.TemplateId:
        yield f"{path}: TemplateId has priority; what the template sets wins over what is set here"
    if template.DirectConcat == "true":
        for name in ("Audio", "Video", "AudioMix", "AudioMixArray", "SceneChangeInfo"):
            if getattr(template, name):
                yield f"{path}.{name}: void with DirectConcat"
        for i, fragment in enumerate(template.ConcatFragment):
            if fragment.StartTime or fragment.EndTime:
                yield f"{path}.ConcatFragment[{i}]: StartTime and EndTime are void with DirectConcat"
    if template.AudioMix is not None and template.AudioMixArray:
        yield f"{path}.AudioMixArray: void with AudioMix"
    if template.Audio is not None and template.Audio.Remove == "true" and (template.AudioMix or template.AudioMixArray):
        yield f"{path}.AudioMix, AudioMixArray: void with Audio.Remove"
    if template.Video is not None and template.Video.Crf and template.Video.Bitrate:
        yield f"{path}.Video.Bitrate: void with Crf"
