"""The SCF runtime: what an instance sees, how an invocation ends, and what happens when it fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from local.account.account import Account
from local.scf.deliveries import EventTooLargeError
from local.scf.function import Function
from local.scf.functions import Functions
from local.scf.instances import Platform
from local.switches import Switches

Deploy = Callable[..., Functions]


@pytest.fixture
def deploy(tmp_path: Path) -> Iterator[Deploy]:
    """Deploy one function `f` with the given source; everything is stopped at the end."""
    running: list[Functions] = []

    def start(source: str, *, switches: Switches | None = None, **settings: object) -> Functions:
        code, layer = tmp_path / "code", tmp_path / "layer"
        code.mkdir(exist_ok=True)
        layer.mkdir(exist_ok=True)
        (code / "f.py").write_text(dedent(source), encoding="utf-8")
        (layer / "dependency.py").write_text("NAME = 'from the layer'\n", encoding="utf-8")
        function = Function(name="f", handler="f.main_handler", **settings)  # type: ignore[arg-type]  # toy settings
        functions = Functions(
            [function], Platform(Account(), code, layer, "http://127.0.0.1:9"), switches or Switches()
        )
        functions.start()
        running.append(functions)
        return functions

    yield start
    for functions in running:
        functions.stop()


def gone(pid: int) -> bool:
    """Whether no such process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


class TestIsolation:
    """A function sees its code root, the layer and the standard library, and nothing of this machine's project."""

    @pytest.mark.parametrize("name", ["moto", "pytest", "local", "cosconcat", "numpy"])
    def test_what_is_installed_here_cannot_be_imported(self, deploy: Deploy, name: str) -> None:
        """Neither the repository nor the virtual environment is on the path, whatever PYTHONPATH says here."""
        everything = os.pathsep.join(sys.path)
        source = f"def main_handler(event, context):\n    import {name}\n"
        functions = deploy(source, environment={"PYTHONPATH": everything})
        result = functions.invoke("f", {})
        assert result.status == 430
        assert isinstance(result.value, dict)
        assert f"No module named '{name}'" in result.value["stackTrace"]

    def test_the_layer_is_importable_and_the_code_root_shadows_it(self, deploy: Deploy) -> None:
        """As with /var/user before /opt."""
        source = """
            import sys
            from dependency import NAME
            def main_handler(event, context):
                return [NAME, [path.rpartition("/")[2] for path in sys.path[:2]]]
        """
        assert deploy(source).invoke("f", {}).value == ["from the layer", ["code", "layer"]]

    def test_the_environment_is_the_documented_one(self, deploy: Deploy) -> None:
        """The platform's variables, the role's key and token, the proxy in both cases, the function's own variables."""
        os.environ["CONCAT_LEAK"] = "from this shell"
        try:
            source = "import os\ndef main_handler(event, context):\n    return dict(os.environ)\n"
            seen = deploy(source, environment={"CONCAT_BUCKET": "b-1"}).invoke("f", {}).value
        finally:
            del os.environ["CONCAT_LEAK"]
        assert isinstance(seen, dict)
        assert seen["TENCENTCLOUD_RUNENV"] == "SCF"
        assert seen["TENCENTCLOUD_REGION"] == "ap-guangzhou"
        assert seen["SCF_FUNCTIONNAME"] == "f"
        assert seen["TENCENTCLOUD_SECRETID"]
        assert seen["TENCENTCLOUD_SESSIONTOKEN"]
        assert seen["http_proxy"] == seen["HTTP_PROXY"] == "http://127.0.0.1:9"
        assert seen["NO_PROXY"] == seen["no_proxy"] == ""
        assert seen["CONCAT_BUCKET"] == "b-1"
        assert "CONCAT_LEAK" not in seen

    @pytest.mark.parametrize("name", ["SCF_X", "QCLOUD_X", "TENCENTCLOUD_SECRETID"])
    def test_reserved_names_are_refused(self, deploy: Deploy, name: str) -> None:
        """Own variables may not take the platform's prefixes."""
        with pytest.raises(ValueError, match=name):
            deploy("", environment={name: "1"})

    def test_an_environment_over_4_kb_is_refused(self, deploy: Deploy) -> None:
        """All own variables together may have 4 KB."""
        with pytest.raises(ValueError, match="4096"):
            deploy("", environment={"LARGE": "x" * 4096})


class TestInvocation:
    """One event, one answer."""

    def test_event_and_context_are_plain_dicts_with_the_documented_keys(self, deploy: Deploy) -> None:
        """The context has no remaining time; its environment is a JSON string."""
        functions = deploy("def main_handler(event, context):\n    return [event, context]\n", time_limit=7)
        result = functions.invoke("f", {"名": ["a", None, True]})
        assert isinstance(result.value, list)
        event, context = result.value
        assert event == {"名": ["a", None, True]}
        assert context["time_limit_in_ms"] == 7000
        assert context["request_id"] == result.request_id
        assert context["function_name"] == "f"
        assert context["tencentcloud_appid"] == "1250000000"
        assert json.loads(context["environment"])["SCF_NAMESPACE"] == "default"

    def test_a_warm_instance_is_reused(self, deploy: Deploy) -> None:
        """Globals survive from one invocation to the next while it is warm."""
        functions = deploy("seen = []\ndef main_handler(event, context):\n    seen.append(event)\n    return seen\n")
        functions.invoke("f", 1)
        assert functions.invoke("f", 2).value == [1, 2]

    def test_simultaneous_events_get_instances_of_their_own_up_to_the_bound(self, deploy: Deploy) -> None:
        """Scale-out: four events at once, at most two processes."""
        source = """
            import os, time
            def main_handler(event, context):
                time.sleep(0.2)
                return os.getpid()
        """
        functions = deploy(source, instances=2)
        pids: list[object] = []
        threads = [threading.Thread(target=lambda: pids.append(functions.invoke("f", {}).value)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(pids) == 4
        assert len(set(pids)) == 2

    def test_what_is_printed_is_the_log_of_that_invocation(self, deploy: Deploy) -> None:
        """stdout, stderr and what a child process writes, and nothing of the invocation before."""
        source = """
            import os, sys
            def main_handler(event, context):
                print("out", event)
                print("err", event, file=sys.stderr)
                os.write(1, b"raw\\n")
        """
        functions = deploy(source)
        functions.invoke("f", "first")
        log = functions.invoke("f", "second").log
        assert sorted(log.splitlines()) == ["err second", "out second", "raw"]

    @pytest.mark.parametrize(
        ("body", "status", "words"),
        [
            ("raise ValueError('broken')", 430, "ValueError: broken"),
            ("return {1, 2}", 430, "not JSON serializable"),
            ("return float('nan')", 430, "not JSON compliant"),
            ("import os; os._exit(3)", 439, "User process exit"),
            ("raise SystemExit(3)", 439, "User process exit"),
            ("import time; time.sleep(60)", 433, "timed out after 0.5 seconds"),
            ("while True: pass", 433, "timed out after 0.5 seconds"),
            ("return 'x' * (6 * 1024 * 1024)", 407, "too large"),
        ],
    )
    def test_a_failure_is_the_documented_error(self, deploy: Deploy, body: str, status: int, words: str) -> None:
        """A dict with errorCode -1, message, request id, stack trace and status code; the next event finds it well."""
        source = f"def main_handler(event, context):\n    if event:\n        {body}\n    return 'fine'\n"
        functions = deploy(source, time_limit=0.5 if status == 433 else 30)
        result = functions.invoke("f", {"fail": True})
        assert result.status == status
        assert isinstance(result.value, dict)
        assert list(result.value) == ["errorCode", "errorMessage", "requestId", "stackTrace", "statusCode"]
        assert result.value["errorCode"] == -1
        assert words in json.dumps(result.value)
        assert functions.invoke("f", {}).value == "fine"

    @pytest.mark.parametrize("handler", ["f.other", "nothing.main_handler"])
    def test_a_handler_that_is_not_there_is_437(self, deploy: Deploy, handler: str, tmp_path: Path) -> None:
        """Wrong module or wrong function."""
        functions = deploy("x = 1")
        wrong = Functions(
            [Function("g", handler)], Platform(Account(), tmp_path / "code", tmp_path / "layer"), Switches()
        )
        try:
            assert wrong.invoke("g", {}).status == 437
        finally:
            wrong.stop()
        assert functions.invoke("f", {}).status == 437

    def test_a_memory_limit_is_enforced_when_set(self, deploy: Deploy) -> None:
        """More than the limit is 434."""
        functions = deploy("def main_handler(event, context):\n    return len(bytearray(1 << 30))\n", memory_mb=512)
        assert functions.invoke("f", {}).status == 434

    def test_an_event_over_6_mb_is_refused(self, deploy: Deploy) -> None:
        """Synchronous events may have 6 MB."""
        functions = deploy("def main_handler(event, context):\n    return 'ran'\n")
        assert functions.invoke("f", "x" * (6 * 1024 * 1024 - 2)).value == "ran"
        assert functions.invoke("f", "x" * (6 * 1024 * 1024 - 1)).status == 406

    def test_role_keys_change_while_an_instance_is_warm(self, deploy: Deploy) -> None:
        """They are temporary: near their end the next invocation finds new ones in its environment."""
        functions = deploy(
            "import os\ndef main_handler(event, context):\n    return os.environ['TENCENTCLOUD_SECRETID']\n"
        )
        first = functions.invoke("f", {}).value
        assert functions.invoke("f", {}).value == first
        account = functions._instances["f"]._platform.account
        account.switches.clock_skew = 7000
        assert functions.invoke("f", {}).value != first


class TestAsynchronous:
    """Queued events: tried three times, a minute apart in the cloud."""

    def test_a_failing_event_is_tried_three_times_and_dropped(self, deploy: Deploy) -> None:
        """Two retries after the first error."""
        switches = Switches(retry_seconds=0.2)
        functions = deploy("def main_handler(event, context):\n    raise RuntimeError(event)\n", switches=switches)
        began = time.monotonic()
        functions.send("f", {"n": 1}, trigger="cos")
        assert functions.wait_idle(10)
        assert time.monotonic() - began >= 2 * 0.2
        assert [each.attempt for each in functions.invocations] == [1, 2, 3]
        assert [each.event for each in functions.dropped("f")] == [{"n": 1}]

    def test_an_event_that_succeeds_is_not_repeated(self, deploy: Deploy, tmp_path: Path) -> None:
        """The second try finds what the first one left behind."""
        source = """
            def main_handler(event, context):
                with open(event["path"], "a") as file:
                    file.write("x")
                if len(open(event["path"]).read()) == 1:
                    raise RuntimeError("once")
        """
        functions = deploy(source, switches=Switches(retry_seconds=0.05))
        functions.send("f", {"path": str(tmp_path / "count")}, trigger="cos")
        assert functions.wait_idle(10)
        assert (tmp_path / "count").read_text() == "xx"
        assert functions.dropped("f") == []

    def test_a_time_out_is_retried_too(self, deploy: Deploy) -> None:
        """433 is an execution error like an exception."""
        source = "import time\ndef main_handler(event, context):\n    time.sleep(60)\n"
        functions = deploy(source, switches=Switches(retry_seconds=0.01), time_limit=0.2)
        functions.send("f", {}, trigger="timer")
        assert functions.wait_idle(10)
        assert [each.result.status for each in functions.invocations] == [433] * 3

    def test_a_synchronous_invocation_is_never_retried(self, deploy: Deploy) -> None:
        """The caller has the error and decides."""
        functions = deploy("def main_handler(event, context):\n    raise RuntimeError\n", switches=Switches())
        functions.invoke("f", {})
        assert len(functions.invocations) == 1

    def test_an_event_over_128_kb_is_refused(self, deploy: Deploy) -> None:
        """Asynchronous events may have 128 KB, as UTF-8."""
        functions = deploy("def main_handler(event, context):\n    pass\n")
        functions.send("f", "x" * (128 * 1024 - 2), trigger="cos")
        with pytest.raises(EventTooLargeError, match="131072"):
            functions.send("f", "片" * (43 * 1024), trigger="cos")
        functions.send("f", "片" * (42 * 1024), trigger="cos")

    def test_the_timer_sends_its_event(self, deploy: Deploy) -> None:
        """Type, TriggerName, Time, Message; TRIGGER_SRC says timer."""
        functions = deploy(
            "import os\ndef main_handler(event, context):\n    return [event, os.environ['TRIGGER_SRC']]\n"
        )
        functions.every(0.05, "f")
        assert until(lambda: len(functions.invocations) >= 2)
        value = functions.invocations[0].result.value
        assert isinstance(value, list)
        assert value[0]["Type"] == "Timer"
        assert value[1] == "timer"


class TestProcesses:
    """No process survives its time, a kill, or the cloud itself."""

    def test_a_time_out_kills_what_the_function_started_as_well(self, deploy: Deploy, tmp_path: Path) -> None:
        """The whole process group goes."""
        source = f"""
            import subprocess
            def main_handler(event, context):
                child = subprocess.Popen(["sleep", "60"])
                open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
                child.wait()
        """
        assert deploy(source, time_limit=1).invoke("f", {}).status == 433
        assert until(lambda: gone(int((tmp_path / "pid").read_text())))

    def test_a_kill_is_a_process_exit_for_the_platform(self, deploy: Deploy) -> None:
        """Kill -9 in the middle of an invocation: 439."""
        source = "import time\ndef main_handler(event, context):\n    time.sleep(60)\n"
        functions = deploy(source)
        results = []
        thread = threading.Thread(target=lambda: results.append(functions.invoke("f", {})))
        thread.start()
        assert until(lambda: functions.kill("f"))
        thread.join(10)
        assert results[0].status == 439

    def test_stopping_ends_a_running_instance(self, deploy: Deploy, tmp_path: Path) -> None:
        """`stop` returns when every process is gone."""
        source = """
            import os, time
            def main_handler(event, context):
                if event:
                    open(event["begun"], "w").close()
                    time.sleep(60)
                return os.getpid()
        """
        functions = deploy(source)
        pid = functions.invoke("f", {}).value
        begun = tmp_path / "begun"
        thread = threading.Thread(target=lambda: functions.invoke("f", {"begun": str(begun)}))
        thread.start()
        assert until(begun.exists)
        functions.stop()
        thread.join(10)
        assert not thread.is_alive()
        assert gone(int(str(pid)))

    def test_instances_end_when_the_cloud_is_killed(self, tmp_path: Path) -> None:
        """Kill -9 of the parent: the pipes close, an instance ends even in the middle of its work."""
        (tmp_path / "f.py").write_text(
            "import os, time\n"
            "def main_handler(event, context):\n"
            f"    open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
            "    time.sleep(60)\n"
        )
        parent = f"""
from pathlib import Path
from local.account.account import Account
from local.scf.function import Function
from local.scf.instances import Instances, Platform
root = Path({str(tmp_path)!r})
Instances(Function("f", "f.main_handler"), Platform(Account(), root, root)).run({{}}, trigger="invoke")
"""
        process = subprocess.Popen([sys.executable, "-c", parent], cwd=Path(__file__).parents[2])
        try:
            assert until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
        finally:
            process.kill()
            process.wait()
        assert until(lambda: gone(int((tmp_path / "pid").read_text())))
