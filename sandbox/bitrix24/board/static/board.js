"use strict";
// Dragging, polling, forms without a reload. Without this script every form still works by itself.

const toast = document.getElementById("toast");
let dragged = null;
let busy = 0;

function say(text) {
  toast.textContent = text;
  toast.classList.add("on");
  setTimeout(() => toast.classList.remove("on"), 4000);
}

async function post(url, body) {
  const answer = await fetch(url, { method: "POST", body, headers: { "X-Requested-With": "board" } });
  if (answer.ok) return (await answer.json()).to;
  let text = "Портал ответил: " + answer.status;
  if (answer.status === 409) text = (await answer.json()).error;
  say(text);
  return null;
}

async function refresh(force) {
  if (dragged || (busy && !force) || document.hidden) return;
  for (const place of document.querySelectorAll("[data-poll]")) await reload(place, force);
}

async function reload(place, force) {
  const typing = place.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
  if (typing && document.activeElement.value && !force) return;
  const headers = place.dataset.tag && !force ? { "If-None-Match": place.dataset.tag } : {};
  try {
    const answer = await fetch(place.dataset.poll, { headers, cache: "no-store" });
    if (answer.status === 404) { location.href = "/board/"; return; }
    if (answer.status !== 200 || dragged) return;
    const scrolled = [...place.querySelectorAll(".cards")].map((one) => one.scrollTop);
    place.dataset.tag = answer.headers.get("ETag") || "";
    const focused = typing ? document.activeElement.name : null;
    place.innerHTML = await answer.text();
    place.querySelectorAll(".cards").forEach((one, at) => { one.scrollTop = scrolled[at] || 0; });
    if (focused) place.querySelector(`[name="${focused}"]`)?.focus();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // the portal is away for a moment: the next poll asks again
  }
}

document.addEventListener("dragstart", (event) => {
  const card = event.target.closest("[data-id]");
  if (!card) return;
  dragged = card;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", card.dataset.id);
  card.classList.add("dragged");
});

document.addEventListener("dragend", () => {
  dragged?.classList.remove("dragged");
  dragged = null;
  document.querySelectorAll(".over").forEach((one) => one.classList.remove("over"));
});

document.addEventListener("dragover", (event) => {
  const column = event.target.closest("[data-stage]");
  if (!column || !dragged) return;
  event.preventDefault();
  document.querySelectorAll(".over").forEach((one) => one !== column && one.classList.remove("over"));
  column.classList.add("over");
});

document.addEventListener("drop", async (event) => {
  const column = event.target.closest("[data-stage]");
  if (!column || !dragged) return;
  event.preventDefault();
  const card = dragged;
  (column.querySelector(".cards") || column).prepend(card);
  dragged = null;
  busy += 1;
  const body = new FormData();
  body.set("stage", column.dataset.stage);
  await post(`/board/deals/${card.dataset.id}/move`, body);
  busy -= 1;
  refresh(true);
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.dataset.confirm && !confirm(form.dataset.confirm)) { event.preventDefault(); return; }
  if (!("fetch" in form.dataset)) return;
  event.preventDefault();
  busy += 1;
  const done = await post(form.action, new FormData(form, event.submitter));
  busy -= 1;
  if (done !== null && form.classList.contains("say")) form.reset();
  if (done !== null && form.closest(".fields")) say("Сохранено");
  refresh(true);
});

document.addEventListener("change", (event) => {
  if ("submit" in event.target.dataset) event.target.form.submit();
});

setInterval(() => refresh(false), 2000);
