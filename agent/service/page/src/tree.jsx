import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { laidOut } from "./tree.js";
import { KINDS, signed } from "./words.js";

/** The hop tree: from left to right where there is room, an indented list on a narrow screen. */
export function HopTree({ root, onOpen, label = "Hop tree" }) {
  const frame = useRef();
  const [room, setRoom] = useState(0);
  const [focus, setFocus] = useState("");
  useLayoutEffect(() => {
    const watch = new ResizeObserver(([entry]) => setRoom(Math.floor(entry.contentRect.width)));
    watch.observe(frame.current);
    return () => watch.disconnect();
  }, []);
  const { placed, links, width, height } = useMemo(() => laidOut(root, room || 800), [root, room]);
  const order = useMemo(() => flat(root), [root]);
  useEffect(() => {
    if (!order.some((one) => one.node.id === focus)) setFocus("");
  }, [order]);

  const move = (event) => {
    const at = order.findIndex((one) => one.node.id === focus);
    const here = order[at] ?? order[0];
    const to = {
      ArrowDown: order[at + 1],
      ArrowUp: order[at - 1],
      ArrowRight: here.node.children.length ? order[at + 1] : null,
      ArrowLeft: order.find((one) => one.node === here.parent),
      Home: order[0],
      End: order.at(-1),
    }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (here.node.passage) onOpen?.(here.node);
    } else if (/^(Arrow|Home|End)/.test(event.key)) {
      event.preventDefault();
      if (!to) return;
      setFocus(to.node.id);
      const item = frame.current.querySelector(`[data-node="${CSS.escape(to.node.id)}"]`);
      item?.focus({ preventScroll: true });
      item?.firstElementChild.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  };

  return (
    <div class="tree-frame" ref={frame}>
      <div class="tree" style={{ "--tree-width": `${width}px`, "--tree-height": `${height}px` }}>
        <svg class="edges" width={width} height={height} aria-hidden="true">
          {links.map(({ from, to, node }) => (
            <path key={node.id} class={`edge ${node.passage?.kind ?? ""} ${mark(node)}`} d={curve(from, to)} style={delay(order, node)} />
          ))}
        </svg>
        <ul role="tree" aria-label={label} onKeyDown={move}>
          <Node node={root} level={1} {...{ placed, order, focus, setFocus, onOpen }} />
        </ul>
      </div>
    </div>
  );
}

function Node({ node, level, placed, order, focus, setFocus, onOpen }) {
  const at = placed.get(node) ?? { x: 0, y: 0, width: 150, gap: 100 };
  const style = { left: `${at.x}px`, top: `${at.y}px`, width: `${at.width}px`, "--gap": `${at.gap}px`, ...delay(order, node) };
  const open = () => {
    setFocus(node.id);
    if (node.passage) onOpen?.(node);
  };
  return (
    <li
      role="treeitem"
      aria-level={level}
      aria-expanded={node.children.length ? "true" : undefined}
      aria-label={spoken(node)}
      data-node={node.id}
      tabIndex={focus === node.id ? 0 : -1}
      onFocus={(event) => event.target === event.currentTarget && setFocus(node.id)}
    >
      <div class={`node ${mark(node)}`} style={style} onClick={open} title={hint(node)}>
        {node.id === "" ? null : <Edge node={node} />}
        <span class="box">
          {node.number ? <span class="number">{node.number}</span> : null}
          <span class="title">{node.id === "" ? "Question" : node.title}</span>
        </span>
      </div>
      {node.children.length ? (
        <ul role="group">
          {node.children.map((child) => (
            <Node key={child.id} node={child} level={level + 1} {...{ placed, order, focus, setFocus, onOpen }} />
          ))}
        </ul>
      ) : null}
    </li>
  );
}

function Edge({ node }) {
  if (!node.passage) return null;
  const { kind, span } = node.passage;
  const words = span?.text;
  return (
    <span class="label">
      {words ? <span class="words">“{words}”</span> : null}
      <span class="kind">
        {KINDS[kind]?.[0] ?? kind}
        {node.gain == null ? null : <span class={`gain ${node.gain < 0 ? "less" : ""}`}> {signed(node.gain)}</span>}
      </span>
    </span>
  );
}

function mark(node) {
  const known = { cited: node.cited, bridge: node.bridge, pending: node.pending, pruned: node.pruned, root: node.id === "", openable: node.passage };
  return Object.keys(known).filter((name) => known[name]).join(" ");
}

function spoken(node) {
  if (node.id === "") return `Question: ${node.title}`;
  if (!node.passage) return `${node.title}, a passage on the way`;
  const { kind, span } = node.passage;
  const how = `${KINDS[kind]?.[1] ?? kind}${span?.text ? `, “${span.text}”` : ""}`;
  const what = node.pruned ? "left out" : `passage ${node.number}${node.cited ? ", cited" : ""}`;
  return `${node.title}, ${what}, ${how}${node.gain == null ? "" : `, gain ${signed(node.gain)}`}`;
}

function hint(node) {
  if (!node.passage) return node.title;
  const gained = node.gain == null ? "" : `\nThis way adds ${signed(node.gain, 2)} to its score of ${node.passage.score.toFixed(2)}.`;
  return `${node.title}\n${KINDS[node.passage.kind]?.[1] ?? ""}${gained}`;
}

/** A curve in the first part of the gap, then straight: its label stands on the straight part. */
function curve(from, to) {
  const [x, y, end] = [from.x + from.width, from.y, to.x];
  const bend = x + Math.min(36, (end - x) / 2);
  const middle = (x + bend) / 2;
  return `M${x} ${y}C${middle} ${y} ${middle} ${to.y} ${bend} ${to.y}H${end}`;
}

function delay(order, node) {
  const level = order.find((one) => one.node === node)?.level ?? 0;
  return { "--delay": `${level * 160}ms` };
}

function flat(node, parent = null, level = 0) {
  return [{ node, parent, level }, ...node.children.flatMap((child) => flat(child, node, level + 1))];
}
