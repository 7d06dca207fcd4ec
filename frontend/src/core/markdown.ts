// The little Markdown that pages about methods are written in, as plain blocks: texts stay
// text nodes, nothing is parsed as markup of the page.

export interface Block {
  kind: "title" | "code" | "formula" | "list" | "table" | "text";
  lines: string[];
  cells?: string[][];
  /** Depth of a title, 1 for that of the page. */
  level?: number;
}

export interface Piece {
  text: string;
  kind?: "code" | "strong" | "stress" | "formula";
  /** Page about a method that the words lead to, and the section of it. */
  to?: { topic: string; anchor: string };
}

const FENCE = /^(```|:::|~~~)/;

export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let fence: Block | null = null;
  let now: Block | null = null;
  const begin = (kind: Block["kind"], ...lines: string[]): Block => {
    const block = { kind, lines };
    blocks.push(block);
    return block;
  };
  /** Another line of what is being read, or the first of something new. */
  const put = (kind: Block["kind"], line: string): Block => {
    if (now?.kind !== kind) return begin(kind, line);
    now.lines.push(line);
    return now;
  };
  for (const line of text.split(/\r?\n/)) {
    if (fence) {
      const formula = fence.kind === "formula";
      const ends = formula ? line.trimEnd().endsWith("$$") : FENCE.test(line);
      if (!ends || formula) fence.lines.push(line.replace(/\$\$\s*$/, ""));
      if (ends) fence = null;
      continue;
    }
    const formula = /^\s*\$\$(.*?)(\$\$)?\s*$/.exec(line);
    if (FENCE.test(line) || formula) {
      const block = formula ? begin("formula", formula[1] ?? "") : begin("code");
      fence = formula?.[2] ? null : block;
      now = null;
    } else if (!line.trim() || /^\(.+\)=$/.test(line)) now = null;
    else if (/^#+ /.test(line)) {
      begin("title", line.replace(/^#+ /, "")).level = line.indexOf(" ");
      now = null;
    } else if (/^\s*([-*]|\d+\.) /.test(line)) now = put("list", line.replace(/^\s*([-*]|\d+\.) /, ""));
    else if (/^\|/.test(line)) now = put("table", line);
    else if (now?.kind === "list" && /^\s/.test(line)) now.lines.push(`${now.lines.pop() ?? ""} ${line.trim()}`);
    else now = put("text", line.trim());
  }
  return blocks.filter((b) => b.lines.some((l) => l.trim())).map((b) => (b.kind === "table" ? { ...b, cells: cellsOf(b.lines) } : b));
}

/** Cells of the rows of a table; a bar within code or a formula, or after a backslash, is part of a cell. */
function cellsOf(lines: string[]): string[][] {
  const kept = (text: string): string => text.replaceAll("|", "\u0000");
  return lines.filter((l) => !/^\|[\s:|-]+\|?\s*$/.test(l)).map((l) =>
    l.replace(/`[^`]*`|\$[^$]*\$/g, kept).replaceAll("\\|", "\u0000")
      .replace(/^\||\|\s*$/g, "").split("|").map((c) => c.replaceAll("\u0000", "|").trim()));
}

/** What a formula is known by: what stands between its dollar signs. */
export const formulaOf = (block: Block): string => block.lines.join("\n").trim();

/** The name of a section within its page, for addresses. */
export function anchorOf(title: string): string {
  return title.toLowerCase().replaceAll(/[^\p{L}\p{N}\s-]/gu, "").trim().replaceAll(/\s+/g, "-");
}

const PIECES = /(`[^`]+`|\*\*[^*]+\*\*|(?<![\w*])\*[^*\s][^*]*\*(?![\w*])|\$[^$\n]+\$|\[[^\]]+\]\([^)]*\))/;

/** Code, strong words, formulas and links within a line; links to elsewhere keep their words. */
export function piecesOf(line: string): Piece[] {
  const plain = line
    .replace(/\{doc\}`(?:([^`<]+?)\s*<)?\/?([^`>]+)>?`/g, (_, words: string | undefined, at: string) => `[${words ?? spoken(at)}](${at}.md)`)
    .replace(/\{\w+\}`([^`<]+?)(?:\s*<[^>]*>)?`/g, "`$1`");
  return plain.split(PIECES).filter(Boolean).flatMap((text): Piece[] => {
    const link = /^\[([^\]]+)\]\(([^)]*)\)$/.exec(text);
    if (link) return [linked(link[1] ?? "", link[2] ?? "")];
    if (text.startsWith("`") && text.length > 2) return [{ text: text.slice(1, -1), kind: "code" }];
    if (text.startsWith("**") && text.length > 4) return [{ text: text.slice(2, -2), kind: "strong" }];
    if (/^\*[^*]+\*$/.test(text)) return [{ text: text.slice(1, -1), kind: "stress" }];
    if (text.startsWith("$") && text.length > 2) return [{ text: text.slice(1, -1).trim(), kind: "formula" }];
    return [{ text }];
  });
}

/** A page as words: the end of its path. */
const spoken = (path: string): string => (path.split("/").pop() ?? path).replaceAll("-", " ");

/** Words that lead to a page beside this one; others are words alone. */
function linked(text: string, target: string): Piece {
  const words = text.replaceAll("`", "");
  const page = /^(?:\.\.\/(?:reference|how-to)\/)?([\w-]+(?:\.zh)?)\.md(?:#(.*))?$/.exec(target);
  return page ? { text: words, to: { topic: page[1] ?? "", anchor: page[2] ?? "" } } : { text: words };
}
