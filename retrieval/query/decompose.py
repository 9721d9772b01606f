"""Sub-questions: a question as simpler ones that may refer to answers of others (`#1`), as a model says them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field, field_validator, model_validator

from ...core.words import name_key
from ..escalation import filled, needs

#: Sub-questions that are taken, characters of each, and levels of a tree of them.
MOST = 8
LONGEST = 300
DEEPEST = 6

_OTHERWISE = re.compile(r"<(\d+)>|\{(\d+)\}")


class Decomposition(BaseModel):
    """Sub-questions in the order in which they can be asked; `#n` stands for the answer of the n-th, from 1.

    Also read are a bare list, and a tree in which each question leads to the list of its parts, as in ProbTree (Cao et
    al., EMNLP 2023): there `#n` is the n-th part beside it.
    """

    questions: list[str] = Field(min_length=1, max_length=MOST, description="sub-questions, the first ones first")

    @model_validator(mode="before")
    @classmethod
    def _read(cls, said: Any) -> Any:
        if isinstance(said, list):
            return {"questions": said}
        if isinstance(said, Mapping) and "questions" not in said:
            return {"questions": leaves(said)}
        return dict(said) if isinstance(said, Mapping) else said

    @field_validator("questions")
    @classmethod
    def _check(cls, questions: list[str]) -> list[str]:
        """Refuse what cannot be asked: empty or endless texts, and references to what is not asked before."""
        for place, text in enumerate(questions):
            if not name_key(text) or len(text) > LONGEST:
                raise ValueError(f"sub-question {place + 1} must have 1 to {LONGEST} characters")
            for number in needs(text):
                if not 1 <= number <= place:
                    raise ValueError(f"sub-question {place + 1} refers to #{number}, which is not asked before it")
        return [" ".join(text.split()) for text in questions]


def leaves(tree: Mapping[Any, Any]) -> list[str]:
    """Return the questions of a tree that have no parts, each after those it refers to, with numbers of its own.

    A reference to a question with parts is one to the last of them.

    Raises:
        ValueError: if it is no tree of texts: nothing in it, a cycle, or too deep or too large.
    """
    parts = {str(key): value for key, value in tree.items() if isinstance(value, list) and value}
    children = {str(child) for value in parts.values() for child in value}
    roots = [key for key in parts if key not in children] or list(parts)[:1]
    if len(roots) != 1:
        raise ValueError("a tree of questions needs one root with parts, the question itself")
    asked: list[str] = []
    _visit(roots[0], parts, asked, path=())
    return asked


def _visit(question: str, parts: Mapping[str, Sequence[Any]], asked: list[str], *, path: tuple[str, ...]) -> int:
    """Append the leaves below a question and return the number of the one that answers it."""
    if len(path) > DEEPEST or len(asked) > MOST:
        raise ValueError("the tree of questions is too deep or too large")
    if question not in parts or question in path:  # some models name a question among its own parts
        asked.append(question)
        return len(asked)
    numbers: dict[int, str] = {}
    for place, child in enumerate(parts[question], start=1):
        before = len(asked)
        number = _visit(str(child), parts, asked, path=(*path, question))
        if len(asked) == before + 1:  # a leaf of this level, which speaks of its numbers
            asked[before] = filled(_OTHERWISE.sub(r"#\1\2", asked[before]), numbers)
        numbers[place] = f"#{number}"
    return int(numbers[len(parts[question])][1:])
