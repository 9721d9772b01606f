import { useEffect, useRef, useState } from "preact/hooks";
import { get, headers, path } from "./api.js";
import { Failed, Pager, useLoaded } from "./parts.jsx";
import { reading, told } from "./state.js";
import { problem } from "./words.js";

const AROUND = 6; // passages before the one that is opened
const PAGE = 20;

/** The document beside the answer, opened at a passage with the quoted words marked. */
export function Reader({ collection, document: given = "", passage, title, quotes = [], hop, from }) {
  const [view, setView] = useState("text");
  const [about, setAbout] = useState(null);
  const [wrong, setWrong] = useState("");
  const own = useRef();
  const key = given || (about?.id === passage && about?.document) || "";
  useEffect(() => {
    const leaving = new AbortController();
    setAbout(null);
    setWrong("");
    const ready = (found) => {
      setAbout(found);
      setView(found.original && isPdf(found) ? "pdf" : "text");
      told.value = `${found.title || found.document} opened`;
    };
    const address = passage ? path("collections", collection, "passages", passage) : path("collections", collection, "texts", given);
    get(address, passage ? {} : { limit: 1 }, leaving.signal)
      .then((found) => ready(passage ? found : { ...found, document: found.key, place: 0 }))
      .catch((error) => error.name === "AbortError" || setWrong(problem(error)));
    return () => leaving.abort();
  }, [collection, given, passage]);
  useEffect(() => own.current.querySelector("h2").focus(), [given, passage]);

  const close = () => {
    reading.value = null;
    if (from?.isConnected) from.focus();
  };
  const shown = about && about.document === key && (!passage || about.id === passage);
  return (
    <aside class="reader" ref={own} aria-label="Reader">
      <header>
        <div>
          <h2 tabIndex={-1}>{(shown && about.title) || title || key}</h2>
          <p class="note">{key}</p>
        </div>
        <button type="button" class="quiet round" aria-label="Close the reader" onClick={close}>
          ×
        </button>
      </header>
      {shown ? (
        <div class="tabs" role="group" aria-label="Show as">
          {isPdf(about) ? (
            <button type="button" aria-pressed={view === "pdf"} onClick={() => setView("pdf")}>
              Pages
            </button>
          ) : null}
          <button type="button" aria-pressed={view === "text"} onClick={() => setView("text")}>
            Text
          </button>
          <button type="button" aria-pressed={view === "links"} onClick={() => setView("links")}>
            Links
          </button>
          {about.original ? <Original collection={collection} document={key} /> : null}
        </div>
      ) : null}
      {wrong ? <Failed message={wrong} /> : null}
      {shown && view === "pdf" ? (
        <Pages collection={collection} document={key} passage={about} quotes={quotes} onFail={(said) => (setView("text"), setWrong(said))} />
      ) : null}
      {shown && view === "text" ? <Text collection={collection} document={key} passage={passage} place={about.place} quotes={quotes} hop={hop} /> : null}
      {shown && view === "links" ? <Ties key={key} collection={collection} document={key} /> : null}
      {!shown && !wrong ? <p class="note">Opening…</p> : null}
    </aside>
  );
}

function isPdf({ source, document }) {
  return /\.pdf$/i.test((source || document).split("#")[0]);
}

function Original({ collection, document: key }) {
  const [wrong, setWrong] = useState("");
  const load = async () => {
    const response = await fetch(`${path("collections", collection, "originals", key)}?download=true`, { headers: headers() });
    if (!response.ok) return setWrong("The file is not there any more.");
    const address = URL.createObjectURL(await response.blob());
    const name = key.split("#")[0].split("/").at(-1);
    Object.assign(window.document.createElement("a"), { href: address, download: name }).click();
    URL.revokeObjectURL(address);
  };
  return (
    <button type="button" class="quiet" onClick={load}>
      {wrong || "Save the file"}
    </button>
  );
}

/** What a document is tied to: the names that it bears, the links of its author, and the links to it. */
function Ties({ collection, document: key }) {
  const [names, wrong] = useLoaded(path("collections", collection, "names"), { document: key, limit: 50 });
  return (
    <div class="ties">
      {wrong ? <Failed message={wrong} /> : null}
      <section>
        <h3>Names by which a hop finds it</h3>
        {names?.names.length === 0 ? <p class="note">None.</p> : <p>{names?.names.map((one) => one.name).join(", ")}</p>}
      </section>
      <Links collection={collection} document={key} direction="out" title="Links in it" />
      <Links collection={collection} document={key} direction="in" title="Links to it" />
    </div>
  );
}

function Links({ collection, document: key, direction, title }) {
  const [before, setBefore] = useState([0]);
  const [found, wrong] = useLoaded(path("collections", collection, "links"), { document: key, direction, after: before.at(-1), limit: 50 });
  const open = (end, own) =>
    (reading.value = { collection, document: end.document, passage: end.passage, title: end.title, quotes: own ? [{ ...own, own: true }] : [] });
  return (
    <section>
      <h3>{title}</h3>
      {wrong ? <Failed message={wrong} /> : null}
      {found?.links.length === 0 ? <p class="note">None.</p> : null}
      <ul class="links">
        {found?.links.map((one, place) => (
          <li key={place}>
            <button type="button" class="link" onClick={() => open(one.from, { start: one.start, end: one.end })}>
              “{one.words}”
            </button>{" "}
            {direction === "in" ? <>in {one.from.title || one.from.document}</> : one.to ? <Target to={one.to} open={open} /> : <>→ {one.address}, which is not here</>}{" "}
            <span class="note">{one.kind}</span>
          </li>
        ))}
      </ul>
      <Pager before={before} setBefore={setBefore} next={found?.next} />
    </section>
  );
}

function Target({ to, open }) {
  return (
    <>
      →{" "}
      <button type="button" class="link" onClick={() => open(to)}>
        {to.title || to.document}
      </button>
    </>
  );
}

/** The text of a document, as its reader extracted it: text, and nothing of it is markup. */
function Text({ collection, document: key, passage, place, quotes, hop }) {
  const [passages, setPassages] = useState([]);
  const [next, setNext] = useState(null);
  const [wrong, setWrong] = useState("");
  const target = useRef();
  const address = path("collections", collection, "texts", key);
  const first = Math.max(0, place - AROUND);
  useEffect(() => {
    const leaving = new AbortController();
    get(address, { after: first, limit: PAGE }, leaving.signal)
      .then((found) => {
        setPassages(found.passages);
        setNext(found.next);
      })
      .catch((error) => error.name === "AbortError" || setWrong(problem(error)));
    return () => leaving.abort();
  }, [address, first]);
  useEffect(() => {
    const mark = target.current?.querySelector("mark") ?? target.current;
    mark?.scrollIntoView({ block: "center" });
  }, [passages.length > 0, passage]);
  const more = async (after, limit, put) => {
    try {
      const found = await get(address, { after, limit });
      put(found);
    } catch (error) {
      setWrong(problem(error));
    }
  };
  const begins = passages[0]?.place ?? 0;
  const earlier = () => {
    const after = Math.max(0, begins - PAGE);
    more(after, begins - after, (found) => setPassages([...found.passages, ...passages]));
  };
  const later = () => more(next, PAGE, (found) => (setPassages([...passages, ...found.passages]), setNext(found.next)));
  let heading = null;
  return (
    <div class="text">
      {wrong ? <Failed message={wrong} /> : null}
      {begins > 0 ? (
        <button type="button" class="quiet" onClick={earlier}>
          Earlier in the document
        </button>
      ) : null}
      {passages.map((one) => {
        const above = one.heading !== heading ? one.heading : "";
        heading = one.heading;
        const here = one.id === passage;
        return (
          <section key={one.id} ref={here ? target : null} class={here ? "here" : ""} aria-current={here ? "location" : undefined}>
            {above ? <h3>{above}</h3> : null}
            {one.page ? <span class="page-number">page {one.page}</span> : null}
            <p>{here ? marked(one, quotes) : hop?.passage === one.id ? marked(one, [{ start: hop.start, end: hop.end, own: true }]) : one.text}</p>
          </section>
        );
      })}
      {next != null ? (
        <button type="button" class="quiet" onClick={later}>
          Further in the document
        </button>
      ) : null}
    </div>
  );
}

/** The text of a passage with the quoted characters marked; quotes count in the document, those with `own` in the passage. */
export function marked(passage, quotes) {
  const spans = ranges(passage, quotes);
  const pieces = [];
  let at = 0;
  for (const { start, end } of spans) {
    if (start > at) pieces.push(passage.text.slice(at, start));
    pieces.push(<mark key={start}>{passage.text.slice(Math.max(at, start), end)}</mark>);
    at = end;
  }
  return [...pieces, passage.text.slice(at)];
}

/** Quotes as characters of the passage's text, in order, none over another. JavaScript counts UTF-16 units, Python characters. */
export function ranges(passage, quotes) {
  const units = wide(passage.text);
  const found = [];
  for (const quote of [...quotes].sort((one, other) => one.start - other.start)) {
    const offset = quote.own ? 0 : passage.start;
    if (offset == null) continue;
    const start = Math.max(units(quote.start - offset), found.at(-1)?.end ?? 0);
    const end = units(quote.end - offset);
    if (end > start) found.push({ start, end });
  }
  return found;
}

function wide(text) {
  if (!/[\u{10000}-\u{10ffff}]/u.test(text)) return (place) => Math.max(0, Math.min(text.length, place));
  const starts = [0];
  for (const character of text) starts.push(starts.at(-1) + character.length);
  return (place) => starts[Math.max(0, Math.min(starts.length - 1, place))];
}

/** The pages of a PDF; pdf.js comes with the first one that is opened. */
function Pages(given) {
  const [Show, setShow] = useState(null);
  useEffect(() => {
    import("./pdf.jsx").then(
      ({ PdfPages }) => setShow(() => PdfPages),
      () => given.onFail("The part of this page that shows PDF files could not be loaded."),
    );
  }, []);
  return Show ? <Show {...given} /> : <p class="note">Opening…</p>;
}
