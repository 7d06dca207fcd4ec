// Builds two classic scripts and one style sheet, checks licences and sizes, and writes
// the hash of the sources beside them. `--out DIR` builds elsewhere, for bundle-check.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { hashOfSources } from "./sources.js";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const at = process.argv.indexOf("--out");
const OUT =
  at > 0 ? resolve(process.argv[at + 1]) : resolve(ROOT, "../src/agglo/observatory/static");
const BUDGET = { "app.js": 150_000, "charts.js": 300_000, "app.css": 30_000 };
const PERMISSIVE = ["MIT", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0"];

const used = new Set();

/** Notes which packages are in the bundle. */
const packagesUsed = {
  name: "packages-used",
  generateBundle(_options, bundle) {
    for (const chunk of Object.values(bundle)) {
      for (const id of Object.keys(chunk.modules ?? {})) {
        const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id);
        if (found) used.add(found[1]);
      }
    }
  },
};

function classic(entry, name, file) {
  return build({
    root: ROOT,
    configFile: false,
    logLevel: "warn",
    define: { "process.env.NODE_ENV": '"production"' },
    plugins: [svelte({ compilerOptions: { css: "external" } }), packagesUsed],
    build: {
      outDir: OUT,
      emptyOutDir: false,
      target: "es2022",
      cssCodeSplit: false,
      reportCompressedSize: false,
      lib: {
        entry: join(ROOT, entry),
        name,
        formats: ["iife"],
        fileName: () => file,
        cssFileName: "app",
      },
    },
  });
}

mkdirSync(OUT, { recursive: true });
for (const name of readdirSync(OUT)) {
  if (/\.(js|css|json)$/.test(name)) rmSync(join(OUT, name));
}
await classic("src/main.ts", "aggloApp", "app.js");
await classic("src/charts/main.ts", "aggloCharts", "charts.js");

const licences = {};
for (const name of [...used].sort()) {
  const own = JSON.parse(readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8"));
  if (!PERMISSIVE.includes(own.license)) {
    throw new Error(`${name} ${own.version}: licence ${own.license} is not permissive`);
  }
  licences[name] = { version: own.version, licence: own.license };
}
const files = {};
for (const [name, budget] of Object.entries(BUDGET)) {
  const bytes = readFileSync(join(OUT, name));
  const compressed = gzipSync(bytes, { level: 9 }).length;
  if (compressed > budget) throw new Error(`${name}: ${compressed} B compressed > ${budget} B`);
  files[name] = { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  process.stdout.write(`${name}  ${bytes.length} B, compressed ${compressed} B\n`);
}
const record = { format: 1, sources: hashOfSources(ROOT), files, packages: licences };
writeFileSync(join(OUT, "BUILD.json"), JSON.stringify(record, null, 2) + "\n");
