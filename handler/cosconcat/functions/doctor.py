"""Is this deployment able to do its work? Every check looks with the rights of whoever asks: the
deployed sweep with the function's own, `cos-concat doctor` with a person's.

Nothing is changed but a probe object of the doctor's own under `<state>/doctor/`, which it removes, and the record of
what the deployment's records depend on, if there is none. What could only be tried by doing it (may CI write the
output, does the queue call back) is not tried; the first group shows it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlsplit

from cosconcat.cloud.bucket_settings import LifecycleRule, Settings
from cosconcat.config import Config, films_stay
from cosconcat.errors import Blocked, ConcatError, Rejected
from cosconcat.inputs.expiry import EXPIRE_TAG
from cosconcat.job.compose import named_objects
from cosconcat.job.refusals import REFUSALS, Standing
from cosconcat.model import FragmentSet, ObjectVersion, Token
from cosconcat.naming.keys import MEDIA
from cosconcat.records.deployment import compare, remedy
from cosconcat.records.ledger import Ledger
from cosconcat.services import Services
from cosconcat.submission.admission import why_unusable

JOBS_KEPT_SECONDS = 30 * 86400  # CI's console shows a month of jobs
LEAST_RECORD_DAYS = 7  # with inputs gone, records serve retries, late callbacks and questions: days, not hours
SKEW_SECONDS = 60  # COS refuses at 900; ages here are measured on the service's clock
LOOKED_AT = 5  # open contents whose job is looked for in CI's listing
ELSEWHERE = (301, 307, 404)  # a bucket that is not there, or not in this region


@dataclass(frozen=True)
class Finding:
    """One line of the examination: all is well, or what is wrong and what exactly mends it."""

    check: str
    ok: bool
    text: str
    fix: str = ""

    def as_dict(self) -> dict[str, object]:
        """For the function's result; an empty fix is left out."""
        found: dict[str, object] = {"check": self.check, "ok": self.ok, "text": self.text}
        return {**found, "fix": self.fix} if self.fix else found

    def __str__(self) -> str:
        line = f"{'ok   ' if self.ok else 'WRONG'} {self.check}: {self.text}"
        return f"{line}\n      fix: {self.fix}" if self.fix else line


def examine(services: Services, settings: Settings) -> list[Finding]:
    """Every check, in an order in which the first mistake explains later ones; a check that fails is a finding."""
    return [finding for name, check in CHECKS.items() for finding in _findings(name, check, services, settings)]


def _findings(name: str, check: Check, services: Services, settings: Settings) -> Iterator[Finding]:
    try:
        for line in check(services, settings):
            yield Finding(name, *line)
    except Blocked as refusal:
        yield Finding(name, ok=False, text=str(refusal), fix=refusal.fix)
    except ConcatError as failure:
        yield Finding(name, ok=False, text=str(failure), fix=_fix_of(failure, services.config))


Line = tuple[bool, str, str]


def _ok(text: str) -> Line:
    return True, text, ""


def _wrong(text: str, fix: str) -> Line:
    return False, text, fix


def check_credentials(services: Services, settings: Settings) -> Iterator[Line]:
    """A call whose refusal says why (a HEAD's does not)."""
    del settings
    services.cos.list(services.config.state_bucket, services.config.state_prefix, limit=1)
    yield _ok("accepted by COS")


def check_buckets(services: Services, settings: Settings) -> Iterator[Line]:
    """Each bucket is there, in its region."""
    config = services.config
    named = {"CONCAT_BUCKET": config.bucket, "CONCAT_OUTPUT_BUCKET": config.output_bucket}
    named["CONCAT_STATE_BUCKET"] = config.state_bucket
    for bucket in dict.fromkeys(named.values()):
        variables = ", ".join(name for name, value in named.items() if value == bucket)
        try:
            settings.exists(bucket)
        except Rejected as refusal:
            if refusal.status not in ELSEWHERE:
                raise
            text = f"{bucket.name} is not in {bucket.region} (HTTP {refusal.status})"
            yield _wrong(text, f"create it there, or correct {variables} and its region")
        else:
            yield _ok(f"{bucket.name} in {bucket.region} ({variables})")


def check_create_only(services: Services, settings: Settings) -> Iterator[Line]:
    """The ledger rests on PUTs that refuse to overwrite, which do nothing where versioning is or ever was on."""
    bucket, config = services.config.state_bucket, services.config
    versioning = settings.versioning(bucket)
    key = f"{config.state_prefix}doctor/{services.nonce()}"
    first = services.cos.create(bucket, key, b"first")
    try:
        second = services.cos.create(bucket, key, b"second")
        stored = services.cos.get(bucket, key)
    finally:
        left = services.cos.delete(bucket, [ObjectVersion(key)])
    if not first or second or stored is None or stored.body != b"first":
        yield _wrong(
            f"{bucket.name} (versioning: {versioning or 'never on'}) let a second PUT of {key} through",
            "set CONCAT_STATE_BUCKET to a new bucket of this region that never had versioning, and deploy again",
        )
    elif versioning:
        yield _wrong(
            f"{bucket.name} has versioning {versioning}: COS may ignore the refusal to overwrite there",
            "set CONCAT_STATE_BUCKET to a new bucket of this region that never had versioning, and deploy again",
        )
    else:
        yield _ok(f"a second PUT of one key is refused in {bucket.name}")
    if left:
        yield _wrong(f"the probe {key} could not be removed ({left[0].code})", f"delete {bucket.name}/{key} by hand")


def check_prefixes(services: Services, settings: Settings) -> Iterator[Line]:
    """Inputs, outputs, records and trash lie apart; the configuration is refused otherwise, so this only shows them."""
    del settings
    config = services.config
    shown = {"input": config.input_prefix, "output": config.output_key, "state": config.state_prefix}
    if config.cleanup == "trash":
        shown["trash"] = config.trash_prefix
    yield _ok(", ".join(f"{role} {prefix}" for role, prefix in shown.items()) + " lie apart")


def check_format(services: Services, settings: Settings) -> Iterator[Line]:
    """What the result cannot hold stays in the fragments, and they stay with it."""
    del settings
    yield _ok(films_stay(services.config) or f"results are {services.config.format}")
    further = sorted(services.config.convention.media - MEDIA)
    if further:
        why = "Cloud Infinite does not list them as input of media jobs, and decides itself whether it can join them"
        yield _ok(f"warning: {', '.join(further)} count as fragments; {why}: try one recording first")


def check_deployment(services: Services, settings: Settings) -> Iterator[Line]:
    """Names are read as they were when the records began: otherwise pieces may be joined twice, or never."""
    del settings
    changed = compare(services.cos, services.config)
    for difference in changed:
        yield _wrong(difference, remedy(services.config))
    if not changed:
        yield _ok("names are read as when the records began")
    for name in services.config.unknown:
        yield _ok(f"warning: {name} is no variable of this release: it is ignored")


def check_media_processing(services: Services, settings: Settings) -> Iterator[Line]:
    """The bucket is bound to Cloud Infinite, media processing is on, and the queue works."""
    bucket, wanted = services.config.bucket, services.config.queue_id
    queues = settings.queues(bucket)
    console = f"Cloud Infinite console > {bucket.name} > Media processing"
    if not queues:
        yield _wrong(f"{bucket.name} has no media queue: media processing is off", f"{console}: switch it on")
    elif wanted and wanted not in {queue.id for queue in queues}:
        known = ", ".join(queue.id for queue in queues)
        yield _wrong(f"CONCAT_QUEUE_ID {wanted} is not a queue of {bucket.name}", f"use {known}, or leave it empty")
    else:
        for queue in queues:
            if wanted in ("", queue.id):
                told = f"queue {queue.id} ({queue.name}) is {queue.state}"
                yield _ok(told) if queue.state == "Active" else _wrong(told, f"{console} > Queue: set it to Active")


def check_callback(services: Services, settings: Settings) -> Iterator[Line]:
    """CI can reach the address in shape; whether it does, only a job shows."""
    del settings
    config = services.config
    if config.callback_mq:
        mq = config.callback_mq
        if mq.mode != "Topic":
            yield _wrong(f"CONCAT_CALLBACK_MQ names a {mq.mode}", "use a Topic: no SCF trigger reads a queue")
        else:
            yield _ok(f"by topic {mq.name} in {mq.region}; the callback function needs its cmq trigger")
        return
    if not config.callback_url:
        yield _ok(
            "none: the sweep finishes jobs; `make deploy` sets one, else put the function URL into CONCAT_CALLBACK_URL"
        )
        return
    address = urlsplit(config.callback_url)
    host = address.hostname or ""
    if _is_private(host) or ".in." in host:
        yield _wrong(f"{host} cannot be reached from outside", "use the public address of the callback's function URL")
    elif address.scheme != "https" and config.scheme == "https":
        yield _wrong(f"{config.callback_url} is not https", "use the https address that the console shows")
    else:
        yield _ok(f"by URL to {host}")


def check_job_listing(services: Services, settings: Settings) -> Iterator[Line]:
    """A lost answer is made good from CI's listing, so the listing has to show our jobs."""
    del settings
    bucket, config = services.config.bucket, services.config
    page = services.ci.jobs(bucket, int(services.clock.now()) - JOBS_KEPT_SECONDS)
    ours = {job.id for job in page.jobs if Token.parse(job.user_data)}
    unseen = [job for job in _known_jobs(services) if job not in ours and page.next_token == ""]
    if unseen:
        yield _wrong(
            f"job {unseen[0]} is in the ledger and not in CI's listing of the last 30 days",
            "set CONCAT_QUEUE_ID to the queue's id (see media processing)"
            if not config.queue_id
            else "clear CONCAT_QUEUE_ID, or set it to the id of the queue in use",
        )
    else:
        yield _ok(f"{len(ours)} of our jobs in the last 30 days" if ours else "answers; no job of ours yet")


def check_expiry(services: Services, settings: Settings) -> Iterator[Line]:
    """CONCAT_CLEANUP=expire only tags; a lifecycle rule has to do the rest."""
    config = services.config
    if config.cleanup != "expire":
        yield _ok(f"CONCAT_CLEANUP is {config.cleanup}: no rule needed")
        return
    name, value = EXPIRE_TAG
    rules = [
        rule
        for rule in settings.lifecycle(config.bucket)
        if dict(rule.tags) == {name: value} and config.input_prefix.startswith(rule.prefix) and rule.expires_after
    ]
    if rules:
        yield _ok(f"rule {rules[0].id} removes tagged fragments after {rules[0].expires_after} days")
    else:
        yield _wrong(
            f"no lifecycle rule of {config.bucket.name} expires objects tagged {name}={value}",
            f"COS console > {config.bucket.name} > Basic configuration > Lifecycle > Add rule: prefix "
            f"{config.input_prefix}, tag {name} = {value}, delete current versions after 7 days",
        )


def check_records_kept(services: Services, settings: Settings) -> Iterator[Line]:
    """Records must outlive what they speak of: inputs that stay would be taken for new ones and joined again."""
    config = services.config
    rules = settings.lifecycle(config.state_bucket)
    eaten = _earliest(rules, config.state_prefix)
    place = f"COS console > {config.state_bucket.name} > Basic configuration > Lifecycle"
    frozen = [rule for rule in rules if rule.touches(config.state_prefix) and rule.archives_after is not None]
    if frozen:
        text = f"rule {frozen[0].id} archives records, which makes them unreadable"
        yield _wrong(text, f"{place}: exclude {config.state_prefix}")
        return
    if eaten is None:
        yield _ok("no rule expires records")
        return
    stays = config.cleanup in ("keep", "expire") or config.cleanup_dry_run or config.verify == "none"
    inputs = _earliest(settings.lifecycle(config.bucket), config.input_prefix) if stays else LEAST_RECORD_DAYS - 1
    if inputs is None:
        yield _wrong(
            f"records expire after {eaten} days, inputs never: after that each group would be looked at as a new one",
            f"{place}: exclude {config.state_prefix}, or let {config.input_prefix} expire earlier",
        )
    elif eaten <= inputs:
        yield _wrong(
            f"records expire after {eaten} days",
            f"{place}: keep {config.state_prefix} for more than {inputs} days",
        )
    else:
        yield _ok(f"records expire after {eaten} days, later than needed ({inputs} days)")


def check_fragments_readable(services: Services, settings: Settings) -> Iterator[Line]:
    """CI cannot read archived objects, and a group may wait long for its last fragment."""
    bucket, prefix = services.config.bucket, services.config.input_prefix
    frozen = [rule for rule in settings.lifecycle(bucket) if rule.touches(prefix) and rule.archives_after is not None]
    if frozen:
        yield _wrong(
            f"rule {frozen[0].id} archives fragments after {frozen[0].archives_after} days: CI cannot read them then",
            f"COS console > {bucket.name} > Basic configuration > Lifecycle: exclude {prefix}",
        )
    else:
        yield _ok("no rule archives fragments")
    for key in named_objects(services.config, FragmentSet("", ())):
        unusable = why_unusable(services, key)
        if unusable:
            yield _wrong(unusable, "upload it, or correct CONCAT_JOB and renew the policies")


def check_clock(services: Services, settings: Settings) -> Iterator[Line]:
    """Signatures and time limits use this machine's clock."""
    del settings
    page = services.cos.list(services.config.state_bucket, services.config.state_prefix, limit=1)
    skew = round(services.clock.now()) - page.now
    told = f"this machine's clock is {abs(skew)} s {'ahead of' if skew > 0 else 'behind'} the service's"
    yield (
        _ok(f"within {SKEW_SECONDS} s of the service's")
        if abs(skew) <= SKEW_SECONDS
        else _wrong(told, "in the cloud, report it to the service; at a desk, set the clock")
    )


Check = Callable[[Services, Settings], Iterator[Line]]
CHECKS: dict[str, Check] = {
    "credentials": check_credentials,
    "buckets": check_buckets,
    "create-only": check_create_only,
    "prefixes": check_prefixes,
    "deployment": check_deployment,
    "format": check_format,
    "media processing": check_media_processing,
    "callback": check_callback,
    "job listing": check_job_listing,
    "expiry": check_expiry,
    "records kept": check_records_kept,
    "fragments readable": check_fragments_readable,
    "clock": check_clock,
}


def _known_jobs(services: Services) -> Iterator[str]:
    """Job ids that the ledger holds for contents that are not closed, a few of them."""
    ledger = Ledger(services.cos, services.config.state_bucket, services.config.state_prefix)
    for gid, rev in islice(ledger.opened(), LOOKED_AT):
        attempt = ledger.newest_attempt(gid, rev)
        record = ledger.job(gid, rev, attempt.claim.record.n) if attempt else None
        if record is not None and record.age > services.config.lease_seconds:  # CI's listing may lag by less
            yield record.record.job


def _earliest(rules: Sequence[LifecycleRule], prefix: str) -> int | None:
    """After how many days the first rule removes untagged objects under `prefix`; None when none does."""
    days = [rule.expires_after for rule in rules if rule.touches(prefix) and rule.expires_after is not None]
    return min(days, default=None)


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host in ("", "localhost") or host.endswith((".local", ".internal"))


def _fix_of(failure: ConcatError, config: Config) -> str:
    """What mends a refusal: by its code where a document says so, otherwise by its status."""
    code, status = getattr(failure, "code", ""), getattr(failure, "status", 0)
    known = REFUSALS.get(code)
    if status == 403 and code in ("AccessDenied", "HTTP403"):
        return "give the sweep function's role the policy that `cos-concat policies sweep` prints"
    if known and known.standing is Standing.FOR_NOW:
        return known.fix
    if status in ELSEWHERE:
        return f"check the name and region: CONCAT_BUCKET {config.bucket.name}, CONCAT_REGION {config.bucket.region}"
    return "try again; if it stays, the message names the request"
