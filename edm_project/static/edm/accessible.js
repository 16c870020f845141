/* Names and keys for what Unfold and select2 build without them (WCAG 2.2: 2.1.1, 4.1.2). */
(() => {
  const labelOf = (field) => {
    const label = field.labels && field.labels[0];
    const text = field.getAttribute("aria-label") || (label && label.textContent);
    return (text || field.dataset.name || field.name || "").trim();
  };

  /* What select2 shows in place of a list is named as the list is. */
  const nameSelect2 = (root) => {
    for (const select of root.querySelectorAll("select.select2-hidden-accessible")) {
      const shown = select.nextElementSibling;
      if (!shown || !shown.classList.contains("select2")) continue;
      const name = labelOf(select);
      for (const part of shown.querySelectorAll("[role=combobox], [role=textbox], .select2-search__field")) {
        part.setAttribute("aria-label", name);
        if (part.getAttribute("role") === "combobox") part.removeAttribute("aria-labelledby");
      }
      for (const list of shown.querySelectorAll("ul.select2-selection__rendered")) {
        list.setAttribute("role", "group");
        list.setAttribute("aria-label", name);
        for (const item of list.querySelectorAll("li")) item.setAttribute("role", "presentation");
      }
    }
  };

  /* Links and icons that only a mouse can press become buttons. */
  const reachable = (root) => {
    for (const element of root.querySelectorAll("a:not([href]), span, div")) {
      const presses = [...element.attributes].some((each) => each.name === "x-on:click");
      const isButton = presses && (element.tagName === "A" || element.classList.contains("cursor-pointer"));
      if (!isButton || element.hasAttribute("role") || element.querySelector("a, button, input, select")) continue;
      element.setAttribute("role", "button");
      element.tabIndex = 0;
      element.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        element.click();
      });
    }
  };

  /* Two places that scroll have two names. */
  const nameScrolling = () => {
    document.querySelectorAll("[data-simplebar]").forEach((element, number) => {
      const around = element.closest("[aria-label]");
      const name = around ? around.getAttribute("aria-label") : `${document.title} ${number + 1}`;
      element.setAttribute("data-simplebar-aria-label", name);
    });
  };

  /* What is wider than its place is moved by the arrow keys, too. */
  const reachWide = () => {
    for (const wide of document.querySelectorAll(".overflow-x-auto:not([data-simplebar])")) {
      if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
      else if (wide.tabIndex === 0) wide.removeAttribute("tabindex");
    }
  };

  /* Where the cells of a row stand below each other, each begins with its heading: as a sentence does. */
  const nameCells = (root) => {
    for (const cell of root.querySelectorAll("[data-label]")) {
      const [first = "", ...rest] = cell.dataset.label;
      cell.dataset.label = first.toLocaleUpperCase(document.documentElement.lang) + rest.join("");
    }
  };

  /* Where the cells of a row stand below each other, those that say nothing take no room. */
  const markEmpty = (root) => {
    for (const cell of root.querySelectorAll("td[data-label]")) {
      if (["", "–", "-"].includes(cell.textContent.trim()) && !cell.querySelector("input, img, svg")) cell.classList.add("edm-empty");
    }
  };

  /* A table of many numbers becomes a card for each row on a phone: each number has its heading there. */
  const FEW = 3;
  const stackNumbers = () => {
    for (const table of document.querySelectorAll("table.edm-wide-numbers:not(.edm-stacks)")) {
      const heads = table.tHead ? [...table.tHead.rows[0].cells] : [];
      if (heads.length <= FEW) continue;
      for (const row of table.tBodies[0].rows) {
        [...row.cells].forEach((cell, number) => {
          if (cell.tagName === "TD" && heads[number]) cell.dataset.column = heads[number].textContent.trim();
        });
      }
      table.classList.add("edm-stacks");
    }
  };

  /* The keyboard stays in what covers the page. */
  const STOPS = "a[href], button, input, select, textarea";
  const stay = (event) => {
    const dialog = event.key === "Tab" && event.target.closest("[role=dialog][aria-modal=true]");
    if (!dialog) return;
    const stops = [...dialog.querySelectorAll(STOPS)].filter((each) => each.offsetParent && !each.disabled && each.tabIndex >= 0);
    const [first, last] = [stops[0], stops[stops.length - 1]];
    if (event.target !== (event.shiftKey ? first : last)) return;
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  };
  document.addEventListener("keydown", stay);

  const tidy = () => { nameSelect2(document); reachable(document); };
  document.addEventListener("DOMContentLoaded", () => { nameScrolling(); nameCells(document); markEmpty(document); stackNumbers(); reachWide(); });
  window.addEventListener("load", () => {
    tidy();
    if (!window.django || !django.jQuery) return;
    django.jQuery(() => setTimeout(tidy));  // jQuery's own makers of select2 may come after this event
    django.jQuery(document).on("select2:open", (event) => {
      const field = document.querySelector(".select2-container--open .select2-search--dropdown .select2-search__field");
      if (field) field.setAttribute("aria-label", labelOf(event.target));
    });
    /* select2 draws what is chosen anew. */
    django.jQuery(document).on("change formset:added", () => setTimeout(tidy));
  });
  document.addEventListener("formset:added", () => setTimeout(tidy));
  window.addEventListener("resize", reachWide);
  document.addEventListener("toggle", reachWide, true);
  document.addEventListener("htmx:afterSwap", (event) => { reachable(event.target); nameCells(event.target); markEmpty(event.target); stackNumbers(); reachWide(); });
})();
