"""Clients that nobody here wrote, installed as anybody installs them, each in its own process against a local cloud.

They speak https by their defaults, trust the local authority by the variables that `cos-concat up` prints, and use the
real host names. `make test-clients` installs and runs them; what is not installed is not run, and says so.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.cloud import LocalCloud
from local.media.clips import make_clip
from tests.support.pages import typed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
SESSIONS = Path(__file__).parent / "sessions"
CLIENTS = Path(os.environ.get("CLIENTS") or ROOT / ".venv" / "clients")
PYTHON, NODE_MODULES = CLIENTS / "bin" / "python", CLIENTS / "node_modules"
ALL = [
    *("create", "put", "multipart", "list_pages", "head", "byte_range", "tag", "copy", "delete", "versions", "acl"),
    *("presigned", "refusal", "concat_job", "story"),
]
NOT_IN_COSCMD = {"tag", "refusal", "concat_job"}  # it has no such commands

pytestmark = [pytest.mark.clients, pytest.mark.slow]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A recording in two parts, two seconds each."""
    folder = tmp_path_factory.mktemp("clips")
    for number in (1, 2):
        make_clip(folder / f"{number}.mp4", number, 2, 2.0)
    return sorted(folder.iterdir())


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """A local cloud of its own for each client, functions and all."""
    with LocalCloud() as cloud:
        yield cloud


def held(cloud: LocalCloud, command: Sequence[Path | str], folder: Path, **environment: str) -> list[str]:
    """Run a session in an empty folder; the steps that it says held."""
    certificate = folder / "authority.pem"
    certificate.write_bytes(cloud.proxy.authority.certificate)
    variables = {
        **{name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ},
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        **cloud.shell_environment(certificate),
        **environment,
    }
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=variables, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return re.findall(r"^held: (\w+)$", done.stdout, re.MULTILINE)


def joined(cloud: LocalCloud) -> None:
    """What the story left, looked at from inside: one tagged recording, no fragments, one job for it."""
    assert cloud.settle(30)
    assert cloud.store.keys(cloud.bucket, "fragments/") == []
    assert cloud.store.keys(cloud.bucket, "output/") == ["output/讲座 a+b.mp4"]
    assert cloud.store.tags(cloud.bucket, "output/讲座 a+b.mp4")["concat-fragments"] == "2"
    assert cloud.calls.kinds("upload")["POST jobs"] == 1


@pytest.mark.timeout(300)
@pytest.mark.skipif(not PYTHON.exists(), reason="not run: make test-clients installs cos-python-sdk-v5")
def test_a_session_of_cos_python_sdk(cloud: LocalCloud, clips: list[Path], tmp_path: Path) -> None:
    """The official SDK for Python."""
    assert held(cloud, [PYTHON, SESSIONS / "python_sdk.py", *clips], tmp_path) == ALL
    joined(cloud)


@pytest.mark.timeout(300)
@pytest.mark.skipif(not PYTHON.exists(), reason="not run: make test-clients installs coscmd")
def test_a_session_of_coscmd(cloud: LocalCloud, clips: list[Path], tmp_path: Path) -> None:
    """The official command."""
    steps = [step for step in ALL if step not in NOT_IN_COSCMD]
    assert held(cloud, [PYTHON, SESSIONS / "coscmd.py", *clips], tmp_path) == steps
    joined(cloud)


@pytest.mark.skipif(not PYTHON.exists(), reason="not run: make test-clients installs coscmd")
def test_the_lines_that_the_page_shows(cloud: LocalCloud, clips: list[Path], tmp_path: Path) -> None:
    """Typed as they stand, with the variables that `cos-concat up` prints."""
    for number, clip in enumerate(clips, 1):
        shutil.copyfile(clip, tmp_path / f"talk.part{number}-of-2.mp4")
    page = [one.command for one in typed() if one.page == "docs/local-cloud.md" and one.command.startswith("coscmd ")]
    *uploads, listed = page
    path = f"{CLIENTS / 'bin'}:{os.environ['PATH']}"
    held(cloud, ["bash", "-euc", "\n".join(uploads)], tmp_path, PATH=path)
    assert cloud.settle(30)
    assert cloud.store.keys(cloud.bucket, "fragments/") == []
    held(cloud, ["bash", "-euc", f"{listed} | grep output/talk.mp4"], tmp_path, PATH=path)


@pytest.mark.timeout(300)
@pytest.mark.skipif(shutil.which("node") is None, reason="not run: node is not installed here")
@pytest.mark.skipif(not NODE_MODULES.exists(), reason="not run: make test-clients installs cos-nodejs-sdk-v5")
def test_a_session_of_cos_nodejs_sdk(cloud: LocalCloud, clips: list[Path], tmp_path: Path) -> None:
    """The official SDK for Node.js."""
    command: list[Path | str] = ["node", SESSIONS / "node_sdk.js", *clips]
    assert held(cloud, command, tmp_path, NODE_PATH=str(NODE_MODULES)) == ALL
    joined(cloud)
