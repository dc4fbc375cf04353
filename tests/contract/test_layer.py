"""The dependency layer: the same bytes each time, small, and with all that the functions call and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from layers.build import LEFT_OUT, build_layer, find_runtime
from local.cloud import HANDLER, LAYER, LocalCloud
from local.scf.instances import credentials, proxy_environment

ROOT = Path(__file__).parents[2]
PACKAGES = {"certifi", "charset_normalizer", "crcmod", "idna", "qcloud_cos", "requests", "six.py", "urllib3"}
MAGIC_310 = (3439).to_bytes(2, "little") + b"\r\n"  # importlib.util.MAGIC_NUMBER of 3.10
UNCHECKED_HASH = (1).to_bytes(4, "little")  # PEP 552
BUDGET = 2 * 1024 * 1024  # bytes of the zip

EVERY_CALL = """
import os, sys
from cosconcat.bootstrap import bootstrap
from cosconcat.environment.reading import read_credentials
from dataclasses import replace
from cosconcat.model import ObjectVersion
from cosconcat.cloud.bucket_settings import SettingsOverHttp

services = bootstrap({}, os.environ)
cos, ci, config = services.cos, services.ci, services.config
bucket, key, body = config.bucket, "fragments/中 文+%.json", "text in 中文".encode()
assert cos.create(bucket, key, body) and not cos.create(bucket, key, b"other")
assert cos.get(bucket, key).body == body and cos.get(bucket, "fragments/none") is None
head = cos.head(bucket, key).object
assert cos.heads(bucket, [key, "fragments/none"])["fragments/none"] is None
assert [found.key for found in cos.list(bucket, "fragments/").objects] == [key]
cos.put(bucket, "fragments/b", b"b")
cos.tag(bucket, key, {"name": "value"})
assert cos.tags(bucket, key) == {"name": "value"}
cos.tag(bucket, key, {})
assert cos.copy(bucket, head, bucket, "fragments/copy") == "copied"
assert cos.copy(bucket, replace(head, etag="0" * 32), bucket, "fragments/copy") == "changed"
assert cos.media(bucket, [key])[key].code, "not a medium"
assert cos.delete(bucket, [ObjectVersion(key), ObjectVersion("fragments/b"), ObjectVersion("fragments/copy")]) == []
assert ci.job(bucket, "j" + "0" * 32) is None
assert ci.jobs(bucket, 0).jobs == ()
settings = SettingsOverHttp(config, read_credentials(os.environ))
settings.exists(bucket)
assert (settings.versioning(bucket), settings.lifecycle(bucket)) == ("", ())
assert settings.queues(bucket)[0].state == "Active"
"""

OTHER_WAYS = """
import ssl, requests
ssl.create_default_context(cafile=requests.certs.where())
assert requests.Request("GET", "https://例子.test/").prepare().url == "https://xn--fsqu00a.test/"
answer = requests.Response()
answer._content = "这是一个用来猜测编码的句子，长一些才猜得准。".encode("gb18030")
assert answer.text and answer.apparent_encoding
"""

NOTHING_ELSE = """
import sys
roots = tuple(sys.argv[1:])
where = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
foreign = {name: path for name, path in where.items() if "site-packages" in path}
assert not foreign, foreign
for name in ("Crypto", "qcloud_cos.crypto", "crcmod._crcfunext", "urllib3.contrib.socks", "pip"):
    try:
        __import__(name)
    except ImportError:
        continue
    raise AssertionError(name)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds layer/ and layer.zip."""
    target = tmp_path_factory.mktemp("built")
    build_layer(LAYER, target)
    return target


def test_two_builds_are_the_same_byte_for_byte(built: Path, tmp_path: Path) -> None:
    """So that anyone can compare what is deployed with what a commit builds."""
    again, _ = build_layer(LAYER, tmp_path)
    assert again.read_bytes() == (built / "layer.zip").read_bytes()


def test_the_layer_is_small_and_its_packages_lie_at_the_root(built: Path) -> None:
    """SCF unpacks a layer into /opt, which is itself on the path."""
    archive = built / "layer.zip"
    assert archive.stat().st_size <= BUDGET
    with zipfile.ZipFile(archive) as opened:
        roots = {name.split("/")[0] for name in opened.namelist()}
    assert roots - {"__pycache__"} == PACKAGES | {"licenses", "xmltodict.py"}


def test_nothing_compiled_for_a_machine_and_nothing_left_out_is_in_it(built: Path) -> None:
    """Pure Python, certificates and licences."""
    names = [path.relative_to(built / "layer").as_posix() for path in (built / "layer").rglob("*") if path.is_file()]
    assert {Path(name).suffix for name in names if not name.startswith("licenses/")} <= {".py", ".pyc", ".pem"}
    for pattern in LEFT_OUT:
        assert not [name for name in names if Path(name).match(pattern)], pattern


def test_every_package_brings_its_licence(built: Path) -> None:
    """One folder for each, named with its version."""
    pinned = re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / "layers/requirements.txt").read_text(), re.MULTILINE)
    wanted = {f"{name.replace('-', '_')}-{version}" for name, version in pinned if name != "pycryptodome"}
    assert {path.name for path in (built / "layer/licenses").iterdir() if any(path.iterdir())} == wanted


@pytest.mark.skipif(find_runtime() is None, reason="byte-code needs a Python 3.10 on this machine")
def test_every_module_has_bytecode_that_is_never_checked_against_its_source(built: Path) -> None:
    """The place is read-only: whatever needs compiling there is compiled at each cold start."""
    for source in (built / "layer").rglob("*.py"):
        compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-310.pyc"
        header = compiled.read_bytes()[:8]
        assert header == MAGIC_310 + UNCHECKED_HASH, f"{compiled}: not an unchecked-hash pyc of Python 3.10"


def test_a_folder_without_the_pinned_versions_is_refused(tmp_path: Path) -> None:
    """Naming the first that is missing: an --only-binary install silently brings an SDK of years ago."""
    (tmp_path / "cos_python_sdk_v5-1.8.3.dist-info").mkdir()
    with pytest.raises(FileNotFoundError, match=r"certifi .* of requirements.txt is not installed there"):
        build_layer(tmp_path, tmp_path / "built")


def test_every_call_of_the_functions_works_with_the_layer_alone(built: Path) -> None:
    """The code of the functions, the layer, the standard library of the runtime; nothing else is in reach."""
    with LocalCloud(environment={"CONCAT_CALLBACK_URL": ""}) as cloud:
        _run(built, EVERY_CALL + OTHER_WAYS + NOTHING_ELSE, cloud)


def test_that_nothing_else_is_in_reach_is_really_checked(built: Path, tmp_path: Path) -> None:
    """With one of the left-out packages put back, the check fails."""
    (tmp_path / "Crypto.py").touch()
    with pytest.raises(subprocess.CalledProcessError):
        _run(built, NOTHING_ELSE, None, tmp_path)


def _run(built: Path, script: str, cloud: LocalCloud | None, *more: Path) -> None:
    """Run a script as SCF runs a function: no site-packages, the code and the layer on PYTHONPATH."""
    variables = {"PYTHONPATH": ":".join(map(str, (HANDLER, built / "layer", *more))), "PYTHONDONTWRITEBYTECODE": "x"}
    if cloud:
        variables |= {**cloud.environment, **proxy_environment(cloud.proxy.url)}
        variables |= credentials(cloud.account.issue("everything"))
    command = [find_runtime() or sys.executable, "-S", "-s", "-X", "utf8", "-c", script]
    subprocess.run(command, env={"PATH": os.environ["PATH"], **variables}, cwd=built, check=True, timeout=60)
