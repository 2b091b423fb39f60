"""
Makes test/golden/halos.json: m(x)/x of halo profiles, incomplete gamma functions and ln Gamma, at 40 digits.

    python3 tools/halos.py > test/golden/halos.json
"""
import json
from mpmath import atan, gammainc, log, loggamma, mp, mpf

mp.dps = 40
PLACES = [mpf(x) for x in ("1e-6", "0.01", "0.3", "0.499", "0.5", "1", "3", "10", "100")]


def burkert(x):
    return (log(1 + x * x) / 2 + log(1 + x) - atan(x)) / x


def einasto(x, index):
    return gammainc(3 / index, 0, 2 / index * x**index, regularized=True) / x


values = {
    "burkert": [[float(x), float(burkert(x))] for x in PLACES],
    "pseudo-isothermal": [[float(x), float(1 - atan(x) / x)] for x in PLACES],
}
for index in ("0.1", "0.17", "0.5", "1"):
    values[f"einasto {index}"] = [[float(x), float(einasto(x, mpf(index)))] for x in PLACES]
values["gamma"] = [
    [a, z, float(gammainc(mpf(a), 0, mpf(z), regularized=True))]
    for a in (0.5, 3, 17.6, 30, 300)
    for z in (0.01, 1, 5, 20, 31, 300, 400)
]
values["logGamma"] = [[a, float(loggamma(mpf(a)))] for a in (0.1, 0.5, 1, 2, 3.5, 7.9, 8, 30, 300)]
rows = [f" {json.dumps(name)}: {json.dumps(rows, separators=(',', ':'))}" for name, rows in values.items()]
print("{\n" + ",\n".join(rows) + "\n}")
