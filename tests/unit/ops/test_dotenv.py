"""The one reader of .env: as dotenv 8 itself reads, and with a sentence for what is probably not meant."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosconcat.environment.reading import read_config
from cosconcat.errors import InvalidInput
from ops.desk import environment as desk_environment
from ops.desk.dotenv import parse, read_dotenv, write_value
from ops.desk.environment import read_environment

VECTORS = json.loads(Path(__file__).with_name("dotenv_vectors.json").read_text("utf-8"))


def test_every_recorded_line_is_read_as_dotenv_reads_it() -> None:
    """What dotenv 8.6.0 under Node made of these texts, good and odd ones and random ones."""
    assert VECTORS["dotenv"] == "8.6.0"
    different = [text for text, values in VECTORS["vectors"] if parse(text).values != values]
    assert different == []


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("D=1 # one", {"D": "1 # one"}),
        ("export B=2", {}),
        (r'A="a\nb"', {"A": "a\nb"}),
        (r"A='a\nb'", {"A": r"a\nb"}),
        ('CONCAT_TAGS={"a": "b=c"}', {"CONCAT_TAGS": '{"a": "b=c"}'}),
        ("EMPTY=", {"EMPTY": ""}),
        ("A=1\r\nB=2\rC=3", {"A": "1", "B": "2", "C": "3"}),
    ],
)
def test_the_rule_in_examples(line: str, values: dict[str, str]) -> None:
    """A comment behind a value is part of it, `export` sets nothing, only double quotes know a line break."""
    assert parse(line).values == values


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("CONCAT_CLEANUP=keep # for now", "line 1: CONCAT_CLEANUP: the # and what follows is part of the value"),
        ("export CONCAT_CLEANUP=keep", "line 1: `export CONCAT_CLEANUP=` sets nothing"),
        ("A='b # c'", ""),
        ("# A=b # c", ""),
        ("A=b#c", ""),
    ],
)
def test_what_is_probably_not_meant_is_told_by_line(line: str, told: str) -> None:
    """The value is read by the rule all the same, so that every way of deployment reads alike."""
    warnings = parse(line).warnings
    assert [text for text in warnings if told in text] if told else not warnings, warnings


def test_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    """Windows editors put one before UTF-8."""
    file = tmp_path / ".env"
    file.write_bytes(b"\xef\xbb\xbfCONCAT_BUCKET=a-1250000000\r\nX=1\r\n")
    assert read_dotenv(file).values == {"CONCAT_BUCKET": "a-1250000000", "X": "1"}


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be", "gbk"])
def test_another_coding_is_refused_with_what_to_do(tmp_path: Path, coding: str) -> None:
    """The deployment tool would read nonsense."""
    file = tmp_path / ".env"
    file.write_bytes("CONCAT_BUCKET=课程-1250000000\n".encode(coding))
    with pytest.raises(InvalidInput, match=r"\.env: .*save .* as UTF-8"):
        read_dotenv(file)


def test_no_file_sets_nothing(tmp_path: Path) -> None:
    """And is no error."""
    assert read_dotenv(tmp_path / ".env").values == {}


def test_variables_of_the_shell_win_and_warnings_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As with dotenv."""
    file = tmp_path / ".env"
    file.write_text("SHELL_WINS=file\nD=1 # one\n")
    monkeypatch.setenv("SHELL_WINS", "shell")
    found = read_environment(file)
    assert (found["SHELL_WINS"], found["D"]) == ("shell", "1 # one")
    assert "line 2: D: the #" in capsys.readouterr().err


def test_a_stage_in_the_shell_has_a_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For every command alike: a doctor that read another file than `deploy` would compare two stages."""
    monkeypatch.setattr(desk_environment, "ROOT", tmp_path)
    (tmp_path / ".env").write_text("WHICH=dev\n")
    (tmp_path / ".env.prod").write_text("WHICH=prod\n")
    for stage, file in {"prod": "prod", "": "dev", "test": "dev"}.items():
        monkeypatch.setenv("STAGE", stage)
        with click.Context(click.Command("status")):
            assert desk_environment.environment()["WHICH"] == file, stage
    with click.Context(click.Command("status"), obj={"WHICH": "given"}):
        assert desk_environment.environment()["WHICH"] == "given", "--env names the file"


@given(st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"])).filter(lambda t: "\\n" not in t))
def test_a_written_value_is_read_as_it_was(value: str) -> None:
    """Whatever is in it."""
    if "\u2028" in value or "\u2029" in value:
        return
    assert parse(f"X={write_value(value)}").values == {"X": value}


def test_a_single_dash_means_unset() -> None:
    """In the functions as at the desk: SCF allows no empty value."""
    config = read_config({"CONCAT_BUCKET": "a-1250000000", "CONCAT_REGION": "ap-guangzhou", "CONCAT_COMPLETION": "-"})
    assert config.completion == "total"
