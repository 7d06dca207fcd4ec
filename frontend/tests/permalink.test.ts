import { describe, expect, it } from "vitest";
import { decode, encode, short, type State } from "../src/core/permalink";
import { match, routeOf } from "../src/core/route";
import type { Lang, Page, Theme } from "../src/core/types";

const STATE: State = {
  route: "/region", lang: "zh", theme: "contrast", rel: "a1b2", embed: false,
  choices: { year: "2020", region: 'R01 & <b>"' },
};

/** A small seeded generator, so that a failure can be repeated. */
function draws(seed: number): () => number {
  let a = seed;
  return () => (a = (a * 48271) % 2147483647) / 2147483647;
}

describe("permalink", () => {
  it("names a kept view by its id, and nothing else", () => {
    const id = "0123456789abcdef".repeat(2);
    expect(short(id, false)).toBe(`/?v=1&saved=${id}`);
    const read = decode(short(id, true), "en");
    expect([read.state.saved, read.state.embed, read.ignored]).toEqual([id, true, []]);
    const wrong = decode("/?v=1&saved=../x", "en");
    expect([wrong.state.saved, wrong.ignored]).toEqual([undefined, ["saved"]]);
  });

  it("holds long lists of regions", () => {
    const codes = Array.from({ length: 300 }, (_, k) => `R${String(k).padStart(4, "0")}`).join(",");
    const read = decode(encode({ ...STATE, choices: { regions: codes } }, "en"), "en");
    expect(read.state.choices.regions).toBe(codes);
  });

  it("writes keys in one order, defaults left out", () => {
    expect(encode(STATE, "en")).toBe(
      "/region?v=1&rel=a1b2&lang=zh&region=R01+%26+%3Cb%3E%22&year=2020&theme=contrast",
    );
    expect(encode({ ...STATE, lang: "en", theme: "auto", rel: "", choices: {} }, "en")).toBe("/region?v=1");
  });

  it("gives back what was written, for many states", () => {
    const next = draws(8);
    const letters = "abz09 %&=?#/+<>\"'é中文𠮷\t";
    for (let k = 0; k < 500; k += 1) {
      const text = (): string =>
        Array.from({ length: 1 + Math.floor(next() * 12) }, () => [...letters][Math.floor(next() * [...letters].length)]).join("");
      const state: State = {
        route: ["/", "/map", "/networks"][Math.floor(next() * 3)] ?? "/",
        lang: (next() < 0.5 ? "en" : "zh") as Lang,
        theme: (["auto", "light", "dark", "contrast"] as Theme[])[Math.floor(next() * 4)] ?? "auto",
        rel: next() < 0.5 ? "" : "r7", embed: next() < 0.3,
        choices: { region: text(), industry: text() },
      };
      const written = encode(state, "en");
      const read = decode(written, "en");
      expect(read.ignored).toEqual([]);
      expect(read.state).toEqual(state);
      expect(encode(read.state, "en")).toBe(written);
    }
  });

  it("never throws on bad input and names what it ignored", () => {
    const bad = ["", "?", "%", "/%E0%A4%A", "/../../etc?x=%", "??&&==", `/map?region=${"a".repeat(500)}`, "/map?lang=fr&theme=x&v=9&A-B=1"];
    for (const address of bad) expect(() => decode(address, "en")).not.toThrow();
    expect(decode("/map?lang=fr&theme=x&v=9&A-B=1", "en").ignored.sort()).toEqual(["A-B", "lang", "theme", "v"]);
    expect(decode("/../../etc", "en").state.route).toBe("/etc");
  });
});

describe("routes", () => {
  const page = (id: string, route: string): Page => ({ id, route, question: { en: id, zh: id }, lead: { en: "", zh: "" } });
  const pages = [page("home", "/"), page("region", "/region/{id}"), page("map", "/map")];

  it("finds pages, with the first choice in the path", () => {
    expect(match("/", pages).page?.id).toBe("home");
    expect(match("/region/R01", pages)).toMatchObject({ page: { id: "region" }, rest: ["R01"] });
    expect(match("/nowhere", pages).page).toBeUndefined();
    expect(pages.map(routeOf)).toEqual(["/", "/region", "/map"]);
  });
});
