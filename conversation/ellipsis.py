"""Turns that leave out what the last question said: `And his wife?`, `What about Jaws 2?`, `When?`, `And in 1990?`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..core.words import content_words, word_key
from .memory import Exchange, Thing
from .names import OWNERS, PERSON, TIME, Name, kind_of, lower_words, names, singular

_AND = re.compile(r"\A\W*(?:(?:and|but|so|also|or|ok|okay|well|then|now)\b[,\s]*)+", re.IGNORECASE)
_ABOUT = re.compile(r"\A(?:(?:what|how)\s+(?:about|of)|same (?:question )?for|(?:tell me )?about)\s+", re.IGNORECASE)
_ASKING = (
    r"(?:(?:in|on|at|by|from|to|for|with|since|until|of)\s+)?"
    r"(?:when|where|why|who|whom|how(?:\s+(?:many|much|long|old|far|often|tall|big|come))?|which|what)"
)
_BARE = re.compile(
    rf"\A({_ASKING}(?:\s+(?:[a-z-]+\s+)?[a-z-]+)?)"
    r"(?:\s+(?:exactly|precisely|then|else|(?:was|is|are|were|did) (?:it|that|this)(?: happen)?))?\s*[?.!]*\Z",
    re.IGNORECASE,
)
_WH_FIRST = re.compile(
    r"\A((?:(?:in|on|at|by|from|to|for|with|since|of)\s+)?(?:when|where|why|how(?:\s+(?:many|much|long|old|far|often))?|"
    r"(?:what|which)(?:\s+[\w'’-]+){0,3}?|who|whom))\s+"
    r"((?:is|was|are|were|does|did|do|has|have|had|can|could|will|would)\b)",
    re.IGNORECASE,
)
_IS = re.compile(r"(?:who|what)\s+(?:is|was|are|were)\s", re.IGNORECASE)
_NOUN_OF = re.compile(r"\b[a-z-]+(?=\s+of\b)")
_YES_NO = re.compile(r"\A(?:is|was|are|were|does|did|do|has|have|had|can|could|will|would)\b", re.IGNORECASE)
_SUBJECT = re.compile(r"\A(?:who|what|which\s+[\w-]+)\s+(.+)\Z", re.IGNORECASE | re.DOTALL)
_MORE = re.compile(
    r"\A\W*(?:please\s+)?(?:(?:tell me|say|explain|know)(?: a bit| a little)? more|more(?: details?| information)?|"
    r"go on|continue|elaborate|what else)(?:\s+please)?\s*[?.!]*\Z",
    re.IGNORECASE,
)
_PREPOSITION = re.compile(
    r"\A(in|on|at|by|for|from|with|during|before|after|since|until|under|to|as|near|through|of|into|over)\s+(.+)\Z",
    re.IGNORECASE | re.DOTALL,
)
_VERBS = frozenset(
    "is are was were does do did has have had can could will would should may might who whom whose which what when "
    "where why how".split()
)
#: Words of a fragment at most, and of one that no `and` or `what about` announces.
LONGEST = 12
LONE = 5
#: nouns that an asking word takes along, beside those of a kind
_COUNTED = frozenset(
    "exactly many much long old far often tall big come in on at by from to for with since until of reason month day "
    "time part language award genre type".split()
)


def whole(turn: str, resolved: str, exchanges: Sequence[Exchange]) -> str:
    """Return the question that an elliptic turn stands for, or nothing for a turn that is not one.

    In `resolved` the turn's references are replaced already.
    """
    last = exchanges[-1]
    bare = _AND.sub("", turn).strip()
    if _MORE.match(bare):
        return f"Tell me more about {last.things[0].text}." if last.things else ""
    if match := _BARE.match(bare):
        return _asked_differently(match.group(1), last) if _is_bare(match.group(1)) else ""
    short = _ABOUT.sub("", bare).rstrip(" ?.!")
    announced = len(short) < len(bare.rstrip(" ?.!")) or _AND.match(turn) is not None
    if not _is_fragment(short, announced=announced, asked=turn.rstrip().endswith("?")):
        return ""
    return _put_in(_ABOUT.sub("", _AND.sub("", resolved).strip()).rstrip(" ?.!"), last)


def _is_bare(asking: str) -> bool:
    """Say whether what is asked has no verb and no thing of its own: `in which city`, not `who died`."""
    tail = [word for word in asking.lower().split() if word not in _VERBS]
    return not tail or bool(kind_of(tail[-1])) or tail[-1] in _COUNTED


def _is_fragment(part: str, *, announced: bool, asked: bool) -> bool:
    """Say whether a part is no question of its own; what nothing announces has to be a name, or a place or time."""
    words = lower_words(part)
    if not words or len(words) > LONGEST or _VERBS.intersection(words):
        return False
    match = _PREPOSITION.match(part)
    rest = (match.group(2) if match else part).strip('"“” ')
    return announced or (asked and len(words) <= LONE and [rest] == [name.text for name in names(rest)])


def _asked_differently(asking: str, last: Exchange) -> str:
    """Return the last question with another question word: `When?` after `Did Lucas meet Spielberg?`."""
    asking = asking[0].upper() + asking[1:]
    question = last.question.strip().rstrip("?.! ")
    match = _WH_FIRST.match(question)
    if match and (
        match.group(1).lower() not in ("who", "whom", "what") or match.group(2).lower() in ("is", "was", "are", "were")
    ):
        return f"{asking} {question[match.start(2) :]}?"
    if _YES_NO.match(question):
        return f"{asking} {question[0].lower()}{question[1:]}?"
    if match := _SUBJECT.match(question):
        said = next((thing for thing in last.things if thing.said and not thing.text.startswith("the one who")), None)
        subject = said.text if said else "somebody" if question.lower().startswith("who") else "it"
        return f"{asking} was it that {subject} {match.group(1)}?"
    return f"{asking}, as to: {question}?"


def _put_in(part: str, last: Exchange) -> str:
    """Return the last question with a part of it replaced, or with the part added."""
    question = last.question.strip()
    found = names(question)
    if match := _PREPOSITION.match(part):
        return _placed(match.group(1), part, question, found)
    own = names(part)
    if len(own) == 1 and own[0].kind == TIME and own[0].text == part:
        year = next((name for name in found if name.kind == TIME), None)
        return _replaced(question, year, part) if year else _added(question, f"in {part}")
    if (owner := _owner(part, own)) is not None:
        slot = next((name for name in found if name.key == owner.key), None)
        head = _head(part, owner)
        # `Who is the director of Jaws?` asks for somebody's role itself.
        same_role = slot and _IS.match(question) and question.rstrip(" ?").endswith(slot.text)
        kinds = [thing.kind for thing in last.things if slot and thing.key == slot.key]
        if slot and not same_role and kind_of(head) == (kinds[0] if kinds else slot.kind):
            return _replaced(question, slot, part)
        named = (own and own[0].start == 0) or re.match(r"(?:the|an?)\s", part, re.IGNORECASE)
        return f"{'Who' if kind_of(head) == PERSON else 'What'} is {'' if named else 'the '}{part}?"
    if not own:
        return _role_instead(part, last)
    slot = _slot(own[0], found)
    return _replaced(question, slot, part) if slot else f"{question.rstrip('?.! ')}, as to {part}?"


def _owner(part: str, own: Sequence[Name]) -> Name | None:
    """Return the name that the part is something of: in `Jaws's director` and `the director of Jaws` it is Jaws."""
    for name in own:
        after, before = part[name.end :], part[: name.start]
        if re.match(r"['’]s?\s+\w", after) or re.search(r"\b[a-z-]+\s+of\s+(?:the\s+)?[\"“]?\Z", before):
            return name
    return None


def _head(part: str, owner: Name) -> str:
    text = part[: owner.start] if re.search(r"\bof\b", part[: owner.start]) else part[owner.end :]
    words = [word for word in lower_words(text.split(" of ")[0]) if kind_of(word)]
    return words[-1] if words else ""


def _role_instead(part: str, last: Exchange) -> str:
    """Return the last question with another noun: `And the composer?` after `Who is the director of Jaws?`."""
    noun = next((word for word in reversed(lower_words(part)) if kind_of(word) or singular(word) in OWNERS), "")
    if not noun:
        return ""
    new = re.sub(r"\A(?:the|its|their|his|her|an?)\s+", "", part, flags=re.IGNORECASE)
    for match in _NOUN_OF.finditer(last.question):
        if kind_of(match.group()) == kind_of(noun) or singular(match.group()) in OWNERS:
            return f"{last.question[: match.start()]}{new}{last.question[match.end() :]}"
    topic = next(iter([*last.asked, *last.things]), None)
    return f"{'Who' if kind_of(noun) == PERSON else 'What'} is the {new} of {topic.text}?" if topic else ""


def _slot(new: Name, found: Sequence[Name]) -> Name | None:
    """Return the name of a question that another takes the place of: alike in words, else in kind, or the first."""
    stems = {word_key(word) for word in content_words(new.text)}
    things = [name for name in found if name.kind != TIME]
    alike = [name for name in things if stems & {word_key(word) for word in content_words(name.text)}]
    kind = [name for name in things if new.kind and name.kind == new.kind]
    return next(iter([*alike, *kind, *things]), None)


def _placed(preposition: str, part: str, question: str, found: Sequence[Name]) -> str:
    """Return the question with the phrase of the same preposition replaced, or with the phrase added."""
    dated = any(name.kind == TIME for name in names(part))
    for name in found:
        before = question[: name.start].rstrip()
        if before.lower().endswith(f" {preposition.lower()}") and (name.kind == TIME) == dated:
            return f"{before[: -len(preposition)]}{part}{question[name.end :]}"
    return _added(question, part)


def _replaced(question: str, slot: Name, part: str) -> str:
    """Return the question with a name replaced."""
    return f"{question[: slot.start]}{part}{question[slot.end :]}"


def _added(question: str, part: str) -> str:
    return f"{question.rstrip('?.! ')} {part}?"


def focus(exchanges: Sequence[Exchange], most: int = 2) -> list[Thing]:
    """Return what a turn most likely is about that depends on the conversation in a way the rules do not see."""
    last = exchanges[-1]
    said = [thing for thing in last.things if thing.said][:1]
    return [*said, *last.asked][:most]
