"""
Makes test/golden/special.json: values, first and second derivatives of elementwise operations where floats are special
(zeros, subnormal, tiny, huge, infinite, NaN, where functions saturate), from mpmath at 50 digits. Debian: python3-mpmath.

    python3 tools/goldens.py > test/golden/special.json

Each operation has rows [operands, value, derivatives by each operand, second derivatives by each operand twice]. Results
have 12 digits; what JSON cannot write is text. null: there is no such derivative, or it is a convention.
"""

import json
import struct

from mpmath import mp, mpf, erf, erfc, exp, expm1, log, log1p, npdf, ncdf, sin, cos, sqrt, tanh, sech, pi

mp.dps = 50


def single(value):
    return struct.unpack("f", struct.pack("f", value))[0]


TINY = 2.0**-149
MAGNITUDES = [0.0, TINY, 5e-40, 2.0**-126, 1e-38, 1e-20, 1e-10, 1e-6, 1e-3, 0.3, 0.5, 1.0, 1.5, 3.0, 5.0, 6.0, 8.0]
MAGNITUDES += [12.0, 17.29, 40.0, 80.5, 89.5, 95.0, 104.0, 200.0, 1e4, 1e10, 1e20, 1e38, 3.4028234663852886e38]
GRID = [sign * single(value) for value in MAGNITUDES for sign in (1, -1)]
FEW = [sign * single(value) for value in [0.0, TINY, 1e-20, 0.5, 3.0, 1e38] for sign in (1, -1)]
POSITIVE = [single(value) for value in [0.0, TINY, 1e-38, 1e-20, 0.5, 1.0, 3.0, 1e20, 1e38]]
EXPONENTS = [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0]


def sigma(x):
    return 1 / (1 + exp(-x))


def density(x):
    return sigma(x) * sigma(-x)


def bend(x):
    """The second derivative of sigma."""
    return density(x) * (sigma(-x) - sigma(x))


def is_positive(x):
    return x > 0


# name: value, slope, second derivative, and where they are defined
UNARY = {
    "neg": (lambda x: -x, lambda x: mpf(-1), lambda x: mpf(0)),
    "abs": (abs, lambda x: mpf(1 if x > 0 else -1), lambda x: mpf(0), lambda x: x != 0),
    "square": (lambda x: x * x, lambda x: 2 * x, lambda x: mpf(2)),
    "sqrt": (sqrt, lambda x: 1 / (2 * sqrt(x)), lambda x: -1 / (4 * x * sqrt(x)), is_positive),
    "rsqrt": (lambda x: 1 / sqrt(x), lambda x: -1 / (2 * x * sqrt(x)), lambda x: 3 / (4 * x * x * sqrt(x)), is_positive),
    "reciprocal": (lambda x: 1 / x, lambda x: -1 / x**2, lambda x: 2 / x**3, lambda x: x != 0),
    "exp": (exp, exp, exp),
    "expm1": (expm1, exp, exp),
    "log": (log, lambda x: 1 / x, lambda x: -1 / x**2, is_positive),
    "log1p": (log1p, lambda x: 1 / (1 + x), lambda x: -1 / (1 + x) ** 2, lambda x: x > -1),
    "sin": (sin, cos, lambda x: -sin(x)),
    "cos": (cos, lambda x: -sin(x), lambda x: -cos(x)),
    "tanh": (tanh, lambda x: sech(x) ** 2, lambda x: -2 * tanh(x) * sech(x) ** 2),
    "erf": (erf, lambda x: 2 / sqrt(pi) * exp(-x * x), lambda x: -4 * x / sqrt(pi) * exp(-x * x)),
    "erfc": (erfc, lambda x: -2 / sqrt(pi) * exp(-x * x), lambda x: 4 * x / sqrt(pi) * exp(-x * x)),
    "sigmoid": (sigma, density, bend),
    "silu": (
        lambda x: x * sigma(x),
        lambda x: sigma(x) + x * density(x),
        lambda x: 2 * density(x) + x * bend(x),
    ),
    "gelu": (lambda x: x * ncdf(x), lambda x: ncdf(x) + x * npdf(x), lambda x: (2 - x * x) * npdf(x)),
    "softplus": (lambda x: x + log1p(exp(-x)) if x > 0 else log1p(exp(x)), sigma, density),
    "relu": (lambda x: max(x, mpf(0)), lambda x: mpf(1 if x > 0 else 0), lambda x: mpf(0), lambda x: x != 0),
    "elu": (
        lambda x: x if x > 0 else expm1(x),
        lambda x: mpf(1) if x > 0 else exp(x),
        lambda x: mpf(0) if x > 0 else exp(x),
        lambda x: x != 0,
    ),
}

# value, slopes, second derivatives
BINARY = {
    "add": (lambda x, y: x + y, [lambda x, y: mpf(1)] * 2, [lambda x, y: mpf(0)] * 2),
    "sub": (lambda x, y: x - y, [lambda x, y: mpf(1), lambda x, y: mpf(-1)], [lambda x, y: mpf(0)] * 2),
    "mul": (lambda x, y: x * y, [lambda x, y: y, lambda x, y: x], [lambda x, y: mpf(0)] * 2),
    "div": (
        lambda x, y: x / y,
        [lambda x, y: 1 / y, lambda x, y: -x / y**2],
        [lambda x, y: mpf(0), lambda x, y: 2 * x / y**3],
    ),
    "pow": (
        lambda x, y: x**y,
        [lambda x, y: y * x ** (y - 1) if y else mpf(0), lambda x, y: x**y * log(x)],
        [lambda x, y: y * (y - 1) * x ** (y - 2) if y * (y - 1) else mpf(0), lambda x, y: x**y * log(x) ** 2],
    ),
}

# At the ends, where mpmath has no numbers: [operand, value, slope], by hand.
INF, NAN = float("inf"), float("nan")
ENDS = {
    "exp": [[INF, INF, INF], [-INF, 0.0, 0.0]],
    "expm1": [[INF, INF, INF], [-INF, -1.0, 0.0]],
    "log": [[INF, INF, 0.0], [0.0, -INF, INF], [-0.0, -INF, None], [-1.0, NAN, None]],
    "log1p": [[INF, INF, 0.0], [-1.0, -INF, INF]],
    "sqrt": [[INF, INF, 0.0], [0.0, 0.0, INF], [-0.0, -0.0, None], [-1.0, NAN, NAN]],
    "rsqrt": [[INF, 0.0, 0.0], [0.0, INF, -INF]],
    "reciprocal": [[INF, 0.0, 0.0], [-INF, -0.0, 0.0], [0.0, INF, -INF], [-0.0, -INF, -INF]],
    "tanh": [[INF, 1.0, 0.0], [-INF, -1.0, 0.0]],
    "erf": [[INF, 1.0, 0.0], [-INF, -1.0, 0.0]],
    "erfc": [[INF, 0.0, 0.0], [-INF, 2.0, 0.0]],
    "sigmoid": [[INF, 1.0, 0.0], [-INF, 0.0, 0.0]],
    "softplus": [[INF, INF, 1.0], [-INF, 0.0, 0.0]],
    "relu": [[INF, INF, 1.0], [-INF, 0.0, 0.0], [0.0, 0.0, 0.0]],
    "elu": [[INF, INF, 1.0], [-INF, -1.0, 0.0]],
    "abs": [[INF, INF, 1.0], [-INF, INF, -1.0], [0.0, 0.0, 0.0]],
    "square": [[INF, INF, INF], [-INF, INF, -INF]],
}


def number(value):
    if value is None:
        return None
    value = float(value)
    if value != value:
        return "NaN"
    if value in (INF, -INF):
        return "Infinity" if value > 0 else "-Infinity"
    return "-0" if value == 0 and str(value)[0] == "-" else value


def digits(value):
    value = number(value)
    return float(f"{value:.12g}") if isinstance(value, float) else value


def row(operands, value, slopes, bends):
    return [[number(x) for x in operands], digits(value), [digits(x) for x in slopes], [digits(x) for x in bends]]


def unary_rows(name, value, slope, second, is_inside=lambda x: True):
    rows = []
    for x in GRID:
        if not is_inside(x):
            continue
        at = mpf(x)
        # Past 1e8 even 50 digits say nothing of an angle that is not exact; floats are, so carry as many as it takes.
        mp.dps = 100 if name in ("sin", "cos") else 50
        rows.append(row([x], value(at), [slope(at)], [second(at)]))
    rows += [row([x], v, [s], [None]) for x, v, s in ENDS.get(name, [])]
    return rows + [row([NAN], NAN, [None], [None])]


def binary_rows(name, value, slopes, seconds):
    rows = []
    for x in POSITIVE[1:] if name == "pow" else FEW:
        for y in EXPONENTS if name == "pow" else FEW:
            if name == "div" and y == 0:
                continue
            at = (mpf(x), mpf(y))
            rows.append(row([x, y], value(*at), [f(*at) for f in slopes], [f(*at) for f in seconds]))
    return rows


def main():
    table = {name: unary_rows(name, *record) for name, record in UNARY.items()}
    table.update({name: binary_rows(name, *record) for name, record in BINARY.items()})
    lines = [f" {json.dumps(name)}: [\n  " + ",\n  ".join(json.dumps(r) for r in rows) + "\n ]" for name, rows in table.items()]
    print("{\n" + ",\n".join(lines) + "\n}")


main()
