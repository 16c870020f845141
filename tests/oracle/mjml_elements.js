// Writes campaigns/rendering/mjml/elements.json: the elements of MJML, their attributes with their
// types, and what may stand in them, as the reference implementation knows them.
//
//     npm install mjml@4 && node mjml_elements.js > elements.json

const preset = require("mjml-preset-core");
const { components, dependencies } = preset.default || preset;

// What its components do not say of themselves.
const FURTHER = {
  mjml: { lang: "string", dir: "string", owa: "string" },
  "mj-all": {},
  "mj-class": { name: "string" },
  "mj-selector": { path: "string" },
  "mj-html-attribute": { name: "string" },
};

const elements = {};
for (const component of components) {
  elements[component.componentName] = {
    holds_html: Boolean(component.endingTag),
    attributes: { ...component.allowedAttributes },
  };
}
for (const [name, attributes] of Object.entries(FURTHER)) {
  elements[name] = elements[name] || { holds_html: name === "mj-html-attribute", attributes: {} };
  Object.assign(elements[name].attributes, attributes);
}
for (const [name, element] of Object.entries(elements)) {
  element.children = (dependencies[name] || []).filter((child) => typeof child === "string");
}
console.log(JSON.stringify(elements, null, 1));
