"""The official SDKs' own tests: what they are called, and how each suite runs against a local cloud.

They are unmodified but for where they look: endpoint, scheme and credentials come from the environment; what that
cannot say is said where it is done. Each works on a copy of the SDK's folder.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from xml.etree import ElementTree as ET

from local.cloud import LocalCloud
from local.media.clips import make_clip
from tests.clients import scope
from tests.clients.sts import Sts

HERE = Path(__file__).parent
SECONDS = 900  # for one whole suite
Results = list[tuple[str, str]]  # name and "passed", "passed alone" or "failed"; a name may occur twice


@dataclass(frozen=True)
class Suite:
    """One SDK: the file that holds its tests, how it is named and versioned, its scope, and how it runs."""

    name: str
    tests: str
    bucket: str
    version: Callable[[Path], str]
    names: Callable[[Path], list[str]]
    scope: scope.Scope
    run: Callable[[LocalCloud, Path, list[str], Mapping[str, str]], Results]

    def reason(self, test: str) -> str:
        """Why a test is out of scope, "" when it is in."""
        for reason, patterns in self.scope.items():
            if any(fnmatchcase(test, pattern) for pattern in patterns):
                return reason
        return ""


def run_suite(suite: Suite, source: Path, work: Path) -> Results:
    """Run what is in scope; `work` is an empty folder that may be filled.

    Raises:
        RuntimeError: the suite ended without results; the message holds the end of what it printed.
    """
    copy = (
        work / "src" / "github.com" / "tencentyun" / "cos-go-sdk-v5"
        if suite.name.startswith("cos-go")
        else work / "sdk"
    )
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns(".git", "node_modules"))
    outside = [test for test in suite.names(source) if suite.reason(test)]
    with LocalCloud(bucket=suite.bucket) as cloud:
        certificate = work / "authority.pem"
        certificate.write_bytes(cloud.proxy.authority.certificate)
        environment = {**os.environ, **cloud.shell_environment(certificate)}
        return suite.run(cloud, copy, outside, environment)


def _ended(command: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    return done.stdout + done.stderr


# --- cos-python-sdk-v5


def _python_names(source: Path) -> list[str]:
    tree = ast.parse((source / "ut" / "test.py").read_text("utf-8"))
    return [each.name for each in tree.body if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")]


def _run_python(cloud: LocalCloud, copy: Path, outside: list[str], environment: Mapping[str, str]) -> Results:
    """The tests were written for nose, whose `setUp` of a module pytest no longer calls; they expect a bucket for media
    with a clip in it, and an account that has a bucket in Beijing.
    """
    appid = cloud.account.appid
    cloud.store.create_bucket(f"beijing-{appid}", "ap-beijing")
    cloud.store.create_bucket(f"cos-python-v5-test-ci-{appid}", cloud.account.region)
    make_clip(copy / "clip.mp4", 1, 1, 1.0)
    cloud.store.upload(f"cos-python-v5-test-ci-{appid}", "test.mp4", copy / "clip.mp4")
    (copy / "set_up_like_nose.py").write_text(
        "import pytest\n\n\n@pytest.fixture(scope='module', autouse=True)\n"
        "def set_up_like_nose(request):\n    request.module.setUp()\n"
    )
    flags = {"TRAVIS_FLAG": "true", "TEST_CI": "true", "USE_CREDENTIAL_INST": "false", "COS_VECTORS_USE_IP": "false"}
    names = ("BUCKET", "BUCKET_FOR_CREATE_DELETE", "APPID", "SECRET_ID", "SECRET_KEY")
    unused = {f"COS_VECTORS_{name}": "unused" for name in names} | {"COS_VECTORS_REGION": cloud.account.region}
    variables = {**environment, **flags, **unused, "PYTHONPATH": str(copy), "COS_APPID": appid, "ERR_HOST": "127.0.0.1"}
    command = [sys.executable, "-m", "pytest", "ut/test.py", "-q", "-p", "set_up_like_nose", "-p", "no:cacheprovider"]
    command += ["--timeout", "120", "--rootdir", str(copy), "-c", os.devnull, "--junitxml", "results.xml"]
    command += [f"--deselect=ut/test.py::{name}" for name in outside]
    printed = _ended(command, copy, variables)
    try:
        cases = ET.parse(copy / "results.xml").getroot().iter("testcase")
    except OSError:
        raise RuntimeError(printed[-2000:]) from None
    return [(str(each.get("name")), "failed" if len(each) and each[0].tag != "skipped" else "passed") for each in cases]


# --- cos-nodejs-sdk-v5


def _node_names(source: Path) -> list[str]:
    names, group = [], ""
    for line in (source / "test" / "test.js").read_text("utf-8").splitlines():
        if found := re.match(r"group\('(.*)', function", line):
            group = found[1]
        elif found := re.match(r"  test\('(.*?)', (?:async )?(?:function|\()", line):
            names.append(f"{group} {found[1]}")
    return names


def _run_node(cloud: LocalCloud, copy: Path, outside: list[str], environment: Mapping[str, str]) -> Results:
    """The SDK's dependencies are installed as its package names them; `direct.js` says what else is different."""
    _ended(["npm", "install", "--silent", "--ignore-scripts", "--no-save"], copy, os.environ)
    key = cloud.account.root_key()
    with Sts(cloud) as sts:
        variables = {
            **environment,
            **dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1"),
            "NODE_OPTIONS": f"--require {HERE / 'direct.js'}",
            "SecretId": key.secret_id,
            "SecretKey": key.secret_key,
            "Bucket": cloud.bucket,
            "Region": cloud.account.region,
            "Uin": cloud.account.uin,
            "nodejssdkStsUrl": sts.url,
        }
        results = _mocha(copy, variables, outside, "--invert")
        if failed := [name for name, result in results if result == "failed"]:
            # The tests allow themselves two minutes each, and one of them sends 1.2 GB: on a busy machine the next ones
            # run into it.
            again = [name for name, result in _mocha(copy, variables, failed) if result == "passed"]
            results = [
                (name, "passed alone" if result == "failed" and name in again else result) for name, result in results
            ]
    return results


def _mocha(copy: Path, variables: Mapping[str, str], names: list[str], *flags: str) -> Results:
    """Run the tests of these names, or with `--invert` all others."""
    pattern = "|".join(f"^{re.escape(name)}$" for name in names)
    command = ["node_modules/.bin/mocha", "--exit", "--reporter", "json", "--grep", pattern, *flags, "test/test.js"]
    printed = _ended(command, copy, variables)
    start = f"\n{printed}".rfind('\n{\n  "stats": {')  # the tests print as well, before it or not at all
    if start < 0:
        raise RuntimeError(printed[-2000:])
    told, _ = json.JSONDecoder().raw_decode(printed[start:])
    failed = [each["fullTitle"] for each in told["failures"]]
    return [(each["fullTitle"], "failed" if each["fullTitle"] in failed else "passed") for each in told["tests"]]


# --- cos-go-sdk-v5


def _go_names(source: Path) -> list[str]:
    text = re.sub(r"/\*.*?\*/", "", (source / "costesting" / "ci_test.go").read_text("utf-8"), flags=re.DOTALL)
    return re.findall(r"^func \(s \*CosTestSuite\) (Test\w+)\(", text, re.MULTILINE)


def _run_go(cloud: LocalCloud, copy: Path, outside: list[str], environment: Mapping[str, str]) -> Results:
    """`go` and the SDK's modules must be there. A line of the tests that does not compile with the SDK of the same
    commit gets the name of its field; the test it stands in is out of scope.
    """
    tests = copy / "costesting" / "ci_test.go"
    text = tests.read_text("utf-8").replace('cos.ErrorDocument{"', 'cos.ErrorDocument{Key: "')
    tests.write_text(text, "utf-8")
    key = cloud.account.root_key()
    root = str(copy.parents[3])
    path = os.pathsep.join(part for part in (root, environment.get("GOPATH", "")) if part)
    variables = {**environment, "COS_SECRETID": key.secret_id, "COS_SECRETKEY": key.secret_key, "GOPATH": path}
    names = "|".join(name for name in _go_names(copy) if name not in outside)
    command = ["go", "test", "-vet=off", "-v", "-timeout", f"{SECONDS}s", "./costesting/"]
    printed = _ended([*command, "-run", f"TestCosTestSuite/^({names})$", "-testify.m", f"^({names})$"], copy, variables)
    found = re.findall(r"^ +--- (PASS|FAIL): TestCosTestSuite/(\w+)", printed, re.MULTILINE)
    if not found:
        raise RuntimeError(printed[-2000:])
    return [(name, "passed" if outcome == "PASS" else "failed") for outcome, name in found]


def _found_version(file: str, pattern: str) -> Callable[[Path], str]:
    def version(source: Path) -> str:
        found = re.search(pattern, (source / file).read_text("utf-8"))
        return found[1] if found else "unknown"

    return version


SUITES = (
    Suite(
        "cos-python-sdk-v5",
        "ut/test.py",
        "demo-1250000000",
        _found_version("qcloud_cos/version.py", r"__version__ = '(.*)'"),
        _python_names,
        scope.PYTHON,
        _run_python,
    ),
    Suite(
        "cos-nodejs-sdk-v5",
        "test/test.js",
        "demo-1250000000",
        _found_version("package.json", r'"version": "(.*)"'),
        _node_names,
        scope.NODE,
        _run_node,
    ),
    Suite(
        "cos-go-sdk-v5",
        "costesting/ci_test.go",
        "cosgosdktest-1259654469",  # as the tests have it
        _found_version("cos.go", r'Version += "(.*)"'),
        _go_names,
        scope.GO,
        _run_go,
    ),
)


def suite_of(source: Path) -> Suite | None:
    """Which SDK's source a folder holds, None when it is none of them."""
    return next((suite for suite in SUITES if (source / suite.tests).is_file()), None)
