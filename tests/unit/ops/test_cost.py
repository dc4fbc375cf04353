"""The bill: its quantities are those that the local cloud counts, and its page is up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from cosconcat.environment.reading import read_config
from local.cloud import LocalCloud
from local.media.clips import make_clip
from ops.command import main
from ops.cost import EXAMPLE, GROUPS, SWEEP_REQUESTS, Calls, Shape, calls, lines
from tools.pages import cost as page_of_cost

JOB_CALLS = {"POST jobs", "GET job", "GET jobs"}


def counted(cloud: LocalCloud) -> Calls:
    """What the local cloud has counted so far, without the number of invocations."""
    counts = cloud.calls.snapshot()
    probes = sum(count for (_, kind), count in counts.items() if kind == "GET videoinfo")
    jobs = sum(count for (_, kind), count in counts.items() if kind in JOB_CALLS)
    return Calls(0, 0, sum(counts.values()) - probes - jobs, probes, jobs)


@pytest.mark.parametrize(
    ("changed", "sizes"),
    [
        ({"CONCAT_CLEANUP": "delete"}, (2, 4)),
        ({"CONCAT_CLEANUP": "trash"}, (3,)),
        ({"CONCAT_CLEANUP": "expire"}, (3,)),
        ({"CONCAT_CLEANUP": "keep", "CONCAT_DIRECT": "true"}, (3,)),
    ],
    ids=["delete", "trash", "expire", "keep, direct"],
)
def test_the_formulas_are_what_the_local_cloud_counts(
    changed: dict[str, str], sizes: tuple[int, ...], tmp_path: Path
) -> None:
    """For groups joined for real."""
    clips = [tmp_path / f"{number}.mp4" for number in range(1, 5)]
    for number, clip in enumerate(clips, start=1):
        make_clip(clip, number, len(clips), seconds=0.4)
    with LocalCloud(environment=changed) as cloud:
        config = read_config(cloud.environment)
        for n in sizes:
            cloud.calls.reset()
            for number, clip in enumerate(clips[:n], start=1):
                cloud.store.upload(cloud.bucket, f"fragments/g{n}.part{number}-of-{n}.mp4", clip)
                assert cloud.functions.wait_idle(30)
            assert cloud.settle(60)
            expected = calls(config, n)
            assert counted(cloud) == Calls(0, 0, expected.requests, expected.probes, expected.jobs)


def test_a_single_piece_that_is_copied_costs_requests_alone(tmp_path: Path) -> None:
    """No probe, no job, no minute of output."""
    make_clip(tmp_path / "1.mp4", 1, 1, seconds=0.4)
    with LocalCloud(environment={"CONCAT_SINGLE": "copy", "CONCAT_CLEANUP": "delete"}) as cloud:
        config = read_config(cloud.environment)
        cloud.calls.reset()
        cloud.store.upload(cloud.bucket, "fragments/g.part1-of-1.mp4", tmp_path / "1.mp4")
        assert cloud.functions.wait_idle(30)
        assert cloud.store.keys(cloud.bucket, "output/") == ["output/g.mp4"]
        expected = calls(config, 1)
        assert (expected.probes, expected.jobs, expected.callbacks) == (0, 0, 0)
        assert counted(cloud) == Calls(0, 0, expected.requests, 0, 0)
        assert lines(config, Shape(1, 600))[0].quantity == 0


def test_an_idle_sweep_makes_the_requests_that_the_bill_says() -> None:
    """Every five minutes, whether there is something to do or not; the first run also writes what is written once."""
    with LocalCloud() as cloud:
        cloud.functions.invoke("sweep", {"Type": "Timer", "TriggerName": "t", "Time": "", "Message": ""})
        cloud.calls.reset()
        done = cloud.functions.invoke("sweep", {"Type": "Timer", "TriggerName": "t", "Time": "", "Message": ""})
        assert done.status == 200, done.value
        assert counted(cloud) == Calls(0, 0, SWEEP_REQUESTS, 0, 0)


def test_an_hour_at_1080p_is_billed_by_its_minutes() -> None:
    """12 fragments of five minutes: 60,000 minutes for 1,000 groups, at 0.0094 USD."""
    first = lines(read_config(EXAMPLE), Shape(12, 300))[0]
    assert first.quantity == 60 * GROUPS
    assert first.usd == pytest.approx(564.0)


def test_the_price_follows_the_short_edge_of_the_result() -> None:
    """The class that holds it."""
    one = [lines(read_config(EXAMPLE), Shape(1, 60, height=height))[0].usd for height in (360, 480, 481, 1080, 2160)]
    assert one == pytest.approx([2.3, 2.3, 4.6, 9.4, 40.88])


def test_clean_up_that_does_nothing_costs_nothing() -> None:
    """A dry run, and results that are not verified."""
    keep = calls(read_config({**EXAMPLE, "CONCAT_CLEANUP": "keep"}), 12).requests
    for changed in ({"CONCAT_CLEANUP_DRY_RUN": "true"}, {"CONCAT_VERIFY": "none"}):
        assert calls(read_config({**EXAMPLE, "CONCAT_CLEANUP": "trash", **changed}), 12).requests == keep


def test_the_page_shows_what_the_code_computes() -> None:
    """docs/cost.md is written by `make pages`."""
    page = page_of_cost.PAGE.read_text("utf-8")
    assert page == page_of_cost.with_examples(page)


def test_the_page_names_the_requests_of_a_group() -> None:
    """23 for three fragments, two more for each further one."""
    config = read_config(EXAMPLE)
    assert [calls(config, n).requests for n in (3, 4, 5)] == [23, 25, 27]


def test_the_command_prints_the_bill(capsys: pytest.CaptureFixture[str]) -> None:
    """For the shape that was asked for; a wrong configuration is told by name."""
    assert main(["cost", "--fragments", "2", "--seconds", "30"], {}) == 0
    assert "| minutes of output | 1,000 | 9.400 |" in capsys.readouterr().out
    assert main(["cost", "--fragments", "2", "--seconds", "30", "--probe-usd", "0.001"], {}) == 0
    assert "| probes of fragments | 2,000 | 2.000 |" in capsys.readouterr().out
    assert main(["cost"], {**EXAMPLE, "CONCAT_CLEANUP": "shred"}) == 2
    assert "CONCAT_CLEANUP" in capsys.readouterr().err
