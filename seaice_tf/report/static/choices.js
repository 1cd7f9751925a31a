// One of several sets of parts is shown; what was hidden has no size until then.
widgets.choice = (root) => {
  const select = root.querySelector(":scope > .pick select");
  const options = [...root.querySelectorAll(":scope > .option")];
  select.addEventListener("change", () => {
    options.forEach((option, i) => { option.hidden = i !== select.selectedIndex; });
  });
};
