// What several views share. Conversations stay in this browser, a key for as long as the tab is open.
import { signal } from "@preact/signals";

const stored = (storage, name, otherwise) => {
  try {
    return JSON.parse(storage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
};

export const key = signal(stored(sessionStorage, "polyhop-key", ""));
/** Why a key is asked for; "" while none is. */
export const needsKey = signal("");
export const route = signal(read());
/** What the reader pane shows: {collection, document, passage, quotes, title}, or null. */
export const reading = signal(null);
export const collections = signal([]);
/** Whether the server has said which collections there are. */
export const listed = signal(false);
export const settings = signal({ collection: "", profile: "", k: 5, where: "", ...stored(localStorage, "polyhop-settings", {}) });
export const shortcuts = signal(stored(localStorage, "polyhop-shortcuts", true));
/** What is told to screen readers. */
export const told = signal("");
export const conversations = signal([]);
export const current = signal(null);
/** Pieces of a conversation that are too large or too short-lived to be stored: trees as pictures, by turn. */
export const pictures = new Map();

const KEPT = 50;

function read() {
  const [view = "ask", ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  return { view: view || "ask", rest: rest.map(decoded) };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // an address that somebody typed
  }
}

addEventListener("hashchange", () => (route.value = read()));

export function go(view, ...rest) {
  location.hash = `#/${[view, ...rest.map((part) => encodeURIComponent(part))].join("/")}`;
}

export function setKey(given) {
  key.value = given;
  needsKey.value = "";
  if (given) sessionStorage.setItem("polyhop-key", JSON.stringify(given));
  else sessionStorage.removeItem("polyhop-key");
  reading.value = null;
  open();
}

export function choose(changed) {
  settings.value = { ...settings.value, ...changed };
  localStorage.setItem("polyhop-settings", JSON.stringify(settings.value));
}

export function setShortcuts(on) {
  shortcuts.value = on;
  localStorage.setItem("polyhop-shortcuts", JSON.stringify(on));
}

// Conversations: those asked with one key are not shown with another. The middle part of a key is its id, no secret.
const shelf = () => `polyhop-conversations${key.value ? `-${key.value.split("_")[1] ?? "key"}` : ""}`;

/** Read what is stored for the present key. */
export function open() {
  conversations.value = stored(localStorage, shelf(), []);
  current.value = null;
}
open();

export function keep(conversation) {
  current.value = conversation;
  conversations.value = [conversation, ...conversations.value.filter((one) => one.id !== conversation.id)].slice(0, KEPT);
  store();
}

export function forget(id) {
  conversations.value = id ? conversations.value.filter((one) => one.id !== id) : [];
  if (!id || current.value?.id === id) current.value = null;
  store();
}

function store() {
  for (let kept = conversations.value; ; kept = kept.slice(0, -1)) {
    try {
      return localStorage.setItem(shelf(), JSON.stringify(kept));
    } catch {
      if (!kept.length) return; // the browser keeps nothing
    }
  }
}
