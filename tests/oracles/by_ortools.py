"""The largest welfare of books, by OR-Tools.

usage: by_ortools.py FILE

The file is that of check.py. Prints a JSON list with a welfare a line, null where 64-bit integers do not suffice.
"""

import json
import sys

from ortools.graph.python import min_cost_flow

from market import Book


def by_ortools(book):
    """Minimum-cost flow, every order a node. Exact in 64-bit integers."""
    offers, demands = len(book.offers), len(book.demands)
    source, sink, shipped = offers + demands, offers + demands + 1, sum(o["lots"] for o in book.offers)
    flow = min_cost_flow.SimpleMinCostFlow()
    for i, offer in enumerate(book.offers):
        flow.add_arc_with_capacity_and_unit_cost(source, i, offer["lots"], 0)
    for i, j, worth in book.pairs():
        flow.add_arc_with_capacity_and_unit_cost(i, offers + j, book.offers[i]["lots"], -worth)
    for j, demand in enumerate(book.demands):
        flow.add_arc_with_capacity_and_unit_cost(offers + j, sink, demand["lots"], 0)
    flow.add_arc_with_capacity_and_unit_cost(source, sink, shipped, 0)
    flow.set_node_supply(source, shipped)
    flow.set_node_supply(sink, -shipped)
    status = flow.solve()
    assert status == flow.OPTIMAL, status
    return -flow.optimal_cost()


def fits(book):
    """Whether costs, which OR-Tools scales by the number of nodes, stay in 64 bits."""
    prices = [int(o["ask"]) for o in book.offers] + [int(d["limit"]) for d in book.demands]
    return max(prices, default=0) * (len(prices) + 2) < 2**58


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        books = [Book(json.loads(text)["book"]) for text in file]
    print(json.dumps([by_ortools(book) if fits(book) else None for book in books]))


main()
