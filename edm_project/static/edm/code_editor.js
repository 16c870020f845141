/* The Ace editor in place of text areas with code. The text area stays what the form posts. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const editors = new Map();
  const form = document.querySelector("textarea[data-code]")?.form;
  let last = null;  // where something was last written

  ace.config.set("useStrictCSP", true);
  const tools = ace.require("ace/ext/language_tools");

  const isDark = () => document.documentElement.classList.contains("dark");
  const theme = () => `ace/theme/${isDark() ? "github_dark" : "github_light_default"}`;

  /* Within Liquid: variables, filters after a bar, tags where a tag begins. */
  function kindAt(line) {
    const open = Math.max(line.lastIndexOf("{{"), line.lastIndexOf("{%"));
    if (open < 0 || /[%}]\}/.test(line.slice(open))) return "";
    const inside = line.slice(open + 2).replace(/^-/, "");
    if (/\|\s*\w*$/.test(inside)) return "filters";
    return line[open + 1] === "%" && /^\s*\w*$/.test(inside) ? "tags" : "variables";
  }

  function completer(words) {
    return {
      identifierRegexps: [/[\p{L}\p{N}_.-]/u],
      getCompletions(editor, session, position, prefix, callback) {
        const kind = kindAt(session.getLine(position.row).slice(0, position.column));
        const found = (words[kind] ?? []).map((value) => ({ value, meta: words.kinds?.[kind] ?? "", score: 1000 }));
        callback(null, found);
      },
    };
  }

  /* Tab indents; after Escape it leaves, as it does everywhere else. */
  function letKeyboardOut(editor) {
    let leaves = false;
    editor.commands.addCommand({
      name: "leaveWithTab",
      bindKey: "Esc",
      exec() { leaves = true; },
    });
    editor.container.addEventListener("keydown", (event) => {
      if (leaves && event.key === "Tab") event.stopPropagation();
    }, true);
    editor.on("focus", () => { leaves = false; });
    editor.session.on("change", () => { leaves = false; });
  }

  function begin(area) {
    const box = document.createElement("div");
    box.className = "edm-editor";
    area.before(box);
    area.hidden = true;
    const editor = ace.edit(box, {
      mode: `ace/mode/${area.dataset.code}`,
      theme: theme(),
      value: area.value,
      useWorker: false,
      wrap: true,
      tabSize: 2,
      showPrintMargin: false,
      behavioursEnabled: false,
      readOnly: area.readOnly,
      minLines: 20,
      maxLines: 36,
      enableBasicAutocompletion: true,
      enableLiveAutocompletion: true,
    });
    const words = JSON.parse(area.dataset.words || "{}");
    editor.completers = [completer(words), tools.keyWordCompleter];
    editor.session.setNewLineMode("unix");
    const input = editor.textInput.getElement();
    input.setAttribute("aria-label", area.dataset.label);
    const hint = document.createElement("p");
    hint.id = `${area.id}_keys`;
    hint.className = "edm-editor-hint";
    hint.textContent = area.dataset.keys;
    box.after(hint);
    input.setAttribute("aria-describedby", hint.id);
    letKeyboardOut(editor);
    editor.session.on("change", () => {
      area.value = editor.getValue();
      area.dispatchEvent(new Event("input", { bubbles: true }));
      area.dispatchEvent(new Event("change", { bubbles: true }));
    });
    editor.on("focus", () => { last = editor; });
    document.querySelector(`label[for="${area.id}"]`)?.addEventListener("click", () => editor.focus());
    editors.set(area.name, editor);
  }

  for (const area of document.querySelectorAll("textarea[data-code]")) begin(area);

  new MutationObserver(() => { for (const editor of editors.values()) editor.setTheme(theme()); })
    .observe(document.documentElement, { attributeFilter: ["class"] });

  form?.addEventListener("focusin", ({ target }) => {
    if (target.matches("input[type=text]:not([name^=see-]), textarea:not(.ace_text-input)")) last = target;
  });

  /* A variable from the list goes where something was last written. */
  document.addEventListener("click", (event) => {
    const text = event.target.closest("[data-insert]")?.dataset.insert;
    if (!text) return;
    const at = last ?? [...editors.values()][0];
    if (at.session) {
      at.insert(text);
    } else {
      at.setRangeText(text, at.selectionStart, at.selectionEnd, "end");
      at.dispatchEvent(new Event("input", { bubbles: true }));
    }
    at.focus();
  });

  window.edmCode = {
    /* Mark the lines that are wrong. */
    annotate(problems) {
      for (const [name, editor] of editors) {
        editor.session.setAnnotations(
          problems.filter(({ field, line }) => field === name && line)
            .map(({ line, text }) => ({ row: line - 1, column: 0, text, type: "error" })),
        );
      }
    },
    goTo(name, line) {
      const editor = editors.get(name);
      if (!editor) return form.elements[name]?.focus();
      editor.gotoLine(line || 1, 0, false);
      editor.focus();
    },
    insert(name, text) { editors.get(name)?.insert(text); },
    focus(name) { editors.get(name)?.focus(); },
    set(name, text) { editors.get(name)?.setValue(text, -1); },
  };
});
