"use strict";
const all = (selector) => [...document.querySelectorAll(selector)];
const filters = document.querySelector(".filters");

function shown() {
  const given = new FormData(filters);
  const [words, kinds] = [given.get("words").trim().toLowerCase(), given.getAll("verdict")];
  return (data) =>
    (!given.get("pattern") || data.pattern === given.get("pattern")) &&
    (!given.get("level") || data.level === given.get("level")) &&
    (!kinds.length || kinds.includes(data.verdict)) &&
    words.split(/\s+/).every((word) => data.words.toLowerCase().includes(word));
}

function filter() {
  const wanted = shown();
  let count = 0;
  for (const each of all(".requirement")) {
    each.hidden = !wanted(each.dataset);
    count += !each.hidden;
    for (const chip of all(`[data-of="${each.id}"]`)) chip.hidden = each.hidden;
  }
  for (const group of all(".group")) group.hidden = !group.querySelector(".requirement:not([hidden])");
  document.getElementById("count").textContent = `${count} of ${all(".requirement").length} shown`;
}

function open() {
  const found = location.hash && document.getElementById(location.hash.slice(1));
  const requirement = found && found.closest(".requirement");
  if (!requirement) return;
  if (requirement.hidden) filters.reset(), filter();
  requirement.open = true;
  requirement.querySelector("summary").focus({ preventScroll: true });
  requirement.scrollIntoView();
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copies);
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    getSelection().selectAllChildren(source);
    document.execCommand("copy");
  }
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

if (filters) {
  filters.hidden = false;
  filters.addEventListener("input", filter);
  filters.addEventListener("reset", () => setTimeout(filter));
  filters.addEventListener("submit", (event) => event.preventDefault());
  filter();
}
for (const button of all("button[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
addEventListener("hashchange", open);
for (const link of all('a[href^="#"]')) link.addEventListener("click", () => setTimeout(open));
addEventListener("beforeprint", () => all(".requirement").forEach((each) => (each.open = true)));
open();
