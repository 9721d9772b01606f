"""Keyword syntax, as agents write it for web searches, turned into what each half of a search understands.

    "Polish-Russian War" director mother -film site:example.org 1999

The lexical half is given the words as they are, numbers and ids verbatim; the dense half and the rerankers, which were
trained on questions, a text without operators (Meng et al., arXiv 2602.21456: rewriting helps neural rankers and harms
BM25, so that the translation is made for each half). A question in words is never touched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...core.words import STOP, content_words, word_key

_PHRASE = r"\"[^\"\n]+\"|“[^”\n]+”"
_TOKEN = re.compile(
    rf"(?P<sign>(?<!\S)[+-](?=[^\W\d_]|[\"“]))?"
    rf"(?:(?P<field>(?:site|source|inurl|intitle|title|filetype):)?(?P<term>{_PHRASE}|[^\s\"“]+))",
)
_JOINING = frozenset(("AND", "OR", "NOT", "&&", "||", "|"))
_MARKS = '"“” '
_EDGES = "()[]{},;"
_NUMBER = re.compile(r"\d[\d.,:/+-]*\d|\d")
#: how much longer than a query its question may be, in words
_LONGER = 24
#: function words that a list of keywords does without
_SENTENCE = STOP - frozenset(("or", "and", "not"))
_FUNCTION = frozenset("what's who's where's s".split()) | _SENTENCE


@dataclass(frozen=True, slots=True)
class Translation:
    """A request in keyword syntax, for each half of a search.

    `lexical` is the request without what it excludes, `dense` the same without operators and quotation marks.
    `phrases` are to stand in passages word for word where possible, and of those `required` must; `excluded` are left
    out, and `sites` what the source of a passage is to hold.
    """

    dense: str
    lexical: str
    phrases: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()


def translate(request: str) -> Translation | None:
    """Return a request in keyword syntax for each half; None for a text in words, which is nobody's to change."""
    tokens = [match for match in _TOKEN.finditer(request) if match.group("term").strip(_EDGES)]
    if not _is_keywords(request, tokens):
        return None
    dense: list[str] = []
    lexical: list[str] = []
    lists: dict[str, list[str]] = {"phrases": [], "required": [], "excluded": [], "sites": []}
    negated = False
    for token in tokens:
        said = token.group("term")
        term = said.strip(_EDGES).strip(_MARKS)
        if term in _JOINING:
            negated = term == "NOT"
            continue
        if (token.group("sign") == "-" or negated) and content_words(term):
            lists["excluded"].append(term)
        elif token.group("field") in ("site:", "source:", "inurl:"):
            lists["sites"].append(term)
        elif token.group("field") != "filetype:":
            dense.append(term)
            lexical.append(said)
            if token.group("sign") or token.group("field"):
                lists["required"].append(term)
            if said[:1] in '"“' and " " in term:
                lists["phrases"].append(term)
        negated = False
    if not content_words(" ".join(dense)):
        return None
    kept = {name: tuple(dict.fromkeys(terms)) for name, terms in lists.items()}
    return Translation(" ".join(dense), " ".join(lexical), **kept)


def _is_keywords(request: str, tokens: list[re.Match[str]]) -> bool:
    """Say whether a request has an operator or is a list of words: no function word, no question mark."""
    if len(tokens) < 2 or request.rstrip().endswith(("?", "!", ".")):
        return False
    plain = [token.group("term") for token in tokens if token.group("term")[:1] not in '"“']
    if any(word.lower().strip(_EDGES) in _FUNCTION for word in plain):
        return False
    return any(_operator(token) for token in tokens)


def _operator(token: re.Match[str]) -> bool:
    term = token.group("term")
    return bool(token.group("sign") or token.group("field")) or term in _JOINING or term[:1] in '"“'


def checked_question(keywords: str, reply: str) -> str | None:
    """Return the question that a model wrote for keywords, or None: it is one line and keeps all numbers."""
    question = reply.strip().strip('"“”')
    short = 0 < len(question.split()) <= len(keywords.split()) + _LONGER
    if not short or "\n" in question or question.count("?") > 1:
        return None
    numbers = set(_NUMBER.findall(question))
    kept = all(number in numbers for number in _NUMBER.findall(keywords))
    shared = set(map(word_key, content_words(keywords))) & set(map(word_key, content_words(question)))
    return question if kept and shared else None
