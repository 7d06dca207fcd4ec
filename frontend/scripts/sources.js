// One hash over the sources of the bundle. tests/observatory/test_bundle.py computes the
// same: sha256 over, for each file in the order of its path, path, NUL, bytes, NUL.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FILES = ["package.json", "package-lock.json", "svelte.config.js", "tsconfig.json"];
const FOLDERS = ["scripts", "src"];

export function sources(root) {
  const listed = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)),
  );
  const paths = [...FILES, ...listed].map((path) => path.replaceAll("\\", "/"));
  return paths.sort((a, b) => (a < b ? -1 : 1));
}

export function hashOfSources(root) {
  const hash = createHash("sha256");
  for (const path of sources(root)) {
    hash.update(path).update("\0").update(readFileSync(join(root, path))).update("\0");
  }
  return hash.digest("hex");
}
