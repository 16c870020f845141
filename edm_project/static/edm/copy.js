/* A button with data-copy puts the text of the element of that id, or what it holds, on the clipboard.
   That it is there is shown by the button, and said to those who do not see it. */
const said = document.createElement("span");
said.className = "edm-unseen";
said.setAttribute("role", "status");
document.addEventListener("DOMContentLoaded", () => document.body.append(said));

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button || button.dataset.before) return;
  const source = document.getElementById(button.dataset.copy);
  if (!source) return;
  const text = "value" in source ? source.value : source.textContent;
  try {
    await navigator.clipboard.writeText(text.trim());
  } catch {
    // Without HTTPS there is no clipboard for pages: what is to be copied is marked instead.
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    return;
  }
  button.dataset.before = button.textContent;
  button.textContent = said.textContent = button.dataset.copied;
  setTimeout(() => {
    button.textContent = button.dataset.before;
    delete button.dataset.before;
    said.textContent = "";
  }, 2000);
});
