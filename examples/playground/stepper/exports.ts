/** A program as code for halograd, PyTorch and JAX, which computes the same numbers. */

import type { AnyNode, CallExpression, Expression } from "acorn";
import type { Tensor } from "halograd";
import { OPERATORS, type Run } from "./program.ts";
import { nameOfResult } from "./steps.ts";

export type Target = "halograd" | "pytorch" | "jax";

/** Binds tighter than any operator. */
const ATOM = 10;
const TIGHTNESS: Record<string, number> = { "+": 1, "-": 1, "*": 2, "/": 2, neg: 3, "**": 4 };

/** The whole program as a module or script that prints the result and the gradients. */
export function exportCode(run: Run, target: Target): string {
  return new Writer(run, target).write();
}

/** An expression in the target's language, and how tightly its outermost operator binds. */
type Piece = readonly [text: string, tightness: number];

class Writer {
  readonly #run: Run;
  readonly #target: Target;
  readonly #used = new Set<string>();

  constructor(run: Run, target: Target) {
    this.#run = run;
    this.#target = target;
  }

  write(): string {
    const leaves: string[] = [];
    const body: string[] = [];
    let result = "";
    for (const [name, init] of assignments(this.#run)) {
      const value = this.#run.made.get(init);
      const isLeaf = name !== null && value !== undefined && this.#run.leaves.get(name) === value;
      const text = isLeaf ? this.#tensor(value, true) : this.#expression(init)[0];
      const variable = name === null ? nameOfResult(this.#run) : this.#name(name);
      (isLeaf ? leaves : body).push(
        this.#target === "halograd" ? `const ${variable} = ${text};` : `${variable} = ${text}`,
      );
      result = variable;
    }
    const names = [...this.#run.leaves.keys()].map((name) => this.#name(name));
    return {
      halograd: () => this.#module(leaves, body, result, names),
      pytorch: () => this.#torch(leaves, body, result, names),
      jax: () => this.#jax(leaves, body, result, names),
    }[this.#target]();
  }

  #module(leaves: string[], body: string[], result: string, names: string[]): string {
    const imports = [...new Set(["tensor", ...this.#used])].sort();
    const lines = [...leaves, ...body];
    return `import { ${imports.join(", ")} } from "halograd";\n\n${lines.join("\n")}\n\n${result}.backward();\nconsole.log("${result} =", ${result}.item());\n${names
      .map((name) => `console.log("∂${result}/∂${name} =", String(${name}.grad));`)
      .join("\n")}\n`;
  }

  #torch(leaves: string[], body: string[], result: string, names: string[]): string {
    return `import math\n\nimport torch\nimport torch.nn.functional as F\n\n${[...leaves, ...body].join("\n")}\n\n${result}.backward()\nprint("${result} =", ${result}.item())\n${names
      .map((name) => `print("∂${result}/∂${name} =", ${name}.grad.tolist())`)
      .join("\n")}\n`;
  }

  #jax(leaves: string[], body: string[], result: string, names: string[]): string {
    const inner = body.length > 0 ? body.map((line) => `    ${line}`).join("\n") : "    pass";
    const places = names.map((_, i) => i);
    return `import math\n\nimport jax\nimport jax.numpy as jnp\n\n\ndef program(${names.join(", ")}):\n${inner}\n    return jnp.reshape(${result}, ())\n\n\n${leaves.join("\n")}\n\nvalue, gradients = jax.value_and_grad(program, (${places.join(", ")},))(${names.join(", ")})\nprint("${result} =", float(value))\nfor name, gradient in zip(${JSON.stringify(names)}, gradients):\n    print(f"∂${result}/∂{name} =", gradient.tolist())\n`;
  }

  /** A name that Python does not keep for itself. */
  #name(name: string): string {
    return this.#target !== "halograd" && PYTHON.has(name) ? `${name}_` : name;
  }

  #tensor(value: Tensor, isLeaf = false): string {
    const elements = JSON.stringify(value.toArray(), (_, element) =>
      typeof element === "number" ? shortest(element) : element,
    ).replaceAll(",", ", ");
    switch (this.#target) {
      case "halograd":
        return `tensor(${elements}${isLeaf ? ", { requiresGrad: true }" : ""})`;
      case "pytorch":
        return `torch.tensor(${elements}, dtype=torch.float32${isLeaf ? ", requires_grad=True" : ""})`;
      case "jax":
        return `jnp.array(${elements}, dtype=jnp.float32)`;
    }
  }

  #expression(node: Expression | AnyNode): Piece {
    const made = this.#run.made.get(node);
    if (made !== undefined) return [this.#tensor(made), ATOM];
    switch (node.type) {
      case "Literal":
        return [this.#literal(node.value), ATOM];
      case "Identifier":
        if (node.name === "undefined") return [this.#target === "halograd" ? "undefined" : "None", ATOM];
        if (node.name === "Infinity") return [this.#target === "halograd" ? "Infinity" : "math.inf", ATOM];
        if (!this.#run.names.has(node.name)) return [this.#function(node.name), ATOM];
        return [this.#name(node.name), ATOM];
      case "ParenthesizedExpression":
        return this.#expression(node.expression);
      case "ArrayExpression":
        return [`[${node.elements.map((element) => this.#expression(element!)[0]).join(", ")}]`, ATOM];
      case "MemberExpression": {
        const name = node.property.type === "Identifier" ? node.property.name : "";
        return [this.#target === "halograd" ? `Math.${name}` : `math.${name.toLowerCase()}`, ATOM];
      }
      case "UnaryExpression": {
        const [text, tightness] = this.#expression(node.argument);
        if (node.operator === "+") return [text, tightness];
        if (this.#target === "halograd" && !isNumeric(node.argument))
          return [this.#method("neg", [[text, tightness]]), ATOM];
        return [`-${tightness < TIGHTNESS.neg ? `(${text})` : text}`, TIGHTNESS.neg];
      }
      case "BinaryExpression": {
        const [left, right] = [node.left as Expression, node.right];
        return this.#call(OPERATORS[node.operator], [left, right], [], isNumeric(left) && isNumeric(right));
      }
      case "CallExpression":
        return this.#callExpression(node);
      default:
        throw new Error(`no code for ${node.type}`);
    }
  }

  #callExpression(node: CallExpression): Piece {
    const given = node.arguments as Expression[];
    const options = given.filter((argument) => argument.type === "ObjectExpression");
    const rest = given.filter((argument) => argument.type !== "ObjectExpression");
    const settings = options.flatMap((option) =>
      option.type === "ObjectExpression"
        ? option.properties.map((property) =>
            property.type === "Property" && property.key.type === "Identifier"
              ? ([property.key.name, property.value] as const)
              : (["", node] as const),
          )
        : [],
    );
    if (node.callee.type === "Identifier") return this.#call(node.callee.name, rest, settings);
    if (node.callee.type === "MemberExpression" && node.callee.property.type === "Identifier")
      return this.#call(node.callee.property.name, [node.callee.object as Expression, ...rest], settings);
    throw new Error("no code for this call");
  }

  #call(
    name: string,
    nodes: readonly Expression[],
    settings: readonly (readonly [string, AnyNode])[],
    isPlain = false,
  ): Piece {
    const pieces = nodes.map((node) => this.#expression(node));
    const operator = Object.keys(OPERATORS).find((sign) => OPERATORS[sign] === name && sign in TIGHTNESS);
    if (operator !== undefined && (this.#target !== "halograd" || isPlain)) {
      const own = TIGHTNESS[operator];
      const [a, b] = pieces;
      const left = a[1] < own || (operator === "**" && a[1] === own) ? `(${a[0]})` : a[0];
      const right = b[1] < own || (b[1] === own && operator !== "**") ? `(${b[0]})` : b[0];
      return [`${left} ${operator} ${right}`, own];
    }
    if (this.#target === "halograd") {
      const options = settings.map(([key, value]) => `${key}: ${this.#expression(value)[0]}`);
      const list = [
        ...pieces.map(([text]) => text),
        ...(options.length > 0 ? [`{ ${options.join(", ")} }`] : []),
      ];
      // Many operations are functions only; of those that are not, some read better as functions.
      const isMethod =
        name in this.#run.result &&
        !["where", "linearCombination", "concat", "stack"].includes(name) &&
        !isNumeric(nodes[0]) &&
        nodes[0].type !== "ArrayExpression";
      if (isMethod)
        return [this.#method(name, [pieces[0], ...list.slice(1).map((text): Piece => [text, ATOM])]), ATOM];
      return [`${this.#function(name)}(${list.join(", ")})`, ATOM];
    }
    return [
      this.#python(
        name,
        nodes,
        pieces,
        new Map(settings.map(([key, value]) => [key, this.#expression(value)[0]])),
      ),
      ATOM,
    ];
  }

  #method(name: string, [receiver, ...rest]: readonly Piece[]): string {
    const [text, tightness] = receiver;
    return `${tightness < ATOM ? `(${text})` : text}.${name}(${rest.map(([argument]) => argument).join(", ")})`;
  }

  #function(name: string): string {
    if (this.#target === "halograd") {
      this.#used.add(name);
      return name;
    }
    return `(lambda x: ${this.#python(name, [], [["x", ATOM]], new Map())})`;
  }

  #literal(value: unknown): string {
    if (typeof value === "boolean" && this.#target !== "halograd") return value ? "True" : "False";
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  }

  #python(
    name: string,
    nodes: readonly Expression[],
    pieces: readonly Piece[],
    options: ReadonlyMap<string, string>,
  ): string {
    const isTorch = this.#target === "pytorch";
    const list = pieces.map(([text, tightness], i) => (i === 0 && tightness < ATOM ? `(${text})` : text));
    // An argument that is left out may be written as undefined.
    const [x, y, z] = list.map((text) => (text === "None" ? undefined : text)) as string[];
    // The same where an operator follows or comes before.
    const [, second, third] = pieces.map(([text, tightness]) => (tightness < ATOM ? `(${text})` : text));
    const as = (value: string): string => (isTorch ? `torch.as_tensor(${value})` : value);
    const [f, b] = isTorch ? ["torch", "F"] : ["jnp", "jax.nn"];
    const dim = isTorch ? "dim" : "axis";
    const keep = options.has("keepdim")
      ? `, ${isTorch ? "keepdim" : "keepdims"}=${options.get("keepdim")}`
      : "";
    const reduction = options.has("reduction") ? `, reduction=${options.get("reduction")}` : "";
    const axes = (axis: string | undefined, all = ""): string =>
      axis === undefined || axis === "None"
        ? all
        : `, ${dim}=${axis.startsWith("[") ? `(${axis.slice(1, -1)},)` : axis}`;
    const float = (test: string): string => (isTorch ? `(${test}).float()` : `(${test}).astype(jnp.float32)`);
    /** The entries of a list that is written out. */
    const parts = (i: number): string[] =>
      nodes[i].type === "ArrayExpression"
        ? nodes[i].elements.map((element) => this.#expression(element!)[0])
        : [list[i]];
    const tuple = (text: string): string => (text.startsWith("[") ? `(${text.slice(1, -1)},)` : text);
    /** A setting of each axis: one number for all, or a list. */
    const each = (option: string, otherwise: string | readonly string[], count: number): string[] => {
      const text = options.get(option) ?? otherwise;
      if (typeof text !== "string") return [...text];
      return text.startsWith("[") ? text.slice(1, -1).split(", ") : new Array<string>(count).fill(text);
    };
    const reduced = (losses: string): string => {
      const reduction = options.get("reduction")?.slice(1, -1) ?? "mean";
      return reduction === "none" ? losses : `${losses}.${reduction}()`;
    };
    /** Pairs of widths for the last axes: PyTorch wants them flat, and the last axis first. */
    const padded = (inner: string, pairs: readonly string[], value: string): string =>
      isTorch
        ? `F.pad(${as(inner)}, (${pairs
            .toReversed()
            .map((pair) => pair.slice(1, -1))
            .join(", ")},), value=${value})`
        : `jnp.pad(${inner}, [(0, 0)] * (${inner}.ndim - ${pairs.length}) + [${pairs.map(tuple).join(", ")}], constant_values=${value})`;
    /** Windows over the last axes, an axis at a time; a place of a window for each comes behind all others. */
    const windows = (inner: string, sizes: readonly string[], stride: string | readonly string[]): string => {
      const [steps, spread] = [each("stride", stride, sizes.length), each("dilation", "1", sizes.length)];
      return sizes.reduce((whole, size, i) => {
        const span = spread[i] === "1" ? size : `${spread[i]} * (${size} - 1) + 1`;
        const every = spread[i] === "1" ? "" : `[..., ::${spread[i]}]`;
        if (isTorch) return `${whole}.unfold(-${sizes.length}, ${span}, ${steps[i]})${every}`;
        const places = `jnp.arange(0, x.shape[-${sizes.length}] - (${span}) + 1, ${steps[i]})[:, None] + jnp.arange(0, ${span}, ${spread[i]})`;
        return `(lambda x: jnp.moveaxis(jnp.take(x, ${places}, axis=-${sizes.length}), -${sizes.length}, -1))(${whole})`;
      }, inner);
    };
    const everyAxis = isTorch ? `, dim=tuple(range(${x}.dim()))` : "";
    switch (name) {
      case "abs":
      case "sign":
      case "square":
      case "sqrt":
      case "reciprocal":
      case "exp":
      case "expm1":
      case "log":
      case "log1p":
      case "sin":
      case "cos":
      case "tanh":
      case "tan":
      case "sinh":
      case "cosh":
      case "log2":
      case "log10":
      case "floor":
      case "ceil":
      case "round":
        return `${f}.${name}(${as(x)})`;
      case "asin":
      case "acos":
      case "atan":
        return isTorch ? `torch.${name}(${as(x)})` : `jnp.arc${name.slice(1)}(${x})`;
      case "atan2":
        return isTorch ? `torch.atan2(${as(x)}, ${as(y)})` : `jnp.arctan2(${x}, ${y})`;
      case "remainder":
      case "outer":
        return `${f}.${name}(${as(x)}, ${as(y)})`;
      case "logAddExp":
        return `${f}.logaddexp(${as(x)}, ${as(y)})`;
      case "logSigmoid":
        return isTorch ? `F.logsigmoid(${as(x)})` : `jax.nn.log_sigmoid(${x})`;
      case "isNaN":
      case "isFinite":
        return float(`${f}.${name.toLowerCase()}(${as(x)})`);
      case "tril":
      case "triu":
      case "diagonal":
        return `${f}.${name}(${as(x)}, ${y ?? "0"})`;
      case "cumprod":
        return `${f}.cumprod(${as(x)}, ${dim}=${y})`;
      case "neg":
        return `(-${x})`;
      case "rsqrt":
        return isTorch ? `torch.rsqrt(${as(x)})` : `jax.lax.rsqrt(${x})`;
      case "erf":
      case "erfc":
        return isTorch ? `torch.${name}(${as(x)})` : `jax.scipy.special.${name}(${x})`;
      case "sigmoid":
        return isTorch ? `torch.sigmoid(${as(x)})` : `jax.nn.sigmoid(${x})`;
      case "silu":
      case "relu":
      case "elu":
      case "softplus":
        return `${b}.${name}(${as(x)})`;
      case "gelu":
        return isTorch ? `F.gelu(${as(x)})` : `jax.nn.gelu(${x}, approximate=False)`;
      case "leakyRelu":
        return `${b}.leaky_relu(${x}, ${y ?? "0.01"})`;
      case "maximum":
      case "minimum":
        return `${f}.${name}(${as(x)}, ${as(y)})`;
      case "less":
        return float(`${x} < ${y}`);
      case "greater":
        return float(`${x} > ${y}`);
      case "lessEqual":
        return float(`${x} <= ${y}`);
      case "greaterEqual":
        return float(`${x} >= ${y}`);
      case "equal":
        return float(`${x} == ${y}`);
      case "notEqual":
        return float(`${x} != ${y}`);
      case "where":
        return `${f}.where(${as(x)} != 0, ${y}, ${z})`;
      case "linearCombination":
        return `((${x}) * (${y}) + (${z}) * (${list[3]}))`;
      case "clamp":
        return isTorch
          ? `torch.clamp(${x}, ${as(y)}, ${as(z)})`
          : `(lambda raised: jnp.where(raised > ${z}, ${z}, raised))(jnp.where(${x} < ${y}, ${y}, ${x}))`;
      case "sum":
      case "mean":
        return `${f}.${name}(${x}${axes(y)}${keep})`;
      case "max":
      case "min":
        return isTorch
          ? `torch.a${name}(${x}${axes(y, everyAxis)}${keep})`
          : `jnp.${name}(${x}${axes(y)}${keep})`;
      case "variance":
      case "std": {
        const short = name === "variance" ? "var" : "std";
        const correction = options.get("correction") ?? "1";
        return isTorch
          ? `torch.${short}(${x}${axes(y, everyAxis)}, correction=${correction}${keep})`
          : `jnp.${short}(${x}${axes(y)}, ddof=${correction}${keep})`;
      }
      case "norm":
        return isTorch
          ? `torch.linalg.vector_norm(${x}${axes(y)}${keep})`
          : `jnp.sqrt(jnp.sum(jnp.square(${x})${axes(y)}${keep}))`;
      case "logsumexp":
        return isTorch
          ? `torch.logsumexp(${x}${axes(y, everyAxis)}${keep})`
          : `jax.scipy.special.logsumexp(${x}${axes(y)}${keep})`;
      case "softmax":
        return isTorch ? `torch.softmax(${x}, dim=${y ?? -1})` : `jax.nn.softmax(${x}, axis=${y ?? -1})`;
      case "logSoftmax":
        return isTorch
          ? `torch.log_softmax(${x}, dim=${y ?? -1})`
          : `jax.nn.log_softmax(${x}, axis=${y ?? -1})`;
      case "layerNorm": {
        const [weight, bias, epsilon] = [y ?? "None", z ?? "None", list[3] ?? "1e-5"];
        if (isTorch) return `F.layer_norm(${x}, ${x}.shape[-1:], ${weight}, ${bias}, ${epsilon})`;
        const normal = `jax.nn.standardize(${x}, axis=-1, epsilon=${epsilon})`;
        return `(${normal}${weight === "None" ? "" : ` * ${second}`}${bias === "None" ? "" : ` + ${bias}`})`;
      }
      case "cumsum":
        return `${f}.cumsum(${x}, ${dim}=${y})`;
      case "argmax":
      case "argmin":
        return isTorch
          ? `torch.${name}(${x}${axes(y)}${keep}).float()`
          : `jnp.${name}(${x}${axes(y)}${keep}).astype(jnp.float32)`;
      case "matmul":
        return `${f}.matmul(${x}, ${y})`;
      case "linear": {
        const product = isTorch
          ? `F.linear(${list.slice(0, 3).join(", ")})`
          : `(jnp.matmul(${x}, ${second}.T)${z && z !== "None" ? ` + ${z}` : ""})`;
        return list.length > 3 ? `${list[3]}(${product})` : product;
      }
      case "mseLoss":
        return isTorch ? `F.mse_loss(${x}, ${y}${reduction})` : reduced(`jnp.square(${x} - ${second})`);
      case "l1Loss":
        return isTorch ? `F.l1_loss(${x}, ${y}${reduction})` : reduced(`jnp.abs(${x} - ${second})`);
      case "huberLoss": {
        const delta = options.get("delta") ?? "1.0";
        if (isTorch) return `F.huber_loss(${x}, ${y}, delta=${delta}${reduction})`;
        const limited = `jnp.clip(${x} - ${second}, -${delta}, ${delta})`;
        return reduced(`(${limited} * ((${x} - ${second}) - 0.5 * ${limited}))`);
      }
      case "crossEntropyLoss": {
        const [logits, target] = nodes.map((node) => this.#run.made.get(node) ?? this.#run.tensors.get(node));
        const isOfClasses = target!.rank < logits!.rank;
        const weights = !isOfClasses
          ? second
          : isTorch
            ? `F.one_hot(${as(y)}.long(), ${x}.shape[-1])`
            : `jax.nn.one_hot(${y}, ${x}.shape[-1])`;
        const log = isTorch ? `torch.log_softmax(${x}, dim=-1)` : `jax.nn.log_softmax(${x}, axis=-1)`;
        return reduced(`(-${f}.sum(${weights} * ${log}, ${dim}=-1))`);
      }
      case "binaryCrossEntropyWithLogits":
        return isTorch
          ? `F.binary_cross_entropy_with_logits(${x}, ${y}${reduction})`
          : reduced(`(jax.nn.softplus(${x}) - ${x} * ${second})`);
      case "any":
        return isTorch
          ? `torch.amax(${float(`${x} != 0`)}${axes(y, everyAxis)}${keep})`
          : float(`jnp.any(${x} != 0${axes(y)}${keep})`);
      case "all":
        return isTorch
          ? `torch.amin(${float(`${x} != 0`)}${axes(y, everyAxis)}${keep})`
          : float(`jnp.all(${x} != 0${axes(y)}${keep})`);
      case "vectorNorm":
        return `${f}.linalg.vector_norm(${x}, ord=${y}${axes(z)}${keep})`;
      case "sort":
      case "argsort": {
        const order = options.has("descending") ? `, descending=${options.get("descending")}` : "";
        if (!isTorch) {
          const sorted = `jnp.${name}(${x}, axis=${y ?? -1}${order})`;
          return name === "sort" ? sorted : float(sorted);
        }
        const sorted = `torch.sort(${as(x)}, dim=${y ?? -1}${order}, stable=True)`;
        return name === "sort" ? `${sorted}.values` : `${sorted}.indices.float()`;
      }
      case "gather":
        return isTorch
          ? `torch.gather(${as(x)}, ${y}, ${as(z)}.long() % ${x}.shape[${y}])`
          : `jnp.take_along_axis(${x}, ${third}.astype(int), axis=${y})`;
      case "scatterAdd":
        return isTorch
          ? `torch.zeros([*${x}.shape[:${y}], ${list[3]}, *${x}.shape[${y}:][1:]]).scatter_add(${y}, ${as(z)}.long() % ${list[3]}, ${x})`
          : `jnp.moveaxis(jnp.sum(jax.nn.one_hot(${third} % ${list[3]}, ${list[3]}) * ${x}[..., None], axis=${y} % ${x}.ndim), -1, ${y})`;
      case "maskedFill":
        return isTorch ? `${as(x)}.masked_fill(${as(y)} != 0, ${z})` : `jnp.where(${y} != 0, ${z}, ${x})`;
      case "maskedSelect":
        return isTorch
          ? `torch.masked_select(${as(x)}, ${as(y)} != 0)`
          : `${x}[jnp.broadcast_to(${y} != 0, ${x}.shape)]`;
      case "pad":
        return padded(x, parts(1), z ?? "0");
      case "repeat":
        return isTorch ? `${as(x)}.repeat(${y})` : `jnp.tile(${x}, ${tuple(y)})`;
      case "roll":
        return `${f}.roll(${as(x)}, ${tuple(y)}, ${tuple(z)})`;
      case "unfold":
        return windows(x, parts(1), "1");
      case "conv1d":
      case "conv2d": {
        const count = name === "conv1d" ? 1 : 2;
        if (isTorch) {
          const settings = [...options].map(([key, value]) => `, ${key}=${tuple(value)}`).join("");
          return `F.${name}(${as(x)}, ${as(y)}${z === undefined ? "" : `, ${z}`}${settings})`;
        }
        const border = each("padding", "0", count).map((width) => `(${width}, ${width})`);
        const rows = [
          `jax.lax.conv_general_dilated(${x}, ${y}, (${each("stride", "1", count).join(", ")},)`,
          `[${border.join(", ")}]`,
          `rhs_dilation=(${each("dilation", "1", count).join(", ")},)`,
          `feature_group_count=${options.get("groups") ?? 1})`,
        ];
        const places = count === 1 ? "[:, None]" : "[:, None, None]";
        return z === undefined || z === "None" ? rows.join(", ") : `(${rows.join(", ")} + ${third}${places})`;
      }
      case "maxPool":
      case "averagePool": {
        const sizes = parts(1);
        const width = each("padding", "0", sizes.length);
        const isPadded = width.some((each) => each !== "0");
        const [border, reduce] = name === "maxPool" ? ["-math.inf", "max"] : ["0", "mean"];
        const whole = isPadded
          ? padded(
              x,
              width.map((each) => `[${each}, ${each}]`),
              border,
            )
          : x;
        const axis = sizes.map((_, i) => i - sizes.length).join(", ");
        const method = isTorch && name === "maxPool" ? "amax" : reduce;
        return `${windows(whole, sizes, sizes)}.${method}(${dim}=(${axis},))`;
      }
      case "solve":
        return `${f}.linalg.solve(${as(x)}, ${as(y)})`;
      case "cholesky": {
        // The other libraries read both triangles, or take them for the same.
        const turned = isTorch ? "torch.tril(a, -1).mT" : "jnp.swapaxes(jnp.tril(a, -1), -2, -1)";
        return `(lambda a: ${f}.linalg.cholesky(${f}.tril(a) + ${turned}))(${x})`;
      }
      case "reshape":
        return `${f}.reshape(${x}, ${y})`;
      case "permute":
        return isTorch ? `${x}.permute(${y})` : `jnp.transpose(${x}, ${y})`;
      case "transpose":
        return isTorch
          ? `${x}.transpose(${y ?? -2}, ${z ?? -1})`
          : `jnp.swapaxes(${x}, ${y ?? -2}, ${z ?? -1})`;
      case "expand":
        return isTorch ? `${x}.expand(${y})` : `jnp.broadcast_to(${x}, ${y})`;
      case "unsqueeze":
        return isTorch ? `${x}.unsqueeze(${y})` : `jnp.expand_dims(${x}, ${y})`;
      case "squeeze": {
        const axes = (y ?? "")
          .replace(/[[\]\s]/g, "")
          .split(",")
          .filter((axis) => axis !== "")
          .map(Number);
        if (axes.length === 0) return `${f}.squeeze(${x})`;
        // One after the other, so that none moves the others: PyTorch takes several at once from version 2 on.
        const order = axes.sort((a, b) => (a < 0 ? a - b : b - a));
        return order.reduce((inner, axis) => `${f}.squeeze(${inner}, ${axis})`, x);
      }
      case "flatten":
        return isTorch
          ? `torch.flatten(${list.join(", ")})`
          : y === undefined
            ? `jnp.ravel(${x})`
            : `jax.lax.collapse(${x}, ${y}, ${z === undefined ? "None" : `(${z}) + 1 or None`})`;
      case "flip":
        return `${f}.flip(${x}, ${y === undefined ? (isTorch ? `tuple(range(${x}.dim()))` : "None") : y.startsWith("[") ? `(${y.slice(1, -1)},)` : `(${y},)`})`;
      case "at":
        return list.length === 1 ? x : `${x}[${list.slice(1).join(", ")}]`;
      case "slice":
        return this.#slice(x, nodes.slice(1), list.slice(1));
      case "contiguous":
      case "clone":
        return isTorch ? `${x}.${name}()` : x;
      case "detach":
        return isTorch ? `${x}.detach()` : `jax.lax.stop_gradient(${x})`;
      case "to":
        return isTorch
          ? `${x}.to(torch.${(y ?? "").replaceAll('"', "")})`
          : `${x}.astype("${(y ?? "").replaceAll('"', "")}")`;
      case "indexSelect":
        return isTorch
          ? `torch.index_select(${x}, ${y}, torch.as_tensor(${z}).long())`
          : `jnp.take(${x}, jnp.asarray(${z}, dtype=int), axis=${y})`;
      case "indexAdd":
        return isTorch
          ? `torch.zeros([*${x}.shape[:${y}], ${list[3]}, *${x}.shape[${y}:][1:]]).index_add(${y}, torch.as_tensor(${z}).long(), ${x})`
          : `jnp.moveaxis(jnp.zeros((${list[3]}, *jnp.moveaxis(${x}, ${y}, 0).shape[1:])).at[jnp.asarray(${z}, dtype=int)].add(jnp.moveaxis(${x}, ${y}, 0)), 0, ${y})`;
      case "concat":
        return `${isTorch ? "torch.cat" : "jnp.concatenate"}(${x}, ${dim}=${y ?? 0})`;
      case "stack":
        return `${f}.stack(${x}, ${dim}=${y ?? 0})`;
      case "add":
      case "sub":
      case "mul":
      case "div":
      case "pow": {
        const sign = { add: "+", sub: "-", mul: "*", div: "/", pow: "**" }[name];
        return `((${x}) ${sign} (${y}))`;
      }
      default:
        throw new Error(`${name} has no code for ${this.#target}`);
    }
  }

  /** Ranges of a slice as Python's: [first, last), with a step, or one index. */
  #slice(x: string, nodes: readonly Expression[], list: readonly string[]): string {
    const ranges = nodes.map((node, i) => {
      if (node.type !== "ArrayExpression") return list[i] === "None" ? ":" : list[i];
      return node.elements
        .map((element) => (element === null ? "" : this.#expression(element)[0].replace("None", "")))
        .join(":");
    });
    return `${x}[${ranges.join(", ")}]`;
  }
}

/** The shortest decimal that is the same float32. */
function shortest(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === Math.fround(value)) return rounded;
  }
  return value;
}

const PYTHON = new Set([
  "lambda",
  "in",
  "is",
  "not",
  "and",
  "or",
  "from",
  "pass",
  "def",
  "del",
  "print",
  "zip",
  "float",
  "math",
  "torch",
  "jax",
  "jnp",
  "F",
  "program",
  "value",
  "gradients",
  "gradient",
  "name",
  "as",
  "with",
  "global",
  "None",
  "True",
  "False",
  "elif",
  "except",
  "raise",
  "assert",
  "nonlocal",
  "async",
]);

/** Assignments in order, with the name; an expression that is the last line has none. */
function* assignments({ body }: Run): Generator<[string | null, Expression]> {
  for (const statement of body) {
    if (statement.type === "VariableDeclaration") {
      for (const { id, init } of statement.declarations)
        if (id.type === "Identifier" && init) yield [id.name, init];
    } else if (statement.type === "ExpressionStatement") {
      const { expression } = statement;
      if (expression.type === "AssignmentExpression" && expression.left.type === "Identifier")
        yield [expression.left.name, expression.right];
      else yield [null, expression];
    }
  }
}

/** Whether an expression is a number before anything is computed with tensors. */
function isNumeric(node: AnyNode): boolean {
  switch (node.type) {
    case "Literal":
      return typeof node.value === "number";
    case "Identifier":
      return node.name === "Infinity";
    case "ParenthesizedExpression":
      return isNumeric(node.expression);
    case "UnaryExpression":
      return isNumeric(node.argument);
    case "BinaryExpression":
      return isNumeric(node.left) && isNumeric(node.right);
    case "MemberExpression":
      return node.object.type === "Identifier" && node.object.name === "Math";
    default:
      return false;
  }
}
