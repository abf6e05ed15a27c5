"""What the rules share: settings, drops, and the parameters that make a rule run again.

Parsed again by every cluster job, so nothing here reads data: drops are found by their
names and seals alone.
"""

# units are checked by `reuptake run` and by every job; here that would only cost time
SETTINGS = load_settings(overrides=config, units=False)
RESULTS = SETTINGS.config.results
TABLES = f"{RESULTS}/tables"
PER_DROP = f"{RESULTS}/drops"
RUN = f"{RESULTS}/run.json"

FOLDERS = {folder.name: folder for folder in scan(Path(SETTINGS.config.drops))}
SEALED = [name for name, folder in FOLDERS.items() if folder.sealed]
OTHERS = [name for name, folder in FOLDERS.items() if not folder.sealed]
WITH_EXCLUSIONS = {exclusion.drop for exclusion in SETTINGS.exclusions}


wildcard_constraints:
    drop="|".join(name.replace(".", "[.]") for name in SEALED) or "no-drop",


def files_of(drop):
    """The files of a drop as inputs.

    What is no regular file of the drop, or has a name that Snakemake would take for a pattern,
    would stop the whole run: it counts by name and size alone (Folder.state).
    """
    folder = FOLDERS[drop]
    return [folder.path / name for name in folder.files if not path_fault(folder.path, name)]


def look_of(drop):
    """Names, sizes and times of an unregistered drop: its files are no inputs.

    They may still be on their way, and vanish while the listing is made.
    """
    times = [path.stat().st_mtime_ns for path in files_of(drop)]
    return digest([FOLDERS[drop].state, times])


def per_drop(name):
    """One file of every processed drop."""
    return expand(f"{PER_DROP}/{{drop}}/{name}", drop=SEALED)


def uses(stage):
    """Digest of what a stage uses beside its input: its share of the config, and its code."""

    shares = {}

    def parameter(wildcards):
        drop = getattr(wildcards, "drop", "")
        assays = assays_named(FOLDERS[drop].description) if drop else frozenset()
        # drops of the same assays share what they use, but for exclusions of their own
        share = (assays, drop if drop in WITH_EXCLUSIONS else "")
        if share not in shares:
            used = section(stage, SETTINGS, share[1], assays)
            shares[share] = digest([used, fingerprint(stage)])
        return shares[share]

    return parameter


def growing(first):
    """Memory (MB) or time (minutes) of a job: as much again for each attempt after the first."""
    return lambda wildcards, attempt: first * attempt
