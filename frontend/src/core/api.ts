// The server: the only module that makes network calls, all to our own host.
import { allPages, columnStore, isLarge, ROWS, type Envelope } from "./columns";
import { ProblemError, type Checked, type Source } from "./data";
import { serverDesk } from "./desk";
import { frameOf, frameOfRows } from "./frame";
import type { Answer, Boot, Cell, Hit, Loose, Meta, Method, MethodText, Page, Place, Problem, View } from "./types";

type Columns = Record<string, Cell[]>;
type Tabular = Record<string, Cell>[] | { columns: Columns } | Columns;

export function serverSource(boot: Boot): Source {
  const root = boot.root ?? "/";
  const base = root + (boot.api ?? "api/v1").replace(/^\//, "");
  const kept = new Map<string, Promise<unknown>>();

  function get<T>(path: string): Promise<Envelope<T>> {
    const known = kept.get(path);
    if (known) return known as Promise<Envelope<T>>;
    const asked = fetchJson<Envelope<T>>(base + path);
    kept.set(path, asked);
    // a failed answer may be asked for again; old ones make room
    asked.catch(() => kept.delete(path));
    if (kept.size > 60) kept.delete(kept.keys().next().value as string);
    return asked;
  }

  async function places(from: string, world: string | null): Promise<Place[]> {
    const path = from.startsWith("/") ? from : `/${from}`;
    const joint = path.includes("?") ? "&" : "?";
    // one list for all studies: places of columns are counted in it, too
    const { data } = await get<Place[]>(`${path}${joint}limit=${ROWS}`);
    return world ? data.filter((one) => !one.world || one.world.split(" ").includes(world)) : data;
  }

  const columns = columnStore({ get, fresh: (path) => fetchJson(base + path), forget: (path) => void kept.delete(path), query: queryOf });

  return {
    mode: "server",
    meta: async () => (await get<Meta>("/meta")).data,
    pages: async () => (await get<Page[]>("/pages")).data,
    page: async (id) => (await get<Page>(`/pages/${encodeURIComponent(id)}`)).data,
    places,
    geometry: async () => (await get<GeoJSON.FeatureCollection | null>("/geometry")).data,
    view: (view, choices) => (isLarge(view) ? columns.whole(view, choices) : rowsOf(get, view, choices)),
    drawn: (view, choices, always) => (isLarge(view) ? columns.drawn(view, choices, always) : rowsOf(get, view, choices)),
    find: async (text) => (await get<Hit[]>(`/find?q=${encodeURIComponent(text)}`)).data.map(hitOf),
    method: async (name) => (await get<MethodText>(`/methods/${encodeURIComponent(name)}`)).data,
    methods: async () => (await get<Method[]>("/methods")).data,
    manifest: async (release) => (await get<Loose>(`/manifests/${encodeURIComponent(release)}`)).data,
    keep: async (address) => {
      if (!(await get<Meta>("/meta")).data.desk) return null;
      const { data } = await fetchJson<Envelope<{ id: string }>>(`${base}/saved`, "POST", JSON.stringify({ address }));
      return data.id;
    },
    kept: async (id) => (await get<{ address: string }>(`/saved/${encodeURIComponent(id)}`)).data.address,
    check: async (release) => (await fetchJson<Envelope<Checked>>(`${base}/manifests/${encodeURIComponent(release)}/check`)).data,
    desk: serverDesk(base, fetchJson),
    folder: (page, choices) => {
      const keys = [...new Set((page.views ?? []).flatMap((v) => Object.keys(v.filters ?? {})))].sort();
      const query = new URLSearchParams(keys.filter((key) => choices[key]).map((key) => [key, choices[key] ?? ""])).toString();
      return `${base}/downloads/${encodeURIComponent(page.id)}.zip${query ? `?${query}` : ""}`;
    },
    file: (view, choices, kind) => {
      const query = queryOf(view, choices).toString();
      const id = encodeURIComponent(view.id);
      const path = kind === "zip" ? `/downloads/${id}.zip` : `/views/${id}.${kind}`;
      return base + path + (query ? `?${query}` : "");
    },
  };
}

function hitOf(hit: Hit & { type?: string; resource?: string }): Hit {
  const kind = String(hit.kind ?? hit.type ?? hit.resource ?? "page");
  const known = kind.startsWith("region") ? "region" : kind.startsWith("indust") ? "industry" : "page";
  return { ...hit, kind: known };
}

function queryOf(view: View, choices: Record<string, string>): URLSearchParams {
  const query = new URLSearchParams();
  for (const selector of Object.keys(view.filters ?? {}).sort()) {
    const value = choices[selector];
    if (value) query.set(selector, value);
  }
  return query;
}

async function rowsOf(
  get: <T>(path: string) => Promise<Envelope<T>>, view: View, choices: Record<string, string>,
): Promise<Answer> {
  const query = queryOf(view, choices);
  query.set("layout", "columns");
  query.set("limit", String(ROWS));
  return allPages(query, async (now) => {
    const { data, meta = {}, page } = await get<Tabular>(`/views/${encodeURIComponent(view.id)}?${now.toString()}`);
    return { frame: frameOfAny(data), meta, total: page?.total, next: page?.next };
  });
}

function frameOfAny(data: Tabular): Answer["frame"] {
  if (Array.isArray(data)) return frameOfRows(data);
  const inner = data.columns;
  return frameOf(inner && !Array.isArray(inner) ? (inner as Columns) : (data as Columns));
}

/** Ask, or change something: a change carries the header that another site cannot set. */
async function fetchJson<T>(address: string, method?: "POST" | "DELETE", body?: string): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method) headers["X-Agglo"] = "1";
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(address, { credentials: "same-origin", headers, ...(method && { method }), ...(body !== undefined && { body }) });
  const told: unknown = await answer.json().catch(() => null);
  if (answer.ok && told !== null) return told as T;
  const problem = (told ?? {}) as Partial<Problem>;
  throw new ProblemError(
    problem.code ?? (answer.ok ? "no_json" : `http_${answer.status}`),
    problem.detail ?? answer.statusText,
    problem.where ?? "",
    problem.fix ?? "",
    problem.request_id ?? "",
  );
}
