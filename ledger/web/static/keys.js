// Keys for rows: j and k move, Enter opens the row's first link, / searches. Every page works without this file.
"use strict";
(() => {
  const rows = () => Array.from(document.querySelectorAll("[data-row]"));
  let current = -1;
  const go = (step) => {
    const all = rows();
    if (!all.length) return;
    all[current]?.classList.remove("current");
    current = Math.min(Math.max(current + step, 0), all.length - 1);
    const row = all[current];
    row.classList.add("current");
    const link = row.querySelector("a[href]");
    if (link) link.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "j") go(1);
    else if (event.key === "k") go(-1);
    else if (event.key === "/") {
      event.preventDefault();
      document.getElementById("find").focus();
    }
  });
})();
