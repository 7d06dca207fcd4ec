import { describe, expect, it } from "vitest";
import { anchorOf, blocksOf, formulaOf, piecesOf } from "../src/core/markdown";

describe("pages about methods", () => {
  it("reads titles with their depth, lists, code and formulas", () => {
    const text = "# Title\n\n## A part\ntext\nmore\n\n- one\n  and on\n- two\n\n```python\n$not$ a formula\n```\n\n$$\na = b\n$$\n\n$$c$$\n";
    const found = blocksOf(text);
    expect(found.map((b) => b.kind)).toEqual(["title", "title", "text", "list", "code", "formula", "formula"]);
    expect(found.map((b) => b.level)).toEqual([1, 2, undefined, undefined, undefined, undefined, undefined]);
    expect(found[3]?.lines).toEqual(["one and on", "two"]);
    expect(found[4]?.lines).toEqual(["$not$ a formula"]);
    expect([found[5], found[6]].map((b) => formulaOf(b as never))).toEqual(["a = b", "c"]);
  });

  it("keeps bars within code and formulas in their cell, and empty cells", () => {
    const [table] = blocksOf("| a | b | c |\n|---|---|---|\n| `x|y` | | $|z|$ |\n| p \\| q | r | s |");
    expect(table?.cells).toEqual([["a", "b", "c"], ["`x|y`", "", "$|z|$"], ["p | q", "r", "s"]]);
  });

  it("tells code, stress, formulas and links to other pages apart", () => {
    const found = piecesOf("**bold** *at* `code` $x_i$ [words](ripley.md#reading) [out](https://example.org) {doc}`k-density` 2*3*4");
    expect(found.filter((p) => p.kind || p.to)).toEqual([
      { text: "bold", kind: "strong" }, { text: "at", kind: "stress" }, { text: "code", kind: "code" },
      { text: "x_i", kind: "formula" }, { text: "words", to: { topic: "ripley", anchor: "reading" } },
      { text: "k density", to: { topic: "k-density", anchor: "" } },
    ]);
    expect(found.map((p) => p.text).join("")).toContain("out");
    expect(found.at(-1)?.text).toContain("2*3*4");
  });

  it("names sections as addresses do, in both languages", () => {
    expect(anchorOf("How sure is it?")).toBe("how-sure-is-it");
    expect(anchorOf("有多可靠？")).toBe("有多可靠");
  });
});
