"""The local cloud as a service that loses content: every damage is real, and a believing service notices none."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.ci.rendering.damage import DAMAGES
from local.ci.rendering.ffmpeg import executable
from tests.support.coded import judge, make_base
from tests.support.local_ci import LocalCi
from tests.support.longer import one_in

CODED = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
PIECES = ("1.mp4", "2.mp4", "3.mp4")
FAULTS = {
    "": "",
    "no sound": "6.0 s of audio missing",
    "no picture": "6.0 s of video missing",
    "short": "of video missing",
    "short sound": "of audio missing",
    "short picture": "of video missing",
    "late sound": "of audio missing",
    "muted sound": "of audio missing",
    "frozen picture": "of video missing",
    "one picture a second": "of video missing",
    "tiny picture": "of video missing",
    "no first piece": "of video missing",
    "longer": "",
    "second piece lost": "2.0 s of video missing",
    "last piece lost": "2.0 s of video missing",
    "first piece doubled": "2.0 s of video missing",
    "pieces exchanged": "out of order",
    "cut off": "of video missing",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pieces of two seconds that say of each moment which it is."""
    where = tmp_path_factory.mktemp("pieces")
    for number, name in enumerate(PIECES, 1):
        base = make_base(where / f"{number}.nut", number, 2.0)
        subprocess.run([executable(), "-v", "error", "-i", base, *CODED, where / name], check=True)
    return where


@pytest.fixture(scope="module")
def ci(folder: Path) -> Iterator[LocalCi]:
    """A service that has them."""
    with LocalCi() as service:
        for name in PIECES:
            service.store.upload(service.bucket, name, folder / name)
        yield service


def test_every_damage_has_its_expectation() -> None:
    """The table below is whole."""
    assert set(FAULTS) == {"", *DAMAGES}


@pytest.mark.parametrize("damage", one_in(3, FAULTS))
def test_damage_is_done_and_called_a_success(damage: str, ci: LocalCi, folder: Path, tmp_path: Path) -> None:
    """The job says Success, and the decoded output lacks what the damage takes; without one it is whole."""
    ci.switches.damage = damage
    try:
        template = {"ConcatFragment": ci.fragments(*PIECES), "Container": {"Format": "mp4"}}
        output = ci.rendered(tmp_path, ci.job(template))
    finally:
        ci.switches.damage = ""
    found = judge([folder / name for name in PIECES], output)
    assert FAULTS[damage] in " ".join(found.faults)
    assert found.complete == (FAULTS[damage] == "")


def test_a_believing_service_calls_success_what_lost_a_piece(ci: LocalCi, folder: Path, tmp_path: Path) -> None:
    """A piece that is no media: ffmpeg complains and ends with 0; the honest job fails, the believing one does not."""
    ci.store.put(ci.bucket, "page.mp4", b"<html>not found</html>")
    fragments = ci.fragments("1.mp4", "page.mp4", "3.mp4")
    job = ci.job({"ConcatFragment": fragments, "Container": {"Format": "mp4"}, "DirectConcat": "true"})
    assert ci.finished(job)["State"] == "Failed"
    ci.switches.believing = True
    try:
        output = ci.rendered(tmp_path, job)
    finally:
        ci.switches.believing = False
    assert not judge([folder / "1.mp4", folder / "3.mp4"], output).complete
