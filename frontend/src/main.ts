import { mount } from "svelte";
import App from "./App.svelte";
import "./app.css";
import { openSource, readBoot } from "./core/data";

function start(): void {
  const boot = readBoot(document);
  const target = document.getElementById("app") ?? document.body;
  target.replaceChildren();
  mount(App, { target, props: { boot, source: openSource(boot, document) } });
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
