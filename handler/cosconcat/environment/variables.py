"""Every environment variable with its default and its meaning: the one table from which the documentation, the sample
`.env` and the guard against misspelt names are made.
"""

from __future__ import annotations

from typing import NamedTuple


class Variable(NamedTuple):
    """One environment variable. `default` is the literal value, `otherwise` says in words what an unset one means."""

    name: str
    default: str
    meaning: str
    otherwise: str = ""
    secret: bool = False


TABLE = (
    Variable("CONCAT_BUCKET", "", "Bucket that fragments arrive in, `<name>-<appid>`.", "required"),
    Variable("CONCAT_REGION", "", "Its region, e.g. `ap-guangzhou`.", "`TENCENTCLOUD_REGION`, which the platform sets"),
    Variable("CONCAT_INPUT_PREFIX", "fragments/", "Where fragments arrive; ends with `/`."),
    Variable(
        "CONCAT_NAMING",
        "part-of",
        "A preset (`part-of`, `folder`, `timestamp` or a recorder's), a template such as `{group}_{index:3}.{ext}`, or "
        "a regular expression (full match on the key after the prefix) with the named groups `group` (`group2`, "
        "`group3`), `index` or `time`, and optionally `total`, `ext`, `end`. See `naming.md`.",
    ),
    Variable(
        "CONCAT_COMPLETION",
        "",
        "When a group is whole: `total`, `marker`, `manifest`, `quiet:<seconds>`, or for names with a time "
        "`gap:<seconds>`. With a gap, a recording is the run of pieces in which none starts more than so long after "
        "the others ended (started, where names tell no end).",
        "the preset's; `total` for a template or an expression with a total; required for another",
    ),
    Variable(
        "CONCAT_FIRST",
        "",
        "Number of the first piece: `0` or `1` (which is waited for), `auto` (whichever is there), or `any` (numbers "
        "are only an order: any start, gaps allowed and noted).",
        "the preset's, else `auto`",
    ),
    Variable(
        "CONCAT_MARKER",
        "",
        "The object that says that a group is whole, a template such as `{group}/events/recording-ended.json`. It is "
        "never removed. Implies completion `marker`.",
        "the built-in ones",
    ),
    Variable(
        "CONCAT_EXTENSIONS", "", "Further extensions that are fragments, comma-separated, e.g. `insv,dav`.", "none"
    ),
    Variable(
        "CONCAT_SINGLE",
        "join",
        "What becomes of a group of one piece: `join` (a job), `copy` (as it is, to the output's key with its own "
        "extension: no bill) or `leave` (it stays as it is).",
    ),
    Variable("CONCAT_WINDOW", "hour", "How names with a time are cut into groups: `hour`, `day` or seconds."),
    Variable(
        "CONCAT_MAX_LENGTH",
        "day",
        "With `gap`: the longest recording, `hour`, `day` or seconds, at most a day; a longer run is cut at a multiple "
        "of it from midnight UTC.",
    ),
    Variable("CONCAT_MAX_GAP", "", "Seconds between two starting times from which on a gap is reported.", "no limit"),
    Variable(
        "CONCAT_TIMEZONE", "Z", "Zone of times that name none: `Z` or an offset such as `+08:00`. Windows begin in it."
    ),
    Variable(
        "CONCAT_OUTPUT_KEY",
        "output/{group}.{ext}",
        "Key of the result; holds `{group}`, `{fingerprint}` or `{jobid}`, and perhaps `{ext}` and `{date}` (UTC day "
        "of the newest fragment). `{ext}` and `{jobid}` become the API's `${ext}`, `${jobid}`, which are accepted too.",
    ),
    Variable("CONCAT_OUTPUT_BUCKET", "", "Bucket of the result.", "`CONCAT_BUCKET`"),
    Variable("CONCAT_OUTPUT_REGION", "", "Region of that bucket.", "`CONCAT_REGION`"),
    Variable("CONCAT_STATE_PREFIX", ".concat/", "Where the ledger lives; ends with `/`."),
    Variable("CONCAT_STATE_BUCKET", "", "Bucket of the ledger: one that never had versioning.", "`CONCAT_BUCKET`"),
    Variable("CONCAT_FORMAT", "mp4", "`Container.Format`: `mp4`, `flv`, `hls`, `ts`, `mp3` or `aac`."),
    Variable("CONCAT_DIRECT", "false", "`DirectConcat`: join without transcoding, `true` or `false`."),
    Variable(
        "CONCAT_ON_MIXED",
        "transcode",
        "With direct, when the codecs of the fragments differ: `transcode` or `refuse` (both probe each fragment), or "
        "`trust` (no probe).",
    ),
    Variable("CONCAT_TEMPLATE_ID", "", "Splicing template to use.", "none"),
    Variable("CONCAT_QUEUE_ID", "", "Queue of media processing; older documents require it.", "none"),
    Variable(
        "CONCAT_JOB",
        "{}",
        "JSON laid over the request's `Operation`, in the API's own node names, e.g. "
        '`{"ConcatTemplate": {"Video": {"Codec": "H.264", "Crf": "25"}}, "JobLevel": "1"}`.',
    ),
    Variable("CONCAT_CALLBACK_URL", "", "Public address of the callback function.", "none"),
    Variable(
        "CONCAT_CALLBACK_SECRET",
        "",
        "Key of the HMAC in each job's callback address and in notifications, at least 16 characters.",
        "required with `CONCAT_CALLBACK_URL` or `CONCAT_NOTIFY_URL`",
        secret=True,
    ),
    Variable(
        "CONCAT_CALLBACK_SECRET_OLD", "", "The former key, valid while the new one takes over.", "none", secret=True
    ),
    Variable(
        "CONCAT_CALLBACK_MQ",
        "",
        "`<region>:<Topic or Queue>:<name>`, e.g. `gz:Topic:concat-done`: callback by message queue instead of the "
        "address. Regions: `sh`, `bj`, `gz`, `cd`, `hk`.",
        "none",
    ),
    Variable("CONCAT_CALLBACK_FORMAT", "JSON", "`JSON` or `XML`."),
    Variable(
        "CONCAT_CLEANUP",
        "delete",
        "What becomes of the fragments once the result is proven: `delete`, `trash` (move), `expire` (tag for a "
        "lifecycle rule) or `keep`.",
    ),
    Variable("CONCAT_CLEANUP_DRY_RUN", "false", "Only report what would be removed, `true` or `false`."),
    Variable("CONCAT_TRASH_PREFIX", "trash/", "Where `trash` moves fragments; ends with `/`."),
    Variable(
        "CONCAT_VERIFY",
        "duration",
        "How the result is proven: `duration` (stream by stream); `size` (only with direct: bytes of the result "
        "against the sum, ±5 %, and its kinds of stream); `none`, which removes nothing whatever `CONCAT_CLEANUP` "
        "says. See `verification.md`.",
    ),
    Variable(
        "CONCAT_MAY_LOSE",
        "",
        "What the result may lack and the fragments be removed all the same, with commas between: `video`, `audio` "
        "(all of the kind), `extra-video`, `extra-audio` (all but the first), `subtitle`.",
        "nothing",
    ),
    Variable("CONCAT_TAGS", "{}", "JSON of up to five more tags for the result."),
    Variable("CONCAT_NOTIFY_URL", "", "Gets a signed JSON message at every end.", "none"),
    Variable(
        "CONCAT_MAX_FRAGMENTS",
        "100",
        "Most fragments in one job; a larger group is invalid. The service publishes no limit: a guess.",
    ),
    Variable("CONCAT_MAX_ATTEMPTS", "3", "Failed jobs for one content before giving up."),
    Variable(
        "CONCAT_LEASE_SECONDS",
        "1200",
        "How long a claim without a job id is left alone; must exceed the function's time limit, better by a minute.",
    ),
    Variable(
        "CONCAT_STALE_SECONDS",
        "3600",
        "Age at which an incomplete group, a stuck job or a missing proof is reported and, where safe, acted on.",
    ),
    Variable("CONCAT_SWEEP_JOBS", "50", "Most jobs that one sweep asks for; those that CI refuses count."),
    Variable(
        "CONCAT_JOBS_PER_HOUR",
        "",
        "Most jobs in a clock hour (UTC), whoever asks for them, retries by hand included. What finds the budget used "
        "up waits for the next hour; the sweep takes the oldest first. A retry has to be said again then.",
        "no limit",
    ),
    Variable(
        "CONCAT_MANIFEST_MAY",
        "output,intro,outro,job",
        "What manifests may use beside their list of fragments, with commas between, or `nothing`. A use that is not "
        "allowed makes the group invalid.",
    ),
    Variable(
        "CONCAT_ASSETS_PREFIX",
        "",
        "Where in `CONCAT_BUCKET` intros, outros, watermarks and sounds may lie besides the input prefix; ends with "
        "`/`. They are read, never removed. A manifest's `job` may use no other addresses.",
        "none",
    ),
    Variable("CONCAT_SCHEME", "https", "`https`; `http` only for the local cloud."),
    Variable("LOG_LEVEL", "INFO", "`DEBUG`, `INFO`, `WARNING` or `ERROR`."),
)
NAMES = frozenset(variable.name for variable in TABLE)
DEFAULTS = {variable.name: variable.default for variable in TABLE}
