/* What the pages can do without, and are nicer with: live updates, keys, copying, theme, local times. */
"use strict";
{
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const main = $("main");
  const root = $(".brand").getAttribute("href"); /* "/", or what a proxy puts before it */
  const remembered = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const remember = (name, value) => { try { localStorage.setItem(name, value); } catch { /* it lasts for this page */ } };

  /* Dress what the server has sent: buttons that need a script, times in the visitor's own zone. */
  const dress = () => {
    $$("button.copy").forEach((button) => { button.hidden = false; });
    $$("time").forEach((time) => { time.title = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" }); });
    const all = $("#all");
    if (all) all.hidden = false;
    count();
  };

  /* On a narrow screen the names of the pages are a row to be scrolled. */
  $("nav a[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });

  /* Choosing rows */
  const ticks = () => $$("input[name=job]");
  const count = () => {
    const label = $("#chosen");
    const number = ticks().filter((tick) => tick.checked).length;
    const every = $("#every")?.checked;
    if (label) label.textContent = every ? "With all of them:" : number ? `With the ${number} chosen:` : "With the chosen jobs:";
  };
  document.addEventListener("change", (event) => {
    if (event.target.id === "all") ticks().forEach((tick) => { tick.checked = event.target.checked; });
    if (event.target.id === "every") [$("#all"), ...ticks()].forEach((tick) => { tick.checked = tick.disabled = event.target.checked; });
    count();
  });

  /* Copying, theme, keys */
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    const words = button.textContent;
    try { await navigator.clipboard.writeText(button.dataset.copy); button.textContent = "copied"; } catch { button.textContent = "can't copy"; }
    setTimeout(() => { button.textContent = words; }, 1200);
  });
  const switchTheme = () => {
    const chosen = document.documentElement.dataset.theme;
    const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.theme = dark ? "light" : "dark";
    remember("theme", document.documentElement.dataset.theme);
  };
  for (const [id, act] of [["theme", switchTheme], ["help", () => $("#keys").showModal()]]) {
    $(`#${id}`).hidden = false;
    $(`#${id}`).addEventListener("click", act);
  }

  /* Dropping files: the whole field takes them, and a URL is not asked for then. */
  $$(".drop").forEach((drop) => {
    const file = $("input", drop);
    for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
      drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.toggle("over", over); });
    }
    drop.addEventListener("drop", (event) => { if (event.dataTransfer.files.length) file.files = event.dataTransfer.files; });
  });

  /* Live updates: the stream tells names; what this page watches is fetched again and morphed in place. */
  const watches = main.dataset.watches;
  const live = $("#live");
  let paused = remembered("paused") === "yes";
  let away = false;
  let missed = 0;
  let due = 0;
  const tell = () => {
    live.dataset.how = paused ? "paused" : away ? "away" : "live";
    live.setAttribute("aria-pressed", String(paused));
    $(".word", live).textContent = paused ? (missed ? `paused, ${missed} new` : "paused") : away ? "reconnecting" : "live";
    live.title = paused ? "Resume live updates (r)" : "Pause live updates (r)";
  };
  const busy = () => document.hidden || !getSelection().isCollapsed || $("dialog[open]") || main.matches(":active")
    || ticks().some((tick) => tick.checked) || (document.activeElement?.matches("main input, main textarea, main select") && document.activeElement.type !== "checkbox");
  const refresh = async () => {
    due = 0;
    if (paused || busy()) { missed += 1; tell(); if (!paused) due = setTimeout(refresh, 2000); return; }
    missed = 0;
    const open = new Map($$("details[id]", main).map((one) => [one.id, one.open]));
    await htmx.ajax("GET", location.href, { source: main, target: "#content", select: "#content", swap: "outerMorph" });
    open.forEach((was, id) => { const one = document.getElementById(id); if (one) one.open = was; });
    dress();
    tell();
  };
  const soon = () => { due ||= setTimeout(refresh, 300); };
  const pause = () => {
    paused = !paused;
    remember("paused", paused ? "yes" : "no");
    tell();
    if (!paused) soon();
  };
  if (watches) {
    live.hidden = false;
    live.addEventListener("click", pause);
    tell();
    const wanted = new Set(watches.split(" ").concat("all"));
    const stream = document.createElement("div");
    stream.hidden = true;
    stream.setAttribute("hx-sse:connect", `${root}live`);
    stream.setAttribute("hx-swap", "none");
    stream.addEventListener("changed", (event) => {
      const { names } = JSON.parse(event.detail.data);
      if (names.some((name) => wanted.has(name))) soon();
    });
    stream.addEventListener("htmx:sse:after:connection", () => { away = false; tell(); });
    stream.addEventListener("htmx:sse:error", () => { away = true; tell(); });
    document.body.append(stream);
    htmx.process(stream);
    setInterval(soon, 30000);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
  }

  /* Keys */
  const rows = () => $$("tr[data-href]");
  let here = -1;
  let going = false;
  const move = (by) => {
    const all = rows();
    if (!all.length) return;
    all[here]?.classList.remove("here");
    here = Math.max(0, Math.min(all.length - 1, here + by));
    all[here].classList.add("here");
    $("a", all[here]).focus({ preventScroll: true });
    all[here].scrollIntoView({ block: "nearest" });
  };
  const choose = () => { const tick = $("input[name=job]", rows()[here] ?? main); if (tick && here >= 0) { tick.checked = !tick.checked; count(); } };
  const focusFilter = () => { const field = $("#q"); if (field) { field.focus(); field.select(); } else location.href = `${root}jobs`; };
  const keys = {
    "/": focusFilter, j: () => move(1), k: () => move(-1), x: choose, r: () => watches && pause(), t: switchTheme,
    "?": () => $("#keys").showModal(), g: () => { going = true; setTimeout(() => { going = false; }, 1200); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
    if (event.target.matches("input:not([type=checkbox]), textarea, select")) { if (event.key === "Escape") event.target.blur(); return; }
    const link = going && $(`.side nav a[data-key="${CSS.escape(event.key)}"]`);
    if (link) { link.click(); return; }
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });

  /* What was said once is not said again after a reload. */
  const address = new URL(location.href);
  if (address.searchParams.delete("said") ?? location.href !== address.href) history.replaceState(null, "", address);
  dress();
}
