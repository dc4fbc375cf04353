"""What is deployed really starts: code and layer unpacked as SCF does it, run from there against the local cloud."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from layers.build import build_layer, find_runtime
from local.cloud import HANDLER, LAYER, THE_FUNCTIONS, LocalCloud
from local.media.clips import make_clip
from ops.deployment.package import build_code

MEMORY_MB = 512  # of address space; a process maps more than it uses, the 256 of serverless.yml are of memory used

STARTS = """
import sys
roots = tuple(sys.path[1:3])
written, compiled = [], []
def watch(event, arguments):
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wxa+"):
        written.append(arguments[0])
    if event == "compile" and str(arguments[1]).startswith(roots):
        compiled.append(arguments[1])
sys.addaudithook(watch)
import callback, sweep, upload
bucket = {"name": "other", "appid": "1250000000", "region": "gz"}
foreign = {"cos": {"cosObject": {"key": "/1250000000/other/a.mp4", "size": 1}, "cosBucket": bucket}}
result = upload.main_handler({"Records": [{**foreign, "event": {"eventName": "cos:ObjectCreated:Put"}}]}, {})
assert [one["action"] for one in result["results"]] == ["ignored"], result
import qcloud_cos, requests, xmltodict
ours = [module for module in sys.modules.values() if (getattr(module, "__file__", "") or "").startswith(roots)]
assert len(ours) > 60, len(ours)
assert not any("site-packages" in place for place in sys.path), sys.path
assert BYTECODE != bool(compiled), compiled
assert not [path for path in written if not str(path).startswith("/tmp/")], written
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A read-only place with `opt` (the layer) and `user` (the code), from the zips."""
    target = tmp_path_factory.mktemp("package")
    layer, _ = build_layer(LAYER, target)
    code, _ = build_code(HANDLER, target)
    for archive, name in ((layer, "opt"), (code, "user")):
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(target / name)
        for path in (target / name).rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
    return target


def _state(folder: Path) -> dict[str, int]:
    """Every file and folder with the time of its last change."""
    return {str(path): path.stat().st_mtime_ns for root in ("opt", "user") for path in (folder / root).rglob("*")}


def test_the_package_holds_code_and_nothing_else(unpacked: Path) -> None:
    """No settings, no deployment files, nothing of the desk or of the tests."""
    names = {
        path.relative_to(unpacked / "user").as_posix() for path in (unpacked / "user").rglob("*") if path.is_file()
    }
    assert {Path(name).suffix for name in names} <= {".py", ".pyc"}
    assert {"upload.py", "callback.py", "sweep.py", "cosconcat/__init__.py"} <= names
    assert {name.split("/")[0] for name in names} <= {
        "upload.py",
        "callback.py",
        "sweep.py",
        "cosconcat",
        "__pycache__",
    }


def test_two_packages_of_the_code_are_the_same_byte_for_byte(unpacked: Path, tmp_path: Path) -> None:
    """As the layer's."""
    again, _ = build_code(HANDLER, tmp_path)
    assert again.read_bytes() == (unpacked / "code.zip").read_bytes()


def test_the_handlers_start_from_packaged_bytecode(unpacked: Path) -> None:
    """With SCF's own variables: PYTHONPATH of code and layer, no site-packages, nothing written."""
    python = find_runtime()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{unpacked / 'user'}:{unpacked / 'opt'}",
        "PYTHONDONTWRITEBYTECODE": "x",
        "HOME": "/tmp",
        "CONCAT_BUCKET": "demo-1250000000",
        "TENCENTCLOUD_REGION": "ap-guangzhou",
        "TENCENTCLOUD_SECRETID": "id-of-a-role",
        "TENCENTCLOUD_SECRETKEY": "key-of-a-role",
        "TENCENTCLOUD_SESSIONTOKEN": "token-of-a-role",
    }
    command = [python or sys.executable, "-S", "-s", "-c", f"BYTECODE = {python is not None}\n{STARTS}"]
    ran = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr


def test_all_three_functions_do_their_work_from_the_package(
    unpacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group from its first fragment to its clean-up, then the sweep and the doctor, under a memory limit."""
    monkeypatch.setattr(sys, "executable", find_runtime() or sys.executable)  # the instances' Python
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # another Python's is of no use to it, and would be made anew
    before = _state(unpacked)
    limited = [dataclasses.replace(function, memory_mb=MEMORY_MB) for function in THE_FUNCTIONS]
    with LocalCloud(code_root=unpacked / "user", deps_root=unpacked / "opt", functions=limited) as cloud:
        for number in (1, 2):
            clip = tmp_path / f"{number}.mp4"
            make_clip(clip, number, 2, seconds=1.0)
            cloud.store.upload(cloud.bucket, f"fragments/talk.part{number}-of-2.mp4", clip)
        assert cloud.settle(60)
        swept = cloud.functions.invoke("sweep", {"Type": "Timer", "TriggerName": "t", "Time": "", "Message": ""})
        examined = cloud.functions.invoke("sweep", {"doctor": True})
        keys = [key for key in cloud.store.keys(cloud.bucket) if not key.startswith(".concat/")]
        tags = cloud.store.tags(cloud.bucket, "output/talk.mp4")
    assert keys == ["output/talk.mp4"]
    assert tags["concat-fragments"] == "2"
    assert (swept.status, examined.status) == (200, 200), (swept.value, examined.value)
    assert isinstance(examined.value, dict)
    assert [finding for finding in examined.value["doctor"] if not finding["ok"]] == []
    assert _state(unpacked) == before, "something was written where nothing can be"
