/** As much of a document as a widget needs to be made, and to be given events, without a browser. */

class FakeElement extends EventTarget {
  hidden = false;
  style = {};
  textContent = "";
  /** @type {unknown[]} */
  children = [];
  classList = { add() {} };
  #attributes = new Map();

  /** @param {string} name @param {string} value */
  setAttribute(name, value) {
    this.#attributes.set(name, value);
  }

  /** @param {string} name */
  getAttribute(name) {
    return this.#attributes.get(name) ?? null;
  }

  /** @param {...unknown} children */
  append(...children) {
    this.children.push(...children);
  }

  /** @param {...unknown} children */
  replaceChildren(...children) {
    this.children = children;
  }

  /** A context that draws nothing. */
  getContext() {
    return new Proxy({}, { get: () => () => {}, set: () => true });
  }
}

/** @returns {any} */
export const fakeElement = () => new FakeElement();

/** An event with what it says of keys and buttons. @param {string} type @param {Record<string, unknown>} said */
export const fakeEvent = (type, said) => Object.assign(new Event(type, { cancelable: true }), said);

Object.assign(globalThis, { document: { createElement: fakeElement }, window: { devicePixelRatio: 1 } });
