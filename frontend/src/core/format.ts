// Numbers are printed here and nowhere else.
import type { Cell, Column, Lang, Loose } from "./types";

const DASH = "–";

function grouped(value: number, decimals: number): string {
  const text = Math.abs(value).toFixed(decimals);
  const [whole = "0", rest] = text.split(".");
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const sign = value < 0 && Number(text) !== 0 ? "−" : "";
  return sign + spaced + (rest ? `.${rest}` : "");
}

/** Print a number in full: thousands separated, small ones to significant digits. */
export function number(value: number, decimals = 2): string {
  if (!Number.isFinite(value)) return DASH;
  const size = Math.abs(value);
  if (size > 0 && size < 0.5 * 10 ** -decimals && decimals > 0) {
    const short = value.toPrecision(2);
    return short.includes("e") ? exponent(value) : short.replace("-", "−");
  }
  return grouped(value, decimals);
}

function exponent(value: number): string {
  const [digits = "0", power = "0"] = value.toExponential(1).split("e");
  const raised = [...String(Number(power))].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
  return `${digits.replace("-", "−")}×10${raised.join("")}`;
}

const STEPS: Record<Lang, [number, string][]> = {
  zh: [[1e8, "亿"], [1e4, "万"]],
  en: [[1e9, " billion"], [1e6, " million"], [1e3, " thousand"]],
};

/** Print a number short: 万 and 亿 in Chinese, thousand and million in English. */
export function short(value: number, lang: Lang): string {
  if (!Number.isFinite(value)) return DASH;
  const size = Math.abs(value);
  for (const [step, word] of STEPS[lang]) {
    if (size >= step && (lang === "zh" || size >= 10_000)) {
      return trimmed(value / step, 3) + word;
    }
  }
  return trimmed(value, 3);
}

function trimmed(value: number, digits: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1000) return grouped(value, 0);
  if (size < 0.0001) return exponent(value);
  return String(Number(value.toPrecision(digits))).replace("-", "−");
}

/** Print a p-value; it is never shown as 0. */
export function pValue(p: number): string {
  if (p < 0.0001) return "< 0.0001";
  return p.toFixed(p < 0.01 ? 4 : 3);
}

/** Print a cell of a column, without its unit. */
export function cell(value: Cell | undefined, column: Column | undefined, lang: Lang): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return { en: ["no", "yes"], zh: ["否", "是"] }[lang][+value] ?? "";
  if (typeof value === "string") return value;
  if (column?.type === "code") return String(value);
  if (column?.type === "share") return `${number(value * 100, shareDigits(column))} %`;
  if (column?.type === "integer") return grouped(value, 0);
  if (isYear(value, column)) return String(value);
  // a probability is never 0: it is less than the least number there is
  if (value === 0 && /^[pq](_|$)/.test(column?.name ?? "")) return "< 10⁻³⁰⁷";
  // large whole numbers are counts; decimals would claim a precision that is not meant
  if (Number.isInteger(value) && Math.abs(value) >= 10) return grouped(value, 0);
  return number(value, column?.decimals ?? (Number.isInteger(value) ? 0 : 2));
}

function shareDigits(column: Column): number {
  return Math.max(0, (column.decimals ?? 3) - 2);
}

function isYear(value: number, column: Column | undefined): boolean {
  const named = /year|period|cohort/i.test(`${column?.name ?? ""} ${column?.label?.en ?? ""}`);
  return named && Number.isInteger(value) && value > 1000 && value < 3000;
}

/** Print whatever a finding holds: numbers, lists, labels, named numbers. */
export function loose(value: Loose, lang: Lang): string {
  if (value === null) return "";
  if (typeof value === "number") return Number.isInteger(value) ? grouped(value, 0) : number(value, 3);
  if (typeof value === "boolean") return { en: ["no", "yes"], zh: ["否", "是"] }[lang][+value] ?? "";
  // a code is said in words
  if (typeof value === "string") return /^[a-z]+(_[a-z]+)+$/.test(value) ? value.replaceAll("_", " ") : value;
  const comma = lang === "zh" ? "、" : ", ";
  if (Array.isArray(value)) return value.map((v) => loose(v, lang)).join(comma);
  return Object.entries(value)
    .map(([key, v]) => `${key.replaceAll("_", " ")} ${loose(v, lang)}`)
    .join(lang === "zh" ? "；" : "; ");
}

/** Print a date of the data (ISO) the local way. */
export function date(iso: string | undefined, lang: Lang): string {
  const day = /^(\d{4})-(\d{2})-(\d{2})/.exec(iso ?? "");
  if (!day) return iso ?? "";
  const [, y, m, d] = day;
  if (lang === "zh") return `${y}年${Number(m)}月${Number(d)}日`;
  const names = "January February March April May June July August September October November December";
  return `${Number(d)} ${names.split(" ")[Number(m) - 1]} ${y}`;
}
