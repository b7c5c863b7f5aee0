# How much is an MRI super-resolution model biased toward the degradation it was trained on?
# The study is config.yaml, or the file given by --configfile; nothing is merged underneath it.
from snakemake.utils import min_version

from mrisr.running.snakefile import Workflow

min_version("9.27")

if not workflow.overwrite_configfiles:

    configfile: "config.yaml"


study = Workflow(workflow, config)
layout = study.layout


wildcard_constraints:
    scale=r"\d+",
    subject="[^/]+",
    degradation="[^/]+",
    method="[^/]+",
    baseline="[^/]+",
    fold_folder=r"(?:/fold\d+)?",
    kernel_seed=r"\d+",


include: "workflow/rules/volumes.smk"
include: "workflow/rules/registration.smk"
include: "workflow/rules/degrade.smk"
include: "workflow/rules/kernels.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/parameters.smk"
include: "workflow/rules/runtimes.smk"
include: "workflow/rules/diversity.smk"
include: "workflow/rules/route.smk"
include: "workflow/rules/tabulate.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/explorer.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/publish.smk"


localrules:
    all,
    results,
    volumes,
    models,
    all_studies,


rule all:
    default_target: True
    input:
        study.results,
        layout.explorer,
        layout.report,


rule results:
    input:
        study.results,


rule volumes:
    input:
        check.writes["table"],


rule models:
    input:
        study.weights,


rule all_studies:
    shell:
        "mrisr studies --cores {workflow.cores}"


report: "workflow/report/workflow.rst"


onstart:
    study.start()
