// In every frame of the benchmark's page: each `watch…` begins to look at once and keeps a promise of its moment.
globalThis.probe = {
  areLive: () => [...document.querySelectorAll("client-pane .badge")].filter((badge) => badge.textContent === "up to date").length === 2,

  // `moment`: milliseconds from the last key until the tab of that file counts errors, or counts none.
  watchErrors(file, areExpected) {
    let pressedAt = Number.POSITIVE_INFINITY;
    addEventListener("keydown", () => { pressedAt = performance.now(); }, { capture: true });
    this.moment = new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        const tab = [...document.querySelectorAll("code-editor [role=tab]")].find((one) => one.title.endsWith(file));
        if ((tab.querySelector(".count") !== null) !== areExpected || pressedAt === Number.POSITIVE_INFINITY) return;
        observer.disconnect();
        resolve(performance.now() - pressedAt);
      });
      observer.observe(document.querySelector("code-editor"), { subtree: true, childList: true, characterData: true });
    });
  },

  // `moment`: the time of day of the next click, and of the next change of the list.
  watchClick() {
    this.moment = new Promise((resolve) => addEventListener("click", () => resolve(Date.now()), { capture: true, once: true }));
  },
  watchList() {
    this.moment = new Promise((resolve) => {
      const observer = new MutationObserver(() => { observer.disconnect(); resolve(Date.now()); });
      observer.observe(document.querySelector("ul"), { childList: true });
    });
  },
};
