// Masks over a photo, drawn again with their Dice as thresholds are moved.
widgets.masks = async (root, data) => {
  const stage = root.querySelector(".stage");
  const classes = Object.keys(data.classes), colours = Object.values(data.classes).map(rgb);
  const [, rows, columns] = data.photos[0].probabilities.shape;
  const photos = await Promise.all(data.photos.map(async (photo) => ({...photo,
    probabilities: await unpack(photo.probabilities), true: await unpack(photo.true), decided: await unpack(photo.decided)})));
  const state = {photo: 0, own: true, labels: true, shown: classes.map(() => true),
    thresholds: [...data.thresholds], gates: [...data.gates]};

  const image = el("img", {alt: ""}), canvas = el("canvas", {role: "img"});
  canvas.width = 3 * columns;
  canvas.height = 3 * rows;
  const sliders = classes.map((name, c) => ({
    threshold: range(`${name}: threshold of the pixels`, "thresholds", c),
    gate: range(`${name}: least probability in the photo`, "gates", c),
    dice: el("output.dice", {"aria-label": `Dice of ${name}`}),
  }));
  const mean = el("output.dice", {"aria-label": "Mean Dice of this photo", "aria-live": "polite"});
  const all = el("output.dice", {"aria-label": "Mean Dice of all photos here"});
  const chosen = switches("Masks", ["as the run decides", "by these sliders"], 0, (i) => { state.own = i === 0; show(); });
  const reset = el("button", {type: "button", onclick: () => {
    state.thresholds = [...data.thresholds];
    state.gates = [...data.gates];
    sliders.forEach((each, c) => { each.threshold.set(state.thresholds[c]); each.gate.set(state.gates[c]); });
    state.own = true;
    chosen.set(0);
    show();
  }}, "Reset");
  const table = el("table.sliders", {},
    el("thead", {}, el("tr", {}, ...["Class", "Threshold", "Gate", "Dice"].map((t) => el("th", {scope: "col"}, t)))),
    el("tbody", {}, ...classes.map((name, c) => el("tr", {},
      el("th", {scope: "row"}, check(name, true, (on) => { state.shown[c] = on; show(); }, swatch(data.classes[name]))),
      el("td", {}, sliders[c].threshold.box), el("td", {}, sliders[c].gate.box), el("td", {}, sliders[c].dice)))),
    el("tfoot", {}, el("tr", {}, el("th", {scope: "row", colspan: 3}, "This photo"), el("td", {}, mean)),
      el("tr", {}, el("th", {scope: "row", colspan: 3}, `Mean of these ${photos.length} photos`), el("td", {}, all))));
  stage.append(picker("Photo", photos.map((p) => p.name), (i) => { state.photo = i; show(); }),
    el("div.overlay", {}, el("div.photo", {}, image, canvas),
      el("div.panel-of-sliders", {}, chosen.box, table,
        el("p.row", {}, check("labelled outlines", true, (on) => { state.labels = on; show(); }), reset))));

  function range(name, kind, c) {
    const out = el("output");
    const input = el("input", {type: "range", min: 0, max: 1, step: 0.02, "aria-label": name, oninput: () => {
      state[kind][c] = Number(input.value);
      out.textContent = state[kind][c].toFixed(2);
      state.own = false;
      chosen.set(1);
      show();
    }});
    function set(value) {
      input.value = value;
      out.textContent = Number(value).toFixed(2);
    }
    set(state[kind][c]);
    return {box: el("div.range", {}, input, out), set};
  }

  // Bit c of a pixel is set where class c is.
  function masks(photo) {
    if (state.own) return photo.decided;
    const made = new Uint8Array(rows * columns);
    classes.forEach((_, c) => {
      if (photo.class_probabilities[c] < state.gates[c]) return;
      const from = c * rows * columns, lowest = state.thresholds[c] * FULL - 1e-6;
      for (let i = 0; i < made.length; i++) if (photo.probabilities[from + i] >= lowest) made[i] |= 1 << c;
    });
    return made;
  }

  function dice(photo, made) {
    return classes.map((_, c) => {
      let both = 0, sizes = 0;
      for (let i = 0; i < made.length; i++) {
        const p = (made[i] >> c) & 1, t = (photo.true[i] >> c) & 1;
        both += p & t;
        sizes += p + t;
      }
      return sizes ? 2 * both / sizes : 1;
    });
  }

  const average = (values) => values.reduce((a, b) => a + b, 0) / values.length;

  function show() {
    const photo = photos[state.photo], made = masks(photo), values = dice(photo, made);
    values.forEach((value, c) => { sliders[c].dice.textContent = value.toFixed(3); });
    mean.textContent = average(values).toFixed(3);
    all.textContent = average(photos.map((each) => average(dice(each, masks(each))))).toFixed(3);
    image.src = photo.picture.src;
    image.alt = photo.picture.alt;
    const visible = classes.filter((_, c) => made.some((bits) => (bits >> c) & 1));
    canvas.setAttribute("aria-label", `Masks of ${visible.join(", ") || "no class"}`);
    paint(photo, made);
  }

  function paint(photo, made) {
    const small = new OffscreenCanvas(columns, rows), fill = new ImageData(columns, rows);
    for (let i = 0; i < made.length; i++) {
      const inside = colours.filter((_, c) => state.shown[c] && (made[i] >> c) & 1);
      inside.forEach((colour) => colour.forEach((value, k) => { fill.data[4 * i + k] += value / inside.length; }));
      fill.data[4 * i + 3] = inside.length ? 105 : 0;
    }
    small.getContext("2d").putImageData(fill, 0, 0);
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, 0, 0, canvas.width, canvas.height);
    classes.forEach((_, c) => {
      if (!state.shown[c]) return;
      outline(pen, made, c, false);
      if (state.labels) outline(pen, photo.true, c, true);
    });
  }

  // The border between pixels that are in a mask and those that are not, closed at the photo's rim.
  // Dashes are left out by their place: a path of single steps would begin its dashes anew at each.
  function outline(pen, bits, c, dashed) {
    const inside = (row, column) => row >= 0 && column >= 0 && row < rows && column < columns
      && ((bits[row * columns + column] >> c) & 1) === 1;
    pen.beginPath();
    for (let row = 0; row <= rows; row++) {
      for (let column = 0; column <= columns; column++) {
        if (dashed && (row + column) % 7 < 3) continue;
        if (inside(row, column) !== inside(row - 1, column)) line(pen, column, row, column + 1, row);
        if (inside(row, column) !== inside(row, column - 1)) line(pen, column, row, column, row + 1);
      }
    }
    pen.lineWidth = 3;
    pen.strokeStyle = `rgb(${colours[c].join(",")})`;
    pen.stroke();
  }

  function line(pen, ...ends) {
    const [x0, y0, x1, y1] = ends.map((end) => Math.min(Math.max(3 * end, 2), 3 * Math.max(rows, columns)));
    pen.moveTo(Math.min(x0, canvas.width - 2), Math.min(y0, canvas.height - 2));
    pen.lineTo(Math.min(x1, canvas.width - 2), Math.min(y1, canvas.height - 2));
  }
  show();
};
