"""The names under which COS answers, and what each of them addresses (436/6224, 436/38865).

    <bucket>.cos.<region>           from everywhere             the domain is myqcloud.com or tencentcos.cn
    <bucket>.cos-internal.<region>  from within the cloud
    <bucket>.cos.accelerate         through the nearest entrance; the name tells no region
    service.cos, cos.<region>       the account's list of buckets, all or those of the region

The local cloud is one place: all of them lead to the same buckets.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_DOMAIN = r"\.(?:myqcloud\.com|tencentcos\.cn)"
_SERVICE = re.compile(rf"service\.cos(?:-internal)?{_DOMAIN}")
_PLACE = re.compile(rf"(?:(?P<bucket>[^./]+)\.)?cos(?:-internal)?\.(?P<region>[a-z0-9-]+){_DOMAIN}")
ANY_REGION = "accelerate"


class Address(NamedTuple):
    """What a host name addresses; `bucket` "" = the list of buckets, `region` "" where the name tells none."""

    bucket: str
    region: str


@lru_cache(maxsize=1024)
def address_of(host: str) -> Address | None:
    """What this host (lower case, no port) addresses; None when it is no host of COS."""
    if _SERVICE.fullmatch(host):
        return Address("", "")
    found = _PLACE.fullmatch(host)
    if found is None:
        return None
    region = found["region"]
    return Address(found["bucket"] or "", "" if region == ANY_REGION else region)


def is_cos_host(host: str) -> bool:
    """Whether COS answers for this host."""
    return address_of(host) is not None


def region_named(host: str) -> str:
    """The region in a host of COS, "" where it tells none."""
    address = address_of(host)
    return address.region if address else ""


def bucket_host(bucket: str, region: str) -> str:
    """The name to which all others of a bucket are brought."""
    return f"{bucket}.cos.{region}.myqcloud.com"
