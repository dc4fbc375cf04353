"""How CONCAT_OUTPUT_KEY is filled in for a group."""

from __future__ import annotations

import pytest

from cosconcat.config import Config
from cosconcat.groups.verdicts import Whole
from cosconcat.output.key import output_key, resolved_output_key
from tests.support.shelf import BUCKET
from tests.support.verdicts import (
    look,
    parts,
)


def test_the_output_key_is_filled_in() -> None:
    """The API's wildcards stay for the API; what the key will be is known unless it holds the job's id."""
    config = Config(BUCKET, output_key="o/{date}/{group}-{fingerprint}.{ext}", format="hls")
    verdict = look(parts(1, 2, of=2, group="课 {ex}"), config, "课 {ex}")
    assert isinstance(verdict, Whole)
    key = f"o/2024-12-01/课 {{ex}}-{verdict.set.fingerprint}"
    assert output_key(config, verdict.set) == key + ".${ext}"
    assert resolved_output_key(config, verdict.set) == key + ".m3u8"
    unknown = Config(BUCKET, output_key="o/{jobid}.${ext}")
    assert output_key(unknown, verdict.set) == "o/${jobid}.${ext}"
    assert resolved_output_key(unknown, verdict.set) is None


@pytest.mark.parametrize("key", ["o/{jobid}.{ext}", "o/${jobid}.${ext}", "o/${jobid}.{ext}"])
def test_both_spellings_of_the_wildcards_are_taken(key: str) -> None:
    """`{ext}` survives shells; `${ext}` is what the API reads."""
    config = Config(BUCKET, output_key=key)
    verdict = look(parts(1, of=1), config, "v")
    assert isinstance(verdict, Whole)
    assert output_key(config, verdict.set) == "o/${jobid}.${ext}"
