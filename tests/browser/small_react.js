// As much of React as docs/examples/DownloadProgress.js asks for: elements, state and effects of
// one component. A stand-in: the product ships none.
export function makeReact() {
  let hooks = [];
  let at = 0;
  let draw = () => {};
  const React = {
    createElement: (type, props, ...children) => ({ type, props: props ?? {}, children }),
    useState(first) {
      const here = at++;
      if (!(here in hooks)) hooks[here] = first;
      return [hooks[here], (value) => { hooks[here] = value; queueMicrotask(draw); }];
    },
    useEffect(effect, needs) {
      const here = at++;
      const before = hooks[here];
      if (before && needs.every((one, place) => Object.is(one, before.needs[place]))) return;
      hooks[here] = { needs, end: null };
      queueMicrotask(() => { before?.end?.(); hooks[here].end = effect(); });
    },
  };
  function made(node) {
    if (node === null || node === false || node === undefined) return document.createTextNode("");
    if (typeof node !== "object") return document.createTextNode(String(node));
    const element = document.createElement(node.type);
    for (const [name, value] of Object.entries(node.props)) element[name] = value;
    element.append(...node.children.flat().map(made));
    return element;
  }
  function render(component, props, place) {
    draw = () => { at = 0; place.replaceChildren(made(component(props))); };
    draw();
  }
  return { React, render };
}
