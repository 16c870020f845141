/* Files that the site would not take with their form are not sent: the page says so, and keeps what is written. */
addEventListener("submit", (event) => {
  const form = event.target, box = document.getElementById("edm-files");
  if (!box || form.method === "get") return;
  const lists = Array.from(form.elements, (field) => field.type === "file" && !field.disabled && field.files);
  const files = lists.filter(Boolean).flatMap((list) => [...list]);
  const octets = files.reduce((sum, file) => sum + file.size, 0);
  const state = octets > Number(box.dataset.octets) ? "large" : files.length > Number(box.dataset.files) ? "many" : "";
  box.hidden = !state;
  if (!state) return;
  for (const each of box.children) each.hidden = each.dataset.state !== state;
  event.preventDefault();
  event.stopImmediatePropagation();
  const first = lists.find((list) => list && list.length);
  const field = Array.from(form.elements).find((each) => each.type === "file" && each.files === first);
  const place = field.closest("section") ?? field.closest(".form-row") ?? form;
  place.before(box);
  box.scrollIntoView({ block: "center" });
}, true);
