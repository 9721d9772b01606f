"""What a reader made of a file or a collection, and what looks wrong about it.

Each check is a rule of thumb with a bound that stands here; none changes anything. Large collections are looked at in
samples of even steps.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..core.types import Block, Chunk, Document, Passage
from ..core.words import content_words, sentences, word_key
from ..encoders.role import Encoder
from ..ingest.documents import Dropped, Skipped
from ..ingest.readers import MAX_BYTES, READER_VERSION, read_file
from ..ingest.walk import FoundFile, survey
from ..retrieval.rerank.duplicates import Duplicates
from ..retrieval.run import LoadedPassage
from ..store.chunk import chunk
from ..store.collection import Collection
from ..store.sites import known as sites_of

#: letters of a word from which on it is probably several, and the share of all letters in such words that is too much
LONG, GLUED = 20, 0.005
#: the same in languages that join words themselves
GLUED_COMPOUND = 0.05
#: the share of characters that stand for lost ones
LOST = 0.0005
#: passages that are looked at of a collection, and of one document where a model has to read them
SAMPLE, PROBED = 3_000, 300
#: passages that make a document long, and documents whose depths are probed
DEEP, DOCUMENTS = 8, 3
#: a sentence is found if its passage is among so many
NEAR = 3
#: files in which a line of so many characters has to stand to be furniture: so many, and such a share of all
REPEATED, SHARE, LINE = 5, 0.2, 15
SHOWN = 10

STOP_WORDS = {
    "English": "the and of to in is that for with was are this not be",
    "German": "der die und das ist nicht mit von den ein eine zu auf für",
    "French": "le la les et des est une dans pour que qui sur pas du",
    "Spanish": "el la los las y de que en una por con para no se",
    "Italian": "il la che di e non per una con sono del della le gli",
    "Portuguese": "o a os as e que não uma para com do da em por",
    "Dutch": "de het een en van is niet dat op te met voor zijn aan",
    "Swedish": "och att det som en är på för med av inte till den har",
    "Polish": "i w na nie z do się to jest że o jak po dla",
}
COMPOUNDS = frozenset({"German", "Dutch", "Swedish"})
_STOPS = {language: frozenset(words.split()) for language, words in STOP_WORDS.items()}
#: what tells a URL, a path or the name of a thing in a program from a word
_IDENTIFIER = re.compile(r"://|www\.|[_/\\@=<>{}$#]|\w\.\w|\d|[a-z][A-Z]")
_WORD = re.compile(r"[^\W\d_]+")


class Problem(NamedTuple):
    """What looks wrong, how much of it there is, and where, at most ten places."""

    what: str
    detail: str
    places: Sequence[str] = ()


class Depth(NamedTuple):
    """At what percent of a document a sentence stands, and the rank of its passage for that sentence; 0: not found."""

    percent: int
    rank: int


@dataclass(slots=True)
class Diagnosis:
    """Facts by name, what looks wrong, and at which depth of which long document a sentence is found."""

    facts: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    depths: dict[str, list[Depth]] = field(default_factory=dict)
    unreadable: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        problems = [one._asdict() for one in self.problems]
        depths = {name: [one._asdict() for one in found] for name, found in self.depths.items()}
        return {**asdict(self), "problems": problems, "depths": depths}


def of_file(path: Path, embedder: Encoder, *, max_bytes: int = MAX_BYTES) -> Diagnosis:
    """Read a file and say what came of it.

    Args:
        path: a file; nothing is raised for what it is or holds.
        embedder: counts tokens, and embeds the passages of a long document, 300 at most.
        max_bytes: a larger file is not read.
    """
    documents, skipped, dropped = list[Document](), list[Skipped](), Counter[str]()
    for item in read_file(path, max_bytes=max_bytes):
        if isinstance(item, Document):
            documents.append(item)
        elif isinstance(item, Skipped):
            skipped.append(item)
        elif isinstance(item, Dropped):
            dropped[item.what] += item.characters
    found = Diagnosis(unreadable=not documents)
    texts = [one.text for one in documents]
    language = language_of(" ".join(texts)[:200_000])
    blocks = [block for one in documents for block in one.blocks]
    pages = max((line.page for block in blocks for line in block.lines), default=0)
    pages = max(pages, max((block.page for block in blocks), default=0))
    chunks = {one.key: chunk(one, embedder.count_tokens, embedder.max_tokens) for one in documents[:SAMPLE]}
    found.facts = {
        "file": str(path),
        "format": path.suffix.lower() or "none",
        "reader": f"version {READER_VERSION}",
        "documents": len(documents),
        "titles": [one.title for one in documents[:SHOWN] if one.title],
        "pages": pages,
        "blocks": dict(Counter(block.kind for block in blocks).most_common()),
        "headings": [text_of(one, block) for one in documents for block in one.blocks if block.kind == "heading"][:50],
        "characters": sum(map(len, texts)),
        "left out": dict(dropped.most_common()),
        "links": sum(len(one.links) for one in documents),
        "language": language,
        "documents looked at": len(chunks) if len(documents) > SAMPLE else 0,
        "passages": sum(map(len, chunks.values())),
    }
    found.problems += [Problem("not read", one.reason, [one.path]) for one in skipped[:SHOWN]]
    found.problems += _text_problems({one.key: one.text for one in documents}, language)
    found.problems += _empty_pages(blocks, pages) if len(documents) == 1 else ()
    found.problems += _too_long([(one, made) for one in documents[:SAMPLE] for made in chunks[one.key]], embedder)
    for one in sorted(documents, key=lambda one: -len(chunks.get(one.key, ())))[:1]:
        if len(chunks[one.key]) >= DEEP:
            found.depths[one.title] = _probe_chunks(chunks[one.key], embedder)
            found.problems += _shallow(one.title, found.depths[one.title])
    return found


def of_passages(passages: Sequence[Passage]) -> list[Problem]:
    """Say what looks wrong about the passages that one file gave, in the order of the text; no model is asked."""
    texts = {f"{one.document}, passage {one.place + 1}": one.text for one in passages}
    blocks = [block for one in passages if one.layout for block in one.layout.blocks]
    pages = max((line.page for block in blocks for line in block.lines), default=0)
    single = len({one.document for one in passages}) == 1
    language = language_of(" ".join(texts.values())[:200_000])
    return [*_text_problems(texts, language), *(_empty_pages(blocks, pages) if single else ())]


def text_of(document: Document, block: Any) -> str:
    """Return the words of a heading."""
    return document.text[block.start : block.end].lstrip("# ")


def of_collection(collection: Collection) -> Diagnosis:
    """Say what a collection holds, and what looks wrong about it; questions are asked, nothing is written."""
    ids = collection.record.live_ids()
    sampled = ids[:: max(1, -(-len(ids) // SAMPLE))]
    found = collection.record.passages(sampled)
    passages = [found[name] for name in sampled if name in found]
    language = language_of(" ".join(one.text for one in passages)[:200_000])
    formats, old, empty = _files(collection)
    status, window = collection.status(), collection.embedder.max_tokens
    facts = {
        "collection": collection.name,
        "documents": status["documents"],
        "passages": len(ids),
        "looked at": len(passages),
        "embedder": collection.embedder_name,
        "window": window,
        "chunk tokens": status["chunk_tokens"] or window,
        "folders": status["folders"],
        "sites": [f"{prefix or '/'} is {folder or 'the collection'}" for prefix, folder in sites_of(collection.record)],
        "formats": formats,
        "language": language,
        "with page": sum(one.page > 0 for one in passages),
        "with headings": sum(bool(one.heading) for one in passages),
    }
    made = Diagnosis(facts)
    if old:
        what = f"{len(old):,} files; index them again to get pages, sections, links and what is read better now"
        made.problems.append(Problem("read by an earlier version", what, old[:SHOWN]))
    if empty:
        what = f"{len(empty):,} in its folders: they gave nothing, are new, or were never named"
        made.problems.append(Problem("files without documents", what, empty[:SHOWN]))
    made.problems += _passage_problems(passages, collection, language)
    for key, there in _long_documents(collection):
        made.depths[key] = _probe_collection(there, collection)
        made.problems += _shallow(key, made.depths[key])
    return made


def _passage_problems(passages: Sequence[Passage], collection: Collection, language: str) -> Iterator[Problem]:
    """Yield what is wrong with passages; the places are their documents."""
    yield from _text_problems({_name(one): one.text for one in passages}, language)
    yield from _too_long([(one, Chunk(one.text, one.title, one.heading)) for one in passages], collection.embedder)
    yield from _duplicates(passages, collection)
    yield from _furniture(passages)


def language_of(text: str) -> str:
    """Guess the language by its script, and in Latin script by its commonest words; empty where nothing tells."""
    scripts = Counter(_script(char) for char in text[:20_000] if char.isalpha())
    if not scripts:
        return ""
    script = scripts.most_common(1)[0][0]
    if script != "LATIN":
        kana = scripts["HIRAGANA"] + scripts["KATAKANA"]
        return "Japanese" if kana > 0.1 * sum(scripts.values()) else f"in {script.title()} script"
    words = Counter(word.lower() for word in _WORD.findall(text))
    shares = {language: sum(words[word] for word in stops) for language, stops in _STOPS.items()}
    best = max(shares, key=lambda language: shares[language])
    return best if shares[best] >= 0.05 * sum(words.values()) else ""


def _script(char: str) -> str:
    return unicodedata.name(char, "UNKNOWN").split(" ")[0].split("-")[0]


def glued(text: str) -> tuple[int, int]:
    """Return the letters in words of 20 letters and more that are no URL or identifier, and all letters."""
    long, every = 0, 0
    for token in text.split():
        pieces = [len(piece) for piece in _WORD.findall(token)]
        every += sum(pieces)
        if len(token) >= LONG and not _IDENTIFIER.search(token):
            long += sum(size for size in pieces if size >= LONG)
    return long, every


def _text_problems(texts: Mapping[str, str], language: str) -> Iterator[Problem]:
    """Yield what is wrong with the characters of some texts, by their names."""
    counts = {name: glued(text) for name, text in texts.items()}
    letters = sum(every for _, every in counts.values())
    long = sum(one for one, _ in counts.values())
    if letters and long / letters > (GLUED_COMPOUND if language in COMPOUNDS else GLUED):
        worst = sorted((name for name in counts if counts[name][0]), key=lambda name: -counts[name][0])
        yield Problem(
            "glued words", f"{100 * long / letters:.1f} % of the letters, as if spaces were lost", worst[:SHOWN]
        )
    lost = {name: text.count("\N{REPLACEMENT CHARACTER}") for name, text in texts.items()}
    characters = sum(map(len, texts.values()))
    if sum(lost.values()) > LOST * characters:
        worst = sorted((name for name in lost if lost[name]), key=lambda name: -lost[name])
        yield Problem("lost characters", f"{sum(lost.values()):,} stand for what could not be decoded", worst[:SHOWN])


def _empty_pages(blocks: Sequence[Block], pages: int) -> Iterator[Problem]:
    """Yield the pages of a document up to the last one on which nothing begins and no line stands."""
    if pages < 2:
        return
    held = {block.page for block in blocks} | {line.page for block in blocks for line in block.lines}
    # A block without lines may go on over pages on which nothing begins.
    lined = all(block.lines or not block.page for block in blocks)
    empty = [str(page) for page in range(1, pages + 1) if page not in held]
    if empty and lined:
        yield Problem(
            "empty pages", f"{len(empty):,} of {pages:,} gave no text", [f"p. {page}" for page in empty[:SHOWN]]
        )


def _too_long(pieces: Sequence[tuple[Document | Passage, Chunk]], embedder: Encoder) -> Iterator[Problem]:
    """Yield passages that the embedder does not read to the end, and titles that were cut to leave room for text."""
    counts = embedder.count_tokens([made.embed_text for _, made in pieces]) if pieces else []
    over = [_name(one) for (one, _), count in zip(pieces, counts, strict=True) if count > embedder.max_tokens]
    if over:
        said = f"{len(over):,} of {len(pieces):,}; the embedder reads {embedder.max_tokens} tokens"
        yield Problem("passages beyond the window", said, list(dict.fromkeys(over))[:SHOWN])
    cut = dict.fromkeys(_name(one) for one, made in pieces if isinstance(one, Document) and made.title != one.title)
    if cut:
        yield Problem("cut titles", f"of {len(cut):,} documents, to leave room for text", list(cut)[:SHOWN])


def _name(one: Document | Passage) -> str:
    return one.key if isinstance(one, Document) else f"{one.document} ({one.id[:12]})"


def _files(collection: Collection) -> tuple[dict[str, int], list[str], list[str]]:
    """Return how many files there are by suffix, those that an earlier version read, and those that gave nothing."""
    files = collection.files
    formats: Counter[str] = Counter()
    old: list[str] = []
    empty: list[str] = []
    legacy = files.known(0)
    formats.update(Path(path).suffix.lower() or "none" for path in legacy)
    old += legacy
    for root in files.roots():
        known = files.known(root.id)
        formats.update(Path(path).suffix.lower() or "none" for path in known)
        old += [root.short(path) for path, one in known.items() if one.reader.split("/")[0] != str(READER_VERSION)]
        if os.path.isdir(root.path):
            there = survey([root.path], home=collection.folder.parent).items
            places = {os.path.join(one.path, path) for one in files.roots() for path in files.known(one.id)}
            empty += [
                str(item.path)
                for item in there
                if isinstance(item, FoundFile) and str(item.path) not in places and str(item.path) not in legacy
            ]
    return dict(formats.most_common()), sorted(old), sorted(set(empty))


def _duplicates(passages: Sequence[Passage], collection: Collection) -> Iterator[Problem]:
    """Yield near-duplicates by the rule of rankings: vectors and words alike, no other number, the same name."""
    vectors = collection.vectors([one.id for one in passages])
    known = [
        LoadedPassage(one, vectors[one.id], 0.0, frozenset(map(word_key, content_words(one.text))))
        for one in passages
        if one.id in vectors
    ]
    pairs = Duplicates().repeats(known)
    if pairs:
        titles = {one.id: one.document for one in passages}
        shown = [f"{titles[second]} says what {titles[first]} says" for second, first in list(pairs.items())[:SHOWN]]
        yield Problem("near-duplicates", f"{len(pairs):,} of {len(known):,} passages", shown)


def _furniture(passages: Sequence[Passage]) -> Iterator[Problem]:
    """Yield lines that stand in many files; rows of one table count once."""
    holders: dict[str, set[str]] = {}
    for one in passages:
        for line in {" ".join(line.split()) for line in one.text.splitlines()}:
            if len(_WORD.findall(line)) > 1 and len(line) >= LINE:
                holders.setdefault(line, set()).add(one.source or one.document)
    files = len({one.source or one.document for one in passages})
    many = {line: len(held) for line, held in holders.items() if len(held) >= max(REPEATED, SHARE * files)}
    if many:
        shown = sorted(many, key=lambda line: (-many[line], line))
        said = f"{len(many):,} lines stand in many of {files:,} files, as menus and footers do"
        yield Problem("repeated lines", said, [f"{many[line]:,} files: {line[:80]}" for line in shown[:SHOWN]])


def _long_documents(collection: Collection) -> Iterator[tuple[str, list[Passage]]]:
    """Yield the longest documents and their passages in order."""
    sql = (
        "SELECT d.key FROM documents d JOIN chunks c ON c.doc = d.id AND c.version = d.live GROUP BY d.id"
        " HAVING count(*) >= ? ORDER BY count(*) DESC, d.key LIMIT ?"
    )
    with collection.record.reading() as connection:
        keys = [row[0] for row in connection.execute(sql, (DEEP, DOCUMENTS))]
    for key in keys:
        ids = collection.heads([key], 1_000_000)[key]
        depths = sorted({round(share * (len(ids) - 1) / 10) for share in range(11)})
        there = collection.passages([ids[depth] for depth in depths])
        yield key, [there[ids[depth]] for depth in depths]


def _probe_collection(passages: Sequence[Passage], collection: Collection) -> list[Depth]:
    """Ask the whole collection with a sentence of each passage, and return how far down that is found."""
    asked = [(one, question) for one in passages if (question := _telling(one.text))]
    vectors = collection.embedder.encode_queries([question for _, question in asked])
    depths = []
    for number, ((one, _), hits) in enumerate(zip(asked, collection.dense(vectors, 100), strict=True)):
        rank = next((place for place, hit in enumerate(hits, start=1) if hit.id == one.id), 0)
        depths.append(Depth(round(100 * number / max(1, len(asked) - 1)), rank))
    return depths


def _probe_chunks(chunks: Sequence[Chunk], embedder: Encoder) -> list[Depth]:
    """Do the same among the passages of one document, of which a sample is embedded."""
    step = max(1, -(-len(chunks) // PROBED))
    kept = chunks[::step]
    places = sorted({round(share * (len(kept) - 1) / 10) for share in range(11)})
    asked = [(place, question) for place in places if (question := _telling(kept[place].text))]
    if not asked:
        return []
    vectors = embedder.encode_passages([one.embed_text for one in kept])
    scores = embedder.encode_queries([question for _, question in asked]) @ vectors.T
    ranks = [int(np.sum(row > row[place])) + 1 for (place, _), row in zip(asked, scores, strict=True)]
    percents = [round(100 * place / max(1, len(kept) - 1)) for place, _ in asked]
    return [Depth(*pair) for pair in zip(percents, ranks, strict=True)]


def _telling(text: str) -> str:
    """Return the sentence of a passage that has most words that say something."""
    told: Iterable[str] = (one for one in sentences(text) if 40 <= len(one) <= 300)
    return max(told, key=lambda one: len(set(content_words(one))), default="")


def _shallow(name: str, depths: Sequence[Depth]) -> Iterator[Problem]:
    missed = [depth for depth in depths if not 1 <= depth.rank <= NEAR]
    if depths and len(missed) > len(depths) // 4:
        places = [f"{depth.percent} %: rank {depth.rank or 'beyond 100'}" for depth in missed[:SHOWN]]
        yield Problem(
            "facts not found", f"{len(missed)} of {len(depths)} sentences of {name!r} are not found well", places
        )
