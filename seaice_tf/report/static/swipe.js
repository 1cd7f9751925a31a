// Two pictures on top of each other with a slider between them.
widgets.swipe = (root, data) => {
  const stage = root.querySelector(".stage");
  const under = el("img.under"), over = el("img.over"), arrows = el("canvas", {"aria-hidden": "true"});
  const handle = el("input", {type: "range", min: 0, max: 100, step: 1, value: 50, oninput: () => wipe()});
  const rule = el("i.rule", {"aria-hidden": "true"});
  const names = el("p.row.note");
  let shown = 0, on = true;
  const wipes = el("div.wipe", {}, under, over, arrows, rule, handle);
  stage.append(data.pairs.length > 1 ? picker("Picture", data.pairs.map((p) => p.name), (i) => { shown = i; show(); }) : "",
    wipes, names, data.pairs.some((p) => p.arrows) ? check("arrows", true, (set) => { on = set; draw(); }) : "");

  function wipe() {
    over.style.clipPath = `inset(0 ${100 - handle.value}% 0 0)`;
    rule.style.left = `${handle.value}%`;
  }

  function show() {
    const pair = data.pairs[shown];
    [[under, pair.under], [over, pair.over]].forEach(([image, each]) => { image.src = each.src; image.alt = each.alt; });
    handle.setAttribute("aria-label", `Slider between ${pair.over.name} and ${pair.under.name}`);
    names.replaceChildren(el("span", {}, `◀ ${pair.over.name}`), el("span", {}, `${pair.under.name} ▶`));
    wipe();
    draw();
  }

  function draw() {
    const pen = arrows.getContext("2d"), list = data.pairs[shown].arrows ?? [];
    const scale = Math.min(devicePixelRatio, 2);
    arrows.width = wipes.clientWidth * scale;
    arrows.height = wipes.clientHeight * scale;
    if (!on || !arrows.width) return;
    const size = [arrows.width, arrows.height, arrows.width, arrows.height];
    for (const [colour, width] of [["#000", 4], ["#fff", 1.8]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width * scale;
      pen.beginPath();
      for (const arrow of list) {
        const [x, y, dx, dy] = arrow.map((value, i) => value * size[i]);
        const length = Math.min(Math.hypot(dx, dy) / 3, 6 * scale), turn = Math.atan2(dy, dx);
        pen.moveTo(x, y);
        pen.lineTo(x + dx, y + dy);
        for (const side of [2.6, -2.6]) {
          pen.moveTo(x + dx, y + dy);
          pen.lineTo(x + dx + length * Math.cos(turn + side), y + dy + length * Math.sin(turn + side));
        }
      }
      pen.stroke();
    }
  }
  new ResizeObserver(draw).observe(wipes);
  under.addEventListener("load", draw);
  show();
};
