/* A button that prints the page: what is on paper, the style sheet says. */
for (const button of document.querySelectorAll("button[data-print]")) button.addEventListener("click", () => window.print());
