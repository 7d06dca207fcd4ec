// Writes mock/open.html: the bundle in file mode over generated data that touch every kind
// of chart and every state of a value. Nothing here was measured anywhere.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { data } from "./data.js";

const HERE = dirname(fileURLToPath(import.meta.url));
const STATIC = join(HERE, "../../src/agglo/observatory/static");
const read = (name) => readFileSync(join(STATIC, name), "utf8");
const script = (text) => text.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
const json = (value) => JSON.stringify(value).replaceAll("<", "\\u003c");

writeFileSync(
  join(HERE, "open.html"),
  `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>agglo observatory (generated mock)</title><style>${read("app.css")}</style></head>
<body><div id="app"></div>
<script id="boot" type="application/json">${json({ mode: "file", lang: "en" })}</script>
<script id="data" type="application/json">${json(data())}</script>
<script>${script(read("charts.js"))}</script>
<script>${script(read("app.js"))}</script></body></html>
`,
);
