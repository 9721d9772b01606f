"""Instructions in questions, for those who measure or tune how they are followed."""

from __future__ import annotations

from ..core.words import STOP as FUNCTION_WORDS
from ..retrieval.query.instructions import Instructions, parse
from ..retrieval.query.translate import Translation, translate
from ..retrieval.rerank.exclude import Exclude

__all__ = ["COSINE_ALONE", "FUNCTION_WORDS", "Exclude", "Instructions", "Translation", "parse", "translate"]

#: the cosine as the only evidence, its weights fitted on the same passages as those of all four
COSINE_ALONE = Exclude(cosine=6.9, named=0.0, words=0.0, opening=0.0, bias=-4.9)
