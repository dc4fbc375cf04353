"""Groups of 5,000 fragments in a function of 256 MB: each in a process of its own, over HTTP, its peak read."""

from __future__ import annotations

import json

import pytest

from cosconcat.cloud.ci import CiOverHttp
from cosconcat.config import Config, Credentials
from cosconcat.model import Bucket
from local.cloud import LocalCloud
from local.switches import Switches
from tests.conformance.targets import concat
from tests.support.invocation import callback_of, invoke, run

SIZE = 5000
MEMORY_MB = 256  # handler/serverless.yml
SETTINGS = {
    "CONCAT_MAX_FRAGMENTS": str(SIZE),
    "CONCAT_CALLBACK_URL": "https://callback.example/",
    "CONCAT_CALLBACK_SECRET": "0123456789abcdef0123456789abcdef",
}
LIST_JOBS = """
import os
from cosconcat.cloud.ci import CiOverHttp
from cosconcat.environment.reading import read_config, read_credentials
config = read_config(os.environ)
ci = CiOverHttp(config, read_credentials(os.environ))
answer, token = 0, ""
while True:
    page = ci.jobs(config.bucket, 0, token)
    answer, token = answer + len(page.jobs), page.next_token
    if not token:
        break
"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_groups_of_five_thousand_fit_into_the_memory_of_a_function() -> None:
    """The sweep that finds, submits and proves them, and a callback."""
    switches = Switches(join="bytes", lose_events=1.0, callbacks=0)
    with LocalCloud(environment=SETTINGS, switches=switches, functions=()) as cloud:
        for group in ("called", "swept"):
            for number in range(1, SIZE + 1):
                key = f"fragments/录像/{group}-{'x' * 60}.part{number}-of-{SIZE}.mp4"
                cloud.store.put(cloud.bucket, key, f"{key} ".encode() * 10)
        peaks = {"sweep that submits": invoke(cloud, "sweep", {"Type": "Timer"}).peak_mb}
        assert cloud.ci.wait_idle(300)
        called, _ = sorted(cloud.ci.jobs(), key=lambda job: job.operation.value("Output/Object"))
        told = invoke(cloud, "callback", callback_of(called))
        peaks["callback"] = told.peak_mb
        assert told.answer["statusCode"] == 200, told.answer
        peaks["sweep that proves"] = invoke(cloud, "sweep", {"Type": "Timer"}).peak_mb
        assert cloud.store.keys(cloud.bucket, "fragments/") == []
        assert len(cloud.store.keys(cloud.bucket, "output/")) == len(cloud.ci.jobs()) == 2
        print(json.dumps(peaks))  # noqa: T201  shown by -rP
        assert max(peaks.values()) < MEMORY_MB


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("most", ["100", str(SIZE)])
def test_a_listing_of_jobs_of_five_thousand_fragments_fits_into_the_memory_of_a_function(most: str) -> None:
    """Each echoes them all; also where the configuration has been lowered since they were posted."""
    switches = Switches(join="bytes", callbacks=0)
    with LocalCloud(switches=switches, functions=()) as cloud, pytest.MonkeyPatch.context() as patch:
        for name, value in cloud.shell_environment().items():
            patch.setenv(name, value)
        bucket, key = Bucket(cloud.bucket, cloud.account.region), cloud.account.root_key()
        ci = CiOverHttp(Config(bucket=bucket, scheme="http"), Credentials(key.secret_id, key.secret_key))
        keys = [f"fragments/{'x' * 120}.part{number}-of-{SIZE}.mp4" for number in range(1, SIZE + 1)]
        for number in range(40):
            ci.submit(bucket, concat(bucket, keys, f"output/{number}.mp4", str(number)))
        told = run(cloud, LIST_JOBS, CONCAT_MAX_FRAGMENTS=most)
        print(most, told.peak_mb)  # noqa: T201  shown by -rP
        assert told.answer == 40
        assert told.peak_mb < MEMORY_MB
