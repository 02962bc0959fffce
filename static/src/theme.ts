/** Before the page is painted: the chosen theme and the remembered sizes of panels, so that nothing jumps. Goes into
 *  <head> without `defer`; site.ts has the switch, split-bar.ts the splitters. */
import { applyRememberedSizes } from "./workspace/sizes.ts";

const chosen = localStorage.getItem("theme");
if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
applyRememberedSizes();
