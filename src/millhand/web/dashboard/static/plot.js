/* The charts that the server has drawn, as ones to be read: with a cursor for the pointer and the arrow keys. */
"use strict";
{
  const STATES = ["completed", "cancelled", "discarded"]; // from the ground up
  const UNITS = { 60: "min", 3600: "h" };
  const content = document.getElementById("content");

  const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);
  const axis = (more) => ({ stroke: () => colour("soft"), font: `12px ${getComputedStyle(document.body).fontFamily}`, grid: { stroke: () => colour("line"), width: 1 }, ticks: { show: false }, ...more });
  const series = (state) => ({ label: state, fill: () => colour(state), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.75, 40] }) });

  /* Takes the place of the chart that follows `host`; answers with what to do when that has changed. */
  const mount = (host) => {
    const chart = () => host.nextElementSibling;

    /* What is told: the end of the last column, its seconds, and how many jobs ended in each column, by state. */
    let given = "";
    let told = {};
    const take = () => {
      if (chart().dataset.plot === given) return false;
      given = chart().dataset.plot;
      told = JSON.parse(given);
      return true;
    };
    take();
    const states = STATES.filter((state) => state in told);
    const length = () => told[states[0]].length;
    const start = (place) => told.until - told.unit * (length() - place);
    const times = () => told[states[0]].map((_, place) => start(place + 0.5));
    /* The highest columns come first, so that those drawn after them leave of each what is on top; none where nothing is. */
    const height = (last, place) => sum(states.slice(0, last + 1).map((state) => told[state][place]));
    const columns = () => states.map((state, last) => times().map((_, place) => (told[state][place] ? height(last, place) : null))).reverse();

    /* The reading: the column under the cursor, or all of them. */
    const frame = document.createElement("div");
    const reading = document.createElement("output");
    const when = (place) => (told.unit === 60 ? clock(start(place)) : `${clock(start(place))}–${clock(start(place + 1))}`);
    const read = (place) => {
      const all = place === null || place === undefined;
      const numbers = states.map((state) => `${(all ? sum(told[state]) : told[state][place]).toLocaleString()} ${state}`);
      const text = `${all ? `${length()} ${UNITS[told.unit]}` : when(place)}: ${numbers.join(", ")}`;
      if (reading.textContent !== text) reading.textContent = text;
    };

    host.hidden = false;
    host.tabIndex = 0;
    host.setAttribute("role", "group");
    host.setAttribute("aria-label", `${chart().getAttribute("aria-label")}. The arrow keys go from column to column.`);
    host.append(frame, reading);
    const size = () => ({ width: Math.max(120, frame.clientWidth), height: Number(host.dataset.height) });
    const plot = new uPlot({
      ...size(),
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: {
        x: { range: () => [start(0), told.until] },
        y: { range: (_, least, most) => [0, Math.max(1, most * 1.08)] },
      },
      series: [{}, ...[...states].reverse().map(series)],
      axes: [
        axis({ values: (_, splits) => splits.map(clock), grid: { show: false }, size: 28 }),
        axis({ incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1e5], values: (_, splits) => splits.map((number) => number.toLocaleString()), size: 48 }),
      ],
      hooks: { setCursor: [(drawn) => read(drawn.cursor.idx)] },
    }, [times(), ...columns()], frame);
    read(null);

    const point = (place) => plot.setCursor(place === null ? { left: -10, top: -10 } : { left: plot.valToPos(times()[place], "x"), top: 1 });
    host.addEventListener("keydown", (event) => {
      const last = length() - 1;
      const here = plot.cursor.idx ?? last + 1;
      const places = { ArrowLeft: Math.max(0, here - 1), ArrowRight: Math.min(last, here + 1), Home: 0, End: last, Escape: null };
      if (!(event.key in places) || last < 0) return;
      event.preventDefault();
      point(places[event.key]);
    });
    host.addEventListener("blur", () => point(null));
    new ResizeObserver(() => { if (frame.clientWidth) plot.setSize(size()); }).observe(frame);
    return {
      renew: () => { if (take()) { plot.setData([times(), ...columns()]); read(plot.cursor.idx); } },
      redraw: () => plot.redraw(),
    };
  };

  /* Charts that are folded away are drawn when they are opened; what went with the page is forgotten. */
  const mounted = new Map();
  const look = () => {
    mounted.forEach((one, host) => { if (host.isConnected) one.renew(); else mounted.delete(host); });
    content.querySelectorAll(".plot").forEach((host) => { if (!mounted.has(host) && !host.closest("details:not([open])")) mounted.set(host, mount(host)); });
  };
  const redraw = () => mounted.forEach((one) => one.redraw());
  look();
  content.addEventListener("toggle", look, true);
  /* What the page fetches again brings new figures; while live updates are paused, it brings none. */
  new MutationObserver(look).observe(content, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-plot"] });
  new MutationObserver(redraw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}
