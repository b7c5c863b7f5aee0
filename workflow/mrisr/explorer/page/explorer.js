const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);

/** An element with attributes and children. Text is never read as HTML. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

// ---- names and numbers ---------------------------------------------------------------------------------------------

const [SCALE, ARCHITECTURE, LOSS, TRAINING_SET] = [0, 1, 2, 3];
const isBaseline = (row) => data.models[row][TRAINING_SET] === "";
const unique = (values) => [...new Set(values)];
const scales = unique(data.models.map((model) => model[SCALE]));
const runs = new Map(data.runs.map((run, number) => [key(named(run.names)), number]));

function named(names) { return [names.scale, names.architecture, names.loss, names.training_set]; }
function key(model) { return model.join("\n"); }
function setting(model) { return [model[ARCHITECTURE], model[LOSS]].filter(Boolean).join(" / ") + (scales.length > 1 ? `, x${model[SCALE]}` : ""); }
function title(row) { return isBaseline(row) ? `(${data.models[row][ARCHITECTURE]})` : data.models[row][TRAINING_SET]; }
function number(value) { return value === null ? NaN : value === "inf" ? Infinity : value === "-inf" ? -Infinity : value; }
function shown(value) {
  const n = number(value);
  if (Number.isNaN(n)) return "–";
  if (!Number.isFinite(n)) return n > 0 ? "∞" : "−∞";
  const text = Math.abs(n) >= 10 ? n.toFixed(2) : Math.abs(n) >= 0.001 || n === 0 ? n.toFixed(4) : n.toExponential(2);
  return text.replace("-", "−");
}
function value(row, column, metric = state.metric, group = state.group) { return number(data.cells[group][metric][row][column]); }
const better = (metric) => (data.metrics[metric].higher ? 1 : -1);

// ---- what is chosen ------------------------------------------------------------------------------------------------

const state = { metric: Object.keys(data.metrics)[0], group: data.groups[0], scale: "", architecture: "", loss: "", sort: null, cell: null, slice: 0, left: "low", right: "estimate" };

function address(row, column, metric = state.metric, group = state.group) {
  return "#" + [...data.models[row], data.test_sets[column], group, metric].map(encodeURIComponent).join("/");
}
function find(hash) {
  let parts;
  try { parts = hash.slice(1).split("/").map(decodeURIComponent); } catch { return null; }
  const [scale, architecture, loss, training_set, test_set, group, metric] = parts;
  const row = data.models.findIndex((model) => key(model) === key([scale, architecture, loss, training_set]));
  const column = data.test_sets.indexOf(test_set);
  return row < 0 || column < 0 || !data.groups.includes(group) || !Object.hasOwn(data.metrics, metric) ? null : { row, column, group, metric };
}
function follow() {
  const found = find(location.hash);
  if (found) {
    Object.assign(state, { cell: [found.row, found.column], group: found.group, metric: found.metric });
    if (!rows().includes(found.row)) Object.assign(state, { scale: "", architecture: "", loss: "" });
  } else {
    state.cell = null;
  }
  draw();
  if (found) reveal();
}
function reveal() {
  document.querySelector('#matrix [aria-current="true"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (matchMedia("(max-width: 1099px)").matches) $("cell").scrollIntoView();
  else $("cell").scrollTop = 0;
}
function rows() {
  const fits = (model, row) =>
    (!state.scale || String(model[SCALE]) === state.scale) &&
    (isBaseline(row) || ((!state.architecture || model[ARCHITECTURE] === state.architecture) && (!state.loss || model[LOSS] === state.loss)));
  const found = data.models.map((model, row) => row).filter((row) => fits(data.models[row], row));
  if (!state.sort) return found;
  const rank = state.sort.column < 0
    ? (a, b) => title(a).localeCompare(title(b))
    : (a, b) => {
        const [first, second] = [value(a, state.sort.column), value(b, state.sort.column)];
        if (Number.isNaN(first) || Number.isNaN(second)) return Number.isNaN(first) - Number.isNaN(second);
        return (first === second ? 0 : first < second ? 1 : -1) * better(state.metric) * state.sort.turn;
      };
  return found.sort(state.sort.column < 0 ? (a, b) => rank(a, b) * state.sort.turn : rank);
}

// ---- the matrix ----------------------------------------------------------------------------------------------------

function draw() {
  drawControls();
  drawMatrix();
  drawFindings();
  drawCell();
}
function drawControls() {
  const choice = (name, label, options) =>
    options.length < 2 ? null : make("label", {}, label,
      make("select", { id: `choose-${name}`, onchange: (event) => { state[name] = event.target.value; moved(name); } },
        ...options.map(([option, text]) => make("option", { value: option, selected: state[name] === option ? "" : null }, text))));
  const among = (place, label) => [["", label], ...unique(data.models.filter((model, row) => !isBaseline(row)).map((model) => model[place])).map((name) => [String(name), String(name)])];
  const limited = (options) => (options.length > 2 ? options : []);
  const focused = document.activeElement?.id;
  $("controls").replaceChildren(...[
    choice("metric", "metric", Object.entries(data.metrics).map(([name, metric]) => [name, metric.label])),
    choice("architecture", "architecture", limited(among(ARCHITECTURE, "all"))),
    choice("loss", "loss", limited(among(LOSS, "all"))),
    choice("scale", "scale", limited(among(SCALE, "all"))),
    choice("group", "test group", data.groups.map((name) => [name, name])),
  ].filter(Boolean));
  if (focused?.startsWith("choose-")) $(focused)?.focus();
}
function moved(name) {
  if (state.cell && (name === "metric" || name === "group")) location.hash = address(...state.cell);
  else draw();
}
function colour(share) {
  const place = Math.min(Math.max(share, 0), 1) * (data.colours.length - 1);
  const [low, part] = [Math.floor(place), place % 1];
  const channels = (text) => [1, 3, 5].map((start) => parseInt(text.slice(start, start + 2), 16));
  const [a, b] = [channels(data.colours[low]), channels(data.colours[Math.min(low + 1, data.colours.length - 1)])];
  const mixed = a.map((channel, i) => Math.round(channel + (b[i] - channel) * part));
  const light = mixed.map((channel) => (channel / 255) ** 2.2);
  const luminance = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2];
  return `background: rgb(${mixed}); color: ${luminance > 0.18 ? "#000" : "#fff"}`;
}
function drawMatrix() {
  const visible = rows();
  const focused = document.activeElement?.closest?.("#matrix a, #matrix button")?.id;
  const spans = data.test_sets.map((name, column) => {
    const finite = visible.map((row) => value(row, column)).filter(Number.isFinite);
    return [Math.min(...finite), Math.max(...finite)];
  });
  const share = (row, column) => {
    const [low, high] = spans[column];
    const placed = high > low ? (Math.min(Math.max(value(row, column), low), high) - low) / (high - low) : 0.5;
    return data.metrics[state.metric].higher ? placed : 1 - placed;
  };
  const cell = (row, column) => {
    const matched = data.models[row][TRAINING_SET] === data.test_sets[column];
    const chosen = state.cell && state.cell[0] === row && state.cell[1] === column;
    const known = !Number.isNaN(value(row, column));
    return make("td", { class: matched ? "matched" : null, style: known ? colour(share(row, column)) : null },
      make("a", { href: address(row, column), id: `cell-${row}-${column}`, tabindex: -1, "aria-current": chosen ? "true" : null,
        "aria-label": `${setting(data.models[row])}, trained on ${title(row)}, tested on ${data.test_sets[column]}: ${shown(data.cells[state.group][state.metric][row][column])}${matched ? ", matched" : ""}` },
        shown(data.cells[state.group][state.metric][row][column])));
  };
  const head = (label, column) => {
    const sorted = state.sort?.column === column;
    const mark = sorted ? (state.sort.turn > 0 ? " ▼" : " ▲") : "";
    return make("th", { scope: "col", "aria-sort": sorted ? ((state.sort.turn > 0) === (column >= 0 && data.metrics[state.metric].higher) ? "descending" : "ascending") : null },
      make("button", { type: "button", id: `sort-${column}`, title: "sort", onclick: () => sort(column) }, label + mark));
  };
  $("matrix").replaceChildren(make("table", {},
    make("caption", { class: "hidden" }, ""),
    make("thead", {}, make("tr", {}, head("trained on", -1), ...data.test_sets.map(head))),
    make("tbody", { onkeydown: walk }, ...visible.map((row) =>
      make("tr", {}, make("th", { scope: "row" }, title(row), make("small", {}, isBaseline(row) ? "baseline" : setting(data.models[row]))),
        ...data.test_sets.map((name, column) => cell(row, column)))))));
  (document.querySelector('#matrix a[aria-current="true"]') || document.querySelector("#matrix td a"))?.setAttribute("tabindex", 0);
  if (focused) $(focused)?.focus({ preventScroll: true });
  const metric = data.metrics[state.metric];
  $("legend").replaceChildren(
    `${metric.label}, mean over slices, subjects and seeds; ${metric.higher ? "higher" : "lower"} is better. `,
    make("span", { class: "soft" }, "worse "), make("span", { id: "ramp", style: `background: linear-gradient(to right, ${data.colours})` }),
    make("span", { class: "soft" }, " better, within each column. Framed: trained on that same degradation. Arrow keys walk, Enter opens, column heads sort."),
    metric.note ? make("span", { class: "soft" }, ` ${metric.note}.`) : "");
}
function sort(column) {
  const same = state.sort?.column === column;
  state.sort = !same ? { column, turn: 1 } : state.sort.turn > 0 ? { column, turn: -1 } : null;
  drawMatrix();
}
function walk(event) {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  const link = event.target.closest("td a");
  if (!step || !link) return;
  const [row, column] = link.id.split("-").slice(1).map(Number);
  const visible = rows();
  const next = $(`cell-${visible[visible.indexOf(row) + step[0]]}-${column + step[1]}`);
  if (!next) return;
  event.preventDefault();
  link.setAttribute("tabindex", -1);
  next.setAttribute("tabindex", 0);
  next.focus();
}

// ---- findings ------------------------------------------------------------------------------------------------------

function drawFindings() {
  const wanted = data.findings.filter((finding) =>
    finding.metric === state.metric && finding.group === state.group && (!state.scale || finding.scale === state.scale) &&
    (!state.architecture || finding.architecture === state.architecture) && (!state.loss || finding.loss === state.loss));
  const list = (findings) => make("ul", {}, ...findings.map((finding) => make("li", {},
    make("a", { href: leads(finding) }, `${finding.hypothesis}: ${finding.sentence}`), finding.decision ? ` (${finding.decision})` : "")));
  const [sums, parts] = [wanted.filter((finding) => finding.summary), wanted.filter((finding) => !finding.summary)];
  $("sentences").replaceChildren(...(wanted.length ? [list(sums), parts.length ? make("details", {}, make("summary", {}, `${parts.length} comparisons`), list(parts)) : ""]
    : [make("p", { class: "soft" }, "There are no findings for this metric, group and choice.")]));
}
/** The cell of a finding: its own, or for a summary the matched cell with the best model's neighbour. */
function leads(finding) {
  const test_set = finding.test_set || finding.model || data.test_sets[0];
  const column = Math.max(data.test_sets.indexOf(test_set), 0);
  const row = data.models.findIndex((model) => key(model) === key([finding.scale, finding.architecture, finding.loss, finding.model || data.test_sets[column]]));
  return row < 0 ? "#" : address(row, column, finding.metric, finding.group);
}

// ---- a cell --------------------------------------------------------------------------------------------------------

function drawCell() {
  if (!state.cell) {
    $("cell").replaceChildren(make("p", { class: "soft" }, "No cell is chosen yet. Choose a number in the matrix, or a finding."));
    return;
  }
  const [row, column] = state.cell;
  const model = data.models[row];
  const number = runs.get(key(model));
  $("cell").replaceChildren(...[
    make("h3", { id: "heading" }, isBaseline(row) ? `Baseline ${model[ARCHITECTURE]} on ${data.test_sets[column]}` : `${setting(model)}: trained on ${model[TRAINING_SET]}, tested on ${data.test_sets[column]}`),
    make("p", {}, make("a", { href: `#`, onclick: (event) => { event.preventDefault(); $(`cell-${row}-${column}`).focus(); $("overview").scrollIntoView(); } }, "back to the matrix")),
    scoreTable(row, column),
    ...(number === undefined ? [] : viewer(model, number, column)),
    make("h3", {}, `${data.metrics[state.metric].label} on ${data.test_sets[column]}, each slice and run`),
    make("p", { class: "soft" }, "Box: quartiles and median. Line: lowest to highest. The chosen model is orange."),
    make("div", { class: "chart", id: "chart-boxes" }),
    ...(number === undefined ? [] : curvesOf(number)),
    ...(number === undefined ? [] : recordOf(number)),
  ]);
  drawCharts(row, column, number);
}
function scoreTable(row, column) {
  const model = data.models[row];
  const matched = data.models.findIndex((other) => key(other) === key([model[SCALE], model[ARCHITECTURE], model[LOSS], data.test_sets[column]]));
  const floor = data.models.findIndex((other, place) => isBaseline(place) && other[SCALE] === model[SCALE]);
  const compared = [["this cell", row], ["matched model", matched], [floor < 0 ? "" : `baseline ${title(floor)}`, floor]].filter(([name, place], i) => place >= 0 && (i === 0 || place !== row));
  return make("table", { class: "scores" },
    make("thead", {}, make("tr", {}, make("th", {}, ""), ...compared.map(([name]) => make("th", { scope: "col" }, name)))),
    make("tbody", {}, ...Object.entries(data.metrics).map(([metric, about]) => make("tr", {}, make("th", { scope: "row" }, about.label),
      ...compared.map(([name, place]) => make("td", {}, shown(data.cells[state.group][metric][place][column])))))));
}

// ---- pictures: one zoom for all of them ----------------------------------------------------------------------------

const view = { zoom: 1, x: 0, y: 0 };
const VIEWS = { low: "low resolution", estimate: "estimate", high: "high resolution", error: "error" };

function viewer(model, number, column) {
  const slices = data.pictures.shown[model[SCALE]][data.test_sets[column]];
  state.slice = Math.min(state.slice, slices.length - 1);
  const entry = slices[state.slice];
  const [estimate, error] = entry.estimates[number];
  const names = { low: entry.low, estimate, high: entry.high, error };
  const frame = (name, slot = null) => make("div", { class: `frame${name === "error" ? " error" : ""}`, slot },
    make("img", { src: data.pictures.files[names[name]], alt: `${VIEWS[name]}, slice ${data.pictures.slices[state.slice]}`, draggable: "false" }));
  const choose = (side, label) => make("label", {}, label, make("select", { id: `swipe-${side}`, onchange: (event) => { state[side] = event.target.value; drawCell(); $(`swipe-${side}`).focus(); } },
    ...Object.entries(VIEWS).map(([name, text]) => make("option", { value: name, selected: state[side] === name ? "" : null }, text))));
  const button = (text, label, act) => make("button", { type: "button", "aria-label": label, title: label, onclick: act }, text);
  const box = make("div", { id: "pictures" },
    make("div", { class: "row" },
      ...(slices.length < 2 ? [] : slices.map((one, place) => make("button", { type: "button", "aria-pressed": String(place === state.slice), onclick: () => { state.slice = place; drawCell(); } }, `slice ${data.pictures.slices[place]}`))),
      button("+", "zoom in", () => zoomBy(1.5)), button("−", "zoom out", () => zoomBy(1 / 1.5)), button("1:1", "no zoom", () => { Object.assign(view, { zoom: 1 }); place(); }),
      make("span", { class: "soft", id: "zoom" })),
    make("div", { id: "views", tabindex: 0, role: "group", "aria-label": "pictures; plus and minus zoom, arrow keys move" },
      ...Object.keys(VIEWS).map((name) => make("figure", {}, frame(name), make("figcaption", {}, VIEWS[name]),
        ...(name === "error" ? [make("div", { id: "bar" }), make("div", { class: "ends" }, make("span", {}, "0"), make("span", {}, `≥ ${entry.error}`))] : [])))),
    make("h3", {}, "Swipe"),
    make("div", { class: "row" }, choose("left", "left"), choose("right", "right")),
    make("img-comparison-slider", { id: "slider", tabindex: 0 }, frame(state.left, "first"), frame(state.right, "second")));
  box.style.setProperty("--aspect", data.pictures.aspect);
  gestures(box.querySelector("#views"));
  box.querySelector("#slider").addEventListener("wheel", wheel, { passive: false });
  requestAnimationFrame(place);
  return [make("h3", {}, `Pictures of ${data.subject}, slice ${data.pictures.slices[state.slice]}`),
    make("p", { class: "soft" }, "All pictures zoom together: buttons, double click, pinch, Ctrl and wheel, or + and − keys. Drag or use arrow keys to move."), box];
}
function place() {
  const box = $("pictures");
  if (!box) return;
  view.zoom = Math.min(Math.max(view.zoom, 1), 16);
  for (const axis of ["x", "y"]) view[axis] = Math.min(Math.max(view[axis], 1 - view.zoom), 0);
  for (const name of ["zoom", "x", "y"]) box.style.setProperty(`--${name}`, view[name]);
  box.classList.toggle("zoomed", view.zoom > 1);
  $("zoom").textContent = `${view.zoom.toFixed(1)} ×`;
}
/** Zoom about a point of the frame, given as fractions of its sides. */
function zoomBy(factor, x = 0.5, y = 0.5) {
  const before = view.zoom;
  view.zoom = Math.min(Math.max(before * factor, 1), 16);
  view.x = x - (x - view.x) * (view.zoom / before);
  view.y = y - (y - view.y) * (view.zoom / before);
  place();
}
function inside(event) {
  const box = (event.target.closest(".frame") || document.querySelector("#views .frame")).getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, box];
}
function wheel(event) {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  const [x, y] = inside(event);
  zoomBy(Math.exp(-event.deltaY / 300), x, y);
}
function gestures(views) {
  const held = new Map();
  views.addEventListener("wheel", wheel, { passive: false });
  views.addEventListener("dblclick", (event) => { const [x, y] = inside(event); zoomBy(2, x, y); });
  views.addEventListener("keydown", (event) => {
    const act = { "+": () => zoomBy(1.25), "=": () => zoomBy(1.25), "-": () => zoomBy(0.8), 0: () => zoomBy(0), ArrowLeft: () => { view.x += 0.1; place(); }, ArrowRight: () => { view.x -= 0.1; place(); }, ArrowUp: () => { view.y += 0.1; place(); }, ArrowDown: () => { view.y -= 0.1; place(); } }[event.key];
    if (!act || event.ctrlKey || event.metaKey || (event.key.startsWith("Arrow") && view.zoom === 1)) return;
    event.preventDefault();
    act();
  });
  views.addEventListener("pointerdown", (event) => {
    if (!event.target.closest(".frame")) return;
    held.set(event.pointerId, event);
    views.setPointerCapture(event.pointerId);
  });
  views.addEventListener("pointermove", (event) => {
    const last = held.get(event.pointerId);
    if (!last) return;
    const box = document.querySelector("#views .frame").getBoundingClientRect();
    held.set(event.pointerId, event);
    if (held.size === 1) {
      view.x += (event.clientX - last.clientX) / box.width;
      view.y += (event.clientY - last.clientY) / box.height;
      place();
    } else {
      const [other] = [...held.values()].filter((one) => one.pointerId !== event.pointerId);
      const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
      zoomBy(apart(event) / Math.max(apart(last), 1));
    }
  });
  for (const end of ["pointerup", "pointercancel"]) views.addEventListener(end, (event) => held.delete(event.pointerId));
}

// ---- charts --------------------------------------------------------------------------------------------------------

function curvesOf(number) {
  const curves = data.runs[number].curves;
  const wanted = [["losses", "Loss over the epochs", 1], ["psnr", "PSNR of the validation slices (dB)", 3]];
  return wanted.flatMap(([name, text, place]) => (curves.some((epoch) => epoch[place] !== null) ? [make("h3", {}, text), make("div", { class: "chart", id: `chart-${name}` })] : []));
}
function drawCharts(row, column, number) {
  const model = data.models[row];
  const beside = data.models.map((other, place) => place).filter((place) => {
    const other = data.models[place];
    return other[SCALE] === model[SCALE] && (isBaseline(place) || isBaseline(row) || (other[ARCHITECTURE] === model[ARCHITECTURE] && other[LOSS] === model[LOSS]));
  });
  const boxes = beside.flatMap((place) => {
    const box = data.boxes[state.group][state.metric][place][column];
    const name = isBaseline(row) && !isBaseline(place) ? `${title(place)}, ${setting(data.models[place])}` : title(place);
    return box ? [{ name, n: box[0], lowest: box[1], q1: box[2], median: box[3], q3: box[4], highest: box[5], chosen: place === row }] : [];
  });
  chart("boxes", { boxes });
  if (number === undefined) return;
  const series = (name, place) => data.runs[number].curves.filter((epoch) => epoch[place] !== null).map((epoch) => ({ series: name, epoch: epoch[0], value: epoch[place] }));
  chart("losses", { curves: [...series("training", 1), ...series("validation", 2)] });
  chart("psnr", { curves: series("validation", 3) });
}
function chart(name, datasets) {
  const place = $(`chart-${name}`);
  if (!place) return;
  const style = getComputedStyle(document.documentElement);
  const [text, line] = ["--text", "--line"].map((variable) => style.getPropertyValue(variable).trim());
  const axes = { labelColor: text, titleColor: text, gridColor: line, domainColor: line, tickColor: line, labelFontSize: 12, titleFontSize: 12 };
  const config = { background: "transparent", view: { stroke: null }, axis: axes, legend: { labelColor: text, titleColor: text, labelFontSize: 12 } };
  vegaEmbed(place, { ...data.charts[name], datasets }, { actions: false, ast: true, renderer: "svg", config });
}

// ---- how it was made -----------------------------------------------------------------------------------------------

function flat(value, path = "") {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [[path, Array.isArray(value) ? JSON.stringify(value) : String(value)]];
  return Object.entries(value).flatMap(([name, part]) => flat(part, path ? `${path}.${name}` : name));
}
function terms(pairs) { return make("dl", {}, ...pairs.flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, text)])); }
function recordOf(number) {
  const run = data.runs[number];
  const job = (name, text) => {
    const { command, ...rest } = run.records[name];
    return [make("h3", {}, text), make("pre", { class: "command" }, command), terms(flat(rest))];
  };
  const parameters = make("details", {}, make("summary", {}, "Parameters"), terms(flat(run.parameters)));
  if (!run.records.train) return [...job("evaluate", "Evaluation"), parameters];
  return [
    ...job("train", `Training, seed ${run.names.seed}, fold ${run.names.fold}`),
    parameters,
    make("details", {}, make("summary", {}, "Evaluation"), ...job("evaluate", "Evaluation")),
  ];
}

// ---- start ---------------------------------------------------------------------------------------------------------

$("title").textContent = `Study ${data.study}`;
const packed = data.pictures.quality === null ? "without loss" : `with quality ${data.pictures.quality}`;
$("about").textContent = `Pictures are WebP of 8 bits, compressed ${packed}${data.pictures.shrink > 1 ? ` and reduced ${data.pictures.shrink} times` : ""}. Error maps were computed before that. Identity of this page: ${data.identity}`;
addEventListener("hashchange", follow);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawCell);
follow();
document.documentElement.dataset.ready = "true";
