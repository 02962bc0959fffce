/**
 * Builds static/dist from static/src: `deno ci`, then `deno run -A build.mjs`, both in this folder.
 *
 * Every output has a hash of its content in its name; manifest.json says which is which and from which sources they
 * were made (build/sources.mjs). The manifest is written last and old outputs go after it, so that a running server
 * never names a missing file. One line is printed per step, for `manage.py start` to show.
 */
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { hashSources, nameHash } from "./build/sources.mjs";

// React chooses its build when it is first required: learners get error messages, not error numbers.
process.env.NODE_ENV = "development";
const [esbuild, { makeTypePack }] = await Promise.all([import("esbuild"), import("./build/type_pack.mjs")]);

const root = import.meta.dirname;
const dist = path.join(root, "../dist");
const require = createRequire(path.join(root, "package.json"));

/** On every page; before it is painted, so as scripts of one file. */
const SITE = ["theme", "site"];
const COMMONJS_MODULES = ["react", "react/jsx-runtime", "react-dom", "react-dom/client"];
const ES_MODULES = ["convex/react", "convex/browser", "convex/server", "convex/values"];

const common = {
  absWorkingDir: root,
  bundle: true,
  write: true,
  outdir: dist,
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  minify: true,
  target: "es2022",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
};

const manifest = { sources: hashSources(root), entries: {}, imports: {}, tools: {} };
const written = new Set();

async function step(name, work) {
  const start = performance.now();
  const bytes = await work();
  const size = bytes === undefined ? "" : `, ${Math.round(bytes / 1024)} KiB`;
  console.log(`front end: ${name}${size}, ${Math.round(performance.now() - start)} ms`);
}

/** Bundles; records each entry under its name in the manifest. Answers the bytes written. */
async function bundle(options) {
  const { metafile } = await esbuild.build({ ...common, ...options });
  let bytes = 0;
  for (const [output, about] of Object.entries(metafile.outputs)) {
    const file = path.basename(output);
    written.add(file);
    bytes += about.bytes;
    if (about.entryPoint) manifest.entries[file.replace(/-[0-9A-Z]{8}\.js$/, ".js")] = file;
  }
  return bytes;
}

function writeHashed(name, content) {
  const { name: stem, ext } = path.parse(name);
  const file = `${stem}-${nameHash(content)}${ext}`;
  fs.writeFileSync(path.join(dist, file), content);
  written.add(file);
  manifest.entries[name] = file;
  return Buffer.byteLength(content);
}

const outputName = (specifier) => specifier.replaceAll("/", "-");

/** CommonJS has no named exports, an import map needs them: one facade per module that lists what it has. */
/** Of React's modules, one is wrapped for the panes, see frame/jsx_runtime.ts. */
const WRAPPED = { "react/jsx-runtime": "./frame/jsx_runtime.ts" };

function facade(specifier) {
  if (specifier in WRAPPED) return `export * from "${WRAPPED[specifier]}";`;
  if (ES_MODULES.includes(specifier)) return `export * from "${specifier}";`;
  const names = Object.keys(require(specifier)).filter((name) => name !== "default");
  return `import whole from "${specifier}"; export default whole; export const { ${names.join(", ")} } = whole;`;
}

const facades = {
  name: "import-map-facades",
  setup(build) {
    build.onResolve({ filter: /^facade:/ }, ({ path: name }) => ({ path: name.slice("facade:".length), namespace: "facade" }));
    build.onLoad({ filter: /.*/, namespace: "facade" }, ({ path: name }) => ({ contents: facade(name), resolveDir: root }));
  },
};

/** What runs inside a pane: frame.js and the import map's modules share their chunks, so there is one React. */
async function bundleFrame() {
  const specifiers = [...COMMONJS_MODULES, ...ES_MODULES];
  const entries = specifiers.map((specifier) => ({ in: `facade:${specifier}`, out: outputName(specifier) }));
  const frame = ["frame.ts", "frame.tsx"].find((file) => fs.existsSync(path.join(root, file)));
  if (frame) entries.push({ in: frame, out: "frame" });
  const bytes = await bundle({
    entryPoints: entries,
    format: "esm",
    splitting: true,
    plugins: [facades],
    define: { "process.env.NODE_ENV": '"development"' },
  });
  for (const specifier of specifiers) manifest.imports[specifier] = manifest.entries[`${outputName(specifier)}.js`];
  return bytes;
}

/** The native program of a package whose platform packages hold it, found by the package's own resolution. */
function nativeTool(packageName, platformPackage, file) {
  const owner = createRequire(fs.realpathSync(path.join(root, "node_modules", packageName, "package.json")));
  const folder = path.dirname(fs.realpathSync(owner.resolve(`${platformPackage}/package.json`)));
  const found = [file, `${file}.exe`].map((name) => path.join(folder, name)).find((name) => fs.existsSync(name));
  if (!found) throw new Error(`${platformPackage} holds no ${file}`);
  return path.relative(root, found).split(path.sep).join("/");
}

const COMPRESSED_BYTES_MIN = 1024;

/** Beside every file that browsers get: WhiteNoise sends the copy that the browser takes. Over plain http that is gzip. */
function writeCompressedCopies() {
  let bytes = 0;
  for (const file of [...written]) {
    const content = fs.readFileSync(path.join(dist, file));
    if (content.length < COMPRESSED_BYTES_MIN || file.startsWith("axe-")) continue;
    const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } });
    const copies = { gz: gzipSync(content, { level: 9 }), br: brotli };
    for (const [extension, copy] of Object.entries(copies)) {
      fs.writeFileSync(path.join(dist, `${file}.${extension}`), copy);
      written.add(`${file}.${extension}`);
    }
    bytes += copies.gz.length;
  }
  return bytes;
}

function removeOldOutputs() {
  const keep = new Set([...written, "manifest.json"]);
  for (const file of fs.readdirSync(dist)) {
    if (!keep.has(file)) fs.rmSync(path.join(dist, file), { recursive: true });
  }
}

function writeManifest() {
  const platform = `${process.platform}-${process.arch}`;
  manifest.tools.esbuild = nativeTool("esbuild", `@esbuild/${platform}`, "bin/esbuild");
  manifest.tools.tsc = nativeTool("typescript", `@typescript/typescript-${platform}`, "lib/tsc");
  const file = path.join(dist, "manifest.json");
  fs.writeFileSync(`${file}.new`, `${JSON.stringify(manifest, null, 2)}\n`);
  fs.renameSync(`${file}.new`, file);
  removeOldOutputs();
}

const start = performance.now();
fs.mkdirSync(dist, { recursive: true });
const production = { format: "iife", define: { "process.env.NODE_ENV": '"production"' } };
const siteEntries = SITE.map((name) => `${name}.ts`).filter((file) => fs.existsSync(path.join(root, file)));

await step("convex library for the server's functions", () =>
  bundle({
    entryPoints: { "convex-library": "runtime/convex_library.ts" },
    ...production,
    target: "esnext",
    minify: false, // stack traces should name the library's own functions
    minifySyntax: true,
    minifyWhitespace: true,
    tsconfigRaw: { compilerOptions: { alwaysStrict: true } },
  }));
await step("web streams for the server's functions", () =>
  bundle({ entryPoints: { "web-streams": "runtime/web_streams.ts" }, format: "iife", globalName: "streams", target: "esnext" }));
await step("pages", () => bundle({ entryPoints: siteEntries, ...production }));
// One entry a demonstration, loaded by the lesson that has it; with the workspace, so that they share its bus.
const demos = fs.globSync("demos/demo-*.ts", { cwd: root }).sort();
await step("workspace", () => bundle({ entryPoints: ["workspace.ts", ...demos], ...production, format: "esm", splitting: true }));
await step("laboratory", () => bundle({ entryPoints: ["laboratory.ts"], ...production, format: "esm", splitting: true }));
await step("classroom", () => bundle({ entryPoints: ["classroom.ts"], ...production, format: "esm", splitting: true }));
await step("pane runtime with React", bundleFrame);
await step("TypeScript worker", () => bundle({ entryPoints: { "ts-worker": "worker/ts-worker.ts" }, ...production }));
await step("types for the editor", () => writeHashed("types.json", makeTypePack(root)));
await step("accessibility checker for the tests", () => writeHashed("axe.js", fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8")));
await step("compressed copies", () => writeCompressedCopies());
await step("manifest", () => writeManifest());
await esbuild.stop();
console.log(`front end: built in ${((performance.now() - start) / 1000).toFixed(1)} s`);
