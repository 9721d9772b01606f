import { render } from "preact";
import { useEffect } from "preact/hooks";
import { Ask } from "./ask.jsx";
import { Compare } from "./compare.jsx";
import { Conversations, KeyDialog, Shortcuts } from "./dialogs.jsx";
import { Documents } from "./documents.jsx";
import { refresh } from "./api.js";
import { Reader } from "./reader.jsx";
import { current, go, key, needsKey, reading, route, shortcuts, told } from "./state.js";
import { Tools } from "./tools.jsx";
import { signal } from "@preact/signals";

const VIEWS = { ask: ["Ask", Ask], compare: ["Compare", Compare], documents: ["Documents", Documents], tools: ["Tools", Tools] };
const dialog = signal("");

function Page() {
  const { view } = route.value;
  const [title, View] = VIEWS[view] ?? VIEWS.ask;
  useEffect(() => void refresh(), [key.value]);
  useEffect(() => {
    document.title = `${title} · polyhop`;
  }, [title]);
  useEffect(() => {
    const press = (event) => pressed(event);
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to content
      </a>
      <header class="top">
        <a class="brand" href="#/ask" aria-label="polyhop, ask">
          <img src="/ui/icon.svg" alt="" width="24" height="24" /> <span>polyhop</span>
        </a>
        <nav aria-label="Views">
          {Object.entries(VIEWS).map(([name, [said]]) => (
            <a key={name} href={`#/${name}`} aria-current={name === view ? "page" : undefined}>
              {said}
            </a>
          ))}
        </nav>
        <div class="tools">
          <button type="button" class="quiet" onClick={() => (dialog.value = "conversations")}>
            History
          </button>
          <button type="button" class="quiet" onClick={() => (dialog.value = "key")} aria-label={key.value ? "API key, set" : "API key"}>
            Key{key.value ? " ✓" : ""}
          </button>
          <button type="button" class="quiet round" onClick={() => (dialog.value = "shortcuts")} aria-label="Keyboard shortcuts">
            ?
          </button>
        </div>
      </header>
      <div class={`body ${reading.value ? "with-reader" : ""}`}>
        <main id="main" tabIndex={-1}>
          <View />
        </main>
        {reading.value ? <Reader {...reading.value} /> : null}
      </div>
      <div class="hidden" role="status" aria-live="polite">
        {told.value}
      </div>
      <KeyDialog open={dialog.value === "key" || Boolean(needsKey.value)} close={close} />
      <Shortcuts open={dialog.value === "shortcuts"} close={close} />
      <Conversations open={dialog.value === "conversations"} close={close} />
    </>
  );
}

function close() {
  dialog.value = "";
  needsKey.value = "";
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

function pressed(event) {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "Escape" && reading.value && !document.querySelector("dialog[open]")) {
    const from = reading.value.from;
    reading.value = null;
    (from?.isConnected ? from : document.getElementById("main")).focus();
  }
  if (typing || !shortcuts.value || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "/") {
    event.preventDefault();
    toQuestion();
  } else if (event.key === "?") dialog.value = "shortcuts";
  else if (event.key === "n") {
    event.preventDefault();
    current.value = null;
    toQuestion();
  } else if (/^[1-9]$/.test(event.key)) {
    [...document.querySelectorAll(`.turn:last-of-type [data-passage="${event.key}"]`)].at(0)?.click();
  }
}

/** Focus the question: at once where it is there, so that what is typed next is not lost. */
function toQuestion() {
  const field = document.querySelector("[data-question]");
  if (field) return field.focus();
  go("ask");
  addEventListener("hashchange", () => requestAnimationFrame(() => document.querySelector("[data-question]")?.focus()), { once: true });
}

render(<Page />, document.getElementById("page"));
