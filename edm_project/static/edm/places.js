/* An address that ends in #line-html-12 or #block-… leads to that line or block. */
"use strict";

addEventListener("load", () => {
  const go = () => {
    const line = /^#line-(\w+)-(\d+)$/.exec(location.hash);
    if (line) {
      window.edmCode?.goTo(line[1], Number(line[2]));
      return document.activeElement.scrollIntoView({ block: "center" });
    }
    const block = location.hash.startsWith("#block-") && document.getElementById(location.hash.slice(1));
    if (block) {
      block.open = true;
      block.scrollIntoView({ block: "center" });
    }
  };
  addEventListener("hashchange", go);
  go();
});
