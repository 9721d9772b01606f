"""JSON lines files."""

from __future__ import annotations

import json
import random
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyhop.core.types import Document
from polyhop.ingest.documents import Skipped, clean_text
from polyhop.ingest.readers import json_lines, read_file


def items(folder: Path, *lines: object, encoding: str = "utf-8") -> list[Document | Skipped]:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    (folder / "a.jsonl").write_bytes(text.encode(encoding))
    return list(read_file(folder / "a.jsonl"))


def documents(found: list[Document | Skipped]) -> list[Document]:
    return [item for item in found if isinstance(item, Document)]


def reasons(found: list[Document | Skipped]) -> dict[int, str]:
    return {int(item.path.rpartition(":")[2]): item.reason for item in found if isinstance(item, Skipped)}


def test_fields_go_where_they_belong(tmp_path: Path) -> None:
    """Text, title, id, metadata and vector are used as such; other fields become metadata."""
    row = {
        "id": 7,
        "title": "T",
        "text": "x",
        "metadata": {"a": {"b": 1}},
        "vector": [1, 0.5],
        "year": 1898,
        "no": None,
    }

    assert [
        Document(
            key=f"{tmp_path}/a.jsonl#7",
            text="x",
            title="T",
            metadata={"a.b": 1, "year": 1898},
            source=f"{tmp_path}/a.jsonl",
            vector=(1.0, 0.5),
        )
    ] == items(tmp_path, row)


@pytest.mark.parametrize("name", ["text", "content", "body", "passage", "contents", "Text"])
def test_the_text_has_several_names(tmp_path: Path, name: str) -> None:
    """The usual names of the text field are known; BEIR's `_id` is an id."""
    (item,) = documents(items(tmp_path, {"_id": "d1", name: "x"}))

    assert ("x", f"{tmp_path}/a.jsonl#d1", {}) == (item.text, item.key, item.metadata)


def test_an_empty_field_gives_way_to_the_next_name(tmp_path: Path) -> None:
    """The first field with something in it is the text."""
    assert ["x"] == [item.text for item in documents(items(tmp_path, {"text": " ", "contents": "x"}))]


def test_bad_lines_are_skipped_by_themselves(tmp_path: Path) -> None:
    """Each bad line is named with its reason, and the lines after it are read."""
    bad = {
        "{": "invalid JSON: ",
        "[1]": "not a JSON object but a list",
        '{"title": "t"}': "no text: ",
        '{"text": 5}': "no text: ",
        '{"text": "x", "vector": [NaN]}': "vector holds NaN or infinity",
        '{"text": "x", "vector": [1e999]}': "vector holds NaN or infinity",
        '{"text": "x", "vector": [1e300]}': "vector holds a number too large",
        f'{{"text": "x", "vector": [1{"0" * 400}]}}': "vector holds a number too large",
        '{"text": "x", "vector": [0, 0.0]}': "vector is zero",
        '{"text": "x", "vector": [true]}': "vector is not a list of numbers",
        '{"text": "x", "vector": ["1"]}': "vector is not a list of numbers",
        '{"text": "x", "vector": []}': "vector is not a list of numbers",
        '{"text": "x", "id": [1]}': "id '[1]' is neither a string nor a number",
        '{"text": "x", "id": "good"}': "id 'good' is taken by line 1",
        "[" * 100_000: "invalid JSON: nested too deeply",
        '{"n": 1' + "0" * 5000 + "}": "invalid JSON: ",
        '{"text": "\\u0000\\ud800"}': "no text: it is empty",
    }
    found = items(tmp_path, {"text": "first", "id": "good"}, *bad, "", {"text": "last", "score": float("nan")})

    assert ["first", "last"] == [item.text for item in documents(found)]
    assert len(bad) == len(reasons(found))
    for (line, reason), expected in zip(reasons(found).items(), bad.values(), strict=True):
        assert reason.startswith(expected), line
    assert {} == documents(found)[1].metadata


def test_a_line_that_is_not_utf8_is_skipped(tmp_path: Path) -> None:
    """Wrong bytes cost their own line only."""
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "one"}\r\n{"text": "caf\xe9"}\r\n{"text": "two"}')
    found = list(read_file(tmp_path / "a.jsonl"))

    assert ["one", "two"] == [item.text for item in documents(found)]
    assert {2: "not valid UTF-8 at byte 13 of the line"} == reasons(found)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_read(tmp_path: Path, encoding: str) -> None:
    """Files with a mark are read in its encoding."""
    found = items(tmp_path, {"text": "été"}, {"text": "zwei"}, encoding=encoding)

    assert ["été", "zwei"] == [item.text for item in documents(found)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_huge_line_is_passed_over(tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line over the limit is skipped without being held, and counting goes on behind it."""
    monkeypatch.setattr(json_lines, "MAX_LINE", 100)
    found = items(tmp_path, {"text": "one"}, {"text": "x" * 1000}, "{", {"text": "two"}, encoding=encoding)

    assert ["one", "two"] == [item.text for item in documents(found)]
    assert {2: "longer than the limit of 100 bytes a line"} == {n: r for n, r in reasons(found).items() if n == 2}
    assert [2, 3] == list(reasons(found))


def test_gives_up_on_what_is_no_json_lines(tmp_path: Path) -> None:
    """A file without a good line among many is not reported line by line to its end."""
    found = items(tmp_path, *["{"] * 500)

    assert json_lines.HOPELESS + 1 == len(found)
    assert isinstance(found[-1], Skipped)
    assert "none of the first 100 lines" in found[-1].reason


def test_binary_is_refused_once(tmp_path: Path) -> None:
    """Binary data is one reason."""
    (tmp_path / "a.jsonl").write_bytes(b"\x00\x01\n" * 50)

    assert [Skipped(f"{tmp_path}/a.jsonl", "binary, not text")] == list(read_file(tmp_path / "a.jsonl"))


def test_reads_line_by_line(tmp_path: Path) -> None:
    """The first document comes before the rest of the file is read."""
    (tmp_path / "a.jsonl").write_text('{"text": "one"}\n' * 1000, encoding="utf-8")
    stream = read_file(tmp_path / "a.jsonl")
    first = next(stream)
    (tmp_path / "a.jsonl").write_text("", encoding="utf-8")

    assert isinstance(first, Document)
    assert len(list(stream)) < 999


def test_keys_hash_the_content_and_number_repeats(tmp_path: Path) -> None:
    """A row without an id is named by title and text, repeats by number."""
    digest = sha256(b"Tx").hexdigest()[:12]
    found = items(
        tmp_path, {"title": "T", "text": "x"}, {"title": "T", "text": "x"}, {"id": "", "title": "T", "text": "x"}
    )

    assert [digest, f"{digest}-2", f"{digest}-3"] == [item.key.rpartition("#")[2] for item in documents(found)]


ROWS = st.lists(
    st.fixed_dictionaries(
        {"text": st.text(min_size=1)},
        optional={"title": st.text(), "year": st.integers(-(2**63), 2**63 - 1), "vector": st.just([0.5, -1.0])},
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, seed=st.integers(0, 99))
def test_round_trip_and_order(tmp_path: Path, rows: list[dict[str, object]], seed: int) -> None:
    """What was written is read, cleaned, and shuffled lines have the same keys for the same texts."""
    found = documents(items(tmp_path, *rows))
    shuffled = random.Random(seed).sample(rows, len(rows))

    kept = [row for row in rows if clean_text(str(row["text"])).strip()]
    for row, item in zip(kept, found, strict=True):
        text = clean_text(str(row["text"]))
        alone = "year" not in row or "vector" in row
        assert item.text == text if alone else f"\nyear: {row['year']}" in item.text
        assert "".join(item.text.split()).startswith("".join(text.split()))
    assert [row.get("year") for row in kept] == [item.metadata.get("year") for item in found]
    assert [row.get("vector") is not None for row in kept] == [item.vector is not None for item in found]
    assert len(found) == len({item.key for item in found})
    assert sorted((item.key, item.text) for item in found) == sorted(
        (item.key, item.text) for item in documents(items(tmp_path, *shuffled))
    )


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"question": "How long?", "answer": "30 months."}, "question: How long?\nanswer: 30 months."),
        (
            {"messages": [{"role": "user", "content": "Where?"}, {"role": "assistant", "content": "In the box."}]},
            "user: Where?\nassistant: In the box.",
        ),
        (
            {"id": 1, "title": "Sorrel Works", "description": "It is in Lund.", "contents": "Founded by Ulla Berg."},
            "Founded by Ulla Berg.\n\nid: 1\ntitle: Sorrel Works\ndescription: It is in Lund.",
        ),
        ({"place": {"city": {"name": "Lund"}, "tags": ["a", "b"]}}, "place.city.name: Lund\nplace.tags: a, b"),
        ({"note": "x" * 301, "by": "Ann", "embedding": [0.5] * 60}, f"note: {'x' * 301}\n\nby: Ann"),
    ],
)
def test_every_field_can_be_found(tmp_path: Path, row: dict[str, object], text: str) -> None:
    """Fields of any name are in the text with their names; vectors are not."""
    (item,) = documents(items(tmp_path, row))

    assert text == item.text
    assert item.blocks
    covered = "".join(item.text[block.start : block.end] for block in item.blocks)
    assert "".join(text.split()) == "".join(covered.split())


def test_a_text_with_a_title_stays_as_it_is(tmp_path: Path) -> None:
    """Rows of nothing but a text, a title, an id and metadata are their text alone, without blocks."""
    rows = [{"_id": "d1", "title": "T", "text": " a\nb ", "metadata": {"year": 1}}, {"text": "# x"}]

    assert [(" a\nb ", ()), ("# x", ())] == [(one.text, one.blocks) for one in documents(items(tmp_path, *rows))]


def test_the_text_field_can_be_named(tmp_path: Path) -> None:
    """A field that the caller names is the text, before the usual names."""
    (tmp_path / "a.jsonl").write_text('{"text": "short", "story": "long"}', encoding="utf-8")
    (item,) = documents(list(json_lines.read(tmp_path / "a.jsonl", text_field="story")))

    assert "long\n\ntext: short" == item.text
