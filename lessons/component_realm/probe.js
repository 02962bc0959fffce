/**
 * Mounts the project's component and tells what it shows and asks while rows change.
 *
 * `steps` in order: { insert: { table, row } } is a row from elsewhere; { ring: true } lets every timer ring once;
 * { submit: text } types the text into the first form and sends it; { press: true } presses every button outside of
 * forms. After each step: the text that is seen then.
 */
import { mutationGeneric } from "convex/server";
import App from "./probe_view/App";
import { Stage } from "./probe_client";
import { Mounted } from "./probe_react";

export const mount = mutationGeneric(async (ctx, { steps }) => {
  const stage = new Stage(ctx);
  const mounted = new Mounted(App);
  const seen = [];
  const told = (problem = null) => ({
    seen,
    asks: stage.asks,
    calls: stage.calls,
    subscriptions: [...stage.subscriptions.values()].map(({ path }) => path),
    reloads: mounted.reloads,
    problem,
  });
  const settle = () => mounted.settle(() => stage.answer());
  try {
    await settle();
    seen.push(mounted.text());
    for (const step of steps) {
      await take(step, ctx, stage, mounted, settle);
      await settle();
      seen.push(mounted.text());
    }
    return told();
  } catch (error) {
    return told({ message: String(error?.message ?? error), step: seen.length });
  }
});

async function take(step, ctx, stage, mounted, settle) {
  if (step.insert) {
    await ctx.db.insert(step.insert.table, step.insert.row);
    stage.refresh();
  } else if (step.ring) {
    mounted.ring();
  } else if (step.press) {
    const inForms = new Set(mounted.all("form").flatMap(inside));
    const buttons = mounted.all("button").filter((button) => !inForms.has(button) && !button.props.disabled);
    for (const { props } of buttons) props.onClick?.(event());
  } else if (step.submit !== undefined) {
    const isText = ({ type, props }) => type === "textarea" || (type === "input" && [undefined, "text", "search"].includes(props.type));
    const [form] = mounted.all("form");
    const field = inside(form).find(isText);
    field?.props.onChange?.({ target: { value: step.submit }, currentTarget: { value: step.submit }, preventDefault() {} });
    await settle();
    const sent = mounted.all("form")[0];
    if (sent?.props.onSubmit) sent.props.onSubmit(event());
    else inside(sent ?? { children: mounted.tree }).find(({ type }) => type === "button")?.props.onClick?.(event());
  }
}

const event = () => ({ preventDefault() {}, stopPropagation() {}, currentTarget: { reset() {} }, target: { reset() {} } });

const inside = (node) => (node?.children ?? []).flatMap((child) => (typeof child === "string" ? [] : [child, ...inside(child)]));
