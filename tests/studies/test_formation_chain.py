"""The chain of a cluster as a tree, by hand."""

import numpy as np

from agglo.studies.formation.chain import _tree


def test_every_link_hangs_on_the_one_it_exchanges_most_with():
    ties = np.array(
        [
            [0.0, 0.2, 0.9, 0.1],
            [0.2, 0.0, 0.8, 0.3],
            [0.9, 0.8, 0.0, 0.4],
            [0.1, 0.3, 0.4, 0.0],
        ]
    )
    # 2 joins the root, then 1 and 3 hang on 2: the maximum spanning tree
    assert _tree(ties) == [(-1, 0.0), (2, 0.8), (0, 0.9), (2, 0.4)]


def test_a_link_without_ties_hangs_on_nothing():
    ties = np.array([[0.0, 0.5, 0.0], [0.5, 0.0, 0.0], [0.0, 0.0, 0.0]])
    assert _tree(ties) == [(-1, 0.0), (0, 0.5), (-1, 0.0)]
