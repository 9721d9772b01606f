// The hop tree of a result: the question, the passages, and by what each was reached.
import { hierarchy, tree } from "d3-hierarchy";
import { gain } from "./words.js";

/** passages in a tree; more of them are a list, not a picture */
export const MOST = 15;

/**
 * Return {root, all}: nodes {id, title, number, passage, cited, children, bridge, pending, pruned}.
 * A passage stands once, below the last passage of its path. A bridge that is no result itself is a node without number.
 */
export function grown(retrieval, cited = new Set(), left = []) {
  const root = { id: "", title: retrieval.question, children: [] };
  const nodes = new Map([["", root]]);
  const parents = new Map();
  retrieval.passages.forEach((passage, place) => {
    if (place >= MOST && !cited.has(place + 1)) return;
    const node = { id: passage.id, title: titleOf(passage), number: place + 1, passage, children: [] };
    nodes.set(passage.id, { ...node, cited: cited.has(place + 1), gain: gain(passage) });
  });
  for (const passage of left.slice(0, Math.max(0, MOST - nodes.size)))
    nodes.set(passage.id, { id: passage.id, title: titleOf(passage), passage, pruned: true, gain: gain(passage), children: [] });
  for (const node of [...nodes.values()]) {
    if (!node.passage) continue;
    let above = "";
    for (const step of node.passage.path) {
      if (!nodes.has(step.id)) nodes.set(step.id, { id: step.id, title: step.title || "(no title)", bridge: true, children: [] });
      if (nodes.get(step.id).bridge && !parents.has(step.id)) parents.set(step.id, above);
      above = step.id;
    }
    parents.set(node.id, leads(parents, above, node.id) ? "" : above);
  }
  for (const node of nodes.values()) if (node !== root) nodes.get(parents.get(node.id) ?? "").children.push(node);
  return root;
}

/** The tree of a run that is under way: the question, and the passages that the present hop begins at. */
export function growing(question, events) {
  const hop = events.findLast((event) => event.event === "hop");
  const children = (hop?.bridges ?? []).slice(0, 5).map((title, place) => ({
    id: `bridge ${place}`,
    title: title.split("\n")[0],
    bridge: true,
    pending: true,
    children: [],
  }));
  return { id: "", title: question, pending: true, children };
}

function leads(parents, from, to) {
  for (let id = from; id; id = parents.get(id)) if (id === to) return true;
  return false;
}

export function titleOf(passage) {
  return passage.title || passage.heading || passage.document || (passage.text ?? "(no title)").slice(0, 60);
}

/** Return {placed: [{node, x, y, parent}], width, height} in pixels for a width that is there. */
export function laidOut(root, room) {
  const deep = depth(root);
  const [first, row] = [112, 74];
  const across = (room - first) / Math.max(1, deep);
  const gap = Math.max(96, Math.min(150, across * 0.4));
  const wide = Math.max(150, Math.min(230, across - gap));
  const laid = tree().nodeSize([row, 1])(hierarchy(root));
  const all = laid.descendants();
  const top = Math.min(...all.map((one) => one.x));
  const left = (one) => (one.depth ? first + gap + (one.depth - 1) * (wide + gap) : 0);
  const placed = new Map(all.map((one) => [one.data, { x: left(one), y: one.x - top + row / 2, width: one.depth ? wide : first, gap }]));
  const links = laid.links().map(({ source, target }) => ({ from: placed.get(source.data), to: placed.get(target.data), node: target.data }));
  return { placed, links, width: first + deep * (wide + gap), height: Math.max(...all.map((one) => one.x)) - top + row };
}

function depth(node) {
  return node.children.length ? 1 + Math.max(...node.children.map(depth)) : 0;
}
