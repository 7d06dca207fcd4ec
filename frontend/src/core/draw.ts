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

/** Give a mark that is drawn already another name and other shapes. */
function renew(group: SVGGElement, mark: Mark, hatch: string): void {
  set(group, "aria-label", mark.name);
  const words = mark.words ?? [];
  const wanted = mark.shapes.reduce((n, s) => n + (s.hatch ? 2 : 1), 0);
  const paths = [...group.children].filter((e) => e.tagName === "path");
  if (words.length > 0 || paths.length !== group.childElementCount || paths.length !== wanted) {
    group.replaceChildren(...partsOf(mark, hatch));
    return;
  }
  let at = 0;
  for (const shape of mark.shapes) {
    const element = paths[at] as SVGPathElement;
    set(element, "class", shape.kind);
    set(element, "d", shape.d);
    if (element.hasAttribute("fill")) element.removeAttribute("fill");
    at += 1;
    if (!shape.hatch) continue;
    const over = paths[at] as SVGPathElement;
    set(over, "class", "hatched");
    set(over, "d", shape.d);
    set(over, "fill", `url(#${hatch})`);
    at += 1;
  }
}

function set(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
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
  group.setAttribute("aria-label", mark.name);
  group.append(...partsOf(mark, hatch));
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
