import { describe, expect, it } from "vitest";
import { cell, date, loose, number, pValue, short } from "../src/core/format";

describe("numbers", () => {
  it("are grouped and keep their sign", () => {
    expect(number(1234567.891)).toBe("1,234,567.89");
    expect(number(-1234.5, 1)).toBe("−1,234.5");
    expect(number(0)).toBe("0.00");
    expect(number(-0.0001, 0)).toBe("0");
    expect(number(NaN)).toBe("–");
  });

  it("are never printed as 0 when they are not", () => {
    expect(number(0.00042)).toBe("0.00042");
    expect(number(1.5e-9)).toBe("1.5×10⁻⁹");
    expect(pValue(0.00001)).toBe("< 0.0001");
    expect(pValue(0.0312)).toBe("0.031");
  });

  it("count in 万 and 亿, thousand and million", () => {
    expect(short(12_345, "zh")).toBe("1.23万");
    expect(short(250_000_000, "zh")).toBe("2.5亿");
    expect(short(12_345, "en")).toBe("12.3 thousand");
    expect(short(2_500_000, "en")).toBe("2.5 million");
    expect(short(9_999, "en")).toBe("9,999");
    expect(short(0, "en")).toBe("0");
    expect(short(-0.25, "zh")).toBe("−0.25");
  });
});

describe("cells", () => {
  const label = { en: "", zh: "" };
  it("follow the type of their column", () => {
    expect(cell(0, { name: "p", label, type: "number", decimals: 4 }, "en")).toBe("< 10⁻³⁰⁷");
    expect(cell(22, { name: "value", label, type: "number", decimals: 3 }, "en")).toBe("22");
    expect(cell(0.1234, { name: "s", label, type: "share", decimals: 4 }, "en")).toBe("12.34 %");
    expect(cell(2020, { name: "year", label, type: "number" }, "en")).toBe("2020");
    expect(cell(1500, { name: "jobs", label, type: "integer" }, "zh")).toBe("1,500");
    expect(cell("0012", { name: "code", label, type: "code" }, "en")).toBe("0012");
    expect(cell(true, undefined, "zh")).toBe("是");
    expect(cell(null, undefined, "en")).toBe("");
  });

  it("of findings may be lists and named numbers", () => {
    expect(loose([1, "a", null], "en")).toBe("1, a, ");
    expect(loose({ gamma_null: 0.5 }, "en")).toBe("gamma null 0.500");
    expect(loose(null, "en")).toBe("");
  });

  it("dates are local on screen", () => {
    expect(date("2026-11-05T10:00:00Z", "zh")).toBe("2026年11月5日");
    expect(date("2026-11-05", "en")).toBe("5 November 2026");
    expect(date(undefined, "en")).toBe("");
  });
});
