"""L, Kd, R_T and what is not known of them, from an assay, a run and a plate."""

import numpy as np
import pytest

from reuptake.binding.conditions import conditions_of

ASSAY = {
    "kind": "competition_binding",
    "target": "SERT",
    "species": "human",
    "preparation": "HEK-293 membranes",
    "radioligand": {"name": "[3H]citalopram", "isotope": "3H", "decay": "specific_activity"},
    "ligand_concentration": "5.3 nM",
    "kd": {"value": "5.3 nM", "relative_error": 0.15, "source": "Agnel 1996"},
    "volume": "250 uL",
    "protein": "15 ug",
    "bmax": {"value": "4 pmol/mg", "source": "assumed"},
    "efficiency": {"value": 0.42, "source": "assumed"},
    "count_time": "5 min",
    "total_added_fraction": 1.0,
    "incubation": "75 min",
    "temperature": "22 degC",
    "solvent_pct": 1.0,
    "depletion": "judge",
}
LOT = {"lot": "2201", "specific_activity": "80 Ci/mmol", "reference_date": "2026-03-02"}
RUN = {"run": "A", "date": "2026-03-02", "measured": {}, "radioligand": LOT}
PLATE = {
    "unit": "CPM",
    "mean_total": 4860.0,
    "mean_nonspecific": 620.0,
    "mean_added": np.nan,
    "mean_blank": np.nan,
    "bound_pct": np.nan,
}


def test_everything_recorded():
    c = conditions_of(ASSAY, RUN, PLATE | {"mean_added": 78500.0, "bound_pct": 6.19})
    assert c.ligand_nM == pytest.approx(4.209567, rel=1e-6)
    assert c.kd_nM == 5.3
    assert c.transporter_nM == pytest.approx(0.24)
    assert c.bound_pct == 6.19
    # 620 of 78,500 is alpha/(1 + alpha)
    assert c.alpha == pytest.approx(620 / (78500 - 620))
    assert (c.missing, c.notes, c.assumed_negligible) == ((), (), False)


def test_an_aliquot_of_the_added_radioligand():
    """A tenth of a well's radioligand was counted, background 100 cpm."""
    plate = PLATE | {"mean_added": 7950.0, "mean_blank": 100.0, "mean_nonspecific": 720.0}
    c = conditions_of(ASSAY | {"total_added_fraction": 0.1}, RUN, plate)
    assert c.ligand_nM == pytest.approx(4.209567, rel=1e-6)
    assert c.alpha == pytest.approx(620 / (78500 - 620))


def test_counts_by_unit():
    """CPM is counts a minute, DPM needs no efficiency, raw counts are divided by their time."""
    for unit, counts in (("CPM", 78500), ("CCPM", 78500), ("DPM", 78500 / 0.42)):
        c = conditions_of(ASSAY, RUN, PLATE | {"unit": unit, "mean_added": counts})
        assert c.ligand_nM == pytest.approx(4.209567, rel=1e-6), unit
    c = conditions_of(ASSAY, RUN, PLATE | {"unit": "counts", "mean_added": 5 * 78500})
    assert c.ligand_nM == pytest.approx(4.209567, rel=1e-6)
    unknown = ASSAY | {"efficiency": None}
    assert conditions_of(unknown, RUN, PLATE | {"mean_added": 78500}).ligand_nM == 5.3


def test_measured_values_stand_in_for_the_assays():
    run = RUN | {"measured": {"ligand_concentration": "5.1 nM", "protein": "20 ug", "bmax": None}}
    c = conditions_of(ASSAY, run, PLATE | {"mean_added": 78500.0})
    assert c.ligand_nM == 5.1
    assert c.transporter_nM == pytest.approx(0.32)


def test_nominal_concentration_says_so():
    c = conditions_of(ASSAY, RUN, PLATE)
    assert c.ligand_nM == 5.3
    assert "radioligand concentration nominal, not measured" in c.notes


@pytest.mark.parametrize("decay", ["concentration", None])
def test_carrier_free_iodine_decays_in_concentration(decay):
    """45 days: 0.98 nM nominal is 0.5796596 nM on the day, and Ki 7.54011 for an IC50 of 12."""
    assay = ASSAY | {
        "radioligand": {"name": "[125I]RTI-55", "isotope": "125I", "decay": decay},
        "ligand_concentration": "0.98 nM",
        "kd": {"value": "0.98 nM", "source": "Eshleman 1999"},
    }
    run = RUN | {"date": "2026-04-16"}
    c = conditions_of(assay, run, PLATE)
    assert c.ligand_nM == pytest.approx(0.98 * 0.5914894, rel=1e-7)
    assert 12 / (1 + c.ligand_nM / c.kd_nM) == pytest.approx(7.54011, rel=1e-6)
    assert "radioligand concentration corrected for decay" in c.notes
    # what was counted in the wells needs no such correction: the activity per mole stays
    counted = conditions_of(assay, run, PLATE | {"mean_added": 78500.0})
    assert counted.ligand_nM == pytest.approx(4.209567, rel=1e-6)


def test_tritium_decays_in_specific_activity():
    """365 days leave 0.9453293: the same counts are more moles, the nominal concentration stays."""
    run = RUN | {"date": "2027-03-02"}
    c = conditions_of(ASSAY, run, PLATE | {"mean_added": 78500.0})
    assert c.ligand_nM == pytest.approx(4.209567 / 0.9453293, rel=1e-6)
    assert conditions_of(ASSAY, run, PLATE).ligand_nM == 5.3


def test_sites_from_the_plates_own_specific_binding():
    """R_T = B0 (1 + Kd/L_free): 4240 cpm specific, 4860 of 78,500 cpm bound in all."""
    per_cpm = 1 / 0.42 / 177.6 / 250
    specific, free = 4240 * per_cpm, (78500 - 4860) * per_cpm
    plate = PLATE | {"mean_added": 78500.0}
    c = conditions_of(ASSAY | {"bmax": None}, RUN, plate)
    assert c.transporter_nM == pytest.approx(specific * (1 + 5.3 / free), rel=1e-9)
    lost = conditions_of(ASSAY | {"bmax": None, "efficiency": None}, RUN, plate)
    assert np.isnan(lost.transporter_nM)
    all_bound = PLATE | {"mean_added": 4860.0}
    assert np.isnan(conditions_of(ASSAY | {"bmax": None}, RUN, all_bound).transporter_nM)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"kd": None}, ("Kd",)),
        ({"ligand_concentration": None}, ("radioligand concentration",)),
        ({"species": None}, ("species",)),
        (
            {"kd": None, "species": "", "ligand_concentration": None},
            ("Kd", "radioligand concentration", "species"),
        ),
    ],
)
def test_what_a_ki_cannot_do_without(change, missing):
    assert conditions_of(ASSAY | change, RUN, PLATE).missing == missing


def test_a_kd_that_a_run_does_not_tell_is_missing_with_the_reason():
    kd = {"run": "2026-02-01-sat/A", "refused": "2026-02-01-sat/A: it is of DAT"}
    c = conditions_of(ASSAY | {"kd": kd}, RUN, PLATE)
    assert c.missing == ("Kd (2026-02-01-sat/A: it is of DAT)",)
    assert c.constants_from == ("2026-02-01-sat/A",)
    bmax = {"run": "2026-02-01-sat/A", "refused": "2026-02-01-sat/A: it is in nM, not in pmol/mg"}
    c = conditions_of(ASSAY | {"bmax": bmax, "efficiency": None}, RUN, PLATE)
    assert c.missing == ()
    assert np.isnan(c.transporter_nM)
    assert "Bmax not known: 2026-02-01-sat/A: it is in nM, not in pmol/mg" in c.notes


def test_errors_of_the_constants():
    c = conditions_of(ASSAY, RUN, PLATE)
    assert (c.kd_sd, c.ligand_sd, c.transporter_sd) == (0.15, 0.0, 0.30)
    c = conditions_of(ASSAY | {"transporter_relative_error": 0.2}, RUN, PLATE)
    assert c.transporter_sd == 0.2
    bmax = {"value": "4 pmol/mg", "relative_error": 0.1}
    more = {"bmax": bmax, "transporter_relative_error": 0.2, "ligand_relative_error": 0.05}
    c = conditions_of(ASSAY | more, RUN, PLATE)
    assert (c.ligand_sd, c.transporter_sd) == (0.05, 0.1)


def test_a_radioligand_far_from_nominal_is_flagged():
    def flagged(measured):
        run = RUN | {"measured": {"ligand_concentration": measured}}
        return "more than 2-fold apart" in " ".join(conditions_of(ASSAY, run, PLATE).notes)

    assert [flagged(nM) for nM in ("2.6 nM", "2.7 nM", "10.5 nM", "10.7 nM")] == [
        True,
        False,
        False,
        True,
    ]


def test_a_reference_date_after_the_assay_is_flagged():
    early = RUN | {"date": "2026-03-01"}
    flag = "reference date of the radioligand lies after the assay"
    assert flag in conditions_of(ASSAY, early, PLATE).notes
    assert flag not in conditions_of(ASSAY, RUN, PLATE).notes


def test_other_gaps_are_flagged():
    bare = ASSAY | {
        "kd": {"value": "5.3 nM"},
        "preparation": None,
        "incubation": None,
        "temperature": None,
        "solvent_pct": None,
    }
    c = conditions_of(bare, {"date": "2026-03-02", "measured": None, "radioligand": None}, PLATE)
    assert c.missing == ()
    (note,) = [n for n in c.notes if n.startswith("not recorded")]
    for name in (
        "preparation",
        "incubation",
        "temperature",
        "solvent",
        "radioligand lot",
        "specific activity",
        "reference date",
        "source of Kd",
    ):
        assert name in note
    assert "volume" not in note


def test_a_word_that_depletion_is_negligible():
    word = {"assume": "negligible", "reason": "1 ug of membrane", "by": "AB"}
    assert conditions_of(ASSAY | {"depletion": word}, RUN, PLATE).assumed_negligible
