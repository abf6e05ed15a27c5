"""The general engine against certified fits: NIST Statistical Reference Datasets.

Three of the nonlinear problems are response models of this project in other words. Each is
fitted from both of NIST's starts; parameters and standard deviations are then turned into
NIST's (by the delta method, which is exact for the linearised covariance). The plateau follows
the other parameters in the engine, so the start of b1 plays no part.

https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from simulated_curves import batch_of

from reuptake.curves import general
from reuptake.curves.models import LN10, MODELS


@dataclass(frozen=True)
class Certified:
    """What a .dat file holds: starts (2, p), parameters and their SDs (p,), residuals, data."""

    starts: np.ndarray
    parameters: np.ndarray
    sd: np.ndarray
    ss: float
    residual_sd: float
    x: np.ndarray
    y: np.ndarray


def read(path: Path) -> Certified:
    lines = path.read_text(encoding="ascii").splitlines()
    rows = np.array([line.split("=")[1].split() for line in lines if line.startswith("  b")], float)
    number = {line.split(":")[0]: line.split(":")[1] for line in lines if line.count(":") == 1}
    first = next(i for i, line in enumerate(lines) if line.startswith("Data:   y")) + 1
    y, x = np.array([line.split() for line in lines[first:] if line.strip()], float).T
    assert len(y) == int(number["Number of Observations"])
    return Certified(
        starts=rows[:, :2].T,
        parameters=rows[:, 2],
        sd=rows[:, 3],
        ss=float(number["Residual Sum of Squares"]),
        residual_sd=float(number["Residual Standard Deviation"]),
        x=x,
        y=y,
    )


@dataclass(frozen=True)
class Problem:
    """A dataset in this project's words; `to_nist` takes the model's parameters by name."""

    name: str
    model: str
    axis: Callable
    held: dict
    from_nist: Callable
    to_nist: Callable


PROBLEMS = [
    # y = b1 b2 x / (1 + b2 x): binding, from a vehicle level of 0 to a plateau, at log10 x
    Problem(
        "Misra1d",
        "3PL",
        np.log10,
        {"top": 0.0},
        lambda b1, b2: {"log10_ic50": -np.log10(b2), "bottom": b1},
        lambda p: (p["bottom"], 10 ** -p["log10_ic50"]),
    ),
    # y = b1 / (1 + exp(b2 - b3 x)): the same with a slope, at x itself
    Problem(
        "Rat42",
        "4PL",
        np.positive,
        {"top": 0.0},
        lambda b1, b2, b3: {"log10_ic50": b2 / b3, "hill": b3 / LN10, "bottom": b1},
        lambda p: (
            p["bottom"],
            p["log10_ic50"] * p["hill"] * LN10,
            p["hill"] * LN10,
        ),
    ),
    # y = b1 / (1 + exp(b2 - b3 x))^(1/b4): Richards' curve, falling along -x
    Problem(
        "Rat43",
        "5PL",
        np.negative,
        {"bottom": 0.0},
        lambda b1, b2, b3, b4: {
            "log10_ic50": (np.log(2**b4 - 1) - b2) / b3,
            "hill": b3 / LN10,
            "top": b1,
            "asymmetry": 1 / b4,
        },
        lambda p: (
            p["top"],
            np.log(2 ** (1 / p["asymmetry"]) - 1) - p["log10_ic50"] * p["hill"] * LN10,
            p["hill"] * LN10,
            1 / p["asymmetry"],
        ),
    ),
]
# time and weight are no decades: nothing of the default ranges applies
WIDE = {"log10_ic50": (-1e3, 1e3), "hill": (1e-4, 1e4), "asymmetry": (1e-3, 1e3)}


def digits(value, certified):
    """Significant digits that agree."""
    return -np.log10(np.abs(np.asarray(value) / certified - 1.0))


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
def test_certified_values(shared, problem, start):
    path = shared / "reference" / "nist" / f"{problem.name}.dat"
    if not path.is_file():
        pytest.skip(f"no {path}")
    data = read(path)
    model = MODELS[problem.model]
    order = np.argsort(problem.axis(data.x))
    batch = batch_of(problem.axis(data.x)[order], data.y[order])
    fitted = general.fit(
        model,
        batch,
        batch.weight,
        held=problem.held,
        start=problem.from_nist(*data.starts[start]),
        bounds={name: WIDE[name] for name in model.parameters if name in WIDE},
    )
    assert fitted.converged.all()
    assert digits(fitted.ss[0], data.ss) > 8
    # not the file's degrees of freedom: Rat43 names 9, but its own residual SD has 15 - 4
    assert digits(np.sqrt(fitted.ss[0] / fitted.df[0]), data.residual_sd) > 8

    values = fitted.values[0]
    nist = problem.to_nist(dict(zip(model.parameters, values, strict=True)))
    assert digits(nist, data.parameters).min() > 8

    derivative = np.empty((len(nist), len(values)))
    for j in range(len(values)):
        stepped = values + 1e-30j * (np.arange(len(values)) == j)
        stepped = dict(zip(model.parameters, stepped, strict=True))
        derivative[:, j] = np.imag(problem.to_nist(stepped)) / 1e-30
    free = fitted.free[0]
    covariance = fitted.covariance[0][np.ix_(free, free)]
    sd = np.sqrt(np.diag(derivative[:, free] @ covariance @ derivative[:, free].T))
    assert digits(sd, data.sd).min() > 6


def test_reading_back_a_start_gives_it_again():
    """The translations are inverse to each other, and give NIST's formulas."""
    x, formulas = np.linspace(1.0, 15.0, 7), {
        "Misra1d": lambda x, b1, b2: b1 * b2 * x / (1 + b2 * x),
        "Rat42": lambda x, b1, b2, b3: b1 / (1 + np.exp(b2 - b3 * x)),
        "Rat43": lambda x, b1, b2, b3, b4: b1 / (1 + np.exp(b2 - b3 * x)) ** (1 / b4),
    }  # fmt: skip
    for problem, b in zip(
        PROBLEMS, [(450.0, 3e-4), (75.0, 2.5, 0.07), (700.0, 5.0, 0.75, 1.3)], strict=True
    ):
        parameters = problem.from_nist(*b) | problem.held
        np.testing.assert_allclose(problem.to_nist(parameters), b, rtol=1e-13)
        model = MODELS[problem.model]
        response = model.response(problem.axis(x), *(parameters[n] for n in model.parameters))
        np.testing.assert_allclose(response, formulas[problem.name](x, *b), rtol=1e-12)
