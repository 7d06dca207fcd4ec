"""Columns of the tables that the rules of public mode release; no other column is.

A study that adds a column adds it here after asking whether it could tell about a single
unit; until then the column stays at home.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["COLUMNS", "HELD"]

COLUMNS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "coagglomeration": {
            "industries": "industry name_en name_zh sector plants",
            "localization": (
                "industry n localized dispersed gamma psi peak_km p_localized "
                "p_dispersed q_localized n_draws status"
            ),
            "pairs": (
                "measure anchor mover n_anchor n_mover n_pool n_rarefied "
                "observed_km null_mean null_sd effect z percentile p q p_method "
                "n_draws status n_regions error_km orientation_note"
            ),
            "regional": (
                "region period anchor mover n_anchor n_mover n_pool n_rarefied "
                "observed_km null_mean null_sd effect z percentile p q p_method "
                "n_draws status n_regions error_km orientation_note"
            ),
            "transport": (
                "region period anchor mover n_anchor n_mover n_pool n_rarefied "
                "observed_km null_mean null_sd effect z percentile p q p_method "
                "n_draws status n_regions error_km orientation_note"
            ),
            "curves": "anchor mover r_km value global_lower global_upper",
            "industry_curves": "industry r_km value lower upper global_lower global_upper",
            "link_strength": "anchor mover effect z q link strength",
            "weights": (
                "anchor mover weight effect z q effect_sig z_plus centred "
                "orientation_note"
            ),
            "links": "first second link weight",
            "verdicts": (
                "region period a b effect_a_to_b effect_b_to_a q_a_to_b "
                "q_b_to_a verdict"
            ),
            "estimates": (
                "specification estimator outcome pools weights depreciation lag "
                "own_stock term value se p lower upper n n_groups errors status"
            ),
            "exposure": (
                "method term value se se_clustered p lower upper "
                "effective_shifts n status"
            ),
            "instrument_checks": "check term value lower upper p n detail status",
            "linkages": (
                "outcome term value se p lower upper se_two_way p_permutation n "
                "n_industries effects status"
            ),
            "mechanism": (
                "outcome term value se p lower upper se_two_way p_permutation n "
                "n_industries effects status"
            ),
            "ar_sets": "model term lower upper status p",
            "first_stage": "model endogenous instrument value se p partial_r2 f",
            "hypotheses": "model hypothesis link value statistic p q supported verdict",
            "robustness": "measure power pool weights correlation same_sign n status",
            "weak": "model statistic term value df p critical",
            "wild": "term value p lower upper",
        },
        "networks": {
            "places": "region name_en name_zh level parent scale city lon lat",
            "ties": "layer scale origin destination weight share status",
            "hierarchy": "layer scale node value is_core tier parent level status",
            "advantage": "region class patents value lower upper significant",
            "mixing": (
                "layer origin_group destination_group weight share expected log_odds z "
                "status"
            ),
            "backbone": "layer origin destination weight p kept",
            "positions": (
                "layer node community support in_core degree betweenness closeness "
                "eigenvector page_rank core_number"
            ),
            "removal": "layer scale removed node weight_left at_random",
            "integration": (
                "layer region kappa se lower upper ei r q null_z null_p weight "
                "events z p verdict"
            ),
            "propensity": (
                "adjust class patents collaboration joint crossing share lower "
                "upper odds_ratio odds_lower odds_upper p p_holm verdict"
            ),
            "agreement": (
                "one other industries clusters_one clusters_other adjusted_rand "
                "mutual_information"
            ),
            "backtest": (
                "score auc lower upper null p pooled_auc average_precision base "
                "precision_5 precision_10"
            ),
            "backtest_parts": (
                "part gain lower upper verdict beyond_auc beyond_null beyond_p shuffled"
            ),
            "distribution": "layer scale statistic value se",
            "gravity": "layer term value se z p ols ols_se",
            "group_selection": (
                "k loglik n_parameters bic icl silhouette heldout stability "
                "reached converged"
            ),
            "industry_groups": "industry name_en name_zh group probability",
            "layer_comparison": (
                "one other spearman correlation p overlap jaccard cores_one "
                "cores_other differ_share verdict"
            ),
            "mixing_indices": "layer index value null_mean null_sd z p",
            "own_definition": "industry cluster",
            "presets": (
                "preset presence_rule threshold proximity_kind self_in_density "
                "complexity_index complexity_scaling sign_anchor source"
            ),
            "backtest_by_preset": (
                "preset score auc lower upper average_precision base"
            ),
            "links_by_preset": "preset industry_a industry_b proximity",
            "product_links": "industry_a industry_b proximity",
            "product_space": "industry group x y",
            "regression": "term value se t p p_ols null_low null_high",
            "sensitivity": "finding choice value verdict main same",
            "validation": (
                "definition matrix score value random_mean random_low random_high"
            ),
            "value_chain": "industry_a industry_b link colocation",
        },
        "policy": {
            "anticipation": "outcome base span effect value se lower upper p leads_p",
            "balance": "outcome covariate before after unmatched",
            "borders": "region neighbour",
            "excluded": "region reason",
            "honest": "outcome restriction m",
            "matching": "outcome design effect value se lower upper p",
            "staggered": "outcome estimator group value se lower upper p cells",
            "places": "region name_en name_zh lon lat start",
            "starts": "region policy start",
            "bands": "outcome ring kind value se lower upper p cells",
            "event_study": (
                "outcome k effect value se p lower upper band_lower band_upper "
                "realised realised_se cells"
            ),
            "moran": "outcome kind period value z p q",
            "map": "outcome region period lon lat treated value",
            "groups": "outcome group kind effect value se lower upper p",
            "realised": "outcome group period cells value se lower upper p",
            "ring_did": "outcome stages term value se lower upper p cells",
            "specification": "outcome specification effect value se lower upper p rho nobs",
            "coefficients": "outcome term value se z p lower upper",
            "comparisons": (
                "outcome treated control kind n_treated n_control weight estimate"
            ),
            "impacts": "outcome variable effect value se lower upper p",
            "leads": (
                "outcome drift drift_se largest drift_doubt tested statistic df "
                "p method power"
            ),
            "placebo": (
                "outcome kind effect value p placebo_lower placebo_median "
                "placebo_upper n statistic"
            ),
            "placebo_draws": "outcome kind effect value",
            "referee_checklist": "outcome item status value bound evidence",
            "spans": "outcome span effect value se lower upper p",
            "sweep": (
                "outcome cutoff_km effect value se lower upper p rho loglik "
                "islands n_links"
            ),
            "tests": "outcome test kind value df p",
            "weights_sensitivity": (
                "outcome weights durbin_weights effect value se lower upper p "
                "rho loglik n_links"
            ),
        },
        "formation": {
            "clusters": "cluster region group name name_en name_zh",
            "panel": "region group industry period employment status",
            "stages": (
                "region group period stage value size growth diversity change "
                "new_share converging margin employment"
            ),
            "lock_in": (
                "region group value lower upper diversity diversity_lower "
                "diversity_upper rigid"
            ),
            "resilience": (
                "region group value resistance_mix recovery periods_to_recover"
            ),
            "layer_completeness": "cluster layer completeness template",
            "alert_rates": "alert rate upper calm_clusters",
            "index_weights": "node level weight value share correlation",
            "rank_choices": "input first first_lower first_upper value lower upper",
        },
    }
)
"""Study to table to the columns that were judged, by name."""

HELD: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        # the jobs of a region, a margin that may have to be hidden
        "policy": {"places": "economy"},
        # no cells of these were audited
        "formation": {
            "panel": "establishments payroll entries exits",
            "stages": "entry_rate",
        },
    }
)
"""Study to table to columns that were judged and stay at home, in tables that do not."""
