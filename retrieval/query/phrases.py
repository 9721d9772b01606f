"""The phrasings of instructions, as patterns: what is left out, kept to, or to be mentioned.

Those for the end of a sentence begin with `before`, as long as possible, so that the last instruction is met first.
"""

from __future__ import annotations

import re

from .period import DOCUMENTS, PERIOD, SIDED

_ABOUT = (
    r"(?:about|on|regarding|concerning|mentioning|involving|covering|(?:that|which) (?:mentions?|covers?|deals? with)"
    r"|related to|relating to|to do with|dealing with|(?:with )?(?:any )?mentions? of)"
)
_THINGS = rf"(?:anything|everything|something|whatever is|any|all|(?:the |any |all )?{DOCUMENTS})"
_VERBS = (
    r"(?:ignor(?:e|ing)|exclud(?:e|ing)|skip(?:ping)?|omit(?:ting)?|avoid(?:ing)?|disregard(?:ing)?|rul(?:e|ing) out"
    r"|leav(?:e|ing) (?:out|aside)|(?:do not|don['’]t|not) (?:includ(?:e|ing)|count(?:ing)?|consider(?:ing)?)"
    r"|(?:do not|don['’]t) (?:use|mention|show|return|give|bring|tell)(?: me| us)?"
    r"|I(?: do not|['’]m not| don['’]t| am not) (?:want|need|care for|interested in)|not interested in)"
)
_SOFT = r"(?:except(?: for)?|with the exception of|other than|apart from|aside from|besides|without|rather than)"
# Bounded, so that a long text costs no more than its length.
_X = r"(?P<x>[^\s?!;()](?:[^?!;()\n]|\([^()\n]{1,60}\)){0,160}?)"
_END = r"(?:,? please|,? thanks?)?[\s.?!)…]*$"
_AND = r"(?:(?:but|and|yet|just|please|only|also|ideally|preferably),? )*"
_SEPARATED = r"(?:\s*[,;:(–—]\s*|\s+-+\s+)"
_NONE = rf"(?:not|nothing|none|no {DOCUMENTS})"
_QUESTION = (
    r"(?:who|whom|whose|what|which|where|when|why|how|in|is|are|was|were|did|do|does|has|have|had|can|could|find|list"
    r"|show|give|tell|name|search|explain|describe)\b"
)
_TOPICAL = (
    rf"(?:{_NONE} {_ABOUT}|(?:{_VERBS}|{_SOFT}|no) (?:{_THINGS} )+{_ABOUT}"
    rf"|(?:{_VERBS}|{_SOFT}|no) (?:any )?mentions? of|without mentioning)"
)
#: topics without anything that sets them apart: what questions do not say of themselves
_PLAIN = (
    rf"(?:(?:nothing|no {DOCUMENTS}) about|(?:ignoring|excluding|leaving out|leaving aside|{_SOFT})"
    rf" (?:{_THINGS} )+{_ABOUT}|without mentioning)"
)
_NEGATED = rf"(?:{_VERBS}|{_NONE}|without|except(?: for)?|no)"
_LIMIT = (
    r"(?:(?:limit(?:ed)?|restrict(?:ed)?|confine(?:d)?|keep|stick)(?: it| this| that| the search| yourself)? to"
    r"|only|just|solely)"
)
_TAKE = r"(?:(?:use|show|give|find|consider|take|include|return|search)(?: me| us)? )?"
_MADE = r"(?:published|written|dated|created|updated)"
_OF_DOCUMENTS = rf"(?:(?:the )?{DOCUMENTS} |{_MADE} )*"
_BEFORE = r"^(?P<before>.*\S)"
# Periods are told by their own words, and begin with one that may be left out.
_FIRST = r"^(?P<before>.*?\S)"


def _rules(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(one, re.IGNORECASE | re.DOTALL) for one in patterns)


#: a look at these words tells at once that there is nothing to parse
CUE = re.compile(
    r"\b(?:not|nothing|none|no|\w*n['’]t|ignor\w*|exclu\w*|skip\w*|omit\w*|avoid\w*|disregard\w*|rul(?:e|ing) out"
    r"|leav(?:e|ing) (?:out|aside)|except\w*|other than|apart from|aside from|besides|without|rather than|limit\w*"
    rf"|restrict\w*|confined?|keep|stick|only|just|solely|must|ha(?:s|ve) to|{DOCUMENTS})\b"
    r"|[(–—]\s*(?:from|after|since|before|until|till|up|prior|earlier|later|older|newer|between)\b",
    re.IGNORECASE,
)
#: words that hardly ever stand in a question that has no instruction
SURE_CUE = re.compile(
    r"\b(?:(?:not|nothing|anything|no \w+) (?:about|regarding|concerning)|but not|ignor(?:e|ing)|exclud\w+"
    r"|skip(?:ping)?|disregard\w*|leav(?:e|ing) (?:out|aside)|except|other than|apart from|aside from|besides"
    r"|only (?:after|since|before|from|between|in \d{4}|sources|articles|documents|papers)|not interested"
    r"|(?:do not|don['’]t) (?:include|want|mention|show|use))\b",
    re.IGNORECASE,
)
AUXILIARY = re.compile(r"(?:is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|should)\b", re.IGNORECASE)

#: a whole sentence that is no question
SENTENCE = _rules(rf"^{_AND}{_TOPICAL} {_X}{_END}", rf"^{_AND}(?:{_VERBS}|not) {_X}{_END}")
#: before the question
AHEAD = _rules(
    rf"^{_AND}{_TOPICAL} {_X}(?:,? please)?\s*[,:;–—-]\s+(?={_QUESTION})",
    rf"^{_AND}(?:{_VERBS}|except(?: for)?) {_X}(?:,? please)?\s*[,:;–—-]\s+(?={_QUESTION})",
)
#: behind the question and set apart
BEHIND = _rules(
    rf"{_BEFORE}(?:{_SEPARATED}{_AND}|\s+(?:but|and|just),? (?:please )?){_TOPICAL} {_X}{_END}",
    rf"{_BEFORE}{_SEPARATED}{_AND}(?:{_VERBS}|except(?: for)?|other than|with the exception of) {_X}{_END}",
    rf"{_BEFORE}\s+(?:but|and) (?:please )?{_VERBS} {_X}{_END}",
    rf"{_BEFORE}(?:{_SEPARATED}but|\s*[(–—]\s*(?:but )?|\s+-+\s+(?:but )?)\s*not {_X}{_END}",
)
#: behind it, not set apart, but of topics
PLAIN = _rules(rf"{_BEFORE}\s+{_PLAIN} {_X}{_END}")
#: the same in a text that does not ask whether something is so
PLAINLY_NOT = _rules(rf"{_BEFORE}\s+not about {_X}{_END}")
#: behind it, of something that is written like a name
NAMED = _rules(
    rf"{_BEFORE}(?:,\s*|\s+)(?:but not|except(?: for)?|excluding) {_X}{_END}",
    rf"{_BEFORE},\s*(?:not|without) {_X}{_END}",
)

#: years to leave out
NOT_THEN = _rules(
    rf"^{_AND}{_NEGATED} (?:{_THINGS} )*{_OF_DOCUMENTS}{PERIOD}{_END}",
    rf"{_FIRST}(?:{_SEPARATED}{_AND}|\s+(?:but|and) ){_NEGATED} (?:{_THINGS} )*{_OF_DOCUMENTS}{PERIOD}{_END}",
)
#: years to keep to
THEN = _rules(
    rf"^{_AND}{_TAKE}{_LIMIT} {_TAKE}{_OF_DOCUMENTS}{PERIOD}{_END}",
    rf"^{_AND}{_TAKE}{_OF_DOCUMENTS}{PERIOD},? only{_END}",
    rf"{_FIRST}{_SEPARATED}{_AND}(?:{_LIMIT} )?(?:{DOCUMENTS} |{_MADE} ){_OF_DOCUMENTS}{PERIOD}{_END}",
    rf"{_FIRST}(?:{_SEPARATED}|\s+)(?:(?:but|and|please) )*{_LIMIT} {_OF_DOCUMENTS}{PERIOD}{_END}",
    rf"{_FIRST}(?:{_SEPARATED}|\s+){_OF_DOCUMENTS}{PERIOD},? only{_END}",
    rf"{_FIRST}\s*[(–—]\s*{_OF_DOCUMENTS}{SIDED}{_END}",
    rf"^{_AND}{_LIMIT} {_OF_DOCUMENTS}{PERIOD}\s*[,:;–—-]\s+(?={_QUESTION})",
)
#: "find articles since 2019 about ...": cut out of the middle
DOCUMENTS_OF = re.compile(rf"(?<=\s){DOCUMENTS}(?P<cut> (?:{_MADE} )?{PERIOD})\b", re.IGNORECASE)
IMPERATIVE = re.compile(r"\s*(?:please )?(?:find|show|give|list|search|use|summari[sz]e|look)\b", re.IGNORECASE)
_MUST = r"(?:must|has to|have to) (?:mention|contain|include)"
#: what passages are to mention
REQUIRED = _rules(
    rf"^{_AND}{_TAKE}(?:only|just) {_TAKE}(?:{DOCUMENTS} )?{_ABOUT} {_X}{_END}",
    rf"{_BEFORE}{_SEPARATED}{_AND}(?:only|just) (?:{DOCUMENTS} )?{_ABOUT} {_X}{_END}",
    rf"^{_AND}(?:(?:it|they|this|(?:the )?(?:answers?|{DOCUMENTS})) )?{_MUST} {_X}{_END}",
    rf"{_BEFORE}{_SEPARATED}{_AND}{_MUST} {_X}{_END}",
)
#: what stands before a name and is not part of it
KIND = re.compile(
    rf"(?:(?:the|a|an) )?(?:films?|movies?|books?|songs?|topics?|subjects?|persons?|{DOCUMENTS})"
    r" (?:(?:of |about |on |called )+|(?=(?-i:[A-Z\"“])))",
    re.IGNORECASE,
)


def of_field(keys: str) -> tuple[re.Pattern[str], ...]:
    """Return the rules for "only from KEY VALUE", with `keys` as alternatives of a pattern."""
    said = (
        rf"(?:only|just) {_OF_DOCUMENTS}(?:(?:from|by|in|with|of|where|whose) )?(?:the )?(?P<key>{keys})"
        rf"(?:\s*[:=]\s*| (?:is |called |named )?){_X}{_END}"
    )
    return _rules(rf"^{_AND}{_TAKE}{said}", rf"{_BEFORE}{_SEPARATED}{_AND}{said}")
