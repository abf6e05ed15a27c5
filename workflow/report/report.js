// Sortable tables with a filter and a CSV of what is shown, folded parts that open when linked to,
// and on the first page what changed.
"use strict";
// of changes.js, which is replaced when the run has been compared with the one before
const changed = document.getElementById("changes");
if (changed && window.reuptakeChanges) {
  const { sentence, rows } = window.reuptakeChanges;
  changed.querySelector(".sentence").textContent = sentence;
  const body = changed.querySelector("tbody");
  for (const { cells, simulated } of rows) {
    const row = body.insertRow();
    row.classList.toggle("simulated", simulated);
    cells.forEach((lines, column) => {
      const cell = document.createElement(column ? "td" : "th");
      if (!column) cell.scope = "row";
      cell.className = column ? "words" : "name";
      for (const line of lines) {
        const note = document.createElement("span");
        note.className = "note";
        note.textContent = line;
        cell.append(note);
      }
      row.append(cell);
    });
  }
  changed.querySelector(".scroll").hidden = rows.length === 0;
}
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  table.querySelectorAll("thead th").forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, body, head, column));
  });
  const tools = document.createElement("p");
  tools.className = "tools";
  if (body.rows.length > 6) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    const found = document.createElement("span");
    input.type = "search";
    found.setAttribute("role", "status");
    label.append("Filter rows ", input);
    tools.append(label, " ", found, " ");
    listen(input, () => body.rows, found);
  }
  const save = document.createElement("button");
  save.type = "button";
  save.textContent = "CSV of the rows shown";
  save.addEventListener("click", () => download(table));
  tools.append(save);
  table.closest(".scroll").before(tools);
}
for (const input of document.querySelectorAll("input[data-filter]")) {
  const found = input.closest(".tools").querySelector("[role=status]");
  listen(input, () => document.querySelectorAll(input.dataset.filter), found);
}
function sort(table, body, head, column) {
  const up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const key = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
  const rows = [...body.rows].map((row) => [key(row), row]);
  const numeric = rows.some(([k]) => k !== "" && Number.isFinite(Number(k)));
  const number = (k) => (k === "inf" ? Infinity : k === "-inf" ? -Infinity : Number(k));
  const missing = (k) => k === "" || k === "–" || (numeric && Number.isNaN(number(k)));
  rows.sort(([a], [b]) => {
    if (missing(a) || missing(b)) return missing(a) - missing(b);
    const order = numeric ? number(a) - number(b) || 0 : a.localeCompare(b, "en", { numeric: true });
    return up ? order : -order;
  });
  body.append(...rows.map(([, row]) => row));
}
function listen(input, items, found) {
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/);
    let shown = 0;
    let all = 0;
    for (const item of items()) {
      const text = item.textContent.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
      shown += !item.hidden;
      all += 1;
    }
    found.textContent = input.value ? `${shown} of ${all}` : "";
  });
}
function text(cell) {
  const notes = [...cell.querySelectorAll(".note")].map((note) => note.textContent);
  const copy = cell.cloneNode(true);
  for (const part of copy.querySelectorAll(".note, [data-mark]")) part.remove();
  let words = [copy.textContent.trim(), ...notes].filter((part) => part && part !== "–").join("; ");
  if (cell.classList.contains("number")) words = words.replace(/(\d),(?=\d{3})/g, "$1");
  // no spreadsheet shall run a cell as a formula
  if (/^[=+\-@\t]./.test(words) && !Number.isFinite(Number(words))) words = `'${words}`;
  return `"${words.replaceAll('"', '""')}"`;
}
function download(table) {
  const rows = [...table.rows].filter((row) => !row.hidden);
  const lines = rows.map((row, i) => {
    const mark = i ? String(row.classList.contains("simulated")) : "simulated";
    return [...[...row.cells].map(text), mark].join(",");
  });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`\ufeff${lines.join("\r\n")}\r\n`], { type: "text/csv" }));
  link.download = `${table.caption.textContent.toLowerCase().replace(/[^a-z0-9]+/g, "-")}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
function unfold() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let part = target; part; part = part.parentElement) {
    if (part instanceof HTMLDetailsElement) part.open = true;
  }
  target?.scrollIntoView();
}
addEventListener("hashchange", unfold);
if (location.hash) unfold();
