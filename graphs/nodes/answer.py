"""Answer: written by an LLM with checked citations, or taken from the passages."""

from __future__ import annotations

from typing import Any

from ...answering.citations.check import NOT_FOUND, check_citations
from ...answering.extractive.extract import extract
from ...answering.quoted import quoted
from ...core.errors import ModelError
from ...prompts import prompted
from ...retrieval.candidate import Candidate
from ...retrieval.run import Run
from ..state import Event, State, Watch

#: tokens an answer may have
MOST = 400


async def answer(state: State, run: Run) -> State:
    """Write the answer from the best k passages.

    Without an LLM, or when it fails, the answer is extractive and says so. Sentences whose citations do not bear them
    out are kept but marked; an answer with none that is borne out gives way to the extractive one.
    """
    watch = Watch("answer", state)
    ranked = [item for item in state["ranked"][: state["k"]] if run.known(item["id"])]
    best = [known.passage for item in ranked if (known := run.known(item["id"]))]
    texts = [f"{passage.title}\n{passage.text}" if passage.title else passage.text for passage in best]
    written: dict[str, Any] | None = None
    notices: list[str] = []
    llm = run.model(state.get("spent", []))

    def on_text(text: str | None) -> None:
        """Pass on a piece of the answer as it is written; None takes back those before."""
        run.emit(Event(event="text", text=text or "", again=text is None))

    if llm is not None and texts:
        try:
            asked = messages(state["question"], texts)
            reply = await llm.complete("answer", asked, max_tokens=MOST, on_text=on_text if run.heard else None)
            written = _checked(reply, texts, llm.name, question=state["question"])
        except ModelError as error:
            notices.append(str(error))
        else:
            if written is None:
                notices.append(f"no citation of {llm.name!r} was borne out by the passages; its answer was dropped")
    if written is None:
        written = extractive(ranked, run, state.get("sufficiency"))
    event = watch.event(found=len(written["citations"]), reason=written["model"] or "extractive")
    run.emit({**event, "text": written["text"]})
    return State(answer={**written, "notices": notices}, events=[event], spent=llm.taken() if llm else [])


def messages(question: str, texts: list[str]) -> list[dict[str, str]]:
    """Return the conversation for the LLM: rules, then the passages as marked data, then the question."""
    passages = "\n\n".join(
        f"<passage number={number}>\n{quoted(text)}\n</passage>" for number, text in enumerate(texts, start=1)
    )
    return prompted("answer", f"{passages}\n\nQuestion: {question}")


def extractive(ranked: list[Candidate], run: Run, sufficiency: float | None = None) -> dict[str, Any]:
    """Return the best-supported sentences as an answer, none where it is improbable that the passages hold one."""
    chosen, confidence, number = extract(ranked, run, sufficiency)
    citations = [
        {"sentence": one.text, "passages": [one.passage], "supported": True, "why": ""}
        | ({"quote": one.quote} if one.quote not in ("", one.text) else {})
        for one in chosen
    ]
    said = [f"{one.text} [{one.passage}]" for one in chosen]
    text = " ".join([number, *said] if number else said) or NOT_FOUND
    return {
        "text": text,
        "citations": citations,
        "extractive": True,
        "found": bool(chosen),
        "model": "",
        "confidence": round(confidence, 6),
    }


def _checked(reply: str, texts: list[str], model: str, *, question: str) -> dict[str, Any] | None:
    said = reply.strip()
    if said.rstrip(".").lower() == NOT_FOUND.rstrip(".").lower():
        return {"text": NOT_FOUND, "citations": [], "extractive": False, "found": False, "model": model}
    citations = check_citations(said, texts, question=question)
    if not any(citation["supported"] for citation in citations):
        return None
    return {"text": said, "citations": [*map(dict, citations)], "extractive": False, "found": True, "model": model}
