/**
 * React's face without a page: a component is called, its hooks are kept by the place where it stands, its effects run.
 *
 * The whole tree is rendered again after each change of state, so there is nothing to compare. What a component did not
 * use before it used it here differs from React in one thing only: nothing is batched but what happens in one turn.
 */

const PASSES_MAX = 60;

let world = null;
let component = null;

export const Fragment = ({ children }) => children ?? null;
export const StrictMode = Fragment;
export const Suspense = Fragment;
export const Profiler = Fragment;

export class Component {
  constructor(props) {
    this.props = props;
    this.state = {};
  }
  setState(change, then) {
    const next = typeof change === "function" ? change(this.state, this.props) : change;
    this.state = { ...this.state, ...next };
    this.rerender?.();
    then?.();
  }
  forceUpdate() {
    this.rerender?.();
  }
}
Component.prototype.isReactComponent = {};
export class PureComponent extends Component {}

export function createElement(type, props, ...children) {
  const { key = null, ...rest } = props ?? {};
  const given = { ...(type?.defaultProps ?? {}), ...rest };
  if (children.length === 1) given.children = children[0];
  if (children.length > 1) given.children = children;
  return { isElement: true, type, key, props: given };
}

export const isValidElement = (value) => value?.isElement === true;
export const cloneElement = (element, props, ...children) =>
  createElement(element.type, { ...element.props, key: element.key, ...props }, ...children);

export const Children = {
  toArray: (children) => [children].flat(Number.POSITIVE_INFINITY).filter((child) => child !== null && child !== undefined && typeof child !== "boolean"),
  map: (children, change) => Children.toArray(children).map(change),
  forEach: (children, visit) => Children.toArray(children).forEach(visit),
  count: (children) => Children.toArray(children).length,
  only: (child) => child,
};

export const memo = (type) => (props) => createElement(type, props);
export const forwardRef = (render) => (props) => render(props, props.ref ?? null);
export const createRef = () => ({ current: null });
export const startTransition = (work) => work();
export const act = (work) => work();
export const cache = (work) => work;

export function lazy(load) {
  let loaded = null;
  return (props) => {
    const [, show] = useState(0);
    useEffect(() => {
      if (loaded === null) {
        load().then((module) => {
          loaded = module.default;
          show(1);
        });
      }
    }, []);
    return loaded === null ? null : createElement(loaded, props);
  };
}

export function createContext(initial) {
  const context = { value: initial };
  context.Provider = ({ value, children }) => {
    context.value = value;
    return children ?? null;
  };
  context.Consumer = ({ children }) => children(context.value);
  return context;
}

// ── hooks

function hook(make) {
  if (component === null) throw new Error("Invalid hook call. Hooks can only be called inside of the body of a function component.");
  const { hooks } = component;
  const place = component.next++;
  if (place === hooks.length) hooks.push(make());
  return hooks[place];
}

export function useReducer(reducer, initial, make) {
  const owner = component;
  const kept = hook(() => ({ state: make ? make(initial) : initial }));
  kept.reducer = reducer;
  kept.dispatch ??= (action) => {
    const next = kept.reducer(kept.state, action);
    if (Object.is(next, kept.state)) return;
    kept.state = next;
    if (owner.isThere) world.isDirty = true;
  };
  return [kept.state, kept.dispatch];
}

const basic = (state, change) => (typeof change === "function" ? change(state) : change);
export const useState = (initial) =>
  useReducer(basic, undefined, () => (typeof initial === "function" ? initial() : initial));

export function useEffect(effect, on) {
  const kept = hook(() => ({ on: null, end: undefined }));
  const isSame = kept.on !== null && on !== undefined && on.length === kept.on.length && on.every((value, at) => Object.is(value, kept.on[at]));
  if (isSame) return;
  kept.on = on ?? [];
  world.effects.push(() => {
    kept.end?.();
    kept.end = effect() ?? undefined;
    if (typeof kept.end !== "function") kept.end = undefined;
  });
}
export const useLayoutEffect = useEffect;
export const useInsertionEffect = useEffect;

export function useMemo(make, on) {
  const kept = hook(() => ({ on: null, value: undefined }));
  const isSame = kept.on !== null && on !== undefined && on.every((value, at) => Object.is(value, kept.on[at]));
  if (!isSame) {
    kept.value = make();
    kept.on = on ?? [];
  }
  return kept.value;
}
export const useCallback = (work, on) => useMemo(() => work, on);
export const useRef = (initial) => hook(() => ({ current: initial }));
export const useContext = (context) => context.value;
export const use = (context) => context.value;
export const useId = () => useMemo(() => `:p${world.ids++}:`, []);
export const useDeferredValue = (value) => value;
export const useTransition = () => [false, (work) => work()];
export const useOptimistic = (state) => [state, () => {}];
export const useDebugValue = () => {};
export const useImperativeHandle = () => {};
export const useEffectEvent = (work) => {
  const kept = useRef(work);
  kept.current = work;
  return useCallback((...args) => kept.current(...args), []);
};
export function useActionState(action, initial) {
  const [state, set] = useState(initial);
  return [state, async (payload) => set(await action(state, payload)), false];
}
export function useSyncExternalStore(subscribe, snapshot) {
  const [, again] = useReducer((count) => count + 1, 0);
  useEffect(() => subscribe(() => again()), [subscribe]);
  return snapshot();
}

// ── what a browser has beside React

let handles = 0;
const later = (isOnce) => (work, _ms, ...args) => {
  const handle = ++handles;
  world?.timers.set(handle, { work: () => work(...args), isOnce });
  return handle;
};
export const setTimeout = later(true);
export const setInterval = later(false);
export const requestAnimationFrame = later(true);
export const clearTimeout = (handle) => void world?.timers.delete(handle);
export const clearInterval = clearTimeout;
export const cancelAnimationFrame = clearTimeout;
const listening = { addEventListener: () => {}, removeEventListener: () => {} };
export const document = { ...listening, title: "", visibilityState: "visible", hidden: false, querySelector: () => null, getElementById: () => null };
export const window = {
  ...listening, document, setTimeout, setInterval, clearTimeout, clearInterval, requestAnimationFrame, cancelAnimationFrame,
  location: { href: "about:srcdoc", search: "", pathname: "/", reload: () => void (world.reloads += 1) },
  alert: () => {}, confirm: () => true, prompt: () => null,
};
export const location = window.location;
export const alert = window.alert;
export const confirm = window.confirm;

// ── mounting

export class Mounted {
  constructor(type) {
    this.type = type;
    this.instances = new Map();
    this.effects = [];
    this.timers = new Map();
    this.isDirty = true;
    this.reloads = 0;
    this.ids = 0;
    this.tree = null;
  }

  /** Renders until nothing changes any more. `waiting` ends when what was asked has come. */
  async settle(waiting) {
    world = this;
    for (let pass = 0; pass < PASSES_MAX; pass++) {
      if (this.isDirty) this.#render();
      for (let turn = 0; turn < 4; turn++) await Promise.resolve();
      const hadToWait = await waiting();
      for (let turn = 0; turn < 4; turn++) await Promise.resolve();
      if (!this.isDirty && !hadToWait) return;
    }
    throw new Error("Too many re-renders. The component changes its state each time it is rendered.");
  }

  /** What a timer would do once, each of them. */
  ring() {
    for (const [handle, timer] of [...this.timers]) {
      if (timer.isOnce) this.timers.delete(handle);
      timer.work();
    }
  }

  text() {
    return textOf(this.tree).replace(/\s+/g, " ").trim();
  }

  /** The elements of a tag, in order. */
  all(tag) {
    return elementsOf(this.tree).filter((element) => element.type === tag);
  }

  #render() {
    this.isDirty = false;
    const seen = new Set();
    this.tree = this.#rendered(createElement(this.type, {}), "", seen);
    for (const [place, instance] of this.instances) {
      if (seen.has(place)) continue;
      instance.isThere = false;
      for (const kept of instance.hooks) kept.end?.();
      instance.object?.componentWillUnmount?.();
      this.instances.delete(place);
    }
    const effects = this.effects.splice(0);
    for (const effect of effects) effect();
  }

  #rendered(node, place, seen) {
    if (node === null || node === undefined || typeof node === "boolean") return [];
    if (Array.isArray(node)) return node.flatMap((child, at) => this.#rendered(child, `${place}/${child?.key ?? at}`, seen));
    if (typeof node !== "object") return [String(node)];
    if (!node.isElement) {
      throw new Error(`Objects are not valid as a React child (found: object with keys {${Object.keys(node).join(", ")}}).`);
    }
    const here = `${place}/${node.key ?? ""}<${nameOf(node.type)}>`;
    if (typeof node.type === "string") {
      if (node.props.ref) hand(node.props.ref, onPage());
      const children = this.#rendered(node.props.children ?? null, here, seen);
      return [{ type: node.type, props: node.props, children }];
    }
    return this.#rendered(this.#called(node, here, seen), here, seen);
  }

  #called(node, place, seen) {
    let instance = this.instances.get(place);
    if (instance === undefined || instance.type !== node.type) {
      instance = { type: node.type, hooks: [], next: 0, isThere: true, object: null };
      this.instances.set(place, instance);
    }
    seen.add(place);
    if (node.type.prototype?.isReactComponent) return this.#ofClass(instance, node.props);
    const outer = component;
    component = instance;
    instance.next = 0;
    try {
      return node.type(node.props);
    } finally {
      component = outer;
    }
  }

  #ofClass(instance, props) {
    if (instance.object === null) {
      instance.object = new instance.type(props);
      instance.object.rerender = () => void (this.isDirty = true);
      this.effects.push(() => instance.object.componentDidMount?.());
    } else {
      this.effects.push(() => instance.object.componentDidUpdate?.(props, instance.object.state));
    }
    instance.object.props = props;
    return instance.object.render();
  }
}

const hand = (ref, value) => (typeof ref === "function" ? ref(value) : void (ref.current = value));

/** What a component may do with an element that it holds: nothing is to be seen of it. */
const onPage = () => ({
  ...listening, value: "", scrollTop: 0, scrollHeight: 0, offsetHeight: 0, style: {},
  focus() {}, blur() {}, select() {}, click() {}, reset() {}, scrollIntoView() {}, scrollTo() {}, showModal() {}, close() {},
});

const nameOf = (type) => (typeof type === "string" ? type : (type.displayName ?? type.name ?? "component"));

function textOf(nodes) {
  return nodes.map((node) => (typeof node === "string" ? node : ` ${shownValue(node)}${textOf(node.children)} `)).join("");
}

/** What stands in a field is seen too. */
const shownValue = ({ type, props }) => (type === "input" && typeof props.value === "string" ? props.value : "");

function elementsOf(nodes) {
  return nodes.flatMap((node) => (typeof node === "string" ? [] : [node, ...elementsOf(node.children)]));
}

export default {
  Fragment, StrictMode, Suspense, Component, PureComponent, createElement, isValidElement, cloneElement, Children, memo,
  forwardRef, createRef, startTransition, lazy, createContext, useReducer, useState, useEffect, useLayoutEffect, useMemo,
  useCallback, useRef, useContext, useId, useDeferredValue, useTransition, useSyncExternalStore, useActionState,
};
