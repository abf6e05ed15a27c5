"""The other programs behind one interface; run inside their environment.

``python programs.py JOBS.json``: each job names the program, the CSV of wells
(``curve, concentration_nM, response``; 0 is vehicle, inf full block) and where the answers go.
Every program is used as its documentation shows, with its defaults.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
import tempfile
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

LN10 = math.log(10.0)


@dataclass
class Answer:
    """What a program says of one curve; concentrations in nM.

    ``estimate_nM`` is the fitted IC50, ``ic50_nM`` what is printed: the same, or the end of
    the tested range where `qualifier` is > or <. A `qualifier` that is empty is a refusal.
    `warned` is true where the program itself says that the value may not be relied on.
    """

    estimate_nM: float = math.nan
    ic50_nM: float = math.nan
    qualifier: str = ""
    lower_nM: float = math.nan
    upper_nM: float = math.nan
    warned: bool = False
    error: str = ""
    rss: float = math.nan


@dataclass(frozen=True)
class Table:
    """Wells as arrays, one row a curve; controls apart from the rest.

    The concentrations are in a unit of `unit_nM` nM.
    """

    concentration: np.ndarray
    response: np.ndarray
    vehicle: np.ndarray
    full_block: np.ndarray
    unit_nM: float

    def first(self, n: int) -> Table:
        """The first `n` curves."""
        arrays = self.concentration, self.response, self.vehicle, self.full_block
        return Table(*(a[:n] for a in arrays), self.unit_nM)


def read(path: str, controls: bool, unit_nM: float) -> Table:
    """The wells of a job, concentrations in the unit that the program is to be given."""
    wells = pd.read_csv(path, float_precision="round_trip")
    n = wells.curve.iloc[-1] + 1
    concentration = wells.concentration_nM.to_numpy().reshape(n, -1)
    response = wells.response.to_numpy().reshape(n, -1)
    role = concentration[0]
    vehicle, block = (role == 0) & controls, np.isinf(role)
    sample = ~vehicle & ~block
    return Table(
        concentration[:, sample] / unit_nM,
        response[:, sample],
        response[:, vehicle],
        response[:, block],
        unit_nM,
    )


def four_parameters(c, top, bottom, log10_ic50, hill):
    """The usual four-parameter logistic in the concentration."""
    return bottom + (top - bottom) / (1.0 + (c / 10.0**log10_ic50) ** hill)


def start(c, y) -> list[float]:
    """The start that most scripts take: the extremes, the middle concentration, Hill 1."""
    return [y.max(), y.min(), math.log10(np.median(c[c > 0])), 1.0]


def wald(log10_ic50: float, se: float, df: int) -> dict:
    """95 % interval on log10, with Student's t."""
    from scipy.special import stdtrit

    half = stdtrit(df, 0.975) * se
    with np.errstate(over="ignore"):
        lower, upper = np.power(10.0, [log10_ic50 - half, log10_ic50 + half])
    return {"lower_nM": lower, "upper_nM": upper}


def estimated(log10_ic50: float, **more) -> Answer:
    """An unqualified estimate."""
    with np.errstate(over="ignore"):
        ic50 = float(np.power(10.0, log10_ic50))
    return Answer(estimate_nM=ic50, ic50_nM=ic50, qualifier="=", **more)


def in_nM(answer: Answer, unit_nM: float) -> Answer:
    """The answer of a program that was given concentrations in a unit of `unit_nM` nM."""
    for name in ("estimate_nM", "ic50_nM", "lower_nM", "upper_nM"):
        setattr(answer, name, getattr(answer, name) * unit_nM)
    return answer


def said(error: BaseException) -> str:
    """The first line of what was raised."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


def one_by_one(table: Table, fit) -> list[Answer]:
    """`fit(c, y, plateaus)` of every curve; what it raises becomes its answer."""
    answers = []
    for i, (c, y) in enumerate(zip(table.concentration, table.response, strict=True)):
        plateaus = None
        if table.vehicle.size:
            plateaus = table.vehicle[i].mean(), table.full_block[i].mean()
        try:
            answers.append(in_nM(fit(c, y, plateaus), table.unit_nM))
        except Exception as error:  # whatever a program raises is its answer
            answers.append(Answer(error=said(error)))
    return answers


def scipy(table: Table) -> list[Answer]:
    """``scipy.optimize.curve_fit``; a covariance that is not finite is its own warning."""
    from scipy.optimize import curve_fit

    def fit(c, y, plateaus):
        p0, model, at = start(c, y), four_parameters, 2
        if plateaus:

            def model(c, log10_ic50, hill):
                return four_parameters(c, *plateaus, log10_ic50, hill)

            p0, at = p0[2:], 0
        values, covariance = curve_fit(model, c, y, p0=p0)
        variance = covariance[at, at]
        if not math.isfinite(variance):
            return estimated(values[at], warned=True)
        return estimated(values[at], **wald(values[at], math.sqrt(variance), len(y) - len(p0)))

    return one_by_one(table, fit)


def means(c, y):
    """Concentrations, mean responses and numbers of wells."""
    levels, inverse, n = np.unique(c, return_inverse=True, return_counts=True)
    return levels, np.bincount(inverse, y) / n, n


def best_of_ten(table: Table) -> list[Answer]:
    """The least sum of squares that ten random starts of scipy's Levenberg-Marquardt find.

    On the means of the replicates, which for equal weights is the same fit.
    """
    from scipy.optimize import least_squares

    random = np.random.default_rng(10)

    def fit(c, y, _):
        levels, mean, n = means(c, y)
        within = (y**2).sum() - (n * mean**2).sum()

        def residual(values):
            return np.sqrt(n) * (mean - four_parameters(levels, *values))

        least = Answer(rss=math.inf)
        for _ in range(10):
            p0 = [
                random.uniform(50, 150),
                random.uniform(-25, 50),
                random.uniform(-1.0, 5.5),
                math.exp(random.uniform(-1.2, 1.2)),
            ]
            found = least_squares(residual, p0, method="lm", ftol=1e-12, xtol=1e-12)
            rss = 2.0 * found.cost + within
            if rss < least.rss:
                least = estimated(found.x[2], rss=rss)
        return least

    return one_by_one(table, fit)


def lmfit(table: Table, profile: bool = False) -> list[Answer]:
    """``lmfit.Model``; with `profile` also ``conf_interval`` of log10 IC50."""
    from lmfit import Model

    model = Model(four_parameters)

    def fit(c, y, plateaus):
        top, bottom, log10_ic50, hill = start(c, y)
        if plateaus:
            top, bottom = plateaus
        parameters = model.make_params(top=top, bottom=bottom, log10_ic50=log10_ic50, hill=hill)
        if plateaus:
            parameters["top"].vary = parameters["bottom"].vary = False
        result = model.fit(y, parameters, c=c)
        found = result.params["log10_ic50"]
        if profile:
            limits = result.conf_interval(p_names=["log10_ic50"], sigmas=[0.95])["log10_ic50"]
            with np.errstate(over="ignore"):
                lower, upper = np.power(10.0, [limits[0][1], limits[-1][1]])
            return estimated(found.value, lower_nM=lower, upper_nM=upper)
        if not (result.success and result.errorbars):
            return estimated(found.value, warned=True)
        return estimated(found.value, **wald(found.value, found.stderr, result.nfree))

    return one_by_one(table, fit)


def lmfit_profile(table: Table) -> list[Answer]:
    """lmfit with profile intervals."""
    return lmfit(table, profile=True)


def bindcurve(table: Table) -> list[Answer]:
    """bindcurve on the whole table; plateaus of each curve's own need a call a curve."""
    import bindcurve as program

    def fit(c, y, plateaus):
        fixed = dict(zip(("ymax", "ymin"), plateaus, strict=True)) if plateaus else None
        names = np.repeat([f"{i:06d}" for i in range(len(y))], y.shape[1])
        rows = {"compound_id": names, "concentration": c.ravel(), "response": y.ravel()}
        data = program.DoseResponseData(pd.DataFrame(rows))
        return program.fit(data, "ic50", fixed=fixed, errors="collect").fits

    def answer(found):
        if not found.success:
            return Answer(warned=True)
        ic50 = found.values["IC50"]  # noqa: PD011
        log10_ic50, interval = math.log10(ic50), {}
        if "IC50" in found.stderr:
            se = found.stderr["IC50"] / (LN10 * ic50)
            interval = wald(log10_ic50, se, found.n_data - len(found.free))
        return estimated(log10_ic50, warned=bool(found.warnings), **interval)

    try:
        if table.vehicle.size:
            raise ValueError("each curve has plateaus of its own")
        found = fit(table.concentration, table.response, None)
        return [in_nM(answer(one), table.unit_nM) for one in found]
    except ValueError:  # one bad well refuses the table: then curve by curve
        return one_by_one(table, lambda c, y, p: answer(fit(c[None], y[None], p)[0]))


def neutcurve(table: Table) -> list[Answer]:
    """neutcurve's HillCurve on mean fractions; its errors are not scaled to the scatter."""
    from neutcurve import HillCurve

    def fit(c, y, plateaus):
        c, y, _ = means(c, y)
        if plateaus:
            top, bottom = plateaus
            curve = HillCurve(c, (y - bottom) / (top - bottom), fixtop=1, fixbottom=0)
        else:
            curve = HillCurve(c, y / 100.0, fixtop=False, fixbottom=False)
        # its 'lower' is a lower bound of the IC50
        qualifier = {"interpolated": "=", "lower": ">", "upper": "<"}[curve.midpoint_bound_type]
        return Answer(curve.midpoint, curve.midpoint_bound, qualifier)

    return one_by_one(table, fit)


_TOML = """
[Meta]
id = "bench"
condition = "bench"
description = "simulated curves"
treatment_time = "none"
[Experiment]
experiments = {experiments}
doses = {doses}
dose_scale = {dose_scale}
dose_unit = "M"
control_experiment = {controls}
measurement_type = "OTHER"
data_type = "OTHER"
search_engine = "OTHER"
[Paths]
input_file = "input.txt"
["F Statistic"]
alpha = 0.05
fc_lim = 0.45
"""


def curve_curator(table: Table) -> list[Answer]:
    """CurveCurator's pipeline without its dashboard, on one table.

    It needs a control: the vehicle wells, else one well of exactly 100. A curve that it does
    not call regulated carries its warning.
    """
    from curve_curator import data_parser, quantification, thresholding, toml_parser

    response, vehicle = table.response, table.vehicle
    if vehicle.size:
        bottom = table.full_block.mean(axis=1, keepdims=True)
        response, vehicle = response - bottom, vehicle - bottom
    elif not (table.concentration == 0).any():
        vehicle = np.full((len(response), 1), 100.0)
    values = np.hstack([response, vehicle])
    doses = np.r_[table.concentration[0], np.zeros(vehicle.shape[1])]
    names = [str(i) for i in range(len(doses))]
    with tempfile.TemporaryDirectory() as folder:
        config_file = Path(folder) / "config.toml"
        config_file.write_text(
            _TOML.format(
                experiments=names,
                doses=doses.tolist(),
                dose_scale=1e-9 * table.unit_nM,
                controls=[name for name, dose in zip(names, doses, strict=True) if dose == 0],
            )
        )
        wide = pd.DataFrame(values, columns=[f"Raw {name}" for name in names])
        wide.insert(0, "Name", [f"c{i:06d}" for i in range(len(wide))])
        wide.to_csv(Path(folder) / "input.txt", sep="\t", index=False)
        config = toml_parser.set_default_values(toml_parser.load_toml(str(config_file)))
        found = quantification.run_pipeline(data_parser.load(config), config=config)
        found = thresholding.apply_significance_thresholds(found, config=config)
    found = found.set_index("Name").reindex(wide["Name"])
    answers = []
    for row, n in zip(found.to_dict("records"), np.isfinite(response).sum(axis=1), strict=True):
        log10_ic50, se = 9.0 - row["pEC50"], row["pEC50 Error"]
        if not math.isfinite(log10_ic50):
            answers.append(Answer(warned=True))
            continue
        interval = wald(log10_ic50, se, n + 1 - 4) if math.isfinite(se) else {}
        answer = estimated(log10_ic50, warned=row["Curve Regulation"] not in ("up", "down"))
        if row["Curve Regulation"] == "not":
            answer.qualifier, answer.ic50_nM = ">", table.concentration.max() * table.unit_nM
        answers.append(Answer(**asdict(answer) | interval))
    return answers


PROGRAMS = {
    f.__name__: f
    for f in (scipy, best_of_ten, lmfit, lmfit_profile, bindcurve, neutcurve, curve_curator)
}


def cpu_seconds() -> float:
    """CPU time of this process and of those that it started and waited for."""
    return sum(os.times()[:4])


def run(job: dict) -> None:
    """One job; its answers go to a CSV, its CPU time to a JSON."""
    table = read(job["wells"], job["controls"], job["unit_nM"])
    program, taken = PROGRAMS[job["program"]], math.inf
    for _ in range(job["repeat"]):
        started = cpu_seconds()
        try:
            answers = program(table)
        except (Exception, SystemExit) as error:  # it gave up on the table
            answers = [Answer(error=said(error))] * len(table.response)
        taken = min(taken, cpu_seconds() - started)
    pd.DataFrame(answers).to_csv(job["answers"], index=False)
    timing = {"curves": len(table.response), "cpu_seconds": taken}
    Path(job["timing"]).write_text(json.dumps(timing))


def main(file: str) -> None:
    """All jobs of a file, the first one's first curves once more for what is imported late."""
    jobs = json.loads(Path(file).read_text())
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(sys.stderr):
        first = jobs[0]
        table = read(first["wells"], first["controls"], first["unit_nM"]).first(3)
        PROGRAMS[first["program"]](table)
        for job in jobs:
            run(job)


if __name__ == "__main__":
    main(sys.argv[1])
