"""Runs the PyTorch and JAX exports of every program and compares value and gradients with the engine's.

The tests write the exports: npx vitest run --project plain test/playground, then
python3 examples/playground/check_exports.py. Debian: python3-torch; JAX from PyPI. What is not installed is skipped.
"""

import contextlib
import importlib.util
import io
import json
import pathlib
import sys

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".build/playground/exports")


def flat(value):
    return [x for part in value for x in flat(part)] if isinstance(value, list) else [float(value)]


counts = {"pytorch": 0, "jax": 0}
worst = 0.0
for script in sorted(folder.glob("*.py")):
    target = script.suffixes[-2][1:]
    if importlib.util.find_spec({"pytorch": "torch", "jax": "jax"}[target]) is None:
        continue
    expected = json.loads((folder / (script.name.split(".")[0] + ".json")).read_text())
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(script.read_text(), str(script), "exec"), {"__name__": "__main__"})
    lines = output.getvalue().strip().split("\n")
    assert len(lines) == len(expected), f"{script}: {len(lines)} lines for {len(expected)} numbers"
    for line, (name, wanted) in zip(lines, expected.items()):
        label, text = line.split(" = ")
        assert name == "value" or label.endswith(f"/∂{name}") or label.endswith(f"/∂{name}_"), f"{script}: {label} for {name}"
        found = flat(json.loads(text))
        wanted = flat(wanted)
        assert len(found) == len(wanted), f"{script}: {label} has {len(found)} elements, not {len(wanted)}"
        for a, b in zip(found, wanted):
            error = abs(a - b) / max(1.0, abs(b))
            worst = max(worst, error)
            assert error < 1e-5, f"{script}: {label} is {a}, the engine's {b}"
    counts[target] += 1
print(f"the same numbers: {counts['pytorch']} PyTorch and {counts['jax']} JAX programs, within {worst:.1e}")
if 0 in counts.values():
    print("a framework is missing, so its programs were skipped")
