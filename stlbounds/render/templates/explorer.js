var STEPS = 1000, WIDTH = 640, HEIGHT = 380, LEFT = 66, RIGHT = 26, TOP = 12, BOTTOM = 44;
var parameters = stl_data.parameters, terms = stl_data.terms;
var state = {}, axis = "";
// A name, not an address: nothing is asked for.
var SVG = "http" + ":/" + "/www.w3.org/2000/svg";

function find(id) { return document.getElementById(id); }
function start() {
  parameters.forEach(function (p) { state[p.name] = p.value; });
  axis = parameters.some(function (p) { return p.name === "i"; }) ? "i" : parameters[0].name;
}

// --- numbers ---------------------------------------------------------------------------------------------
function shown(x) {
  if (!isFinite(x)) { return "overflow"; }
  if (x === 0) { return "0"; }
  var text, size = Math.abs(x);
  if (size < 1e-4 || size >= 999999.5) {
    text = x.toExponential(5).replace(/\.?0+e/, "e").split("e");
    return text[0] + "e" + text[1].charAt(0) + (text[1].length < 3 ? "0" : "") + text[1].slice(1);
  }
  text = x.toPrecision(6);
  return text.indexOf(".") < 0 ? text : text.replace(/\.?0+$/, "");
}
function evaluate(point) {
  var list = parameters.map(function (p) { return point[p.name]; });
  var parts = terms.map(function (t) { return stl_functions[t.function].apply(null, list); });
  var found = { terms: parts, bound: parts.reduce(function (a, b) { return a + b; }, 0) };
  stl_data.extras.forEach(function (name) { found[name] = stl_functions[name].apply(null, list); });
  return found;
}

// --- sliders ---------------------------------------------------------------------------------------------
function value_at(p, t) {
  var x;
  if (p.scale === "log") { x = p.from * Math.pow(p.to / p.from, t); }
  else if (p.scale === "shifted") { x = p.from + Math.expm1(t * Math.log1p(p.to - p.from)); }
  else { x = p.from + t * (p.to - p.from); }
  if (p.integer) { return Math.round(x); }
  return t === 0 ? p.from : t === 1 ? p.to : Number(x.toPrecision(4));
}
function place_of(p, x) {
  var t;
  if (p.scale === "log") { t = Math.log(x / p.from) / Math.log(p.to / p.from); }
  else if (p.scale === "shifted") { t = Math.log1p(x - p.from) / Math.log1p(p.to - p.from); }
  else { t = (x - p.from) / (p.to - p.from); }
  return Math.min(1, Math.max(0, t));
}
function allowed(p, x) {
  return isFinite(x) && (!p.integer || x === Math.round(x))
    && (p.low === null || x > p.low || (x === p.low && !p.low_open))
    && (p.high === null || x < p.high || (x === p.high && !p.high_open));
}
function read(text) {
  var parts = text.trim().split("/");
  if (!parts[0] || parts.length > 2) { return NaN; }
  return parts.length === 2 ? Number(parts[0]) / Number(parts[1] || NaN) : Number(parts[0]);
}
// Values too large for the slider stay, with the slider at its end; the plot then ends at the value.
function reach(p) {
  if (state[p.name] > p.to) { p.to = state[p.name]; }
  if (state[p.name] < p.from && p.scale !== "shifted") { p.from = state[p.name]; }
}
function show_inputs(but) {
  parameters.forEach(function (p) {
    var slider = find("at-" + p.name), box = find("number-" + p.name);
    reach(p);
    if (slider !== but) { slider.value = Math.round(STEPS * place_of(p, state[p.name])); }
    slider.setAttribute("aria-valuetext", p.name + " = " + state[p.name]);
    if (box !== but) { box.value = String(state[p.name]); box.removeAttribute("aria-invalid"); }
  });
}

// --- the link that carries the state ---------------------------------------------------------------------
function hash() {
  return "#at?" + parameters.map(function (p) { return p.name + "=" + state[p.name]; }).join("&") + "&over=" + axis;
}
function keep() {
  try { history.replaceState(null, "", hash()); } catch (refused) { location.replace(hash()); }
}
function restore() {
  if (location.hash.slice(0, 4) !== "#at?") { return false; }
  location.hash.slice(4).split("&").forEach(function (part) {
    var pair = part.split("="), x = Number(pair[1]);
    parameters.forEach(function (p) {
      if (p.name === pair[0] && pair[1] !== "" && allowed(p, x)) { state[p.name] = x; }
      if (pair[0] === "over" && p.name === pair[1]) { axis = p.name; }
    });
  });
  return true;
}

// --- the plot --------------------------------------------------------------------------------------------
function node(name, attributes, text) {
  var made = document.createElementNS(SVG, name), key;
  for (key in attributes) { made.setAttribute(key, attributes[key]); }
  if (text !== undefined) { made.textContent = text; }
  return made;
}
function tick(x) {
  var size = Math.abs(x), power;
  if (size >= 1e4 || (size > 0 && size < 1e-3)) {
    power = Math.floor(Math.log10(size) + 1e-9);
    x = Number((x / Math.pow(10, power)).toPrecision(3));
    return (x === 1 ? "" : x + "·") + "10" + String(power).split("").map(function (c) {
      return c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹".charAt(Number(c)); }).join("");
  }
  return String(Number(x.toPrecision(6)));
}
function even(low, high, count) {
  var raw = (high - low) / count, power = Math.pow(10, Math.floor(Math.log10(raw))), list = [], k, step;
  step = [1, 2, 5, 10].filter(function (m) { return m * power >= raw * 0.999; })[0] * power;
  for (k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k += 1) { list.push(k * step); }
  return list;
}
function decades(low, high, most) {
  var first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9), list = [], k;
  var step = Math.max(1, Math.ceil((last - first + 1) / most));
  for (k = first; k <= last; k += step) { list.push(Math.pow(10, k)); }
  return list;
}
function ticks_of(p) {
  var list;
  if (p.scale === "linear") { return even(p.from, p.to, 6); }
  if (p.scale === "log") { return decades(p.from, p.to, 7); }
  if (p.to - p.from < 8) { return even(p.from, p.to, 8).filter(function (x) { return x === Math.round(x); }); }
  list = [p.from].concat(p.from > 0 ? [] : [1], [2, 5].filter(function () { return p.to - p.from < 2000; }),
    decades(10, Math.max(10, p.to), 6), [20, 50, 200, 500].filter(function () { return p.to - p.from < 300; }));
  return list.filter(function (x, k) { return x >= p.from && x <= p.to && list.indexOf(x) === k; })
    .sort(function (a, b) { return a - b; });
}
function sampled(p) {
  var point = {}, list = [], k, key, x, seconds, began = Date.now(), count;
  for (key in state) { point[key] = state[key]; }
  evaluate(point);
  seconds = Math.max(0.02, Date.now() - began);
  count = Math.max(16, Math.min(200, Math.round(150 / seconds)));
  for (k = 0; k <= count; k += 1) {
    x = value_at(p, k / count);
    if (list.length && list[list.length - 1].x === x) { continue; }
    point[p.name] = x;
    list.push({ x: x, found: evaluate(point) });
  }
  return list;
}
function vertical(list, most) {
  var low = Infinity, high = 0;
  list.forEach(function (s) {
    if (isFinite(s.found.bound) && s.found.bound > 0) { low = Math.min(low, s.found.bound); high = Math.max(high, s.found.bound); }
  });
  // Terms are shown down to a thousandth of the bound.
  var least = low;
  list.forEach(function (s) {
    s.found.terms.forEach(function (v) { if (v > 0) { least = Math.min(least, Math.max(v, low / 1000)); } });
  });
  if (!(high > 0)) { return { log: false, low: 0, high: 1 }; }
  if (high / low <= 40 && high <= 6 * most) { return { log: false, low: 0, high: 1.06 * high }; }
  return { log: true, low: Math.pow(10, Math.floor(Math.log10(least / 2))),
    high: Math.pow(10, Math.min(Math.ceil(Math.log10(high)), Math.floor(Math.log10(low)) + 16)) };
}
function draw(found) {
  var p = parameters.filter(function (q) { return q.name === axis; })[0], list = sampled(p);
  var scale = vertical(list, found.most || Infinity), holder = find("stl-plot"), x, y, bottom = HEIGHT - BOTTOM;
  var svg = node("svg", { viewBox: "0 0 " + WIDTH + " " + HEIGHT, "aria-hidden": "true" });
  function across(value) { return LEFT + place_of(p, value) * (WIDTH - LEFT - RIGHT); }
  function up(value) {
    var t = scale.log ? Math.log(Math.max(value, 1e-300) / scale.low) / Math.log(scale.high / scale.low)
      : (value - scale.low) / (scale.high - scale.low);
    return bottom - Math.min(1.5, Math.max(-0.5, t)) * (bottom - TOP);
  }
  function curve(of, kind) {
    var path = "", pen = false;
    list.forEach(function (s) {
      var v = of(s.found);
      if (!(v >= 0)) { pen = false; return; }
      path += (pen ? "L" : "M") + across(s.x).toFixed(1) + " " + up(Math.min(v, 1e300)).toFixed(1);
      pen = true;
    });
    if (path) { svg.appendChild(node("path", { d: path, "class": kind, "clip-path": "url(#stl-clip)" })); }
  }
  var defs = node("defs", {}), clip = node("clipPath", { id: "stl-clip" });
  clip.appendChild(node("rect", { x: LEFT, y: TOP, width: WIDTH - LEFT - RIGHT, height: bottom - TOP }));
  var hatch = node("pattern", { id: "stl-hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  hatch.appendChild(node("line", { x1: 0, y1: 0, x2: 0, y2: 7, "class": "hatch" }));
  defs.appendChild(clip); defs.appendChild(hatch); svg.appendChild(defs);
  // What is at least M says nothing. M may itself depend on the parameter of the axis.
  var edge = "", over = list.filter(function (s) { return isFinite(s.found.most); });
  over.forEach(function (s) { edge += (edge ? "L" : "M") + across(s.x).toFixed(1) + " " + up(s.found.most).toFixed(1); });
  if (edge && up(found.most) > TOP + 2) {
    svg.appendChild(node("path", { d: edge + "L" + across(over[over.length - 1].x) + " " + TOP + "L" + across(over[0].x) + " " + TOP + "Z",
      fill: "url(#stl-hatch)", "clip-path": "url(#stl-clip)" }));
    svg.appendChild(node("path", { d: edge, "class": "most", "clip-path": "url(#stl-clip)" }));
    y = up(found.most);
    svg.appendChild(node("text", { x: LEFT + 8, y: y - TOP > 20 ? y - 6 : y + 16, "class": "note" }, "vacuous"));
  }
  (scale.log ? decades(scale.low, scale.high, 6) : even(scale.low, scale.high, 5)).forEach(function (v) {
    svg.appendChild(node("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: up(v), y2: up(v), "class": "grid" }));
    svg.appendChild(node("text", { x: LEFT - 8, y: up(v) + 5, "text-anchor": "end" }, tick(v)));
  });
  var last = -100;
  ticks_of(p).forEach(function (v) {
    x = across(v);
    if (x - last < 34) { return; }
    last = x;
    svg.appendChild(node("line", { x1: x, x2: x, y1: bottom, y2: bottom + 5, "class": "frame" }));
    svg.appendChild(node("text", { x: x, y: bottom + 20, "text-anchor": "middle" }, tick(v)));
  });
  svg.appendChild(node("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, "text-anchor": "middle", "class": "axis" }, p.plain));
  svg.appendChild(node("path", { d: "M" + LEFT + " " + TOP + "V" + bottom + "H" + (WIDTH - RIGHT), "class": "frame" }));
  // A term that makes up the whole bound stays visible on top of it.
  curve(function (f) { return f.bound; }, "bound");
  terms.forEach(function (t, k) { curve(function (f) { return f.terms[k]; }, "term term-" + k); });
  x = across(state[axis]);
  svg.appendChild(node("line", { x1: x, x2: x, y1: TOP, y2: bottom, "class": "here" }));
  if (isFinite(found.bound) && up(found.bound) >= TOP) {
    svg.appendChild(node("circle", { cx: x, cy: up(found.bound), r: 5, "class": "dot" }));
  }
  holder.replaceChildren(svg);
  holder.setAttribute("aria-label", "The bound over " + p.name + ": " + shown(list[0].found.bound) + " at " + p.name
    + " = " + list[0].x + ", " + shown(found.bound) + " at " + p.name + " = " + state[axis] + ", "
    + shown(list[list.length - 1].found.bound) + " at " + p.name + " = " + list[list.length - 1].x);
}
function key(label, kind, text) {
  var item = document.createElement("li"), svg = node("svg", { viewBox: "0 0 28 10", width: 28, height: 10, "aria-hidden": "true" });
  svg.appendChild(node("path", { d: "M1 5H27", "class": kind }));
  item.appendChild(svg);
  item.appendChild(document.createTextNode(" " + label + " "));
  var number = document.createElement("b");
  number.textContent = text;
  item.appendChild(number);
  return item;
}

// --- together --------------------------------------------------------------------------------------------
function show(but) {
  var found = evaluate(state), vacuous = found.bound >= found.most, parts = [];
  show_inputs(but);
  find("stl-value").textContent = shown(found.bound);
  find("stl-verdict").textContent = vacuous ? "vacuous: " + stl_data.trivial.replace(/@most@/g, shown(found.most)) : "";
  find("stl-verdict").className = find("stl-verdict").textContent ? "bad" : "";
  if (found.failure > 0) { parts.push("with probability at least " + shown(1 - found.failure)); }
  if (isFinite(found.gain)) { parts.push("loop gain " + shown(found.gain)); }
  if (isFinite(found.amplification)) { parts.push("amplification " + shown(found.amplification)); }
  find("stl-parts").textContent = parts.join(", ");
  find("stl-legend").replaceChildren.apply(find("stl-legend"), [key("bound", "bound", shown(found.bound))].concat(
    terms.map(function (t, k) { return key(t.label, "term term-" + k, shown(found.terms[k])); })));
  find("stl-axis").value = axis;
  draw(found);
}
var waiting = false;
function moved() {
  if (waiting) { return; }
  waiting = true;
  requestAnimationFrame(function () { waiting = false; show(document.activeElement); });
}
function said(text) {
  find("stl-said").textContent = text;
  setTimeout(function () { find("stl-said").textContent = ""; }, 4000);
}
function copied(text, name) {
  function by_hand() {
    var area = document.createElement("textarea"), done = false;
    area.value = text;
    document.body.appendChild(area);
    area.select();
    try { done = document.execCommand("copy"); } catch (refused) { done = false; }
    document.body.removeChild(area);
    said(done ? name + " copied" : "this browser does not let a page copy");
  }
  if (!navigator.clipboard) { by_hand(); return; }
  navigator.clipboard.writeText(text).then(function () { said(name + " copied"); }, by_hand);
}
function python() {
  var listed = parameters.filter(function (p) { return p.listed; }).map(function (p) { return state[p.name]; });
  return stl_data.python.replace("@alphas@", listed.join(", ")) + "\nprint(bound.evaluate("
    + parameters.filter(function (p) { return !p.listed; })
      .map(function (p) { return p.name + "=" + state[p.name]; }).join(", ") + "))\n";
}
parameters.forEach(function (p) {
  var slider = find("at-" + p.name), box = find("number-" + p.name);
  slider.addEventListener("input", function () {
    state[p.name] = value_at(p, slider.value / STEPS); keep(); moved();
  });
  // An integer may need several steps of its slider; one key press is one integer.
  slider.addEventListener("keydown", function (event) {
    var way = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
    if (!way || !p.integer || !allowed(p, state[p.name] + way)) { return; }
    if (value_at(p, (Number(slider.value) + way) / STEPS) !== state[p.name]) { return; }
    event.preventDefault();
    state[p.name] += way; keep(); show(null);
  });
  box.addEventListener("input", function () {
    var x = read(box.value);
    if (!allowed(p, x)) { box.setAttribute("aria-invalid", "true"); said(p.name + " must be " + p.range); return; }
    box.removeAttribute("aria-invalid");
    state[p.name] = x; keep(); moved();
  });
  box.addEventListener("change", function () { show(null); });
});
find("stl-form").addEventListener("submit", function (event) { event.preventDefault(); });
find("stl-axis").addEventListener("change", function () { axis = find("stl-axis").value; keep(); show(null); });
find("stl-link").addEventListener("click", function () { keep(); copied(location.href, "link"); });
find("stl-latex").addEventListener("click", function () {
  copied(stl_data.latex, "LaTeX" + (parameters.some(function (p) { return p.listed && state[p.name] !== p.value; })
    ? " with the proportions of this report" : ""));
});
find("stl-python").addEventListener("click", function () { copied(python(), "Python"); });
find("stl-reset").addEventListener("click", function () { start(); keep(); show(null); });
window.addEventListener("hashchange", function () { if (restore()) { show(null); } });
start();
find("stl-explorer").hidden = false;
if (restore()) { find("explore").scrollIntoView(); }
show(null);
