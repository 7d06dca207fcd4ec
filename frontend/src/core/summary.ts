// Two sentences before each figure: extremes, then how many, how many missing, how certain.
import { pick, type Say } from "../texts";
import { cell } from "./format";
import { covers, nameColumn, numberAt, textAt, valueColumn } from "./frame";
import type { Frame, Lang, View } from "./types";

export function summary(view: View, frame: Frame, lang: Lang, say: Say, peers?: Peers): [string, string] {
  // a question needs no mark of its own before what answers it
  const title = pick(view.title, lang).replace(/[?？]$/, "");
  const value = valueColumn(view);
  if (value === undefined) return [say("summary_rows", { title, n: frame.length }), ""];
  const numbers = Array.from({ length: frame.length }, (_, i) => numberAt(frame, value, i));
  const known = numbers.flatMap((v, i) => (Number.isFinite(v) ? [i] : []));
  const lost = frame.length - known.length;
  const missing = lost > 0 ? say("summary_missing", { n: lost }) : "";
  return [first(view, frame, lang, say, known, title), second(view, frame, say, known, missing) + amongPeers(view, frame, lang, say, known, peers)];
}

type Peers = { own: string; of: Set<string> } | null;

/** The chosen region beside the middle of its peers, where the rows are regions. */
function amongPeers(view: View, frame: Frame, lang: Lang, say: Say, known: number[], peers?: Peers): string {
  const { label } = view.encode;
  const value = valueColumn(view);
  if (!peers || !label || view.labels?.[label] !== "regions") return "";
  const code = (i: number): string => String(frame.columns[label]?.[i] ?? "");
  const own = known.find((i) => code(i) === peers.own);
  const others = known.filter((i) => peers.of.has(code(i))).map((i) => numberAt(frame, value, i)).sort((a, b) => a - b);
  if (own === undefined || others.length === 0) return "";
  const middle = ((others[Math.floor((others.length - 1) / 2)] ?? 0) + (others[Math.ceil((others.length - 1) / 2)] ?? 0)) / 2;
  const column = view.columns.find((c) => c.name === value);
  return say("peer_sentence", {
    own: textAt(frame, label, own, lang), value: cell(numberAt(frame, value, own), column, lang), n: others.length, median: cell(middle, column, lang),
  });
}

function first(view: View, frame: Frame, lang: Lang, say: Say, known: number[], title: string): string {
  const value = valueColumn(view);
  const column = view.columns.find((c) => c.name === value);
  const at = (i: number): number => numberAt(frame, value, i);
  if (known.length === 0) return say("summary_none", { title });
  const low = known.reduce((a, b) => (at(b) < at(a) ? b : a));
  const high = known.reduce((a, b) => (at(b) > at(a) ? b : a));
  const name = (i: number): string => nameAt(view, frame, i, lang) || "–";
  const shown = { title, high: cell(at(high), column, lang), high_name: name(high) };
  if (known.length > 1 && at(low) === at(high)) return say("summary_same", { title, high: shown.high });
  if (low === high && name(high) !== "–") return say("summary_one", shown);
  if (name(high) === "–") return say("summary_bare", { title, low: cell(at(low), column, lang), high: shown.high });
  return say("summary_range", { ...shown, low: cell(at(low), column, lang), low_name: name(low) });
}

function second(view: View, frame: Frame, say: Say, known: number[], missing: string): string {
  const { source, target } = view.encode;
  if (source && target) {
    const ends = new Set([...(frame.columns[source] ?? []), ...(frame.columns[target] ?? [])]);
    return say("summary_ties", { n: known.length, m: ends.size, missing });
  }
  const { count } = view.encode;
  if (view.chart === "histogram" && count) {
    // rows are bins: what they hold is counted
    const n = known.reduce((sum, i) => sum + (numberAt(frame, count, i) || 0), 0);
    return say("summary_n", { n, missing, certain: "" });
  }
  const unsure = known.filter((i) => covers(view, frame, i)).length;
  const certain = unsure > 0 ? say("summary_certain", { n: unsure }) : "";
  return say("summary_n", { n: known.length, missing, certain });
}

function nameAt(view: View, frame: Frame, i: number, lang: Lang): string {
  const { source, target, x, y, label, series } = view.encode;
  if (source && target) return `${textAt(frame, source, i, lang)} → ${textAt(frame, target, i, lang)}`;
  if (view.chart === "heatmap") return `${textAt(frame, x, i, lang)} × ${textAt(frame, y, i, lang)}`;
  if (view.chart === "line" || view.chart === "event" || view.chart === "slope") {
    return [textAt(frame, label ?? series, i, lang), label ? "" : textAt(frame, x, i, lang)].filter(Boolean).join(lang === "zh" ? "，" : ", ").replace("-", "−");
  }
  return textAt(frame, nameColumn(view), i, lang);
}
