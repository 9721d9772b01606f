"""Filters: the three evaluations agree, texts survive a round trip, and errors point at the column."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from polyhop.core.errors import CallerError
from polyhop.core.types import Metadata
from polyhop.store.filter import Filter, FilterError, attribute_rows, parse

UNIVERSE = "SELECT id FROM documents WHERE live IS NOT NULL"
SCHEMA = """
CREATE TABLE documents (id INTEGER PRIMARY KEY, live INTEGER);
CREATE TABLE attributes (doc INTEGER NOT NULL, key TEXT NOT NULL, kind INTEGER NOT NULL, value NOT NULL);
CREATE INDEX attributes_by_value ON attributes (key, kind, value, doc);
CREATE INDEX attributes_by_doc ON attributes (doc, key, kind, value);
"""

TEXTS = st.sampled_from(
    [
        "",
        "a",
        "A",
        "b",
        "ab",
        "aXb",
        "List of a",
        "É",
        "é",
        "K",
        "k",
        "ſ",
        "s",
        "\uffff",
        "𐀀",
        "'",
        '"',
        "`",
        "\\",
        "\\*",
        "*",
        "?",
        "[a]",
        "[",
        "]",
        "^",
        "1",
        "true",
        "a\nb",
        "%",
        "_",
        "'; DROP TABLE attributes; --",
        "日本",
    ]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
NUMBERS = (
    st.sampled_from(
        [0, 0.0, -0.0, 1, 1.0, -1, 2**53, 2**53 + 1, float(2**53), 2**63 - 1, -(2**63), 2.0**63, -(2.0**63)]
    )
    | st.sampled_from([0.1, 0.5, 5e-324, 1.7976931348623157e308, 1e20, 2**63 - 2, 2**62 + 1, 2.0**62])
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
SCALARS = TEXTS | NUMBERS | st.booleans()
KEYS = st.sampled_from(["year", "lang", "a.b-c", "any key", "and", "", "`\\", "É"])
HOSTILE = ["'; DROP TABLE attributes; --", "x') OR 1=1 --", '" OR ""="', "{0} ?1", ":hostile", "\\' OR 1 --"]
DOCUMENTS = st.dictionaries(KEYS, SCALARS | st.lists(SCALARS, max_size=3), max_size=5)


def quoted(text: str, mark: str) -> str:
    """Write a text between marks, each mark in it doubled and each backslash escaped."""
    return mark + text.replace("\\", "\\\\").replace(mark, mark * 2) + mark


def written(value: object) -> str:
    """Write a scalar in the filter language."""
    if isinstance(value, bool):
        return str(value).upper()
    return quoted(value, '"') if isinstance(value, str) else repr(value)


@st.composite
def comparisons(draw: st.DrawFn) -> str:
    """Draw one comparison as text."""
    key = quoted(draw(KEYS), "`")
    match draw(st.sampled_from(["equal", "order", "like", "in", "exists"])):
        case "equal":
            return f"{key} {draw(st.sampled_from(['=', '==', '!=']))} {written(draw(SCALARS))}"
        case "order":
            return f"{key}{draw(st.sampled_from(['<', '<=', '>', '>=']))}{written(draw(TEXTS | NUMBERS))}"
        case "like":
            pattern = "".join(draw(st.lists(st.sampled_from(["*", "?", "\\*", "\\"]) | TEXTS, max_size=4)))
            return f"{key} LIKE {written(pattern.replace(chr(0), ''))}"
        case "in":
            values = draw(st.lists(SCALARS, min_size=1, max_size=4))
            return f"{key} {draw(st.sampled_from(['in', 'Not In']))} ({', '.join(map(written, values))})"
    return f"{key} Exists"


def combined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return filters one level above the given ones."""
    chains = st.tuples(st.sampled_from([" and ", " OR "]), st.lists(parts, min_size=2, max_size=3))
    return chains.map(lambda chain: f"({chain[0].join(chain[1])})") | parts.map(lambda part: f"not ({part})")


FILTERS = st.recursive(comparisons(), combined, max_leaves=8)


def build(documents: Iterable[Metadata] = ()) -> sqlite3.Connection:
    """Open a database in memory that holds the documents, numbered from 1."""
    database = sqlite3.connect(":memory:")
    database.executescript(SCHEMA)
    for number, metadata in enumerate(documents, start=1):
        database.execute("INSERT INTO documents VALUES (?, 1)", (number,))
        rows = [(number, *row) for row in attribute_rows(metadata)]
        database.executemany("INSERT INTO attributes VALUES (?, ?, ?, ?)", rows)
    return database


def enumerated(database: sqlite3.Connection, wanted: Filter) -> set[int]:
    """Return the documents that the enumerating form lists."""
    return {number for (number,) in database.execute(*wanted.sql_enumerate(UNIVERSE))}


def checked(database: sqlite3.Connection, wanted: Filter) -> set[int]:
    """Return the documents that the checking form lets through."""
    condition, parameters = wanted.sql_check()
    return {number for (number,) in database.execute(f"SELECT d.id FROM documents d WHERE {condition}", parameters)}


def passing(text: str, *documents: Metadata) -> set[int]:
    """Return the numbers of the matching documents, after all three evaluations agreed on them."""
    wanted, database = parse(text), build(documents)
    expected = {number for number, metadata in enumerate(documents, start=1) if wanted.matches(metadata)}
    try:
        assert expected == enumerated(database, wanted)
        assert expected == checked(database, wanted)
    finally:
        database.close()
    return expected


@settings(max_examples=150, deadline=None)
@given(FILTERS, st.lists(DOCUMENTS, min_size=1, max_size=6))
@example("a like 'k*' or a like 'S'", [{"a": "\N{KELVIN SIGN}"}, {"a": "ſ"}, {"a": "K"}])
@example("a = 9007199254740993", [{"a": 2.0**53}, {"a": 2**53 + 1}, {"a": 2**53}])
@example("a <= 9223372036854775807", [{"a": 2.0**63}, {"a": 2**63 - 1}])
@example("a in (0, 'x')", [{"a": -0.0}, {"a": "0"}, {"a": False}])
@example("a like 'x*' or a = 'x\0y'", [{"a": "x\0y"}, {"a": "x\0z"}])
def test_sql_and_python_agree(text: str, documents: list[dict[str, Any]]) -> None:
    """Both SQL forms select the documents that plain Python selects."""
    passing(text, *documents)


@settings(max_examples=150, deadline=None)
@given(FILTERS)
def test_string_parses_back_to_an_equal_filter(text: str) -> None:
    """A filter written out reads back as the same filter, and writes out the same again."""
    first = parse(text)
    again = parse(str(first))
    assert first == again
    assert str(first) == str(again)
    assert hash(first) == hash(again)
    assert f"parse({str(first)!r})" == repr(first)


@settings(max_examples=80, deadline=None)
@given(
    st.text(st.sampled_from("ab1-.'\"`\\()=!<>, \n\t*\ud800éand notinlikeexists"), max_size=40) | st.text(max_size=20)
)
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the text, it becomes a filter or a FilterError, never another error."""
    try:
        parsed = parse(text)
    except FilterError as error:
        assert str(error).startswith("filter, column ")
    else:
        assert parsed == parse(str(parsed))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("year = 2020", {1}),
        ("year != 2020", {2, 3}),
        ("not year = 2020", {2, 3, 4}),
        ("year != '2020'", {1, 2, 3}),
        ("year > 2015", {1, 2}),
        ("year exists", {1, 2, 3}),
        ("not year exists", {4}),
        ("year in (2020, 'old')", {1, 3}),
        ("year not in (2020, 'old')", {2}),
        ("tags = 'x' and tags = 'y'", {1}),
        ("tags != 'x'", {2}),
        ("tags exists", {1, 2}),
        ("flag = true", {1}),
        ("flag = 1", {2}),
        ("flag in (true, 1)", {1, 2}),
        ("title like 'list OF*'", {1, 2}),
        ("title like 'List of ?'", {1}),
        ("title like 'list'", set()),
        (r"title like '*\\**'", {3}),
        ("year = 2020 or year > 2016 and tags = 'x'", {1}),
        ("(year = 2020 or year > 2016) and not tags = 'x'", {2}),
    ],
)
def test_meaning(text: str, expected: set[int]) -> None:
    """Each operator means what the language's description says."""
    documents: list[Metadata] = [
        {"year": 2020, "tags": ["x", "y"], "flag": True, "title": "List of A"},
        {"year": 2017.5, "tags": "z", "flag": 1, "title": "LIST OF many"},
        {"year": "old", "tags": [], "title": "with * star"},
        {},
    ]
    assert expected == passing(text, *documents)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a = 1 and b = 2 and c = 3", "(a==1 AND (b==2 AND c==3))"),
        ("a = 1 or b = 2 and not c = 3", "a=1 or ((b=2) and (not (c=3)))"),
        ("a = 'it''s'", '`a` = "it\'s"'),
        (r"a = 'C:\dir'", r'a = "C:\\dir"'),
        ("a = 1", "a = 1.0"),
    ],
)
def test_spellings_of_one_filter(first: str, second: str) -> None:
    """Brackets, case, quotes and spaces that change nothing give equal filters."""
    assert parse(first) == parse(second)


def test_true_and_one_are_different_filters() -> None:
    """Filters that differ only in the kind of a value are unequal, although Python finds 1 == True."""
    assert parse("a = 1") != parse("a = true")


def test_string_has_fewest_brackets() -> None:
    """A filter writes itself out with only the brackets that its meaning needs."""
    assert "a = 1 and (b = 2 or not (c in (1, 'x') or `in` exists))" == str(
        parse('((a=1)) and (b==2 or not (c IN (1,"x") or (`in` EXISTS)))')
    )


def test_same_text_is_parsed_once() -> None:
    """A text that was parsed before gives the same object again."""
    assert parse("cached = 1") is parse("cached = 1")


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("", 1, "expected a key, 'not' or '('"),
        ("lang = en", 8, "expected a value: a 'quoted string', a number, true or false, found key 'en'"),
        ("year", 5, "expected an operator"),
        ("year >= ", 8, "found the end of the filter"),
        ("year = 1 lang = 'x'", 10, "expected 'and', 'or' or the end of the filter, found key 'lang'"),
        ("(year = 1", 10, "expected 'and', 'or' or ')'"),
        ("year = 1)", 9, "found symbol ')'"),
        ("year in 1", 9, "expected '(' and the values"),
        ("year in ()", 10, "expected a value"),
        ("year in (1 2)", 12, "expected ',' or ')'"),
        ("year not like 'x'", 10, "expected 'in' after 'not'"),
        ("year like 7", 11, "expected a 'quoted pattern'"),
        ("year < true", 8, "true and false have no order"),
        ("date > 2020-01-02", 8, "put quotes around anything else"),
        ("and = 1", 1, "goes between backquotes, found keyword 'and'"),
        ("'year' = 1", 1, "found string 'year'"),
        ("year = 'x", 8, "expected a closing '"),
        ("year ~ 1", 6, "found '~'"),
        ("year = 9223372036854775808", 8, "expected an integer within 64 bits"),
        ("year = " + "9" * 5000, 8, "expected an integer within 64 bits"),
        ("year = 1e999", 8, "expected a number within a 64-bit float"),
        ("year = 'x\ud800'", 8, "half of a surrogate pair"),
        ("year = 1; DROP TABLE attributes", 9, "found ';'"),
        ("a = 1 and\n  b = c", 7, "found key 'c'"),
    ],
)
def test_errors_point_at_the_column(text: str, column: int, expected: str) -> None:
    """An unreadable text is refused with the column, what was expected there, and a caret below it."""
    with pytest.raises(FilterError) as caught:
        parse(text)
    summary, _, caret = str(caught.value).split("\n")
    assert f"filter, column {column}: " in summary
    assert expected in summary
    assert caret.strip() == "^"


@pytest.mark.parametrize(
    ("text", "picture"),
    [
        ("lang = en", "  lang = en\n         ^"),
        ("a = 1 and\n\tb = c", "   b = c\n       ^"),
        ("`日本` = x", "  `日本` = x\n           ^"),
        ("a = '\x1b[31m' x", "  a = ' [31m' x\n              ^"),
    ],
)
def test_caret_stands_under_the_character(text: str, picture: str) -> None:
    """The caret accounts for lines, tabs, wide characters and control characters."""
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert picture == str(caught.value).split("\n", 1)[1]


def test_long_line_is_shown_around_the_error() -> None:
    """Of a long line the message shows the neighbourhood of the error alone."""
    with pytest.raises(FilterError) as caught:
        parse("a = 1 and " * 150 + "b = c and " + "a = 1 and " * 20)
    _, line, caret = str(caught.value).split("\n")
    assert 2 + 60 + 40 == len(line)
    assert "c" == line[caret.index("^")]


def test_text_that_is_no_string_is_refused() -> None:
    """A caller who passes something else than a string is told to pass one."""
    with pytest.raises(FilterError, match="expected a string, found None"):
        parse(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fitting", "excessive", "expected"),
    [
        ("a = 'x'" + " " * 9_993, "a = 'x'" + " " * 9_994, "at most 10000 characters, found 10001"),
        ("not " * 25 + "(" * 25 + "a = 1" + ")" * 25, "not " * 26 + "(" * 25 + "a = 1" + ")" * 25, "at most 50 nested"),
        (" or ".join(["a = 1"] * 200), " or ".join(["a = 1"] * 201), "at most 200 comparisons"),
        (f"a in ({', '.join('1' * 1000)})", f"a in ({', '.join('1' * 1001)})", "at most 1000 values"),
        ("a = '" + "\\n" * 3_000 + "'", "a = '" + "\\n" * 4_000 + "'", "escapes written out"),
    ],
)
def test_bounds(fitting: str, excessive: str, expected: str) -> None:
    """A filter at a bound works in every evaluation, one beyond it is refused."""
    assert parse(str(parse(fitting))) == parse(fitting)
    passing(fitting, {"a": 1}, {"a": "x"}, {})
    with pytest.raises(FilterError, match=expected):
        parse(excessive)


def nested(depth: int, *, layer: str) -> str:
    """Wrap a comparison in layers that alternate between `or` and `and`; a layer holds one level of brackets."""
    text = "c not in (1, 'x')"
    for level in range(depth):
        text = layer.format(text, "and" if level % 2 else "or", level)
    return text


@pytest.mark.parametrize(
    "text",
    [
        nested(50, layer="({}) {} b != {}"),
        nested(50, layer="b != {2} {1} ({0})"),
        nested(25, layer="not ({}) {} b in ({}, 'x')"),
        nested(25, layer="b in ({2}, 'x') {1} not ({0})"),
        "not (({0}) and (not ({0}))) and (({0}) or ({0}))".format(nested(44, layer="b != {2} {1} ({0})")),
    ],
)
def test_deepest_nesting_fits_the_sql_parser(text: str) -> None:
    """Filters at the depth bound compile to SQL that SQLite's stack of 100 can parse, whichever side is deep."""
    passing(text, {"a": 1}, {"b": [2, 3]}, {"c": "x"}, {"c": "yes", "b": "x"})


@pytest.mark.parametrize("hostile", HOSTILE)
def test_values_and_keys_are_never_sql(hostile: str) -> None:
    """Text from a filter reaches SQLite as parameters alone, so that it matches only itself."""
    mark = quoted(hostile, "'")
    text = f"{quoted(hostile, '`')} = {mark} and t in ({mark}) and t like '*' and t >= {mark}"
    assert {2} == passing(text, {"t": "other"}, {hostile: hostile, "t": hostile}, {hostile: "x"})
    for sql, _ in (parse(text).sql_enumerate(UNIVERSE), parse(text).sql_check()):
        assert hostile not in sql


@pytest.mark.parametrize("column", ["doc", "attributes.doc", "d.id OR 1", "d.id;", ""])
def test_check_column_must_be_qualified(column: str) -> None:
    """A column that the inner table could capture, or that is no column, is refused."""
    with pytest.raises(CallerError, match=r"write it as in 'd\.id'"):
        parse("a = 1").sql_check(column)


def test_enumeration_stays_within_the_universe() -> None:
    """Documents outside the universe are not listed, although their rows are still there."""
    database = build([{"a": 1}, {"a": 1}, {}])
    database.execute("UPDATE documents SET live = NULL WHERE id = 1")
    assert {2} == enumerated(database, parse("a = 1"))
    assert {3} == enumerated(database, parse("not a = 1"))
    database.close()


def test_attribute_rows() -> None:
    """Metadata becomes one row per key and distinct value, typed by kind."""
    metadata: Metadata = {"flag": True, "n": [1, 2.5, 1], "tags": ["x", True], "none": [], "text": ""}
    expected = [("flag", 0, 1), ("n", 1, 1), ("n", 1, 2.5), ("tags", 2, "x"), ("tags", 0, 1), ("text", 2, "")]
    assert expected == attribute_rows(metadata)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (float("nan"), "nan is not finite"),
        ([1, float("-inf")], "-inf is not finite"),
        (2**63, "9223372036854775808 is beyond 64 bits"),
        (-(2**63) - 1, "is beyond 64 bits"),
        pytest.param(10**5000, "a huge int is beyond 64 bits", id="huge"),
        (None, "None is no string"),
        ({"a": 1}, "is no string"),
        ([[1]], r"\[1\] is no string"),
        ((1, 2), "is no string"),
        (b"x", "b'x' is no string"),
        ("x\ud800", "holds half of a surrogate pair"),
    ],
)
def test_attribute_rows_refuse_what_sql_cannot_hold(value: Any, problem: str) -> None:
    """A value without an exact row is refused by key and value, by the rows and by matching alike."""
    with pytest.raises(CallerError, match=f"metadata 'year': .*{problem}"):
        attribute_rows({"year": value})
    with pytest.raises(CallerError, match=f"metadata 'year': .*{problem}"):
        parse("year exists").matches({"year": value})


@pytest.mark.parametrize("key", [7, "x\ud800"])
def test_attribute_rows_refuse_keys_that_are_no_text(key: Any) -> None:
    """A key that is no valid text is refused together with its value."""
    with pytest.raises(CallerError, match=r"metadata key .* \(value 'v'\)"):
        attribute_rows({key: "v"})


def test_a_star_heavy_pattern_comes_to_an_end() -> None:
    """A pattern for which naive matchers try more ways than there are atoms is answered by every evaluation."""
    assert set() == passing(f"t like '{'*a' * 30}*b'", {"t": "a" * 2_000})


def many(count: int) -> sqlite3.Connection:
    """Open a database of many documents; those of a smaller one come first in a larger one."""
    choose = random.Random(7)
    documents: list[Metadata] = [
        {
            "number": number,
            "year": choose.randint(1990, 2025),
            "lang": choose.choice(["en", "de", "fr"]),
            "tags": choose.sample("abcdefgh", 3),
            "title": f"List of {number}" if number % 3 else f"Article {number}",
        }
        for number in range(count)
    ]
    return build(documents)


@pytest.fixture(scope="module")
def databases() -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection]]:
    """Lend two databases, one with the documents of the other and nine times as many more."""
    with closing(many(2_000)) as small, closing(many(20_000)) as large:
        yield small, large


def steps(database: sqlite3.Connection, sql: str, parameters: list[Any]) -> int:
    """Return how many instructions SQLite's virtual machine runs for a query."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1

    database.set_progress_handler(step, 1)
    database.execute(sql, parameters).fetchall()
    database.set_progress_handler(None, 1)
    return count


@pytest.mark.slow
@pytest.mark.parametrize("text", [
    "year >= 2020 and (lang = 'en' or tags = 'x') and not title like 'list of*'",
    "lang != 'en' or not tags in ('a', 'b')",
    f"number in ({', '.join(map(str, range(0, 20_000, 20)))})",
    "number = 77 or number = 78 and year exists",
])  # fmt: skip
def test_both_forms_agree_and_the_work_is_that_of_the_candidates(
    text: str, databases: tuple[sqlite3.Connection, sqlite3.Connection]
) -> None:
    """Over many documents both forms select the same, and a check costs the same whatever else there is."""
    wanted = parse(text)
    condition, parameters = wanted.sql_check()
    candidates = ", ".join(map(str, random.Random(7).sample(range(1, 2_001), 200)))
    sql = f"SELECT d.id FROM documents d WHERE d.id IN ({candidates}) AND {condition}"
    taken = []
    for database in databases:
        assert enumerated(database, wanted) == checked(database, wanted)
        taken.append(steps(database, sql, parameters))

    # A listed value costs an instruction or two, once a query; a candidate reads a few rows of each of its keys.
    assert taken[0] == taken[1] < 200 * 100 + 5 * len(parameters)


@pytest.mark.parametrize(
    ("text", "index"),
    [("a = 1", "value=?"), ("a < 1", "value<?"), ("a in (1, 2)", "value=?"), ("a = 1 or b = 2", "MULTI-INDEX OR")],
)
def test_enumeration_walks_the_index_by_value(text: str, index: str) -> None:
    """Listing matches seeks in attributes_by_value and never scans the documents."""
    database = build()
    sql, parameters = parse(text).sql_enumerate(UNIVERSE)
    plan = " | ".join(row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {sql}", parameters))
    database.close()
    assert "COVERING INDEX attributes_by_value" in plan
    assert index in plan
    assert "SCAN" not in plan


def test_check_reads_a_document_once_however_long_the_list() -> None:
    """Checking a long list reads the document's few values, with no index seek per listed value."""
    database = build()
    condition, parameters = parse("a in (1, 2)").sql_check()
    sql = f"EXPLAIN QUERY PLAN SELECT d.id FROM documents d WHERE d.id = 1 AND {condition}"
    plan = " | ".join(row[3] for row in database.execute(sql, parameters))
    database.close()
    assert "COVERING INDEX attributes_by_doc (doc=? AND key=? AND kind=?)" in plan
