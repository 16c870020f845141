/* What is chosen in a list that is searched while one types: jQuery alone hears of it, htmx is to know, too. */
django.jQuery(document).on("change", "#task_form select.select2-hidden-accessible", (event) => {
  event.target.dispatchEvent(new CustomEvent("picked", { bubbles: true }));
});
