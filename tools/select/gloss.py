"""An English gloss of a request in another language: word by word, by a glossary of what tools are asked for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from ...retrieval.words import fold
from ..tool import Tool
from .language import FUNCTION, LANGUAGES, UNSPACED, language
from .terms import stem

# What a meaning is in a sentence: something to be done, a question, the beginning of another clause, or said by no word.
ACT, ASKED, NEXT, NOTHING = "!", "?", ";", "-"
# Letters that may follow a form of three letters, and a longer one.
_ENDING = {"tr": (4, 8), "pl": (2, 5), "ru": (2, 5)}
_USUAL = (2, 4)
_NAME_ENDING = 2
_ENDING_OF_ASKING = 3
_SHORTEST = 3
# Languages that write compounds as one word, what joins their parts, and the shortest part.
_COMPOUND = frozenset({"de", "nl"})
_LINKS = ("", "s", "n", "en", "es", "e", "er")
_PART = 4
_MOST_PARTS = 3
_MEANINGS = 2
# Tools that are looked at, letters of each, and the share that has to speak the language for it to be searched as it is.
_SAMPLE, _LETTERS, _SPEAKING = 48, 300, 0.25

_TOKEN = re.compile(
    r"(?P<quoted>\"[^\"\n]*\"|“[^”\n]*”|„[^“”\n]*[“”]|«[^»\n]*»|「[^」\n]*」|`[^`\n]*`|(?<!\w)'[^'\n]+'(?!\w)|《[^》\n]*》)"
    r"|(?P<kept>https?://[^\s，。、]+|[A-Za-z0-9_][A-Za-z0-9_.\-]*@[A-Za-z0-9_.\-]+|[#@$€£¥]?[A-Za-z0-9]*[0-9_][A-Za-z0-9_]*(?:[.,:/\-][A-Za-z0-9_]+)*%?"
    r"|[A-Za-z]+(?:[._:/][A-Za-z0-9]+)+)"
    r"|(?P<dense>[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uff66-\uff9f々]+)"
    r"|(?P<word>[^\W\d_]+(?:[\-'’][^\W\d_]+)*)"
    r"|(?P<end>[.!?…]+(?=\s|$|[\"»”])|[。！？；;\n]+)"
    r"|(?P<comma>[,，、:：])"
)
_ENDING_OF_NUMBER = re.compile(r"\d$")
_ENGLISH_ENDINGS = ("s", "ed", "ing", "ion", "or")
_JOINED = re.compile(r"[\-'’]")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word is in English, and what it does in a sentence."""

    english: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Glossary:
    """The forms of one language: whole words, beginnings of words, and phrases by their first word."""

    language: str
    whole: dict[str, Meaning] = field(default_factory=dict)
    beginnings: dict[str, Meaning] = field(default_factory=dict)
    phrases: dict[str, list[tuple[tuple[str, ...], Meaning]]] = field(default_factory=dict)

    def of(self, word: str, *, ending: int | None = None) -> list[Meaning]:
        """Return what a word means, several meanings for a compound, none where it is not known."""
        key = self.key(word)
        if key in self.whole:
            return [self.whole[key]]
        size, found = self.beginning(key, ending)
        if self.language in _COMPOUND and len(key) - size >= _SHORTEST:
            return self._parts(key) or ([found] if found else [])
        return [found] if found else []

    def key(self, word: str) -> str:
        """Return a word as the forms are kept."""
        return unicodedata.normalize("NFKC", word).lower() if self.language in UNSPACED else fold(word)

    def beginning(self, key: str, ending: int | None = None) -> tuple[int, Meaning | None]:
        """Return the length of the longest form that a word begins with, give or take an ending, and its meaning."""
        short, long = _ENDING.get(self.language, _USUAL)
        for size in range(len(key), _SHORTEST - 1, -1):
            found = self.beginnings.get(key[:size])
            if found and len(key) - size <= (ending if ending is not None else short if size == _SHORTEST else long):
                return size, found
        return 0, None

    def _parts(self, key: str, most: int = _MOST_PARTS) -> list[Meaning]:
        """Return what the parts of a compound mean, the longest first part that leaves something known."""
        for size in range(len(key) - _SHORTEST, _SHORTEST - 1, -1):
            first = self.whole.get(key[:size]) or (self.beginnings.get(key[:size]) if size >= _PART else None)
            if not first or first.kind == NOTHING:
                continue
            for link in _LINKS:
                rest = key[size + len(link) :]
                if len(rest) < _SHORTEST or not key.startswith(link, size):
                    continue
                last = self.whole.get(rest) or self.beginning(rest)[1]
                others = [last] if last else self._parts(rest, most - 1) if most > 2 else []
                if others and others[0].kind != NOTHING:
                    return [Meaning(first.english), *others]
        return []


@cache
def _rows() -> list[list[str]]:
    text = (resources.files(__package__) / "glossary.tsv").read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines()[1:]]


@cache
def glossary(of: str) -> Glossary:
    """Return the glossary of a language; it is read when it is first asked for."""
    made = Glossary(of)
    column = 1 + LANGUAGES.index(of)
    for row in _rows():
        kind = row[0][-1] if row[0][-1] in (ACT, ASKED, NEXT) else ""
        meaning = Meaning(row[0].rstrip(ACT + ASKED + NEXT), kind)
        for form in filter(None, row[column].split(",")):
            key = made.key(form.rstrip("="))
            if " " in key:
                first, *rest = key.split()
                made.phrases.setdefault(first, []).append((tuple(rest), meaning))
            else:
                _put(made.whole if form.endswith("=") or len(key) < _SHORTEST else made.beginnings, key, meaning)
    for word in FUNCTION[of].split():
        found = made.beginning(made.key(word), _ENDING_OF_ASKING)[1]
        if found is None or (found.kind != ASKED and made.key(word) not in made.beginnings):
            made.whole.setdefault(made.key(word), Meaning("", NOTHING))
    return made


def _put(forms: dict[str, Meaning], key: str, meaning: Meaning) -> None:
    """Add a meaning; a word of several has the first ones, and is what the first one is."""
    before = forms.get(key)
    if before is None:
        forms[key] = meaning
    elif len(before.english.split()) < _MEANINGS and meaning.english not in before.english:
        forms[key] = Meaning(f"{before.english} {meaning.english}".strip(), before.kind)


def asked(request: str, tools: Sequence[Tool] = ()) -> str:
    """Return a request in English as far as the glossary goes; the request itself if it is English.

    What is not known (names, numbers, what is quoted) stays. So does a request whose language the tools speak.
    """
    spoken = language(request)
    if spoken == "?":
        spoken = _guess(request)
    return gloss(request, spoken) if spoken and not _speak(tools, spoken) else request


def _speak(tools: Sequence[Tool], spoken: str) -> bool:
    """Say whether a good part of the tools is described in a language."""
    some = tools[:: max(1, len(tools) // _SAMPLE)][:_SAMPLE]
    return sum(language(tool.description[:_LETTERS]) == spoken for tool in some) > _SPEAKING * len(some)


@cache
def _english() -> frozenset[str]:
    words = [word for row in _rows() for word in row[0].rstrip(ACT + ASKED + NEXT).split()]
    return frozenset([*words, *map(stem, words)])


def _is_english(word: str) -> bool:
    """Say whether the glossary has a word in English, an English ending aside: `finde` has none."""
    return word in _english() or (word.endswith(_ENGLISH_ENDINGS) and stem(word) in _english())


def _guess(request: str) -> str:
    """Return the language of a few words without a function word, or nothing where they may be English.

    Words with a capital inside are names as often as not and count for neither.
    """
    words = [match["word"] for match in _TOKEN.finditer(request) if match["word"]]
    plain = [word for place, word in enumerate(words) if not place or not word[0].isupper()]
    if any(_is_english(fold(word)) for word in plain):
        return ""
    scores = {
        one: sum(any(found.kind != NOTHING for found in glossary(one).of(word, ending=_NAME_ENDING)) for word in words)
        for one in LANGUAGES
        if one not in UNSPACED
    }
    best = max(scores, key=lambda one: scores[one])
    return best if 2 * scores[best] >= len(words) > 0 else ""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of a gloss, and what it does; `AND` may begin a clause, if there is something to be done on both sides."""

    text: str
    kind: str = ""


_AND = _Piece("and", "&")
_COMMA = _Piece(",", "&")
_NEXT = _Piece("", NEXT)


def gloss(request: str, spoken: str) -> str:
    """Return a request in the words of the glossary, clauses apart by semicolons, of which each is one intent."""
    return _written(_pieces(request, glossary(spoken)))


def _pieces(request: str, known: Glossary) -> Iterator[_Piece]:
    position = 0
    first = True
    for match in _TOKEN.finditer(request):
        if match.start() < position:
            continue
        kind, text = match.lastgroup, match[0]
        if kind == "quoted":
            yield _Piece(f'"{text[1:-1]}"' if text[0] not in "`'" else text)
        elif kind == "end":
            if text != "." or not _ENDING_OF_NUMBER.search(request[: match.start()]) or match.end() == len(request):
                yield _NEXT
        elif kind == "comma":
            yield _COMMA
        elif kind == "dense" and known.language in ("zh", "ja"):
            yield from _dense(text, known)
        elif kind in ("word", "dense"):
            position, found = _phrase(request, match, known)
            yield from found or _word(text, known, named=not first and text[0].isupper())
        else:
            yield _Piece(text)
        first = kind == "end"


def _phrase(request: str, match: re.Match[str], known: Glossary) -> tuple[int, list[_Piece]]:
    """Return where the longest phrase that begins here ends, and its meaning."""
    text = known.key(match[0])
    begun = [text, text[:-1], text[:-2], text.rsplit("'", 1)[-1].rsplit("’", 1)[-1]]
    options = [one for key in dict.fromkeys(begun) for one in known.phrases.get(key, ())]
    for rest, meaning in sorted(options, key=lambda one: -len(one[0])):
        tail = re.match(r"[\s\-]+([^\W\d_]+(?:['’][^\W\d_]+)?)" * len(rest), request[match.end() :])
        if tail and all(
            known.key(word).startswith(form) and len(known.key(word)) - len(form) <= _USUAL[1]
            for word, form in zip(tail.groups(), rest, strict=True)
        ):
            return match.end() + tail.end(), [_piece(meaning)]
    return 0, []


def _word(word: str, known: Glossary, *, named: bool) -> Iterator[_Piece]:
    """Yield a word of a spaced language; one of several parts part by part where some of them are known."""
    if word.isupper() and len(word) > 1 and word.isascii():
        yield _Piece(word)
        return
    if known.language == "ko":
        yield from _korean(word, known)
        return
    ending = _NAME_ENDING if named and known.language != "de" else None
    found = known.of(word, ending=ending)
    parts = _JOINED.split(word)
    if not found and len(parts) > 1:
        if known.language == "tr":
            parts = parts[:1]
        meant = [known.of(part, ending=ending) for part in parts]
        if any(meant) or known.language == "tr":
            for part, one in zip(parts, meant, strict=True):
                yield from map(_piece, one or [Meaning(part)])
            return
    yield from map(_piece, found or [Meaning(word)])


def _piece(meaning: Meaning) -> _Piece:
    if meaning.kind == NEXT:
        return _NEXT
    return _AND if meaning.english == "and" else _Piece(meaning.english, meaning.kind)


def _longest(text: str, start: int, known: Glossary) -> tuple[int, Meaning | None]:
    for end in range(min(len(text), start + 8), start, -1):
        found = known.whole.get(text[start:end]) or known.beginnings.get(text[start:end])
        if found:
            return end, found
    return start + 1, None


def _dense(run: str, known: Glossary) -> Iterator[_Piece]:
    """Yield a run of Chinese or Japanese, longest match first; what is not known stays, hiragana and lone signs aside."""
    run = known.key(run)
    unknown, position = "", 0
    while position < len(run):
        end, found = _longest(run, position, known)
        if found is None:
            unknown += run[position]
        if (found or end == len(run)) and unknown:
            yield from _unknown(unknown)
            unknown = ""
        if found:
            yield _piece(found)
        position = end


_HIRAGANA = re.compile(r"[\u3040-\u309f]+")
_CONTINUED = frozenset("て して って んで いて きて べて えて し り".split())


def _unknown(text: str) -> Iterator[_Piece]:
    """Yield what is not known: names, and whether a Japanese verb goes on to another."""
    if text in _CONTINUED:
        yield _AND
    for part in _HIRAGANA.split(text):
        if len(part) > 1:
            yield _Piece(part)


_PARTICLE = re.compile(r"(?:에게서|에서|에게|으로|까지|부터|이라는|라는|은|는|이|가|을|를|에|의|로|와|과|도|만)$")


def _korean(word: str, known: Glossary) -> Iterator[_Piece]:
    """Yield what a Korean word holds, longest match first, endings aside; a word that holds nothing stays."""
    key = known.key(word)
    if key in known.whole:
        yield _piece(known.whole[key])
        return
    position, any_found, acts = 0, False, False
    while position < len(key):
        end, found = _longest(key, position, known)
        if found and found.kind != NOTHING and (len(key[position:end]) > 1 or not position):
            any_found, acts = True, acts or found.kind == ACT
            yield _piece(found)
        elif not any_found and not found:
            break
        position = end
    if not any_found:
        yield _Piece(_PARTICLE.sub("", word) or word)
    elif acts and re.search(r"(?:고|해서|하여|한 후|뒤)$", key):
        yield _AND


def _written(pieces: Iterator[_Piece]) -> str:
    """Write pieces as clauses; `and` and commas begin one where something is done or asked on both sides."""
    clauses: list[list[_Piece]] = [[]]
    joints: list[_Piece] = []
    for piece in pieces:
        if piece.kind in ("&", NEXT):
            clauses.append([])
            joints.append(piece)
        elif piece.text:
            clauses[-1].append(piece)
    text, doing = _text(clauses[0]), _does(clauses[0])
    for joint, clause in zip(joints, clauses[1:], strict=True):
        does = _does(clause)
        if not clause:
            if joint is _NEXT and text and not text.endswith(";"):
                text, doing = f"{text};", False
            continue
        if text.endswith(";") or not text:
            mark = " " if text else ""
        elif joint is _NEXT or (doing and does):
            mark, doing = "; ", False
        else:
            mark = ", " if joint is _COMMA else " and "
        text, doing = f"{text}{mark}{_text(clause)}", doing or does
    return text.rstrip(";")


def _text(clause: Sequence[_Piece]) -> str:
    return " ".join(piece.text for piece in clause)


def _does(clause: Sequence[_Piece]) -> bool:
    return any(piece.kind in (ACT, ASKED) for piece in clause)
