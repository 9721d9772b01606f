"""Clauses of a question that asks several things, or tells what is the matter before it asks.

"Which filter has to run first, and can it change headers too?" asks twice, and the passages that answer are near one
clause each. A language model would ask a sub-question for each (Press et al., "Measuring and Narrowing the
Compositionality Gap", arXiv 2210.03350); where the sentence itself is in two parts that needs none.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ...core.words import content_words

#: clauses of a question, and the words of a clause that says something by itself
MOST, SHORTEST = 5, 3
_PREPOSITION = "in|on|at|by|to|from|for|with|under|after|of|auf|mit|von|zu|bei|aus|nach|für|über|unter"
_ASKING = (
    "what|which|how|why|when|where|who|whom|whose|do|does|did|can|could|is|are|was|were|will|would|should|may|must|"
    "has|have|had|was|welche[rmns]?|wie|warum|wieso|wann|wo|wer|wem|wen|wohin|woher|ist|sind|war|kann|können|muss|hat"
)
_AND = "and|or|but|then|so|yet|und|oder|aber|dann"
_ASKS = rf"(?:(?:{_PREPOSITION})\s+)?(?:{_ASKING})\b"
_CUT = re.compile(
    rf"(?<=[.?!;:])\s+|,?\s+(?:{_AND})\s+(?:(?:then|also|dann|auch)\s+)?(?={_ASKS})|,\s+(?={_ASKS})", re.IGNORECASE
)


@lru_cache(maxsize=1_024)
def clauses(question: str) -> tuple[str, ...]:
    """Return the clauses of a question in their order, or none where it is of one piece.

    What has fewer than `SHORTEST` content words joins the clause before it.
    """
    found: list[str] = []
    for part in _CUT.split(question):
        piece = part.strip(" ,")
        if not piece:
            continue
        if found and min(len(content_words(piece)), len(content_words(found[-1]))) < SHORTEST:
            found[-1] = f"{found[-1]} {piece}"
        else:
            found.append(piece)
    return tuple(found) if 1 < len(found) <= MOST else ()
