"""The CAM policies of the functions and of whoever deploys, from the configuration: what each may do, for which call.

Action names, the form of resources, and that multi-delete and delete by version are checked as `DeleteObject`:
cloud.tencent.com/document/product/436/31923, 436/30580, 436/46206, 598/57092; CI's: 460/41741. Nothing outside the
configured prefixes can be read, written or removed, and no function can change or remove a record of the ledger:
PUT is granted there only with the header that refuses to overwrite (436/7749), DELETE for the index and the doctor's
probes alone. LIST is granted for the whole bucket: the condition key `cos:prefix` was seen to compare with the prefix
in its URL-encoded form, and the documents do not say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from cosconcat.config import Config
from cosconcat.job.compose import named_objects
from cosconcat.model import FragmentSet
from cosconcat.output.key import literal_beginning
from deployed import blueprint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cosconcat.model import Bucket

Function = Literal["upload", "callback", "sweep"]
FUNCTIONS: tuple[Function, ...] = get_args(Function)
NOTHING = FragmentSet("", ())  # a group without a manifest: its request names what CONCAT_JOB names


@dataclass(frozen=True)
class Need:
    """One right: a CAM action on a resource, and the call that is refused (403) without it.

    `create_only` grants it to requests that refuse to overwrite, and to no others.
    """

    action: str
    resource: str
    call: str
    create_only: bool = False


def needs(config: Config, function: str) -> tuple[Need, ...]:
    """Every right that `function` (upload, callback or sweep) needs under `config`.

    All three drive a group through the same protocol (whoever comes first does the next step), so they share its
    rights; but the callback function never submits a job, and the sweep alone looks at the buckets' and the queue's
    settings, publishes the report and keeps its place.

    Raises:
        ValueError: for any other function.
    """
    if function not in FUNCTIONS:
        raise ValueError(f"function {function!r}: allowed are {', '.join(FUNCTIONS)}")
    found = [
        *_fragments(config, function),
        *_assets(config, function),
        *_ledger(config),
        *_output(config),
        *_jobs(config, function),
        *cleanup_needs(config),
    ]
    if function == "sweep":
        found += [*_report(config), *_examination(config)]
    return tuple(found)


def policy(config: Config, function: str) -> dict[str, object]:
    """The policy document of `function`, version 2.0: one statement for each resource and condition."""
    return granting(needs(config, function))


def granting(rights: Iterable[Need]) -> dict[str, object]:
    """The policy document that grants these rights and no others."""
    actions: dict[tuple[str, bool], set[str]] = {}
    for need in rights:
        actions.setdefault((need.resource, need.create_only), set()).add(need.action)
    return {"version": "2.0", "statement": [_statement(*where, names) for where, names in actions.items()]}


def _statement(resource: str, create_only: bool, actions: Iterable[str]) -> dict[str, object]:
    statement: dict[str, object] = {"effect": "allow", "action": sorted(actions), "resource": [resource]}
    if create_only:
        statement["condition"] = {"string_equal": {"cos:x-cos-forbid-overwrite": "true"}}
    return statement


def _fragments(config: Config, function: str) -> list[Need]:
    """Is the group whole, and is it still what was joined. The callback function lists fragments for newcomers alone,
    for whom names that declare a total leave no room.
    """
    listing = Need("name/cos:GetBucket", _whole(config.bucket), "LIST of the fragments and of the ledger")
    fragments = _readable(config.bucket, config.input_prefix, "a fragment, marker or manifest")
    return fragments if function == "callback" and config.naming == "part-of" else [listing, *fragments]


def _assets(config: Config, function: str) -> list[Need]:
    """What is read into results from elsewhere: CONCAT_ASSETS_PREFIX, and the very objects that CONCAT_JOB names."""
    found = []
    if config.assets_prefix:
        found += _readable(config.bucket, config.assets_prefix, "an intro, outro, watermark or sound")
    places = tuple(filter(None, (config.input_prefix, config.assets_prefix)))
    if function != "callback":
        found += [
            Need("name/cos:HeadObject", _object(config.bucket, key), "HEAD of what CONCAT_JOB names: before each job")
            for key in named_objects(config, NOTHING)
            if not key.startswith(places)
        ]
    return found


def _readable(bucket: Bucket, prefix: str, what: str) -> list[Need]:
    return [
        Need("name/cos:HeadObject", _objects(bucket, prefix), f"HEAD of {what}: before a claim, before a removal"),
        Need("name/cos:GetObject", _objects(bucket, prefix), f"GET or probe (?ci-process=videoinfo) of {what}"),
    ]


def _ledger(config: Config) -> list[Need]:
    """The records, created once; only the index entry of a finished group is removed."""
    records = _objects(config.state_bucket, config.state_prefix)
    return [
        Need("name/cos:GetBucket", _whole(config.state_bucket), "LIST of a group's records and of the open index"),
        Need("name/cos:GetObject", records, "GET of a record"),
        Need(
            "name/cos:PutObject", records, "create-only PUT of a record or of an output key's owner", create_only=True
        ),
        Need(
            "name/cos:DeleteObject",
            _objects(config.state_bucket, config.state_prefix + "open/"),
            "DELETE of the index entry once a group is done",
        ),
    ]


def _output(config: Config) -> list[Need]:
    outputs = _objects(config.output_bucket, literal_beginning(config.output_key))
    looks = "probe (?ci-process=videoinfo) of an output whose job tells no length, GET of an hls playlist"
    # Even CONCAT_VERIFY=size goes by length where it cannot be known that nothing was transcoded.
    looked_into = config.verify != "none" or config.format == "hls"
    written = Need("name/cos:PutObject", outputs, "PUT (copy) of a group of one piece: the target", create_only=True)
    parts = _copies_in_parts(outputs, "a group of one piece", create_only=True)
    return [
        *([written, *parts] if config.single == "copy" else []),
        *([Need("name/cos:GetObject", outputs, looks)] if looked_into else []),
        Need("name/cos:HeadObject", outputs, "HEAD of the output: free before a claim, whole before a commit"),
        Need("name/cos:GetObjectTagging", outputs, "GET ?tagging of the output: is it ours, what tags are to be kept"),
        Need("name/cos:PutObjectTagging", outputs, "PUT ?tagging of the output"),
    ]


def _copies_in_parts(target: str, what: str, *, create_only: bool = False) -> list[Need]:
    """To copy what is larger than one request may (5 GB: document 436/10881)."""
    return [
        Need("name/cos:InitiateMultipartUpload", target, f"POST ?uploads: the copy of {what} above 5 GB"),
        Need("name/cos:UploadPart", target, f"PUT (copy) of a part of {what} above 5 GB"),
        Need("name/cos:CompleteMultipartUpload", target, f"POST ?uploadId: {what} above 5 GB is there", create_only),
        Need("name/cos:AbortMultipartUpload", target, f"DELETE ?uploadId: the copy of {what} above 5 GB failed"),
    ]


def _jobs(config: Config, function: str) -> list[Need]:
    ci = _media(config)
    seen = Need("ci:DescribeMediaJob", ci, "GET /jobs/{id}: a callback is believed only after this")
    if function == "callback":
        return [seen]
    return [
        Need("ci:CreateMediaJobs", ci, "POST /jobs"),
        seen,
        Need("ci:DescribeMediaJobs", ci, "GET /jobs?tag=Concat: a job whose answer was lost, job states of a sweep"),
        # The account part is left empty, which CAM reads as the account that owns the policy.
        Need("cam:PassRole", "qcs::cam:::roleName/CI_QCSRole", "POST /jobs: CI reads and writes COS in this role"),
    ]


def _media(config: Config) -> str:
    return f"qcs::ci:{config.bucket.region}:uid/{_appid(config.bucket)}:bucket/{config.bucket.name}/*"


def cleanup_needs(config: Config) -> list[Need]:
    """What the configured clean-up does to the inputs: nothing at all unless it is in earnest."""
    if config.cleanup == "keep" or config.cleanup_dry_run or config.verify == "none":
        return []
    fragments = _objects(config.bucket, config.input_prefix)
    if config.cleanup == "expire":
        return [
            Need("name/cos:GetObjectTagging", fragments, "GET ?tagging of a fragment: its other tags are kept"),
            Need("name/cos:PutObjectTagging", fragments, "PUT ?tagging of a fragment, for the lifecycle rule"),
            Need(
                "name/cos:DeleteObjectTagging",
                fragments,
                "DELETE ?tagging: taken back from content that came in between",
            ),
        ]
    removal = [Need("name/cos:DeleteObject", fragments, "POST ?delete of the joined fragments")]
    if config.cleanup == "trash":
        trash = _objects(config.bucket, config.trash_prefix)
        removal += [
            Need("name/cos:GetObject", fragments, "PUT (copy) of a fragment: the source"),
            Need("name/cos:PutObject", trash, "PUT (copy) of a fragment: the target"),
            Need("name/cos:HeadObject", trash, "HEAD of the copy before its source is removed"),
            *_copies_in_parts(trash, "a fragment"),
        ]
    return removal


def _report(config: Config) -> list[Need]:
    """The only two objects that are ever overwritten."""
    return [
        Need("name/cos:PutObject", _object(config.state_bucket, config.state_prefix + name), f"PUT of the {what}")
        for name, what in (("report.json", "report"), ("sweep.json", "sweep's cursor"))
    ]


def _examination(config: Config) -> list[Need]:
    """What `{"doctor": true}` looks at; its probe is an object of its own."""
    ci = _media(config)
    found = [
        Need(
            "name/cos:DeleteObject",
            _objects(config.state_bucket, config.state_prefix + "doctor/"),
            "DELETE of the doctor's probe object",
        ),
        Need("ci:DescribeMediaQueues", ci, "GET /queue: bound, media processing on, queue active"),
    ]
    exists = "HEAD of the bucket: it exists in this region"
    every = dict.fromkeys((config.bucket, config.state_bucket, config.output_bucket))
    found += [Need("name/cos:HeadBucket", _whole(bucket), exists) for bucket in every]
    found.append(Need("name/cos:GetBucketVersioning", _whole(config.state_bucket), "GET ?versioning"))
    rules = "GET ?lifecycle: rules that expire records or archive fragments too early"
    ruled = dict.fromkeys((config.bucket, config.state_bucket))
    found += [Need("name/cos:GetBucketLifecycle", _whole(bucket), rules) for bucket in ruled]
    return found


def deployer_needs(config: Config, stage: str, *, enable_ci: bool = True) -> tuple[Need, ...]:
    """Every right that whoever deploys `stage` needs: to deploy, change, pause and remove it.

    CAM's actions and the layer's are granted on everything, because no document seen says that they can be narrowed; so
    whoever has this policy can give rights to roles, and is to be trusted with the account.
    """
    own = f"qcs::scf:{config.bucket.region}::namespace/{blueprint.NAMESPACE}/function/"
    mine, buckets = (
        own + blueprint.name(stage, "*"),
        dict.fromkeys((config.bucket, config.state_bucket, config.output_bucket)),
    )
    found = [Need(f"cam:{action}", "*", f"CAM {action}") for action in _DEPLOYER_CAM]
    found += [Need(f"scf:{action}", "*", f"SCF {action}") for action in _DEPLOYER_ACCOUNT]
    found += [Need(f"scf:{action}", mine, f"SCF {action}") for action in _DEPLOYER_FUNCTION]
    found.append(
        Need("scf:GetFunction", own + blueprint.name("*", "upload"), "SCF GetFunction: other stages' prefixes")
    )
    roles = f"qcs::cam:::roleName/{blueprint.name(stage, '*')}"
    found.append(Need("name/cam:PassRole", roles, "SCF CreateFunction: the function's execution role"))
    for bucket in buckets:
        found.append(Need("name/cos:HeadBucket", _whole(bucket), "HEAD of the bucket"))
        found.append(Need("name/cos:GetBucketVersioning", _whole(bucket), "GET ?versioning"))
    found += [
        Need("name/cos:GetBucketLifecycle", _whole(config.bucket), "GET ?lifecycle"),
        Need("name/cos:PutBucketLifecycle", _whole(config.bucket), "PUT ?lifecycle: the rule of CONCAT_CLEANUP=expire"),
        Need("name/cos:DeleteBucketLifecycle", _whole(config.bucket), "DELETE ?lifecycle: the last rule goes"),
        Need("name/cos:GetBucket", _whole(config.state_bucket), "LIST of the open index: what is in flight"),
        Need("name/cos:GetObject", _objects(config.state_bucket, config.state_prefix), "GET of a claim: its group"),
        Need("ci:DescribeMediaQueues", _media(config), "GET /queue: is media processing on"),
    ]
    if enable_ci:
        found.append(Need("ci:CreateMediaBucket", _media(config), "POST /mediabucket: --enable-ci"))
    return tuple(found)


_DEPLOYER_CAM = (
    "GetUserAppId", "GetRole", "ListAttachedRolePolicies", "ListPolicies", "GetPolicy", "CreateRole", "CreatePolicy",
    "AttachRolePolicy", "UpdatePolicy", "UpdateAssumeRolePolicy", "DetachRolePolicy", "DeleteRole", "DeletePolicy",
)  # fmt: skip
_DEPLOYER_ACCOUNT = ("ListFunctions", "ListLayerVersions", "PublishLayerVersion", "DeleteLayerVersion")
_DEPLOYER_FUNCTION = (
    "GetFunction", "CreateFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration", "DeleteFunction",
    "InvokeFunction", "ListTriggers", "CreateTrigger", "UpdateTrigger", "UpdateTriggerStatus", "DeleteTrigger",
    "GetFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig",
)  # fmt: skip


def _objects(bucket: Bucket, prefix: str) -> str:
    return _object(bucket, prefix + "*")


def _object(bucket: Bucket, key: str) -> str:
    return f"qcs::cos:{bucket.region}:uid/{_appid(bucket)}:{bucket.name}/{key}"


def _whole(bucket: Bucket) -> str:
    return _objects(bucket, "")


def _appid(bucket: Bucket) -> str:
    return bucket.name.rpartition("-")[2]


def table(config: Config) -> str:
    """Every right as a Markdown table: the action, the resource, who has it, the call that needs it."""
    holders: dict[Need, list[str]] = {}
    for function in FUNCTIONS:
        for need in needs(config, function):
            if function not in holders.setdefault(need, []):
                holders[need].append(function)
    lines = ["| action | resource | functions | the call that needs it |", "|---|---|---|---|"]
    for need, functions in holders.items():
        who = "all" if len(functions) == len(FUNCTIONS) else ", ".join(functions)
        call = need.call + (", and no other PUT" if need.create_only else "")
        lines.append(f"| `{need.action}` | `{need.resource}` | {who} | {call} |")
    return "\n".join(lines)
