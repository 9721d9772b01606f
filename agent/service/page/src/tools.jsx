import { useState } from "preact/hooks";
import { Filter } from "./documents.jsx";
import { Failed, Pager, useLoaded } from "./parts.jsx";
import { collections, listed } from "./state.js";
import { level, percent } from "./words.js";

const PAGE = 50;

/** The catalogue of tools: all of them, or those that fit some words. */
export function Tools() {
  const [asked, setAsked] = useState("");
  const [before, setBefore] = useState([""]);
  const there = collections.value.includes("tools");
  const [found, wrong] = useLoaded(there && "/tools", { q: asked, after: before.at(-1), limit: asked ? 20 : PAGE });
  return (
    <div class="catalogue">
      <h1>Tools</h1>
      <p class="lead">The tools that agents may find and call.</p>
      {listed.value && !there ? (
        <div class="nothing">
          <p>There is no catalogue yet.</p>
          <p class="note">
            <code>polyhop tools add</code> makes one, from MCP servers, OpenAPI descriptions or function definitions.
          </p>
        </div>
      ) : (
        <>
          <Filter label="Search" placeholder="Convert 20 euros to yen" onChange={(given) => (setBefore([""]), setAsked(given))} />
          {wrong ? <Failed message={wrong} /> : null}
          {asked && found?.answerable != null ? (
            <p class="note" title={percent(found.answerable)}>
              Confidence that a tool here can do it: <strong>{level(found.answerable)}</strong>
            </p>
          ) : null}
          {found?.tools.length === 0 ? <p class="nothing">{asked ? "No tool here fits." : "The catalogue is empty."}</p> : null}
          <ul class="cards">
            {found?.tools.map((one) => (
              <li key={one.id}>
                <Tool tool={one} asked={asked} />
              </li>
            ))}
          </ul>
          {asked ? null : <Pager before={before} setBefore={setBefore} next={found?.next} />}
        </>
      )}
    </div>
  );
}

function Tool({ tool, asked }) {
  return (
    <article class="tool">
      <h2>
        {tool.name} {tool.server ? <span class="note">{tool.server}</span> : null}
      </h2>
      <p>{tool.description}</p>
      {tool.reason && tool.reason !== asked ? <p class="note">{tool.reason}</p> : null}
      <p class="chips">
        {tool.required.map((one) => (
          <code key={one}>{one}</code>
        ))}
        {tool.optional.map((one) => (
          <code key={one} class="optional">
            {one}?
          </code>
        ))}
      </p>
      <details>
        <summary>Definition</summary>
        <pre tabIndex={0}>{JSON.stringify(tool.definition, null, 2)}</pre>
      </details>
    </article>
  );
}
