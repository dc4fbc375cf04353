"""What a person can do wrong at a desk, a table for each kind: a sentence, an exit code, no traceback, no secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from cosconcat.log import printable
from ops import ROOT
from ops.command import main
from ops.desk.dotenv import parse
from tests.support.deployments import empty_account, variables

BUCKET = {"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou"}
SECRET = "9d1cTheSecretKeyOfSomebody7b"
KEYS = {"TENCENT_SECRET_ID": "AKID0123456789abcdef", "TENCENT_SECRET_KEY": SECRET}
ASKING = (  # every verb that asks an account something
    ["status", "v"], ["status", "v", "--here"], ["status", "--day", "2026-11"], ["retry", "v"], ["preview"],
    ["restore", "v", "--to", "back/"], ["prune"], ["doctor"], ["deploy", "--check"], ["destroy", "--check"], ["pause"],
    ["resume"], ["names", "--from-bucket"], ["explain", "--group", "v"],
)  # fmt: skip
PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY")


def told(arguments: list[str], environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code and what stands on standard error, which is no traceback and holds no secret."""
    code = main(arguments, environ)
    words = capsys.readouterr().err
    assert "Traceback" not in words
    assert SECRET not in words
    return code, words


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A shell that names no proxy."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize("verb", ASKING, ids=" ".join)
@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("http://127.0.0.1:9", "no network: https://"),
        ("http://me:hidden@127.0.0.1:9", "does not answer through the proxy http://…@127.0.0.1:9 (ProxyError)"),
        ("socks5://127.0.0.1:9", "no network: the proxy in force cannot be used"),
        ("http://127.0.0.1:99999", "no network: the proxy in force cannot be used: http://127.0.0.1:99999; allowed is"),
    ],
)
def test_a_proxy_that_points_nowhere_is_one_sentence(
    verb: list[str], proxy: str, words: str, no_proxy: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By every verb that asks an account something, without a library's own words."""
    no_proxy.setenv("https_proxy", proxy)
    no_proxy.setenv("HTTPS_PROXY", proxy)
    no_proxy.setattr("time.sleep", lambda _: None)  # between the SDK's tries
    no_proxy.setattr("ops.verbs.deploy.packages", lambda: (b"", b""))
    code, said = told(verb, {**BUCKET, **KEYS}, capsys)
    assert (code, words in said, len(said.splitlines())) == (1, True, 1), said
    assert "hidden" not in said
    assert "Max retries" not in said


@pytest.mark.parametrize("verb", [each for each in ASKING if each[0] != "names"], ids=" ".join)
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"TENCENT_SECRET_ID": "", "TENCENT_SECRET_KEY": ""}, "TENCENT_SECRET_KEY"),
        ({"TENCENT_SECRET_ID": "讲座"}, "TENCENT_SECRET_ID holds a blank, or a character that no key has"),
        ({"TENCENT_SECRET_KEY": f"{SECRET}\nX: y"}, "TENCENT_SECRET_KEY holds a blank, or a character that no key has"),
        ({"TENCENT_TOKEN": "a b"}, "TENCENT_TOKEN holds a blank"),
        (
            {"TENCENT_SECRET_ID": SECRET, "TENCENT_SECRET_KEY": KEYS["TENCENT_SECRET_ID"]},
            "TENCENT_SECRET_ID and TENCENT_SECRET_KEY are exchanged",
        ),
        ({"CONCAT_SCHEME": "http"}, "CONCAT_SCHEME is http, which is for the local cloud alone"),
    ],
)
def test_keys_that_cannot_be_any_are_told_before_anybody_is_asked(
    verb: list[str],
    changed: dict[str, str],
    words: str,
    no_proxy: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And none of them is printed, or sent in the clear."""
    no_proxy.setattr("socket.create_connection", lambda *_: pytest.fail("somebody was asked"))
    code, said = told(verb, {**BUCKET, **KEYS, **changed}, capsys)
    assert (code, words in said) == (2, True), said


@pytest.mark.parametrize(
    ("arguments", "environ", "code", "words"),
    [
        (["prune", "--days", "99999999999999999999"], BUCKET, 2, "is not in the range 7<=x<=36500"),
        (["stauts"], BUCKET, 2, "there is no verb 'stauts'"),
        (["status"], BUCKET, 2, "no keys: set"),
        (["configuration"], {"CONCAT_BUCKET": "x"}, 2, "CONCAT_REGION is required"),
        (["configuration"], {**BUCKET, "CONCAT_JOB": '{"a":' * 500 + "1" + "}" * 500}, 2, "nested deeper than any"),
        (["configuration"], {**BUCKET, "CONCAT_TAGS": "[" * 3000}, 2, "CONCAT_TAGS is not JSON"),
        (["configuration"], {**BUCKET, "CONCAT_CALLBACK_SECRET": "\udcff" * 20}, 2, "SECRET holds what is no text"),
        (["explain", "a\x1b[2J.mp4"], BUCKET, 2, "a\\u001b[2J.mp4"),
        (["explain", "--manifest", "nofile"], BUCKET, 2, "nofile: No such file"),
    ],
)
def test_who_asks_for_json_is_told_of_failures_in_json(
    arguments: list[str], environ: dict[str, str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One document on standard output, whatever happens, and the same sentences for a person on standard error."""
    assert main([*arguments, "--json"], environ) == code
    printed, said = capsys.readouterr()
    assert "Traceback" not in said
    told = json.loads(printed)
    assert told["exit_code"] == code
    assert words in said
    assert [printable(sentence) for sentence in told["error"]] == said.splitlines()


@pytest.mark.parametrize(
    ("verb", "answer"),
    [
        *product(
            (["status"], ["status", "v"], ["retry", "v"]),
            ('"hello"', "null", "[]", "", "no JSON", '{"results": 5}', '{"doctor": 5}'),
        ),
        *product((["status"], ["status", "v"]), ('{"results": []}', '{"results": [], "doctor": []}')),
    ],
)
def test_a_function_whose_code_somebody_changed_is_told(
    verb: list[str], answer: str, no_proxy: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever it answers."""
    no_proxy.setattr("ops.deployment.door.Door.api", lambda *_: {"Result": {"InvokeResult": 0, "RetMsg": answer}})
    code, said = told(verb, {**BUCKET, **KEYS}, capsys)
    assert (code, "if its code was changed by hand" in said) == (1, True), said


def test_refused_keys_are_a_persons_at_a_desk(capsys: pytest.CaptureFixture[str]) -> None:
    """No execution role is spoken of, and the checks that need them are not made."""
    with empty_account() as cloud:
        code, _ = main(["doctor"], variables(cloud, TENCENT_SECRET_KEY="a-wrong-one")), None
        printed = capsys.readouterr().out
    assert code == 1
    assert "check TENCENT_SECRET_ID and TENCENT_SECRET_KEY in .env or the shell" in printed
    assert printed.count("WRONG") == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a": "\xe9"}', "is no text in UTF-8 (byte 7): save it as UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a number has too many digits"),
        (b'{"a": NaN}', "NaN is no number in JSON"),
        (b"{", "not JSON: Expecting property name"),
        (b"", "not JSON: Expecting value"),
    ],
)
def test_an_event_that_is_none(content: bytes, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Named, with what is wrong, in no library's words."""
    (tmp_path / "event.json").write_bytes(content)
    code, said = told(["invoke", "upload", str(tmp_path / "event.json")], BUCKET, capsys)
    assert (code, words in said, "event.json" in said) == (2, True, True), said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--env", "{tmp}", "configuration"], "Is a directory (a file is needed, and this is a folder)"),
        (["--env", "/dev/zero", "configuration"], "/dev/zero: has more than 1,048,576 bytes; is it the right file?"),
        (["invoke", "upload", "{tmp}"], "is a folder, and a file is needed; for upload events/ has"),
        (["names", "--file", "{tmp}"], "Is a directory (a file is needed"),
        (["names", "--file", "{tmp}/none"], "No such file or directory"),
        (["names", "--file", sys.executable], "is no text in UTF-8"),
        (["explain", "--manifest", "{tmp}"], "Is a directory"),
        (["names", "fragments/\udcff.mp4"], r"'fragments/\udcff.mp4' is no text in UTF-8"),
        (["status", "--day", "2026-13-40"], "write a day as 2026-11-26, a month as 2026-11"),
        (["status", "--day", "２０２６-11-26"], "write a day as 2026-11-26"),
        (["restore", "--since", "2026-02-01", "--until", "2026-01-01", "--to", "b/"], "--until is not later than"),
        (["restore", "v", "--to", "trash/back/"], "meets CONCAT_TRASH_PREFIX=trash/"),
        (["restore", "v", "--to", ".concat/"], "meets CONCAT_STATE_PREFIX=.concat/"),
        (["restore", "v", "--to", "/"], "a prefix ends with a slash, and begins with none"),
        (["names", "--from-bucket", "--most", "-5"], "-5 is not in the range"),
        (["prune", "--days", "-3"], "-3 is not in the range"),
        (["prune", "--limit", "9" * 40], "is not in the range"),
        (["preview", "--seconds", "inf"], "inf is not in the range"),
        (["cost", "--fragments", "1e3"], "'1e3' is not a valid integer"),
        (["completion", "tcsh"], "'tcsh' is not one of"),
        (["names", "--file", "README.md", "fragments/a.mp4"], "KEYS, --file and --from-bucket are three places"),
        (["names", "--file", "README.md", "--from-bucket"], "KEYS, --file and --from-bucket are three places"),
        (["names", "--suggest", "--naming", "folder", "fragments/a.mp4"], "finds the setting: leave out --naming"),
        (["names", "--suggest", "--first", "0", "--marker", "_OK", "x"], "leave out --first and --marker"),
        (["names", "--most", "5", "fragments/a.mp4"], "--most goes with --from-bucket"),
        (["names", "--file", "/dev/null"], "no keys: /dev/null holds none"),
        (["names", "--suggest", "--file", "/dev/null"], "no keys: /dev/null holds none"),
        (["explain", "--group", "a", "fragments/a-1of1.mp4"], "each name a group: say one of them"),
        (["explain", ""], "one of KEYS is empty: name each fragment by its full key"),
        (["explain", "fragments/a-1of1.mp4", " "], "one of KEYS is empty: name each fragment by its full key"),
        (["explain", "--manifest", "README.md", "--group", "a"], "each name a group: say one of them"),
        (["explain", "--manifest", "README.md"], "README.md: $: is not JSON"),
        (["explain", "--group", ""], "--group is empty: name a group"),
        (["explain", "nothing.txt"], "nothing.txt: outside the input prefix fragments/"),
        (["explain", "fragments/a-1of1.mp4", "fragments/b-1of1.mp4"], "keys of several groups: a, b"),
        (["policies", "--table", "upload"], "leave out FUNCTION and --json"),
        (["policies", "--table", "deployer"], "leave out FUNCTION and --json"),
        (["policies", "--table", "--json"], "leave out FUNCTION and --json"),
        (["retry", "lecture", "--outcome", "kept"], "name GROUPS or say --outcome, not both"),
        (["status", ""], "one of GROUPS is empty: name each group"),
        (["retry", "lecture", " "], "one of GROUPS is empty: name each group"),
        (["restore", ""], "one of GROUPS is empty: name each group"),
        (["retry"], "name GROUPS, or say --outcome gave-up or --outcome kept"),
        (["status", "lecture", "--day", "2026-11"], "name GROUPS or say --day, not both"),
        (["preview", "--probe", "2", "--seconds", "9"], "say one of them"),
    ],
)
def test_what_cannot_be_meant_is_told(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files of another kind, text of another coding, numbers and times that are none."""
    given = [each.replace("{tmp}", str(tmp_path)) for each in arguments]
    code, said = told(given, None if given[0] == "--env" else {**BUCKET, **KEYS}, capsys)  # type: ignore[arg-type]
    assert (code, words in said) == (2, True), said


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["names", "fragments/a-1of1.mp4", "fragments/x.txt"], 0),
        (["names", "fragments/x.txt", "elsewhere/a-1of1.mp4"], 1),
        (["names", "--json", "fragments/x.txt"], 1),
        (["names", "--suggest", "fragments/x.txt"], 1),
    ],
)
def test_names_of_which_none_fits_are_a_no(arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """As `preview` says of a bucket; what each key is, is shown all the same."""
    assert (main(arguments, BUCKET), bool(capsys.readouterr().out)) == (code, True)


@pytest.mark.parametrize("standard_input", [[], ["\n", "\r\n", "\ufeff\n"], None])
def test_no_keys_at_all_is_told(
    standard_input: list[str] | None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a listing that came out empty, or a standard input that is closed."""
    monkeypatch.setattr("sys.stdin", None if standard_input is None else iter(standard_input))
    assert told(["names"], BUCKET, capsys) == (2, "no keys: standard input holds none\n")


@pytest.mark.parametrize("verb", ["configuration", "doctor", "pause", "explain"])
def test_where_nothing_is_configured_it_is_told_where_to(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not where there is a .env, or another file was named."""
    for module in ("ops.command", "ops.desk.environment"):
        monkeypatch.setattr(f"{module}.ROOT", tmp_path)
    for name in [name for name in os.environ if name.startswith(("CONCAT_", "TENCENT", "STAGE"))]:
        monkeypatch.delenv(name)
    hint = "there is no .env: copy .env.example to .env, and fill it in"
    assert hint in told([verb], None, capsys)[1].splitlines()  # type: ignore[arg-type]
    assert hint not in told([verb], {}, capsys)[1]
    (tmp_path / ".env").write_text("CONCAT_REGION=ap-guangzhou\n")
    code, words = told([verb], None, capsys)  # type: ignore[arg-type]
    assert (code, "CONCAT_BUCKET is required" in words, hint in words) == (2, True, False)


def test_keys_that_are_missing_are_told_in_the_same_words(capsys: pytest.CaptureFixture[str]) -> None:
    """By a verb that reads the bucket, and by one that reads the deployment."""
    for verb in ("doctor", "pause"):
        words = "no keys: set TENCENT_SECRET_ID and TENCENT_SECRET_KEY in .env or the shell\n"
        assert told([verb], BUCKET, capsys) == (2, words)


def test_a_variable_of_another_release_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """It may be one that was renamed: it changes nothing, and the answer is still yes."""
    code, words = told(["configuration"], {**BUCKET, "CONCAT_XYZZY": "1"}, capsys)
    assert (code, words) == (0, "CONCAT_XYZZY is no variable of this release: it is ignored\n")
    assert told(["configuration"], BUCKET, capsys) == (0, "")


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("A=1\nA=2\n", ["x, line 2: A was set before; this line wins"]),
        ("A=1\n\n  # a comment\n#\nA2=\n", []),
        ("just words\nA=1", ["x, line 1: sets nothing: a line is NAME=value, or a comment that begins with #"]),
        ("export A=1", ["x, line 1: `export A=` sets nothing by this file's rule; leave out the word export"]),
        ("concat_bucket=x", ["x, line 1: concat_bucket sets nothing here: names are in capitals, CONCAT_BUCKET"]),
        ("my.own=x", []),
        ("-----END SECRET-----", ["x, line 1: sets nothing: a line is NAME=value, or a comment that begins with #"]),
    ],
)
def test_a_line_that_is_probably_not_meant_is_told(text: str, warned: list[str]) -> None:
    """By its number; its content may be secret."""
    assert list(parse(text, "x").warnings) == warned


def test_the_settings_may_come_through_a_pipe(tmp_path: Path) -> None:
    """`--env <(...)`, and `/dev/stdin`."""
    text = "".join(f"{name}={value}\n" for name, value in BUCKET.items())
    done = subprocess.run(
        [sys.executable, str(ROOT / "ops" / "start.py"), "--env", "/dev/stdin", "configuration"],
        input=text, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=30,
    )  # fmt: skip
    assert (done.returncode, "fine: demo-1250000000" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize(
    ("changed", "arguments", "closed"),
    [
        ({"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, ["names", "fragments/讲-1of1.mp4"], ""),
        ({"TERM": "dumb", "COLUMNS": "20"}, ["status", "--help"], ""),
        ({"COLUMNS": "nonsense", "LINES": "-1"}, ["names", "fragments/a-1of1.mp4"], ""),
        ({"HOME": ""}, ["configuration"], ""),
        ({}, ["configuration"], "<&-"),
        ({}, ["names", "fragments/a-1of1.mp4"], "<&-"),
        ({}, ["configuration"], "<&- >&- 2>&-"),
    ],
)
def test_an_unusual_terminal_is_no_reason_to_fail(
    changed: dict[str, str], arguments: list[str], closed: str, tmp_path: Path
) -> None:
    """Another locale, twenty columns, no home, closed standard streams, a folder that is not the project's."""
    environ = {**os.environ, **BUCKET, **changed}
    command = [
        "sh",
        "-c",
        f'exec "$@" {closed}',
        "sh",
        sys.executable,
        "-S",
        str(ROOT / "ops" / "start.py"),
        *arguments,
    ]
    done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("content", ["garbage", "[]", "null", '{"proxy": 5}', '{"proxy": "http://127.0.0.1:9"}'])
def test_a_state_file_of_a_cloud_that_is_gone_is_none(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one that was killed, or of something else."""
    from local.commands import up

    (tmp_path / "state.json").write_text(content)
    monkeypatch.setattr(up, "STATE", tmp_path / "state.json")
    assert up.running() is None


def test_a_cloud_that_nobody_listens_to_ends_silently(tmp_path: Path) -> None:
    """`cos-concat up | head -1`: no port is spoken of."""
    environ = {**os.environ, "LOCAL_CLOUD_STATE": str(tmp_path / "state.json")}
    up = [sys.executable, "-S", str(ROOT / "ops" / "start.py"), "up"]
    running = subprocess.Popen(up, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    running.stdout.close()
    assert (running.wait(30), running.stderr.read() if running.stderr else "") == (1, "")
