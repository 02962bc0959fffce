/** Puts the chosen theme on the page before it is painted. Goes into <head> without `defer`; site.ts has the switch. */
const chosen = localStorage.getItem("theme");
if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
