/* Choose a picture in a dialog, for a field with its address or for an editor of code. Without this
   the links lead to the page of pictures. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const WIDEST = 600;  // of a message
  let dialog = null, link = null, after = null;

  function made() {
    const box = document.createElement("dialog");
    box.className = "edm-choose-dialog";
    box.setAttribute("aria-label", link.textContent);
    const close = document.createElement("button");
    Object.assign(close, { type: "button", className: "edm-live-control edm-choose-close", textContent: link.dataset.close });
    close.addEventListener("click", () => box.close());
    const body = document.createElement("div");
    box.append(close, body);
    box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
    box.addEventListener("close", () => {
      (after ?? link)?.focus();
      after = null;
    });
    body.addEventListener("click", pressed);
    body.addEventListener("submit", submitted);
    document.body.append(box);
    return box;
  }

  const body = () => dialog.lastElementChild;

  async function show(url, options = {}) {
    body().setAttribute("aria-busy", "true");
    try {
      const response = await fetch(url, { credentials: "same-origin", ...options });
      if (!response.ok) throw new Error(response.statusText);
      body().innerHTML = await response.text();
    } catch {
      body().textContent = link.dataset.failed;
    }
    body().removeAttribute("aria-busy");
    const added = body().querySelector("[data-added]");
    if (added) return use(added);
    (body().querySelector("[role=alert], .errors input, input[type=search]") ?? body()).focus();
  }

  function submitted(event) {
    event.preventDefault();
    const data = new FormData(event.target);
    if (event.target.method === "post") return show(address(), { method: "POST", body: data });
    show(`${address()}?${new URLSearchParams(data)}`);
  }

  function pressed(event) {
    const page = event.target.closest(".edm-choose-pages a");
    if (page) {
      event.preventDefault();
      return show(address() + page.getAttribute("href"));
    }
    const picture = event.target.closest("[data-address]");
    if (picture) use(picture);
  }

  const address = () => link.dataset.choose;

  function use({ dataset }) {
    dialog.close();
    if (link.dataset.into) return fill(document.getElementById(link.dataset.into), dataset);
    const { code } = link.dataset;
    window.edmCode?.insert(code, tag(code, dataset));
    after = { focus() { window.edmCode?.focus(code); } };
  }

  /* What was written beside the address stays, but for words that are missing. */
  function fill(field, dataset) {
    if (!field) return;
    set(field, dataset.address);
    const beside = (name) => document.getElementById(link.dataset[name] ?? field.id.replace(/image$/, name));
    const alt = beside("alt"), width = beside("width"), decorates = beside("is_decoration");
    const widest = link.dataset.width ? Number(width?.value) || WIDEST : WIDEST;
    if (alt && !alt.value) set(alt, dataset.alt);
    if (decorates && decorates !== field && !alt?.value) decorates.checked = "decoration" in dataset;
    if (width) set(width, Math.min(widest, dataset.width));
    after = field;
  }

  function set(field, value) {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function tag(kind, { address: source, alt, width, height }) {
    const shown = Math.min(WIDEST, width);
    const attributes = [["src", source], ["alt", alt]];
    if (kind === "mjml") attributes.push(["width", `${shown}px`]);
    else attributes.push(["width", shown], ["height", Math.round(height * shown / width)]);
    const written = attributes.map(([name, value]) => `${name}="${escaped(value)}"`).join(" ");
    return kind === "mjml" ? `<mj-image ${written} />` : `<img ${written}>`;
  }

  /* Also braces: words of a picture are no Liquid. */
  function escaped(value) {
    const named = { "&": "&amp;", '"': "&quot;", "<": "&lt;", ">": "&gt;", "{": "&#123;", "}": "&#125;" };
    return String(value).replace(/[&"<>{}]/g, (sign) => named[sign]);
  }

  document.addEventListener("click", (event) => {
    const pressedLink = event.target.closest("a[data-choose]");
    if (!pressedLink) return;
    event.preventDefault();
    link = pressedLink;
    dialog ??= made();
    body().textContent = "";
    dialog.showModal();
    const owner = document.querySelector("[name=owner]")?.value ?? "";
    show(`${address()}?owner=${encodeURIComponent(owner)}`);
  });
});
