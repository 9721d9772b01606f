"""The comparison of a reader's text with another program's."""

from __future__ import annotations

from difflib import SequenceMatcher
from pathlib import Path
from random import Random

import pytest

from benchmarks.harness import BenchmarkError
from benchmarks.reading import common, compare, notes_last, reference_texts, without_furniture
from polyhop.core.types import Block, Document, Line


def test_words_in_order_out_of_order_and_extra() -> None:
    """Words that moved are recovered but not in order; words that the reference lacks are extra."""
    figures = compare("delta alpha beta gamma menu", "Alpha, beta; gamma delta")

    assert (4, 75.0, 100.0, 20.0) == tuple(figures[name] for name in ("words", "in order", "any order", "extra"))
    repeated = compare("alpha beta alpha gamma 7", "1. alpha beta", letters=True)
    assert (2, 100.0, 50.0, 25.0) == tuple(repeated[name] for name in ("words", "in order", "extra", "new"))


def test_cut_words_count_as_the_reader_wrote_them() -> None:
    """A hyphen at a line end of the reference may be real or not: the reader's vocabulary decides."""
    assert 100.0 == compare("a well-known reactor", "a well-\nknown reac-\ntor")["in order"]
    assert 0.0 == compare("a well-known reactor", "a well-\nknown reac-\ntor")["extra"]


def test_glued_letters_are_those_of_long_words_that_are_none() -> None:
    """A long word counts as glued only if the reference does not have it."""
    assert 100.0 == compare("thesewordsaregluedtogether", "these words are glued together")["glued"]
    assert 0.0 == compare("thesewordsaregluedtogether", "thesewordsaregluedtogether")["glued"]


def test_the_longest_common_subsequence_is_exact() -> None:
    """It is never shorter than the matches that difflib finds, and right where those are known."""
    random = Random(7)
    assert 4 == common("abcbdab", "bdcaba")
    for _ in range(20):
        first, second = ([random.choice("abcdef") for _ in range(60)] for _ in range(2))
        found = sum(block.size for block in SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks())
        assert found <= common(first, second) <= 60


def test_running_lines_leave_the_reference() -> None:
    """Lines at the edge of many pages go, with their numbers; those of one page stay."""
    pages = "\f".join(
        f"Annual Review\nchapter {name}\ntext of {name}\nmore of {name}\nPage {n} of 3" for n, name in enumerate("abc")
    )

    assert ["chapter a", "text of a", "more of a"] == without_furniture(pages).split("\n\n")[0].strip().split("\n")


def test_a_line_with_the_number_of_its_page_leaves_the_reference() -> None:
    """A running head names another section on each page; what stands below it, or has other numbers, stays."""
    pages = "\f".join(
        f"{name} river   {n + 7}\n{3 * n} text of {name}\nlast of {name}" for n, name in enumerate("abcde")
    )

    assert "3 text of b\nlast of b" == without_furniture(pages).split("\n\n")[1].strip()


def test_footnotes_are_compared_where_the_page_has_them() -> None:
    """A note behind its paragraph goes to the end of its column, even amid a paragraph that goes on in the next one."""
    text = "one two\n\n[1] note\n\nthree four five"
    lines = (Line(19, 1, 10, 50, 90, 60), Line(25, 1, 10, 60, 90, 70), Line(30, 1, 110, 10, 190, 20))
    blocks = (
        Block(0, 7, "paragraph", (), 1, 0, (Line(0, 1, 10, 10, 90, 20),)),
        Block(9, 17, "footnote", (), 1, 0, (Line(9, 1, 10, 90, 90, 99),)),
        Block(19, 34, "paragraph", (), 1, 0, lines),
    )
    bare = tuple(Block(block.start, block.end, block.kind) for block in blocks)

    assert "one two three four [1] note five".split() == notes_last(Document("a", text, blocks=blocks)).split()
    assert "one two three four five [1] note".split() == notes_last(Document("a", text, blocks=bare)).split()
    assert "plain" == notes_last(Document("a", "plain"))


def test_a_reference_is_a_file_or_a_program(tmp_path: Path) -> None:
    """A text beside it wins; without text and program it is said what to do."""
    (tmp_path / "a.xyz.txt").write_text("known")

    assert ["known"] == reference_texts(Path("a.xyz"), tmp_path)
    with pytest.raises(BenchmarkError, match="give --reference"):
        reference_texts(Path("b.xyz"), tmp_path)
