// The address holds the whole state: route and query keys in canonical order.
import type { Lang, Theme } from "./types";

export const CODEC = 1;
/** Longer addresses are kept by the server under an id, where it keeps any. */
export const LONGEST = 2000;
const ID = /^[0-9a-f]{32}$/;

export interface State {
  route: string;
  lang: Lang;
  theme: Theme;
  rel: string;
  embed: boolean;
  /** Id of a view that the server keeps; its address replaces this one. */
  saved?: string;
  /** Choices of the reader: selector id to value. */
  choices: Record<string, string>;
}

export interface Parsed {
  state: State;
  /** Keys that are not understood. */
  ignored: string[];
}

const LANGS: readonly string[] = ["en", "zh"];
const THEMES: readonly string[] = ["auto", "light", "dark", "contrast"];
const SHARED = new Set(["v", "rel", "lang", "theme", "embed", "saved"]);
/** Longest value of a choice: a list of ten regions, or of an own peer group. */
const VALUE = 4000;
const KEY = /^[a-z][a-z0-9_]{0,40}$/;

/** Write a state as an address, without host. Values that are defaults are left out. */
export function encode(state: State, fallback: Lang): string {
  const query = new URLSearchParams();
  query.set("v", String(CODEC));
  if (state.rel) query.set("rel", state.rel);
  if (state.lang !== fallback) query.set("lang", state.lang);
  for (const key of Object.keys(state.choices).sort()) {
    const value = state.choices[key];
    if (value && KEY.test(key) && !SHARED.has(key)) query.set(key, value);
  }
  if (state.theme !== "auto") query.set("theme", state.theme);
  if (state.embed) query.set("embed", "1");
  return `${state.route || "/"}?${query.toString()}`;
}

/** Address of a view that the server keeps. */
export function short(id: string, embed: boolean): string {
  return `/?v=${CODEC}&saved=${id}${embed ? "&embed=1" : ""}`;
}

/** Read an address. Nothing in it can throw; what is not understood is listed. */
export function decode(address: string, fallback: Lang): Parsed {
  const [path = "", rest = ""] = split(address);
  const query = new URLSearchParams(rest);
  const ignored: string[] = [];
  const choices: Record<string, string> = {};
  for (const [key, value] of query) {
    if (SHARED.has(key)) continue;
    if (KEY.test(key) && value !== "" && value.length <= VALUE) choices[key] = value;
    else ignored.push(key);
  }
  const version = query.get("v");
  if (version !== null && version !== String(CODEC)) ignored.push("v");
  const saved = query.get("saved") ?? "";
  if (saved && !ID.test(saved)) ignored.push("saved");
  const lang = one(query.get("lang"), LANGS, fallback, "lang", ignored);
  const theme = one(query.get("theme"), THEMES, "auto", "theme", ignored);
  const state: State = {
    route: clean(path),
    lang: lang as Lang,
    theme: theme as Theme,
    rel: query.get("rel") ?? "",
    embed: query.get("embed") === "1",
    choices,
  };
  if (ID.test(saved)) state.saved = saved;
  return { state, ignored };
}

function split(address: string): string[] {
  const at = address.indexOf("?");
  return at < 0 ? [address, ""] : [address.slice(0, at), address.slice(at + 1)];
}

function clean(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
  return `/${parts.join("/")}`;
}

function one(
  value: string | null, allowed: readonly string[], fallback: string, key: string, ignored: string[],
): string {
  if (value === null) return fallback;
  if (allowed.includes(value)) return value;
  ignored.push(key);
  return fallback;
}
