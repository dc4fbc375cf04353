"""`make release`: tried on a clone of this repository, and everything that it refuses."""

from __future__ import annotations

import hashlib
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from layers.build import find_runtime
from tools import release
from tools.pages import ROOT
from tools.release import FOR_USERS, RefusedError, Seen, plan

NEWS = f"# Changelog\n\n## [Unreleased]\n\n{FOR_USERS}\n\nNothing to do.\n\n### Added\n\n- A thing.\n"
EMPTY = "# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - 2026-01-01\n\n### What changes for you\n\nAll.\n"
PROJECT = '[project]\nname = "x"\nversion = "0.1.0"\n'
SEEN = Seen(uncommitted=(), tags=frozenset({"v0.1.0"}), changelog=NEWS, project=PROJECT)


def git(root: Path, *words: str) -> str:
    """What git prints."""
    return subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of this repository, with something to release in its changelog."""
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "somebody")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "somebody@example.com")
    root = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--no-tags", "--depth", "1", ROOT.as_uri(), str(root))
    (root / "CHANGELOG.md").write_text(NEWS, "utf-8")
    git(root, "commit", "--quiet", "-am", "Something to release")
    return root


def run(root: Path, version: str, *more: str) -> int:
    """The exit code of `make release`."""
    return release.main([version, "--root", str(root), "--layer", str(ROOT / ".venv" / "layer"), *more])


@pytest.mark.slow
@pytest.mark.skipif(find_runtime() is None, reason="no Python 3.10 here: the zips would lack byte-code")
def test_a_release_is_a_commit_a_tag_two_zips_their_sums_and_notes(clone: Path) -> None:
    """And what follows it is refused: the same version, and one without news."""
    assert run(clone, "7.0.0") == 0
    assert git(clone, "rev-parse", "v7.0.0^{commit}") == git(clone, "rev-parse", "HEAD")
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "log", "-1", "--format=%s") == "Release 7.0.0"
    assert 'version = "7.0.0"' in (clone / "pyproject.toml").read_text("utf-8")
    changelog = (clone / "CHANGELOG.md").read_text("utf-8")
    assert release.section(changelog, "## [Unreleased]") == ""
    assert re.search(rf"^## \[7\.0\.0\] - 20\d\d-\d\d-\d\d\n\n{FOR_USERS}$", changelog, re.MULTILINE)

    made = clone / "build" / "release" / "7.0.0"
    names = ["NOTES.md", "SHA256SUMS", "cos-concat-7.0.0-code.zip", "cos-concat-7.0.0-layer.zip"]
    assert sorted(file.name for file in made.iterdir()) == names
    sums = dict(line.split("  ")[::-1] for line in (made / "SHA256SUMS").read_text().splitlines())
    assert sums == {name: hashlib.sha256((made / name).read_bytes()).hexdigest() for name in names[2:]}
    with zipfile.ZipFile(made / names[2]) as code, zipfile.ZipFile(made / names[3]) as layer:
        assert {"upload.py", "callback.py", "sweep.py", "cosconcat/bootstrap.py"} <= set(code.namelist())
        assert "qcloud_cos/cos_client.py" in layer.namelist()
    notes = (made / "NOTES.md").read_text("utf-8")
    assert notes == f"{FOR_USERS}\n\nNothing to do.\n\n### Added\n\n- A thing.\n"
    assert git(clone, "tag", "--list", "--format=%(contents)", "v7.0.0") == f"7.0.0\n\n{notes}".strip()

    release.pack(clone, ROOT / ".venv" / "layer", "again", notes)
    for name in names[2:]:
        other = clone / "build" / "release" / "again" / name.replace("7.0.0", "again")
        assert other.read_bytes() == (made / name).read_bytes(), "not the same bytes the second time"

    before = git(clone, "rev-parse", "HEAD", "--tags")
    assert run(clone, "7.0.0") == 1
    assert run(clone, "7.0.1") == 1
    assert git(clone, "rev-parse", "HEAD", "--tags") == before


def test_a_check_changes_nothing(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what would be done; with something in the way it says that, and fails."""
    before = git(clone, "rev-parse", "HEAD")
    assert run(clone, "7.0.0", "--check") == 0
    assert "tag v7.0.0" in capsys.readouterr().out
    assert (git(clone, "rev-parse", "HEAD"), git(clone, "tag"), git(clone, "status", "--porcelain")) == (before, "", "")
    assert not (clone / "build").exists()
    (clone / "new.txt").write_text("not committed")
    assert run(clone, "7.0.0", "--check") == 1
    assert "new.txt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("version", "seen", "why"),
    [
        ("", SEEN, "MAJOR.MINOR.PATCH"),
        ("v0.2.0", SEEN, "MAJOR.MINOR.PATCH"),
        ("0.2", SEEN, "MAJOR.MINOR.PATCH"),
        ("0.02.0", SEEN, "MAJOR.MINOR.PATCH"),
        ("0.2.0", SEEN._replace(uncommitted=(" M README.md",)), "README.md"),
        ("0.1.0", SEEN, "v0.1.0 is there already"),
        ("0.0.9", SEEN, "must be higher"),
        ("0.9.0", SEEN._replace(tags=frozenset({"v0.10.0", "other"})), "v0.10.0 is released"),
        ("0.2.0", SEEN._replace(changelog="# Changelog\n"), "no section"),
        ("0.2.0", SEEN._replace(changelog=EMPTY), "nothing to release"),
        ("0.2.0", SEEN._replace(changelog=NEWS.replace(FOR_USERS, "### Notes")), "lacks"),
        ("0.2.0", SEEN._replace(changelog=f"{NEWS}\n## [0.2.0] - 2026-02-02\n\n- More.\n"), "move them"),
    ],
)
def test_what_is_refused(version: str, seen: Seen, why: str) -> None:
    """With what to do about it."""
    with pytest.raises(RefusedError, match=re.escape(why)):
        plan(seen, version, "2026-02-02")


def test_a_section_that_was_written_before_is_taken_as_it_is() -> None:
    """Where the main branch takes reviewed commits only, the release's commit is one of them."""
    made = plan(SEEN._replace(tags=frozenset(), changelog=EMPTY), "0.1.0", "2026-02-02")
    assert (made.changelog, made.project) == (EMPTY, PROJECT)
    assert made.notes == f"{FOR_USERS}\n\nAll.\n"


def test_this_repository_s_changelog_has_a_release_with_what_changes_for_users() -> None:
    """In the form that `make release` reads."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - 20\d\d-\d\d-\d\d$", changelog, re.MULTILINE)
    assert versions
    assert release.section(changelog, "## [Unreleased]") is not None
    for version in versions:
        assert FOR_USERS in (release.section(changelog, f"## [{version}]") or "")
