// Uploads of this tab, and how far they are.
import { signal } from "@preact/signals";
import { get, path } from "./api.js";

export const uploads = signal([]);

/** Ask how far the uploads are until they are done; returns a function that ends the asking. */
export function follow(done) {
  let timer = 0;
  const look = async () => {
    const open = uploads.value.filter((one) => one.state === "waiting" || one.state === "running");
    const news = await Promise.all(open.map((one) => get(path("uploads", one.id)).catch((error) => ({ ...one, state: "failed", error: error.message }))));
    if (news.length) uploads.value = uploads.value.map((one) => ({ ...one, ...news.find((other) => other.id === one.id) }));
    if (news.some((one) => one.state === "done" || one.state === "failed")) done();
    if (uploads.value.some((one) => one.state === "waiting" || one.state === "running")) timer = setTimeout(look, 400);
  };
  look();
  return () => clearTimeout(timer);
}
