"""The rights that each call to Cloud Infinite needs (460/41741, 1045/49896)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local.account.cam import PASS_ROLE, Demand

if TYPE_CHECKING:
    from local.network.http import Request

_CI_ACTIONS = (  # method, path, parameter that must be there, action (1045/49896)
    ("POST", r"/jobs", "", "CreateMediaJobs"),
    ("GET", r"/jobs", "", "DescribeMediaJobs"),
    ("GET", r"/jobs/.+", "", "DescribeMediaJob"),
    ("PUT", r"/jobs/.+", "cancel", "CancelMediaJob"),
    ("GET", r"/queue", "", "DescribeMediaQueues"),
    ("PUT", r"/queue/.+", "", "UpdateMediaQueue"),
    ("GET", r"/mediabucket", "", "DescribeMediaBuckets"),
    ("POST", r"/mediabucket", "", "CreateMediaBucket"),
    ("POST", r"/mediainfo", "", "GenerateMediainfo"),
    ("POST", r"/template", "", "CreateMediaTemplate"),
    ("GET", r"/template", "", "DescribeMediaTemplates"),
    ("PUT", r"/template/.+", "", "UpdateMediaTemplate"),
    ("DELETE", r"/template/.+", "", "DeleteMediaTemplate"),
)


def demands(request: Request, appid: str, uin: str) -> tuple[Demand, ...]:
    """CI's rights are granted on the whole bucket; a submission also passes the role CI works under (concat API)."""
    bucket, _, rest = request.host.partition(".ci.")
    resource = f"qcs::ci:{rest.partition('.')[0]}:uid/{appid}:bucket/{bucket}/*"
    for method, path, flag, action in _CI_ACTIONS:
        if (
            request.method == method
            and re.fullmatch(path, request.decoded_path)
            and (not flag or request.parameter(flag) is not None)
        ):
            own = Demand(f"ci:{action}", resource)
            if action == "CreateMediaJobs":
                return own, Demand(PASS_ROLE, f"qcs::cam::uin/{uin}:roleName/CI_QCSRole")
            return (own,)
    return ()
