// Builds dist/ from src/: `npm ci && npm run build`. What is built is committed, so that nobody needs node to run polyhop.
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const pdfjs = dirname(createRequire(import.meta.url).resolve("pdfjs-dist/package.json"));

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { page: "src/main.jsx", style: "src/style.css" },
  outdir: dist,
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022", "chrome110", "firefox115", "safari16.4"],
  minify: true,
  legalComments: "none", // LICENSES.txt has them all
  jsx: "automatic",
  jsxImportSource: "preact",
  chunkNames: "part-[hash]",
  metafile: true,
});
await cp(join(here, "src/index.html"), join(dist, "index.html"));
await cp(join(here, "src/icon.svg"), join(dist, "icon.svg"));
// pdf.js starts its worker from a file of its own, and decodes scanned pages with these
await cp(join(pdfjs, "build/pdf.worker.min.mjs"), join(dist, "pdf.worker.min.mjs"));
await mkdir(join(dist, "wasm"));
for (const file of ["jbig2.wasm", "openjpeg.wasm", "qcms_bg.wasm"])
  await cp(join(pdfjs, "wasm", file), join(dist, "wasm", file));

await writeFile(join(dist, "LICENSES.txt"), await licences(Object.keys(metafile.inputs)));
await writeFile(join(dist, "SOURCES.sha256"), `${await hashOf(await sources())}\n`);

/** What the bundle is made of, as tests/agent/service/test_page_bundle.py computes it again. */
async function sources() {
  const found = await readdir(join(here, "src"), { recursive: true, withFileTypes: true });
  const files = found.filter((one) => one.isFile()).map((one) => relative(here, join(one.parentPath ?? one.path, one.name)));
  return [...files, "build.mjs", "package.json", "package-lock.json"].sort();
}

async function hashOf(files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update("\0").update(await readFile(join(here, file))).update("\0");
  return hash.digest("hex");
}

async function licences(inputs) {
  const packages = new Set(inputs.map((one) => one.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean));
  packages.add("pdfjs-dist");
  const parts = ["The licences of the libraries in this folder. dompurify is used under the Apache License 2.0.\n"];
  for (const name of [...packages].sort()) {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    parts.push(heading(`${name} ${version} (${license})`));
    for (const text of await textsIn(folder)) parts.push(text);
  }
  for (const text of await textsIn(join(pdfjs, "wasm"), /^LICENSE_.*(JBIG2|OPENJPEG|QCMS)$/))
    parts.push(heading("pdfjs-dist, wasm/"), text);
  return parts.join("\n");
}

async function textsIn(folder, wanted = /^(licen[cs]e|copying)/i) {
  const names = (await readdir(folder)).filter((name) => wanted.test(name)).sort();
  if (!names.length) throw new Error(`no licence in ${folder}`);
  return Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
}

function heading(text) {
  return `\n${"=".repeat(100)}\n${text}\n${"=".repeat(100)}\n`;
}
