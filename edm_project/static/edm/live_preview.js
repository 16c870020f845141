/* The live preview: what is written is posted into a new frame, which then takes the old one's
   place. A new frame has no history of its own, so that going back leaves the page. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const panel = document.getElementById("edm-live");
  const form = panel?.closest("form");
  if (!form) return;

  const PAUSE = 500, PATIENCE = 20000;
  const stage = panel.querySelector(".edm-live-stage");
  const said = panel.querySelector("[aria-live]");
  const contact = form.elements["see-contact"];
  let frame = stage.querySelector("iframe");
  let number = 0, timer = 0, waiting = null, again = null, isAsked = false;

  /* A form of its own, so that nothing that watches the page's form takes it for saved. */
  function post(target, pick) {
    const copy = document.createElement("form");
    Object.assign(copy, { method: "post", action: panel.dataset.url, target, hidden: true });
    const values = [...new FormData(form)].filter(([, value]) => typeof value === "string");
    if (pick) values.push(["see-pick", pick]);
    for (const [name, value] of values) {
      const field = document.createElement("textarea");
      Object.assign(field, { name, value });
      copy.append(field);
    }
    document.body.append(copy);
    copy.submit();
    copy.remove();
  }

  function show(pick = "") {
    clearTimeout(timer);
    if (waiting) {
      again = pick || again || "";
      return;
    }
    const next = document.createElement("iframe");
    next.name = `edm-live-frame-${++number}`;
    next.title = frame.title;
    next.className = "edm-live-waiting";
    stage.append(next);
    waiting = setTimeout(() => done(next, false), PATIENCE);
    next.addEventListener("load", () => {
      if (next.contentDocument?.URL !== "about:blank") done(next, true);
    });
    post(next.name, pick);
  }

  function done(next, loaded) {
    if (next !== stage.lastElementChild) return;
    clearTimeout(waiting);
    waiting = null;
    if (loaded) take(next);
    else next.remove();
    if (again !== null) {
      const pick = again;
      again = null;
      show(pick);
    }
  }

  /* A text that cannot be shown leaves what was last seen, below what is wrong with it. */
  function take(next) {
    const page = next.contentDocument;
    if (!page?.documentElement.hasAttribute("data-live")) return refused(next);
    isAsked = false;
    const before = frame.contentDocument;
    const shown = before?.querySelector(".head");
    colour(page);
    tell(page);
    if (page?.documentElement.dataset.state === "wrong" && shown) {
      before.getElementById("problems").replaceWith(before.importNode(page.getElementById("problems"), true));
      next.remove();
    } else {
      keepPlace(before, page);
      frame.remove();
      frame = next;
      frame.className = "";
    }
    link(frame.contentDocument);
  }

  /* Another page came: one is signed out, or has signed in anew since this page was opened. */
  async function refused(next) {
    next.remove();
    const isTold = isAsked;
    isAsked = true;
    if (await window.edmStillHere?.check() && !isTold) show();
  }

  function keepPlace(before, page) {
    const [old, now] = [before, page].map((each) => each?.querySelector(".message")?.contentWindow);
    if (old && now) now.scrollTo(old.scrollX, old.scrollY);
    if (before && page) page.defaultView.scrollTo(0, before.defaultView.scrollY);
  }

  function colour(page) {
    page?.documentElement.classList.toggle("dark", document.documentElement.classList.contains("dark"));
  }

  function tell(page) {
    const problems = [...(page?.querySelectorAll("#problems .wrong") ?? [])];
    const text = problems.map((each) => each.textContent).join(" ");
    if (said.textContent !== text) said.textContent = text;
    const found = [...(page?.querySelectorAll("#found li") ?? [])];
    document.getElementById("edm-live-found").replaceChildren(
      ...found.map((each) => new Option(each.textContent, each.dataset.address)),
    );
    if (picked && page?.documentElement.dataset.contact) {
      contact.value = page.documentElement.dataset.contact;
      picked = false;
    }
    window.edmCode?.annotate(problems.map(({ dataset, textContent }) => (
      { field: dataset.field, line: Number(dataset.line), text: textContent }
    )));
  }

  /* What is wrong or not written yet leads to its line, field or block. */
  function link(page) {
    for (const problem of page?.querySelectorAll("#problems [data-field]:not(:has(button))") ?? []) {
      const { field, line, block } = problem.dataset;
      if (!form.elements[field] && !block) continue;
      const button = page.createElement("button");
      button.type = "button";
      button.append(...problem.childNodes);
      button.addEventListener("click", () => lead(field, Number(line), block));
      problem.append(button);
    }
  }

  function lead(field, line, block) {
    if (block) window.edmBlocks?.show(block);
    else if (window.edmCode) window.edmCode.goTo(field, line);
    else form.elements[field].focus();
  }

  let picked = false;

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => show(), PAUSE);
  });
  panel.addEventListener("change", () => show());
  panel.addEventListener("click", (event) => {
    const pick = event.target.closest("[data-pick]")?.dataset.pick;
    if (!pick) return;
    picked = true;
    show(pick);
  });
  contact.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    show();
  });
  new MutationObserver(() => colour(frame.contentDocument))
    .observe(document.documentElement, { attributeFilter: ["class"] });
  window.addEventListener("load", () => show());
});
