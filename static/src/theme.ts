/** Before the page is painted: the chosen theme, the remembered sizes of panels and the projector mode, so that nothing jumps. Goes into
 *  <head> without `defer`; site.ts has the switch, split-bar.ts the splitters. */
import { applyRememberedProjector } from "./workspace/projector_state.ts";
import { applyRememberedSizes } from "./workspace/sizes.ts";

const chosen = localStorage.getItem("theme");
if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
applyRememberedSizes();
applyRememberedProjector();
