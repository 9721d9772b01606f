"""What looks wrong about files and collections, each kind of fault in a file that has it and one that has not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from polyhop.agent.doctor import Depth, Diagnosis, glued, language_of, of_collection, of_file
from polyhop.agent.show import console, diagnosis
from polyhop.core.types import Block, Document, Line
from polyhop.encoders import Encoder
from polyhop.ingest.index import index_paths
from polyhop.ingest.readers import READERS
from polyhop.store.collection import Collection
from tests import corpus
from tests.agent.commands import run, run_json


def write(folder: Path, text: str, name: str = "a.txt") -> Path:
    """Write a file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def wrong(found: Diagnosis) -> list[str]:
    """Return the names of what looks wrong."""
    return [problem.what for problem in found.problems]


PLAIN = "The harbour team looks after the checkout service, and that is all there is to say of it. "


@pytest.mark.parametrize(("text", "share"), [
    ("Theharbourteamlooksafterit and more", 26 / 33),
    ("see https://example.org/theharbourteamlooksafterit or the_harbour_team_looks_after", 0),
    ("TheHarbourTeamLooksAfterIt is a class, state-of-the-art-or-so-they-say is a word", 0),
    ("polyhop.store.collection.Collection", 0),
])  # fmt: skip
def test_glued_words_are_no_names_of_things(text: str, share: float) -> None:
    """URLs, paths and names in programs are long without fault."""
    long, every = glued(text)
    assert share == pytest.approx(long / every, abs=0.02)


@pytest.mark.parametrize(("text", "language"), [
    (PLAIN, "English"), ("Der Hafen ist nicht mit der Stadt verbunden, und das ist alles.", "German"),
    ("Le port est dans la ville et les bateaux sont là pour la pêche.", "French"),
    ("Порт находится в городе.", "in Cyrillic Script".lower().replace("cyrillic script", "Cyrillic script")),
    ("港はこの町にあります。", "Japanese"), ("12 34", ""), ("qwrt zxcv plmk", ""),
])  # fmt: skip
def test_the_language_is_guessed(text: str, language: str) -> None:
    """By script, and by the words that are in every text."""
    assert language == language_of(text)


def test_a_good_file_has_facts_and_no_problem(tmp_path: Path, embedder: Encoder) -> None:
    """What came of it in numbers."""
    found = of_file(write(tmp_path, PLAIN), embedder)

    assert ([], False, {}) == (found.problems, found.unreadable, found.depths)
    assert (".txt", 1, len(PLAIN.strip()), "English", 1) == tuple(
        found.facts[name] for name in ("format", "documents", "characters", "language", "passages")
    )


def test_lost_spaces_and_characters_are_seen(tmp_path: Path, embedder: Encoder) -> None:
    """As a PDF without space glyphs and a text in the wrong encoding have them."""
    glue = of_file(write(tmp_path, PLAIN + PLAIN.replace(" ", "")), embedder)
    lost = of_file(write(tmp_path, PLAIN * 3 + "caf\N{REPLACEMENT CHARACTER} noir", "b.md"), embedder)

    assert (["glued words"], ["lost characters"]) == (wrong(glue), wrong(lost))


def test_an_unreadable_file_says_why(tmp_path: Path, embedder: Encoder) -> None:
    """Nothing is raised."""
    found = of_file(write(tmp_path, "%PDF-1.7 nothing follows", "a.pdf"), embedder)

    assert (True, ["not read"]) == (found.unreadable, wrong(found))
    assert found.problems[0].detail


def paged(path: Path, pages: list[int]) -> Document:
    """Return a document with a paragraph on each of some pages."""
    text = "\n\n".join(f"Words on page {page}." for page in pages)
    blocks, at = [], 0
    for page in pages:
        size = len(f"Words on page {page}.")
        blocks.append(Block(at, at + size, "paragraph", page=page, lines=(Line(at, page, 0, 0, 1, 1),)))
        at += size + 2
    return Document(str(path), text, "Pages", blocks=tuple(blocks))


def test_pages_without_text_are_told(tmp_path: Path, embedder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those between pages that gave some."""
    monkeypatch.setattr(READERS, "_known", dict(READERS._known))
    READERS.add(".paged", lambda path: iter([paged(path, [1, 2, 5])]))
    found = of_file(write(tmp_path, "x", "a.paged"), embedder)

    assert (5, {"paragraph": 3}) == (found.facts["pages"], found.facts["blocks"])
    assert [("empty pages", ["p. 3", "p. 4"])] == [(one.what, list(one.places)) for one in found.problems]


def story(number: int) -> str:
    """Return a paragraph like no other."""
    names = "Anders Berta Conrad Doris Emil Frida Gustav Hanna Ingmar Julia Karl Lena".split()
    towns = "Marburg Lisbon Oslo Turin Gdansk Porto Bergen Graz Leiden Malmo Ghent Brno".split()
    kept = f"{names[number % 12]} keeps the lighthouse near {towns[number * 5 % 12]} and counts {number} ships a day. "
    return f"{kept}Chapter {number} has nothing else to tell of that. " * 6


def test_depths_of_a_long_file_are_probed(tmp_path: Path, embedder: Encoder) -> None:
    """A sentence of each tenth is asked for, from the beginning to the end."""
    found = of_file(write(tmp_path, "\n\n".join(map(story, range(24)))), embedder)

    (depths,) = found.depths.values()
    assert (0, 100) == (depths[0].percent, depths[-1].percent)
    assert 9 <= len(depths) <= 11 and all(depth.rank >= 1 for depth in depths)


def test_of_a_large_table_it_is_said_how_much_was_looked_at(
    tmp_path: Path, embedder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The count of passages is that of the documents that were cut, and rows without a title show none."""
    monkeypatch.setattr("polyhop.agent.doctor.SAMPLE", 3)
    facts = of_file(
        write(tmp_path, "id,text\n" + "".join(f"{n},Row {n}.\n" for n in range(5)), "r.csv"), embedder
    ).facts
    assert (5, 3, 3, []) == (facts["documents"], facts["documents looked at"], facts["passages"], facts["titles"])


def test_a_collection_is_examined(tmp_path: Path, embedder: Encoder) -> None:
    """Copies, lines of every page, files that gave nothing and files of an earlier reader."""
    footer = "Contact the harbour office on weekdays only"
    for number in range(6):
        write(tmp_path / "docs", f"{story(number)[:200]}\n\n{footer}\n", f"{number}.txt")
    write(tmp_path / "docs", f"{story(0)[:200]}\n\n{footer}\n", "copy.txt")
    write(tmp_path / "docs", "", "nothing.txt")
    with corpus.collection(tmp_path / "home", embedder, documents=[], name="notes") as opened:
        index_paths(opened, [tmp_path / "docs"])
        found = of_collection(opened)
        places = {problem.what: list(problem.places) for problem in found.problems}
        assert {"near-duplicates", "repeated lines", "files without documents"} == set(places)
        assert [f"7 files: {footer}"] == places["repeated lines"]
        assert ["nothing.txt"] == [os.path.basename(place) for place in places["files without documents"]]
        assert "copy.txt" in places["near-duplicates"][0] and "0.txt" in places["near-duplicates"][0]

        with opened.record.writing() as connection:
            connection.execute("UPDATE files SET reader = '0' WHERE path = '3.txt'")
        older = next(one for one in of_collection(opened).problems if one.what == "read by an earlier version")
        assert ["docs/3.txt"] == list(older.places)
        assert "index them again" in older.detail


def test_depths_of_long_documents_of_a_collection_are_probed(tmp_path: Path, embedder: Encoder) -> None:
    """Against everything that the collection holds."""
    with Collection.create(tmp_path, embedder=embedder) as opened:
        opened.add([Document("long", "\n\n".join(map(story, range(24)))), *corpus.DOCUMENTS])
        found = of_collection(opened)

    assert ["long"] == list(found.depths)
    assert 1 == found.depths["long"][0].rank


def test_facts_that_are_not_found_are_told(tmp_path: Path) -> None:
    """On screen with the depth, and in JSON."""
    found = Diagnosis({"documents": 1}, depths={"long": [Depth(0, 1), Depth(100, 0)]})

    with (screen := console()).capture() as shown:
        screen.print(diagnosis(found))
    assert "long: 0 %: 1, 100 %: not found" in shown.get()
    assert [{"percent": 0, "rank": 1}, {"percent": 100, "rank": 0}] == found.to_dict()["depths"]["long"]


@pytest.mark.usefixtures("embedder")
def test_the_command_takes_a_file_or_a_collection(tmp_path: Path) -> None:
    """The exit code is 1 for a file without text alone."""
    file, home = write(tmp_path / "docs", PLAIN), tmp_path / "home"
    assert "Nothing looks wrong" in run("doctor", file, home=home).stdout
    assert run_json("doctor", write(tmp_path, "", "empty.txt"), home=home, code=1)["unreadable"]
    assert "no file; `polyhop doctor` takes" in run("doctor", tmp_path, home=home, code=2).stderr
    assert "neither a file nor a collection" in run("doctor", tmp_path / "gone.txt", home=home, code=2).stderr
    run("index", tmp_path / "docs", home=home)
    assert 1 == run_json("doctor", "default", home=home)["facts"]["documents"]
