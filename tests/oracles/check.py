"""Compares clearings with those of other solvers.

usage: check.py FILE

Each line of the file is an object with a `name`, a `book` and the `report` that was made of it, both as in docs/book-format.md.
Prints what differs, then one line with how many books were compared; fails if anything differs.
"""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import solvers
from market import Book

# up to here a sum is exact in a floating-point number, and solvers that compute with those can be compared
EXACT = 2**50


def fills(book, report):
    """Whether the fills may be, order by order, and what they are worth."""
    worth, sold, bought = 0, Counter(), Counter()
    for fill in report["fills"]:
        offer, demand = book.by_offer[fill["offer"]], book.by_demand[fill["demand"]]
        c, lots = book.costs[offer["class"], demand["vector"]], fill["lots"]
        paid = int(fill["price"])
        assert int(fill["cost"]) == c, ("cost", fill)
        assert int(offer["ask"]) <= paid and paid + c <= int(demand["limit"]), ("price", fill)
        sold[offer["id"]] += lots
        bought[demand["id"]] += lots
        if demand["id"] not in book.whole:
            worth += lots * (int(demand["limit"]) - int(offer["ask"]) - c)
    assert all(lots <= book.by_offer[i]["lots"] for i, lots in sold.items()), "oversold"
    for i, lots in bought.items():
        asked = book.by_demand[i]["lots"]
        assert lots == asked if i in book.whole else lots <= asked, ("overfilled", i)
    return worth


def dual(book, prices):
    """D of MECHANISMS 2 at the prices charged."""
    total = sum(o["lots"] * max(0, prices[o["class"]] - int(o["ask"])) for o in book.offers)
    for demand in book.demands:
        serving = ((slot, book.costs.get((slot, demand["vector"]))) for slot in book.offered)
        least = min((prices[slot] + c for slot, c in serving if c is not None), default=None)
        if least is not None:
            total += demand["lots"] * max(0, int(demand["limit"]) - least)
    return total


def check(line, ortools):
    book, report = Book(line["book"]), line["report"]
    welfare = int(report["welfare"])
    prices = {c["slot"]: c for c in report["classes"]}
    assert sorted(prices) == book.offered, "a price for every class with offers and for no other"
    charged = {slot: int(c["price"]) for slot, c in prices.items()}
    found = {
        "the fills": fills(book, report),
        "dual at the prices charged": dual(book, charged),
        "dual_bound": int(report["dual_bound"]),
        "NetworkX": solvers.by_networkx(book),
    }
    largest = max([int(o["ask"]) for o in book.offers] + [int(d["limit"]) for d in book.demands], default=0)
    if ortools is not None:
        found["OR-Tools"] = ortools
    if welfare < EXACT and largest < EXACT:
        found["SciPy"] = solvers.by_scipy(book)
    for solver, value in found.items():
        assert value == welfare, f"welfare is {welfare}, by {solver} {value}"
    if "SciPy" in found and book.offered and largest < 10**6:
        for name, sense in (("low", 1), ("high", -1)):
            lp = solvers.extreme_prices(book, welfare, sense)
            ours = {slot: int(c[name]) for slot, c in prices.items()}
            assert lp == ours, f"{name} prices are {ours}, by HiGHS {lp}"
            found[name] = True
    return found


def main():
    compared, differ = Counter(), 0
    command = [sys.executable, Path(__file__).with_name("by_ortools.py"), sys.argv[1]]
    ortools = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    with open(sys.argv[1], encoding="utf-8") as file:
        for text, flow in zip(file, ortools, strict=True):
            line = json.loads(text)
            try:
                compared.update(check(line, flow).keys())
            except AssertionError as difference:
                differ += 1
                print(f"{line['name']}: {difference}\n{text}", file=sys.stderr)
    print(json.dumps({"differ": differ, "compared": dict(compared)}))
    sys.exit(differ > 0)


main()
