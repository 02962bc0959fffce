/**
 * Which component of a new revision continues which one of the last: the one of the same name that calls the same hooks.
 *
 * React keeps the state of a component while its type stays the same object. Each revision brings new functions, so
 * what React is given is a stable stand-in per family, which calls the family's newest function. A component with other
 * hooks than before starts a new family, and its state anew. jsx_runtime.ts asks here for every element.
 */

type Component = (props: never) => unknown;

interface Family {
  hooks: string;
  /** The generation of code that its newest function came with. */
  generation: number;
  newest: Component;
  standIn: Component;
}

/** The hooks a component calls, in order: when they differ, React could not keep the state. */
export function hooksOf(component: unknown): string {
  return (String(component).match(/\buse[A-Z]\w*(?=\()/g) ?? []).join();
}

export function isClass(component: unknown): boolean {
  const prototype = (component as { prototype?: object }).prototype;
  return prototype !== undefined && "isReactComponent" in prototype;
}

export class ComponentFamilies {
  #generation = 0;
  readonly #byName = new Map<string, Family>();
  readonly #byFunction = new WeakMap<Component, Family>();

  /** Call before the code of another revision is used. */
  nextGeneration(): void {
    this.#generation += 1;
  }

  /** What to give to React in place of `type`; anything but a plain component comes back as it is. */
  standInFor<Type>(type: Type): Type {
    if (typeof type !== "function" || !/^[A-Z]/.test(type.name) || isClass(type)) return type;
    const component = type as unknown as Component;
    const family = this.#byFunction.get(component) ?? this.#adopt(component);
    if (!family) return type;
    // An older revision that is shown again brings back its own function.
    family.newest = component;
    return family.standIn as unknown as Type;
  }

  #adopt(component: Component): Family | undefined {
    const known = this.#byName.get(component.name);
    // Two of one name in one revision: made anew at each render, or in two files. They are React's own business.
    if (known?.generation === this.#generation) return undefined;
    const hooks = hooksOf(component);
    const family = known?.hooks === hooks ? known : this.#create(component, hooks);
    family.generation = this.#generation;
    this.#byName.set(component.name, family);
    this.#byFunction.set(component, family);
    return family;
  }

  #create(component: Component, hooks: string): Family {
    const standIn = (props: never): unknown => family.newest(props);
    Object.defineProperty(standIn, "name", { value: component.name });
    const family: Family = { hooks, generation: this.#generation, newest: component, standIn };
    return family;
  }
}

/** Shared by the pane's runtime and the JSX runtime that the learner's modules import. */
export const families = new ComponentFamilies();
