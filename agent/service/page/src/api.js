// Requests to the service that served this page, and nowhere else.
import { choose, collections, key, listed, needsKey, settings } from "./state.js";

/** What the service says went wrong (problem details, RFC 9457). */
export class Problem extends Error {
  constructor(status, title, detail) {
    super(detail || title);
    this.status = status;
    this.title = title;
  }
}

export function path(...parts) {
  return "/" + parts.map((part) => encodeURIComponent(part)).join("/");
}

export function headers() {
  return key.value ? { Authorization: `Bearer ${key.value}` } : {};
}

async function send(method, address, { body, query, signal } = {}) {
  const asked = new URLSearchParams(Object.entries(query ?? {}).filter(([, value]) => value !== "" && value != null));
  const given = body instanceof FormData ? {} : body && { "Content-Type": "application/json" };
  let response;
  try {
    response = await fetch(asked.size ? `${address}?${asked}` : address, {
      method,
      headers: { ...headers(), ...given },
      body: body instanceof FormData ? body : body && JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "No answer", "The server cannot be reached. Is `polyhop serve` still running?");
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  if (response.status === 401) needsKey.value = key.value ? "This key does not hold." : "This server needs a key.";
  throw new Problem(response.status, said.title ?? response.statusText, said.detail);
}

export async function get(address, query, signal) {
  return (await send("GET", address, { query, signal })).json();
}

export async function post(address, body, signal) {
  return (await send("POST", address, { body, signal })).json();
}

/** Yield the events of a stream of server-sent events. */
export async function* stream(address, body, signal) {
  const response = await send("POST", address, { body, signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const data = block.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
      if (data.length) yield JSON.parse(data.join("\n"));
    }
  }
}

/** Read which collections there are; one that is gone is no longer chosen. */
export async function refresh() {
  try {
    collections.value = (await get("/collections")).collections;
    listed.value = true;
  } catch {
    collections.value = []; // a missing key is asked for; what else fails is told where something is asked
  }
  const chosen = settings.value.collection;
  if (!collections.value.includes(chosen)) {
    const first = collections.value.find((name) => name === "default") ?? collections.value.find((name) => name !== "tools");
    choose({ collection: first ?? "" });
  }
}
