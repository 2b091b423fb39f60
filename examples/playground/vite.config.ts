/** How the site is built: each HTML file of this folder is a page, and the folder that is left works under any path. */
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { Marked } from "marked";
import { defineConfig, type Plugin } from "vite";
import { readLesson } from "./tour/lesson.ts";

/** Each is a page. */
const pages = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".html"));

export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  server: { fs: { allow: ["../.."] } },
  worker: { format: "es" },
  build: {
    outDir: "../../.build/playground/site",
    emptyOutDir: true,
    // In bytes before compression, where most is editor and engine; test/playground holds the size that is sent.
    chunkSizeWarningLimit: 800,
    target: "es2022",
    // What stands in the page would be a policy of its own.
    modulePreload: { polyfill: false },
    rolldownOptions: { input: pages },
  },
  plugins: [lessons(), offline(), reference()],
});

/** The built site has the API reference beside its pages, which `npm run playground:build` writes there. */
function reference(): Plugin {
  return {
    name: "reference",
    apply: "build",
    transformIndexHtml: (html) => html.replace("</nav>", '<a href="./reference/">Reference</a></nav>'),
  };
}

/** Writes the service worker that keeps the pages: with it they open without a network after the first visit. */
function offline(): Plugin {
  return {
    name: "offline",
    apply: "build",
    generateBundle(_, bundle) {
      const files = Object.keys(bundle).filter((name) => !name.endsWith(".map"));
      // Names of files carry their contents' hashes already.
      const version = createHash("sha256")
        .update([...files].sort().join())
        .digest("hex")
        .slice(0, 8);
      const code = `const version = ${JSON.stringify(`halograd ${version}`)};
const files = ${JSON.stringify(["./", ...pages, ...files])};
self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(version).then((cache) => cache.addAll(files)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  event.waitUntil(caches.keys().then((keys) => Promise.all(keys.filter((key) => key.startsWith("halograd ") && key !== version).map((key) => caches.delete(key)))));
});
// Pages from the network while there is one, so that a new version is seen; files, whose names change with them, from the cache.
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const cached = () => caches.match(request, { ignoreSearch: true });
  event.respondWith(request.mode === "navigate" ? fetch(request).catch(cached) : cached().then((found) => found ?? fetch(request)));
});
`;
      this.emitFile({ type: "asset", fileName: "service-worker.js", source: code });
    },
  };
}

/** Lessons of the tour as modules, with their prose rendered: no page loads a parser of Markdown. */
function lessons(): Plugin {
  const marked = new Marked({
    renderer: {
      // Files of the repository that are no pages are named, since the site has no address for them.
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens);
        const page = /^\.\.\/(\w+\.html)$/.exec(href)?.[1];
        if (page !== undefined) return `<a href="./${page}">${text}</a>`;
        return `${text} (<code>${href.replace(/^(\.\.\/)+/, "")}</code>)`;
      },
      // What may be wider than the screen can be scrolled by keyboard.
      code: ({ text }) =>
        `<pre tabindex="0">${text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</pre>\n`,
    },
  });
  return {
    name: "lessons",
    transform(text, id) {
      if (!id.endsWith(".md")) return null;
      const lesson = readLesson(id, text, (markdown) => marked.parse(markdown, { async: false }));
      return { code: `export default ${JSON.stringify(lesson)};`, map: null };
    },
  };
}
