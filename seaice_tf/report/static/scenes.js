// Thumbnails; the pictures of the chosen one stand side by side below.
widgets.scenes = (root, data) => {
  const stage = root.querySelector(".stage");
  const rows = Object.keys(data.scenes[0].rows);
  const state = {scene: 0, row: 0};
  const buttons = data.scenes.map((scene, i) => el("button.thumbnail", {type: "button", "aria-pressed": i === 0,
    onclick: () => choose(i)}, el("img", {src: scene.picture.src, alt: ""}), el("b", {}, scene.name), el("span", {}, scene.label)));
  const strip = el("div.strip", {role: "group", "aria-label": `${data.title}: choose one; arrow keys move`}, ...buttons);
  strip.addEventListener("keydown", (event) => {
    const steps = {ArrowRight: state.scene + 1, ArrowLeft: state.scene - 1, Home: 0, End: buttons.length - 1};
    if (!(event.key in steps)) return;
    event.preventDefault();
    choose((steps[event.key] + buttons.length) % buttons.length);
    buttons[state.scene].focus();
  });
  const pick = switches("Chart", rows, 0, (i) => { state.row = i; show(); });
  const title = el("h4", {"aria-live": "polite"});
  const pictures = el("div.pictures");
  const legend = el("div.legend");
  stage.append(strip, rows.length > 1 ? pick.box : "", title, pictures, legend);

  function choose(i) {
    state.scene = i;
    buttons.forEach((button, j) => button.setAttribute("aria-pressed", i === j));
    show();
  }

  function show() {
    const scene = data.scenes[state.scene], row = rows[state.row];
    title.textContent = `${scene.name}, ${scene.label}`;
    pictures.replaceChildren(...[scene.picture, ...scene.rows[row]].map((each) => el("figure", {}, picture(each), el("figcaption", {}, each.name))));
    legend.replaceChildren(...Object.entries(data.legends[row] ?? {}).map(([name, colour]) => el("span.entry", {}, swatch(colour), name)));
  }
  show();
};
