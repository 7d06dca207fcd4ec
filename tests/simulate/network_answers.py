"""What the networks study answers on a generated economy, beside what was planted."""

from agglo.simulate import simulate_networks
from agglo.studies.contract import ProjectFacts
from agglo.studies.networks import STUDY, NetworksOptions
from tests.studies.harness import run_study

# every verdict rests on the library's rules; only what none of them reads is drawn less often
OPTIONS = NetworksOptions(
    label_draws=19,
    bootstrap_draws=19,
    core_draws=1999,
    class_draws=199,
    stability_draws=0,
    sensitivity=False,
)


def answers(seed, *, effect=1.0, masses="planted", until="crossing"):
    """Give the economy and {question: answer} of one seed."""
    made = simulate_networks(effect=effect, masses=masses, seed=seed)
    done, _ = run_study(
        STUDY,
        made.tables(),
        options=OPTIONS,
        seed=seed,
        project=ProjectFacts(generated=True),
        until=until,
    )
    return made, _answers(done)


def _answers(done):
    out = {}
    if "integration" in done:
        verdicts = done["integration"].documents["integration_notes"]["verdicts"]
        for layer, part in verdicts.items():
            out[f"pattern_{layer}"] = {
                w: tuple(part[w]) for w in ("integrated", "bounded")
            }
    if "hierarchy" in done:
        notes = done["hierarchy"].documents["hierarchy_notes"]
        table = done["hierarchy"].tables["hierarchy"].to_pylist()
        for layer, part in notes.items():
            out[f"cores_{layer}"] = (
                part["city"]["verdict"],
                set(part["city"]["cores"]),
            )
            out[f"consistent_{layer}"] = part["consistent"]
            out[f"district_cores_{layer}"] = set(part["district"]["cores"])
            out[f"tiers_{layer}"] = {
                r["node"]: r["tier"]
                for r in table
                if r["layer"] == layer and r["scale"] == "district"
            }
    if "complement" in done:
        out["complement"] = done["complement"].documents["complement_notes"]
    if "crossing" in done:
        notes = done["crossing"].documents["crossing_notes"]
        out["verdicts"] = notes["verdicts"]
        out["advantage"] = tuple(notes["advantage"]["high"])
    return out


def right(made, got):
    """Give {question: whether the answer is the planted one}."""
    pattern = {"integrated": ("C05",), "bounded": ("C09",)}
    out = {}
    for layer in ("branch", "copatent"):
        named = got[f"pattern_{layer}"]
        out[f"F1 {layer}"] = all(set(v) <= set(named[k]) for k, v in pattern.items())
        out[f"F1 {layer} no other"] = named == pattern
    out["F2 core"] = got["cores_branch"] == ("single_core", {"C01"})
    planted = made.planted("tier_branch")
    out["F2 tiers"] = len(set(got["tiers_branch"].values())) == 3
    out["F2 tier of districts"] = all(
        planted[d] == t for d, t in got["tiers_branch"].items()
    )
    # None: districts have no core that stands out, so that nothing can disagree
    out["F2 consistent"] = got["consistent_branch"] is not False
    out["F3 cores"] = got["cores_copatent"] == ("dual_core", {"C01", "C05"})
    note = got["complement"]
    out["F4"] = note["verdict"] == "complementary" and note["rank"] == 1.0
    out["F5 classes"] = got["verdicts"] == made.planted_labels("crossing")
    out["F5 advantage"] = set(got["advantage"]) == {"C01", "C02", "C05"}
    return out


def alarms(got):
    """Give {question: whether something was found where nothing was planted}."""
    out = {}
    for layer in ("branch", "copatent"):
        named = got[f"pattern_{layer}"]
        out[f"F1 {layer}"] = bool(named["integrated"] or named["bounded"])
        out[f"cores {layer}"] = got[f"cores_{layer}"][0] != "graded"
        out[f"tiers {layer}"] = len(set(got[f"tiers_{layer}"].values())) > 1
    note = got["complement"]
    out["F4 interval"] = not note["odds_lower"] <= 1.0 <= note["odds_upper"]
    out["F4 verdict"] = note["verdict"] == "complementary"
    out["F5 classes"] = set(got["verdicts"].values()) != {"undecided"}
    out["F5 advantage"] = bool(got["advantage"])
    return out
