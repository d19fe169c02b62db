"""A book of docs/book-format.md, read from that page alone: what may trade with what, and at what cost."""


def cost(market, cls, vector):
    """Base units a lot of a class costs a buyer beyond its price; None when it may not serve."""
    tiers = ("latency", "throughput", "accuracy", "reliability")
    if any(cls[tier] < vector[tier] for tier in tiers):
        return None
    if vector["tags"] & ~cls["tags"] or vector["attested"] and not cls["attested"]:
        return None
    ms = market["latency_ms"][cls["cell"]][vector["cell"]]
    if ms is None:
        return None
    tick = int(market["tick_size"])
    lost = 10_000 - market["reliability_bps"][cls["reliability"]]
    return vector["rho"] * tick * lost // 10_000 + vector["lambda"] * tick * ms // 1_000 + int(market["fee_per_lot"])


def dominates(a, b):
    """Whether a lot of class a serves every buyer that one of class b serves, at no higher cost."""
    tiers = ("latency", "throughput", "accuracy", "reliability")
    return (
        a["cell"] == b["cell"]
        and all(a[tier] >= b[tier] for tier in tiers)
        and a["tags"] & b["tags"] == b["tags"]
        and a["attested"] >= b["attested"]
    )


class Book:
    """The divisible part of a book, order by order."""

    def __init__(self, file):
        market = file["market"]
        self.classes = {c["slot"]: c for c in file["classes"]}
        self.offers = [o for o in file["offers"] if o["lots"] > 0]
        demands = [d for d in file["demands"] if d["lots"] > 0]
        whole = [d for d in demands if d.get("all_or_nothing") and d["lots"] > 1]
        self.whole = {d["id"] for d in whole}
        self.demands = [d for d in demands if d["id"] not in self.whole]
        self.by_demand = {d["id"]: d for d in demands}
        self.by_offer = {o["id"]: o for o in self.offers}
        self.vectors = file["vectors"]
        self.market = market
        self.offered = sorted({o["class"] for o in self.offers})
        self.costs = {
            (slot, v): c
            for slot, cls in self.classes.items()
            for v, vector in enumerate(self.vectors)
            if (c := cost(market, cls, vector)) is not None
        }

    def pairs(self):
        """Every (offer, demand, worth of a lot) that may trade, by place."""
        for i, offer in enumerate(self.offers):
            for j, demand in enumerate(self.demands):
                c = self.costs.get((offer["class"], demand["vector"]))
                if c is not None:
                    yield i, j, int(demand["limit"]) - int(offer["ask"]) - c
