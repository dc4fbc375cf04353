"""Why a deployment may not be made as it is wanted: each a sentence with what mends it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from deployed import blueprint
from ops.deployment.desired import Desired
from ops.deployment.seen import Seen, places
from ops.deployment.steps.functions import is_our_layer

if TYPE_CHECKING:
    from ops.deployment.settings import Settings


def refusals(settings: Settings, wanted: Desired, seen: Seen) -> Iterator[str]:
    """Why nothing may be done: each a sentence with what mends it."""
    config, account = settings.config, seen.account
    for variable, bucket in (
        ("CONCAT_BUCKET", config.bucket),
        ("CONCAT_OUTPUT_BUCKET", config.output_bucket),
        ("CONCAT_STATE_BUCKET", config.state_bucket),
    ):
        if variable != "CONCAT_BUCKET" and bucket == config.bucket:
            continue
        appid = bucket.name.rpartition("-")[2]
        if appid != account.appid:
            yield (
                f"{variable} {bucket.name} belongs to account {appid}, but these keys are of account {account.appid} "
                f"(uin {account.uin}): use keys of the bucket's account"
            )
        elif not seen.buckets[bucket.name].there:
            yield (
                f"{variable}: {bucket.name} is not in {bucket.region}: create it there (console > COS > Buckets), or "
                "correct the name or the region"
            )
    versioning = seen.buckets[config.state_bucket.name].versioning
    if versioning:
        yield (
            f"{config.state_bucket.name} has versioning {versioning}, and there COS does not refuse to overwrite, "
            "on which the ledger rests: set CONCAT_STATE_BUCKET to a new bucket that never had versioning"
        )
    yield from _queue(settings, seen)
    yield from _not_ours(wanted, seen)
    yield from _overlaps(wanted, seen)


def _queue(settings: Settings, seen: Seen) -> Iterator[str]:
    """A queue that is not there; one that is paused is told in the notes, for whoever paused it had a reason."""
    wanted, bucket = settings.config.queue_id, settings.config.bucket.name
    there = [queue for queue, _ in seen.queues]
    if wanted and there and wanted not in there:
        yield f"CONCAT_QUEUE_ID is {wanted}, and {bucket} has {', '.join(there)}: correct it, or leave it unset"


def _not_ours(wanted: Desired, seen: Seen) -> Iterator[str]:
    """Things that have our names and not our tags."""
    ours = blueprint.tags(wanted.stage)
    found: list[tuple[str, str, Mapping[str, str]]] = []
    for spec in blueprint.FUNCTIONS:
        name = blueprint.name(wanted.stage, spec.key)
        found += [("function", name, seen.functions[spec.key].tags)] if spec.key in seen.functions else []
        found += [("role", name, seen.roles[spec.key].tags)] if spec.key in seen.roles else []
        found += [("policy", name, seen.policies[spec.key].tags)] if spec.key in seen.policies else []
    for layer in seen.layers[-1:]:
        known = layer.tags if layer.tags is not None else ours if is_our_layer(layer.description) else {}
        found.append(("layer", wanted.layer, known))
    for kind, name, tags in found:
        if not ours.items() <= tags.items():
            marks = ", ".join(f"{key}={value}" for key, value in ours.items())
            yield (
                f"the {kind} {name} exists without our tags ({marks}), so it is left alone: choose another STAGE, "
                f"remove it, or give it the tags if this deployment made it"
            )


def _overlaps(wanted: Desired, seen: Seen) -> Iterator[str]:
    """Prefixes that another stage calls its own: nothing but the bucket may be shared."""
    for neighbour in seen.neighbours:
        for bucket, prefix in places(wanted.functions["upload"].environment):
            for its_bucket, its_prefix in neighbour.places:
                if bucket == its_bucket and (prefix.startswith(its_prefix) or its_prefix.startswith(prefix)):
                    yield (
                        f"{bucket}/{prefix} and {its_bucket}/{its_prefix} of stage {neighbour.stage} contain one "
                        f"another: give stage {wanted.stage} prefixes of its own"
                    )
