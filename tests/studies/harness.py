"""Run the stages of a study in memory, as the runner would."""

import time

from agglo.studies.contract import ProjectFacts, StageInputs


def run_study(study, tables, *, options=None, seed=7, project=None, until=None):
    """Give {stage: output} and {stage: seconds}; stages see what they declare, no more."""
    outputs, seconds = {}, {}
    for stage in study.stages:
        start = time.perf_counter()
        names = [*stage.tables, *stage.optional]
        outputs[stage.name] = stage.run(
            StageInputs(
                tables={n: tables[n] for n in names if n in tables},
                options=options or study.options(),
                results={
                    (s, n): t for s in stage.after for n, t in outputs[s].tables.items()
                },
                documents={
                    (s, n): d
                    for s in stage.after
                    for n, d in outputs[s].documents.items()
                },
                seed=seed,
                project=project or ProjectFacts(title="Test"),
            )
        )
        seconds[stage.name] = round(time.perf_counter() - start, 2)
        if stage.name == until:
            break
    return outputs, seconds
