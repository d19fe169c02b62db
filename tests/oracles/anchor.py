"""Times OR-Tools' minimum-cost flow on networks that the benchmark has written.

usage: anchor.py RUNS FILE...

A file holds little-endian 64-bit integers: nodes, arcs, lots; then tails, heads, capacities, costs. Node 0 ships
all lots to node 1. Prints one JSON line for all files together: the time of solving alone, without reading
or building, and the welfare, which is minus the cost.
"""

import json
import sys
import time

import numpy
from ortools.graph.python import min_cost_flow


def solve(numbers):
    _, arcs, lots = numbers[:3]
    tails, heads, capacities, costs = numbers[3:].reshape(4, arcs)
    flow = min_cost_flow.SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(
        tails.astype(numpy.int32), heads.astype(numpy.int32), capacities, costs
    )
    flow.set_nodes_supplies(numpy.array([0, 1], dtype=numpy.int32), numpy.array([lots, -lots]))
    start = time.perf_counter()
    status = flow.solve()
    took = time.perf_counter() - start
    assert status == flow.OPTIMAL, status
    return took, -flow.optimal_cost()


def main():
    runs, files = int(sys.argv[1]), sys.argv[2:]
    networks = [numpy.fromfile(file, dtype="<i8") for file in files]
    times, welfare = [], 0
    for _ in range(runs):
        results = [solve(numbers) for numbers in networks]
        times.append(1000 * sum(took for took, _ in results))
        welfare = sum(value for _, value in results)
    times.sort()
    line = {"median_ms": round(times[len(times) // 2], 1), "max_ms": round(times[-1], 1), "welfare": str(welfare)}
    print(json.dumps(line))


main()
