"""What COS answers and refuses, through the SDK: objects, the service's clock, errors in our own words.

The SDK hides the headers of a LIST and a status below 400, takes any document for the one that was asked for, and
reads error codes only where a `<Resource>` stands beside them. Imports the SDK, so it is imported when first used.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree.ElementTree import ParseError

from qcloud_cos.cos_exception import CosClientError, CosServiceError
from requests import RequestException
from requests.structures import CaseInsensitiveDict

from cosconcat import log
from cosconcat.cloud.ports import LARGEST
from cosconcat.cloud.session import AnswerTooLarge, CallTimedOut, SteadySession
from cosconcat.errors import SAID_CHARACTERS, ConcatError, InvalidInput, Rejected, ServiceUnavailable, TimedOut
from cosconcat.model import Bucket, ByteRange, DeleteError, Head, ObjectInfo

if TYPE_CHECKING:
    from requests import Response

SKEW_SECONDS = 900  # COS refuses requests whose clock is further off (RequestTimeTooSkewed)
PARALLEL = 8  # requests at a time where several keys are asked for
_TRY_AGAIN_CODES = frozenset({"RequestTimeout", "SlowDown", "ExpiredToken", "NoSuchUpload"})  # the last: begun anew
_LASTING_CONFLICTS = ("AlreadyExists", "ObjectLocked")  # how their codes end; other 409s tell of what goes on just now
GONE_CODES = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchResource"})
_ROOT = re.compile(rb"\s*(?:<\?xml[^>]*\?>\s*)?<([A-Za-z]+)[\s/>]")
_ZLIB_HEAD = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_CONTENT_RANGE = re.compile(r"bytes ([0-9]+)-[0-9]+/([0-9]+)")


def head_of(key: str, headers: Mapping[str, str]) -> Head:
    """An object as the headers of its GET or HEAD describe it."""
    headers = CaseInsensitiveDict(headers)
    etag, size = _unquoted(headers["ETag"]), headers["Content-Length"]
    if not etag or not (size.isascii() and size.isdigit()):
        raise ValueError(f"ETag {etag[:80]!r}, Content-Length {size[:80]!r}")
    info = ObjectInfo(key, etag, int(size), _seconds(headers["Last-Modified"]))
    version = headers.get("x-cos-version-id", "")
    return Head(
        info,
        service_now(),
        version,
        headers.get("x-cos-storage-class", "STANDARD"),
        restored='ongoing-request="false"' in headers.get("x-cos-restore", ""),
        encrypted=any(name.lower().startswith("x-cos-server-side-encryption") for name in headers),
        crc64=headers.get("x-cos-hash-crc64ecma", ""),
    )


def listed(item: Mapping[str, str]) -> ObjectInfo:
    """An object as LIST describes it."""
    modified = datetime.fromisoformat(item["LastModified"].replace("Z", "+00:00"))
    etag = item["ETag"] or ""  # an empty element, which is this object's trouble alone
    return ObjectInfo(item["Key"], _unquoted(etag), int(item["Size"]), int(modified.timestamp()))


def is_page(answer: Mapping[str, Any], prefix: str, marker: str, objects: Sequence[ObjectInfo]) -> None:
    """Whether a LIST's answer is the page that was asked for; taken for it, another would hide keys.

    Raises:
        KeyError, ValueError: it does not say which prefix it is of or whether it is the last one, or it is of another.
    """
    if answer["IsTruncated"] not in ("true", "false"):
        raise ValueError(f"IsTruncated {str(answer['IsTruncated'])[:80]!r}")
    if not _echoes(answer["Prefix"], prefix):
        raise ValueError(f"of the prefix {str(answer['Prefix'])[:80]!r}")
    if not _echoes(answer.get("Marker", marker), marker):
        raise ValueError(f"after the marker {str(answer['Marker'])[:80]!r}")
    strange = next((one.key for one in objects if not one.key.startswith(prefix) or one.key <= marker), None)
    if strange is not None:
        raise ValueError(f"with the key {strange[:80]!r}")


def _echoes(told: object, asked: str) -> bool:
    """Whether this is what was asked for. The SDK decodes it; no document says that COS has encoded it."""
    return (told or "") in (asked, unquote(asked))


def undeleted(answer: Mapping[str, Any], asked: Collection[str]) -> Iterator[DeleteError]:
    """What a multi-delete that was to be quiet says of keys: those that were not deleted.

    Raises:
        KeyError, ValueError: it says something else, or something of keys that were not asked for.
    """
    others = {name: told for name, told in answer.items() if name not in ("Deleted", "Error") and told}
    if others:
        raise ValueError(f"with {str(others)[:SAID_CHARACTERS]}")
    for error in answer.get("Error", ()):
        key, code = error["Key"] or "", error["Code"] or ""
        if key not in asked:
            raise ValueError(f"{code} of {key[:80]!r}, which was not to be deleted")
        if code not in GONE_CODES:
            yield DeleteError(key, code, error.get("Message") or "")


def whole_body(answer: Mapping[str, Any]) -> bytes:
    """The bytes of a GET's answer, undecoded: as many as it says it has.

    Raises:
        ValueError: fewer or more, so it was cut off or tampered with on the way. KeyError: it does not say how many.
    """
    body: bytes = answer["Body"].get_raw_stream().read()
    said = int(CaseInsensitiveDict(answer)["Content-Length"])
    if len(body) != said:
        raise ValueError(f"{len(body)} of {said} bytes")
    return body


def decoded(stored: bytes, encoding: str) -> bytes:
    """What the client meant that stored these bytes under this Content-Encoding: COS gives them back as they came.

    An encoding that is none of HTTP's compressions (`utf-8`, say) or unknown to Python (`br`) leaves them as they are.

    Raises:
        ValueError: they are not so encoded, or only the beginning of what was, or more than LARGEST bytes when decoded.
    """
    encodings = [name for name in re.split(r"[\s,]+", encoding.lower()) if name in ("gzip", "x-gzip", "deflate")]
    if not encodings or not stored:
        return stored
    if len(encodings) > 1:
        raise ValueError("encoded more than once")
    if encodings[0] == "deflate":
        return _inflated(stored, zlib.MAX_WBITS if _ZLIB_HEAD.match(stored) else -zlib.MAX_WBITS)  # some leave it out
    return _inflated(stored, 16 + zlib.MAX_WBITS)


def _inflated(stored: bytes, window: int) -> bytes:
    stream = zlib.decompressobj(window)
    try:
        found = stream.decompress(stored, LARGEST + 1)
    except zlib.error as broken:
        raise ValueError(str(broken)) from None
    if len(found) > LARGEST:
        raise ValueError(f"more than {LARGEST} bytes when decoded")
    if not stream.eof or stream.unused_data:
        raise ValueError("something follows its end" if stream.eof else "cut off")
    return found


def keeps_to(part: ByteRange, headers: Mapping[str, str], held: bytes) -> bool:
    """Whether `held` is the part that was asked for, up to the object's end where that comes first."""
    told = _CONTENT_RANGE.fullmatch(CaseInsensitiveDict(headers).get("Content-Range", ""))
    if told is None or int(told[1]) != part.start:
        return False
    return part.start + len(held) == min(part.start + part.length, int(told[2]))


def _seconds(date: str) -> int:
    """Epoch seconds of an HTTP date."""
    return int(parsedate_to_datetime(date).timestamp())


def _unquoted(etag: str) -> str:
    return etag.strip('"')


# -- the service's clock

_answer = threading.local()


@cache
def shared_session() -> SteadySession:
    """One pool of connections for the process. Each answer is kept while its call lasts: the SDK hides a status below
    400, the headers of a LIST and the root of a document.
    """
    log.silence_sdk()
    session = SteadySession(connections=PARALLEL)
    session.hooks["response"].append(_keep_answer)
    return session


def _keep_answer(response: Response, **_: Any) -> None:
    _answer.response = response


def service_now() -> int:
    """The service's clock when it answered the call of this thread that is `translated` right now.

    Raises:
        ServiceUnavailable: the answer bore no readable date.
    """
    try:
        return _seconds(_answer.response.headers["Date"])
    except (AttributeError, KeyError, TypeError, ValueError):  # AttributeError: no answer
        raise ServiceUnavailable("COS answered without a Date") from None


# -- what refusals mean


@contextlib.contextmanager
def translated(
    method: str, bucket: Bucket, key: str, document: str | None = None, success: Collection[int] = (200,)
) -> Iterator[None]:
    """Errors of the SDK, of the network below it and of answers that make no sense, in our own words.

    `document` is the root of what a success must bear, "" where it bears nothing; None where the caller looks himself.
    `success` are the statuses that say it was done.
    """
    what = f"{method} {bucket.name}/{key} ({bucket.region})"
    _answer.response = None
    try:
        yield
        _believe_only_success(what, success, document)
    except CosServiceError as error:
        raise _refusal(what, error) from None
    except CosClientError as error:
        raise _client_failure(what, error) from None
    except (ParseError, AttributeError, KeyError, TypeError, ValueError, OSError) as error:
        _believe_only_success(what, success, document)  # says more than that it makes no sense
        raise ServiceUnavailable(f"{what}: the answer makes no sense ({type(error).__name__} {error})") from None
    finally:
        _answer.response = None


def _believe_only_success(what: str, success: Collection[int], document: str | None = None) -> None:
    """The SDK raises from status 400 on and takes all else for success; COS did only what it answered by the status
    and the document that belong to it: another is an error that came too late for its status, or nobody's of COS.

    Raises:
        ServiceUnavailable: the answer was a redirect, or another status that is not this call's success, or something
            else in it.
    """
    response: Response | None = _answer.response
    if response is None:
        return
    status, location = response.status_code, response.headers.get("Location", "")
    if status not in success:
        to = f" to {location}" if location else ""
        raise ServiceUnavailable(f"{what}: HTTP {status}{to}, which is no success: check bucket, region and proxy")
    if document is None or _bears(response.content, document):
        return
    body = response.content.decode(errors="replace")
    said = f"{_element(body, 'Code')} {_element(body, 'Message')}".strip() or f"{len(body)} other characters"
    raise ServiceUnavailable(f"{what}: HTTP {status} with {said} instead of {document or 'nothing'}")


def _bears(body: bytes, document: str) -> bool:
    """Whether it is the document with this root, to its end; with "" whether there is none."""
    if not document:
        return not body.strip()
    found = _ROOT.match(body)
    ends = (f"</{document}>".encode(), b"/>")
    return found is not None and found[1].decode() == document and body.rstrip().endswith(ends)


def _refusal(what: str, error: CosServiceError) -> ConcatError:
    status = int(error.get_status_code())
    code, message, request_id = _error_of(error)
    skew = _skew_seconds()
    if code == "RequestTimeTooSkewed" or (status == 403 and not code and abs(skew) > SKEW_SECONDS):
        return ServiceUnavailable(f"{what}: this machine's clock is {skew} s off the service's (RequestTimeTooSkewed)")
    head = what.startswith("HEAD ")  # its answer has no body to say more, but the id that COS gives to every request
    if head and not request_id:
        return ServiceUnavailable(
            f"{what}: HTTP {status} without x-cos-request-id, so COS did not say it: check bucket, region and proxy"
        )
    if not code and (status == 400 or not head):  # a HEAD's 400: an expired token, perhaps
        return ServiceUnavailable(f"{what}: HTTP {status} without an error of COS: check bucket, region and proxy")
    passing = status == 409 and not code.endswith(_LASTING_CONFLICTS)
    if status >= 500 or status in (200, 429) or code in _TRY_AGAIN_CODES or passing:  # 200: a copy that broke off
        return ServiceUnavailable(f"{what}: HTTP {status} {code} {message}".rstrip())
    return Rejected(
        f"{what}: {message or 'refused'}", status=status, code=code or f"HTTP{status}", request_id=request_id
    )


def _client_failure(what: str, error: CosClientError) -> ConcatError:
    """The SDK wraps network errors in the same class as its own refusals; the wrapped one tells them apart."""
    if isinstance(error.__context__, AnswerTooLarge):
        return InvalidInput([f"{what}: more than {LARGEST} bytes, too large for a record or manifest"])
    if isinstance(error.__context__, CallTimedOut):
        return TimedOut(f"{what}: {error}")
    if isinstance(error.__context__, RequestException):
        return ServiceUnavailable(f"{what}: {error}")
    return Rejected(f"{what}: the SDK refuses: {error}", status=0, code="ClientError")


def _error_of(error: CosServiceError) -> tuple[str, str, str]:
    """Code, message and request id. Read from the body itself: the SDK gives "Unknown" where `<Resource>` is missing,
    as in every error of Cloud Infinite, and fails on a HEAD, which has no body.
    """
    body, digest = error.get_origin_msg(), error.get_digest_msg()
    if isinstance(body, bytes):
        body = body.decode(errors="replace")
    if not body:
        said = digest if isinstance(digest, Mapping) else {}
        return said.get("code", ""), said.get("message", ""), said.get("x-cos-request-id", said.get("requestid", ""))
    code, message, request_id = (_element(body, name) for name in ("Code", "Message", "RequestId"))
    return code, message, request_id


def _element(body: str, name: str) -> str:
    found = re.search(f"<{name}>([^<]*)</{name}>", body)
    return found[1].strip()[:SAID_CHARACTERS] if found else ""


def _skew_seconds() -> int:
    """How far this machine's clock is ahead of the service's; 0 when the service did not say."""
    try:
        return int(time.time()) - service_now()
    except ServiceUnavailable:
        return 0
