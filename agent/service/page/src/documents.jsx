import { useEffect, useState } from "preact/hooks";
import { path, refresh } from "./api.js";
import { Drop, Failed, Pager, Picked, useLoaded } from "./parts.jsx";
import { choose, collections, go, reading, route, settings } from "./state.js";
import { follow, uploads } from "./uploads.js";
import { bytes, count } from "./words.js";

const PAGE = 50;

/** A collection: what it holds, its links and names, and what is added to it. */
export function Documents() {
  const [chosen, tab = "list"] = route.value.rest;
  const name = chosen || settings.value.collection;
  const [added, setAdded] = useState(0);
  const [fresh, setFresh] = useState("");
  const known = collections.value.includes(name);
  useEffect(() => {
    if (known) choose({ collection: name });
  }, [name, known]);
  const open = uploads.value.filter((one) => one.state === "waiting" || one.state === "running").length;
  useEffect(() => follow(() => (refresh(), setAdded((times) => times + 1))), [open]);
  const make = (event) => {
    event.preventDefault();
    const wanted = fresh.trim().toLowerCase();
    if (wanted) go("documents", wanted);
    setFresh("");
  };
  return (
    <div class="documents">
      <header class="head">
        <h1>Documents</h1>
        <div class="options">
          <Picked value={name} onChange={(one) => go("documents", one)} />
          <details class="more">
            <summary>New collection</summary>
            <form onSubmit={make}>
              <input aria-label="Name of the new collection" value={fresh} pattern="[a-z0-9][a-z0-9._\-]*" maxLength={63} placeholder="notes" onInput={(event) => setFresh(event.target.value)} />
              <button type="submit">Open</button>
            </form>
          </details>
        </div>
      </header>
      {known ? <About name={name} added={added} /> : <p class="note">“{name || "default"}” is made with its first file.</p>}
      <Drop to={name || "default"} after={(to) => go("documents", to)} />
      <Reports />
      {known ? (
        <>
          <div class="tabs" role="group" aria-label="Show">
            {Object.entries({ list: "Documents", names: "Names" }).map(([one, said]) => (
              <button key={one} type="button" aria-pressed={tab === one} onClick={() => go("documents", name, one)}>
                {said}
              </button>
            ))}
          </div>
          {tab === "names" ? <Names key={name} name={name} /> : <List key={name} name={name} added={added} />}
        </>
      ) : null}
    </div>
  );
}

function About({ name, added }) {
  const [about, wrong] = useLoaded(path("collections", name), {}, [added]);
  if (wrong) return <Failed message={wrong} />;
  if (!about) return <p class="note">…</p>;
  return (
    <>
      <p class="lead">
        {count(about.documents, about.kind === "tools" ? "tool" : "document")}, {count(about.passages, "passage")} <span class="note">embedded by {about.embedder}</span>
      </p>
      {about.notices.length ? (
        <ul class="notices">
          {about.notices.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      ) : null}
    </>
  );
}

/** What the readers made of the files that were given in this tab. */
function Reports() {
  if (!uploads.value.length) return null;
  return (
    <section class="reports" aria-label="Uploads">
      {uploads.value.map((one) => (
        <Report key={one.id} upload={one} />
      ))}
    </section>
  );
}

const STATES = { read: "read", skipped: "skipped", unchanged: "unchanged", partly: "partly read" };

function Report({ upload }) {
  const { state, files, results = [], refused = [], collection } = upload;
  const busy = state === "waiting" || state === "running";
  return (
    <article class="report" aria-busy={busy}>
      <h2>
        {busy ? (state === "waiting" ? "Waiting" : `Reading ${upload.file || ""}`) : state === "failed" ? "Failed" : "Read"}
        <span class="note">
          {" "}
          {count(files.length, "file")}, {bytes(upload.bytes)}, into “{collection}”
          {busy ? "" : ` · ${count(upload.documents_added, "document")} added, ${upload.documents_changed} changed, ${count(upload.passages, "passage")}`}
        </span>
      </h2>
      {busy ? <div class="bar" role="progressbar" aria-label="Reading" /> : null}
      {upload.error ? <Failed message={upload.error} /> : null}
      {busy ? null : (
        <ul class="results">
          {refused.map(({ file, why }) => (
            <li key={file} class="skipped">
              <span class="title">{file}</span>
              <span class="state skipped">not taken</span>
              <span class="note" />
              <p class="why">{why}</p>
            </li>
          ))}
          {results.map((one) => (
            <li key={one.file} class={one.state}>
              <span class="title">{one.file}</span>
              <span class={`state ${one.state}`}>{STATES[one.state] ?? one.state}</span>
              <span class="note">{one.documents ? count(one.documents, "document") : ""}</span>
              {one.reasons.length || one.warnings.length || Object.keys(one.dropped).length ? (
                <ul class="why">
                  {one.reasons.map((said) => (
                    <li key={said}>{said}</li>
                  ))}
                  {one.warnings.map(({ what, detail }) => (
                    <li key={what + detail}>
                      {what}
                      {detail ? `: ${detail}` : ""}
                    </li>
                  ))}
                  {Object.entries(one.dropped).map(([kind, characters]) => (
                    <li key={kind}>
                      left out on purpose: {kind}, {count(characters, "character")}
                    </li>
                  ))}
                </ul>
              ) : null}
            </li>
          ))}
        </ul>
      )}
    </article>
  );
}

function List({ name, added }) {
  const [before, setBefore] = useState([""]); // where the pages begin that were seen, the present one last
  const [where, setWhere] = useState("");
  const [found, wrong] = useLoaded(path("collections", name, "documents"), { after: before.at(-1), limit: PAGE, where }, [added]);
  return (
    <section aria-label="Documents">
      <Filter onChange={(given) => (setBefore([""]), setWhere(given))} />
      {wrong ? <Failed message={wrong} /> : null}
      {found?.documents.length === 0 ? <p class="nothing">{where ? "No document passes this filter." : "No documents yet."}</p> : null}
      <ul class="rows">
        {found?.documents.map((one) => (
          <li key={one.key}>
            <button type="button" class="row" onClick={() => read(name, one.key, one.title)}>
              <span class="title">{one.title || one.key}</span>
              {one.title ? <span class="note">{one.key}</span> : null}
            </button>
          </li>
        ))}
      </ul>
      <Pager before={before} setBefore={setBefore} next={found?.next} />
    </section>
  );
}

function Names({ name }) {
  const [before, setBefore] = useState([""]);
  const [found, wrong] = useLoaded(path("collections", name, "names"), { after: before.at(-1), limit: PAGE });
  return (
    <section aria-label="Names">
      {wrong ? <Failed message={wrong} /> : null}
      {found?.names.length === 0 ? <p class="nothing">No document bears a name.</p> : null}
      <ul class="rows names">
        {found?.names.map((one) => (
          <li key={one.name}>
            <span class="title">{one.name}</span>
            <span>
              {one.documents.map((document) => (
                <button key={document.document} type="button" class="link" onClick={() => read(name, document.document, document.title)}>
                  {document.title || document.document}
                </button>
              ))}
            </span>
          </li>
        ))}
      </ul>
      <Pager before={before} setBefore={setBefore} next={found?.next} />
    </section>
  );
}

export function Filter({ onChange, label = "Filter", placeholder = "year >= 1970" }) {
  const [text, setText] = useState("");
  const submit = (event) => {
    event.preventDefault();
    onChange(text.trim());
  };
  return (
    <form class="filter" role="search" onSubmit={submit}>
      <input type="text" aria-label={label} placeholder={placeholder} spellcheck={false} value={text} onInput={(event) => setText(event.target.value)} />
      <button type="submit">{label}</button>
    </form>
  );
}

function read(collection, key, title) {
  reading.value = { collection, document: key, passage: "", title, from: document.activeElement };
}
