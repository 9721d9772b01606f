import { signal } from "@preact/signals";
import { Confidence, Said, quotesOf } from "./answer.jsx";
import { post } from "./api.js";
import { Failed, Picked, Select } from "./parts.jsx";
import { titleOf } from "./tree.js";
import { reading, settings, told } from "./state.js";
import { KINDS, PROFILES, STOPS, count, percent, problem, reason } from "./words.js";

const HOPS = { "": "Default", 0: "0", 1: "1", 2: "2", 3: "3", 5: "5", 7: "7" };
/** What is compared; it stays while other views are looked at. */
const sides = signal([
  { profile: "fast", stop: "", hops: "" },
  { profile: "quality", stop: "", hops: "" },
]);
const asked = signal("");
const outcome = signal(null);

async function run() {
  const { collection, k, where } = settings.value;
  const question = asked.value.trim();
  if (!question || outcome.value?.busy) return;
  outcome.value = { busy: true };
  told.value = "Asking twice";
  // one after the other: side by side each would wait for the other, and the times would say nothing
  const results = [];
  for (const { profile, stop, hops } of sides.value) {
    const began = performance.now();
    const body = { question, collections: [collection], k, where, profile: profile || null, stop: stop || null, hops: hops === "" ? null : Number(hops) };
    try {
      results.push({ result: await post("/ask", body), milliseconds: performance.now() - began });
    } catch (error) {
      results.push({ error: problem(error) });
    }
  }
  outcome.value = { results, collection, question };
  told.value = "Both are answered";
}

export function Compare() {
  const now = outcome.value;
  const set = (place, changed) => (sides.value = sides.value.map((one, at) => (at === place ? { ...one, ...changed } : one)));
  return (
    <div class="compare">
      <h1>Compare</h1>
      <p class="lead">The same question with two settings, and what differs.</p>
      <form
        class="composer"
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <div class="field">
          <input type="text" aria-label="Question" placeholder="Question" value={asked.value} maxLength={20000} onInput={(event) => (asked.value = event.target.value)} />
          <button type="submit" class="primary" disabled={!asked.value.trim() || !settings.value.collection || now?.busy}>
            Compare
          </button>
        </div>
        <div class="options">
          <Picked />
        </div>
      </form>
      <div class="sides">
        {sides.value.map((one, place) => (
          <fieldset key={place}>
            <legend>{"AB"[place]}</legend>
            <Select label="Search" value={one.profile} onChange={(value) => set(place, { profile: value })} options={{ "": "Default", ...PROFILES }} />
            <Select label="Hops" value={one.hops} onChange={(value) => set(place, { hops: value })} options={HOPS} />
            <Select label="Stop" value={one.stop} onChange={(value) => set(place, { stop: value })} options={STOPS} />
          </fieldset>
        ))}
      </div>
      {now?.busy ? <p class="note working">Asking with A, then with B…</p> : null}
      {now?.results ? <Both {...now} /> : null}
    </div>
  );
}

function Both({ results, collection }) {
  return (
    <>
      <div class="sides">
        {results.map((one, place) => (
          <section key={place} class="side" aria-label={`Result of ${"AB"[place]}`}>
            <h2>{"AB"[place]}</h2>
            {one.error ? <Failed message={one.error} /> : <Side result={one.result} collection={collection} />}
          </section>
        ))}
      </div>
      {results.every((one) => one.result) ? <Difference results={results} collection={collection} /> : null}
    </>
  );
}

function Side({ result, collection }) {
  const open = (number) => {
    const one = result.retrieval.passages[number - 1];
    if (one) read(collection, one, quotesOf(result, one));
  };
  return (
    <>
      {result.found ? <Said result={result} onCite={open} /> : <p class="answer-text">I could not find it.</p>}
      {result.found ? <Confidence result={result} /> : null}
    </>
  );
}

function read(collection, passage, quotes = []) {
  reading.value = { collection, document: passage.document, passage: passage.id, title: titleOf(passage), quotes, from: document.activeElement };
}

function Difference({ results, collection }) {
  const [a, b] = results.map((one) => one.result);
  const places = [a, b].map((one) => new Map(one.retrieval.passages.map((passage, place) => [passage.id, place + 1])));
  const all = new Map([...a.retrieval.passages, ...b.retrieval.passages].map((one) => [one.id, one]));
  const rows = [...all.values()].sort((one, other) => best(one) - best(other));
  function best({ id }) {
    return Math.min(places[0].get(id) ?? 1e3, places[1].get(id) ?? 1e3);
  }
  const same = a.text === b.text && a.found === b.found;
  const apart = rows.filter(({ id }) => places[0].get(id) !== places[1].get(id)).length;
  const figures = [
    ["Time", ...results.map((one) => `${(one.milliseconds / 1000).toFixed(2)} s`)],
    ["Confidence", ...[a, b].map((one) => (one.confidence == null ? "–" : percent(one.confidence)))],
    ["Passages suffice", ...[a, b].map((one) => (one.retrieval.sufficiency == null ? "–" : percent(one.retrieval.sufficiency)))],
    ["Hops", ...[a, b].map((one) => one.retrieval.hops)],
    ["Ended", ...[a, b].map((one) => reason(one.retrieval.stopped))],
  ];
  return (
    <section class="difference" aria-label="Difference">
      <h2>What differs</h2>
      <p>
        {same ? "The answers are the same" : "The answers differ"}; {apart ? `${count(apart, "passage")} stand elsewhere or in one result alone.` : "the passages are the same in the same order."}
      </p>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">Figure</th>
              <th scope="col">A</th>
              <th scope="col">B</th>
            </tr>
          </thead>
          <tbody>
            {figures.map(([name, ...values]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {values.map((value, place) => (
                  <td key={place}>{value}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        <table>
          <thead>
            <tr>
              <th scope="col">Passage</th>
              <th scope="col">A</th>
              <th scope="col">B</th>
              <th scope="col">Change</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((one) => {
              const [left, right] = places.map((map) => map.get(one.id));
              return (
                <tr key={one.id} class={left === right ? "" : "differs"}>
                  <td>
                    <button type="button" class="link" onClick={() => read(collection, one)}>
                      {titleOf(one)}
                    </button>{" "}
                    <span class="note">{KINDS[one.kind]?.[0]}</span>
                  </td>
                  <td class="figure">{left ?? "–"}</td>
                  <td class="figure">{right ?? "–"}</td>
                  <td>{change(left, right)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function change(left, right) {
  if (left == null) return "only in B";
  if (right == null) return "only in A";
  if (left === right) return "";
  return right < left ? `${left - right} up` : `${right - left} down`;
}
