// What pages do beside showing: keys, confirmations, live parts, charts. No page needs it to be read.

const typing = (e) => e.target.closest("input, textarea, select, [contenteditable]");
const places = { o: "/", l: "/live", c: "/calls", t: "/tenants", s: "/statistics", i: "/invoices" };
let goes = false;

document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || typing(e)) return;
  if (goes && places[e.key]) { location.href = places[e.key]; goes = false; return; }
  goes = e.key === "g";
  if (e.key === "/") { e.preventDefault(); document.querySelector(".find input")?.focus(); }
  if (e.key === "f") { const f = document.querySelector("[name=filter]"); if (f) { e.preventDefault(); f.focus(); } }
  if (e.key === "?") document.getElementById("keys")?.showModal();
});

// What is dangerous asks first; data-type asks for a word to be typed.
document.addEventListener("submit", (e) => {
  const form = e.target, text = form.dataset.confirm;
  if (!text) return;
  const word = form.dataset.type;
  const sure = word ? window.prompt(text + "\n\n" + word) === word : window.confirm(text);
  if (!sure) e.preventDefault();
});

document.querySelector(".burger")?.addEventListener("click", (e) => {
  const open = document.body.classList.toggle("menu-open");
  e.currentTarget.setAttribute("aria-expanded", String(open));
});

// Rows that lead somewhere may be clicked anywhere.
document.addEventListener("click", (e) => {
  const row = e.target.closest("tr[data-href]");
  if (row && !e.target.closest("a, button, input, label, form, summary")) location.href = row.dataset.href;
});

// Seconds go on between two messages of the server.
setInterval(() => {
  for (const el of document.querySelectorAll("[data-tick]")) {
    const s = Math.max(0, Number(el.dataset.seconds) + Number(el.dataset.tick));
    el.dataset.seconds = s;
    const two = (n) => String(n).padStart(2, "0");
    el.textContent = s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
  }
}, 1000);

// A live part is sent by the server whenever it changes; while the page is hidden nothing is asked for.
for (const part of document.querySelectorAll("[data-live]")) {
  let source = null;
  const open = () => {
    source = new EventSource(part.dataset.live);
    source.onmessage = (m) => {
      if (part.contains(document.activeElement) && document.activeElement.closest("form")) return;
      part.innerHTML = m.data;
      part.classList.remove("stale");
      draw(part);
    };
    source.onerror = () => part.classList.add("stale");
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { source?.close(); source = null; } else if (!source) open();
  });
  open();
}

// Charts: the data stands in the page as JSON, or is fetched from the address in data-from.
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// The map of the world: countries as arcs that they share (TopoJSON), put together to outlines (GeoJSON).
async function world() {
  if (window.echarts.getMap("world")) return;
  const t = await (await fetch(document.querySelector("script[data-world]").dataset.world)).json();
  const { scale, translate } = t.transform;
  const arcs = t.arcs.map((arc) => { let x = 0, y = 0; return arc.map((p) => { x += p[0]; y += p[1]; return [x * scale[0] + translate[0], y * scale[1] + translate[1]]; }); });
  const ring = (list) => {
    let turn = 0, last = null; // What crosses the 180th meridian goes on beyond it.
    return list.flatMap((i, n) => { const a = i < 0 ? arcs[~i].slice().reverse() : arcs[i]; return n ? a.slice(1) : a; }).map(([x, y]) => {
      if (last !== null && x + turn - last > 180) turn -= 360;
      if (last !== null && x + turn - last < -180) turn += 360;
      last = x + turn;
      return [last, y];
    });
  };
  const shape = (g) => (g.type === "Polygon" ? { type: g.type, coordinates: g.arcs.map(ring) } : { type: g.type, coordinates: g.arcs.map((p) => p.map(ring)) });
  const features = t.objects.countries.geometries.filter((g) => g.type && g.id && g.id !== "010").map((g) => ({ type: "Feature", properties: { name: g.id, title: g.properties.name }, geometry: shape(g) }));
  window.echarts.registerMap("world", { type: "FeatureCollection", features });
}

// A chart follows the size of its box. A live part is drawn anew by every message: a box that has left the page ends its chart, and
// one without a size (in a part that is folded, or on its way out) is left as it is, because the library fails at resizing to nothing.
function watchSize(box, chart) {
  if (box.dataset.watched) return;
  box.dataset.watched = "yes";
  const observer = new ResizeObserver(() => {
    if (!box.isConnected) { observer.disconnect(); chart.dispose(); return; }
    if (box.clientWidth && box.clientHeight) chart.resize();
  });
  observer.observe(box);
}

async function draw(root) {
  const boxes = root.querySelectorAll("[data-chart]");
  if (!boxes.length || !window.echarts) return;
  for (const box of boxes) {
    const option = JSON.parse(box.dataset.chart);
    const ink = style("--ink"), soft = style("--soft"), line = style("--line");
    const onMap = option.series?.[0]?.map === "world";
    if (onMap) {
      await world();
      Object.assign(option.series[0], { roam: false, itemStyle: { areaColor: line, borderColor: style("--card") }, emphasis: { label: { show: false } }, label: { show: false } });
      option.tooltip = { formatter: (e) => (e.data ? `${e.data.key}: ${e.value}` : "") };
    }
    if (option.visualMap) Object.assign(option.visualMap, { inRange: { color: [style("--heat"), style("--accent")] }, textStyle: { color: soft }, show: false });
    for (const one of option.series || []) if (one.type === "bar") one.barMaxWidth = 48;
    const axis = (a) => a && { minInterval: a.type === "value" ? 1 : undefined, ...a, axisLabel: { color: soft, ...a.axisLabel }, axisLine: { lineStyle: { color: line } }, splitLine: { lineStyle: { color: line } } };
    if (!box.isConnected) continue; // Another message came while the map was fetched.
    const chart = window.echarts.getInstanceByDom(box) || window.echarts.init(box, null, { renderer: "svg" });
    chart.setOption({
      color: [style("--accent"), "#e3a008", "#1a7f4b", "#8250df", "#d1242f", "#1b7c83", "#bc4c00", "#57606a"],
      textStyle: { color: ink, fontFamily: "inherit" },
      animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      grid: { left: 8, right: 12, top: 28, bottom: 8, containLabel: true },
      ...option,
      tooltip: { renderMode: "richText", confine: true, ...option.tooltip },
      legend: option.legend && { top: 0, textStyle: { color: soft }, ...option.legend },
      xAxis: axis(option.xAxis), yAxis: axis(option.yAxis),
    });
    if (box.dataset.click) chart.on("click", (e) => { location.href = box.dataset.click.replace("{}", encodeURIComponent(e.data?.key ?? e.name)); });
    watchSize(box, chart);
  }
}
window.addEventListener("load", () => draw(document));
