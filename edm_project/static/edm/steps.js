/* What is chosen in a list that is searched while one types: jQuery alone hears of it, htmx is to know, too. Django says of each list that it has changed when a page is opened: only another choice counts. */
const chosenIn = (list) => Array.from(list.selectedOptions, (option) => option.value).join();
const known = new WeakMap();
for (const list of document.querySelectorAll("#task_form select")) known.set(list, chosenIn(list));
django.jQuery(document).on("change", "#task_form select.select2-hidden-accessible", (event) => {
  const list = event.target;
  if (chosenIn(list) === (known.get(list) ?? "")) return;
  known.set(list, chosenIn(list));
  list.dispatchEvent(new CustomEvent("picked", { bubbles: true }));
});

/* A link that keeps what is written: it saves the form first, if that has been changed. */
const stepForm = document.getElementById("task_form");
const written = () => new URLSearchParams(new FormData(stepForm)).toString();
const atFirst = stepForm && written();
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-keeps]");
  const opensElsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
  if (!link || opensElsewhere || written() === atFirst) return;
  event.preventDefault();
  const leads = document.createElement("input");
  Object.assign(leads, { type: "hidden", name: link.dataset.keeps, value: link.dataset.as ?? "yes" });
  stepForm.append(leads);
  stepForm.requestSubmit();
});
