// Where data come from. Both adapters give the same shapes; the shell does not know which
// one it has. Network calls are made in api.ts only.
import { fileSource } from "./file";
import { serverSource } from "./api";
import type { Desk } from "./desk";
import type {
  Answer, Boot, Hit, Loose, Meta, Method, MethodText, Page, Place, Selector, View,
} from "./types";

export type FileKind = "csv" | "json" | "parquet" | "xlsx" | "graphml" | "geojson" | "geoparquet" | "zip";

/** What a check of the released tables against their recorded hashes gave. */
export interface Checked {
  checked: number;
  wrong: string[];
}

export interface Source {
  mode: "server" | "file";
  meta(): Promise<Meta>;
  pages(): Promise<Page[]>;
  page(id: string): Promise<Page>;
  places(from: string, world: string | null): Promise<Place[]>;
  geometry(): Promise<GeoJSON.FeatureCollection | null>;
  view(view: View, choices: Record<string, string>): Promise<Answer>;
  /**
   * The same rows with what the figure draws alone, which is far less to send; of lines with
   * intervals those of the first ones and of the codes that are always shown.
   */
  drawn(view: View, choices: Record<string, string>, always?: Set<string>): Promise<Answer>;
  find(text: string): Promise<Hit[]>;
  /** The page that explains a method; null where there is none. */
  method(name: string): Promise<MethodText | null>;
  /** All pages that explain methods, without their texts. */
  methods(): Promise<Method[]>;
  /** Hashes of everything in the release; null where there is no server. */
  manifest(release: string): Promise<Loose>;
  /** Keep an address that is too long; its id, or null where none is kept. */
  keep(address: string): Promise<string | null>;
  /** The address that was kept under an id. */
  kept(id: string): Promise<string>;
  /** Compute the hashes of the release anew; null where there is no server. */
  check(release: string): Promise<Checked | null>;
  /** Runs; null where there is no server. A server that is not the owner's desk has none. */
  desk: Desk | null;
  /** Address of the zip of a whole page; null where there is no server. */
  folder(page: Page, choices: Record<string, string>): string | null;
  /** Address of a file made by the server; null where files are made in the page. */
  file(view: View, choices: Record<string, string>, kind: FileKind): string | null;
}

export class ProblemError extends Error {
  constructor(
    readonly code: string,
    detail: string,
    readonly where = "",
    readonly fix = "",
    readonly request = "",
  ) {
    super(detail);
  }
}

/** What went wrong and what to do, for a reader. */
export function explained(error: unknown): string {
  const fix = error instanceof ProblemError && error.fix ? ` ${error.fix}` : "";
  return (error instanceof Error ? error.message : String(error)) + fix;
}

export function readBoot(document: Document): Boot {
  const found = document.getElementById("boot")?.textContent;
  return found ? (JSON.parse(found) as Boot) : { mode: "server", api: "api/v1" };
}

export function openSource(boot: Boot, document: Document): Source {
  return boot.mode === "file" ? fileSource(document.getElementById("data")) : serverSource(boot);
}

/** Where the options of a selector are listed: its own, or the place codes of the page. */
export function namesPlaces(selector: Selector): boolean {
  return !selector.options?.length && Boolean(selector.options_from);
}

/** Where a place can be chosen: its own page first; null on none that lists choices. */
function homeOf(kind: Hit["kind"], code: string, pages: Page[]): { page: string; key: string } | null {
  const words = kind === "region" ? "regions" : "industries";
  let known = false;
  for (const page of [...pages].sort((a, b) => Number(b.id === kind) - Number(a.id === kind))) {
    const listed = (page.selectors ?? []).filter((s) => s.options?.length && (page.views ?? []).some((v) => v.labels?.[v.filters?.[s.id] ?? ""] === words));
    known ||= listed.length > 0;
    const selector = listed.find((s) => s.options?.some((o) => o.value === code));
    if (selector) return { page: page.id, key: selector.id };
  }
  return known ? null : { page: kind, key: kind };
}

/** Search names, codes and questions; used where no server can do better. */
export function search(text: string, pages: Page[], places: [Hit["kind"], Place[]][]): Hit[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const matches = (words: string[]): boolean =>
    words.some((word) => word.toLowerCase().includes(wanted));
  const hits: Hit[] = pages
    .filter((page) => matches([page.question.en, page.question.zh, page.id]))
    .map((page) => ({ kind: "page", id: page.id, name: page.question }));
  for (const [kind, listed] of places) {
    for (const place of listed) {
      if (hits.length >= 20) return hits;
      if (matches([place.id, place.name.en, place.name.zh, ...(place.also ?? [])])) {
        const home = homeOf(kind, place.id, pages);
        if (home) hits.push({ kind, id: place.id, name: place.name, world: place.world ?? null, ...home });
      }
    }
  }
  return hits.slice(0, 20);
}
