// A hierarchy as an indented tree: every place under the one it is drawn to.
import { cell } from "../core/format";
import { numberAt, textAt } from "../core/frame";
import { circle, columnOf, cut, nameOf, type Ctx, type Scene } from "./scene";

const STEP = 20;
const DEEP = 26;
const MOST = 160;

export function tree(ctx: Ctx): Scene {
  const { view, frame, lang, say, width } = ctx;
  const { label, parent, value, group } = view.encode;
  const code = (column: string | undefined, i: number): string => String(frame.columns[column ?? ""]?.[i] ?? "");
  const at = new Map(Array.from({ length: frame.length }, (_, i) => [code(label, i), i]));
  const under = new Map<string, number[]>();
  const roots: number[] = [];
  for (const [name, i] of at) {
    const up = code(parent, i);
    if (up === name || !at.has(up)) roots.push(i);
    else under.set(up, [...(under.get(up) ?? []), i]);
  }
  const size = (i: number): number => numberAt(frame, value, i) || 0;
  const falling = (a: number, b: number): number => size(b) - size(a);
  const largest = Math.max(1e-12, ...Array.from({ length: frame.length }, (_, i) => size(i)));
  const scene: Scene = { width, height: 0, back: [], marks: [], front: [], words: [] };
  const met = new Set<number>();
  let line = 0;
  const visit = (i: number, depth: number, from: number): void => {
    if (met.has(i) || line >= MOST) return;
    met.add(i);
    const [x, y] = [14 + depth * DEEP, 14 + line * STEP];
    line += 1;
    if (depth > 0) scene.back.push({ d: `M${x - DEEP},${from + 4}V${y}H${x - 5}`, kind: "axis" });
    const told = cell(numberAt(frame, value, i), columnOf(view, value), lang);
    // what is marked by its group, for example a gap in a chain, is hatched and says so
    const marked = code(group, i) !== "";
    const text = cut([textAt(frame, label, i, lang), told, marked ? textAt(frame, group, i, lang) : ""].filter(Boolean).join("  "), width - x - 20);
    scene.marks.push({
      row: i, name: nameOf(ctx, i),
      shapes: [{ d: circle(x, y, 3 + 6 * Math.sqrt(size(i) / largest)), kind: marked ? "fill paper" : `fill series${depth % 6}`, hatch: marked }],
      words: [{ x: x + 14, y: y + 4, text, kind: "label" }],
    });
    for (const child of [...(under.get(code(label, i)) ?? [])].sort(falling)) visit(child, depth + 1, y);
  };
  for (const root of roots.sort(falling)) visit(root, 0, 0);
  scene.height = line * STEP + 16;
  if (met.size < frame.length) scene.remark = say("drawn", { shown: met.size, n: frame.length });
  return scene;
}
