"""The plan shown in docs/deploy.md and the console's table in docs/deploy-otherwise.md, by the code that deploys."""

from __future__ import annotations

from deployed import blueprint
from ops.deployment import show
from ops.deployment.desired import ADDRESS_TO_COME, LAYER_TO_COME, Package, Secrets, desired
from ops.deployment.plan import Plan, plan
from ops.deployment.seen import Account, Seen, SeenBucket
from ops.deployment.settings import Settings, read_settings
from tools.pages import ROOT, between_marks

PAGE, OTHERWISE = ROOT / "docs" / "deploy.md", ROOT / "docs" / "deploy-otherwise.md"
CALLS = ROOT / "docs" / "internals" / "deployment.md"
EXAMPLE = {
    "CONCAT_BUCKET": "demo-1250000000",
    "CONCAT_REGION": "ap-guangzhou",
    "CONCAT_CLEANUP": "keep",
    "TENCENT_SECRET_ID": "AKIDexample",
    "TENCENT_SECRET_KEY": "example",
}
EMPTY = Seen(
    account=Account("1250000000", "100000000001", "100000000001"),
    buckets={"demo-1250000000": SeenBucket(there=True)},
    lifecycle=b"",
    queues=(("queue", "Active"),),
    functions={},
    triggers={},
    retries={},
    roles={},
    policies={},
    layers=(),
    neighbours=(),
)


def first_plan() -> str:
    """What the first deployment shows."""
    settings, made = _plan()
    text = "\n".join(show.lines(settings, EMPTY, made))
    return f"```\n{text.replace('sha256 000000000000', 'sha256 ...')}\n```"


def _plan() -> tuple[Settings, Plan]:
    settings = read_settings(EXAMPLE)
    package = Package(code="0" * 64, layer="0" * 64)
    wanted = desired(settings, package, Secrets("made"), ADDRESS_TO_COME, LAYER_TO_COME)
    return settings, plan(settings, wanted, EMPTY)


def calls_table() -> str:
    """The calls of a first deployment that change something, step by step."""
    rows = ["| step | calls |", "|---|---|"]
    for step in _plan()[1].steps:
        calls = ", ".join(f"`{call.service}:{call.action}`" for call in step.calls)
        rows.append(f"| {step.change} {step.thing} | {calls} |")
    return "\n".join(rows)


def console_table() -> str:
    """The three functions for whoever makes them by hand."""
    specs = {spec.key: spec for spec in blueprint.FUNCTIONS}
    columns = [specs[key] for key in ("upload", "callback", "sweep")]
    names = [f"`{blueprint.name('dev', spec.key)}`" for spec in columns]
    timer = blueprint.timer_trigger()
    rows = [
        ("", *(spec.key for spec in columns)),
        ("---",) * 4,
        ("name", *names),
        ("type, runtime", *(["event function, Python 3.10"] * 3)),
        ("code", *(["local zip, `build/code.zip`"] * 3)),
        ("handler", *(f"`{spec.handler}`" for spec in columns)),
        ("execution role", *names),
        ("memory, time limit", *(f"{blueprint.MEMORY_MB} MB, {spec.seconds} s" for spec in columns)),
        ("initialisation time limit", *([f"{blueprint.INIT_SECONDS} s"] * 3)),
        ("layer", *([f"`{blueprint.layer_name('dev')}`"] * 3)),
        ("asynchronous execution", *(["**off**"] * 3)),
        (
            "trigger",
            "COS: the bucket, *all creations* (`cos:ObjectCreated:*`), prefix = `CONCAT_INPUT_PREFIX`, no suffix, on",
            "function URL: public network on, authentication none",
            f"timer: custom, `{timer.description}`, enabled",
        ),
        ("tags", *([", ".join(f"`{key}={value}`" for key, value in blueprint.tags("dev").items())] * 3)),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def with_examples(page: str) -> str:
    """docs/deploy.md with its part made anew."""
    return between_marks(page, first_plan())


def with_table(page: str) -> str:
    """docs/deploy-otherwise.md with its part made anew."""
    return between_marks(page, console_table())


def with_calls(page: str) -> str:
    """docs/internals/deployment.md with its part made anew."""
    return between_marks(page, calls_table())


def write() -> None:
    """Make all three anew."""
    CALLS.write_text(with_calls(CALLS.read_text("utf-8")), "utf-8")
    PAGE.write_text(with_examples(PAGE.read_text("utf-8")), "utf-8")
    OTHERWISE.write_text(with_table(OTHERWISE.read_text("utf-8")), "utf-8")
