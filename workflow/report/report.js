// Sortable tables, a filter above long ones, and folded parts that open when linked to.
"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  table.querySelectorAll("thead th").forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
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
        const order = numeric ? number(a) - number(b) || 0 : a.localeCompare(b, "en");
        return up ? order : -order;
      });
      body.append(...rows.map(([, row]) => row));
    });
  });
  if (body.rows.length > 12) {
    const label = document.createElement("label");
    label.className = "filter";
    const input = document.createElement("input");
    input.type = "search";
    label.append("Filter rows ", input);
    table.closest(".scroll").before(label);
    listen(input, () => body.rows);
  }
}
for (const input of document.querySelectorAll("input[data-filter]")) {
  listen(input, () => document.querySelectorAll(input.dataset.filter));
}
function listen(input, items) {
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const item of items()) {
      const text = item.textContent.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
    }
  });
}
function unfold() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
addEventListener("hashchange", unfold);
unfold();
