// Maps that are stepped through by a slider, arrow keys or playing; one at a time or side by side.
widgets.frames = async (root, data) => {
  const stage = root.querySelector(".stage");
  const [frames, rows, columns] = data.fields.find((f) => f.values).values.shape;
  const fields = await Promise.all(data.fields.map((f) => f.values && unpack(f.values)));
  data.fields.forEach((field, i) => { if (field.difference_of) fields[i] = difference(...field.difference_of); });
  const state = {frame: 0, field: 0, sideBySide: data.side_by_side, edges: data.edges.map((_, i) => i < 2), timer: null};
  const tables = {};

  function difference(a, b) {
    const made = new Uint8Array(fields[a].length);
    for (let i = 0; i < made.length; i++) {
      const [p, q] = [fields[a][i], fields[b][i]];
      made[i] = p === MISSING || q === MISSING ? MISSING : Math.round(FULL / 2 + (p - q) / 2);
    }
    return made;
  }

  // A canvas for each field, of which those that are shown are not hidden.
  const panels = data.fields.map((field, i) => {
    const canvas = el("canvas", {role: "img", "aria-label": field.name});
    const bar = el("span.ramp", {"aria-hidden": "true"});
    const box = el("figure.panel", {}, el("figcaption", {}, field.name), canvas,
      el("div.scale", {}, el("span", {}, decimals(field.low)), bar, el("span", {}, `${decimals(field.high)} ${data.unit}`)));
    canvas.addEventListener("pointermove", (event) => point(i, event));
    canvas.addEventListener("pointerleave", () => { readout.textContent = "\u00a0"; });
    return {box, canvas, bar};
  });
  const readout = el("p.readout", {}, "\u00a0");
  const slider = el("input", {type: "range", min: 0, max: frames - 1, step: 1, value: 0, "aria-label": "Frame",
    oninput: () => go(Number(slider.value))});
  const label = el("output.when", {"aria-live": "polite"});
  const play = el("button.play", {type: "button", "aria-pressed": "false", onclick: () => playing(!state.timer)}, "▶ Play");
  const choose = switches("Layer", data.fields.map((f) => f.name), 0, (i) => { state.field = i; arrange(); });
  const edges = data.edges.map((edge, i) => {
    const mark = swatch(`var(--edge-${i})`);
    return check(edge.name, state.edges[i], (on) => { state.edges[i] = on; paint(); }, mark);
  });
  const beside = check("side by side", state.sideBySide, (on) => { state.sideBySide = on; arrange(); });
  const view = el("div.view", {tabindex: "0", role: "group", "aria-label":
    `${data.title}; left and right arrow keys step, space plays`}, ...panels.map((p) => p.box));
  stage.append(el("div.bar-of-controls", {}, data.fields.length > 1 ? choose.box : "",
    edges.length ? el("fieldset.switches", {}, el("legend", {}, "Edges"), ...edges) : "",
    data.fields.length > 1 ? el("fieldset.switches", {}, el("legend", {}, "View"), beside) : ""),
    view, el("div.player", {}, frames > 1 ? play : "", slider, label), readout);
  slider.hidden = frames < 2;

  function go(frame) {
    state.frame = (frame + frames) % frames;
    slider.value = state.frame;
    slider.setAttribute("aria-valuetext", data.labels[state.frame]);
    label.textContent = data.labels[state.frame];
    paint();
  }

  function playing(on) {
    clearInterval(state.timer);
    state.timer = on ? setInterval(() => go(state.frame + 1), 1000 * data.seconds * (calm ? 3 : 1)) : null;
    play.setAttribute("aria-pressed", on);
    play.textContent = on ? "❚❚ Pause" : "▶ Play";
    label.setAttribute("aria-live", on ? "off" : "polite");
  }

  view.addEventListener("keydown", (event) => {
    const steps = {ArrowRight: state.frame + 1, ArrowLeft: state.frame - 1, Home: 0, End: frames - 1};
    if (event.key in steps) go(steps[event.key]);
    else if (event.key === " ") playing(!state.timer);
    else return;
    event.preventDefault();
  });

  function point(i, event) {
    const box = panels[i].canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / box.width * columns);
    const row = Math.floor((event.clientY - box.top) / box.height * rows);
    if (row < 0 || column < 0 || row >= rows || column >= columns) return;
    const values = data.fields.map((field, j) => {
      const byte = fields[j][(state.frame * rows + row) * columns + column];
      return `${field.name} ${byte === MISSING ? data.missing : decimals(field.low + (field.high - field.low) * byte / FULL)}`;
    });
    readout.textContent = `row ${row}, column ${column}: ${values.join(" · ")}`;
  }

  function arrange() {
    panels.forEach((panel, i) => { panel.box.hidden = !state.sideBySide && i !== state.field; });
    choose.box.disabled = state.sideBySide;
    view.classList.toggle("side-by-side", state.sideBySide);
    paint();
  }

  function ramp(bar, colours) {
    const stops = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => `#${palettes[colours].substr(6 * Math.round(i * FULL / 8), 6)}`);
    bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  }

  function paint() {
    panels.forEach((panel, i) => {
      if (panel.box.hidden || !panel.canvas.clientWidth) return;
      draw(panel.canvas, i);
      panel.canvas.setAttribute("aria-label", `${data.fields[i].name}, ${data.labels[state.frame]}`);
    });
  }

  function draw(canvas, i) {
    const colours = data.fields[i].colours;
    const table = tables[colours] ??= colourTable(colours);
    const missing = rgb(css("--land"));
    const small = new OffscreenCanvas(columns, rows);
    const image = new ImageData(columns, rows);
    const start = state.frame * rows * columns;
    for (let at = 0; at < rows * columns; at++) {
      const byte = fields[i][start + at];
      for (let c = 0; c < 3; c++) image.data[4 * at + c] = byte === MISSING ? missing[c] : table[3 * byte + c];
      image.data[4 * at + 3] = 255;
    }
    small.getContext("2d").putImageData(image, 0, 0);
    const scale = Math.max(canvas.clientWidth / columns, 1) * Math.min(devicePixelRatio, 2);
    canvas.width = Math.round(columns * scale);
    canvas.height = Math.round(rows * scale);
    const pen = canvas.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, 0, 0, canvas.width, canvas.height);
    data.edges.forEach((edge, j) => {
      if (!state.edges[j]) return;
      const { low, high } = data.fields[edge.field];
      pen.strokeStyle = css(`--edge-${j}`);
      pen.lineWidth = 1.4 * Math.min(devicePixelRatio, 2);
      contour(pen, fields[edge.field].subarray(start, start + rows * columns), rows, columns,
        FULL * (edge.level - low) / (high - low), scale);
    });
  }

  painters.push(paint);
  data.fields.forEach((field, i) => ramp(panels[i].bar, field.colours));
  new ResizeObserver(paint).observe(view);
  arrange();
  go(0);
};

// The line where a map crosses a level, between the centres of its cells; none beside missing ones.
function contour(pen, bytes, rows, columns, level, scale) {
  pen.beginPath();
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      const at = row * columns + column;
      const corners = [bytes[at], bytes[at + 1], bytes[at + columns + 1], bytes[at + columns]];
      if (corners.includes(MISSING)) continue;
      const inside = corners.map((value) => value >= level);
      if (inside.every((is) => is === inside[0])) continue;
      const places = [[0, 0], [1, 0], [1, 1], [0, 1]];
      const crossings = [];
      for (let k = 0; k < 4; k++) {
        const next = (k + 1) % 4;
        if (inside[k] === inside[next]) continue;
        const fraction = (level - corners[k]) / (corners[next] - corners[k]);
        crossings.push(places[k].map((p, axis) => p + fraction * (places[next][axis] - p)));
      }
      for (let k = 0; k + 1 < crossings.length; k += 2) {
        const [from, to] = [crossings[k], crossings[k + 1]];
        pen.moveTo((column + 0.5 + from[0]) * scale, (row + 0.5 + from[1]) * scale);
        pen.lineTo((column + 0.5 + to[0]) * scale, (row + 0.5 + to[1]) * scale);
      }
    }
  }
  pen.stroke();
}
