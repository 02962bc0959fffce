/** What the learner's modules import as "react/jsx-runtime": React's own, with components that survive a new revision. */
import type { ElementType, Key, ReactElement } from "react";
import { Fragment, jsx as reactJsx, jsxs as reactJsxs } from "react/jsx-runtime";
import { families } from "./component_families.ts";

export { Fragment };

export function jsx(type: ElementType, props: unknown, key?: Key): ReactElement {
  return reactJsx(families.standInFor(type), props, key);
}

export function jsxs(type: ElementType, props: unknown, key?: Key): ReactElement {
  return reactJsxs(families.standInFor(type), props, key);
}
