/* The editor of blocks: what is typed and open stays so while the server answers, blocks are dragged,
   and a click into the preview leads to the block. Without this, its buttons do it all. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const editor = () => document.getElementById("blocks");
  if (!editor()) return;
  const form = editor().closest("form");
  const controls = () => [...editor().querySelectorAll("input[type=text], textarea")];
  let typed = [], open = [];

  function changed() {
    form.dispatchEvent(new Event("input"));
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "blocks") return;
    if (!event.detail.serverResponse.includes('id="blocks"')) {  // a page to sign in
      event.detail.shouldSwap = false;
      window.edmStillHere?.check();
      return;
    }
    const sent = event.detail.requestConfig.formData;
    const lines = (text) => text.replaceAll("\r\n", "\n");
    typed = controls()
      .filter((control) => lines(control.value) !== lines(String(sent.get(control.name) ?? "")))
      .map((control) => [control.name, control.value]);
    open = [...editor().querySelectorAll("details[open][id]")].map((each) => each.id);
  });

  document.addEventListener("htmx:afterSettle", () => {
    if (!editor().dataset.fresh) {
      editor().dataset.fresh = "no";
      for (const id of open) document.getElementById(id)?.setAttribute("open", "");
      for (const [name, value] of typed) {
        const control = form.elements[name];
        if (control) control.value = value;
      }
      open = typed = [];
      document.getElementById("blocks_said").textContent = editor().dataset.said;
      changed();
    }
  });

  /* Dragging, within one list: by its handle alone, for texts are selected by dragging, too. */
  let dragged = null;

  document.addEventListener("pointerdown", (event) => {
    const block = event.target.closest("#blocks [data-handle]")?.closest("[data-block]");
    if (block) block.draggable = true;
  });

  document.addEventListener("dragstart", (event) => {
    const block = event.target.closest?.("[data-block]");
    if (!block?.draggable) return;
    dragged = block;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
    block.classList.add("edm-block-dragged");
  });

  document.addEventListener("dragover", (event) => {
    const over = dragged && [...dragged.parentElement.children].find((each) => each.contains(event.target));
    if (!over) return;
    event.preventDefault();
    if (over === dragged || !over.dataset.block) return;
    const { top, height } = over.getBoundingClientRect();
    over[event.clientY < top + height / 2 ? "before" : "after"](dragged);
  });

  document.addEventListener("drop", (event) => {
    if (dragged) event.preventDefault();
  });

  document.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged.classList.remove("edm-block-dragged");
    dragged.draggable = false;
    dragged = null;
    order();
    changed();
  });

  /* The first of a list cannot go up, the last not down. */
  function order() {
    for (const list of editor().querySelectorAll("[data-list]")) {
      const blocks = [...list.children].filter((each) => each.dataset.block);
      blocks.forEach((block, number) => {
        document.getElementById(`up_${block.dataset.block}`).disabled = number === 0;
        document.getElementById(`down_${block.dataset.block}`).disabled = number === blocks.length - 1;
      });
    }
  }

  function show(id) {
    const details = document.getElementById(`block-${id}`);
    if (!details) return;
    for (let each = details; each; each = each.parentElement?.closest("details")) each.open = true;
    details.closest("[data-block]").scrollIntoView({ block: "center" });
    (details.querySelector("input:not([type=hidden]), textarea, select") ?? details).focus({ preventScroll: true });
  }

  window.edmBlocks = { show };

  /* The message of the live preview tells by comments where each block begins and ends. */
  function listen(frame) {
    const page = frame.contentDocument;
    if (!page?.body || page.body.dataset.listens) return;
    page.body.dataset.listens = "yes";
    page.addEventListener("click", (event) => {
      event.preventDefault();
      const block = blockAt(page, event.target);
      if (block) show(block);
    });
  }

  function blockAt(page, target) {
    const comments = page.createTreeWalker(page, NodeFilter.SHOW_COMMENT);
    let found = "";
    while (comments.nextNode()) {
      const comment = comments.currentNode;
      if (!(comment.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_FOLLOWING)) break;
      const begun = /^edm-block:([a-z0-9]{1,12})$/.exec(comment.data);
      if (begun) found = begun[1];
      else if (comment.data === "/edm-block") found = "";
    }
    return found;
  }

  const stage = document.querySelector(".edm-live-stage");
  if (!stage) return;

  function watch(outer) {
    const look = () => {
      const frame = outer.contentDocument?.querySelector("iframe.message");
      if (!frame) return;
      frame.addEventListener("load", () => listen(frame));
      listen(frame);
    };
    outer.addEventListener("load", look);
    look();
  }

  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) if (node.tagName === "IFRAME") watch(node);
    }
  }).observe(stage, { childList: true });
  for (const frame of stage.querySelectorAll("iframe")) watch(frame);
});
