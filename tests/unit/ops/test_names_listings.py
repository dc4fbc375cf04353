"""The workbench: listings longer than a sample, and lines that are no keys."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from cosconcat.environment.reading import read_config
from cosconcat.log import printable
from ops.command import main
from ops.naming.suggest import suggest

IN = "fragments/"
PLACE = {"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou"}


def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, lines: list[str], *words: str) -> tuple[int, str, str]:
    """The exit code of `names` for a file of lines, and what is printed on both outputs."""
    file = tmp_path / "keys.txt"
    file.write_text("\n".join(lines), "utf-8")
    code = main(["names", *words, "--file", str(file)], {})
    out, err = capsys.readouterr()
    return code, out, err


def settings(lines: Iterable[str]) -> dict[str, str]:
    """Lines for `.env` as they are read."""
    return {name: value.strip("'") for name, value in (line.split("=", 1) for line in lines)}


@pytest.mark.parametrize("folder", ["", "rec/"])
def test_one_long_recording_without_holes_misses_nothing(folder: str) -> None:
    """Its numbers are counted in all names, not in a sample of them."""
    found = suggest([f"{IN}{folder}out{number:05}.mp4" for number in range(8000)], IN)
    assert {one.words for one in found} == {"8,000 of 8,000 in 1 group"}
    assert all("CONCAT_MAX_FRAGMENTS=8000" in one.lines for one in found)
    assert "ffmpeg" in [one.naming for one in found]


def test_all_recordings_of_a_long_listing_are_counted() -> None:
    """None is cut in two by where a sample ends."""
    best = suggest([f"{IN}lesson{n:03}.part{i}-of-12.mp4" for n in range(600) for i in range(1, 13)], IN)[0]
    assert (best.lines, best.words) == (("CONCAT_NAMING=part-of",), "7,200 of 7,200 in 600 groups")


@pytest.mark.slow
def test_pieces_that_lie_far_apart_in_a_long_listing_find_their_setting() -> None:
    """Each may be the only one of its recording in a sample: templates are derived from all names."""
    found = suggest([f"{IN}{i:02}-of-06 lesson{n:04}.mp4" for n in range(3000) for i in range(1, 7)], IN)
    words = {one.naming: one.words for one in found}
    assert words["{index}-of-{total} {group}.{ext}"] == "18,000 of 18,000 in 3,000 groups"


def test_an_extension_that_only_one_key_of_a_long_listing_has_is_told() -> None:
    """The function would not take it without."""
    keys = [f"{IN}a_{number:05}.mp4" for number in range(7000)]
    keys[612] = keys[612].replace(".mp4", ".insv")
    assert "CONCAT_EXTENSIONS=insv" in suggest(keys, IN)[0].lines


@pytest.mark.parametrize(
    ("count", "line", "told"),
    [
        (100, "", ""),
        (101, "CONCAT_MAX_FRAGMENTS=101", ""),
        (10_000, "CONCAT_MAX_FRAGMENTS=10000", ""),
        (10_001, "", "; a group has 10,001 pieces, and CONCAT_MAX_FRAGMENTS may be 10,000 at most: upload larger"),
    ],
)
def test_no_more_fragments_are_set_than_the_configuration_allows(count: int, line: str, told: str) -> None:
    """What is beyond is said instead."""
    best = suggest([f"{IN}a_{number:05}.mp4" for number in range(count)], IN)[0]
    assert [one for one in best.lines if "MAX_FRAGMENTS" in one] == [line] * bool(line)
    assert told in best.words
    assert bool(told) is ("CONCAT_MAX_FRAGMENTS" in best.words)
    read_config(PLACE | settings(best.lines))


@pytest.mark.slow
def test_a_large_group_beside_one_that_is_too_large_keeps_its_setting() -> None:
    """Several that are too large are told in one sentence."""
    keys = [
        f"{IN}{name}_{n:05}.mp4" for name, count in (("a", 10_500), ("b", 300), ("c", 11_000)) for n in range(count)
    ]
    best = suggest(keys, IN)[0]
    assert "CONCAT_MAX_FRAGMENTS=300" in best.lines
    assert "; 2 groups have up to 11,000 pieces, and" in best.words


@pytest.mark.parametrize(
    ("names", "needed"),
    [
        ([f"a.part{n}-of-400.mp4" for n in range(1, 9)], "CONCAT_MAX_FRAGMENTS=400"),
        ([f"a_{n}.mp4" for n in range(150) if n % 3 != 1], "CONCAT_MAX_FRAGMENTS=150"),
    ],
)
def test_what_is_missing_yet_counts_for_the_most_fragments(names: list[str], needed: str) -> None:
    """A group whose number or total lies beyond it would be invalid."""
    assert needed in suggest([IN + name for name in names], IN)[0].lines


def test_the_gap_of_pieces_half_a_day_apart_is_less_than_the_longest_recording() -> None:
    """The configuration refuses a gap of a day or more."""
    best = suggest([f"{IN}live/s1.{1420254068 + at * 43_200}000.flv" for at in range(6)], IN)[0]
    config = read_config(PLACE | settings(best.lines))
    assert config.gap_seconds < config.max_length_seconds


@pytest.mark.parametrize("folder", ["output/", "output/raw/", "trash/", ".concat/", "rec?/", "a" * 201 + "/"])
def test_no_prefix_is_suggested_that_the_configuration_refuses(
    folder: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What it says against it is told, and where to upload instead; what is set otherwise is accepted."""
    code, out, _ = run(capsys, tmp_path, [f"{folder}a_{number}.mp4" for number in range(3)], "--suggest")
    assert "CONCAT_INPUT_PREFIX=" not in "".join(out.split("# these keys lie outside CONCAT_INPUT_PREFIX=fragments/"))
    first = folder.partition("/")[0]
    assert (code, f"{first}/ cannot be that (" in out, f"under fragments/ instead of {first}/\n" in out) == (
        0,
        True,
        True,
    )
    read_config(PLACE | settings(line for line in out.splitlines() if not line.startswith("#")))


NO_KEYS = [
    ("https://b-1250000000.cos.ap-guangzhou.myqcloud.com/fragments/b_{}.mp4", "addresses, not keys"),
    ("https://b-1250000000.cos.ap-guangzhou.myqcloud.com/fragments/b_{}.mp4?sign=1", "addresses, not keys"),
    ("cos://b-1250000000/fragments/b_{}.mp4", "addresses, not keys"),
    ("2024-01-01 10:00:00   123456{} fragments/b.part{}-of-3.mp4", "lines of a listing command, not keys"),
    ("2024-01-01 10:00  123456{} s3://b/fragments/b_{}.mp4", "lines of a listing command, not keys"),
    ("  123456{} 2024-01-01 10:00:00.000000000 b_{}.mp4", "lines of a listing command, not keys"),
    ("  123456{} fragments/b_{}.mp4", "lines of a listing command, not keys"),
    ("-rw-r--r-- 1 me me 123{} Jan  1 10:00 b_{}.mp4", "lines of a listing command, not keys"),
    ("fragments/b_{}.mp4   1234   2024-01-01 10:00:00", "lines of a listing command, not keys"),
    ("fragments/b_{}.mp4 |  STANDARD | 2024-01-01T10:00:00Z | 1.2 MB", "lines of a listing command, not keys"),
    ('"b-1250000000","fragments/b_{}.mp4","123","2024-01-01T10:00:00Z"', "rows of a table"),
    ('"fragments/b_{}.mp4",', "rows of a table"),
    ("fragments/b_{}.mp4,1234", "rows of a table"),
    ("b-1250000000,fragments/b_{}.mp4", "rows of a table"),
    ("fragments/b_{}.mp4\t1234", "rows of a table"),
    ("'fragments/b_{}.mp4'", "in quotes"),
    ('"fragments/b_{}.mp4" ', "in quotes"),
    ("fragments/b_{}.mp4  ", "with blanks at an end"),
    ("  fragments/b_{}.mp4", "with blanks at an end"),
    ("/fragments/b_{}.mp4", "paths with / or ./ before the key"),
    ("/rec/b_{}.mp4", "paths with / or ./ before the key"),
    ("./fragments/b_{}.mp4", "paths with / or ./ before the key"),
]


@pytest.mark.parametrize(("line", "what"), NO_KEYS)
def test_lines_that_are_no_keys_are_told_as_what_they_are(
    line: str, what: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """In one sentence with the first of them and what to do; nothing is suggested."""
    lines = [line.format(number, number) for number in (1, 2, 3)]
    code, out, err = run(capsys, tmp_path, lines, "--suggest")
    assert (code, err) == (1, "")
    assert out.startswith(f"3 of 3 lines are {what}")
    assert f", such as {printable(lines[0])}: leave " in out
    assert len(out.splitlines()) == 1
    code, out, err = run(capsys, tmp_path, lines, "--suggest", "--json")
    assert (code, json.loads(out), what in err) == (1, [], True)


@pytest.mark.parametrize(("line", "what"), NO_KEYS)
def test_few_lines_that_are_no_keys_are_left_out(
    line: str, what: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """And told in a comment."""
    lines = [line.format(9, 9), *(f"rec/a.part{number}-of-3.mp4" for number in (1, 2, 3))]
    code, out, _ = run(capsys, tmp_path, lines, "--suggest")
    assert code == 0
    assert out.startswith(f"# left out: 1 of 4 lines are {what}")
    assert "\nCONCAT_NAMING=part-of\nCONCAT_INPUT_PREFIX=rec/\n" in out


@pytest.mark.parametrize(
    "name",
    [
        "2024-01-01 10:00:00 cam_{}.mp4",
        "rec/cam v1.20 10:00:00_{}.mp4",
        "rec/Bob, live_{}.mp4",
        "Show | Episode_{}.mp4",
        "my fragments/a_{}.mp4",
        "it's 'new'_{}.mp4",
        "fragments/a,b.mp4,c_{}.mp4",
        ".rec/a_{}.mp4",
    ],
)
def test_keys_that_look_odd_are_keys(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Blanks, clocks and commas may stand in names."""
    code, out, _ = run(capsys, tmp_path, [name.format(number) for number in (1, 2, 3)], "--suggest")
    assert (code, "3 of 3 in 1 group" in out, "lines are" in out) == (0, True, False)


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["a_1.jpg", "a_2.jpg"], "none has an extension of media files, such as fragments/a_1.jpg; CONCAT_EXTENSIONS"),
        (["a", "b"], "none has an extension of media files, such as fragments/a;"),
        (["", "a_1.jpg"], "none has an extension of media files, such as fragments/a_1.jpg;"),
        (["a#_1.mp4", "a#_2.mp4"], "'#' in a key cannot be passed on to the API unencoded, such as fragments/a#_1.mp4"),
        (["a_1.mp4?x=1", "a_2.mp4?x=1"], "'?' in a key cannot be passed on to the API unencoded, such as fragments/a_"),
        (["a.mp4", "b.mp4", "c.txt", "d#.mp4"], "each seems to be a recording by itself"),
        (["1.mp4", "2.mp4"], "names that are numbers alone need a folder"),
    ],
)
def test_why_nothing_is_suggested_is_true(
    names: list[str], why: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With an example where a name is the reason; for programs on standard error."""
    keys = [IN + name for name in names]
    code, out, err = run(capsys, tmp_path, keys, "--suggest")
    assert (code, err) == (1, "")
    assert f"no setting joins any of these names: {why}" in out
    code, out, err = run(capsys, tmp_path, keys, "--suggest", "--json")
    assert (code, json.loads(out), why in err) == (1, [], True)


def test_a_line_that_is_one_quoted_field_is_the_key_in_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Also one that holds quotes, which CSV doubles."""
    code, out, _ = run(capsys, tmp_path, [f'"{IN}a ""b"".part{number}-of-2.mp4"' for number in (1, 2)])
    assert (code, 'group a "b"\twhole' in out) == (0, True)


def test_a_key_that_comes_again_counts_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A bucket cannot hold it twice: one note says so, on standard error."""
    lines = [f"{IN}a.part{number}-of-2.mp4" for number in (1, 2, 1, 2, 2)]
    note = f"note: 3 of 5 lines repeat a key, such as {lines[0]}: a bucket holds each key once, so each counts once\n"
    code, out, err = run(capsys, tmp_path, lines)
    assert (code, err, "group a\twhole" in out) == (0, note, True)
    code, out, err = run(capsys, tmp_path, lines, "--json")
    assert (code, err, list(json.loads(out)["keys"])) == (0, note, lines[:2])
    code, out, err = run(capsys, tmp_path, lines, "--suggest")
    assert (code, err, "2 of 2 in 1 group" in out) == (0, note, True)
    assert suggest(lines, IN)[0].words == "2 of 2 in 1 group"
