// Writes what the reference implementation makes of MJML files, as JSON by their names:
//
//     npm install mjml@4 && node mjml_reference.js FILES > mjml_reference.json

const fs = require("fs");
const path = require("path");
const mjml2html = require("mjml");

const text = (html) => html.replace(/<!--[\s\S]*?-->/g, " ").replace(/<[^>]*>/g, " ").split(/\s+/).filter(Boolean);
const all = (html, pattern) => [...html.matchAll(pattern)].map((found) => found[1]);

const made = {};
for (const file of process.argv.slice(2)) {
  const { html } = mjml2html(fs.readFileSync(file, "utf8"), { validationLevel: "skip" });
  const body = html.slice(html.indexOf("<body"));
  const seen = body.replace(/<!--[\s\S]*?-->/g, " ");
  made[path.basename(file)] = {
    words: text(body),
    links: all(seen, /<a\b[^>]*?href="([^"]*)"/g),
    pictures: all(seen, /<img\b[^>]*?src="([^"]*)"/g),
    columns: all(seen, /mj-column-per-([0-9-]+)/g).map((width) => width.slice(0, 5)),
  };
}
console.log(JSON.stringify(made, null, 1));
