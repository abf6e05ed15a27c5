"""From raw counts to transporter selectivity: the entry of the workflow.

Rules stand one file a stage in workflow/rules, in the order of the data's way; the work is
done by the package in workflow/reuptake.
"""

import gc
from functools import cache
from itertools import chain
from pathlib import Path
from types import SimpleNamespace

from snakemake.exceptions import WorkflowError
from snakemake.io import strip_wildcard_constraints
from snakemake.utils import min_version

from reuptake import locks, runfile
from reuptake.animals.columns import PER_DROP as IN_VIVO_TABLES
from reuptake.drops.check import assays_named
from reuptake.drops.scan import scan
from reuptake.provenance.record import without_drops
from reuptake.provenance.software import software_digest
from reuptake.settings.load import load_settings
from reuptake.settings.model import ANIMAL_KINDS
from reuptake.settings.sections import (
    digest,
    drops_referred,
    fingerprint,
    measures_constants,
    section,
)

min_version("9.0")

# The graph of a large archive is a million objects that stay. Searched for garbage as often as
# Python does, they take a sixth of the plan.
gc.set_threshold(200_000, 50, 1000)


configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/ingest.smk"
include: "workflow/rules/qc.smk"
include: "workflow/rules/constants.smk"
include: "workflow/rules/fit.smk"
include: "workflow/rules/animals.smk"
include: "workflow/rules/collect.smk"
include: "workflow/rules/potency.smk"
include: "workflow/rules/selectivity.smk"
include: "workflow/rules/guides.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/provenance.smk"


rule all:
    default_target: True
    input:
        everything,
    localrule: True


onstart:
    try:
        locks.hold_in_snakemake(Path(RESULTS))
    except locks.BusyError as error:
        raise WorkflowError(str(error))
    if workflow.local_exec:
        # The limiter wakes the scheduler every second, once more for each job that has ended: after
        # a thousand jobs that takes half a core (see also snakemake pull request 3744). Jobs that
        # start here need no limit but the cores.
        workflow.scheduler.job_rate_limiter = None
    settings = workflow.config_settings
    call = runfile.call_of(workflow.cores, settings.configfiles, settings.config)
    runfile.write(Path(RUN), config, FOLDERS.values(), made_of(workflow.rules), call)


onsuccess:
    # history, so nothing that a rule may depend on
    from reuptake.provenance import changes

    changes.after_success(Path(RESULTS))
