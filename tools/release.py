"""`make release VERSION=0.2.0`: the version and the changelog committed and tagged, and what is uploaded with them.

In build/release/<version>/ lie the code and the layer as zips, the same bytes each time that commit is packed, their
checksums, and the notes: the version's section of CHANGELOG.md. Nothing is pushed. `--check` says what would be done.

The section is made from *Unreleased*. One that was written before, in a commit that was reviewed, is taken as it is.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from layers.build import build_layer
from ops.deployment.package import build_code
from tools.pages import ROOT

FOR_USERS = "### What changes for you"
UNRELEASED = "## [Unreleased]"
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_PROJECT = re.compile(r'^version = "(.*)"$', re.MULTILINE)


class Seen(NamedTuple):
    """The repository as it is."""

    uncommitted: tuple[str, ...]  # lines of `git status --porcelain`
    tags: frozenset[str]
    changelog: str
    project: str  # pyproject.toml


class Release(NamedTuple):
    """What the release's commit holds; nothing differs when it was written before."""

    changelog: str
    project: str
    notes: str


class RefusedError(Exception):
    """This cannot be released; the message says why and what to do."""


def look(root: Path) -> Seen:
    """Read what a release depends on."""
    return Seen(
        uncommitted=tuple(_git(root, "status", "--porcelain").splitlines()),
        tags=frozenset(_git(root, "tag", "--list").split()),
        changelog=(root / "CHANGELOG.md").read_text("utf-8"),
        project=(root / "pyproject.toml").read_text("utf-8"),
    )


def section(changelog: str, heading: str) -> str | None:
    """What stands below a heading of the second level, up to the next one; None when there is no such heading."""
    found = re.search(rf"^{re.escape(heading)}.*\n(?P<text>(?:(?!## ).*\n?)*)", changelog, re.MULTILINE)
    return found["text"].strip() if found else None


def plan(seen: Seen, version: str, today: str) -> Release:
    """The release of this version on this day (YYYY-MM-DD).

    Raises:
        RefusedError: for the first reason that there is.
    """
    if not _VERSION.fullmatch(version):
        raise RefusedError(f"VERSION is {version!r}; allowed is MAJOR.MINOR.PATCH, such as 0.2.0")
    if seen.uncommitted:
        raise RefusedError(
            f"there are changes that are not committed, commit or stash them: {', '.join(seen.uncommitted)}"
        )
    if f"v{version}" in seen.tags:
        raise RefusedError(f"the tag v{version} is there already: a version is released once")
    newest = max((_numbers(tag[1:]) for tag in seen.tags if _VERSION.fullmatch(tag[1:])), default=(0, 0, 0))
    if _numbers(version) < newest:
        raise RefusedError(f"VERSION is {version}, and v{'.'.join(map(str, newest))} is released: it must be higher")
    pending = section(seen.changelog, UNRELEASED)
    if pending is None:
        raise RefusedError(f"CHANGELOG.md has no section {UNRELEASED}")
    written = section(seen.changelog, f"## [{version}]")
    if written is not None and pending:
        raise RefusedError(
            f"CHANGELOG.md has a section [{version}], and lines under [Unreleased] that it lacks: move them"
        )
    notes = written if written is not None else pending
    if not notes:
        raise RefusedError("CHANGELOG.md has nothing under [Unreleased]: there is nothing to release")
    if FOR_USERS not in notes:
        raise RefusedError(
            f"CHANGELOG.md lacks '{FOR_USERS}' among what is new: say it in a few lines for whoever upgrades"
        )
    changelog = seen.changelog
    if written is None:
        changelog = changelog.replace(UNRELEASED, f"{UNRELEASED}\n\n## [{version}] - {today}", 1)
    return Release(changelog, _PROJECT.sub(f'version = "{version}"', seen.project, count=1), f"{notes}\n")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def pack(root: Path, installed: Path, version: str, notes: str) -> list[Path]:
    """Everything that is uploaded, in build/release/<version>/.

    Args:
        root: the repository.
        installed: the folder that holds what `layers/requirements.txt` pins.
        version: as in the names of the zips.
        notes: what NOTES.md says.

    Raises:
        RefusedError: where no Python 3.10 is found, since the zips would not be the same as other people's.
    """
    target = root / "build" / "release" / version
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    made = {"code": build_code(root / "handler", root / "build"), "layer": build_layer(installed, root / "build")}
    if not all(compiled for _, compiled in made.values()):
        raise RefusedError("no Python 3.10 is found, and the zips hold byte-code of that version: install it")
    archives = []
    for name, (archive, _) in made.items():
        archives.append(target / f"cos-concat-{version}-{name}.zip")
        shutil.copyfile(archive, archives[-1])
    sums = target / "SHA256SUMS"
    sums.write_text("".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in archives))
    told = target / "NOTES.md"
    told.write_text(notes, "utf-8")
    return [*archives, sums, told]


def release(root: Path, installed: Path, version: str, *, check: bool) -> None:
    """Pack, commit and tag; with `check` only say what would be done.

    Raises:
        RefusedError: nothing was changed but build/.
        subprocess.CalledProcessError: git refused; it has said why.
    """
    seen = look(root)
    made = plan(seen, version, datetime.now(timezone.utc).date().isoformat())
    changed = [
        name
        for name, now, then in (
            ("CHANGELOG.md", seen.changelog, made.changelog),
            ("pyproject.toml", seen.project, made.project),
        )
        if now != then
    ]
    print(f"version   {version}, tag v{version}")
    print(f"commit    {', '.join(changed) or 'none: version and changelog are as they should be'}")
    print(f"notes     {len(made.notes.splitlines())} lines of CHANGELOG.md")
    if check:
        print("checked: nothing was changed")
        return
    files = pack(root, installed, version, made.notes)
    if changed:
        (root / "CHANGELOG.md").write_text(made.changelog, "utf-8")
        (root / "pyproject.toml").write_text(made.project, "utf-8")
        _git(root, "commit", "--quiet", "-m", f"Release {version}", "--", *changed)
    # lines that begin with # are headings of the notes, not git's comments
    _git(root, "tag", "--annotate", f"v{version}", "--cleanup=whitespace", "-m", f"{version}\n\n{made.notes}")
    for file in files:
        print(f"made      {file.relative_to(root)}  {file.stat().st_size:,} bytes")
    print(f"to publish: git push --follow-tags, and the files of build/release/{version}/ with its notes")


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603,S607  git of the PATH, fixed verbs
    return done.stdout


def main(words: list[str] | None = None) -> int:
    """0 done, 1 refused, 2 asked wrongly."""
    parser = argparse.ArgumentParser(prog="make release", description="Tag a version, and make its files.")
    parser.add_argument("version", help="MAJOR.MINOR.PATCH")
    parser.add_argument("--check", action="store_true", help="say what would be done, and change nothing")
    parser.add_argument("--layer", type=Path, default=ROOT / ".venv" / "layer", help="the functions' packages")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    asked = parser.parse_args(words)
    try:
        release(asked.root, asked.layer, asked.version, check=asked.check)
    except RefusedError as refused:
        print(f"refused: {refused}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
