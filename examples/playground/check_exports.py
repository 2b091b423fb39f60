"""Runs the PyTorch and JAX exports of every program and compares value and gradients with the engine's.

    check_exports.py FOLDER pytorch|jax

test/playground/exports.test.ts writes the exports and calls this. Debian: python3-torch; JAX from PyPI.
"""

import contextlib
import io
import json
import pathlib
import sys

folder, target = pathlib.Path(sys.argv[1]), sys.argv[2]


def flat(value):
    return [x for part in value for x in flat(part)] if isinstance(value, list) else [float(value)]


count = 0
worst = 0.0
for script in sorted(folder.glob(f"*.{target}.py")):
    expected = json.loads((folder / (script.name.split(".")[0] + ".json")).read_text())
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output):
            exec(compile(script.read_text(), str(script), "exec"), {"__name__": "__main__"})
    except Exception as error:
        raise SystemExit(f"{script}: {error}\n{script.read_text()}")
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
    count += 1
print(f"the same numbers: {count} { {'pytorch': 'PyTorch', 'jax': 'JAX'}[target]} programs, within {worst:.1e}")
