/**
 * Makes every loop of the learner's component check a time budget, so that `while (true)` becomes an error with a line
 * instead of a frozen tab: a pane shares its process with the other pane, and neither would answer again.
 */
import ts from "ts6";

const GUARD = "__loopGuard";
const BUDGET_MS = 1000;

/**
 * Stands at the end of the module, where a function declaration is hoisted and no line above it moves. The budget is
 * for one task of the event loop; the timer that renews it cannot fire before the task ends. Once used up it stays so
 * until new code is loaded: React would call the component again and again.
 */
export function guardSource(file: string): string {
  return `function ${GUARD}(line) {
  const g = (${GUARD}.state ??= { turns: 0, since: 0, over: 0 });
  if (!g.over) {
    if (++g.turns & 255) return;
    const now = performance.now();
    if (!g.since) { g.since = now; setTimeout(() => { g.since = g.turns = 0; }); return; }
    if (now - g.since < ${BUDGET_MS}) return;
    g.over = line;
  }
  throw new Error("The loop on line " + g.over + " of ${file} ran for more than a second, so it was stopped.");
}
`;
}

function guardCall(factory: ts.NodeFactory, line: number): ts.Statement {
  const call = factory.createCallExpression(factory.createIdentifier(GUARD), undefined, [factory.createNumericLiteral(line)]);
  return factory.createExpressionStatement(call);
}

function withBody(factory: ts.NodeFactory, loop: ts.IterationStatement, body: ts.Statement): ts.Statement {
  if (ts.isWhileStatement(loop)) return factory.updateWhileStatement(loop, loop.expression, body);
  if (ts.isDoStatement(loop)) return factory.updateDoStatement(loop, body, loop.expression);
  if (ts.isForStatement(loop)) {
    return factory.updateForStatement(loop, loop.initializer, loop.condition, loop.incrementor, body);
  }
  if (ts.isForOfStatement(loop)) {
    return factory.updateForOfStatement(loop, loop.awaitModifier, loop.initializer, loop.expression, body);
  }
  if (ts.isForInStatement(loop)) return factory.updateForInStatement(loop, loop.initializer, loop.expression, body);
  return loop;
}

/** A `before` transformer. `onLoop` is told when there is a loop, so that a module without loops needs no guard. */
export function guardLoops(onLoop: () => void): ts.TransformerFactory<ts.SourceFile> {
  return (context) => (source) => {
    const visit = (node: ts.Node): ts.Node => {
      const inner = ts.visitEachChild(node, visit, context);
      if (!ts.isIterationStatement(inner, false)) return inner;
      onLoop();
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      const statements = ts.isBlock(inner.statement) ? inner.statement.statements : [inner.statement];
      const body = context.factory.createBlock([guardCall(context.factory, line), ...statements], true);
      return withBody(context.factory, inner, body);
    };
    return ts.visitNode(source, visit, ts.isSourceFile);
  };
}
