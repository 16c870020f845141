/* A session may end while one writes. Before a form is sent whose page is old, it is asked whether
   one is still signed in. Where one is not, the page says so and stays as it is. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const box = document.getElementById("edm-still-here");
  const form = box?.closest("form");
  if (!form) return;

  const YOUNG = 300000;  // milliseconds in which nothing is asked
  let heard = Date.now(), isSure = false;

  function say(state) {
    box.hidden = state === "in";
    for (const each of box.children) each.hidden = each.dataset.state !== state;
  }

  /* Also the token is renewed without which no form is taken: signing in changes it. */
  async function ask() {
    try {
      const response = await fetch(box.dataset.url, { credentials: "same-origin", redirect: "manual" });
      if (response.type === "opaqueredirect") return "out";
      if (!response.ok) return "unreachable";
      const { token } = await response.json();
      for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
      heard = Date.now();
      return "in";
    } catch {
      return "unreachable";
    }
  }

  async function check() {
    const state = await ask();
    say(state);
    return state === "in";
  }

  form.addEventListener("submit", async (event) => {
    if (isSure || Date.now() - heard < YOUNG) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!await check()) return;
    isSure = true;
    form.requestSubmit(event.submitter);
    isSure = false;
  }, true);

  /* What was asked in the background is answered by a page to sign in, or not at all. */
  document.addEventListener("htmx:responseError", check);
  document.addEventListener("htmx:sendError", check);
  addEventListener("focus", () => { if (!box.hidden) check(); });

  window.edmStillHere = { check };
});
