"""Every right of the policies is needed: the call named beside it works with it and is refused without it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import pytest

from cosconcat.bootstrap import bootstrap
from cosconcat.cloud.bucket_settings import SettingsOverHttp
from cosconcat.cloud.cos_answers import translated
from cosconcat.config import Config
from cosconcat.environment.reading import read_config, read_credentials
from cosconcat.errors import Blocked, Rejected
from cosconcat.job.compose import compose
from cosconcat.model import Bucket, DeleteError, Fragment, FragmentSet, ObjectInfo, ObjectVersion
from cosconcat.services import Services
from deployed.policies import Need, granting, needs
from local.cloud import LocalCloud
from local.scf.instances import credentials, proxy_environment
from local.switches import Switches

SEPARATE = {
    "CONCAT_BUCKET": "demo-1250000000",
    "CONCAT_REGION": "ap-guangzhou",
    "CONCAT_OUTPUT_BUCKET": "out-1250000000",
    "CONCAT_STATE_BUCKET": "led-1250000000",
    "CONCAT_SCHEME": "http",
}
LOGO, INTRO = "logos/a.png", "brand/intro.mp4"
LOGO_JOB = json.dumps(
    {
        "Watermark": {
            "Type": "Image",
            "Pos": "TopRight",
            "LocMode": "Absolute",
            "Dx": "8",
            "Dy": "8",
            "Image": {
                "Url": f"http://{SEPARATE['CONCAT_BUCKET']}.cos.ap-guangzhou.myqcloud.com/{LOGO}",
                "Mode": "Original",
                "Transparency": "100",
            },
        }
    }
)
FRAGMENT, RESULT = "fragments/a.part1-of-1.mp4", "output/a.mp4"

Right = tuple[str, str]  # action, and what of the resource follows its account


def right(need: Need) -> Right:
    """E.g. `("name/cos:GetObject", "out-1250000000/output/*")`."""
    return need.action, need.resource.split(":", 5)[5]


def modes() -> Iterator[Config]:
    """The configurations that together need every right there is."""
    for mode in ("delete", "trash", "expire"):
        assets = {"CONCAT_ASSETS_PREFIX": "brand/", "CONCAT_JOB": LOGO_JOB}
        yield read_config({**SEPARATE, **assets, "CONCAT_CLEANUP": mode, "CONCAT_SINGLE": "copy"})


EVERY_NEED = {right(need): need for config in modes() for need in needs(config, "sweep")}


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    """Three buckets with what the calls touch; no event reaches a function."""
    with LocalCloud(switches=Switches(lose_events=1.0)) as running, pytest.MonkeyPatch.context() as patch:
        for name in ("out-1250000000", "led-1250000000"):
            running.store.create_bucket(name, running.account.region)
        running.store.put(running.bucket, FRAGMENT, b"not a film")
        running.store.put("out-1250000000", RESULT, b"nor this")
        for name, value in proxy_environment(running.proxy.url).items():
            patch.setenv(name, value)
        yield running


def services_with(cloud: LocalCloud, rights: Iterable[Need]) -> tuple[Services, SettingsOverHttp]:
    """The functions' own adapters, signing with a key that has exactly these rights."""
    environ = {**SEPARATE, **credentials(cloud.account.issue("sweep", granting(rights)))}
    services = bootstrap({}, environ)
    return services, SettingsOverHttp(services.config, read_credentials(environ))


def calls(services: Services, settings: SettingsOverHttp, etag: str) -> dict[Right, Callable[[], object]]:
    """For every right the call that needs it."""
    cos, ci, config = services.cos, services.ci, services.config
    inputs, outputs, ledger = config.bucket, config.output_bucket, config.state_bucket
    fragment = ObjectInfo(FRAGMENT, etag, 10, 0)
    only = FragmentSet("a", (Fragment(1, fragment),))
    submit = partial(ci.submit, inputs, compose(config, only, "output/new.${ext}", "", ""))
    record, ci_of_inputs = ".concat/0123/0001/claim-0001.json", f"bucket/{inputs.name}/*"
    table: dict[Right, Callable[[], object]] = {
        ("name/cos:GetBucket", f"{inputs.name}/*"): partial(cos.list, inputs, "fragments/"),
        ("name/cos:HeadObject", f"{inputs.name}/fragments/*"): partial(cos.head, inputs, FRAGMENT),
        ("name/cos:GetObject", f"{inputs.name}/fragments/*"): partial(cos.get, inputs, FRAGMENT),
        ("name/cos:HeadObject", f"{inputs.name}/brand/*"): partial(cos.head, inputs, INTRO),
        ("name/cos:GetObject", f"{inputs.name}/brand/*"): partial(cos.media, inputs, [INTRO]),
        ("name/cos:HeadObject", f"{inputs.name}/{LOGO}"): partial(cos.head, inputs, LOGO),
        ("name/cos:DeleteObject", f"{inputs.name}/fragments/*"): partial(
            cos.delete, inputs, [ObjectVersion("fragments/b")]
        ),
        ("name/cos:GetObjectTagging", f"{inputs.name}/fragments/*"): partial(cos.tags, inputs, FRAGMENT),
        ("name/cos:PutObjectTagging", f"{inputs.name}/fragments/*"): partial(cos.tag, inputs, FRAGMENT, {"a": "b"}),
        ("name/cos:DeleteObjectTagging", f"{inputs.name}/fragments/*"): partial(cos.tag, inputs, FRAGMENT, {}),
        ("name/cos:PutObject", f"{inputs.name}/trash/*"): partial(cos.copy, inputs, fragment, inputs, "trash/a"),
        ("name/cos:PutObject", f"{outputs.name}/output/*"): partial(
            cos.copy, inputs, fragment, outputs, "output/b", create_only=True
        ),
        ("name/cos:HeadObject", f"{inputs.name}/trash/*"): partial(cos.head, inputs, "trash/a"),
        ("name/cos:GetBucket", f"{ledger.name}/*"): partial(cos.list, ledger, ".concat/open/"),
        ("name/cos:GetObject", f"{ledger.name}/.concat/*"): partial(cos.get, ledger, record),
        ("name/cos:PutObject", f"{ledger.name}/.concat/*"): partial(cos.create, ledger, record, b"{}"),
        ("name/cos:PutObject", f"{ledger.name}/.concat/report.json"): partial(
            cos.put, ledger, ".concat/report.json", b"{}"
        ),
        ("name/cos:PutObject", f"{ledger.name}/.concat/sweep.json"): partial(
            cos.put, ledger, ".concat/sweep.json", b"{}"
        ),
        ("name/cos:HeadObject", f"{outputs.name}/output/*"): partial(cos.head, outputs, RESULT),
        ("name/cos:GetObject", f"{outputs.name}/output/*"): partial(cos.media, outputs, [RESULT]),
        ("name/cos:GetObjectTagging", f"{outputs.name}/output/*"): partial(cos.tags, outputs, RESULT),
        ("name/cos:PutObjectTagging", f"{outputs.name}/output/*"): partial(cos.tag, outputs, RESULT, {"a": "b"}),
        ("ci:CreateMediaJobs", ci_of_inputs): submit,
        ("cam:PassRole", "roleName/CI_QCSRole"): submit,
        ("ci:DescribeMediaJob", ci_of_inputs): partial(ci.job, inputs, "j" + "0" * 32),
        ("ci:DescribeMediaJobs", ci_of_inputs): partial(ci.jobs, inputs, 0),
        ("ci:DescribeMediaQueues", ci_of_inputs): partial(settings.queues, inputs),
    }
    for prefix in ("open", "doctor"):
        versions = [ObjectVersion(f".concat/{prefix}/x")]
        table["name/cos:DeleteObject", f"{ledger.name}/.concat/{prefix}/*"] = partial(cos.delete, ledger, versions)
    for bucket, prefix, apart in ((inputs, "trash", False), (outputs, "output", True)):
        for step in ("InitiateMultipartUpload", "UploadPart", "CompleteMultipartUpload"):
            table[f"name/cos:{step}", f"{bucket.name}/{prefix}/*"] = partial(
                in_parts, cos, inputs, fragment, bucket, f"{prefix}/{step}", create_only=apart
            )
        table["name/cos:AbortMultipartUpload", f"{bucket.name}/{prefix}/*"] = partial(give_up, cos, bucket, prefix)
    for bucket in (inputs, outputs, ledger):
        table["name/cos:HeadBucket", f"{bucket.name}/*"] = partial(settings.exists, bucket)
    for bucket in (inputs, ledger):
        table["name/cos:GetBucketLifecycle", f"{bucket.name}/*"] = partial(settings.lifecycle, bucket)
    table["name/cos:GetBucketVersioning", f"{ledger.name}/*"] = partial(settings.versioning, ledger)
    return table


def in_parts(cos: Any, *copied: object, create_only: bool) -> object:
    """A copy as if it were larger than one request may copy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cosconcat.cloud.cos.SIMPLE_COPY_BYTES", 0)
        return cos.copy(*copied, create_only=create_only)


def give_up(cos: Any, bucket: Bucket, prefix: str) -> None:
    """The end of a copy in parts that failed, which nobody hears of."""
    client, key = cos._client(bucket), f"/{prefix}/c"
    upload = client.create_multipart_upload(Bucket=bucket.name, Key=key)["UploadId"]
    with translated("DELETE upload", bucket, key, success=(204,)):
        client.abort_multipart_upload(Bucket=bucket.name, Key=key, UploadId=upload)


def refused(call: Callable[[], object]) -> bool:
    """Whether the service said no: by 403, or for each key of a multi-delete."""
    try:
        answer = call()
    except Blocked as refusal:
        return refusal.code == "AccessDenied"
    except Rejected as refusal:
        return refusal.status == 403
    return isinstance(answer, list) and any(isinstance(one, DeleteError) for one in answer)


def test_a_call_is_known_for_every_right(cloud: LocalCloud) -> None:
    """So that none is added without the call that needs it, and none stays when its call is gone."""
    assert set(calls(*services_with(cloud, EVERY_NEED.values()), "0" * 32)) == set(EVERY_NEED)


@pytest.mark.parametrize("wanted", EVERY_NEED, ids=" on ".join)
def test_a_call_works_with_its_right_and_is_refused_without_it(cloud: LocalCloud, wanted: Right) -> None:
    """All other rights are there in both cases."""
    info = cloud.store.info(cloud.bucket, FRAGMENT)
    assert info is not None
    everything = calls(*services_with(cloud, EVERY_NEED.values()), info[0])
    assert not refused(everything[wanted])
    others = [need for key, need in EVERY_NEED.items() if key != wanted]
    assert refused(calls(*services_with(cloud, others), info[0])[wanted])
