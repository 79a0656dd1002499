// ReDoc makes its own style elements and shows its maker's mark from another host.
// The styles get this answer's nonce, and the mark is ours: nothing leaves this server.
"use strict";
(() => {
  const place = document.getElementById("redoc");
  const nonce = place.dataset.nonce;
  delete place.dataset.nonce;
  const create = document.createElement.bind(document);
  document.createElement = (name, ...more) => {
    const element = create(name, ...more);
    if (String(name).toLowerCase() === "style") element.nonce = nonce;
    return element;
  };
  const ours = (address) => (/^https?:/.test(address) ? place.dataset.mark : address);
  const set = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function (name, value) {
    const isPicture = this instanceof HTMLImageElement && name === "src";
    set.call(this, name, isPicture ? ours(value) : value);
  };
  const { get } = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src");
  Object.defineProperty(HTMLImageElement.prototype, "src", {
    configurable: true,
    get,
    set(value) {
      set.call(this, "src", ours(value));
    },
  });
})();
