// Small parts that several views have.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, path, post, refresh } from "./api.js";
import { choose, collections, settings, told } from "./state.js";
import { uploads } from "./uploads.js";
import { problem } from "./words.js";

/** What went wrong, in the server's words. */
export function Failed({ message, again }) {
  return (
    <div class="failed" role="alert">
      <p>{message}</p>
      {again ? (
        <button type="button" onClick={again}>
          Try again
        </button>
      ) : null}
    </div>
  );
}

export function Select({ label, value, options, onChange }) {
  return (
    <label class="inline">
      <span>{label}</span>
      <select aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
        {Object.entries(options).map(([name, said]) => (
          <option key={name} value={name}>
            {said}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The choice of a collection. */
export function Picked({ value = settings.value.collection, onChange = (name) => choose({ collection: name }) }) {
  const names = collections.value;
  if (!names.length) return <span class="note">no collection yet</span>;
  return <Select label="In" value={value} onChange={onChange} options={Object.fromEntries(names.map((name) => [name, name]))} />;
}

/** Where files are dropped or chosen; `after` is told the collection once they are on the server's disk. */
export function Drop({ to, after }) {
  const field = useRef();
  const [over, setOver] = useState(false);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");
  const send = async (files) => {
    if (!files.length) return;
    setBusy(true);
    setWrong("");
    told.value = "Sending files";
    try {
      const job = await given(to, files);
      uploads.value = [job, ...uploads.value];
      await refresh();
      after?.(to);
    } catch (error) {
      setWrong(problem(error));
    } finally {
      setBusy(false);
    }
  };
  const drop = async (event) => {
    event.preventDefault();
    setOver(false);
    send(await dropped(event.dataTransfer));
  };
  return (
    <div
      class={`drop ${over ? "over" : ""}`}
      onDragOver={(event) => (event.preventDefault(), setOver(true))}
      onDragLeave={(event) => event.currentTarget.contains(event.relatedTarget) || setOver(false)}
      onDrop={drop}
    >
      <svg viewBox="0 0 24 24" width="28" height="28" aria-hidden="true">
        <path d="M12 15V4m0 0L8 8m4-4 4 4M4 15v4h16v-4" />
      </svg>
      <p>
        Drop files here, or{" "}
        <button type="button" class="link" disabled={busy} onClick={() => field.current.click()}>
          choose files
        </button>
      </p>
      <p class="note">{busy ? "Sending…" : `PDF, Word, slides, sheets, Markdown, HTML, mail and more, into “${to}”`}</p>
      <input
        ref={field}
        type="file"
        multiple
        hidden
        data-files
        onChange={(event) => {
          send([...event.target.files].map((file) => ({ file, name: file.webkitRelativePath || file.name })));
          event.target.value = "";
        }}
      />
      {wrong ? <Failed message={wrong} /> : null}
    </div>
  );
}

/**
 * Send files; returns the upload, with those that the server doesn't read as `refused`. It refuses an upload for one
 * file of a format that it doesn't know, so the files of that format are left out and the others sent again.
 */
async function given(to, files) {
  const refused = [];
  for (let rest = files; ; ) {
    const form = new FormData();
    for (const { file, name } of rest) form.append("files", file, name);
    try {
      return { ...(await post(`${path("collections", to)}/uploads`, form)), refused };
    } catch (error) {
      const bad = error.status === 400 && rest.find(({ name }) => error.message.startsWith(`'${name}': `));
      if (!bad) throw error;
      const kept = rest.filter(({ name }) => suffix(name) !== suffix(bad.name));
      const why = error.message.slice(bad.name.length + 4);
      refused.push(...rest.filter((one) => !kept.includes(one)).map(({ name }) => ({ file: name, why })));
      if (!kept.length) throw error;
      rest = kept;
    }
  }
}

function suffix(name) {
  return name.match(/\.[^./]*$/)?.[0].toLowerCase() ?? "";
}

/** The files of a drop, those inside folders with their paths. */
async function dropped(data) {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...data.files].map((file) => ({ file, name: file.name }));
  return (await Promise.all(entries.map(below))).flat();
}

async function below(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, name: entry.fullPath.replace(/^\//, "") }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    found.push(...some);
  }
  return (await Promise.all(found.map(below))).flat();
}

export function Pager({ before, setBefore, next }) {
  if (before.length < 2 && next == null) return null;
  return (
    <nav class="pager" aria-label="Pages">
      <button type="button" disabled={before.length < 2} onClick={() => setBefore(before.slice(0, -1))}>
        ← Back
      </button>
      <span class="note">page {before.length}</span>
      <button type="button" disabled={next == null} onClick={() => setBefore([...before, next])}>
        Next →
      </button>
    </nav>
  );
}

/** Return [what an address answers, what went wrong]; asks again when the address, the query or `again` changes, nothing without an address. */
export function useLoaded(address, query, again = []) {
  const [state, setState] = useState([null, ""]);
  useEffect(() => {
    if (!address) return;
    const leaving = new AbortController();
    get(address, query, leaving.signal).then(
      (found) => setState([found, ""]),
      (error) => error.name === "AbortError" || setState([null, problem(error)]),
    );
    return () => leaving.abort();
  }, [address, JSON.stringify(query), ...again]);
  return state;
}
