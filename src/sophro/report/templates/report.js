// Optional convenience: filters the list of samples. Without it every sample is reachable all the same.
(() => {
  const bar = document.getElementById("filter");
  if (!bar) return;
  const [text, outcome] = [bar.querySelector("input"), bar.querySelector("select")];
  const status = bar.querySelector("output");
  const groups = [...document.querySelectorAll(".group")].map((box) => ({
    box,
    items: [...box.querySelectorAll(".sample")].map((item) => ({
      item, text: item.firstElementChild.textContent.toLowerCase(), outcome: item.dataset.outcome,
    })),
  }));
  const apply = () => {
    const wanted = text.value.trim().toLowerCase();
    let shown = 0;
    for (const { box, items } of groups) {
      let here = 0;
      for (const entry of items) {
        const match = entry.text.includes(wanted) && (!outcome.value || entry.outcome.split(" ").includes(outcome.value));
        entry.item.hidden = !match;
        here += match;
      }
      box.hidden = !here;
      shown += here;
    }
    status.textContent = `${shown} shown`;
  };
  bar.hidden = false;
  text.addEventListener("input", apply);
  outcome.addEventListener("change", apply);
  apply();
})();
