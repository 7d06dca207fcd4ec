"use strict";
(() => {
  const MOST = 12;
  const make = (name, text, parent) => {
    const node = document.createElement(name);
    if (text !== undefined) node.textContent = text;
    if (parent) parent.append(node);
    return node;
  };
  const card = (data, [code, name, facts, body], open) => {
    const box = document.createElement("details");
    box.open = open;
    make("summary", name.startsWith(code) ? name : `${name} (${code})`, box);
    const list = make("dl", undefined, box);
    facts.forEach((fact, k) => {
      make("dt", data.facts[k], list);
      make("dd", fact, list);
    });
    if (body.length === 0) return box;
    const scroll = make("div", undefined, box);
    scroll.className = "scroll";
    scroll.tabIndex = 0;
    const table = make("table", undefined, scroll);
    const head = make("tr", undefined, make("thead", undefined, table));
    data.columns.forEach((column, k) => {
      const node = make("th", column, head);
      node.scope = "col";
      if (k > 0) node.className = "n";
    });
    const rows = make("tbody", undefined, table);
    body.forEach((cells) => {
      const row = make("tr", undefined, rows);
      cells.forEach((cell, k) => {
        const node = make(k === 0 ? "th" : "td", cell, row);
        if (k === 0) node.scope = "row"; else node.className = "n";
      });
    });
    return box;
  };
  document.querySelectorAll("[data-lookup]").forEach((root) => {
    const data = JSON.parse(document.getElementById(root.dataset.lookup).textContent);
    const input = root.querySelector("input");
    const status = root.querySelector("[role=status]");
    const found = root.querySelector(".found");
    const keys = data.records.map((r) => `${r[0]} ${r[1]}`.toLocaleLowerCase());
    const show = () => {
      const words = input.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
      found.replaceChildren();
      if (words.length === 0) { status.textContent = ""; return; }
      const hits = keys.flatMap((key, k) => (words.every((w) => key.includes(w)) ? [k] : []));
      const shown = hits.slice(0, MOST);
      status.textContent = hits.length === 0
        ? data.words.no_results
        : data.words.results.replace("{n}", hits.length).replace("{shown}", shown.length);
      found.append(...shown.map((k) => card(data, data.records[k], shown.length === 1)));
    };
    input.addEventListener("input", show);
  });
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll(".finding details").forEach((d) => { d.open = true; });
  });
})();
