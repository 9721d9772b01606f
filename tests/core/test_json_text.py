"""JSON that is safe to print."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from polyhop.core.json_text import json_text

EVIL = "\x1b]0;x\x07\x9b31m\x7f\u202eRTL\u2066\u200b\u2028\U000e0041\ud800"


@given(st.text(max_size=40) | st.sampled_from(EVIL))
def test_nothing_that_a_terminal_obeys_is_in_it(text: str) -> None:
    """It means the same, and holds no control or format character whatever is put in."""
    said = json_text({text: [text]})
    assert {text: [text]} == json.loads(said)
    assert not set(said) & set(EVIL.replace("]0;x", "").replace("31m", "").replace("RTL", ""))


def test_scripts_stay_readable() -> None:
    """Letters of all scripts are themselves."""
    assert '"Żółć 彼は来た"' == json_text("Żółć 彼は来た")
