// The one-file export: everything lies in the page, choices are filtered here.
import { ProblemError, search, type Source } from "./data";
import { filtered, frameOf } from "./frame";
import type { Answer, Cell, Loose, Meta, MethodText, Page, Place, View } from "./types";

export interface FileData {
  meta: Meta & { answers?: Record<string, Answer["meta"]> };
  pages: Page[];
  regions: Place[];
  industries: Place[];
  methods?: Record<string, MethodText>;
  manifest?: Loose;
  geometry: GeoJSON.FeatureCollection | null;
  views: Record<string, { columns: Record<string, Cell[]>; meta?: Answer["meta"] }>;
}

export function fileSource(element: Element | null): Source {
  const data = read(element);
  const view = async (view: View, choices: Record<string, string>): Promise<Answer> => {
    const held = (await data).views[view.id];
    if (!held) throw new ProblemError("view_missing", `${view.id} is not part of this file.`);
    const frame = filtered(frameOf(held.columns), view, choices);
    return { frame, meta: held.meta ?? {}, total: frame.length };
  };
  return {
    mode: "file",
    meta: async () => (await data).meta,
    pages: async () => (await data).pages,
    page: async (id) => find((await data).pages, id),
    places: async (from, world) => ofWorld(await data, from, world),
    geometry: async () => (await data).geometry ?? null,
    view,
    drawn: view,
    find: async (text) => {
      const all = await data;
      return search(text, all.pages, [["region", all.regions], ["industry", all.industries]]);
    },
    method: async (name) => (await data).methods?.[name] ?? null,
    methods: async () => Object.values((await data).methods ?? {}),
    manifest: async () => (await data).manifest ?? null,
    check: async () => null,
    keep: async () => null,
    kept: async () => {
      throw new ProblemError("unknown_view", "Saved views are on the server that saved them.");
    },
    desk: null,
    folder: () => null,
    file: () => null,
  };
}

function find(pages: Page[], id: string): Page {
  const page = pages.find((p) => p.id === id);
  if (!page) throw new ProblemError("page_missing", `${id} is not part of this file.`);
  return page;
}

function ofWorld(data: FileData, from: string, world: string | null): Place[] {
  const all = from.includes("industr") ? data.industries : data.regions;
  const own = all.filter((place) => !world || !place.world || place.world === world);
  return own.length > 0 ? own : all;
}

async function read(element: Element | null): Promise<FileData> {
  if (!element) throw new ProblemError("no_data", "This file holds no data.");
  const text = element.textContent ?? "";
  if (element.getAttribute("data-encoding") !== "gzip+base64") return JSON.parse(text) as FileData;
  const bytes = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(unpacked).text()) as FileData;
}
