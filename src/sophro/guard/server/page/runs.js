// The list of reports is made by the server; this adds language, colours, local times and the key where one is asked for.

import { bar, language, t, translate } from "./words.js";

function times() {
  const format = new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" });
  for (const time of document.querySelectorAll("time")) time.textContent = format.format(new Date(time.dateTime));
}

async function unlock(key) {
  const answer = await fetch("/page/session", { method: "POST", headers: { authorization: `Bearer ${key}` } });
  if (answer.ok) location.reload();
  else document.getElementById("refused").textContent = t("error_key");
}

document.addEventListener("translated", times);
document.getElementById("unlock")?.addEventListener("submit", (event) => {
  event.preventDefault();
  unlock(document.getElementById("key-value").value.trim());
});
bar();
translate();
document.documentElement.dataset.ready = language();
