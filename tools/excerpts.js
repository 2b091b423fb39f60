/**
 * Puts the engine's own lines into the guides: a fence ```ts excerpt=src/autograd/backward.ts#contribute holds the function
 * `contribute` as it stands in the source. `node tools/excerpts.js` writes the guides; a test refuses stale ones.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = new URL("../", import.meta.url);

/** A guide with every excerpt as the source has it now. */
export function withExcerpts(page) {
  return page.replace(
    /^(```ts excerpt=(\S+)#(\S+)\n)[\s\S]*?^```$/gm,
    (_, fence, file, path) => `${fence}${excerpt(file, path.split("."))}\n\`\`\``,
  );
}

/** The declaration with a name, or the member of one (`Cotangents.add`, `matmul.gradient`), without its doc comment. */
function excerpt(file, path) {
  const text = readFileSync(new URL(file, root), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  let node = source;
  for (const name of path) {
    node = declared(node, name);
    if (node === undefined) throw new Error(`${file} declares no ${path.join(".")}`);
  }
  const statement = ts.isVariableDeclaration(node) ? node.parent.parent : node;
  const start = statement.getStart(source);
  const indent = text.slice(text.lastIndexOf("\n", start) + 1, start);
  return text.slice(start, statement.end).replaceAll(`\n${indent}`, "\n");
}

/** The first declaration of a name below a node. */
function declared(node, name) {
  return ts.forEachChild(node, (child) => {
    const isDeclaration = !ts.isParameter(child) && !ts.isPropertyAccessExpression(child);
    return isDeclaration && child.name?.getText() === name ? child : declared(child, name);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const file of readdirSync(new URL("docs/", root)).filter((name) => name.endsWith(".md"))) {
    const page = new URL(`docs/${file}`, root);
    const text = readFileSync(page, "utf8");
    const updated = withExcerpts(text);
    if (updated !== text) writeFileSync(page, updated);
  }
}
