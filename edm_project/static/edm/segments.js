/* What is typed while the server answers is kept: the answer was made of what was there before. */
let typed = [];

document.addEventListener("htmx:beforeSwap", (event) => {
  const sent = event.detail.requestConfig.formData;
  if (event.detail.target.id !== "condition" || String(sent.get("_do")).startsWith("remove")) return;
  typed = [...document.querySelectorAll("#condition input[type=text], #condition input[type=date]")]
    .filter((control) => control.value !== (sent.get(control.name) ?? ""))
    .map((control) => [control.id, control.value]);
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "condition" && event.detail.elt.id !== "condition") return;
  for (const [id, value] of typed) {
    const control = document.getElementById(id);
    if (control) control.value = value;
  }
  typed = [];
});
