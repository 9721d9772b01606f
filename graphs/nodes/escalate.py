"""Escalate: sub-questions by a language model, where the passages found without one are not sufficient."""

from __future__ import annotations

from langgraph.runtime import Runtime

from ...core.errors import ModelError
from ...core.llm.gateway import Gateway
from ...prompts import load
from ...retrieval.hop.role import Find
from ...retrieval.query.decompose import Decomposition
from ..context import Context, Watch
from ..state import State, add_finds
from .rerank import second_look

#: tokens that sub-questions may have
MOST = 400


async def escalate(state: State, runtime: Runtime[Context]) -> State:
    """Have the question split, search for its parts, and rank all that was found by then anew.

    Nothing is asked where nothing was found at all, or where the policy says so. A model that fails, or whose
    sub-questions are no such, costs nothing but its call: the ranking stays as it is, and the event says why.
    """
    context = runtime.context
    llm = context.model(state)
    if llm is None or not state["ranked"] or context.expired() or not context.spend(state.get("sufficiency")):
        return State()
    watch = Watch("escalate", state)
    notices: list[str] = []
    questions: list[str] = []
    try:
        questions = await _split(context.working(state).question, llm)
    except ModelError as error:
        notices.append(f"the question was not split: {error}")
    spent = llm.taken()
    if not questions or context.expired():
        facts = {"notices": notices} if notices else {}
        event = watch.event(queries=0, **facts)
        runtime.stream_writer(event)
        return State(events=[event], spent=spent)
    return State(spent=spent, **_pursued(questions, state, runtime, watch))


async def _split(question: str, llm: Gateway) -> list[str]:
    """Return the sub-questions, or nothing where the question stays whole."""
    messages = [
        {"role": "system", "content": load("decompose")},
        {"role": "user", "content": f"Question: {question}"},
    ]
    questions = (await llm.structured("escalate", messages, Decomposition, max_tokens=MOST)).questions
    return questions if questions != [question] else []


def _pursued(questions: list[str], state: State, runtime: Runtime[Context], watch: Watch) -> State:
    """Return what the sub-questions change: what was found, its ranking, and how each was asked."""
    context = runtime.context
    run = context.working(state)
    first = context.updaters[context.first]
    new, asked = context.pursuit.pursue(questions, run, first=first, ranker=context.ranker)
    finds = [Find(**{**find, "hop": state["hops"]}) for find in new]
    looked = second_look(context.ranker.rank(add_finds(state["finds"], finds), run), run, context)
    before = {item["id"] for item in state["ranked"][: state["k"]]}
    changed = sum(item["id"] not in before for item in looked.ranked[: state["k"]])
    facts = {"notices": looked.notices} if looked.notices else {}
    event = watch.event(queries=len(asked), found=len({find["id"] for find in finds}), new=changed, **facts)
    runtime.stream_writer(event)
    return State(finds=finds, ranked=looked.ranked, sufficiency=looked.sufficiency, asked=asked, events=[event])
