"""
Makes test/golden/special.json: values, first and second derivatives of elementwise operations where floats are special
(zeros, subnormal, tiny, huge, infinite, NaN, where functions saturate), from mpmath at 50 digits. Debian: python3-mpmath.

    python3 tools/goldens.py > test/golden/special.json

Each operation has rows [operands, value, derivatives by each operand, second derivatives by each operand twice]. Results
have 12 digits; what JSON cannot write is text. null: there is no such number, or it is a convention that is stated nowhere.
"""

import json
import struct
from itertools import product

from mpmath import mp, mpf, erf, erfc, exp, expm1, log, log1p, npdf, ncdf, sin, cos, sqrt, tanh, sech, pi
from mpmath import acos, asin, atan, atan2, ceil, cosh, floor, nint, sec, sinh, tan

mp.dps = 50


def single(value):
    return struct.unpack("f", struct.pack("f", value))[0]


TINY = 2.0**-149
MAGNITUDES = [0.0, TINY, 5e-40, 2.0**-126, 1e-38, 1e-20, 1e-10, 1e-6, 1e-3, 0.3, 0.5, 1.0, 1.5, 3.0, 5.0, 6.0, 8.0]
MAGNITUDES += [12.0, 17.29, 40.0, 80.5, 89.5, 95.0, 104.0, 200.0, 1e4, 1e10, 1e20, 1e38, 3.4028234663852886e38]
GRID = [sign * single(value) for value in MAGNITUDES for sign in (1, -1)]
INF, NAN = float("inf"), float("nan")
# Operands of what takes two: all pairs. Of what takes more, all of fewer.
SQUARE = [sign * single(value) for value in [0.0, TINY, 1e-38, 1e-20, 0.5, 3.0, 1e20, 1e38, INF] for sign in (1, -1)] + [NAN]
CUBE = [single(value) for value in [-INF, -1e38, -0.5, -0.0, TINY, 0.5, 1e20, INF, NAN]]
FOURTH = [single(value) for value in [-1e38, -0.5, 0.0, 1e-20, 3.0, INF, NAN]]
BASES = [single(value) for value in [0.0, TINY, 1e-38, 1e-20, 0.5, 1.0, 3.0, 1e20, 1e38]]
BASES += [-0.0] + [-value for value in BASES[1:]]
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


def is_a_sine(x):
    return abs(x) <= 1


def logarithm(base):
    by = log(mpf(base))
    return lambda x: log(x) / by, lambda x: 1 / (x * by), lambda x: -1 / (x * x * by), is_positive


def step(value):
    return value, lambda x: mpf(0), lambda x: mpf(0)


def of_sine(x):
    """1/√(1 − x²), infinite at ±1."""
    return 1 / sqrt((1 - x) * (1 + x)) if abs(x) < 1 else INF


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
    # The slope of the tests' example.
    "leakyRelu": (
        lambda x: x if x > 0 else x / 5,
        lambda x: mpf(1) if x > 0 else mpf(1) / 5,
        lambda x: mpf(0),
        lambda x: x != 0,
    ),
    "tan": (tan, lambda x: sec(x) ** 2, lambda x: 2 * tan(x) * sec(x) ** 2),
    "asin": (asin, of_sine, lambda x: x * of_sine(x) ** 3 if abs(x) < 1 else None, is_a_sine),
    "acos": (acos, lambda x: -of_sine(x), lambda x: -x * of_sine(x) ** 3 if abs(x) < 1 else None, is_a_sine),
    "atan": (atan, lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2),
    "sinh": (sinh, cosh, sinh),
    "cosh": (cosh, sinh, cosh),
    "log2": logarithm(2),
    "log10": logarithm(10),
    "logSigmoid": (lambda x: -log1p(exp(-x)) if x > 0 else x - log1p(exp(x)), lambda x: sigma(-x), lambda x: -density(x)),
    "floor": step(floor),
    "ceil": step(ceil),
    "round": step(nint),
    "isNaN": step(lambda x: mpf(0)),
    "isFinite": step(lambda x: mpf(1)),
    "sign": (lambda x: mpf(1 if x > 0 else -1 if x < 0 else 0), lambda x: mpf(0), lambda x: mpf(0)),
}

NONE = [None, None]
ZEROS = [mpf(0), mpf(0)]


# Of two operands: value, slopes and second derivatives at a point. mpmath has infinities, and no zero below 0.
def quotient(x, y):
    if y == 0:
        # The sign of the zero decides, which mpf does not keep; the slopes are those of a pole.
        return (NAN if x == 0 or x != x else None), NONE, NONE
    if not (mp.isfinite(x) and mp.isfinite(y)):
        return x / y, NONE, NONE
    return x / y, [1 / y, -x / y**2], [mpf(0), 2 * x / y**3]


def power(x, y):
    if x == 0:
        value = mpf(1) if y == 0 else INF if y < 0 else mpf(0)
        by_base = mpf(0) if y == 0 else None if y < 0 else INF if y < 1 else mpf(1) if y == 1 else mpf(0)
        # At 0 itself from above; negative bases have other signs, or none.
        by_base_twice = mpf(0) if y in (0, 1) or y > 2 else mpf(2) if y == 2 else None if y < 0 else INF if y > 1 else -INF
        return value, [by_base, mpf(0) if y >= 0 else -INF], [by_base_twice, None]
    if x < 0 and y != int(y):
        return NAN, [NAN, NAN], NONE
    by_base = y * x ** (y - 1) if y else mpf(0)
    bend = y * (y - 1) * x ** (y - 2) if y * (y - 1) else mpf(0)
    # The power of a negative number exists at isolated exponents only.
    if x < 0:
        return x**y, [by_base, NAN], [bend, None]
    return x**y, [by_base, x**y * log(x)], [bend, x**y * log(x) ** 2]


def extreme(sign):
    def larger(x, y):
        if x != x or y != y:
            return NAN, [mpf(1), mpf(0)], ZEROS
        share = mpf(1) / 2 if x == y else mpf(1) if sign * x > sign * y else mpf(0)
        return (x if sign * x >= sign * y else y), [share, 1 - share], ZEROS

    return larger


def comparison(holds):
    return lambda x, y: (mpf(1 if holds(x, y) else 0), ZEROS, ZEROS)


def angle(y, x):
    # Signs of zeros, infinities and the origin are tested by hand: mpmath has no −0.
    if x == y == 0 or not (mp.isfinite(x) and mp.isfinite(y)):
        return (NAN if x != x or y != y else None), NONE, NONE
    square = x * x + y * y
    return (None if x == 0 or y == 0 else atan2(y, x)), [x / square, -y / square], [-2 * x * y / square**2, 2 * x * y / square**2]


def log_of_sum(x, y):
    if x != x or y != y:
        return NAN, NONE, NONE
    if not (mp.isfinite(x) and mp.isfinite(y)):
        return max(x, y), NONE, NONE
    bend = density(x - y)
    return max(x, y) + log1p(exp(-abs(x - y))), [sigma(x - y), sigma(y - x)], [bend, bend]


def rest(x, y):
    if x != x or y != y or y == 0 or not mp.isfinite(x):
        return NAN, NONE, NONE
    if not mp.isfinite(y):
        return (x if (x < 0) == (y < 0) or x == 0 else y), NONE, NONE
    mp.dps = 120
    value, times = x - y * floor(x / y), floor(x / y)
    mp.dps = 50
    return value, [mpf(1), -times], ZEROS


BINARY = {
    "atan2": angle,
    "logAddExp": log_of_sum,
    "remainder": rest,
    "add": lambda x, y: (x + y, [mpf(1), mpf(1)], ZEROS),
    "sub": lambda x, y: (x - y, [mpf(1), mpf(-1)], ZEROS),
    "mul": lambda x, y: (x * y, [y, x], ZEROS),
    "div": quotient,
    "pow": power,
    "maximum": extreme(1),
    "minimum": extreme(-1),
    "less": comparison(lambda x, y: x < y),
    "greater": comparison(lambda x, y: x > y),
    "lessEqual": comparison(lambda x, y: x <= y),
    "greaterEqual": comparison(lambda x, y: x >= y),
    "equal": comparison(lambda x, y: x == y),
    "notEqual": comparison(lambda x, y: not x == y),
}


def chosen(condition, x, y):
    taken = 1 if condition != 0 else 0
    return (x if taken else y), [mpf(0), mpf(taken), mpf(1 - taken)], [mpf(0)] * 3


def clamped(x, low, high):
    """min(max(x, low), high): high where low is above it. The gradient by x is 1 inside, at the limits and at NaN."""
    is_number = x == x and low == low and high == high
    value = min(max(x, low), high) if is_number else NAN
    raised = low if x < low else x
    by_x = 0 if x < low or high < x else 1
    by_low = 1 if x < low and not high < low else 0
    by_high = 1 if is_number and high < raised else 0
    slopes = [mpf(by_x), mpf(by_low), mpf(by_high)]
    return value, slopes if is_number else [slopes[0] if x != x else None, None, None], [mpf(0)] * 3


def combined(a, x, b, y):
    return a * x + b * y, [x, a, y, b], [mpf(0)] * 4


MORE = {"where": (chosen, 3, CUBE), "clamp": (clamped, 3, CUBE), "linearCombination": (combined, 4, FOURTH)}

# At the ends, where mpmath has no numbers: [operand, value, slope], by hand.
ENDS = {
    "neg": [[INF, -INF, -1.0], [-INF, INF, -1.0]],
    "sin": [[INF, NAN, NAN], [-INF, NAN, NAN]],
    "cos": [[INF, NAN, NAN], [-INF, NAN, NAN]],
    "silu": [[INF, INF, 1.0], [-INF, None, None]],
    "gelu": [[INF, INF, 1.0], [-INF, None, None]],
    "leakyRelu": [[INF, INF, 1.0], [-INF, -INF, 0.2], [0.0, 0.0, None], [-0.0, -0.0, None]],
    "sign": [[INF, 1.0, 0.0], [-INF, -1.0, 0.0]],
    "tan": [[INF, NAN, NAN], [-INF, NAN, NAN]],
    "asin": [[1.5, NAN, NAN], [INF, NAN, NAN]],
    "acos": [[-1.5, NAN, NAN], [INF, NAN, NAN]],
    "atan": [[INF, float(pi / 2), 0.0], [-INF, float(-pi / 2), 0.0], [-0.0, -0.0, 1.0]],
    "sinh": [[INF, INF, INF], [-INF, -INF, INF], [-0.0, -0.0, 1.0]],
    "cosh": [[INF, INF, INF], [-INF, INF, -INF]],
    "log2": [[INF, INF, 0.0], [0.0, -INF, INF], [-1.0, NAN, None], [8.0, 3.0, None], [2.0**-149, -149.0, None]],
    "log10": [[INF, INF, 0.0], [0.0, -INF, INF], [-1.0, NAN, None], [1000.0, 3.0, None], [1e10, 10.0, None]],
    "logSigmoid": [[INF, 0.0, 0.0], [-INF, -INF, 1.0]],
    "floor": [[INF, INF, 0.0], [-INF, -INF, 0.0], [-0.0, -0.0, 0.0], [8388609.0, 8388609.0, 0.0]],
    "ceil": [[INF, INF, 0.0], [-INF, -INF, 0.0], [-0.0, -0.0, 0.0], [8388609.0, 8388609.0, 0.0]],
    "round": [[INF, INF, 0.0], [2.5, 2.0, 0.0], [-2.5, -2.0, 0.0], [-0.0, -0.0, 0.0], [8388609.0, 8388609.0, 0.0]],
    "isNaN": [[INF, 0.0, 0.0], [-INF, 0.0, 0.0]],
    "isFinite": [[INF, 0.0, 0.0], [-INF, 0.0, 0.0]],
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


AT_NAN = {"sign": 0.0, "isNaN": 1.0, "isFinite": 0.0}


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
        mp.dps = 100 if name in ("sin", "cos", "tan") else 50
        rows.append(row([x], value(at), [slope(at)], [second(at)]))
    rows += [row([x], v, [s], [None]) for x, v, s in ENDS.get(name, [])]
    return rows + [row([NAN], AT_NAN.get(name, NAN), [None], [None])]


def joint_rows(f, points):
    rows = [row(at, *f(*(mpf(x) for x in at))) for at in points]
    for at, filled in zip(points, rows):
        # mpf knows no zero below 0, which an odd power keeps.
        if f is power and str(at[0]) == "-0.0" and at[1] == -1:
            filled[1] = number(-INF)
    return rows


def main():
    table = {name: unary_rows(name, *record) for name, record in UNARY.items()}
    for name, f in BINARY.items():
        table[name] = joint_rows(f, list(product(BASES, EXPONENTS) if name == "pow" else product(SQUARE, repeat=2)))
    for name, (f, count, values) in MORE.items():
        table[name] = joint_rows(f, list(product(values, repeat=count)))
    write = lambda rows: ",\n  ".join(json.dumps(r, separators=(",", ":")) for r in rows)
    print("{\n" + ",\n".join(f" {json.dumps(name)}: [\n  {write(rows)}\n ]" for name, rows in table.items()) + "\n}")


main()
