// The peer group: regions that a chosen region is compared with, on every page.
import type { Source } from "./data";
import { cellAt } from "./frame";
import { splitCodes } from "./codes";

export const OWN_LIST = "own";
export const NONE = "none";
const VIEW = "compare.peers";

/** Codes of the peers, the nearest first; empty where the release has none. */
export async function peersOf(source: Source, region: string, kind: string, listed: string | undefined): Promise<string[]> {
  if (kind === OWN_LIST) return splitCodes(listed).filter((code) => code !== region);
  if (!region || kind === NONE || !kind) return [];
  const page = await source.page("compare");
  const view = page.views?.find((v) => v.id === VIEW);
  if (!view) return [];
  const { frame } = await source.view(view, { region, peers: kind });
  return Array.from({ length: frame.length }, (_, i) => String(cellAt(frame, "peer", i) ?? "")).filter(Boolean);
}
