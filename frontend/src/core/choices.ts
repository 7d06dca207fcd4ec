// Choices as shown: from the address, else the default, else the first; with notices.
import { pick, type Say } from "../texts";
import { NONE, OWN_LIST } from "./peers";
import { splitCodes } from "./codes";
import { lookKeys } from "./looks";
import type { ChartKind, Lang, Option, Page, Selector, View, World } from "./types";

/** Keys of an address that name the code systems: those of regions and of industries. */
const SYSTEMS = ["geo", "cls"] as const;
/** Keys of an address that say how a figure is looked at, on every page. */
export const LOOKS: readonly string[] = ["year", "style", "only", "order", "top", "q", "sort", "page", "topic", "anchor", "sel"];
/** Keys that only some kinds of figures know. */
const OF_CHART: Partial<Record<ChartKind, readonly string[]>> = { map: ["classes", "win"], scoreboard: ["weights", "norm", "agg"] };
/** Keys that go along from page to page. */
export const CARRIED: readonly string[] = ["region", "industry", "peers", "regions"];

/** A selector that starts with the choice of another one, where it has the same value. */
const FOLLOWS: Readonly<Record<string, string>> = { sited: "industry" };

export interface Settled {
  choices: Record<string, string>;
  notices: string[];
  ignored: string[];
}

export function settle(
  page: Page, asked: Record<string, string>, rest: string[], lists: Record<string, Option[]>, lang: Lang, say: Say, world?: World,
): Settled {
  const choices: Record<string, string> = {};
  const notices: string[] = [];
  const selectors = page.selectors ?? [];
  const own = selectors.filter((s) => s.id !== "regions");
  // what others are within is settled before them
  const inTurn = own.map((selector, k) => ({ selector, k })).sort((a, b) => Number(Boolean(a.selector.within)) - Number(Boolean(b.selector.within)));
  inTurn.forEach(({ selector, k }) => {
    const values = offered(selector, lists[selector.id] ?? [], choices);
    const wanted = asked[selector.id] ?? rest[k] ?? outerOf(own, selector, asked, lists);
    const followed = choices[FOLLOWS[selector.id] ?? ""];
    const fallback = values.find((o) => o.value === followed) ?? values.find((o) => o.value === selector.default) ?? values[0];
    const known = values.find((o) => o.value === wanted);
    choices[selector.id] = (known ?? fallback)?.value ?? "";
    if (wanted !== undefined && !known && values.length > 0) {
      const near = nearest(wanted, values) ?? fallback;
      choices[selector.id] = near?.value ?? "";
      notices.push(say("nearest", { value: wanted, selector: pick(selector.label, lang), instead: pick(near?.label, lang) }));
    }
  });
  for (const key of [...LOOKS, "regions"]) if (asked[key]) choices[key] = asked[key];
  // /about/{topic} and /about?topic= are the same view
  if (page.id === "about" && rest[0]) choices.topic ??= rest[0];
  const more = [...lookKeys(page.views ?? []), ...(page.views ?? []).flatMap((v) => OF_CHART[v.chart] ?? [])];
  for (const key of more) if (asked[key]) choices[key] ??= asked[key];
  for (const key of SYSTEMS) {
    const [wanted, held] = [asked[key], world?.[key] ?? []];
    if (held[0]) choices[key] = wanted && held.includes(wanted) ? wanted : held[0];
    if (wanted && held[0] && wanted !== choices[key]) notices.push(say("nearest", { value: wanted, selector: say(key), instead: held[0] }));
  }
  const known = new Set<string>([...selectors.map((s) => s.id), ...SYSTEMS, ...LOOKS, ...CARRIED, ...more]);
  return { choices, notices, ignored: Object.keys(asked).filter((key) => !known.has(key)) };
}

/** The values of a selector that stand beside what was chosen of the one it is within. */
export function offered(selector: Selector, options: Option[], choices: Record<string, string>): Option[] {
  const outer = choices[selector.within ?? ""];
  const beside = outer ? options.filter((o) => !o.of || o.of.includes(outer)) : options;
  return beside.length > 0 ? beside : options;
}

/** What an address means that names a value within this selector, but none of its own. */
function outerOf(all: Selector[], selector: Selector, asked: Record<string, string>, lists: Record<string, Option[]>): string | undefined {
  const inner = all.find((s) => s.within === selector.id && asked[s.id] !== undefined);
  const of = lists[inner?.id ?? ""]?.find((o) => o.value === asked[inner?.id ?? ""])?.of;
  return !of || of.includes(selector.default ?? "") ? undefined : of[0];
}

/** The views that are drawn under these choices; without a selector there is no choice. */
export function standing(page: Page, choices: Record<string, string>): View[] {
  const known = new Set((page.selectors ?? []).map((s) => s.id));
  return (page.views ?? []).filter((v) => Object.entries(v.when ?? {}).every(([key, values]) => !known.has(key) || values.includes(choices[key] ?? "")));
}

/** A list of one's own is no kind of peer group: its view shows those of similar size. */
export function withKind(view: View, choices: Record<string, string>): Record<string, string> {
  return view.filters?.peers ? withPeerKind(choices) : choices;
}

export function withPeerKind(choices: Record<string, string>): Record<string, string> {
  return choices.peers === OWN_LIST || choices.peers === NONE ? { ...choices, peers: "size" } : choices;
}

/** The key of a view that takes several values at once, and these values. */
export function severalOf(view: View, choices: Record<string, string>): [string, string[]] {
  const filters = view.filters ?? {};
  const given = (...codes: (string | undefined)[]): string[] => [...new Set(codes.filter((c): c is string => Boolean(c)))];
  if (filters.regions) return ["regions", splitCodes(choices.regions)];
  if (filters.pair) return ["pair", given(choices.anchor, choices.mover)];
  if (filters.sets) return ["sets", given("clusters", "belts", choices.programme)];
  return ["", []];
}

/** Numbers of rows that a figure may draw, and rates of false discoveries, that can be chosen. */
export const TOPS: readonly string[] = ["10", "20", "50", "100"];
export const RATES: readonly string[] = ["0.01", "0.05", "0.1"];

/** A view with the number of rows that the reader wants drawn, where its figure is made of rows. */
export function withTop(view: View, choices: Record<string, string>): View {
  return hasRows(view) && TOPS.includes(choices.top ?? "") ? { ...view, top: Number(choices.top) } : view;
}

export const hasRows = (view: View): boolean => view.chart === "bar" || view.chart === "dot";

/** The column of false discovery rates; maps have their own switch for what is certain. */
export function rateColumn(view: View): string | undefined {
  return view.chart === "map" ? undefined : view.columns.find((c) => c.rate)?.name;
}

/** What an address says of the table of a view, `<name of the view>.<what>`; empty for another one. */
export function tableKey(view: View, value: string | undefined): string {
  const own = forTable(view, "");
  return (value ?? "").split(",").find((part) => part.startsWith(own))?.slice(own.length) ?? "";
}

/** The same with another word on this view; what it says of other tables stays. */
export function withTable(view: View, value: string | undefined, what: string): string {
  const own = forTable(view, "");
  const others = (value ?? "").split(",").filter((part) => part && !part.startsWith(own));
  return [...others, ...(what ? [own + what] : [])].join(",");
}

export const forTable = (view: View, what: string): string => `${view.id.slice(view.id.indexOf(".") + 1)}.${what}`;

/** The value whose code is most like the one asked for: the longest common beginning. */
export function nearest(wanted: string, values: Option[]): Option | undefined {
  const common = (code: string): number => {
    let k = 0;
    while (k < code.length && code[k]?.toLowerCase() === wanted[k]?.toLowerCase()) k += 1;
    return k;
  };
  const best = values.reduce<Option | undefined>((a, b) => (a === undefined || common(b.value) > common(a.value) ? b : a), undefined);
  return best && common(best.value) > 0 ? best : undefined;
}

/** Options of the selectors of a page, with words for codes and the peer groups of one's own. */
export function optionsOf(page: Page, lists: Record<string, Option[]>, labels: Record<"en" | "zh", Say>): Record<string, Option[]> {
  const told: Record<string, Option[]> = {};
  for (const selector of page.selectors ?? []) {
    const views = (page.views ?? []).filter((v) => v.filters?.[selector.id]);
    const words = views.map((v) => v.columns.find((c) => c.name === v.filters?.[selector.id])?.words).find(Boolean) ?? {};
    const listed = (lists[selector.id] ?? []).map((o) => ({ ...o, label: words[o.value] ?? o.label }));
    told[selector.id] = selector.id === "peers"
      ? [...listed.map((o) => KINDS[o.value] ? own(o.value, KINDS[o.value] as PeerKey, labels) : o), own(OWN_LIST, "peers_own", labels), own(NONE, "peers_none", labels)]
      : listed;
  }
  return told;
}

type PeerKey = "peers_size" | "peers_structure" | "peers_level" | "peers_own" | "peers_none";
const KINDS: Record<string, PeerKey> = { size: "peers_size", structure: "peers_structure", level: "peers_level" };

function own(value: string, key: PeerKey, labels: Record<"en" | "zh", Say>): Option {
  return { value, label: { en: labels.en(key), zh: labels.zh(key) } };
}
