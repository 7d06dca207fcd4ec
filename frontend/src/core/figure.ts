// A figure as a file of its own: computed colours written into the marks, and the lines
// that must travel with it (title, unit, source, release, boundaries) under it.

const KEPT = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity",
  "stroke-linecap", "stroke-linejoin", "paint-order", "opacity", "font-size", "font-family", "font-weight", "text-anchor",
] as const;
const NS = "http://www.w3.org/2000/svg";
const LINE = 16;

export function svgText(svg: SVGSVGElement, title: string, notes: string[]): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const [from, to] = [svg.querySelectorAll("*"), copy.querySelectorAll("*")];
  to.forEach((element, k) => {
    const original = from[k];
    if (original) settle(original, element);
  });
  const width = Number(svg.getAttribute("width"));
  const height = Number(svg.getAttribute("height"));
  return framed(copy, width, height, title, notes, getComputedStyle(svg));
}

function settle(original: Element, element: Element): void {
  const style = getComputedStyle(original);
  if (!/^(defs|title|desc|pattern)$/.test(element.tagName)) {
    for (const name of KEPT) {
      const value = style.getPropertyValue(name);
      // a pattern is named by its local id, without the address of the page
      if (value) element.setAttribute(name, value.replace(/url\("?[^")]*#([^")]+)"?\)/, "url(#$1)"));
    }
  }
  for (const name of ["class", "tabindex", "data-mark", "aria-describedby"]) element.removeAttribute(name);
}

function framed(
  inner: SVGSVGElement, width: number, height: number, title: string, notes: string[], style: CSSStyleDeclaration,
): string {
  const document = inner.ownerDocument;
  const outer = document.createElementNS(NS, "svg");
  const lines = notes.flatMap((note) => folded(note, Math.max(30, Math.floor(width / 6.6))));
  const total = height + 34 + lines.length * LINE + 8;
  outer.setAttribute("xmlns", NS);
  outer.setAttribute("width", String(width));
  outer.setAttribute("height", String(total));
  outer.setAttribute("viewBox", `0 0 ${width} ${total}`);
  const paper = document.createElementNS(NS, "rect");
  paper.setAttribute("width", "100%");
  paper.setAttribute("height", "100%");
  paper.setAttribute("fill", style.getPropertyValue("--paper").trim() || "#fff");
  outer.append(paper, words(document, title, 4, 20, 15, style, "600"));
  inner.setAttribute("y", "34");
  inner.removeAttribute("role");
  outer.append(inner);
  lines.forEach((text, k) => outer.append(words(document, text, 4, height + 48 + k * LINE, 11, style, "400")));
  return new XMLSerializer().serializeToString(outer);
}

function words(
  document: Document, text: string, x: number, y: number, size: number, style: CSSStyleDeclaration, weight: string,
): SVGTextElement {
  const element = document.createElementNS(NS, "text");
  element.setAttribute("x", String(x));
  element.setAttribute("y", String(y));
  element.setAttribute("font-size", String(size));
  element.setAttribute("font-weight", weight);
  element.setAttribute("font-family", style.fontFamily);
  element.setAttribute("fill", style.getPropertyValue("--ink").trim() || "#111");
  element.textContent = text;
  return element;
}

/** Break a note into lines; Chinese counts double and breaks anywhere. */
export function folded(text: string, most: number): string[] {
  const lines: string[] = [];
  let [now, size] = ["", 0];
  for (const piece of text.match(/[⺀-鿿＀-￯]|[^\s⺀-鿿＀-￯]+\s*|\s+/g) ?? []) {
    const need = /[⺀-鿿＀-￯]/.test(piece) ? 2 : piece.length;
    if (size > 0 && size + need > most) {
      lines.push(now.trimEnd());
      [now, size] = ["", 0];
    }
    now += piece;
    size += need;
  }
  if (now.trim()) lines.push(now.trimEnd());
  return lines;
}

export interface Swatch {
  colour: string;
  text: string;
}

/**
 * Put legend and lines under an SVG made by charts.js. The two are joined as texts: parsed
 * into the page, its inline styles would go against the content policy.
 */
export function framedText(
  inner: string, host: Element, width: number, height: number, title: string, notes: string[], keys: Swatch[],
): string {
  const document = host.ownerDocument;
  const style = getComputedStyle(host);
  const hole = document.createElementNS(NS, "svg");
  hole.append(document.createComment("figure"));
  const step = Math.max(90, width / Math.max(1, keys.length));
  keys.forEach((key, k) => {
    const square = document.createElementNS(NS, "rect");
    const place = { x: 4 + k * step, y: height + 8, width: 12, height: 12, fill: key.colour, stroke: "#555" };
    for (const [name, value] of Object.entries(place)) square.setAttribute(name, String(value));
    hole.append(square, words(document, key.text, 22 + k * step, height + 18, 11, style, "400"));
  });
  const room = keys.length > 0 ? 24 : 0;
  const whole = framed(hole, width, height + room, title, notes, style);
  return whole.replace("<!--figure-->", () => inner.replace(/^<\?xml[^>]*>/, ""));
}

/** Rasterise an SVG text at twice its size. */
export async function pngOf(svg: string): Promise<Blob> {
  const image = new Image();
  const loaded = new Promise<void>((resolve, reject) => {
    image.onload = () => resolve();
    image.onerror = () => reject(new Error("The figure could not be drawn as PNG."));
  });
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await loaded;
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth * 2;
  canvas.height = image.naturalHeight * 2;
  const pen = canvas.getContext("2d");
  pen?.scale(2, 2);
  pen?.drawImage(image, 0, 0);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("No PNG."))), "image/png");
  });
}

export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
