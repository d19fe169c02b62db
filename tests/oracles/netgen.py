"""Writes the NETGEN problems 1 to 15 (Klingman, Napier, Stutz 1974) with seed 13502460, as DIMACS files.

usage: netgen.py FOLDER

Problems 1 to 5 are transportation problems of 100 x 100, 6 to 10 of 150 x 150, 11 to 15 assignments of 200 x 200.
"""

import sys
from pathlib import Path

import pynetgen

ARCS = [1300, 1500, 2000, 2200, 2900, 3150, 4500, 5155, 6075, 6300, 1500, 2250, 3000, 3750, 4500]


def main():
    folder = Path(sys.argv[1])
    for at, arcs in enumerate(ARCS):
        side = (100, 150, 200)[at // 5]
        supply = (100_000, 150_000, 200)[at // 5]
        pynetgen.netgen_generate(
            fname=str(folder / f"{at + 1}.min"),
            seed=13502460, nodes=2 * side, sources=side, sinks=side, density=arcs, mincost=1, maxcost=100,
            supply=supply, tsources=0, tsinks=0, hicost=0, capacitated=0, mincap=0, maxcap=0, rng=0, type=0,
        )


main()
