// As much of a document as React needs to run components that show nothing: it keeps listeners and empties containers.

class Node {
  constructor(nodeType, nodeName, ownerDocument) {
    Object.assign(this, { nodeType, nodeName, tagName: nodeName, ownerDocument, childNodes: [], textContent: "" });
    this.namespaceURI = "http://www.w3.org/1999/xhtml";
  }
  get firstChild() { return null; }
  get lastChild() { return null; }
  addEventListener() {}
  removeEventListener() {}
}

export function installDocument() {
  const document = new Node(9, "#document", null);
  document.documentElement = new Node(1, "HTML", document);
  document.body = new Node(1, "BODY", document);
  document.activeElement = document.body;
  document.defaultView = globalThis;
  document.createElement = (name) => new Node(1, name.toUpperCase(), document);
  globalThis.document = document;
  globalThis.window = globalThis;
  globalThis.HTMLIFrameElement ??= class HTMLIFrameElement {};
  globalThis.IS_REACT_ACT_ENVIRONMENT = false;
  return document;
}
