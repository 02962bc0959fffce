// What a deploy needs to know of a project: the functions, the schema, the crons and the routes that its modules export.
// The host checks every part of it (analysis.py).
(function (realm) {
  "use strict";
  const { stringify } = JSON;
  const { keys } = Object;
  const { describe, fail, guarded, kindOf, modules, uncurry } = realm;
  const startsWith = uncurry(String.prototype.startsWith);
  const settle = guarded(realm.settle);

  realm.analyze = () => {
    try {
      const functions = [];
      for (const id of keys(modules)) if (id !== "schema" && !startsWith(id, "_generated/")) analyzeModule(id, functions);
      settle(true, stringify({ __proto__: null, functions, schema: exportedSchema(), crons: exportedCrons(), http: exportedRoutes() }));
    } catch (error) {
      fail(error);
    }
  };

  function analyzeModule(module, functions) {
    const exported = modules[module].exports;
    for (const name of keys(exported)) {
      const value = exported[name];
      const kind = kindOf(value);
      if (kind === null) continue;
      const visibility = value.isInternal ? "internal" : "public";
      const described = { __proto__: null, module, name, kind, visibility, callable: true, args: null, returns: null, error: null };
      functions[functions.length] = described;
      if (kind === "http") continue;
      try {
        described.callable = value._handler === undefined || typeof value._handler === "function";
        described.args = `${value.exportArgs()}`;
        described.returns = `${value.exportReturns()}`;
      } catch (error) {
        described.error = describe(error).text;
      }
    }
  }

  function exportedSchema() {
    if (modules.schema === undefined) return null;
    const schema = modules.schema.exports.default;
    if (schema === undefined || schema === null) return { __proto__: null, error: "missing" };
    if (typeof schema !== "object" || typeof schema.export !== "function") return { __proto__: null, error: "not a schema" };
    try {
      return { __proto__: null, json: `${schema.export()}` };
    } catch (error) {
      return { __proto__: null, error: "threw", text: describe(error).text };
    }
  }

  function exportedCrons() {
    if (modules.crons === undefined) return null;
    const crons = modules.crons.exports.default;
    if (crons === undefined) return { __proto__: null, error: "default" in modules.crons.exports ? "not crons" : "missing" };
    if (crons === null || typeof crons !== "object" || crons.isCrons !== true || typeof crons.export !== "function") return { __proto__: null, error: "not crons" };
    try {
      return { __proto__: null, json: `${crons.export()}` };
    } catch (error) {
      return { __proto__: null, error: "threw", text: describe(error).text };
    }
  }

  function exportedRoutes() {
    if (modules.http === undefined) return null;
    const router = modules.http.exports.default;
    if (router === undefined) return { __proto__: null, error: "default" in modules.http.exports ? "not a router" : "missing" };
    if (router === null || typeof router !== "object" || router.isRouter !== true || typeof router.getRoutes !== "function") return { __proto__: null, error: "not a router" };
    try {
      const routes = [];
      for (const [path, method] of router.getRoutes()) routes[routes.length] = [`${path}`, `${method}`];
      return { __proto__: null, routes };
    } catch (error) {
      return { __proto__: null, error: "threw", text: describe(error).text };
    }
  }
});
