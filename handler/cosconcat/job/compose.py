"""The one request for a whole group: the configuration, the group's fragments, and what is laid over both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosconcat.errors import InvalidInput
from cosconcat.job import schema
from cosconcat.job.overlay import lay_over
from cosconcat.job.request import Operation, Request
from cosconcat.model import Fragment, FragmentSet, ObjectInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cosconcat.config import Config


def compose(config: Config, fragments: FragmentSet, output_key: str, user_data: str, callback: str) -> Request:
    """The request that joins `fragments` into `output_key`.

    It has no `Input`: where an Input goes among indexed fragments is not documented, while fragments alone, ordered by
    FragmentIndex, are the page's third example and what the official Go and Python demos send.

    Args:
        config: the function's configuration; its `job` is laid over what the other variables say.
        fragments: the whole group; its `job` (from a manifest) is laid over that.
        output_key: key of the result, with the API's `${ext}` and `${jobid}` where they are wanted.
        user_data: comes back with the job; printable ASCII, at most 1024.
        callback: the job's own callback URL; empty when the configuration names a queue, or none at all.

    Raises:
        InvalidInput: with every mistake at once, each starting with the path of its node.
    """
    output = config.output_bucket
    own = {
        "ConcatTemplate": {"ConcatFragment": list(_fragments(config, fragments))},
        "Output": {"Region": output.region, "Bucket": output.name, "Object": output_key},
        "UserData": user_data,
    }
    value: dict[str, Any] = {"Tag": "Concat", "Operation": lay_over(_wanted(config, fragments), own)}
    value |= _callback(config, callback)
    if config.queue_id:
        value["QueueId"] = config.queue_id
    problems: list[str] = []
    request = schema.read(Request, value, "Request", problems)
    if request.Operation is not None:
        problems += _foreign(config, request.Operation)
    if request.direct:
        problems += [
            f"fragments[{i}]: start and end are void with DirectConcat ({fragment.object.key}); allowed: none"
            for i, fragment in enumerate(fragments.fragments)
            if fragment.start or fragment.end
        ]
    if problems:
        raise InvalidInput(problems)
    return request


def unfit_overlay(config: Config) -> tuple[str, ...]:
    """What is wrong with every group's request because of CONCAT_JOB: one sentence each, in the overlay's own words.

    An overlay may leave out what the other variables say; this tells what is still missing then, and which sound or
    image lies in another bucket, before the first group gives up for it.
    """
    sample = FragmentSet("sample", (Fragment(0, ObjectInfo(f"{config.input_prefix}sample.mp4", "", 1, 0)),))
    try:
        compose(config, sample, "sample", "", "")
    except InvalidInput as error:
        return tuple(problem.replace("Request.Operation", "CONCAT_JOB", 1) for problem in error.problems)
    return ()


def named_objects(config: Config, fragments: FragmentSet) -> tuple[str, ...]:
    """Keys of the sounds and images that the request which `compose` makes will name; most requests name none."""
    if not (config.job or fragments.job):
        return ()
    operation = schema.read(Operation, _wanted(config, fragments), "Request.Operation", [], "partial")
    from cosconcat.job.addresses import key_at

    found = (key_at(url, config.bucket) for _, url in operation.addresses(""))
    return tuple(dict.fromkeys(key for key, problem in found if not problem))  # of problems `compose` tells


def container_format(config: Config, fragments: FragmentSet) -> str:
    """`Container.Format` of the request that `compose` makes: CONCAT_FORMAT unless an overlay says otherwise."""
    container = _wanted(config, fragments).get("ConcatTemplate", {}).get("Container", {})
    return str(container.get("Format", config.format))


def transition_seconds(config: Config, fragments: FragmentSet) -> float:
    """Seconds of one transition between two fragments in the request that `compose` makes; 0 without transitions.

    3 where SceneChangeInfo names no Time, as documented. What a splicing template brings along is not known here.
    DirectConcat voids transitions, but a direct request may have been sent as a transcoding one.
    """
    change = _wanted(config, fragments).get("ConcatTemplate", {}).get("SceneChangeInfo", {})
    return 0.0 if change.get("Mode", "Default") == "Default" else float(change.get("Time") or 3)


def _wanted(config: Config, fragments: FragmentSet) -> dict[str, Any]:
    """`Operation` as the variables have it, then CONCAT_JOB, then the manifest."""
    template: dict[str, Any] = {"Container": {"Format": config.format}}
    if config.direct:
        template["DirectConcat"] = "true"
    operation: dict[str, Any] = {"ConcatTemplate": template}
    if config.template_id:
        operation["TemplateId"] = config.template_id
    return lay_over(lay_over(operation, config.job), fragments.job)


def _fragments(config: Config, fragments: FragmentSet) -> Iterator[dict[str, str]]:
    """Intro, fragments and outro in their order. FragmentIndex is stated, because what the service does where it is
    missing is not documented; the Url is not encoded, because the page says so.
    """
    whole = [(fragment.object.key, fragment.start, fragment.end) for fragment in fragments.fragments]
    if fragments.intro is not None:
        whole.insert(0, (fragments.intro.key, "", ""))
    if fragments.outro is not None:
        whole.append((fragments.outro.key, "", ""))
    host = f"http://{config.bucket.cos_host}"
    for index, (key, start, end) in enumerate(whole):
        trims = {"StartTime": start, "EndTime": end} if start or end else {}
        yield {"Url": f"{host}/{key}", "FragmentIndex": str(index), **trims}


def _callback(config: Config, callback: str) -> dict[str, Any]:
    """The nodes that say who hears of the end; none at all leaves it to the queue's own setting."""
    if config.callback_mq is not None:
        mq = config.callback_mq
        return {
            "CallBackFormat": config.callback_format,
            "CallBackType": "TDMQ",
            "CallBackMqConfig": {"MqRegion": mq.region, "MqMode": mq.mode, "MqName": mq.name},
        }
    if callback:
        return {"CallBack": callback, "CallBackFormat": config.callback_format, "CallBackType": "Url"}
    return {}


def _foreign(config: Config, operation: Operation) -> Iterator[str]:
    """Sounds and images that are not in the input's bucket, where the API wants them."""
    for where, url in operation.addresses("Request.Operation"):
        from cosconcat.job.addresses import key_at

        _, problem = key_at(url, config.bucket)
        if problem:
            yield f"{where}: '{url}' {problem}"
