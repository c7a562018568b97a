"""Questions with answers known on paper (theory §4–§11), written before the code that answers them.

Each row is ``(identifier, bound, question, arguments, expected)``. What is expected is written in the symbols of the
library: ``P`` abbreviates ``(2b + M) sqrt(log(2/delta)/2)``. Answers with cases are asked for at points: a list of
``(values, answer)``.
"""

from __future__ import annotations

from sympy import E, GoldenRatio, LambertW, Max, Rational, Sum, Symbol, ceiling, exp, log, oo, pi, sqrt

from stlbounds.special import geometric_sum as geo
from stlbounds.symbols import (
    SOURCE,
    M,
    alpha,
    b,
    c,
    delta,
    e,
    epsilon,
    i,
    kappa,
    lam,
    n,
    omega,
    r,
    w,
)

HALF = Rational(1, 2)
C = Symbol("C", positive=True)
P = (2 * b + M) * sqrt(log(2 / delta) / 2)
GAIN = kappa * (1 - alpha)
PHI2 = alpha * geo(GAIN, i + 1) ** 2 + (1 - alpha) * geo(GAIN**2, i + 1)
DRIFT = M * c * (1 - alpha) * geo(1 - alpha, i)

RATES = [
    ("drift dominates", "replay/generic", dict(variable=n), [({r: Rational(1, 3)}, DRIFT * n ** -Rational(1, 3))]),
    ("both rates tie at r = 1/2", "replay/generic", dict(variable=n),
     [({r: HALF}, (DRIFT + P * sqrt(PHI2)) / sqrt(n))]),
    ("concentration dominates", "replay/generic", dict(variable=n), [({r: 2}, P * sqrt(PHI2) / sqrt(n))]),
    ("real data only", "real/generic", dict(variable=n), [({}, P / sqrt(n))]),
    ("in expectation the bias is left", "replay/generic/mean", dict(variable=n),
     [({r: 2}, b * (1 + alpha * GAIN * geo(GAIN, i)) / n),
      ({r: 1}, (DRIFT + b * (1 + alpha * GAIN * geo(GAIN, i))) / n),
      ({r: HALF}, DRIFT / sqrt(n))]),
    ("constant learning error", "replace/e-khalf", dict(variable=n), [({}, M * e * i)]),
    ("no generation", "replay/generic", dict(variable=n, i=0), [({r: HALF}, P / sqrt(n))]),
    ("some real data lost slowly, few generations", "fresh/generic", dict(variable=n, alpha=n ** -Rational(1, 4), i=3),
     [({r: 2}, P * sqrt(geo(kappa**2, 4)) / sqrt(n))]),
    ("real data lost slowly, n generations", "fresh/k1", dict(variable=n, alpha=n ** -Rational(1, 4), i=n),
     [({r: HALF}, M * c * n ** -Rational(1, 4))]),
    ("real data lost fast, n generations", "fresh/k1", dict(variable=n, alpha=n**-2, i=n),
     [({r: HALF}, M * c * sqrt(n))]),
    ("i alpha = 1", "fresh/k1", dict(variable=n, alpha=1 / n, i=n), [({r: HALF}, M * c * (1 - 1 / E) * sqrt(n))]),
    ("i alpha = 2, in i", "fresh/e-k1/mean", dict(variable=i, alpha=2 / i), [({}, M * e * (1 - exp(-2)) / 2 * i)]),
    ("a logarithm of generations", "replace/k1", dict(variable=n, i=ceiling(log(n))),
     [({r: HALF}, M * c * log(n) / sqrt(n))]),
    ("a logarithm of generations and no drift", "replace/k1", dict(variable=n, i=ceiling(log(n))),
     [({r: 1}, P * sqrt(log(n)) / sqrt(n))]),
    ("weak stability is vacuous", "replay/generic/hp/beta", dict(variable=n, beta=n**-HALF),
     [({r: HALF}, 2 * sqrt(log(2 / delta) / 2) * sqrt(PHI2))]),
    ("subsampling drifts logarithmically", "subsample/e-k1", dict(variable=i), [({}, M * e * log(i))]),
    ("accumulating with kappa = 1 stays bounded", "accumulate/k1", dict(variable=i), [
        ({r: HALF}, M * c / sqrt(n) * Sum(1 / (sqrt(SOURCE) * (SOURCE + 1)), (SOURCE, 1, oo)) + P * pi / sqrt(6 * n))]),
    ("accumulating with kappa = 2 grows linearly", "accumulate/k2", dict(variable=i),
     [({r: HALF}, P * sqrt(pi**2 / 3 - 3) * i / sqrt(n))]),
    ("accumulating with kappa = 1/2: log i/i beside the drift", "accumulate/khalf",
     dict(variable=i, term="concentration"), [({}, P * sqrt(log(i) / i) / sqrt(n))]),
    ("replace, kappa = 1", "replace/k1", dict(variable=i), [({r: HALF}, M * c * i / sqrt(n))]),
    ("alpha = 0, kappa < 1: the drift still grows", "replace/khalf", dict(variable=i), [({r: 1}, M * c * i / n)]),
    ("loop gain exactly 1", "half/k2", dict(variable=i), [({r: HALF}, i * (P / sqrt(2 * n) + b / (2 * n)))]),
    ("loop gain 2", "half/k4", dict(variable=i), [({r: HALF}, 2**i * (P * sqrt(Rational(8, 3)) / sqrt(n) + b / n))]),
    ("three regimes of the concentration", "fresh/generic", dict(variable=i, term="concentration"), [
        ({kappa: 1, alpha: HALF}, P / sqrt(n) / sqrt(1 - Rational(1, 4))), ({kappa: 2, alpha: HALF}, P * sqrt(i / n)),
        ({kappa: 4, alpha: HALF}, P * 2**i * sqrt(Rational(4, 3)) / sqrt(n))]),
    ("much synthetic data, one generation", "augment/e", dict(variable=lam, i=1), [({}, M * e + P * kappa / sqrt(n))]),
    ("much synthetic data, kappa = 1, one generation", "augment/e-k1/hp", dict(variable=lam, i=1, term="concentration"),
     [({}, P / sqrt(n))]),
]

LIMITS = [
    ("fixed mix forgets", "replay/k1", dict(variable=i, value=oo), [({r: HALF}, M * c * (1 - alpha) / alpha / sqrt(n)
     + b * (2 - alpha) / n + P * sqrt(1 / alpha + (1 - alpha) / (alpha * (2 - alpha))) / sqrt(n))]),
    ("loop gain 2 diverges", "half/k4", dict(variable=i, value=oo), [({r: HALF}, oo)]),
    ("the three cases of the loop gain", "fresh/generic", dict(variable=i, value=oo, term="concentration"), [
        ({kappa: HALF, alpha: HALF}, P / sqrt(n) / sqrt(1 - Rational(1, 16))), ({kappa: 2, alpha: HALF}, oo),
        ({kappa: 3, alpha: HALF}, oo)]),
    ("no real data", "replay/generic", dict(variable=alpha, value=0),
     [({}, M * c * i * n**-r + b / n + P * sqrt(geo(kappa**2, i + 1)) / sqrt(n))]),
    ("real data only", "replay/generic", dict(variable=alpha, value=1), [({}, b / n + P / sqrt(n))]),
    ("a generator that ignores its data", "replay/generic", dict(variable=kappa, value=0),
     [({}, DRIFT * n**-r + b / n + P / sqrt(n))]),
    ("no generation", "replay/generic", dict(variable=i, value=0), [({}, b / n + P / sqrt(n))]),
    ("much data", "replay/generic", dict(variable=n, value=oo), [({r: HALF}, 0)]),
    ("much data, constant learning error", "replay/e", dict(variable=n, value=oo),
     [({}, M * e * (1 - alpha) * geo(1 - alpha, i))]),
    ("certainty costs everything", "replay/generic", dict(variable=delta, value=0), [({r: HALF}, oo)]),
    ("no confidence", "real/generic", dict(variable=delta, value=1),
     [({}, b / n + (2 * b + M) * sqrt(log(2) / (2 * n)))]),
    ("all weight on real data", "weighted/generic", dict(variable=w, value=1), [({}, b / n + P / sqrt(n))]),
    ("accumulating: pi**2/6", "accumulate/k1", dict(variable=i, value=oo, term="concentration"),
     [({}, P * pi / sqrt(6 * n))]),
    ("subsampling: pi**2/6", "subsample/e-k1", dict(variable=i, value=oo, term="concentration"),
     [({}, P * pi / sqrt(6 * n))]),
    ("no synthetic data", "augment/generic", dict(variable=lam, value=0), [({r: HALF}, b / n + P / sqrt(n))]),
    ("augment, many generations", "augment/khalf", dict(variable=i, value=oo, term="concentration"),
     [({}, P / sqrt(n) * sqrt(1 / (1 + lam / 2) ** 2 + lam / ((1 + lam) ** 2 - lam**2 / 4)))]),
    ("weighted, many generations", "weighted/e-k1", dict(variable=i, value=oo, term="concentration"),
     [({}, P / sqrt(n) * sqrt((w**2 + (1 - w) ** 2) / (1 - (1 - w) ** 2)))]),
    ("accumulated drift", "accumulate/k1/mean", dict(variable=i, value=oo, term="drift"),
     [({r: 1}, M * c / n)]),
]

#: ``(identifier, bound, arguments, critical value, [(values, verdict)])``
THRESHOLDS = [
    ("a constant proportion of real data", "replay/generic", dict(variable=alpha), Max(0, 1 - 1 / kappa), [
        ({kappa: 2, alpha: Rational(3, 5)}, "guaranteed"), ({kappa: 2, alpha: HALF}, "critical"),
        ({kappa: 2, alpha: Rational(2, 5)}, "no guarantee"), ({kappa: 1, alpha: Rational(1, 10)}, "guaranteed"),
        ({kappa: HALF, alpha: Rational(1, 10)}, "guaranteed"), ({kappa: HALF, alpha: 0}, "critical"),
        ({kappa: 1, alpha: 0}, "critical"), ({kappa: 3, alpha: 1}, "guaranteed")]),
    ("the sensitivity that a mix bears", "fresh/generic", dict(variable=kappa), 1 / (1 - alpha), [
        ({alpha: HALF, kappa: 1}, "guaranteed"), ({alpha: HALF, kappa: 2}, "critical"),
        ({alpha: HALF, kappa: 3}, "no guarantee")]),
    ("in expectation, fresh: any real data will do", "fresh/generic/mean", dict(variable=alpha), 0,
     [({kappa: 5, alpha: Rational(1, 100)}, "guaranteed"), ({kappa: 5, alpha: 0}, "critical")]),
    ("augment, kappa = 2", "augment/k2", dict(variable=lam), 1,
     [({lam: HALF}, "guaranteed"), ({lam: 1}, "critical"), ({lam: 2}, "no guarantee")]),
    ("augment, kappa = 1: any amount", "augment/k1", dict(variable=lam), oo, [({lam: 100}, "guaranteed")]),
    ("accumulating bears kappa = 1", "accumulate/generic", dict(variable=kappa), 1,
     [({kappa: HALF}, "guaranteed"), ({kappa: 1}, "guaranteed"), ({kappa: Rational(3, 2)}, "no guarantee")]),
    ("subsampling: the drift grows for every kappa", "subsample/generic", dict(variable=kappa), None,
     [({kappa: HALF}, "no guarantee"), ({kappa: 2}, "no guarantee")]),
    ("replace: no sensitivity is small enough", "replace/generic", dict(variable=kappa), None,
     [({kappa: HALF}, "no guarantee"), ({kappa: 2}, "no guarantee")]),
    ("the transformer", "replay/transformer", dict(variable=alpha, omega=HALF, L=2),
     1 - 1 / ((Rational(1, 4) + Rational(3, 2) * exp(HALF)) ** 2 - Rational(1, 16)), []),
    ("one layer: how sharp attention may be", "fresh/transformer1", dict(variable=omega, alpha=HALF),
     LambertW(2 * E) - 1, [({omega: Rational(1, 3)}, "guaranteed"), ({omega: HALF}, "no guarantee")]),
    ("learning must improve", "fresh/generic", dict(variable=r, towards=n), 0, [({r: HALF}, "guaranteed")]),
]

#: ``(identifier, bound, arguments, first generation above epsilon, last one that is fine or None)``
HORIZONS = [
    ("linear drift", "replace/e-k1/mean", dict(epsilon=0.055, n=10, e=0.01, M=1, b=0), 6, 5),
    ("a tie is no excess", "replace/e-k1/mean", dict(epsilon=0.05, n=10, e=0.01, M=1, b=0), 6, 5),
    ("never", "fresh/e-k1/mean", dict(epsilon=0.02, n=10, e=0.01, M=1, b=0, alpha=0.5), oo, oo),
    ("never, though the limit is the target", "fresh/e-k1/mean", dict(epsilon=0.01, n=10, e=0.01, M=1, b=0, alpha=0.5),
     oo, oo),
    ("two generations", "fresh/e-k1/mean", dict(epsilon=0.0075, n=10, e=0.01, M=1, b=0, alpha=0.5), 3, 2),
    ("not even generation 0", "fresh/e-k1/mean", dict(epsilon=0.05, n=10, e=0.01, M=1, b=1, alpha=0.5), 0, None),
    ("real data only", "real/generic", dict(epsilon=0.5, n=1000, M=1, b=1, delta=0.05), oo, oo),
]

#: ``(identifier, bound, question, arguments, answer)``; None: no value works.
INVERSIONS = [
    ("an exact tie", "real/generic/mean", "sample_size", dict(epsilon=0.1, b=1), 10),
    ("rounded up", "real/generic/mean", "sample_size", dict(epsilon=0.3, b=1), 4),
    ("Hoeffding", "real/generic", "sample_size", dict(epsilon=0.1, M=1, b=0, delta=0.05), 185),
    ("a quadratic in n**(-1/2)", "real/generic", "sample_size", dict(epsilon=0.1, M=1, b=1, delta=0.05), 1680),
    ("log(n)/n: the second root", "replace/log/mean", "sample_size", dict(epsilon=0.1, M=1, b=0, i=1), 36),
    ("log(n)/n below its maximum everywhere", "replace/log/mean", "sample_size", dict(epsilon=0.5, M=1, b=0, i=1), 1),
    ("no sample size helps", "replay/e/mean", "sample_size",
     dict(epsilon=0.05, M=1, b=0, e=0.1, alpha=0.5, i=5, kappa=1), None),
    ("the limit is the target", "replay/e/mean", "sample_size",
     dict(epsilon=0.05, M=1, b=1, e=0.1, alpha=0.5, i=1, kappa=1), None),
    ("one generation is linear", "fresh/e-k1/mean", "min_real_fraction",
     dict(epsilon=0.05, M=1, b=0, e=0.1, i=1, n=10), HALF),
    ("two generations", "fresh/e-k1/mean", "min_real_fraction", dict(epsilon=0.05, M=1, b=0, e=0.1, i=2, n=10),
     1 - (sqrt(3) - 1) / 2),
    ("no proportion helps", "fresh/e-k1/mean", "min_real_fraction",
     dict(epsilon=0.1, M=1, b=2, e=0.1, i=2, n=10), None),
    ("none is needed", "fresh/e-k1/mean", "min_real_fraction", dict(epsilon=0.5, M=1, b=0, e=0.1, i=2, n=10), 0),
    ("no generation needs none", "fresh/e-k1/mean", "min_real_fraction",
     dict(epsilon=0.5, M=1, b=0, e=9, i=0, n=10), 0),
    ("two points are enough", "real/generic", "vacuous_below", dict(M=1, b=0, delta=0.05), 2),
    ("vacuous below", "real/generic", "vacuous_below", dict(M=1, b=1, delta=0.05), 19),
]

#: ``(identifier, bound, arguments, {half powers of 1/n: coefficient})``
EXPANSIONS = [
    ("Brier fit on real data", "real/categorical/hp/brier", dict(), {
        1: 5 * sqrt(log(2 / delta) / 2), 2: 2, 3: -2 * sqrt(log(2 / delta) / 2), 4: -1}),
    ("uniform stability", "fresh/e-k1", dict(i=1), {
        0: M * e * (1 - alpha), 1: P * sqrt(1 + (1 - alpha) ** 2), 2: b}),
]

#: Symbolic inversions: ``(identifier, bound, question, arguments, expression)`` before rounding.
CLOSED_FORMS = [
    ("b/n", "real/generic/mean", "sample_size", dict(epsilon=epsilon), b / epsilon),
    ("concentration alone", "real/generic", "sample_size", dict(epsilon=epsilon, b=0),
     M**2 * log(2 / delta) / (2 * epsilon**2)),
    ("quadratic", "real/generic", "sample_size", dict(epsilon=epsilon),
     ((P + sqrt(P**2 + 4 * b * epsilon)) / (2 * epsilon)) ** 2),
    ("Lambert", "replace/log/mean", "sample_size", dict(epsilon=epsilon, M=1, b=0, i=1),
     -LambertW(-epsilon, -1) / epsilon),
    ("linear drift", "replace/e-k1/mean", "max_generations", dict(epsilon=epsilon), (epsilon - b / n) / (M * e)),
    ("geometric drift", "fresh/e-k1/mean", "max_generations", dict(epsilon=epsilon),
     log(1 - (epsilon - b / n) * alpha / (M * e * (1 - alpha))) / log(1 - alpha)),
    ("one generation", "fresh/e-k1/mean", "min_real_fraction", dict(epsilon=epsilon, i=1),
     1 - (epsilon - b / n) / (M * e)),
]

#: What exact laws say as i grows (theory §11): ``(bound, law, verdict)``; a verdict "collapse" is said by laws only.
LAWS = [
    ("replace/categorical", "diversity", "collapse"),
    ("replace/location", "variance of the mean", "collapse"),
    ("half/location", "variance of the mean", "bounded"),
    ("accumulate/location", "variance of the mean", "bounded"),
]

#: ``(identifier, expression, variable, range, minimiser)``; a range of None is the variable's own.
_PRICE = M * e * lam + C / sqrt(n * (1 + lam))
_NOISE = 1 / (1 + lam * (1 - kappa)) ** 2 + lam / ((1 + lam) ** 2 - kappa**2 * lam**2)
OPTIMA = [
    ("the golden ratio", (w**2 + (1 - w) ** 2) / (n * (1 - (1 - w) ** 2)), w, None, 1 / GoldenRatio),
    ("little synthetic data does not help", _PRICE.subs({C: Rational(1, 10), M: 1, e: 1, n: 1}), lam, None, 0),
    ("the 2/3-power rule", _PRICE.subs({C: 16, M: 1, e: 1, n: 1}), lam, None, 3),
    ("the learning error falls with the size", (lam + 5) / sqrt(1 + lam), lam, None, 3),
    ("at kappa = 1 no amount helps", _NOISE.subs(kappa, 1), lam, (0, 100), 0),
    ("at kappa = 0 more is always better", _NOISE.subs(kappa, 0), lam, (0, 100), 100),
]

#: ``(identifier, smaller, larger, domain, answer)``: is the first bound at most the second?
COMPARISONS = [
    ("fresh real data are at least as good", "fresh/generic", "replay/generic",
     {"n": 100, "i": (0, 20), "alpha": HALF, "kappa": (0, 1), "delta": Rational(1, 20), "c": 1, "r": HALF, "b": 1,
      "M": 1}, "proved"),
    ("replay is not better", "replay/generic", "fresh/generic",
     {"n": 100, "i": 1, "alpha": HALF, "kappa": 1, "delta": Rational(1, 20), "c": 1, "r": HALF, "b": 1, "M": 1},
     "refuted"),
    ("they are the same in generation 0", "replay/generic", "fresh/generic",
     {"n": 100, "i": 0, "alpha": HALF, "kappa": (0, 3), "delta": Rational(1, 20), "c": 1, "r": HALF, "b": 1, "M": 1},
     "proved"),
]
