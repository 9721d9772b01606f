import { batch, signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Answer, quotesOf } from "./answer.jsx";
import { stream } from "./api.js";
import { Drop, Failed, Picked, Select } from "./parts.jsx";
import { HopTree } from "./tree.jsx";
import { MOST, grown, growing, titleOf } from "./tree.js";
import { choose, collections, current, go, keep, pictures, reading, settings, told } from "./state.js";
import { KINDS, PROFILES, count, problem, reason, step } from "./words.js";

/** The question that is being answered: {question, events, text, leave}; null while none is. */
const running = signal(null);
const failed = signal(null);

/** Ask the last turn of the present conversation, and keep what comes of it. */
async function ask(question) {
  const { collection, profile, k, where } = settings.value;
  const before = current.value ?? { id: crypto.randomUUID?.() ?? String(Math.random()), collection, turns: [], messages: [] };
  const leaving = new AbortController();
  const began = performance.now();
  running.value = { question, events: [], text: "", leave: () => leaving.abort() };
  failed.value = null;
  told.value = "Searching";
  const body = {
    messages: [...before.messages, { role: "user", content: question }],
    collections: [collection],
    profile: profile || null,
    ...{ k, where, stream: true, svg: true, explain: true },
  };
  try {
    for await (const event of stream("/chat", body, leaving.signal)) {
      if (event.type === "RUN_FINISHED") finish(before, question, { collection, profile, k, where }, event.result, performance.now() - began);
      else if (event.type === "RUN_ERROR") throw new Error(event.message);
      else hear(event);
    }
    if (running.value) throw new Error("The server ended before it had answered.");
  } catch (error) {
    failed.value = error.name === "AbortError" ? { question, message: "Stopped." } : { question, message: problem(error) };
    told.value = failed.value.message;
  } finally {
    running.value = null;
  }
}

function hear(event) {
  const now = running.value;
  if (!now) return;
  if (event.type === "STATE_DELTA") {
    const added = event.delta.filter((one) => one.path === "/events/-").map((one) => one.value);
    running.value = { ...now, events: [...now.events, ...added] };
    told.value = added.map(step).filter(Boolean).join(". ") || told.value;
  } else if (event.type === "TEXT_MESSAGE_START") running.value = { ...now, text: "" };
  else if (event.type === "TEXT_MESSAGE_CONTENT") running.value = { ...now, text: now.text + event.delta };
}

function finish(before, question, asked, result, milliseconds) {
  const { messages, svg, ...kept } = result;
  const turn = { id: `${before.id}-${before.turns.length}`, question, asked, milliseconds, result: kept };
  if (svg) pictures.set(turn.id, svg);
  batch(() => {
    keep({ ...before, when: Date.now(), turns: [...before.turns, turn], messages });
    running.value = null; // in the same breath: the answer takes the place of what was running
  });
  told.value = `${result.found ? "Answer" : "Not found"}: ${result.text}`;
}

export function Ask() {
  const turns = current.value?.turns ?? [];
  const now = running.value;
  const own = useRef();
  const empty = !turns.length && !now && !failed.value;
  useLayoutEffect(() => {
    const last = [...own.current.querySelectorAll(".turn")].at(-1);
    last?.scrollIntoView({ block: "start" });
  }, [turns.at(-1)?.id, now?.question]);
  return (
    <div ref={own} class={`ask ${empty ? "empty" : ""}`}>
      <h1 class={empty ? "" : "hidden"}>{empty ? "Ask your documents" : "Conversation"}</h1>
      {empty ? <p class="lead">polyhop finds the passages that only together answer a question, and shows the way from one to the next.</p> : null}
      {turns.map((turn, place) => (
        <Turn key={turn.id} turn={turn} last={place === turns.length - 1} />
      ))}
      {now ? <Running {...now} /> : null}
      {failed.value && !now ? (
        <article class="turn">
          <h2 class="question">{failed.value.question}</h2>
          <Failed message={failed.value.message} again={() => ask(failed.value.question)} />
        </article>
      ) : null}
      <Composer busy={Boolean(now)} first={!turns.length && !now} />
      {empty ? <Begin /> : null}
    </div>
  );
}

function Composer({ busy, first }) {
  const field = useRef();
  const [text, setText] = useState("");
  const { collection, profile, k, where } = settings.value;
  useLayoutEffect(() => {
    field.current.style.height = "auto";
    field.current.style.height = `${Math.min(200, field.current.scrollHeight)}px`;
  }, [text, first]);
  useEffect(() => {
    if (first && matchMedia("(min-width: 700px)").matches) field.current.focus({ preventScroll: true });
  }, []);
  const submit = (event) => {
    event.preventDefault();
    const question = text.trim();
    if (!question || busy || !collection) return;
    setText("");
    ask(question);
  };
  const enter = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  };
  return (
    <form class="composer" onSubmit={submit}>
      <div class="field">
        <textarea
          ref={field}
          data-question
          rows={1}
          value={text}
          maxLength={20000}
          aria-label="Question"
          placeholder={first ? "Where was the director of … born?" : "Ask further"}
          onInput={(event) => setText(event.target.value)}
          onKeyDown={enter}
        />
        {busy ? (
          <button type="button" onClick={() => running.value?.leave()}>
            Stop
          </button>
        ) : (
          <button type="submit" class="primary" disabled={!text.trim() || !collection}>
            Ask
          </button>
        )}
      </div>
      <details class="settings" open={first}>
        <summary>
          In <b>{collection || "no collection"}</b>, {profile ? PROFILES[profile].toLowerCase() : "default"} search, {k} passages{where ? `, ${where}` : ""}
        </summary>
        <div class="options">
        <Picked />
        <Select label="Search" value={profile} onChange={(value) => choose({ profile: value })} options={{ "": "Default", ...PROFILES }} />
        <label class="inline">
          Passages
          <input type="number" min={1} max={50} value={k} onChange={(event) => choose({ k: Math.min(50, Math.max(1, Number(event.target.value) || 5)) })} />
        </label>
        <details class="more" open={Boolean(where)}>
          <summary>Filter</summary>
          <input
            type="text"
            value={where}
            placeholder="year >= 1970"
            aria-label="Filter on metadata"
            spellcheck={false}
            onChange={(event) => choose({ where: event.target.value.trim() })}
          />
        </details>
        </div>
      </details>
    </form>
  );
}

/** What to do first, on an empty page. */
function Begin() {
  return (
    <section class="begin" aria-label="Add documents">
      <Drop to={settings.value.collection || "default"} after={(name) => go("documents", name)} />
      {collections.value.length ? (
        <p class="note">
          or <a href={`#/documents/${encodeURIComponent(settings.value.collection)}`}>look at what is in “{settings.value.collection}”</a>
        </p>
      ) : null}
    </section>
  );
}

function Running({ question, events, text }) {
  const root = useMemo(() => growing(question, events), [question, events]);
  const steps = events.map(step).filter(Boolean);
  return (
    <article class="turn running" aria-busy="true">
      <h2 class="question">{question}</h2>
      <ol class="steps">
        {steps.map((said, place) => (
          <li key={place}>{said}</li>
        ))}
        <li class="now">{text ? "Writing" : "Working"}…</li>
      </ol>
      {text ? <p class="answer-text">{text}</p> : null}
      <HopTree root={root} label="Hop tree, growing" />
    </article>
  );
}

function Turn({ turn, last }) {
  const { result, asked, question } = turn;
  const { retrieval } = result;
  const [left, setLeft] = useState(false);
  const cited = useMemo(() => new Set(result.citations.flatMap((one) => one.passages)), [result]);
  const root = useMemo(() => grown(retrieval, cited, left ? retrieval.left_out : []), [retrieval, cited, left]);
  const open = (passage) => {
    reading.value = {
      collection: asked.collection,
      document: passage.document,
      passage: passage.id,
      title: titleOf(passage),
      quotes: quotesOf(result, passage),
      hop: passage.span?.passage ? passage.span : null,
      from: document.activeElement,
    };
  };
  const numbered = (number) => retrieval.passages[number - 1] && open(retrieval.passages[number - 1]);
  return (
    <article class="turn">
      <h2 class="question">{question}</h2>
      {retrieval.question && retrieval.question !== question ? <p class="note">understood as “{retrieval.question}”</p> : null}
      <Answer result={result} onCite={numbered} />
      <section class="found-how">
        <header>
          <h3>{result.found ? "How it was found" : "What is nearest"}</h3>
          <span class="note">
            {count(retrieval.passages.length, "passage")} · {count(retrieval.hops, "hop")} · {(turn.milliseconds / 1000).toFixed(1)} s
          </span>
          <span class="buttons">
            {pictures.has(turn.id) ? (
              <button type="button" class="quiet" onClick={() => save(pictures.get(turn.id))}>
                Save picture
              </button>
            ) : null}
            <button type="button" class="quiet" aria-expanded={left} onClick={() => setLeft(!left)}>
              What was left out
            </button>
          </span>
        </header>
        {retrieval.passages.length > MOST ? <p class="note">The tree has the first {MOST} passages, and those that are cited.</p> : null}
        <HopTree root={root} onOpen={(node) => open(node.passage)} />
        {left ? <Pruned retrieval={retrieval} onOpen={open} /> : null}
        <details class="passages" open={last || undefined}>
          <summary>Passages</summary>
          <ol>
            {retrieval.passages.map((passage, place) => (
              <li key={passage.id}>
                <button type="button" class={`passage ${cited.has(place + 1) ? "cited" : ""}`} data-passage={place + 1} onClick={() => open(passage)}>
                  <span class="number">{place + 1}</span>
                  <span class="what">
                    <span class="title">{titleOf(passage)}</span>
                    <span class="snippet">{passage.text.replace(/^#+ .*\n+/, "")}</span>
                    <span class="note">
                      {passage.page ? `page ${passage.page} · ` : ""}
                      {KINDS[passage.kind]?.[1] ?? passage.kind}
                    </span>
                  </span>
                </button>
              </li>
            ))}
          </ol>
        </details>
        <details class="run">
          <summary>Steps of the run</summary>
          <ol class="steps">
            {retrieval.events.filter(step).map((event, place) => (
              <li key={place}>
                {step(event)} {event.ms == null ? null : <span class="note">{event.ms.toFixed(0)} ms</span>}
              </li>
            ))}
          </ol>
          <p class="note">{reason(retrieval.stopped)}</p>
        </details>
      </section>
    </article>
  );
}

/** What was found and not taken, and why. */
function Pruned({ retrieval, onOpen }) {
  const least = retrieval.passages.at(-1);
  if (!retrieval.left_out?.length) return <p class="note">Nothing: every passage that was found is shown.</p>;
  return (
    <div class="pruned-list">
      <p class="note">
        The best of what was found and not taken, dashed in the tree. {least ? `The last passage that was taken scores ${score(least)}.` : ""}
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">Passage</th>
            <th scope="col">Score</th>
            <th scope="col">Why not</th>
          </tr>
        </thead>
        <tbody>
          {retrieval.left_out.map((one) => (
            <tr key={one.id}>
              <td>
                <button type="button" class="link" onClick={() => onOpen(one)}>
                  {titleOf(one)}
                </button>
              </td>
              <td class="figure">{score(one)}</td>
              <td>{one.why}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function score(passage) {
  return passage.score.toFixed(2).replace("-", "−");
}

function save(svg) {
  const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  const link = Object.assign(document.createElement("a"), { href: address, download: "hop-tree.svg" });
  link.click();
  URL.revokeObjectURL(address);
}
