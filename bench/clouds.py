"""Ours and the baselines on the local cloud, deployed alike; joins concatenate bytes: ffmpeg is not measured."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from local.cloud import LAYER, LocalCloud
from local.scf.function import Function
from local.scf.functions import Observer
from local.switches import Switches

BASELINES = Path(__file__).parent / "baselines"
POWERTOOLS = ("aws_lambda_powertools", "jmespath", "typing_extensions.py")
BOTO = ("boto3", "botocore", "s3transfer", "dateutil")
NAMES = ("cos-concat", "afternoon", "powertools")


@contextlib.contextmanager
def cloud_of(
    name: str, switches: Switches, instances: int = 1, observe: Observer | None = None
) -> Iterator[LocalCloud]:
    """A cloud in which `cos-concat` or a baseline is deployed; `observe` hears of each invocation."""
    switches.join, switches.retry_seconds = "bytes", 1.0
    with tempfile.TemporaryDirectory() as folder:
        if name == "cos-concat":
            several = ("upload", "callback")
            functions = [Function(each, f"{each}.main_handler", 120, None, instances) for each in several]
            functions.append(Function("sweep", "sweep.main_handler", 300, None, 1))
            cloud = LocalCloud(switches=switches, functions=functions, observe=observe)
        else:
            module = [Function(each, f"{name}.{each}_handler", 120, None, instances) for each in ("upload", "callback")]
            cloud = LocalCloud(
                switches=switches,
                functions=module,
                code_root=BASELINES,
                deps_root=_with_powertools(Path(folder)) if name == "powertools" else LAYER,
                least_privilege=False,
                observe=observe,
            )
        with cloud:
            yield cloud


def _with_powertools(folder: Path) -> Path:
    """The layer with the library and what it imports: boto3 too, for the DynamoDB it does not use here."""
    site = Path(str(distribution("aws-lambda-powertools").locate_file("")))
    for source in [*LAYER.iterdir(), *(site / name for name in POWERTOOLS + BOTO)]:
        if not (folder / source.name).exists():
            (folder / source.name).symlink_to(source)
    return folder


def keys_of(group: str, fragments: int) -> list[str]:
    """A group's keys, in order."""
    return [f"fragments/{group}.part{number:04}-of-{fragments:04}.mp4" for number in range(1, fragments + 1)]
