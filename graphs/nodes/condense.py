"""Condense: from a conversation and its last turn to a question that stands by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...answering.quoted import quoted
from ...conversation.names import names
from ...conversation.rules import condense as by_rules
from ...conversation.turn import USER, Turn, recent
from ...core.check import question_text
from ...core.errors import ModelError
from ...core.words import content_words, name_key, word_key
from ...prompts import prompted
from ...retrieval.run import Run
from ..state import State, Watch

#: A model's question may have this many characters more than twice the rules' question.
SLACK = 200
MAX_TOKENS = 200
AS_IT_IS = "itself"
_LABEL = re.compile(r"\A(?:the )?(?:(?:standalone|rewritten|condensed) )?question:\s*", re.IGNORECASE)


async def condense(state: State, run: Run) -> State:
    """Make the question of the last turn and what was said before.

    Rules decide whether the turn needs the conversation, and resolve it. Only a turn that does is put to the language
    model, if there is one; where it fails or writes what cannot be the question, that of the rules counts.
    """
    run.begin()
    llm = run.model(state.get("spent", []))
    watch = Watch("condense", state)
    turn, history = question_text(state.get("turn") or state.get("question")), recent(state.get("history", []))
    found = by_rules(history, turn)
    question, reason, notices = found.question, "rules" if found.dependent else AS_IT_IS, list[str]()
    if found.dependent and llm is not None and llm.allows():
        try:
            reply = await llm.complete("condense", messages(history, turn), max_tokens=MAX_TOKENS)
        except ModelError as error:
            notices.append(f"the question was understood by rules: {error}")
        else:
            said = sensible(reply, history, turn=turn, ruled=found.question)
            question, reason = said or question, "model" if said else reason
            notices += [] if said else [f"a model's question was dropped, that of the rules counts: {reply!r:.120}"]
    event = watch.event(question=question, reason=reason, notices=notices)
    run.emit(event)
    return State(turn=turn, question=question, events=[event], spent=llm.taken() if llm else [])


def messages(history: Sequence[Turn], turn: str) -> list[dict[str, str]]:
    """Return the conversation for the language model: rules, then the turns as marked data."""
    told = [f'<turn by="{one["role"]}">\n{quoted(one["content"])}\n</turn>' for one in history]
    last = f'<turn by="{USER}" last="yes">\n{quoted(turn)}\n</turn>'
    return prompted("condense", "\n".join([*told, last, "", "The last turn as a question:"]))


def sensible(reply: str, history: Sequence[Turn], *, turn: str, ruled: str) -> str:
    """Return a model's question, or nothing where it cannot be what the turn asks.

    It is one line of bounded length, asks if the turn asks, shares words with what was said, and names nothing that
    nobody has named: an answer, or what a passage bids, mostly does.
    """
    lines = [line for line in reply.strip().splitlines() if line.strip()]
    question = _LABEL.sub("", lines[0].strip()).strip("\"“”'` ") if len(lines) == 1 else ""
    if not question or len(question) > 2 * len(ruled) + SLACK:
        return ""
    if turn.rstrip().endswith("?") and not question.endswith("?"):
        return ""
    known = " ".join([turn, ruled, *(one["content"] for one in history), *(one.get("question", "") for one in history)])
    words = {word_key(word) for word in content_words(known)}
    asked = {word_key(word) for word in content_words(turn)}
    own = {word_key(word) for word in content_words(question)}
    told = f" {name_key(known)} "
    invented = [name for name in names(question) if f" {name.key} " not in told]
    if invented or not own & (asked or words) or len(own - words) > len(own & words):
        return ""
    return question
