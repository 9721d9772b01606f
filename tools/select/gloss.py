"""An English gloss of a request in another language: by a glossary and by what words share with English."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from ...core.words import fold
from ..tool import Tool
from .glossary import (
    ACT,
    ASKED,
    LANGUAGES,
    NAME_ENDING,
    NEXT,
    NOTHING,
    UNSPACED,
    USUAL_ENDING,
    Glossary,
    Meaning,
    glossary,
    is_english,
    language,
    rows,
)

# Tools that are looked at, letters of each, and the share that has to speak a language for it to be searched as it is.
_SAMPLE, _LETTERS, _SPEAKING = 48, 300, 0.25
_LONGEST = 8

_DENSE = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uff66-\uff9f々"
_LETTER = rf"[^\W\d_{_DENSE}]"
_TOKEN = re.compile(
    r"(?P<quoted>\"[^\"\n]*\"|“[^”\n]*”|„[^“”\n]*[“”]|«[^»\n]*»|「[^」\n]*」|《[^》\n]*》|`[^`\n]*`"
    r"|(?<![A-Za-z0-9])'[^'\n]+'(?![A-Za-z0-9]))"
    r"|(?P<kept>https?://[^\s，。、]+|[A-Za-z0-9_][A-Za-z0-9_.\-]*@[A-Za-z0-9_.\-]+|[A-Za-z]+(?:[._:/][A-Za-z0-9]+)+"
    r"|[#@$€£¥]?[A-Za-z0-9]*[0-9_][A-Za-z0-9_]*(?:[.,:/\-][A-Za-z0-9_]+)*%?)"
    rf"|(?P<dense>[{_DENSE}]+)"
    rf"|(?P<word>{_LETTER}+(?:[\-'’]{_LETTER}+)*)"
    r"|(?P<end>[.!?…]+(?=\s|$|[\"»”])|[。！？；;\n]+)"
    r"|(?P<comma>[,，、:：])"
)
_JOINED = re.compile(r"[\-'’]")
_HIRAGANA = re.compile(r"[\u3040-\u309f]+")
_KATAKANA = re.compile(r"[\u30a0-\u30ff]+")
# How a Japanese verb goes on to another, and a Korean one; what Korean glues to a word.
_CONTINUED = frozenset("て して って んで いて きて べて えて し り".split())
_GOES_ON = re.compile(r"(?:고|해서|하여|뒤)$")
_PARTICLE = re.compile(r"(?:에게서|에서|에게|으로|까지|부터|이라는|라는|은|는|이|가|을|를|에|의|로|와|과|도|만)$")


@dataclass(frozen=True, slots=True)
class GlossPiece:
    """A piece of a gloss and what it does; `JOINT` begins a clause if something is to be done on both sides of it."""

    text: str
    kind: str = ""


JOINT = "&"
_AND, _COMMA, _NEXT = GlossPiece("and", JOINT), GlossPiece(",", JOINT), GlossPiece("", NEXT)


def asked(request: str, tools: Sequence[Tool] = (), counts: Mapping[str, int] | None = None) -> str:
    """Return a request in English as far as it is understood; the request itself if it is English.

    Numbers, names and what is quoted stay as they are. So does all of a request whose language a good part of the tools
    speak. With the words of their descriptions (`counts`) words are found that are nearly the same in English, and
    others that are not known are left out.
    """
    spoken = language(request)
    if spoken == "?":
        spoken = _guess(request)
    if not spoken or _speak(tools, spoken):
        return request
    return Glosser(glossary(spoken), _cognates(counts) if counts else None).gloss(request)


def _speak(tools: Sequence[Tool], spoken: str) -> bool:
    """Say whether a good part of the tools is described in a language."""
    some = tools[:: max(1, len(tools) // _SAMPLE)][:_SAMPLE]
    return sum(language(tool.description[:_LETTERS]) == spoken for tool in some) > _SPEAKING * len(some)


def _guess(request: str) -> str:
    """Return the language of a few words without a function word, or nothing where they may be English.

    Words that begin with a capital are as often as not names and do not count as English.
    """
    words = [match["word"] for match in _TOKEN.finditer(request) if match["word"]]
    plain = [word for place, word in enumerate(words) if not place or not word[0].isupper()]
    if not words or any(is_english(fold(word)) for word in plain):
        return ""
    scores = {
        one: sum(any(found.kind != NOTHING for found in glossary(one).of(word, ending=NAME_ENDING)) for word in words)
        for one in LANGUAGES
        if one not in UNSPACED
    }
    best = max(scores, key=lambda one: scores[one])
    return best if 2 * scores[best] >= len(words) else ""


_made: list[tuple[Mapping[str, int], Cognates]] = []


def _cognates(counts: Mapping[str, int]) -> Cognates:
    """Return the cognates of a catalogue; those of the last few catalogues are kept."""
    for known, found in tuple(_made):
        if known is counts:
            return found
    made = Cognates(counts)
    _made[:] = [*_made[-3:], (counts, made)]
    return made


@dataclass(frozen=True, slots=True)
class Glosser:
    """Puts requests of one language into the words of the glossary."""

    known: Glossary
    cognates: Cognates | None = None

    def gloss(self, request: str) -> str:
        """Return a request in English words, its clauses apart by semicolons."""
        return written(self.pieces(request))

    def pieces(self, request: str) -> Iterator[GlossPiece]:
        """Yield a request piece by piece."""
        position, first = 0, True
        for match in _TOKEN.finditer(request):
            if match.start() < position:
                continue
            kind, text = match.lastgroup, match[0]
            if kind == "end":
                if text != "." or not request[: match.start()][-1:].isdigit() or match.end() == len(request):
                    yield _NEXT
            elif kind == "comma":
                yield _COMMA
            elif kind == "dense" and self.known.language in ("zh", "ja"):
                yield from self._dense(text)
            elif kind in ("word", "dense"):
                position, phrase = self._phrase(request, match)
                yield from phrase or self._word(text, named=not first and text[0].isupper())
            else:
                yield GlossPiece(f'"{text[1:-1]}"' if text[0] in "“„«「《" else text)
            first = kind == "end"

    def _phrase(self, request: str, match: re.Match[str]) -> tuple[int, list[GlossPiece]]:
        """Return where the longest phrase that begins here ends, and its meaning."""
        key = self.known.key
        text = key(match[0])
        begun = dict.fromkeys([text, text[:-1], text[:-2], _JOINED.split(text)[-1]])
        options = [one for start in begun for one in self.known.phrases.get(start, ())]
        for rest, meaning in sorted(options, key=lambda one: -len(one[0])):
            tail = re.match(r"[\s\-]+([^\W\d_]+(?:['’][^\W\d_]+)?)" * len(rest), request[match.end() :])
            pairs = zip(map(key, tail.groups()), rest, strict=True) if tail else ()
            if tail and all(word.startswith(form) and len(word) - len(form) <= USUAL_ENDING for word, form in pairs):
                return match.end() + tail.end(), [_piece(meaning)]
        return 0, []

    def _word(self, word: str, *, named: bool) -> Iterator[GlossPiece]:
        """Yield a word between spaces; one of several parts part by part where some of them are known."""
        if self.known.language == "ko" and not word.isascii():
            yield from self._korean(word)
            return
        if word.isascii() and word.isupper() and len(word) > 1:
            yield GlossPiece(word)
            return
        ending = NAME_ENDING if named and self.known.language != "de" else None
        parts = _JOINED.split(word)
        if len(parts) > 1 and self.known.language == "tr":
            parts = parts[:1]
        found = self.known.of(word, ending=ending, named=named)
        if found or len(parts) == 1:
            yield from map(_piece, found) if found else self._unknown(parts[0], named=named)
            return
        meant = [self.known.of(part, ending=ending) for part in parts]
        if not any(meant):
            yield from self._unknown(word, named=named)
        for part, one in zip(parts, meant, strict=True) if any(meant) else ():
            yield from map(_piece, one) if one else self._unknown(part, named=named)

    def _unknown(self, word: str, *, named: bool = False) -> Iterator[GlossPiece]:
        """Yield what a word nearly is in English, and a name; any word where the catalogue's are not known."""
        near = self._near(word)
        if near or named or self.cognates is None or any(letter.isupper() for letter in word[1:]):
            yield GlossPiece(near or latin(word))

    def _near(self, word: str) -> str:
        if self.cognates is None:
            return ""
        return word if fold(word) in self.cognates.counts else self.cognates.of(word)

    def _longest(self, text: str, start: int) -> tuple[int, Meaning | None]:
        for end in range(min(len(text), start + _LONGEST), start, -1):
            found = self.known.whole.get(text[start:end]) or self.known.beginnings.get(text[start:end])
            if found:
                return end, found
        return start + 1, None

    def _dense(self, run: str) -> Iterator[GlossPiece]:
        """Yield a run of Chinese or Japanese, longest match first."""
        run = self.known.key(run)
        unknown, position = "", 0
        while position < len(run):
            end, found = self._longest(run, position)
            if found is None:
                unknown += run[position]
            if unknown and (found or end == len(run)):
                yield from self._between(unknown)
                unknown = ""
            if found:
                yield _piece(found)
            position = end

    def _between(self, text: str) -> Iterator[GlossPiece]:
        """Yield what stands between known words: loan words and names, not inflection; a verb may go on to another."""
        if text in _CONTINUED:
            yield _AND
        for part in _HIRAGANA.split(text):
            if _KATAKANA.fullmatch(part) or (len(part) > 1 and self.cognates is None):
                yield from self._unknown(part)

    def _korean(self, word: str) -> Iterator[GlossPiece]:
        """Yield what a Korean word holds, longest match first, endings aside."""
        key = self.known.key(word)
        position, found_any, acts = 0, key in self.known.whole, False
        if found_any:
            yield _piece(self.known.whole[key])
        while position < len(key) and key not in self.known.whole:
            end, found = self._longest(key, position)
            if found and found.kind != NOTHING and (end - position > 1 or not position):
                found_any, acts = True, acts or found.kind == ACT
                yield _piece(found)
            elif not found_any and not found:
                break
            position = end
        if not found_any:
            yield from self._unknown(_PARTICLE.sub("", word) or word)
        elif acts and _GOES_ON.search(key):
            yield _AND


def _piece(meaning: Meaning) -> GlossPiece:
    if meaning.kind == NEXT:
        return _NEXT
    return _AND if meaning.english == "and" else GlossPiece(meaning.english, meaning.kind)


def written(pieces: Iterable[GlossPiece]) -> str:
    """Write pieces as clauses; joints begin one where something is done or asked on both sides."""
    clauses: list[tuple[GlossPiece, list[GlossPiece]]] = [(_NEXT, [])]
    for piece in pieces:
        if piece.kind in (JOINT, NEXT):
            clauses.append((piece, []))
        elif piece.text:
            clauses[-1][1].append(piece)
    text, doing, over = "", False, True
    for joint, clause in clauses:
        over = over or joint is _NEXT
        if not clause:
            continue
        does = any(piece.kind in (ACT, ASKED) for piece in clause)
        over = over or (doing and does)
        mark = "; " if over else ", " if joint is _COMMA else " and "
        text += (mark if text else "") + " ".join(piece.text for piece in clause)
        doing, over = does or (doing and not over), False
    return text


# The shortest beginning two words must share, and the shares of each that it has to be.
_LEAST, _OF_FOREIGN, _OF_ENGLISH = 5, 0.55, 0.6
# A shared beginning of so many letters may be the first part of a compound.
_LONG = 9
_CONSONANTS = 3


def _spellings(kind: str) -> list[tuple[str, str]]:
    return [(pattern, to) for of, pattern, to in rows("spelling.tsv") if of == kind]


# Spelling that differs from language to language, brought to one; the order matters.
_SPELLING = [(re.compile(pattern), to) for pattern, to in _spellings("spelling")]
_SOUNDS = [(re.compile(pattern), to) for pattern, to in _spellings("sound")]
_CYRILLIC = dict(_spellings("cyrillic"))
_KANA = {sign: sound for signs, sound in _spellings("kana") for sign in signs}
_RUSSIAN = re.compile(r"[\u0400-\u04ff]")
_VOWELS = "アイウエオ"
_KATAKANA_WORD = re.compile(r"[ァ-ヺー]{3,}")


def latin(word: str) -> str:
    """Return a word in Latin letters if it is in Cyrillic ones."""
    if word.isascii() or not _RUSSIAN.search(word):
        return word
    return "".join(_CYRILLIC.get(one, one) for one in fold(word))


def spelling(word: str) -> str:
    """Return a word as it would be spelled if all languages spelled their loans alike."""
    text = latin(fold(word)).replace("ß", "ss").replace("ł", "l")
    for pattern, to in _SPELLING:
        text = pattern.sub(to, text)
    return text


def sounds(word: str, long: str = "") -> str:
    """Return the consonants that Japanese keeps apart; `long` is for the long vowels of katakana."""
    kana = _KATAKANA_WORD.fullmatch(word)
    text = "".join(_KANA.get(letter, "") for letter in word.replace("ー", long)) if kana else word.lower()
    for pattern, to in _SOUNDS:
        text = pattern.sub(to, text)
    return text


class Cognates:
    """The words of a catalogue, to be found from a word of another language."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.counts = counts
        self._spelled: dict[str, list[tuple[str, str]]] = {}
        self._sounding: dict[str, str] = {}
        for word in sorted(counts, key=lambda one: (-counts[one], one)):
            if word.isascii() and word.isalpha() and len(word) >= _CONSONANTS:
                key = spelling(word)
                if len(key) >= _LEAST:
                    self._spelled.setdefault(key[:_LEAST], []).append((key, word))
                self._sounding.setdefault(f"{word[0] in 'aeiou'}{sounds(word)}", word)

    def of(self, word: str) -> str:
        """Return the English word that is most like a word, or nothing."""
        if _KATAKANA_WORD.fullmatch(word):
            return self._heard(word)
        key = spelling(word)
        best = (0.0, "")
        for other, english in self._spelled.get(key[:_LEAST], ()) if len(key) >= _LEAST else ():
            shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(key, other, strict=False)))
            share = shared / len(key), shared / len(other)
            if (share[0] >= _OF_FOREIGN or shared >= _LONG) and share[1] >= _OF_ENGLISH and sum(share) > best[0]:
                best = sum(share), english
        return best[1]

    def _heard(self, word: str) -> str:
        keys = [key for key in (sounds(word), sounds(word, "ル")) if len(key) >= _CONSONANTS]
        return next(
            (self._sounding[key] for key in (f"{word[0] in _VOWELS}{key}" for key in keys) if key in self._sounding), ""
        )
