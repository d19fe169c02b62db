"""The largest welfare of a book, and its extreme prices, by solvers that are not Caplet's.

OR-Tools is in `by_ortools.py`: it brings a HiGHS of its own, which does not go into one process with highspy.
"""

import highspy
import networkx
import numpy
from scipy.optimize import linprog
from scipy.sparse import coo_array

from market import dominates


def by_networkx(book):
    """Network simplex in Python's integers, which have no limit."""
    graph, shipped = networkx.DiGraph(), sum(o["lots"] for o in book.offers)
    graph.add_node("source", demand=-shipped)
    graph.add_node("sink", demand=shipped)
    graph.add_edge("source", "sink", weight=0)
    for i, offer in enumerate(book.offers):
        graph.add_edge("source", ("offer", i), capacity=offer["lots"], weight=0)
    for i, j, worth in book.pairs():
        graph.add_edge(("offer", i), ("demand", j), weight=-worth)
    for j, demand in enumerate(book.demands):
        graph.add_edge(("demand", j), "sink", capacity=demand["lots"], weight=0)
    return -networkx.network_simplex(graph)[0]


def by_scipy(book):
    """The linear program of MECHANISMS 1 as it stands there. Exact only for sums below 2^53."""
    pairs = list(book.pairs())
    if not pairs:
        return 0
    at = numpy.arange(len(pairs))
    rows = numpy.concatenate([[i for i, _, _ in pairs], [len(book.offers) + j for _, j, _ in pairs]])
    ones = numpy.ones(2 * len(pairs))
    limits = [o["lots"] for o in book.offers] + [d["lots"] for d in book.demands]
    matrix = coo_array((ones, (rows, numpy.concatenate([at, at]))), shape=(len(limits), len(pairs)))
    found = linprog([-worth for _, _, worth in pairs], A_ub=matrix.tocsr(), b_ub=limits, method="highs")
    assert found.status == 0, found.message
    return round(-found.fun)


def extreme_prices(book, welfare, sense):
    """The lowest (sense 1) or highest (-1) prices by class with offers, of all prices that prove the welfare, where no
    better class is cheaper than a lesser one: a linear program over the face of optimal dual solutions.
    """
    lp = highspy.Highs()
    lp.setOptionValue("output_flag", False)
    lp.setOptionValue("primal_feasibility_tolerance", 1e-9)
    lp.setOptionValue("dual_feasibility_tolerance", 1e-9)
    price = {slot: lp.addVariable(lb=0) for slot in book.offered}
    bound = 0
    for offer in book.offers:
        gain = lp.addVariable(lb=0)
        lp.addConstr(gain - price[offer["class"]] >= -int(offer["ask"]))
        bound += offer["lots"] * gain
    for demand in book.demands:
        gain = lp.addVariable(lb=0)
        for slot in book.offered:
            c = book.costs.get((slot, demand["vector"]))
            if c is not None:
                lp.addConstr(gain + price[slot] >= int(demand["limit"]) - c)
        bound += demand["lots"] * gain
    lp.addConstr(bound <= welfare)
    for a in book.offered:
        for b in book.offered:
            if a != b and dominates(book.classes[a], book.classes[b]):
                lp.addConstr(price[a] - price[b] >= 0)
    total = sum(price.values())
    lp.minimize(total) if sense > 0 else lp.maximize(total)
    assert lp.getModelStatus() == highspy.HighsModelStatus.kOptimal, lp.getModelStatus()
    return {slot: round(lp.val(variable)) for slot, variable in price.items()}
