"""A page in Chinese says what its English page says: the same code, variables and figures. On all, links resolve."""

from __future__ import annotations

import re
from calendar import month_name
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from cosconcat.environment.variables import TABLE
from tools.pages import ROOT, chinese, translated

# Pages for users that are NOT translated: readers of Chinese get the English page. None today; a new page that comes
# without a translation is listed here, so that the gap is seen, and the list only shrinks.
UNTRANSLATED: set[str] = set()

PAIRS = list(chinese.pages())
EVERY_PAGE = sorted(page for at in ("*.md", "docs/**/*.md", "events/*.md", "bench/*.md") for page in ROOT.glob(at))
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(params=PAIRS, ids=lambda pair: str(pair[0].relative_to(ROOT)))
def pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Each Chinese page's text with its English page's."""
    ours, theirs = request.param
    return ours.read_text("utf-8"), theirs.read_text("utf-8")


def unfenced(text: str) -> str:
    """A page without its fenced code and its comments."""
    return re.sub(r"<!--.*?-->", "", FENCED.sub("", text), flags=re.DOTALL)


def indented(text: str) -> list[str]:
    """The commands of indented code blocks, without the words behind them."""
    found = re.findall(r"(?<=\n\n) {4}\S.*(?:\n {4}.*)*", unfenced(text))
    return [line.strip().partition("  ")[0] for block in found for line in block.splitlines()]


def code(text: str) -> set[str]:
    """What stands between backquotes, line breaks as blanks."""
    return {" ".join(span.split()) for span in re.findall(r"`([^`]+)`", unfenced(text))}


def figures(text: str) -> set[str]:
    """Every number that is written in digits outside of code and addresses of links; months count as numbers."""
    prose = re.sub(r"`[^`]+`|\]\([^)]*\)|^ {4}.*$", " ", unfenced(text), flags=re.MULTILINE)
    for number, month in enumerate(month_name):
        prose = re.sub(rf"\b{month}\b", str(number), prose) if month else prose
    return {figure.rstrip(".,") for figure in re.findall(r"(?<![\w.])\d[\d.,/]*", re.sub(r"[^\x00-\x7f]", " ", prose))}


def rows(text: str) -> list[str]:
    """What stands in the first cell of every row of a table, where it is nothing but code."""
    return [cell for cell in re.findall(r"^\| (.*?) \|", text, re.MULTILINE) if re.fullmatch(r"(`[^`]+`)+", cell)]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_chinese_page_is_older_than_its_english_one(ours: Path, theirs: Path) -> None:
    """By the words of the English page, whatever dates files have."""
    assert not translated.is_older(ours.read_text("utf-8"), theirs.read_text("utf-8")), translated.what_to_do(
        ours, theirs
    )


def test_a_change_of_words_makes_a_page_older_and_a_line_break_does_not() -> None:
    """Nor does code in fences, which is copied."""
    english = "# Page\n\nWords in a line.\n\n```\ncode\n```\n"
    page = translated.stamped("# 页面\n", english)
    assert page.endswith("\n# 页面\n")
    assert not translated.is_older(page, english.replace("in a", "in\na").replace("code", "other"))
    assert translated.is_older(page, english.replace("Words", "Other words"))
    assert translated.is_older("# 页面\n", english)
    assert translated.stamped(page, english) == page


def test_there_are_pages() -> None:
    """The README and those in docs/zh-CN, none without its English page."""
    assert len(PAIRS) > 1
    assert [str(ours) for ours, theirs in PAIRS if not theirs.exists()] == []


def test_what_is_not_translated_is_said() -> None:
    """Every page of docs/ is translated or listed as missing, none both. Pages in docs/internals stay English."""
    here = {page.name for page in (ROOT / "docs").glob("*.md")}
    translated = {ours.name for ours, _ in PAIRS if ours.parent == chinese.CHINESE}
    assert here - translated == UNTRANSLATED


def test_code_blocks_are_the_english_page_s(pair: tuple[str, str]) -> None:
    """`make pages` copies those in fences; the commands of indented ones agree line for line."""
    ours, theirs = pair
    assert chinese.blocks(ours) == chinese.blocks(theirs)
    assert indented(ours) == indented(theirs)


def test_names_in_code_agree(pair: tuple[str, str]) -> None:
    """Variables, commands, keys, fields: whatever is set as code on one page is on the other."""
    ours, theirs = map(code, pair)
    assert (sorted(ours - theirs), sorted(theirs - ours)) == ([], [])


def test_figures_agree(pair: tuple[str, str]) -> None:
    """No number is on one page only."""
    ours, theirs = map(figures, pair)
    assert (sorted(ours - theirs), sorted(theirs - ours)) == ([], [])


def test_tables_have_the_same_rows(pair: tuple[str, str]) -> None:
    """In the same order, where a row begins with a name."""
    ours, theirs = map(rows, pair)
    assert ours == theirs


def test_the_same_headings(pair: tuple[str, str]) -> None:
    """As many of each level, in the same order."""
    ours, theirs = ([len(marks) for marks in re.findall(r"^(#+) ", unfenced(text), re.MULTILINE)] for text in pair)
    assert ours == theirs


def test_emphasis_is_seen(pair: tuple[str, str]) -> None:
    """Stars between a full stop of Chinese and a character are text to Markdown: the stop belongs behind them."""
    rendered = MarkdownIt("commonmark").enable("table").render(pair[0])
    words = re.sub(r"<(code|pre).*?</\1>", "", rendered, flags=re.DOTALL)
    assert re.findall(r".{0,20}(?<! )\*+.{0,20}|.{0,20}\*\*.{0,20}", words) == []


def test_the_table_of_variables_is_the_code_s() -> None:
    """Every variable stands there with its default."""
    page = (chinese.CHINESE / "configuration.md").read_text("utf-8")
    found = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", page, re.MULTILINE))
    assert list(found) == [variable.name for variable in TABLE]
    assert [v.name for v in TABLE if v.default and not v.otherwise and found[v.name] != f"`{v.default}`"] == []


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_word_is_taken_for_html(page: Path) -> None:
    """`<name>` outside of code is a tag to Markdown: it is not shown."""
    found = []
    for block in MarkdownIt("commonmark", {"html": True}).enable("table").parse(page.read_text("utf-8")):
        raw = [block, *(block.children or ())]
        found += [token.content for token in raw if token.type in ("html_inline", "html_block")]
    assert [tag for tag in found if not re.match(r"<(br>|!--|/?details>|/?summary>|details><summary>)", tag)] == []


def anchors(page: Path) -> set[str]:
    """The addresses of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", unfenced(page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_their_anchors_resolve(page: Path) -> None:
    """Files and headings, in both languages, for maintainers as well."""
    broken = []
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text("utf-8")):
        file = (page.parent / target).resolve() if target else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(f"{target}#{anchor}")
    assert broken == []


def test_each_page_leads_to_the_other_language_to_all_pages_and_to_the_words() -> None:
    """In its first lines, so that no term needs to be explained twice."""
    english, own = ("[中文](", "[glossary](glossary.md)"), ("[English](", "[术语](glossary.md)")
    for ours, theirs in PAIRS:
        for page, (link, words) in ((ours, own), (theirs, english)):
            top = "\n".join(page.read_text("utf-8").splitlines()[:4])
            assert link in top, page
            if page.parent != ROOT:
                assert "#where-to-go-on)" in top or "#接下来读什么)" in top, page
                assert words in top or page.name == "glossary.md", page


def test_the_readme_leads_to_every_page() -> None:
    """In its own language."""
    for folder, readme in ((ROOT / "docs", "README.md"), (chinese.CHINESE, "README.zh-CN.md")):
        text = (ROOT / readme).read_text("utf-8")
        pages = [page.relative_to(ROOT).as_posix() for page in folder.glob("*.md")]
        assert [page for page in pages if f"({page})" not in text] == []
