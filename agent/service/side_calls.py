"""What chat clients ask beside the question: a title, tags, follow-ups. They are answered without a search.

Open WebUI sends them as a prompt that begins with `### Task:` and names the JSON that it wants; LibreChat asks for a
title in a sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

_TASK = re.compile(r"\s*### Task:", re.IGNORECASE)
_KEY = re.compile(r"""JSON[^{}]{0,80}\{\s*"(\w+)"\s*:""")
_TITLE = re.compile(
    r"\s*(?:Please )?(?:provide|generate|create|write)\b[^.\n]{0,80}\btitle for the conversation", re.IGNORECASE
)
_FIRST = re.compile(
    r"<chat_history>\s*(?:user:\s*)?(.*?)(?:\n\s*assistant:|</chat_history>|$)", re.IGNORECASE | re.DOTALL
)
_SPOKEN = re.compile(r"\buser:\s*(.*?)(?:\n|$)", re.IGNORECASE)
WORDS = 6


def side_call(text: str) -> str | None:
    """Return the answer to a side call, or None for what is none."""
    if _TITLE.match(text):
        spoken = _SPOKEN.search(text)
        return title_of(spoken[1] if spoken else "")
    if not _TASK.match(text):
        return None
    wanted = next((key for key in _KEY.findall(text) if key in _REPLIES), None)
    if wanted is None:
        return None
    first = _FIRST.search(text)
    return json.dumps({wanted: _REPLIES[wanted](first[1] if first else "")}, ensure_ascii=False)


def title_of(question: str) -> str:
    """Return the first words of a question as a title."""
    words = question.split()
    return " ".join(words[:WORDS]).strip(" ?.!,;:\"'") or "Conversation"


#: what is told of a conversation that begins with a question, by the key of the JSON that is wanted
_REPLIES: Mapping[str, Callable[[str], object]] = {
    "title": title_of,
    "tags": lambda question: ["General"],
    "follow_ups": lambda question: [],
    "queries": lambda question: [],
    "text": lambda question: "",
}
