// Marks of a figure as elements, made at once: thousands of them must redraw within the
// time of a switch, which one reactive block per mark does not reach.
import type { Mark, Shape, Words } from "../scene/scene";

const NS = "http://www.w3.org/2000/svg";

export interface Drawing {
  marks: Mark[];
  /** Id of the hatching pattern. */
  hatch: string;
}

export function draw(host: SVGGElement, first: Drawing): { update(next: Drawing): void } {
  const paint = ({ marks, hatch }: Drawing): void => {
    const all = document.createDocumentFragment();
    marks.forEach((mark, k) => all.append(elementOf(mark, k, hatch)));
    host.replaceChildren(all);
  };
  paint(first);
  return { update: paint };
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
  for (const shape of mark.shapes) {
    group.append(path(shape, shape.kind));
    if (!shape.hatch) continue;
    const over = path(shape, "hatched");
    over.setAttribute("fill", `url(#${hatch})`);
    group.append(over);
  }
  for (const words of mark.words ?? []) group.append(text(words));
  return group;
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
