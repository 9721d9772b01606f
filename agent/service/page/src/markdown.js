// What a language model wrote, as markup that cannot run, load or look like the page's own controls.
import createDOMPurify from "dompurify";
import { Marked } from "marked";

const purify = createDOMPurify(window);
// two layers: HTML and pictures of the model are text before the sanitizer sees them
const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: { html: ({ text }) => escaped(text), image: ({ text }) => escaped(text) },
});
const ALLOWED = {
  ALLOWED_TAGS: "p br strong em del code pre blockquote ul ol li h1 h2 h3 h4 h5 h6 table thead tbody tr th td hr a sub sup".split(" "),
  ALLOWED_ATTR: ["href", "start"],
  ALLOWED_URI_REGEXP: /^https?:\/\//i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};

purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A") return;
  node.setAttribute("rel", "noopener noreferrer");
  node.setAttribute("target", "_blank");
});

/** Return safe HTML; marks [1] become buttons that carry their number. */
export function rendered(text) {
  const whole = document.createElement("div");
  whole.append(purify.sanitize(marked.parse(text, { async: false }), { ...ALLOWED, RETURN_DOM_FRAGMENT: true }));
  const texts = document.createTreeWalker(whole, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) if (!texts.currentNode.parentElement.closest("code, pre, a")) found.push(texts.currentNode);
  found.forEach(cite);
  return whole.innerHTML;
}

function cite(text) {
  const pieces = text.data.split(/\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]/);
  if (pieces.length === 1) return;
  text.replaceWith(...pieces.flatMap((piece, place) => (place % 2 ? piece.split(",").map((one) => button(Number(one))) : piece)));
}

function button(number) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "cite";
  made.dataset.cite = number;
  made.setAttribute("aria-label", `Open passage ${number}`);
  made.textContent = number;
  return made;
}

function escaped(text) {
  const holder = document.createElement("span");
  holder.textContent = text;
  return holder.innerHTML;
}
