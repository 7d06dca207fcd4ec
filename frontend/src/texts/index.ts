import type { Both, Lang, SourceOf } from "../core/types";
import type { Fill, Key, SameHoles } from "./catalogue";
import { en } from "./en";
import { zh } from "./zh";

// an empty type when all placeholders agree; otherwise this line does not compile
const same: Record<string, never> = {} as SameHoles<typeof zh>;
void same;

const CATALOGUES: Record<Lang, Record<Key, string>> = { en, zh };

export type Say = <K extends Key>(key: K, ...values: Fill<K>) => string;

/** Give the speaker of a language: `say("rows", {from: 1, to: 5, n: 9})`. */
export function speaker(lang: Lang): Say {
  return (key, ...values) => {
    const given = (values[0] ?? {}) as Record<string, string | number>;
    return CATALOGUES[lang][key].replace(/\{(\w+)\}/g, (_, hole: string) => String(given[hole] ?? ""));
  };
}

/** Say what is known of a boundary; the server writes "not stated" for what is not. */
export function stated(text: string | null | undefined, say: Say): string {
  return !text || text === "not stated" ? say("not_stated") : text;
}

/** Things one after the other, with the commas of a language; `apart` where they hold commas. */
export function series(parts: (string | null | undefined)[], lang: Lang, apart = false): string {
  const sign = lang === "zh" ? (apart ? "；" : "，") : apart ? "; " : ", ";
  return parts.filter(Boolean).join(sign);
}

/** A word with another one in brackets. */
export const bracketed = (word: string, more: string, lang: Lang): string => (lang === "zh" ? `${word}（${more}）` : `${word} (${more})`);

/** A word and what is said of it. */
export const labelled = (word: string, text: string, lang: Lang): string => word + (lang === "zh" ? "：" : ": ") + text;

const MODES = { private: "mode_private", review: "mode_review", public: "mode_public" } as const;

/** Say what a mode of a release means; another word stays as it is. */
export function modeWord(mode: unknown, say: Say): string {
  const key = MODES[mode as keyof typeof MODES] as (typeof MODES)[keyof typeof MODES] | undefined;
  return key ? say(key) : String(mode ?? "");
}

/** Choose the language of a label; a missing one falls back and is marked. */
export function pick(both: Both | string | null | undefined, lang: Lang): string {
  if (both === null || both === undefined) return "";
  if (typeof both === "string") return both;
  if (both[lang]) return both[lang];
  const other = lang === "en" ? both.zh : both.en;
  return other ? `${other} *` : "";
}

/** A fact of a source in a language; what is not told in it is given as it is. */
export function sourceWord(source: SourceOf, key: "title" | "licence", lang: Lang): string {
  return (lang === "zh" && source[`${key}_zh`]) || (source[key] ?? "");
}
