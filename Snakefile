"""From raw counts to transporter selectivity: the entry of the workflow.

Rules stand one file a stage in workflow/rules, in the order of the data's way; the work is
done by the package in workflow/reuptake.
"""

from pathlib import Path

from snakemake.utils import min_version

from reuptake import runfile
from reuptake.drops.check import assays_named
from reuptake.drops.folder import SEAL, path_fault
from reuptake.drops.scan import scan
from reuptake.provenance.record import without_drops
from reuptake.provenance.software import software_digest
from reuptake.settings.load import load_settings
from reuptake.settings.sections import digest, fingerprint, section

min_version("9.0")


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/ingest.smk"
include: "workflow/rules/qc.smk"
include: "workflow/rules/fit.smk"
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
        f"{RESULTS}/report/index.html",
        rules.provenance.output,
        [f"{RESULTS}/drops/strict"] if SETTINGS.config.strict else [],
    localrule: True


onstart:
    settings = workflow.config_settings
    call = runfile.call_of(workflow.cores, settings.configfiles, settings.config)
    runfile.write(Path(RUN), config, FOLDERS.values(), made_of(workflow.rules), call)


onsuccess:
    # history, so nothing that a rule may depend on
    from reuptake.provenance import changes

    changes.after_success(Path(RESULTS))
