"""Projects and their runs: agglo.toml, the step graph, resume, manifest, verify."""

from agglo.runs.execute import StepStatus
from agglo.runs.importing import AddedImport, add_import
from agglo.runs.launch import Registry, Run, check_project, start
from agglo.runs.manifest import Manifest
from agglo.runs.outcome import Skipped, StudyOutcome
from agglo.runs.progress import LineProgress, Progress, SilentProgress
from agglo.runs.project import Project, find_project
from agglo.runs.source_code import code_digest
from agglo.runs.verification import Verification, verify

__all__ = [
    "AddedImport",
    "LineProgress",
    "Manifest",
    "Progress",
    "Project",
    "Registry",
    "Run",
    "SilentProgress",
    "Skipped",
    "StepStatus",
    "StudyOutcome",
    "Verification",
    "add_import",
    "check_project",
    "code_digest",
    "find_project",
    "start",
    "verify",
]
