/**
 * Shows the learner's component and replaces it by the next revision without losing its state.
 *
 * What React mounts is a stable shell that calls the newest component as a function, so its hooks live in the shell and
 * survive (components below it: component_families.ts). They cannot when it calls other hooks than before: then the
 * shell's key changes and state starts anew. A revision that fails before it was ever shown is taken back; the last good
 * one stays. When a query fails, or what was on the screen, there is nothing to go back to: the next result or the next
 * revision is another attempt.
 */
import { ConvexProvider } from "convex/react";
import { Component, type ComponentType, createElement, type FunctionComponent, type ReactNode, useEffect } from "react";
import { createRoot, type Root } from "react-dom/client";
import { hooksOf, isClass } from "./component_families.ts";
import type { PaneClient } from "./pane_client.ts";

export interface Version {
  revision: number;
  component: ComponentType;
}

export interface ShellEvents {
  shown(revision: number): void;
  /** Nothing of this revision is on the screen. */
  failed(error: unknown, revision: number): void;
}

interface BoundaryProps {
  /** A new attempt clears the error. */
  attempt: number;
  failed(error: unknown): void;
  children?: ReactNode;
}

interface BoundaryState {
  attempt: number;
  hasFailed: boolean;
}

class Boundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { attempt: this.props.attempt, hasFailed: false };

  static getDerivedStateFromProps(props: BoundaryProps, state: BoundaryState): BoundaryState | null {
    return props.attempt === state.attempt ? null : { attempt: props.attempt, hasFailed: false };
  }

  static getDerivedStateFromError(): Partial<BoundaryState> {
    return { hasFailed: true };
  }

  override componentDidCatch(error: unknown): void {
    this.props.failed(error);
  }

  override render(): ReactNode {
    return this.state.hasFailed ? null : this.props.children;
  }
}

function Shown({ attempt, shown }: { attempt: number; shown(): void }): null {
  useEffect(() => shown(), [attempt]);
  return null;
}

export class AppShell {
  readonly #root: Root;
  readonly #events: ShellEvents;
  #client: PaneClient;
  #current: Version | undefined;
  #good: Version | undefined;
  #hooks = "";
  #key = 0;
  #attempt = 0;
  #keptState = false;
  #onScreen: number | null = null;

  constructor(element: HTMLElement, client: PaneClient, events: ShellEvents) {
    // The boundary reports what it caught; React need not print it as well.
    this.#root = createRoot(element, { onCaughtError: () => {}, onUncaughtError: (error) => this.#failed(error) });
    this.#client = client;
    this.#events = events;
  }

  /** The revision that can be seen; null when it has failed and left nothing. */
  get onScreen(): number | null {
    return this.#onScreen;
  }

  show(version: Version): void {
    const hooks = hooksOf(version.component);
    this.#keptState = hooks === this.#hooks && this.#current !== undefined;
    if (!this.#keptState) this.#key += 1;
    this.#hooks = hooks;
    this.#current = version;
    this.#render();
  }

  useClient(client: PaneClient): void {
    this.#client.letGo();
    this.#client = client;
    if (this.#current) this.#render();
  }

  /** Stable: React keeps the state of what stands at the same place with the same type. */
  readonly #Shell: FunctionComponent = () => {
    const component = this.#current?.component;
    if (!component) return null;
    return isClass(component) || typeof component !== "function"
      ? createElement(component)
      : (component as (props: object) => ReactNode)({});
  };

  #render(): void {
    const attempt = ++this.#attempt;
    const app = createElement(
      Boundary,
      { attempt, failed: (error) => this.#failed(error) },
      createElement(this.#Shell, { key: this.#key }),
      createElement(Shown, { attempt, shown: () => this.#shown() }),
    );
    this.#root.render(createElement(ConvexProvider, { client: this.#client, children: app }));
  }

  #shown(): void {
    if (!this.#current) return;
    this.#good = this.#current;
    this.#onScreen = this.#current.revision;
    this.#keptState = false;
    this.#client.letGo();
    this.#events.shown(this.#current.revision);
  }

  #failed(error: unknown): void {
    const failed = this.#current;
    if (!failed) return;
    if (this.#keptState) {
      // Its own hooks may be the same while those it calls through differ: once more with new state.
      this.#keptState = false;
      this.#key += 1;
      this.#render();
      return;
    }
    if (this.#good && this.#good !== failed && !this.#client.hasFailedQuery) {
      this.#current = this.#good;
      this.#hooks = hooksOf(this.#good.component);
      this.#key += 1;
      this.#render();
    } else {
      this.#good = undefined;
      this.#onScreen = null;
      this.#client.holdQueries(() => this.#render());
    }
    this.#events.failed(error, failed.revision);
  }
}
