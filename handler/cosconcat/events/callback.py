"""What Cloud Infinite says when a job ends, whichever way it comes: one reader for every form of the message.

    HTTP  body ─────────────────────────────┐
    HTTP  body of a CMQ push ─► msgBody ────┼─► XML or JSON ─► JobsDetail ─► Message
    CMQ   Records[].CMQ ─► msgBody ─────────┘

A message is a hint and nothing more: it names a job, which is then read again from Cloud Infinite. So only what leads
to the job is taken out, and what a document promises but a sample contradicts is not relied on: the content type, the
wrapper, EventName, Input, one job or several, numbers or text. `docs/callbacks.md` has the table of forms.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from cosconcat.errors import InvalidInput, Refused
from cosconcat.events.bodies import MAX_BYTES, read_body
from cosconcat.events.cos import Ignored
from cosconcat.events.http import is_http
from cosconcat.model import is_job_id

MOST_JOBS = 10  # in one message: CI sends one, documents show lists
_WORKFLOW = Ignored("EventName: WorkflowFinish tells of a workflow, and no workflow runs jobs of ours")
_LONGEST = 4096  # bytes of any text taken over; UserData may have 1,024, a key 850


@dataclass(frozen=True)
class Message:
    """A job that is said to have ended. `user_data` is to be read with `Token.parse`; `state` is hearsay.

    `signature` is what the address called carried; `topic` is set when a CMQ topic pushed it to an HTTP address.
    Whether it may be listened to is decided by `authentic` in functions/callback.py.
    """

    job_id: str
    user_data: str
    state: str
    signature: str
    over_http: bool
    topic: str = ""


def read_messages(event: object) -> tuple[Message | Ignored, ...]:
    """Every job that the event speaks of.

    A CMQ event may hold several records, so one that cannot be read is `Ignored` and does not take the others along.

    Raises:
        Refused: an HTTP event that cannot be read, or an event that is neither; no event raises anything else.
    """
    if is_http(event) and isinstance(event, Mapping):
        try:
            return _distinct(_read_http(event))
        except InvalidInput as mistake:
            raise Refused(mistake.problems) from None
    records = event.get("Records") if isinstance(event, Mapping) else None
    if not isinstance(records, list) or not any(isinstance(record, Mapping) and "CMQ" in record for record in records):
        raise Refused(["event: neither an HTTP request nor records of a CMQ topic"])
    return tuple(found for place, record in enumerate(records) for found in _read_record(record, f"Records[{place}]"))


def read_address(event: Mapping[str, Any]) -> tuple[str, str]:
    """Token and signature of the address that was called, empty where it has none; the body is not looked at.

    Raises:
        Refused: the address has more parameters than any of ours.
    """
    try:
        query = _query(event)
    except InvalidInput as mistake:
        raise Refused(mistake.problems) from None
    return query.get("token", ""), query.get("signature", "")


def _read_http(event: Mapping[str, Any]) -> Iterator[Message | Ignored]:
    method = event.get("httpMethod", "POST")
    if not isinstance(method, str) or method.upper() != "POST":
        raise InvalidInput(["httpMethod: only POST is answered"])
    query = _query(event)
    signature = query.get("signature", "")
    body = read_body(_http_body(event), "body")
    if isinstance(body, dict) and "msgBody" in body and "JobsDetail" not in body:
        topic = _text(body.get("topicName"), "body.topicName")
        pushed = read_body(_text(body["msgBody"], "body.msgBody", MAX_BYTES), "body.msgBody")
        if _is_workflow(pushed):
            yield _WORKFLOW
            return
        for job in _jobs(pushed, "body.msgBody"):
            yield _message(job, "body.msgBody", signature=signature, over_http=True, topic=topic)
    elif _is_workflow(body):
        yield _WORKFLOW
    else:
        for job in _jobs(body, "body"):
            yield _message(job, "body", signature=signature, over_http=True, token=query.get("token", ""))


def _distinct(messages: Iterator[Message | Ignored]) -> tuple[Message | Ignored, ...]:
    """Each job once, and no more than MOST_JOBS: every one of them leads to reads of ours.

    Raises:
        InvalidInput: there are more.
    """
    found: dict[object, Message | Ignored] = {}
    for message in messages:
        found.setdefault(message.job_id if isinstance(message, Message) else message, message)
        if len(found) > MOST_JOBS:
            raise InvalidInput([f"body.JobsDetail: more than {MOST_JOBS} jobs in one message"])
    return tuple(found.values())


def _read_record(record: object, place: str) -> Iterator[Message | Ignored]:
    cmq = record.get("CMQ") if isinstance(record, Mapping) else None
    if not isinstance(cmq, Mapping):
        yield Ignored(f"{place}: no CMQ record")
        return
    place = f"{place}.CMQ.msgBody"
    try:
        body = read_body(_text(cmq.get("msgBody"), place, MAX_BYTES), place)
        if _is_workflow(body):
            yield _WORKFLOW
            return
        yield from _distinct(_message(job, place, signature="", over_http=False) for job in _jobs(body, place))
    except InvalidInput as mistake:
        yield Ignored(str(mistake))


def _http_body(event: Mapping[str, Any]) -> str:
    """The body as text; a gateway may have encoded it, and some leave out the field that says so."""
    body = event.get("body")
    if not isinstance(body, str):
        raise InvalidInput(["body: expected text"])
    if str(event.get("isBase64Encoded", "false")).lower() != "true":
        return body
    if len(body) > 2 * MAX_BYTES:
        raise InvalidInput([f"body: {len(body)} characters of base64, at most {MAX_BYTES} bytes are read"])
    try:
        return base64.b64decode("".join(body.split()), validate=True).decode()
    except (binascii.Error, ValueError):  # ValueError: not ASCII, or bytes that are no UTF-8
        raise InvalidInput(["body: not the base64 of UTF-8 that isBase64Encoded announces"]) from None


def _query(event: Mapping[str, Any]) -> dict[str, str]:
    """The address's parameters: `queryString` (function URL, API gateway) as a mapping or as text."""
    said = event.get("queryString") or event.get("queryStringParameters") or {}
    if isinstance(said, str):
        try:
            said = parse_qs(said, max_num_fields=100)
        except ValueError:
            raise InvalidInput(["queryString: more than 100 parameters"]) from None
    if not isinstance(said, Mapping):
        return {}
    values = {name: value[-1] if isinstance(value, list) and value else value for name, value in said.items()}
    return {name: value for name, value in values.items() if isinstance(name, str) and isinstance(value, str)}


def _is_workflow(body: dict[str, Any] | list[Any]) -> bool:
    """Whether it tells of a workflow's end, which a queue may send to the same address: its jobs are not ours."""
    inner = body.get("Response", body) if isinstance(body, dict) else body
    return isinstance(inner, dict) and inner.get("EventName") == "WorkflowFinish"


def _jobs(body: dict[str, Any] | list[Any], place: str) -> list[dict[str, Any]]:
    """The job descriptions in a body: `JobsDetail` once or several times, with or without `Response` around it."""
    if isinstance(body, dict) and isinstance(body.get("Response"), dict):
        body = body["Response"]
    said = body.get("JobsDetail", body if "JobId" in body else []) if isinstance(body, dict) else body
    jobs = [job for job in (said if isinstance(said, list) else [said]) if isinstance(job, dict)]
    if not jobs:
        raise InvalidInput([f"{place}.JobsDetail: no job described"])
    return jobs


def _message(
    job: dict[str, Any], place: str, *, signature: str, over_http: bool, topic: str = "", token: str = ""
) -> Message:
    """`token` is the address's: it stands in for a UserData that the body does not repeat."""
    job_id = _text(job.get("JobId"), f"{place}.JobsDetail.JobId")
    if not is_job_id(job_id):
        raise InvalidInput([f"{place}.JobsDetail.JobId: expected letters, digits, - and _, at most 64"])
    operation = _node(job.get("Operation"))
    user_data = _text(operation.get("UserData"), f"{place}.JobsDetail.Operation.UserData")
    return Message(
        job_id=job_id,
        user_data=user_data or _text(token, "queryString.token"),
        state=_text(job.get("State"), f"{place}.JobsDetail.State"),
        signature=signature,
        over_http=over_http,
        topic=topic,
    )


def _node(value: object) -> Mapping[str, Any]:
    """A container; of a repeated one the first; an empty one where there is none."""
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, Mapping) else {}


def _text(value: object, place: str, longest: int = _LONGEST) -> str:
    """A leaf's text; nothing, where the leaf is missing or empty.

    Raises:
        InvalidInput: the leaf is a container, too long, or not UTF-8 (JSON can smuggle in half characters).
    """
    if value is None or value == {} or value == []:
        return ""
    if not isinstance(value, (str, int, float)):
        raise InvalidInput([f"{place}: expected text"])
    text = str(value)
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise InvalidInput([f"{place}: not UTF-8"]) from None
    if size > longest:
        raise InvalidInput([f"{place}: {size} bytes, at most {longest} are read"])
    return text
