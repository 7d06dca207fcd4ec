// Columns of large tables, each asked for once: figures of a page that show the same rows
// share them, whatever their order.
import { ProblemError } from "./data";
import { BESIDE, joined, judgedEnds, order, take } from "./frame";
import { frameOfTyped, listsOf, type Typed } from "./typed";
import type { Answer, AnswerMeta, Cell, Frame, Place, View } from "./types";

export interface Envelope<T> {
  data: T;
  page?: { limit?: number; next?: string | null; total?: number | null };
  meta?: AnswerMeta;
}

interface Part {
  /** The view that it was asked for. */
  of: string;
  frame: Frame;
  meta: AnswerMeta;
  total: number;
}

interface OnePage {
  frame: Frame;
  meta: AnswerMeta;
  total: number | null | undefined;
  next: string | null | undefined;
}

/** Rows in the order of a view, with their places in that of the table. */
interface Ordered extends Answer {
  places: number[];
}

export interface Asker {
  /** An answer that may be one of before. */
  get<T>(path: string): Promise<Envelope<T>>;
  /** An answer of now. */
  fresh<T>(path: string): Promise<Envelope<T>>;
  forget(path: string): void;
  query(view: View, choices: Record<string, string>): URLSearchParams;
}

const NUMBERS = ["number", "integer", "share"];
/** Rows of one page of an answer, and of all pages that are read of one. */
export const ROWS = 10_000;
const MOST_ROWS = 40_000;
/** Rows of a table from which on columns are asked for by name, and as bytes. */
const MANY = 2000;
const KEPT = 24;
const MOST_WHISKERS = 300;
const LINES = 40;
const COVERS = "covers";

/** Whether the table of a view is not sent whole for every choice. */
export function isLarge(view: View): boolean {
  return (view.rows ?? 0) > MANY;
}

/** Read an answer page by page; what is asked for is changed to the last page. */
export async function allPages(query: URLSearchParams, ask: (query: URLSearchParams) => Promise<OnePage>): Promise<Answer> {
  const frames: Frame[] = [];
  let [answer, length] = [await ask(query), 0];
  for (;;) {
    frames.push(answer.frame);
    length += answer.frame.length;
    if (!answer.next || length >= MOST_ROWS) break;
    query.set("cursor", answer.next);
    answer = await ask(query);
  }
  return { frame: joined(frames), meta: answer.meta, total: answer.total ?? length };
}

/** Columns that a figure draws of every row; of an interval, whether it covers the reference. */
export function drawnColumns(view: View): string[] {
  const ends = judgedEnds(view);
  const beside: readonly string[] = BESIDE;
  const roles = Object.entries(view.encode).filter(([role, column]) => !beside.includes(role) && !ends.includes(column));
  const sort = sortOf(view)?.column;
  return [...new Set([...roles.map(([, column]) => column), ...(ends.length ? [COVERS] : []), ...(sort ? [sort] : [])])].sort();
}

/** Numbers are sorted here; texts by the server, whose order of letters is another one. */
function sortOf(view: View): { column: string; falling: boolean } | null {
  const column = (view.order ?? "").replace(/^-/, "");
  const type = view.columns.find((c) => c.name === column)?.type ?? "";
  return NUMBERS.includes(type) ? { column, falling: view.order?.startsWith("-") ?? false } : null;
}

export function columnStore(ask: Asker): {
  whole(view: View, choices: Record<string, string>): Promise<Answer>;
  drawn(view: View, choices: Record<string, string>, always?: Set<string>): Promise<Answer>;
} {
  const kept = new Map<string, Map<string, Promise<Part>>>();

  function heldOf(key: string): Map<string, Promise<Part>> {
    const found = kept.get(key) ?? new Map<string, Promise<Part>>();
    kept.delete(key);
    kept.set(key, found);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value as string);
    return found;
  }

  /** What tells the rows apart: the table, what is kept of it, the choices, and their order. */
  function keyOf(view: View, query: URLSearchParams): string {
    const chosen = [...query].map(([selector, value]) => [view.filters?.[selector] ?? selector, value]).sort();
    return JSON.stringify([view.table, view.keep ?? {}, chosen, sortOf(view) || !view.order ? "" : view.order]);
  }

  async function ofServer(view: View, base: URLSearchParams, more: Record<string, string>): Promise<Part> {
    const query = new URLSearchParams(base);
    for (const [key, value] of Object.entries(more)) query.set(key, value);
    query.set("layout", "typed");
    if (sortOf(view) || !view.order) query.set("sort", "table_order");
    if (!more.rows) query.set("limit", String(ROWS));
    return { ...(await allPages(query, (now) => typedOf(view, now))), of: view.id };
  }

  async function typedOf(view: View, query: URLSearchParams): Promise<OnePage> {
    const { data, meta = {}, page } = await ask.fresh<Typed>(`/views/${encodeURIComponent(view.id)}?${query.toString()}`);
    const lists: Record<string, Place[]> = {};
    for (const kind of listsOf(data)) lists[kind] = await listOf(kind, meta.release);
    const frame = frameOfTyped(data, lists);
    return { frame, meta, total: page?.total, next: page?.next };
  }

  /** The list that the places of an answer are of; a list of another release is asked for anew. */
  async function listOf(kind: string, release: string | undefined): Promise<Place[]> {
    const path = `/${kind}?limit=${ROWS}`;
    let found = await ask.get<Place[]>(path);
    if (found.meta?.release !== release) {
      ask.forget(path);
      found = await ask.get<Place[]>(path);
      if (found.meta?.release !== release) throw changed();
    }
    return found.data;
  }

  function changed(): ProblemError {
    return new ProblemError("other_release", "The release changed while it was read.", "", "reload the page");
  }

  async function whole(view: View, choices: Record<string, string>): Promise<Answer> {
    const query = ask.query(view, choices);
    const held = heldOf(keyOf(view, query));
    const name = `*${view.id}`;
    const part = held.get(name) ?? ofServer(view, query, {});
    held.set(name, part);
    part.catch(() => held.delete(name));
    return answerOf(view, [await part]);
  }

  async function drawn(view: View, choices: Record<string, string>, always: Set<string> = new Set()): Promise<Answer> {
    const query = ask.query(view, choices);
    const key = keyOf(view, query);
    const answer = await parts(view, query, key).catch((error: unknown) => {
      if (!(error instanceof ProblemError && error.code === "other_release")) throw error;
      kept.delete(key);
      return parts(view, query, key);
    });
    const ends = judgedEnds(view);
    if (ends.length === 0 || !["dot", "bar"].includes(view.chart)) return answer;
    return whiskers(view, choices, answer, ends, always);
  }

  async function parts(view: View, query: URLSearchParams, key: string): Promise<Ordered> {
    const held = heldOf(key);
    // what covers means follows from the interval and the reference of the view
    const nameOf = (column: string): string => (column === COVERS ? JSON.stringify([COVERS, judgedEnds(view), view.reference?.value]) : column);
    const wanted = drawnColumns(view);
    const missing = wanted.filter((column) => !held.has(nameOf(column)));
    if (missing.length > 0) {
      const asked = ofServer(view, query, { columns: missing.join(",") });
      asked.catch(() => missing.forEach((column) => held.delete(nameOf(column))));
      for (const column of missing) held.set(nameOf(column), asked);
    }
    const found = await Promise.all([...new Set(wanted.map((column) => held.get(nameOf(column)) as Promise<Part>))]);
    const [first] = found as [Part, ...Part[]];
    if (found.some((part) => part.meta.release !== first.meta.release || part.frame.length !== first.frame.length)) throw changed();
    return answerOf(view, found);
  }

  /** Intervals of the rows that stand in the figure: the first ones and those always shown. */
  async function whiskers(
    view: View, choices: Record<string, string>, answer: Ordered, ends: string[], always: Set<string>,
  ): Promise<Answer> {
    const labels = answer.frame.columns[view.encode.label ?? ""] ?? [];
    const lines = new Set([...new Set(labels)].slice(0, view.top ?? LINES));
    const rows = labels.flatMap((label, i) => (lines.has(label) || always.has(String(label)) ? [i] : []));
    if (rows.length === 0) return answer;
    if (rows.length > MOST_WHISKERS) return whole(view, choices);
    const places = rows.map((i) => answer.places[i] as number);
    const part = await ofServer(view, ask.query(view, choices), { columns: ends.join(","), rows: places.join(",") });
    if (part.meta.release !== answer.meta.release) throw changed();
    const columns = { ...answer.frame.columns };
    for (const name of ends) {
      const cells = (columns[name] = new Array<Cell>(labels.length).fill(null));
      rows.forEach((i, k) => (cells[i] = part.frame.columns[name]?.[k] ?? null));
    }
    return { ...answer, frame: { columns, length: answer.frame.length } };
  }

  function answerOf(view: View, found: Part[]): Ordered {
    const [first] = found as [Part, ...Part[]];
    const columns = Object.assign({}, ...found.map((part) => part.frame.columns)) as Record<string, Cell[]>;
    const frame = { columns, length: first.frame.length };
    const sort = sortOf(view);
    const places = sort ? order(frame, sort.column, sort.falling) : Array.from({ length: frame.length }, (_, i) => i);
    // columns are shared with other views; what is said of their figures is not said of this one
    const own = found.find((part) => part.of === view.id)?.meta ?? { ...first.meta, caveats: [] };
    return { frame: sort ? take(frame, places) : frame, meta: own, total: first.total, places };
  }

  return { whole, drawn };
}
