"""The pages about configuration and names say what the code does."""

from __future__ import annotations

import re
import shlex

import pytest

from cosconcat.config import Config
from cosconcat.environment.reading import read_config
from cosconcat.environment.variables import TABLE
from cosconcat.naming.convention import Convention
from cosconcat.naming.keys import MEDIA, FragmentName, NotOurs
from cosconcat.naming.presets import PRESETS
from ops import ROOT
from ops.command import main
from ops.desk.dotenv import read_dotenv
from tools.pages.configuration import PAGE, SAMPLE, sample, with_table
from tools.pages.naming import with_recorders

NAMING = (ROOT / "docs" / "naming.md").read_text("utf-8")


def console(page: str, command: str) -> tuple[list[str], str]:
    """The first console block that runs `command`: the command line's words and what it prints."""
    found = re.search(rf"```\n\$ (.*{re.escape(command)}.*)\n((?:.*\n)*?)```", page)
    assert found
    return shlex.split(found[1]), found[2]


def test_the_table_of_variables_is_the_code_s() -> None:
    """Run `make pages` after changing it."""
    page = PAGE.read_text("utf-8")
    assert with_table(page) == page
    assert all(f"| `{variable.name}` |" in page for variable in TABLE)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_sample_leaves_the_preset_its_own_way_to_be_whole(preset: str) -> None:
    """Whoever writes a preset into the copy of the sample gets what that preset says, gaps included."""
    found = {name: value for name, value in read_dotenv(SAMPLE).values.items() if name in {row.name for row in TABLE}}
    config = read_config({**found, "CONCAT_NAMING": preset})
    assert config.completion == PRESETS[preset].completion.partition(":")[0]


def test_the_sample_is_the_code_s_and_keeps_everything() -> None:
    """It is complete, valid as it stands, and removes nothing."""
    assert SAMPLE.read_text("utf-8") == sample()
    found = {name: value for name, value in read_dotenv(SAMPLE).values.items() if name in {row.name for row in TABLE}}
    assert set(found) == {row.name for row in TABLE}
    config = read_config(found)
    assert config == Config(config.bucket, cleanup="keep")
    settings = [line for line in sample().splitlines() if line and not line.startswith("#")]
    asked = ["CONCAT_BUCKET", "CONCAT_REGION", "TENCENT_SECRET_ID", "TENCENT_SECRET_KEY", "STAGE", "CONCAT_CLEANUP"]
    assert [line.partition("=")[0] for line in settings[:6]] == asked


def test_mistakes_are_printed_as_documented(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, by the name of the variable."""
    words, expected = console(PAGE.read_text("utf-8"), "cos-concat configuration")
    assert main(["configuration"], dict(word.split("=") for word in words if "=" in word)) == 2
    assert capsys.readouterr().err == expected


def test_a_good_configuration_is_called_fine(capsys: pytest.CaptureFixture[str]) -> None:
    """With what matters most."""
    assert main(["configuration"], {"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou"}) == 0
    assert "demo-1250000000/fragments/ by part-of, whole by total" in capsys.readouterr().out


def test_names_prints_what_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    """Key by key, then group by group."""
    words, expected = console(NAMING, "cos-concat names")
    assert main(words[1:], {}) == 0
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize(
    ("keys", "code", "part"),
    [
        (["fragments/v-1of2.mp4", "fragments/v-1of2.mov"], 1, "invalid: fragments/v-1of2.mov and"),
        (["fragments/a?-1of2.mp4"], 1, "invalid: '?'"),
        (
            ["--naming", "folder", "fragments/a/1.mp4", "fragments/a/3.mp4"],
            0,
            "waiting for the marker; missing so far: 2",
        ),
        (["--naming", "folder", "fragments/a/1.mp4", "fragments/a/1.final"], 0, "whole: 1.mp4 -> output/a.mp4"),
        (["--naming", "timestamp", "fragments/c_1733049000.ts"], 0, "-> output/c_20241201T100000Z.mp4"),
        (["--naming", "folder", "--completion", "manifest", "fragments/a/manifest.json"], 0, "manifest of group a"),
    ],
)
def test_names_judges_groups(keys: list[str], code: int, part: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As if nothing but the given keys were there."""
    assert main(["names", *keys], {}) == code
    assert part in capsys.readouterr().out


def test_names_reads_keys_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One a line, spaces included."""
    monkeypatch.setattr("sys.stdin", iter(["fragments/my film -1of1.mp4\n", "x\n"]))
    assert main(["names"], {}) == 0
    assert "of group my film " in capsys.readouterr().out


def test_names_says_what_is_wrong_with_an_expression(capsys: pytest.CaptureFixture[str]) -> None:
    """Before it is deployed."""
    assert main(["names", "--naming", "(a+)+", "x"], {}) == 2
    assert "CONCAT_NAMING" in capsys.readouterr().err


def test_every_example_of_the_naming_table_is_read_as_it_says() -> None:
    """The group beside each key, or that it is ignored."""
    naming, checked = "", 0
    for row in re.findall(r"^\| (.*) \|$", NAMING.partition("### Recorders")[0], re.MULTILINE):
        cells = [cell.strip() for cell in row.split("|")]
        if len(cells) != 5 or not re.match(r"`(?!fragments)|$", cells[0]):
            continue
        naming = cells[0].strip("`") or naming
        keys, groups = re.findall(r"`([^`]+)`", cells[2]), re.findall(r"`([^`]+)`", cells[3])
        for at, key in enumerate(keys):
            found = Convention.of(naming, "").read(key)
            if cells[3] == "ignored":
                assert isinstance(found, NotOurs), key
            else:
                assert isinstance(found, FragmentName), key
                assert found.group.endswith(groups[min(at, len(groups) - 1)].lstrip("…")), key
            checked += 1
    assert checked >= 15


def test_the_recorders_on_the_page_are_the_table_s() -> None:
    """Run `make pages` after changing it."""
    assert with_recorders(NAMING) == NAMING


def test_every_media_extension_is_documented() -> None:
    """All of them, in order."""
    assert re.sub(r"\s+", " ", ", ".join(sorted(MEDIA))) in re.sub(r"\s+", " ", NAMING)
