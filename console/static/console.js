// What htmx does not do: times in the reader's zone, keys, the pill of new rows, messages of what failed.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

  // Times: the clock of the reader; while fresh, how long ago. The exact time and the zone are in the title.
  const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  function showTime(element) {
    const when = new Date(element.dateTime);
    if (Number.isNaN(when.getTime())) return;
    const today = when.toDateString() === new Date().toDateString();
    element.textContent = today ? clock.format(when) : `${day.format(when)}, ${clock.format(when)}`;
    element.title = `${day.format(when)}, ${clock.format(when)}, ${zone}`;
  }
  const dress = (within) => $$("time[datetime]", within).forEach(showTime);

  // Keys: / to the search, arrows and Enter in a list, Esc back.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target;
    const typing = target.matches("input, textarea, select");
    if (event.key === "/" && !typing) {
      const search = $("[data-focus-key='/']");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    } else if (event.key === "Escape") {
      if (typing) target.blur();
      else if ($("#said").textContent) $("#said").textContent = "";
      else if (history.length > 1 && location.pathname !== "/") history.back();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (!typing || target.type === "search" || target.closest("form.cell"))) {
      const cell = target.closest("form.cell");
      const kind = cell ? `form.cell:has([name=role][value='${$("[name=role]", cell).value}']) [name=value]` : "tbody th a";
      const stops = $$(`[data-list] ${kind}`);
      if (!stops.length) return;
      const at = stops.indexOf(cell ? target : document.activeElement);
      const next = at < 0 ? 0 : at + (event.key === "ArrowDown" ? 1 : -1);
      if (stops[next]) { event.preventDefault(); stops[next].focus(); }
    }
  });

  // New rows: a pill says how many. They come by themselves while nobody points at the list or has the keyboard in it.
  function refresh(pill) {
    htmx.ajax("GET", pill.dataset.refresh, { target: "#live", swap: "innerHTML" });
  }
  function idle(list) {
    return list && !list.matches(":hover") && !list.contains(document.activeElement) && window.scrollY < 80;
  }
  document.addEventListener("click", (event) => {
    const pill = event.target.closest("[data-news]");
    if (pill) refresh(pill.closest("[data-refresh]"));
    const copy = event.target.closest("[data-copy]");
    if (copy && navigator.clipboard) navigator.clipboard.writeText(copy.dataset.copy);
  });
  document.addEventListener("htmx:sseMessage", (event) => {
    const pill = event.target.closest("[data-refresh]");
    if (pill && !document.hidden && idle($("#live"))) refresh(pill);
  });

  // The editor: numbers beside the lines, those with a mistake marked.
  function dressEditor() {
    const editor = $("[data-editor]");
    if (!editor) return;
    const text = $("textarea", editor), gutter = $(".gutter", editor);
    const lines = text.value.split("\n").length;
    while (gutter.children.length < lines) gutter.append(Object.assign(document.createElement("li"), { textContent: gutter.children.length + 1 }));
    while (gutter.children.length > lines) gutter.lastChild.remove();
    gutter.scrollTop = text.scrollTop;
  }
  function markLines() {
    const found = $("#mistakes");
    if (!found) return;
    const wrong = new Set(found.dataset.lines.trim().split(" ").map(Number));
    $$(".gutter li").forEach((line, index) => line.classList.toggle("wrong", wrong.has(index + 1)));
    $("#text").setAttribute("aria-invalid", wrong.size && !wrong.has(0) ? "true" : "false");
  }
  document.addEventListener("input", (event) => { if (event.target.id === "text") dressEditor(); });
  document.addEventListener("scroll", (event) => { if (event.target.id === "text") dressEditor(); }, true);
  document.addEventListener("click", (event) => {
    const place = event.target.closest("[data-line]");
    if (!place) return;
    event.preventDefault();
    const text = $("#text"), lines = text.value.split("\n"), line = Number(place.dataset.line);
    const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    text.focus();
    text.setSelectionRange(start, start + lines[line - 1].length);
    text.scrollTop = Math.max(0, (line - 8) * 18);
  });

  // What failed: htmx swaps nothing then.
  function say(text) { $("#said").textContent = text; }
  document.addEventListener("htmx:responseError", (event) => {
    const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    say(($("main p", page) || $("main h1", page) || page.body).textContent.trim().slice(0, 400) || "That failed.");
  });
  document.addEventListener("htmx:sendError", () => say("The console does not answer. Does it still run?"));
  document.addEventListener("htmx:beforeRequest", () => say(""));
  document.addEventListener("htmx:afterSettle", () => { dress(document); markLines(); });
  dress(document);
  dressEditor();
  markLines();
  setInterval(() => dress(document), 60000);
})();
