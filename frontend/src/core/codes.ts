// Several codes in one value of an address; commas within a code are escaped.
import type { Option } from "./types";

/** Regions that are compared, the chosen one among them. */
export const MOST_COMPARED = 10;

export function joinCodes(codes: string[]): string {
  return codes.map((c) => c.replaceAll("%", "%25").replaceAll(",", "%2C")).join(",");
}

export function splitCodes(text: string | undefined): string[] {
  return (text ?? "").split(",").filter(Boolean).map((c) => c.replaceAll("%2C", ",").replaceAll("%25", "%"));
}

/** Codes of an address that can be compared with the chosen one: known, each once, not too many. */
export function comparable(codes: string[], own: string, options: Option[]): { codes: string[]; unknown: string[]; over: number } {
  const known = new Set(options.map((o) => o.value));
  const once = [...new Set(codes)].filter((c) => c !== own);
  const there = once.filter((c) => known.has(c));
  const kept = there.slice(0, MOST_COMPARED - 1);
  return { codes: kept, unknown: once.filter((c) => !known.has(c)), over: there.length - kept.length };
}
