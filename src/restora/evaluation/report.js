"use strict";

// Sliders: the value of the range is where the second picture begins.
for (const range of document.querySelectorAll(".stage input[type=range]")) {
  const stage = range.parentElement;
  const show = () => {
    stage.style.setProperty("--split", range.value + "%");
    range.setAttribute("aria-valuetext", Math.round(range.value) + " percent degraded");
  };
  range.addEventListener("input", show);
  show(); // a browser may have kept the value over a reload
}

// A picture takes the whole width, and gives it back.
for (const button of document.querySelectorAll(".tools button")) {
  button.addEventListener("click", () => {
    const viewer = button.closest(".viewer");
    const isLarge = viewer.classList.toggle("large");
    button.setAttribute("aria-pressed", String(isLarge));
    viewer.scrollIntoView({ block: "nearest" });
  });
}

// The table: sorted by a click on its heads, searched by name.
const table = document.getElementById("images");
if (table) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const value = (row, column) => row.cells[column].dataset.value ?? row.cells[column].textContent;
  const compare = new Intl.Collator(undefined, { numeric: true }).compare;
  heads.forEach((head, column) => {
    const button = head.querySelector("button");
    if (!button) return;
    button.addEventListener("click", () => {
      const isNumber = head.classList.contains("number");
      const was = head.getAttribute("aria-sort");
      const next = was === "ascending" ? "descending" : "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", next);
      const sign = next === "ascending" ? 1 : -1;
      rows.sort((a, b) => {
        const [first, second] = [value(a, column), value(b, column)];
        const order = isNumber ? Number(first) - Number(second) : compare(first, second);
        return sign * (order || 0) || a.dataset.order - b.dataset.order;
      });
      body.append(...rows);
    });
  });

  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const filter = () => {
    const words = search.value.trim().toLowerCase();
    let count = 0;
    for (const row of rows) {
      row.hidden = !row.cells[0].textContent.toLowerCase().includes(words);
      count += !row.hidden;
    }
    found.textContent = count === rows.length ? "" : `${count} of ${rows.length}`;
  };
  search.addEventListener("input", filter);
  filter();
}
