import { useEffect, useRef } from "preact/hooks";
import { conversations, current, forget, go, key, needsKey, setKey, setShortcuts, shortcuts } from "./state.js";
import { count } from "./words.js";

/** A modal dialog; the browser keeps the focus in it and gives it back. */
function Dialog({ open, close, label, className = "", children }) {
  const own = useRef();
  useEffect(() => {
    if (open && !own.current.open) own.current.showModal();
    if (!open && own.current.open) own.current.close();
  }, [open]);
  return (
    <dialog ref={own} class={className} aria-label={label} onClose={close} onClick={(event) => event.target === own.current && own.current.close()}>
      {open ? (
        <div class="inside">
          <header>
            <h2>{label}</h2>
            <button type="button" class="quiet round" aria-label="Close" onClick={() => own.current.close()}>
              ×
            </button>
          </header>
          {children}
        </div>
      ) : null}
    </dialog>
  );
}

export function KeyDialog({ open, close }) {
  const field = useRef();
  const use = (event) => {
    event.preventDefault();
    setKey(field.current.value.trim());
    close();
  };
  return (
    <Dialog open={open} close={close} label="API key">
      <form onSubmit={use}>
        {needsKey.value ? <p class="error">{needsKey.value}</p> : null}
        <label>
          Key
          <input ref={field} type="password" autocomplete="off" spellcheck={false} defaultValue={key.value} placeholder="ph_…" />
        </label>
        <p class="note">
          It stays in this tab and is gone when you close it. <code>polyhop keys add</code> makes one. A server on this machine needs none
          until the first is made.
        </p>
        <div class="buttons">
          {key.value ? (
            <button type="button" onClick={() => (setKey(""), close())}>
              Forget it
            </button>
          ) : null}
          <button type="submit" class="primary">
            Use this key
          </button>
        </div>
      </form>
    </Dialog>
  );
}

const KEYS = [
  ["/", "go to the question"],
  ["n", "begin a new conversation"],
  ["1 … 9", "open a passage of the last answer"],
  ["?", "show this list"],
];

export function Shortcuts({ open, close }) {
  return (
    <Dialog open={open} close={close} label="Keyboard">
      <dl class="keys">
        {KEYS.map(([pressed, does]) => (
          <div key={pressed}>
            <dt>
              <kbd>{pressed}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>Enter</kbd>
          </dt>
          <dd>
            ask; <kbd>Shift</kbd> <kbd>Enter</kbd> begins a line
          </dd>
        </div>
        <div>
          <dt>
            <kbd>←</kbd> <kbd>→</kbd> <kbd>↑</kbd> <kbd>↓</kbd>
          </dt>
          <dd>
            move in the hop tree; <kbd>Enter</kbd> opens the passage
          </dd>
        </div>
        <div>
          <dt>
            <kbd>Esc</kbd>
          </dt>
          <dd>close the reader</dd>
        </div>
      </dl>
      <label class="check">
        <input type="checkbox" checked={shortcuts.value} onChange={(event) => setShortcuts(event.target.checked)} /> Shortcuts of one key
      </label>
    </Dialog>
  );
}

export function Conversations({ open, close }) {
  const choose = (one) => {
    current.value = one;
    go("ask");
    close();
  };
  return (
    <Dialog open={open} close={close} label="Conversations" className="drawer">
      <button type="button" class="primary" onClick={() => choose(null)}>
        New conversation
      </button>
      {conversations.value.length ? (
        <ul class="rows">
          {conversations.value.map((one) => (
            <li key={one.id}>
              <button type="button" class="row" aria-current={one.id === current.value?.id ? "true" : undefined} onClick={() => choose(one)}>
                <span class="title">{one.turns[0].question}</span>
                <span class="note">
                  {one.collection} · {count(one.turns.length, "turn")} · {new Date(one.when).toLocaleDateString()}
                </span>
              </button>
              <button type="button" class="quiet round" aria-label={`Forget “${one.turns[0].question}”`} onClick={() => forget(one.id)}>
                ×
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <p class="note">What you ask is kept here, in this browser. The server keeps nothing of it.</p>
      )}
      {conversations.value.length ? (
        <button type="button" class="quiet" onClick={() => forget("")}>
          Forget all
        </button>
      ) : null}
    </Dialog>
  );
}
