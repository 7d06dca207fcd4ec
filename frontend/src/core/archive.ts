// Archives that are made in the page, where no server makes fuller ones.
import { standing } from "./choices";
import { citations } from "./cite";
import type { Source } from "./data";
import { csv, rows, zip } from "./files";
import { parquet } from "./parquet";
import { pick, type Say } from "../texts";
import type { AnswerMeta, Frame, Lang, Meta, Page, View } from "./types";

export type Entry = [string, string | Uint8Array];

/** With the mark by which spreadsheets know the encoding. */
export const csvText = (frame: Frame): string => `\uFEFF${csv(frame)}`;

export const jsonText = (view: View, frame: Frame, meta: Meta): string =>
  JSON.stringify({ schema: 1, view: view.id, release: meta.release.id, data: rows(frame) }, null, 1);

export const citedText = (cited: { style: string; text: string }[]): string => cited.map((c) => `${c.style}\n${c.text}\n`).join("\n");

/** The rows of a view in three formats, with what they mean. */
export function viewEntries(view: View, frame: Frame, meta: Meta, answer: AnswerMeta): Entry[] {
  const about = {
    view: view.id, title: view.title, columns: view.columns, release: meta.release, version: meta.version,
    generated: meta.generated, source: view.source, note: view.note, uncertainty: view.uncertainty, answer,
  };
  return [
    ["data.csv", csvText(frame)], ["data.parquet", parquet(frame)], ["data.json", jsonText(view, frame, meta)],
    ["metadata.json", JSON.stringify(about, null, 1)],
  ];
}

/** Everything on a page but its drawings, which the page gives one by one. */
export async function pageArchive(
  source: Source, page: Page, choices: Record<string, string>, meta: Meta, address: string, lang: Lang, say: Say,
): Promise<Blob> {
  const entries: Entry[] = [];
  const views = standing(page, choices);
  for (const view of views) {
    const answer = await source.view(view, choices);
    entries.push(...viewEntries(view, answer.frame, meta, answer.meta).map(([name, data]): Entry => [`${view.id}/${name}`, data]));
  }
  const listed = views.map((v) => `- ${v.id}: ${pick(v.title, lang)}`);
  entries.push(
    ["README.txt", [pick(page.question, lang), "", pick(page.lead, lang), "", ...listed, "", `${say("release")}: ${meta.release.id}`, say("folder_undrawn"), ""].join("\n")],
    ["findings.json", JSON.stringify(page.findings ?? [], null, 1)],
    ["manifest.json", JSON.stringify(await source.manifest(meta.release.id), null, 1)],
    ["certificate.json", JSON.stringify(meta.release.certificate ?? null, null, 1)],
    ["citation.txt", citedText(citations(meta, pick(page.question, lang), address, lang))],
  );
  return new Blob([zip(entries)], { type: "application/zip" });
}
