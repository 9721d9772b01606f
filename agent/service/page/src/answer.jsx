import { useMemo } from "preact/hooks";
import { rendered } from "./markdown.js";
import { level, percent } from "./words.js";

/** An answer with its citations, how sure it is, and what is wrong with it. */
export function Answer({ result, onCite }) {
  if (!result.found)
    return (
      <div class="answer not-found">
        <p class="answer-text">I could not find it.</p>
        <p class="note">
          {result.text && !/could not find/i.test(result.text) ? `${result.text} ` : ""}
          {result.retrieval.passages.length ? "These passages are the nearest." : "Nothing in the collection comes near."}
        </p>
        <Notices given={[...result.notices, ...result.retrieval.notices]} />
      </div>
    );
  return (
    <div class="answer">
      <Said result={result} onCite={onCite} />
      <Confidence result={result} />
      {result.citations.some((one) => !one.supported) ? (
        <ul class="doubts">
          {result.citations
            .filter((one) => !one.supported)
            .map((one) => (
              <li key={one.sentence}>
                Not borne out: “{one.sentence}” {one.why}
              </li>
            ))}
        </ul>
      ) : null}
      <Notices given={[...result.notices, ...result.retrieval.notices, ...result.retrieval.instructions]} />
    </div>
  );
}

/** The text of an answer, its citations as buttons. */
export function Said({ result, onCite }) {
  return result.extractive ? <Quoted text={result.text} onCite={onCite} /> : <Written text={result.text} onCite={onCite} />;
}

/** Sentences of documents: text and nothing but text. */
function Quoted({ text, onCite }) {
  const pieces = text.split(/\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]/);
  return (
    <p class="answer-text">
      {pieces.map((piece, place) =>
        place % 2 ? piece.split(",").map((one) => <Cite key={`${place} ${one}`} number={Number(one)} onCite={onCite} />) : piece,
      )}
    </p>
  );
}

function Cite({ number, onCite }) {
  return (
    <button type="button" class="cite" aria-label={`Open passage ${number}`} onClick={() => onCite(number)}>
      {number}
    </button>
  );
}

function Written({ text, onCite }) {
  const html = useMemo(() => rendered(text), [text]);
  const click = (event) => {
    const number = event.target.closest("[data-cite]")?.dataset.cite;
    if (number) onCite(Number(number));
  };
  return <div class="answer-text markdown" onClick={click} dangerouslySetInnerHTML={{ __html: html }} />;
}

/** The words of a passage that an answer quotes, as characters of its document. */
export function quotesOf(result, passage) {
  const places = result.citations.flatMap((one) => one.places ?? []).filter((one) => one.id === passage.id && one.start != null);
  return places.map(({ start, end }) => ({ start, end }));
}

/** How sure it is, in a word; the figures on demand. */
export function Confidence({ result }) {
  const { confidence, retrieval, citations, extractive, model } = result;
  const held = citations.filter((one) => one.supported).length;
  const chance = confidence ?? (extractive ? retrieval.sufficiency : held / Math.max(1, citations.length));
  const by = extractive ? "Quoted word for word from the passages, by no language model." : `Written by ${model}.`;
  if (chance == null) return <p class="note">{by}</p>;
  const said = level(chance);
  return (
    <details class={`confidence ${said}`}>
      <summary>
        <span class="meter" aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
        Confidence: <strong>{said}</strong>
      </summary>
      <ul>
        <li>{by}</li>
        {confidence == null ? null : (
          <li>
            {percent(confidence)} probability that these sentences hold the answer
            {result.calibrated ? "" : "; estimated from other people's questions, not from yours"}.
          </li>
        )}
        {extractive ? null : (
          <li>
            {held} of {citations.length} sentences are borne out by the passages that they cite.
          </li>
        )}
        {retrieval.sufficiency == null ? null : (
          <li>{percent(retrieval.sufficiency)} probability that the first five passages hold all that is needed.</li>
        )}
      </ul>
    </details>
  );
}

function Notices({ given }) {
  const said = [...new Set(given)];
  if (!said.length) return null;
  return (
    <ul class="notices">
      {said.map((one) => (
        <li key={one}>{one}</li>
      ))}
    </ul>
  );
}
