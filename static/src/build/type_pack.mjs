/**
 * types.json: every declaration file that a learner's project can reach, keyed by the path the worker sees.
 *
 * `/lib.*.d.ts` are TypeScript's own, `/node_modules/<package>/…` the packages'. Comments go, and so do the bodies of
 * DOM interfaces that no lesson draws with; each package's package.json stays in short, because
 * `moduleResolution: Bundler` resolves by its `exports` and `types`.
 */
import fs from "node:fs";
import path from "node:path";
import ts from "ts6";
import { trimDom } from "./dom_trim.mjs";

const OFFERED = ["react", "react/jsx-runtime", "react-dom", "react-dom/client", "convex/react", "convex/server", "convex/values", "convex/browser"];

/** The learner's compiler options, from the one file that the worker and the server's type check read too. */
function learnerOptions(root) {
  const config = JSON.parse(fs.readFileSync(path.join(root, "learner-tsconfig.json"), "utf8"));
  const { options, errors } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  if (errors.length) throw new Error(ts.formatDiagnostics(errors, formatHost(root)));
  return options;
}

const formatHost = (root) => ({ getCurrentDirectory: () => root, getCanonicalFileName: (name) => name, getNewLine: () => "\n" });

/** A program of one file in memory that imports all we offer; what it pulls in is the pack. */
function reachableFiles(root) {
  const options = learnerOptions(root);
  const seed = path.join(root, "seed.ts");
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  const text = OFFERED.map((name) => `import "${name}";\n`).join("");
  host.fileExists = (name) => name === seed || fileExists(name);
  host.getSourceFile = (name, ...rest) => (name === seed ? ts.createSourceFile(name, text, rest[0]) : getSourceFile(name, ...rest));
  const program = ts.createProgram([seed], options, host);
  const errors = ts.getPreEmitDiagnostics(program, program.getSourceFile(seed));
  if (errors.length) throw new Error(ts.formatDiagnostics(errors, formatHost(root)));
  return program.getSourceFiles().filter((file) => file.fileName !== seed);
}

function packPath(fileName) {
  const inPackage = fileName.slice(fileName.lastIndexOf("/node_modules/"));
  return /^\/node_modules\/(ts6|typescript)\//.test(inPackage) ? `/${path.basename(fileName)}` : inPackage;
}

const packageName = (name) => /^\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(name)?.[1];

/** What resolution reads of a package.json, and its version so that a stale pack can be told. */
function shortPackageJson(realPath) {
  const { name, version, type, main, types, typings, exports, typesVersions } = JSON.parse(fs.readFileSync(realPath, "utf8"));
  return JSON.stringify({ name, version, type, main, types, typings, exports, typesVersions });
}

export function makeTypePack(root) {
  const printer = ts.createPrinter({ removeComments: true });
  const pack = {};
  for (const file of reachableFiles(root)) {
    const name = packPath(file.fileName);
    if (file.fileName.endsWith(".json")) continue;
    const lean = name === "/lib.dom.d.ts" ? trimDom(ts, file) : file;
    pack[name] = printer.printFile(lean).replace(/^ +/gm, "");
    const owner = packageName(name);
    const manifest = `/node_modules/${owner}/package.json`;
    if (owner && !pack[manifest]) {
      const folder = file.fileName.slice(0, file.fileName.lastIndexOf(`/node_modules/${owner}/`));
      pack[manifest] = shortPackageJson(`${folder}${manifest}`);
    }
  }
  return JSON.stringify(pack);
}
