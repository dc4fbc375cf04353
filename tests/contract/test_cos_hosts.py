"""Every official name of a bucket leads to it, and the names of the service to the list of buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
import requests
from qcloud_cos import CosConfig, CosS3Auth, CosS3Client

from local.cos.hosts import Address, address_of
from tests.support.local_cos import LocalCos, code_of

if TYPE_CHECKING:
    pass

BUCKET = "demo-1250000000"
OF_THE_BUCKET = [
    "cos.ap-guangzhou.myqcloud.com",
    "cos.ap-guangzhou.tencentcos.cn",
    "cos-internal.ap-guangzhou.tencentcos.cn",
    "cos-internal.ap-guangzhou.myqcloud.com",
    "cos.accelerate.myqcloud.com",
    "cos.accelerate.tencentcos.cn",
    "cos-internal.accelerate.tencentcos.cn",
]
OF_THE_SERVICE = [
    "service.cos.myqcloud.com",
    "service.cos.tencentcos.cn",
    "cos.ap-guangzhou.myqcloud.com",
    "cos.ap-guangzhou.tencentcos.cn",
]


def listed(cos: LocalCos, host: str, query: str = "") -> ET.Element:
    """The list of buckets that this host gives."""
    asked = requests.Request("GET", f"http://{host}/?{query}").prepare()
    CosS3Auth(cos.config(), "", {})(asked)
    answer = cos.send(asked)
    assert answer.status_code == 200, answer.text
    return ET.fromstring(answer.content)


@pytest.mark.parametrize("end", OF_THE_BUCKET)
def test_every_name_of_a_bucket_leads_to_it(cos: LocalCos, end: str) -> None:
    """The signature is over the name that was used."""
    cos.store.put(cos.bucket, "k", b"hello")
    cos.host = f"{cos.bucket}.{end}"
    assert cos.ask("GET", "k").content == b"hello"
    assert cos.ask("PUT", "new", body=b"x").status_code == 200
    assert cos.store.get(cos.bucket, "new") == b"x"


@pytest.mark.parametrize("end", OF_THE_BUCKET)
def test_a_copy_may_name_its_source_by_any_of_them(cos: LocalCos, end: str) -> None:
    """As the SDKs do that were told to use another domain."""
    cos.store.put(cos.bucket, "目录/k", b"hello")
    source = {"x-cos-copy-source": f"{cos.bucket}.{end}/%E7%9B%AE%E5%BD%95/k"}
    assert cos.ask("PUT", "copy", headers=source).status_code == 200
    assert cos.store.get(cos.bucket, "copy") == b"hello"


def test_the_sdk_finds_the_bucket_under_its_other_domains(cos: LocalCos) -> None:
    """By its own settings."""
    key = cos.account.root_key()
    for setting in ({"EnableOldDomain": False}, {"EnableOldDomain": False, "EnableInternalDomain": True}):
        config = CosConfig(
            Region=cos.region,
            SecretId=key.secret_id,
            SecretKey=key.secret_key,
            Scheme="http",
            Proxies={"http": cos.proxy.url},
            **setting,
        )
        client = CosS3Client(config)
        client.put_object(cos.bucket, b"x", "k")
        assert client.get_object(cos.bucket, "k")["Body"].get_raw_stream().read() == b"x"


@pytest.mark.parametrize("host", OF_THE_SERVICE)
def test_the_names_of_the_service_list_the_buckets(cos: LocalCos, host: str) -> None:
    """In order of name; a region's own host lists those of the region (436/8291)."""
    cos.store.create_bucket("another-1250000000", "ap-beijing")
    top = listed(cos, host)
    found = [(each.findtext("Name"), each.findtext("Location")) for each in top.iter("Bucket")]
    everywhere = [("another-1250000000", "ap-beijing"), (BUCKET, "ap-guangzhou")]
    assert found == (everywhere if host.startswith("service.") else everywhere[1:])
    assert top.findtext("Owner/ID") == "qcs::cam::uin/100000000001:uin/100000000001"
    assert cos.calls.kinds() == {"GET Service": 1}


def test_the_list_of_buckets_can_be_narrowed_and_paged(cos: LocalCos) -> None:
    """By region, time, tag; the next page begins after the marker."""
    for number in range(3):
        cos.store.create_bucket(f"b{number}-1250000000", "ap-beijing")
    cos.client.put_bucket_tagging(cos.bucket, {"TagSet": {"Tag": [{"Key": "a", "Value": "1"}]}})

    def names(query: str) -> list[str | None]:
        return [each.findtext("Name") for each in listed(cos, "service.cos.myqcloud.com", query).iter("Bucket")]

    assert names("region=ap-guangzhou") == [BUCKET]
    assert names("tagkey=a&tagvalue=1") == [BUCKET]
    assert names("tagkey=a&tagvalue=2") == []
    assert names("create-time=1&range=lt") == []
    assert len(names("create-time=1&range=gt")) == 4
    first = listed(cos, "service.cos.myqcloud.com", "max-keys=2&region=ap-beijing")
    assert (first.findtext("IsTruncated"), first.findtext("NextMarker")) == ("true", "b1-1250000000")
    assert names("max-keys=2&region=ap-beijing&marker=b1-1250000000") == ["b2-1250000000"]


@pytest.mark.parametrize(
    "query", ["create-time=1", "range=between", "max-keys=0", "max-keys=many", "create-time=x&range=gt"]
)
def test_a_list_of_buckets_asked_for_wrongly_is_refused(cos: LocalCos, query: str) -> None:
    """400, naming the parameter."""
    asked = requests.Request("GET", f"http://service.cos.myqcloud.com/?{query}").prepare()
    CosS3Auth(cos.config(), "", {})(asked)
    assert code_of(cos.send(asked)) == "InvalidArgument"


def test_only_the_list_of_buckets_is_served_under_the_service_s_names(cos: LocalCos) -> None:
    """No bucket by path (the service gave that up, 436/96243), nothing written."""
    for method, path in (("PUT", "/"), ("GET", f"/{BUCKET}/k"), ("DELETE", f"/{BUCKET}")):
        asked = requests.Request(method, f"http://cos.ap-guangzhou.myqcloud.com{path}").prepare()
        CosS3Auth(cos.config(), path[1:], {})(asked)
        assert code_of(cos.send(asked)) == "MethodNotAllowed"
    assert cos.store.buckets() == {BUCKET: "ap-guangzhou"}


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("service.cos.myqcloud.com", Address("", "")),
        ("a-1.cos.accelerate.myqcloud.com", Address("a-1", "")),
        ("a-1.cos-website.ap-guangzhou.myqcloud.com", None),
        ("a-1.cos.ap-guangzhou.evil.com", None),
        ("a-1.cos.ap-guangzhou.myqcloud.com.evil.com", None),
        ("a-1.ci.ap-guangzhou.myqcloud.com", None),
        ("cos.myqcloud.com", None),
    ],
)
def test_what_is_a_host_of_cos(host: str, address: Address | None) -> None:
    """By the whole name."""
    assert address_of(host) == address
