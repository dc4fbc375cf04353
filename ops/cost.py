"""What 1,000 groups cost, from the size of a group, at list prices: `cos-concat cost`, `preview` and `status` say it.

Quantities are counted, not guessed: `tests/unit/ops/test_cost.py` joins groups on the local cloud and compares its
count of calls with these formulas. Only the seconds that an invocation takes are assumptions, and are shown as such.
Prices are the international list, mainland regions, in USD, each with its source and date: look them up again before
relying on them. Failed jobs, retries, storage, logs and traffic out of the region are not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from cosconcat.config import Config
from cosconcat.environment.reading import read_config
from deployed.blueprint import MEMORY_MB, SWEEP_MINUTES

GROUPS = 1000
MEMORY_GB = MEMORY_MB / 1024
OWN_TAGS = 5
SWEEPS_A_MONTH = 30 * 24 * 60 // SWEEP_MINUTES
SWEEP_REQUESTS = 9  # cursor read and written twice, index, deployment, prefix, what ended, report read and written


@dataclass(frozen=True)
class Price:
    """USD for `per` units. `read` is the date of the page, or of the day it was read where it has none."""

    usd: float
    per: int
    unit: str
    source: str
    read: str

    def of(self, quantity: float) -> float:
        """USD for a quantity."""
        return quantity * self.usd / self.per


_SCF = "tencentcloud.com/document/product/583/12284"
_CI = "Cloud Infinite, media processing fees (international)"
INVOCATION = Price(0.002, 10_000, "invocations", _SCF, "2026-11-22")
GB_SECOND = Price(0.0000167, 1, "GB-second", _SCF, "2026-11-22")
REQUEST = Price(0.002, 10_000, "COS requests, STANDARD", "tencentcloud.com/document/product/436/40100", "2025-10-28")
TAG_DAY = Price(0.00026, 10_000, "object tags a day", "COS price list, object tags", "2026-11-22")
MINUTES = {  # by the short edge of the output, in pixels; H.264
    480: Price(0.0023, 1, "minute, H.264 to 480p", _CI, "2023-07"),
    720: Price(0.0046, 1, "minute, H.264 to 720p", _CI, "2023-07"),
    1080: Price(0.0094, 1, "minute, H.264 to 1080p", _CI, "2023-07"),
    1440: Price(0.02, 1, "minute, H.264 to 1440p", _CI, "2023-07"),
    2160: Price(0.04088, 1, "minute, H.264 to 2160p", _CI, "2023-07"),
}
ASSUMED_HEIGHT = 1080  # short edge in pixels, where nothing says which it is
PRICES = (INVOCATION, GB_SECOND, REQUEST, TAG_DAY, *MINUTES.values())


@dataclass(frozen=True)
class Shape:
    """A typical group: how many fragments of how many seconds, and the short edge of the result in pixels.

    `upload_seconds` and `callback_seconds` are what one invocation takes, cold starts included: assumptions.
    """

    fragments: int
    seconds: float
    height: int = 1080
    upload_seconds: float = 0.5
    callback_seconds: float = 3.0


@dataclass(frozen=True)
class Calls:
    """Calls for one group whose events arrive one after the other, each once, and whose callback arrives."""

    uploads: int
    callbacks: int
    requests: int  # to COS, without probes
    probes: int  # ?ci-process=videoinfo
    jobs: int  # calls to CI's job API, of which one is POST /jobs


def calls(config: Config, fragments: int) -> Calls:
    """What one group of so many fragments takes, in the order of the protocol."""
    n = fragments
    copied = n == 1 and config.single == "copy"
    looking = n + min(2, n - 1)  # one LIST an event; the last two before the group is whole look for what is missing
    claiming = 1 + 3  # HEAD the output; claim, index, job
    committing = 2 + (1 + n) + 1  # read the claim, list its records; HEAD output and fragments; end
    copying = 1 + (1 + n) + 1  # COPY; HEAD copy and piece; end
    tagging = 1 + 1 + 1  # GET and PUT tags, HEAD the output once more
    removing = {"delete": ceil(n / 1000), "trash": 4 * n + ceil(n / 20), "expire": 3 * n, "keep": 0}[config.cleanup]
    if config.cleanup_dry_run or config.verify == "none":
        removing = 0
    closing = 1 + 1 + 1  # done, under its day, and out of the index
    compared = config.direct and config.on_mixed != "trust"
    comparing = (n if n > 1 else 0) + 1 if compared else 0  # configurations; what was learned is recorded
    reading = 2 if compared and config.verify != "none" else 0  # that record, and that there is no second
    if copied:
        return Calls(n, 0, looking + claiming - 1 + copying + tagging + removing + closing, 0, 0)  # no job to record
    return Calls(
        uploads=n,
        callbacks=1,
        requests=looking + claiming + comparing + reading + committing + tagging + removing + closing,
        probes=n if compared or config.verify == "duration" else 1 if config.verify == "size" else 0,
        jobs=2,
    )


def requests_of(fragments: int) -> int:
    """COS requests of one group under the default configuration; 0 for none."""
    return calls(read_config(EXAMPLE), fragments).requests if fragments else 0


@dataclass(frozen=True)
class Line:
    """A quantity for 1,000 groups and its price; `usd` is None where no price was published."""

    what: str
    quantity: float
    usd: float | None


def lines(config: Config, shape: Shape, probe_usd: float | None = None) -> list[Line]:
    """The bill for 1,000 groups; `probe_usd` is what one probe costs, where somebody knows it."""
    one = calls(config, shape.fragments)
    minutes = shape.fragments * shape.seconds / 60 if one.jobs else 0.0
    busy = MEMORY_GB * (one.uploads * shape.upload_seconds + one.callbacks * shape.callback_seconds)
    price = MINUTES[min(height for height in MINUTES if height >= shape.height)]
    tags = OWN_TAGS + len(config.tags)
    return [
        _line("minutes of output", minutes, price),
        Line(
            "probes of fragments", one.probes * GROUPS, None if probe_usd is None else one.probes * GROUPS * probe_usd
        ),
        _line("COS requests", one.requests, REQUEST),
        _line("invocations", one.uploads + one.callbacks, INVOCATION),
        _line("GB-seconds (assumed)", busy, GB_SECOND),
        _line("tags on results, for 30 days", tags * 30, TAG_DAY),
    ]


def _line(what: str, for_one: float, price: Price) -> Line:
    return Line(what, for_one * GROUPS, price.of(for_one * GROUPS))


def standing(sweep_seconds: float = 1.0) -> list[Line]:
    """What a month costs without any group: the sweeps."""
    return [
        Line("invocations of the sweep", SWEEPS_A_MONTH, INVOCATION.of(SWEEPS_A_MONTH)),
        Line("COS requests of the sweep", SWEEPS_A_MONTH * SWEEP_REQUESTS, REQUEST.of(SWEEPS_A_MONTH * SWEEP_REQUESTS)),
        Line(
            "GB-seconds (assumed)",
            SWEEPS_A_MONTH * sweep_seconds * MEMORY_GB,
            GB_SECOND.of(SWEEPS_A_MONTH * sweep_seconds * MEMORY_GB),
        ),
    ]


def bill(found: Sequence[Line]) -> str:
    """As a Markdown table with its sum."""
    rows = [f"| {x.what} | {x.quantity:,.0f} | {'?' if x.usd is None else f'{x.usd:,.3f}'} |" for x in found]
    total = sum(line.usd or 0 for line in found)
    return "\n".join(["| | quantity | USD |", "|---|---:|---:|", *rows, f"| **together** | | **{total:,.2f}** |"])


EXAMPLE = {"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou"}
