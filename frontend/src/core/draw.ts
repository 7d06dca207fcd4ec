// Marks of a figure as elements: thousands of them must redraw within the time of a switch,
// which one reactive block per mark does not reach. Elements that are there are used again;
// many new ones are made in slices, so that the page answers in between.
import type { Mark, Shape, Words } from "../scene/scene";

const NS = "http://www.w3.org/2000/svg";

export interface Drawing {
  marks: Mark[];
  /** Id of the hatching pattern. */
  hatch: string;
}

/** New marks made in one go. */
const SLICE = 500;

export function draw(host: SVGGElement, first: Drawing): { update(next: Drawing): void; destroy(): void } {
  let turn = 0;
  const paint = ({ marks, hatch }: Drawing): void => {
    const own = (turn += 1);
    const held = [...host.children] as SVGGElement[];
    const kept = Math.min(held.length, marks.length);
    for (let k = 0; k < kept; k += 1) renew(held[k] as SVGGElement, marks[k] as Mark, hatch);
    for (const extra of held.slice(kept)) extra.remove();
    const more = (from: number): void => {
      if (own !== turn) return;
      const to = Math.min(marks.length, from + SLICE);
      const slice = document.createDocumentFragment();
      for (let k = from; k < to; k += 1) slice.append(elementOf(marks[k] as Mark, k, hatch));
      host.append(slice);
      if (to < marks.length) setTimeout(() => more(to));
    };
    if (kept < marks.length) more(kept);
  };
  paint(first);
  return { update: paint, destroy: () => void (turn += 1) };
}

/** What an element shows: reading it from the page again would cost more than drawing. */
interface Drawn {
  name: string;
  shapes: Shape[];
  paths: SVGPathElement[];
  /** Paths alone, one for a shape and one for its hatching. */
  plain: boolean;
}

const drawn = new WeakMap<SVGGElement, Drawn>();

/** Give a mark that is drawn already another name and other shapes. */
function renew(group: SVGGElement, mark: Mark, hatch: string): void {
  const held = drawn.get(group);
  if (!held || !held.plain || mark.words?.length || !alike(held.shapes, mark.shapes)) {
    fill(group, mark, hatch);
    return;
  }
  if (held.name !== mark.name) group.setAttribute("aria-label", mark.name);
  let at = 0;
  for (const [k, shape] of mark.shapes.entries()) {
    const before = held.shapes[k] as Shape;
    const element = held.paths[at] as SVGPathElement;
    if (before.kind !== shape.kind) element.setAttribute("class", shape.kind);
    if (before.d !== shape.d) element.setAttribute("d", shape.d);
    if (shape.hatch && before.d !== shape.d) held.paths[at + 1]?.setAttribute("d", shape.d);
    at += shape.hatch ? 2 : 1;
  }
  [held.name, held.shapes] = [mark.name, mark.shapes];
}

/** Whether the same elements can show other shapes. */
function alike(before: Shape[], after: Shape[]): boolean {
  return before.length === after.length && after.every((shape, k) => Boolean(shape.hatch) === Boolean(before[k]?.hatch));
}

function fill(group: SVGGElement, mark: Mark, hatch: string): void {
  const parts = partsOf(mark, hatch);
  group.setAttribute("aria-label", mark.name);
  group.replaceChildren(...parts);
  drawn.set(group, { name: mark.name, shapes: mark.shapes, paths: parts as SVGPathElement[], plain: !mark.words?.length });
}

/** What all marks have in common, made once and copied. */
let blank: { group: SVGGElement; path: SVGPathElement } | null = null;

function blanks(): { group: SVGGElement; path: SVGPathElement } {
  if (blank) return blank;
  const group = document.createElementNS(NS, "g");
  group.setAttribute("role", "img");
  group.setAttribute("tabindex", "-1");
  return (blank = { group, path: document.createElementNS(NS, "path") });
}

function elementOf(mark: Mark, k: number, hatch: string): SVGGElement {
  const group = blanks().group.cloneNode(false) as SVGGElement;
  group.setAttribute("data-mark", String(k));
  fill(group, mark, hatch);
  return group;
}

function partsOf(mark: Mark, hatch: string): SVGElement[] {
  const parts: SVGElement[] = [];
  for (const shape of mark.shapes) {
    parts.push(path(shape, shape.kind));
    if (!shape.hatch) continue;
    const over = path(shape, "hatched");
    over.setAttribute("fill", `url(#${hatch})`);
    parts.push(over);
  }
  for (const words of mark.words ?? []) parts.push(text(words));
  return parts;
}

function path(shape: Shape, kind: string): SVGPathElement {
  const element = blanks().path.cloneNode(false) as SVGPathElement;
  element.setAttribute("class", kind);
  element.setAttribute("d", shape.d);
  return element;
}

function text(words: Words): SVGTextElement {
  const element = document.createElementNS(NS, "text");
  const facts = {
    class: words.kind, x: String(words.x), y: String(words.y),
    "text-anchor": words.anchor ?? "start", "aria-hidden": "true",
  };
  for (const [name, value] of Object.entries(facts)) element.setAttribute(name, value);
  element.textContent = words.text;
  return element;
}
