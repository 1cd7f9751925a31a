// Columns are sorted by a button in their head: first ascending, then descending.
widgets.table = (root) => {
  const body = root.querySelector("tbody");
  const heads = [...root.querySelectorAll("thead th")];
  hint(root.querySelector(".scroll"));
  if (body.rows.length < 2) return;
  heads.forEach((head, column) => {
    const button = el("button", {type: "button", onclick: () => sort(column)}, head.textContent);
    head.replaceChildren(button);
  });

  function value(row, column) {
    const cell = row.cells[column];
    if (!("value" in cell.dataset)) return cell.textContent.trim();
    return cell.dataset.value === "" ? null : Number(cell.dataset.value);
  }

  function compare(a, b) {
    if (a === null || b === null) return (a === null) - (b === null);
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), "en", {numeric: true});
  }

  // A line under a table that is wider than its place, which nothing else would show.
  function hint(scroll) {
    const more = el("p.more", {}, "more columns: scroll →");
    scroll.after(more);
    new ResizeObserver(() => { more.hidden = scroll.scrollWidth <= scroll.clientWidth; }).observe(scroll);
  }

  function sort(column) {
    const down = heads[column].getAttribute("aria-sort") === "ascending";
    const rows = [...body.rows].map((row) => [value(row, column), row]);
    const known = rows.filter(([key]) => key !== null).sort(([a], [b]) => compare(a, b));
    if (down) known.reverse();
    body.append(...known.map(([, row]) => row), ...rows.filter(([key]) => key === null).map(([, row]) => row));
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    heads[column].setAttribute("aria-sort", down ? "descending" : "ascending");
  }
};
