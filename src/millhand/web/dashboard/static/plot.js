/* The chart that the server has drawn, as one to be read: with a cursor for the pointer and the arrow keys. */
"use strict";
{
  const STATES = ["completed", "cancelled", "discarded"]; // from the ground up
  const MINUTE = 60;
  const host = document.getElementById("plot");
  const chart = () => document.getElementById("chart");

  const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);

  /* What is told: the end of the last minute, and how many jobs ended in each minute, by state. */
  let given = "";
  let told = {};
  const times = () => told.completed.map((_, place, all) => told.until - MINUTE * (all.length - place - 0.5));
  /* The highest columns come first, so that those drawn after them leave of each what is on top. */
  const columns = () => STATES.map((_, last) => times().map((_, place) => sum(STATES.slice(0, last + 1).map((state) => told[state][place])))).reverse();
  const take = () => {
    if (!chart() || chart().dataset.plot === given) return false;
    given = chart().dataset.plot;
    told = JSON.parse(given);
    return true;
  };

  /* The reading: the minute under the cursor, or all of them. */
  const frame = document.createElement("div");
  const reading = document.createElement("output");
  const read = (place) => {
    const all = place === null || place === undefined;
    const numbers = STATES.map((state) => `${(all ? sum(told[state]) : told[state][place]).toLocaleString()} ${state}`);
    const when = all ? `${told.completed.length} min` : clock(times()[place] - MINUTE / 2);
    const text = `${when}: ${numbers.join(", ")}`;
    if (reading.textContent !== text) reading.textContent = text;
  };

  const series = (state) => ({ label: state, fill: () => colour(state), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.75, 40] }) });
  const axis = (more) => ({ stroke: () => colour("soft"), font: `12px ${getComputedStyle(document.body).fontFamily}`, grid: { stroke: () => colour("line"), width: 1 }, ticks: { show: false }, ...more });
  const size = () => ({ width: Math.max(120, frame.clientWidth), height: 160 });
  const draw = () => new uPlot({
    ...size(),
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { range: () => [told.until - MINUTE * told.completed.length, told.until] },
      y: { range: (_, least, most) => [0, Math.max(1, most * 1.08)] },
    },
    series: [{}, ...[...STATES].reverse().map(series)],
    axes: [
      axis({ values: (_, splits) => splits.map(clock), grid: { show: false }, size: 28 }),
      axis({ incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1e5], values: (_, splits) => splits.map((number) => number.toLocaleString()), size: 48 }),
    ],
    hooks: { setCursor: [(plot) => read(plot.cursor.idx)] },
  }, [times(), ...columns()], frame);

  if (host && take()) {
    host.hidden = false;
    host.tabIndex = 0;
    host.setAttribute("role", "group");
    host.setAttribute("aria-label", `${chart().getAttribute("aria-label")}. The arrow keys go from minute to minute.`);
    host.append(frame, reading);
    const plot = draw();
    read(null);

    const point = (place) => plot.setCursor(place === null ? { left: -10, top: -10 } : { left: plot.valToPos(times()[place], "x"), top: 1 });
    host.addEventListener("keydown", (event) => {
      const last = times().length - 1;
      const here = plot.cursor.idx ?? last + 1;
      const places = { ArrowLeft: Math.max(0, here - 1), ArrowRight: Math.min(last, here + 1), Home: 0, End: last, Escape: null };
      if (!(event.key in places) || last < 0) return;
      event.preventDefault();
      point(places[event.key]);
    });
    host.addEventListener("blur", () => point(null));

    /* What the page fetches again brings new figures; while live updates are paused, it brings none. */
    const renew = () => { if (take()) { plot.setData([times(), ...columns()]); read(plot.cursor.idx); } };
    new MutationObserver(renew).observe(document.getElementById("content"), { subtree: true, childList: true, attributes: true, attributeFilter: ["data-plot"] });
    new ResizeObserver(() => plot.setSize(size())).observe(frame);
    new MutationObserver(() => plot.redraw()).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw());
  }
}
