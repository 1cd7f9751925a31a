Object.assign(palettes, JSON.parse(document.getElementById("palettes").textContent));
Promise.all([...document.querySelectorAll("[data-widget]")].map((root) => {
  const held = root.querySelector(':scope > script[type="application/json"]');
  return widgets[root.dataset.widget](root, held && JSON.parse(held.textContent));
})).then(() => { document.documentElement.dataset.ready = "yes"; });
