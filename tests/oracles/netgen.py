"""NETGEN (Klingman, Napier, Stutz, Management Science 20, 1974): the standard problems 1 to 15, seed 13502460.

usage: netgen.py FOLDER

Writes 1.txt to 15.txt (first line: nodes and arcs; n: node, supply; a: from, to, capacity, cost): transportation problems of 100 x 100 (1 to 5) and 150 x 150 (6 to 10), and
assignment problems of 200 x 200 (11 to 15). Every source ships, every sink receives, nothing has a capacity.
"""

import sys
from pathlib import Path

ARCS = [1300, 1500, 2000, 2200, 2900, 3150, 4500, 5155, 6075, 6300, 1500, 2250, 3000, 3750, 4500]
MIN_COST, MAX_COST = 1, 100


class Choices:
    """Nodes to draw from without repetition. `drawn_from` also counts what was struck out before it was there to draw."""

    def __init__(self, first, last):
        self.left = list(range(first, last + 1))
        self.drawn_from = len(self.left)

    def choose(self, place):
        if not 1 <= place <= len(self.left):
            return 0
        self.drawn_from -= 1
        return self.left.pop(place - 1)

    def strike(self, node):
        self.drawn_from -= 1
        if node in self.left:
            self.left.remove(node)


class Netgen:
    """One bipartite problem."""

    def __init__(self, side, arcs, supply):
        self.seed = 13502460
        self.side, self.nodes, self.density, self.supply = side, 2 * side, arcs, supply
        self.balance = [0] * self.nodes
        self.nodes_left = self.nodes - side
        self.arcs = []
        self.assignment() if supply == side else self.transportation()

    def random(self, low, high):
        """Lehmer's generator with multiplier 7^5 (Park and Miller 1988)."""
        self.seed = self.seed * 16807 % (2**31 - 1)
        return high if high <= low else self.seed % (high - low + 1) + low

    def ship(self):
        each = self.supply // self.side
        for source in range(self.side):
            part = self.random(1, each)
            self.balance[source] += part
            self.balance[self.random(0, self.side - 1)] += each - part
        self.balance[self.random(0, self.side - 1)] += self.supply % self.side

    def transportation(self):
        self.ship()
        for source in range(1, self.side + 1):
            for_source = self.sinks_of(source)
            choices = Choices(self.side + 1, self.nodes)
            choices.strike(source)
            for sink in for_source:
                choices.strike(sink + 1)
                self.random(1, 100)
                self.random(1, 100)
                self.arcs.append((source, sink + 1, self.random(MIN_COST, MAX_COST)))
            self.complete(choices, source)

    def sinks_of(self, source):
        """Draws the sinks a source must reach and shares its supply out among them."""
        count, choices = 2, Choices(self.nodes - self.side, self.nodes - 1)
        sinks = [choices.choose(self.random(1, len(choices.left))) for _ in range(count)]
        if source == self.side:
            sinks += [sink for sink in choices.left if self.balance[sink] == 0]
        each = self.balance[source - 1] // len(sinks)
        for sink in sinks:
            part = self.random(1, each)
            other = sinks[self.random(0, len(sinks) - 1)]
            self.balance[sink] -= part
            self.balance[other] -= each - part
            self.random(1, 0)
        self.balance[sinks[0]] -= self.balance[source - 1] % len(sinks)
        return sinks

    def assignment(self):
        self.balance = [1] * self.side + [-1] * self.side
        skeleton = Choices(self.side + 1, self.nodes)
        for source in range(1, self.side + 1):
            sink = skeleton.choose(self.random(1, len(skeleton.left)))
            self.arcs.append((source, sink, self.random(MIN_COST, MAX_COST)))
            choices = Choices(self.side + 1, self.nodes)
            choices.strike(sink)
            self.complete(choices, source)

    def complete(self, choices, source):
        """Random further arcs of a source."""
        sinks, remaining = self.side, self.density - len(self.arcs)
        self.nodes_left -= 1
        if 2 * self.nodes_left >= remaining:
            return
        if (remaining + sinks - choices.drawn_from - 1) // (self.nodes_left + 1) >= sinks - 1:
            limit = sinks
        else:
            most = 2 * (remaining // (self.nodes_left + 1) - 1)
            while True:
                limit = self.random(1, most)
                if self.nodes_left == 0:
                    limit = remaining
                if self.nodes_left * (sinks - 1) >= remaining - limit:
                    break
        for _ in range(limit):
            sink = choices.choose(self.random(1, choices.drawn_from))
            self.random(1, 100)
            if 1 <= sink <= self.nodes:
                self.arcs.append((source, sink, self.random(MIN_COST, MAX_COST)))

    def text(self):
        lines = [f"{self.nodes} {len(self.arcs)}"]
        lines += [f"n {node} {lots}" for node, lots in enumerate(self.balance, 1) if lots]
        return "\n".join(lines + [f"a {tail} {head} {self.supply} {cost}" for tail, head, cost in self.arcs]) + "\n"


def problems():
    for at, arcs in enumerate(ARCS):
        side, supply = ((100, 100_000), (150, 150_000), (200, 200))[at // 5]
        yield Netgen(side, arcs, supply)


def main():
    for at, problem in enumerate(problems(), 1):
        (Path(sys.argv[1]) / f"{at}.txt").write_text(problem.text(), encoding="ascii")


main()
