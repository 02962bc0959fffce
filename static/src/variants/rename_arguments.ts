/** Other names for the arguments of public functions, in their validators and in their handlers. */
import ts from "ts6";
import type { Edit } from "./edits.ts";

const SUFFIX = "Given";

type Handler = ts.ArrowFunction | ts.FunctionExpression;

/** None where a name cannot be followed: arguments that are passed on as a whole, validators that stand elsewhere. */
export function renamedArguments(call: ts.CallExpression, handler: Handler, source: ts.SourceFile): Edit[] {
  const [given] = call.arguments;
  const fields = given && ts.isObjectLiteralExpression(given) ? propertyOf(given, "args") : undefined;
  if (!fields || !ts.isObjectLiteralExpression(fields)) return [];
  const names = namesOf(fields);
  const parameter = handler.parameters[1];
  if (names === null || names.length === 0 || !parameter) return [];
  const inHandler = ts.isIdentifier(parameter.name) ? readsOf(parameter.name, handler, names) : boundNames(parameter.name, names);
  return inHandler === null ? [] : [...declared(fields), ...inHandler];

  function declared(object: ts.ObjectLiteralExpression): Edit[] {
    return object.properties.map((one) => {
      const { name } = one as ts.PropertyAssignment | ts.ShorthandPropertyAssignment;
      const text = ts.isShorthandPropertyAssignment(one) ? `${one.name.text}${SUFFIX}: ${one.name.text}` : `${(name as ts.Identifier).text}${SUFFIX}`;
      return { start: name.getStart(source), end: name.end, text };
    });
  }

  function boundNames(pattern: ts.BindingName, known: string[]): Edit[] | null {
    if (!ts.isObjectBindingPattern(pattern) || parameter?.type) return null;
    const edits: Edit[] = [];
    for (const element of pattern.elements) {
      const bound = element.propertyName ?? element.name;
      if (element.dotDotDotToken || !ts.isIdentifier(bound) || !known.includes(bound.text)) return null;
      edits.push({ start: bound.getStart(source), end: bound.end, text: element.propertyName ? `${bound.text}${SUFFIX}` : `${bound.text}${SUFFIX}: ${bound.text}` });
    }
    return edits;
  }

  function readsOf(args: ts.Identifier, inside: Handler, known: string[]): Edit[] | null {
    if (parameter?.type) return null;
    const edits: Edit[] = [];
    let isClear = true;
    const see = (node: ts.Node): void => {
      if (ts.isIdentifier(node) && node.text === args.text && node !== args && !isName(node)) {
        const { parent } = node;
        if (ts.isPropertyAccessExpression(parent) && parent.expression === node && known.includes(parent.name.text)) {
          edits.push({ start: parent.name.getStart(source), end: parent.name.end, text: `${parent.name.text}${SUFFIX}` });
        } else isClear = false;
      }
      ts.forEachChild(node, see);
    };
    see(inside.body);
    return isClear ? edits : null;
  }
}

function propertyOf(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  return object.properties.find((one): one is ts.PropertyAssignment => ts.isPropertyAssignment(one) && one.name.getText() === name)?.initializer;
}

/** The names of all fields; null where one of them is no plain name. */
function namesOf(fields: ts.ObjectLiteralExpression): string[] | null {
  const names = fields.properties.map((one) =>
    (ts.isPropertyAssignment(one) || ts.isShorthandPropertyAssignment(one)) && ts.isIdentifier(one.name) ? one.name.text : null,
  );
  return names.every((name) => name !== null) ? names : null;
}

/** Whether it only names a property: of something else, or of an object that is made here. */
function isName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (ts.isPropertyAccessExpression(parent) && parent.name === node) || (ts.isPropertyAssignment(parent) && parent.name === node);
}
