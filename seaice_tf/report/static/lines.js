// Curves by uPlot, with a legend of buttons, a readout for keyboard and screen reader, and a table.
const WHOLE = [1, 2, 5].flatMap((step) => [1, 10, 100, 1000, 10000].map((size) => step * size)).sort((a, b) => a - b);

widgets.lines = (root, data) => {
  const stage = root.querySelector(".stage");
  const named = typeof data.x[0] === "string";
  const x = named ? data.x.map((_, i) => i) : data.x;
  const unit = data.y_label;
  const shown = data.series.map(() => true);
  let log = false, plot = null;
  const canvas = el("div.plot", {tabindex: "0", role: "img", "aria-label":
    `${data.title}: ${data.series.map((s) => s.name).join(", ")}, ${unit} over ${data.x_label}. Arrow keys read the values.`});
  const readout = el("p.readout", {"aria-live": "polite"}, "\u00a0");
  const legend = el("div.legend");
  data.series.forEach((series, i) => {
    const mark = swatch("", series.style === "dashes");
    painters.push(() => mark.style.setProperty("--colour", colour(i)));
    mark.style.setProperty("--colour", colour(i));
    if (series.style === "band") mark.classList.add("area");
    const button = el("button", {type: "button", "aria-pressed": "true", onclick: () => toggle(i)}, mark, series.name);
    legend.append(button);
  });
  if (data.log) legend.append(check("logarithmic", false, (on) => { log = on; draw(); }));
  stage.append(legend, canvas, readout, values());

  function colour(i) {
    if (data.series[i].style === "band") return css("--muted");
    return data.series[i].colour ? readable(data.series[i].colour) : curve(i);
  }

  function toggle(i) {
    shown[i] = !shown[i];
    legend.children[i].setAttribute("aria-pressed", shown[i]);
    draw();
  }

  function label(i) {
    return named ? data.x[i] : decimals(x[i]);
  }

  function read(i) {
    if (i === null || i === undefined) return;
    const parts = data.series.filter((s, j) => shown[j] && s.values[i] !== null).map((s) =>
      s.style === "band" ? `${s.name} ${decimals(s.low[i])} to ${decimals(s.values[i])}` : `${s.name} ${decimals(s.values[i])}`);
    readout.textContent = `${label(i)}: ${parts.join(" · ")}`;
  }

  function values() {
    const details = el("details.values", {}, el("summary", {}, "Values as a table"));
    details.addEventListener("toggle", () => {
      if (details.children.length > 1) return;
      const head = el("tr", {}, ...[data.x_label, ...data.series.map((s) => s.name)].map((t) => el("th", {scope: "col"}, t)));
      const rows = x.map((_, i) => el("tr", {}, el("th", {scope: "row"}, label(i)), ...data.series.map((s) =>
        el("td", {}, s.style === "band" ? `${decimals(s.low[i])} to ${decimals(s.values[i])}` : decimals(s.values[i])))));
      details.append(el("div.scroll", {tabindex: "0", role: "region", "aria-label": `Values of ${data.title}`},
        el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows))));
    });
    return details;
  }

  function draw() {
    const width = canvas.clientWidth;
    if (!width) return;
    const columns = [x], series = [{}], bands = [];
    data.series.forEach((each, i) => {
      if (!shown[i]) return;
      const stroke = () => colour(i);
      if (each.style === "band") {
        const fill = () => css("--band");
        bands.push({series: [series.length, series.length + 1], fill});
        const none = {width: 0, points: {show: false}};
        series.push({...none}, {...none});
        columns.push(each.values, each.low);
        return;
      }
      const dots = each.style === "dots" || each.style === "points";
      series.push({stroke, width: 2, spanGaps: true, dash: each.style === "dashes" ? [6, 4] : undefined,
        paths: each.style === "dots" ? () => null : undefined,
        points: {show: dots || x.length === 1, size: 7, fill: stroke, stroke}});
      columns.push(each.values);
    });
    const axis = {stroke: () => css("--muted"), grid: {stroke: () => css("--rule"), width: 1},
      ticks: {stroke: () => css("--rule"), width: 1}, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif"};
    const every = Math.ceil(x.length / Math.max(width / 80, 1));
    const span = x.length > 1 ? undefined : [x[0] - 1, x[0] + 1];
    plot?.destroy();
    plot = new uPlot({
      width, height: 300, series, bands, legend: {show: false},
      cursor: {drag: {x: false, y: false}, points: {size: 8}},
      scales: {x: {time: false, distr: data.x_log ? 3 : 1, range: span}, y: {distr: log ? 3 : 1}},
      axes: [
        {...axis, incrs: x.every(Number.isInteger) ? WHOLE : undefined, label: data.x_label, labelSize: 22, labelGap: 0, size: 34, ...(named ? {splits: () => x.filter((i) => i % every === 0),
          values: (_, at) => at.map((i) => data.x[i] ?? "")} : {})},
        {...axis, label: unit, labelSize: 20, size: 62},
      ],
      hooks: {setCursor: [(u) => read(u.cursor.idx)]},
    }, columns, canvas);
  }

  canvas.addEventListener("keydown", (event) => {
    const at = plot?.cursor.idx;
    const moves = {ArrowRight: (at ?? -1) + 1, ArrowLeft: (at ?? 1) - 1, Home: 0, End: x.length - 1};
    if (!(event.key in moves)) return;
    event.preventDefault();
    const i = Math.min(Math.max(moves[event.key], 0), x.length - 1);
    plot.setCursor({left: plot.valToPos(x[i], "x"), top: plot.bbox.height / devicePixelRatio / 2});
    read(i);
  });
  painters.push(draw);
  new ResizeObserver(() => { if (canvas.clientWidth && canvas.clientWidth !== plot?.width) draw(); }).observe(canvas);
};
