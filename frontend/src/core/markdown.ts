// The little Markdown that pages about methods are written in, as plain blocks: texts stay
// text nodes, nothing is parsed as markup of the page.

export interface Block {
  kind: "title" | "code" | "list" | "table" | "text";
  lines: string[];
  cells?: string[][];
}

export interface Piece {
  text: string;
  code?: boolean;
  strong?: boolean;
}

export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let fence: Block | null = null;
  let now: Block | null = null;
  const put = (kind: Block["kind"], line: string): Block => {
    if (now?.kind === kind && kind !== "title") {
      now.lines.push(line);
      return now;
    }
    const block = { kind, lines: [line] };
    blocks.push(block);
    return block;
  };
  for (const line of text.split(/\r?\n/)) {
    if (/^(```|:::|~~~)/.test(line)) {
      fence = fence ? null : { kind: "code", lines: [] };
      if (fence) blocks.push(fence);
      now = null;
    } else if (fence) fence.lines.push(line);
    else if (!line.trim() || /^\(.+\)=$/.test(line)) now = null;
    else if (/^#+ /.test(line)) now = put("title", line.replace(/^#+ /, ""));
    else if (/^\s*([-*]|\d+\.) /.test(line)) now = put("list", line.replace(/^\s*([-*]|\d+\.) /, ""));
    else if (/^\|/.test(line)) now = put("table", line);
    else if (now?.kind === "list" && /^\s/.test(line)) now.lines.push(`${now.lines.pop() ?? ""} ${line.trim()}`);
    else now = put("text", line.trim());
  }
  return blocks.filter((b) => b.lines.length > 0).map((b) => (b.kind === "table" ? { ...b, cells: cellsOf(b.lines) } : b));
}

function cellsOf(lines: string[]): string[][] {
  return lines.filter((l) => !/^\|[\s:|-]+\|?\s*$/.test(l)).map((l) => l.replace(/^\||\|\s*$/g, "").split("|").map((c) => c.trim()));
}

/** Code and strong words within a line; links keep their words. */
export function piecesOf(line: string): Piece[] {
  const plain = line.replace(/\{\w+\}`([^`<]+?)(?:\s*<[^>]*>)?`/g, "`$1`").replace(/\[([^\]]+)\]\([^)]*\)/g, "$1");
  return plain.split(/(`[^`]+`|\*\*[^*]+\*\*)/).filter(Boolean).map((text) =>
    text.startsWith("`") && text.length > 2 ? { text: text.slice(1, -1), code: true }
      : text.startsWith("**") && text.length > 4 ? { text: text.slice(2, -2), strong: true }
        : { text });
}
