import { Graph, layout } from '/vendor/dagre.js';
import { words } from './format.js';

// Where each state and each step of a machine stands. Every composite state is laid out by itself and is a box in the
// one around it: nested boxes in one layout end up as tall as all their states together.

const TEXT_PX = 7; // mean width of a character at the chart's size of type
const STATE = { height: 34, padding: 14 };
const GROUP = { padding: 14, title: 18 };
const LABEL_LINE = 13;
const COUNT_CHARS = 4; // ' ×12'
const MARGIN = 8;

const LINE_CHARS = 11; // longer names are broken into two lines: a chart has more height than width

/**
 * @typedef {{ x: number, y: number, width: number, height: number }} Box `x` and `y` are its upper left corner
 * @typedef {{ id: string, event: string, guard: string, from: string, to: string }} Edge
 * @typedef {{ from: string, to: string, ids: string[], texts: { text: string, ids: string[] }[] }} Line one arrow
 *   for all edges between two states; a text that ends a name carries the `ids` of the edges of that name
 *
 * @param states `{ id, name, parent, kind }`; `parent` is null at the top, `kind` is 'leaf' or 'group'
 * @param {Edge[]} edges
 * @returns {{ width: number, height: number, boxes: Map<string, Box>, lines: (Line & { points, at })[] }}
 */
export function layoutChart(states, edges) {
  const lines = linesOf(edges);
  const isBelow = (id, group) => group === null || id.startsWith(`${group}.`);

  function layoutGroup(group, depth) {
    const graph = new Graph({ multigraph: true });
    graph.setGraph({ rankdir: depth < 2 ? 'TB' : 'LR', nodesep: 22, ranksep: depth < 2 ? 28 : 20, edgesep: 12 });
    const members = states.filter(({ parent }) => parent === group);
    const inner = new Map();
    for (const state of members) {
      if (state.kind === 'group') inner.set(state.id, layoutGroup(state.id, depth + 1));
      graph.setNode(state.id, sizeOf(state, inner.get(state.id)));
    }
    const memberOf = (id) => members.find((state) => state.id === id || isBelow(id, state.id))?.id;
    for (const line of lines) {
      if (!isBelow(line.from, group) || !isBelow(line.to, group)) continue;
      const [from, to] = [memberOf(line.from), memberOf(line.to)];
      if (from === undefined || to === undefined || from === to) continue;
      const chars = Math.max(...line.texts.map(({ text, ids }) => text.length + (ids.length === 0 ? 0 : COUNT_CHARS)));
      const size = { width: chars * TEXT_PX * 0.9, height: line.texts.length * LABEL_LINE };
      graph.setEdge(from, to, { line, ...size, labelpos: 'c' }, `${line.from} ${line.to}`);
    }
    layout(graph);
    const { width = 0, height = 0 } = graph.graph();
    return { graph, members, inner, width, height };
  }

  const boxes = new Map();
  const placed = [];
  function place({ graph, members, inner }, dx, dy) {
    for (const { id, kind } of members) {
      const { x, y, width, height } = graph.node(id);
      const box = { x: dx + x - width / 2, y: dy + y - height / 2, width, height };
      boxes.set(id, box);
      if (kind === 'group') place(inner.get(id), box.x + GROUP.padding, box.y + GROUP.padding + GROUP.title);
    }
    for (const named of graph.edges()) {
      const { line, points, x, y } = graph.edge(named);
      const moved = points.map((point) => ({ x: dx + point.x, y: dy + point.y }));
      placed.push({ ...line, points: moved, at: { x: dx + x, y: dy + y } });
    }
  }
  const root = layoutGroup(null, 0);
  place(root, MARGIN, MARGIN);
  for (const line of placed) attach(line, boxes);
  return { width: root.width + 2 * MARGIN, height: root.height + 2 * MARGIN, boxes, lines: placed };
}

/** @returns {Line[]} */
function linesOf(edges) {
  const lines = new Map();
  for (const { id, from, to, ...edge } of edges) {
    const key = `${from} ${to}`;
    const line = lines.get(key) ?? { from, to, ids: [], names: new Map() };
    const name = labelOf(edge);
    line.ids.push(id);
    line.names.set(name, [...(line.names.get(name) ?? []), id]);
    lines.set(key, line);
  }
  return [...lines.values()].map(({ names, ...line }) => {
    const labels = [...names].map(([text, ids]) => ({ text, ids }));
    return { ...line, texts: labels.length === 1 ? broken(labels[0]) : labels };
  });
}

function broken({ text, ids }) {
  const middle = text.length / 2;
  const [space] = [...text.matchAll(/ /g)]
    .map(({ index }) => index)
    .sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
  if (text.length <= LINE_CHARS || space === undefined) return [{ text, ids }];
  return [
    { text: text.slice(0, space), ids: [] },
    { text: text.slice(space + 1), ids },
  ];
}

/** `timer [pauseIsOver]` is known by its guard, `play [judgePlay]` by its event: the guard of a judge says nothing more. */
function labelOf({ event, guard }) {
  const name = (guard ?? '') === '' || guard.startsWith('judge') ? event : guard;
  return name === '' ? 'at once' : words(name);
}

/** A line that ends inside a composite state goes on to the state it means, from the point before the box. */
function attach({ from, to, points }, boxes) {
  points[0] = border(boxes.get(from), points[1]);
  points[points.length - 1] = border(boxes.get(to), points.at(-2));
}

/** Where the line from the middle of a box to a point leaves the box. */
function border({ x, y, width, height }, point) {
  const middle = { x: x + width / 2, y: y + height / 2 };
  const [dx, dy] = [point.x - middle.x, point.y - middle.y];
  const scale = 1 / Math.max(Math.abs(dx) / (width / 2), Math.abs(dy) / (height / 2), 1e-6);
  return scale >= 1 ? middle : { x: middle.x + dx * scale, y: middle.y + dy * scale };
}

/** Corners rounded to the middle of the way to the next one. */
export function curve(points) {
  const [start, ...rest] = points;
  const end = rest.pop();
  let path = `M${at(start)}`;
  for (const [index, point] of rest.entries()) {
    const next = rest[index + 1] ?? end;
    const target = index === rest.length - 1 ? end : { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    path += `Q${at(point)} ${at(target)}`;
  }
  return rest.length === 0 ? `${path}L${at(end)}` : path;
}

function at({ x, y }) {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}

function sizeOf(state, inner) {
  if (inner !== undefined) {
    return { width: inner.width + 2 * GROUP.padding, height: inner.height + 2 * GROUP.padding + GROUP.title };
  }
  return { width: Math.max(76, words(state.name).length * TEXT_PX + 2 * STATE.padding + 22), height: STATE.height };
}
