"""What the rules share: settings, drops, and the parameters that make a rule run again.

Parsed again by every cluster job, so hardly anything here reads data: drops are found by
their names and seals alone.
"""

# units are checked by `reuptake run` and by every job; here that would only cost time
SETTINGS = load_settings(overrides=config, units=False)
RESULTS = SETTINGS.config.results
TABLES = f"{RESULTS}/tables"
PER_DROP = f"{RESULTS}/drops"
WELLS = f"{PER_DROP}/wells.parquet"
RUN = f"{RESULTS}/run.json"

FOLDERS = {folder.name: folder for folder in scan(Path(SETTINGS.config.drops))}
SEALED = [name for name, folder in FOLDERS.items() if folder.sealed]
OTHERS = [name for name, folder in FOLDERS.items() if not folder.sealed]
WITH_EXCLUSIONS = {exclusion.drop for exclusion in SETTINGS.exclusions}


wildcard_constraints:
    # not the names themselves: searched for in a list of a thousand, they take a fifth of a plan
    drop="[A-Za-z0-9._-]+",


def processed(drop):
    """The folder of a drop that has its seal; of others no file is made."""
    folder = FOLDERS.get(drop)
    if folder is None or not folder.sealed:
        raise WorkflowError(f"{drop} is no registered drop in {SETTINGS.config.drops}")
    return folder


def per_drop(name):
    """One file of every processed drop."""
    return expand(f"{PER_DROP}/{{drop}}/{name}", drop=SEALED)


@cache
def assays_of(drop):
    """The assays that a drop's description names."""
    return assays_named(processed(drop).description)


def measuring(drops):
    """Those of some drops that have runs which measure constants."""
    return [name for name in drops if measures_constants(SETTINGS, assays_of(name))]


def constants_files(*names):
    """Files of every processed drop that measures constants.

    A function of the wildcards, so that only the jobs that need them read the drops'
    descriptions.
    """
    pattern = f"{PER_DROP}/{{drop}}/{{name}}"
    return lambda wildcards: expand(pattern, drop=measuring(SEALED), name=names)


def constants_for(wildcards):
    """Constants of the drops whose runs the assays of this one name; absent drops have none."""
    named = drops_referred(SETTINGS, assays_of(wildcards.drop))
    drops = measuring(name for name in named if name in SEALED)
    return expand(f"{PER_DROP}/{{drop}}/constants.parquet", drop=drops)


def first_group(wildcards):
    """Name of the group, on a cluster, in which a drop's first steps are one job.

    Drops that measure constants have their own, or every drop whose assays name such a run would
    hang together with it, and with all others, in one job. In no group may two steps of a drop
    be side by side: the node would ask for more cores than the job has.
    """
    return "constants" if measuring([wildcards.drop]) else "drops"


def with_animals(drops):
    """Those of some drops that name an assay with animals."""
    assays = {key for key, assay in SETTINGS.assays.items() if assay.kind in ANIMAL_KINDS}
    return [name for name in drops if assays & assays_of(name)]


def in_vivo_tables(wildcards):
    """The in-vivo tables of every processed drop that names an assay with animals."""
    drops = with_animals(SEALED)
    return expand(f"{PER_DROP}/{{drop}}/{{table}}.parquet", drop=drops, table=IN_VIVO_TABLES)


def everything(wildcards):
    """Every file that the rules make, by name.

    Of what stands between, Snakemake does not miss what a killed run has removed to make it
    again.
    """
    some = {"constants_drop": measuring(SEALED), "animals_drop": with_animals(SEALED)}
    return [
        file
        for each in workflow.rules
        if each.name != "strict" or SETTINGS.config.strict
        for path in each.output
        for file in expand(strip_wildcard_constraints(path), drop=some.get(each.name, SEALED))
    ]


def uses(stage):
    """Digest of what a stage uses beside its input: its share of the config, and its code."""

    shares = {}

    def parameter(wildcards):
        drop = getattr(wildcards, "drop", "")
        assays = assays_of(drop) if drop else frozenset()
        # drops of the same assays share what they use, but for exclusions of their own
        share = (assays, drop if drop in WITH_EXCLUSIONS else "")
        if share not in shares:
            used = section(stage, SETTINGS, share[1], assays)
            shares[share] = digest([used, fingerprint(stage)])
        return shares[share]

    return parameter


def reported(path, category, what, caption="", subcategory=None):
    """An output that `snakemake --report` shows, with the caption of its name."""
    caption = f"../report/captions/{caption or Path(path).stem}.rst"
    labels = {"what": what}
    return report(path, caption=caption, category=category, subcategory=subcategory, labels=labels)


def growing(first):
    """Memory (MB) or time (minutes) of a job: as much again for each attempt after the first."""
    return lambda wildcards, attempt: first * attempt
