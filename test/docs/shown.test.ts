/** What takes several arguments is shown in use: its doc comment, or that of its class, has an example. */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { root } from "./modules.ts";

test("every public function, constructor and method of several arguments has an example", () => {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const modules = Object.keys(exports)
    .filter((path) => path !== "./package.json")
    .map((path) => join(root, "src", path, "index.ts"));
  expect(withoutExample(modules)).toEqual([]);
});

/** What the modules export that takes several arguments and shows no example: `src/plot/thin.ts: thinLine`. */
function withoutExample(modules: string[]): string[] {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const program = ts.createProgram(modules, ts.parseJsonConfigFileContent(config, ts.sys, root).options);
  const checker = program.getTypeChecker();
  const bare = new Set<string>();
  const add = (name: string, symbol: ts.Symbol): void => {
    const { fileName } = symbol.valueDeclaration!.getSourceFile();
    bare.add(`${relative(root, fileName).replaceAll("\\", "/")}: ${name}`);
  };
  const takesSeveral = (signatures: readonly ts.Signature[]): boolean =>
    signatures.some(({ parameters }) => parameters.length > 1);

  const exported = modules.flatMap((module) => {
    const { symbol } = program.getSourceFile(module) as unknown as { symbol: ts.Symbol };
    return checker.getExportsOfModule(symbol);
  });
  for (const name of exported) {
    const symbol = name.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(name) : name;
    if ((symbol.flags & ts.SymbolFlags.Value) === 0) continue;
    const type = checker.getTypeOfSymbol(symbol);
    const instances = type.getConstructSignatures();
    // What is exported as a type only is never constructed by a user; the methods of what the engine makes are called.
    const constructors = name.declarations?.some(ts.isTypeOnlyExportDeclaration) ? [] : instances;
    const examples = examplesOf(symbol) || examplesOf(constructedBy(symbol, checker));
    if (examples === "" && takesSeveral([...type.getCallSignatures(), ...constructors]))
      add(symbol.name, symbol);
    // The example of a class may show its methods.
    for (const method of instances[0]?.getReturnType().getProperties() ?? []) {
      if (!isPublicMethod(method) || !takesSeveral(checker.getTypeOfSymbol(method).getCallSignatures()))
        continue;
      if (examplesOf(method) === "" && !examples.includes(`.${method.name}(`))
        add(`${symbol.name}.${method.name}`, method);
    }
  }
  return [...bare].sort();
}

function isPublicMethod({ flags, valueDeclaration }: ts.Symbol): boolean {
  if ((flags & ts.SymbolFlags.Method) === 0 || valueDeclaration === undefined) return false;
  const hidden = ts.ModifierFlags.Protected | ts.ModifierFlags.Private;
  const { name } = valueDeclaration as ts.MethodDeclaration;
  return (ts.getCombinedModifierFlags(valueDeclaration) & hidden) === 0 && !ts.isPrivateIdentifier(name);
}

/** The class whose constructor makes an instance: the class itself, or what it extends without a constructor of its own. */
function constructedBy(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  const isConstructor = symbol.members?.has(ts.InternalSymbolName.Constructor) ?? true;
  const [base] = isConstructor ? [] : (checker.getDeclaredTypeOfSymbol(symbol).getBaseTypes() ?? []);
  return base === undefined ? symbol : constructedBy(base.symbol, checker);
}

/** The doc comments of a name that hold an example. */
function examplesOf(symbol: ts.Symbol): string {
  return (symbol.declarations ?? [])
    .flatMap(ts.getJSDocCommentsAndTags)
    .map((comment) => comment.getText())
    .filter((text) => /@example\b|```ts\b/.test(text))
    .join("\n");
}
