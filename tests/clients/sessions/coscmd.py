"""A session of coscmd, the official command, as its manual shows it: everything by its defaults, so over https.

Prints a line for each step that held, and stops at the first that did not. Arguments: the files of a recording in two
parts. coscmd knows no media jobs: that step is the story's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

BUCKET, REGION = os.environ["COS_BUCKET"], os.environ["COS_REGION"]
SECOND = f"second-{BUCKET.rpartition('-')[2]}"
COSCMD = str(Path(sys.executable).with_name("coscmd"))
MB = 1 << 20
FOLDER = "讲座/第一周 a+b/"


def coscmd(*arguments: str, bucket: str = "", answer: str = "y\n") -> str:
    """What the command prints; it must end well."""
    where = ["-b", bucket] if bucket else []
    done = subprocess.run(
        [COSCMD, *where, *arguments], input=answer, capture_output=True, text=True, check=False, timeout=100
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 0, f"coscmd {' '.join(arguments)}: {done.returncode}\n{printed}"
    return printed


def create() -> None:
    """Configured once, a bucket of its own."""
    keys = ("-a", os.environ["COS_SECRET_ID"], "-s", os.environ["COS_SECRET_KEY"])
    coscmd("config", *keys, "-b", BUCKET, "-r", REGION, "-p", "2", "-m", "4")
    coscmd("createbucket", bucket=SECOND)


def put() -> None:
    """A file by name."""
    Path("一.txt").write_text("内容", "utf-8")
    coscmd("upload", "一.txt", FOLDER)


def multipart() -> None:
    """More than 20 MB goes up in parts and comes down again."""
    body = os.urandom(21 * MB + 7)
    Path("large.bin").write_bytes(body)
    coscmd("upload", "large.bin", FOLDER)
    coscmd("download", "-f", FOLDER + "large.bin", "back.bin")
    assert Path("back.bin").read_bytes() == body


def list_pages() -> None:
    """A folder, recursively and not."""
    Path("页").mkdir()
    for number in range(7):
        Path(f"页/{number}").write_bytes(b"x")
    coscmd("upload", "-r", "页", FOLDER)
    assert f"{FOLDER}页/6" in coscmd("list", "-a", "-r", FOLDER)
    listed = coscmd("list", "讲座/")
    assert FOLDER in listed
    assert "large.bin" not in listed


def head() -> None:
    """What the object is."""
    assert "6" in coscmd("info", FOLDER + "一.txt")


def byte_range() -> None:
    """Coscmd asks for ranges when it downloads in parts."""
    coscmd("download", "-f", "-n", "4", FOLDER + "large.bin", "again.bin")
    assert Path("again.bin").read_bytes() == Path("large.bin").read_bytes()


def copy() -> None:
    """Within the bucket, to the other one, and moved."""
    source = f"{BUCKET}.cos.{REGION}.myqcloud.com/{FOLDER}"
    coscmd("copy", source + "一.txt", FOLDER + "二.txt")
    coscmd("copy", source + "large.bin", "拷贝.bin", bucket=SECOND)
    coscmd("move", source + "二.txt", FOLDER + "三.txt")
    assert FOLDER + "二.txt" not in coscmd("list", "-a", "-r", FOLDER)


def delete() -> None:
    """One, and a folder."""
    coscmd("delete", "-f", FOLDER + "三.txt")
    coscmd("delete", "-r", "-f", FOLDER + "页/")
    assert "页/" not in coscmd("list", "-a", "-r", FOLDER)


def versions() -> None:
    """Switched on and listed."""
    coscmd("putbucketversioning", "Enabled", bucket=SECOND)
    assert "Enabled" in coscmd("getbucketversioning", bucket=SECOND)
    coscmd("upload", "一.txt", "版本", bucket=SECOND)
    coscmd("upload", "-f", "一.txt", "版本", bucket=SECOND)
    assert coscmd("list", "-v", "-r", "-a", "版本", bucket=SECOND).count("版本") >= 1


def acl() -> None:
    """Of the bucket and of an object."""
    coscmd("putobjectacl", "--grant-read", "100000000002", FOLDER + "一.txt")
    assert "100000000002" in coscmd("getobjectacl", FOLDER + "一.txt")
    coscmd("putbucketacl", "--grant-read", "100000000002")
    assert "100000000002" in coscmd("getbucketacl")


def presigned() -> None:
    """An address that needs no key."""
    printed = coscmd("signurl", FOLDER + "一.txt", "-t", "100").strip().splitlines()[-1]
    address = printed.removeprefix("b'").removesuffix("'")  # as it prints bytes under Python 3
    with urlopen(address, timeout=20) as answer:
        assert answer.read().decode() == "内容"


def story() -> None:
    """Two parts under the functions' prefix become one tagged recording, and the parts go."""
    for number, file in enumerate(sys.argv[1:], 1):
        coscmd("upload", file, f"fragments/讲座 a+b.part{number}-of-2.mp4")
    wait_for(lambda: "output/讲座 a+b.mp4" in coscmd("list", "-a", "-r", "output/"))
    wait_for(lambda: "-of-2" not in coscmd("list", "-a", "-r", "fragments/"))


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"


STEPS = (create, put, multipart, list_pages, head, byte_range, copy, delete, versions, acl, presigned, story)

if __name__ == "__main__":
    for step in STEPS:
        step()
        print("held:", step.__name__, flush=True)
