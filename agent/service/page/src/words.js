// What figures and names of the service are called on the page.

/** kind of way -> [on an edge, in a sentence] */
export const KINDS = {
  question: ["question", "found by the question itself"],
  named: ["named", "named in the question"],
  reformulation: ["reworded", "found by the question in other words"],
  link: ["name", "reached by a name that the passage before it mentions"],
  hyperlink: ["link", "reached by a link that the author of the passage before it wrote"],
  vector: ["vector", "reached by a query moved on from the passage before it"],
  words: ["words", "reached by a search for words of the passage before it"],
};

export const PROFILES = { fast: "Fast", quality: "Quality", auto: "Auto" };
export const STOPS = {
  "": "Default",
  dry: "when a search finds nothing new",
  settled: "when the best passages stay the same",
  "sufficient=0.9": "when the passages suffice (90 %)",
  "hopeless=0.7": "when no hop can change the best",
};

/** The words for a probability. */
export function level(chance) {
  return chance >= 0.75 ? "high" : chance >= 0.4 ? "middling" : "low";
}

export function percent(chance) {
  return `${Math.round(100 * chance)} %`;
}

export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

export function bytes(number) {
  return number < 1e6 ? `${Math.max(1, Math.round(number / 1e3))} kB` : `${(number / 1e6).toFixed(1)} MB`;
}

export function signed(number, digits = 1) {
  return `${number < 0 ? "−" : "+"}${Math.abs(number).toFixed(digits)}`;
}

/** What the way by which a passage was found adds to its score; null where its score has no such part. */
export function gain(passage) {
  const part = passage.kind === "question" ? "search" : passage.kind;
  return passage.parts?.[part] ?? passage.parts?.[passage.via] ?? null;
}

/** An event of a run in words, or "" for one that says little. */
export function step(event) {
  const hop = event.hop ? `Hop ${event.hop}` : "Search";
  switch (event.event) {
    case "search":
      return `${hop}: ${count(event.found ?? 0, "passage")} found${event.hop ? `, ${event.new ?? 0} of them new` : ""}`;
    case "hop":
      return `Hop ${event.hop}: ${count(event.queries ?? 0, "query", "queries")} from ${titles(event.bridges ?? [])}`;
    case "rerank":
      return event.found ? `Second look at ${count(event.found, "passage")}` : "Ranked";
    case "augment":
      return "The question in other words";
    case "escalate":
      return "A language model splits the question";
    case "choose":
      return "A language model chooses passages";
    case "instruct":
      return "Read what the question leaves out";
    case "finish":
      return `Ended: ${reason(event.reason ?? "")}`;
    case "answer":
      return event.reason === "extractive" ? "Answer quoted from the passages" : "Answer written";
    default:
      return "";
  }
}

function titles(given) {
  const shown = given.slice(0, 3).map((one) => one.split("\n")[0].slice(0, 60)).join(", ");
  return given.length > 3 ? `${shown} and ${given.length - 3} more` : shown || "the question";
}

/** Why a run ended: the rule, in words where it is one of ours. */
export function reason(rule) {
  const known = {
    MaxHops: (n) => `${count(Number(n), "hop")} made, as many as allowed`,
    WhenDry: () => "the last search found nothing new",
    WhenSettled: () => "the best passages stayed the same",
    WhenSufficient: () => "the passages suffice",
    WhenHopeless: () => "no further hop could change the best passages",
    WhenCancelled: () => "it was stopped",
    AfterSeconds: () => "its time was over",
  };
  const [, name, argument] = rule.match(/^(\w+)\((?:\w+=)?([\d.]*)/) ?? [];
  return known[name]?.(argument) ?? rule;
}

export function problem(error) {
  return error?.message || "Something went wrong.";
}
