"""The figures of a measured run, as `security.json` has them. Intervals and verdicts are the report's business."""

import bisect

POINTS_MAX = 200


def recall(id_, group, name, hits, **more):
    """A share that should be high. `hits` is a list of booleans, or the count of the good ones and of all."""
    return _share(id_, group, name, hits, better="higher", **more)


def lower_is_better(id_, group, name, hits, **more):
    """A share that should be low."""
    return _share(id_, group, name, hits, better="lower", **more)


def _share(id_, group, name, hits, **more):
    good, count = hits if isinstance(hits, tuple) else (sum(hits), len(hits))
    return {"id": id_, "group": group, "name": name, "hits": good, "count": count, **more}


def value(id_, group, name, number, unit):
    """A number that depends on the machine: told, not held to a baseline."""
    return {"id": id_, "group": group, "name": name, "value": number, "unit": unit}


def roc_of(attacks, harmless, threshold):
    """The curve of false and true positives over all thresholds, the area under it, and where the default lies."""
    attacks, harmless = sorted(attacks), sorted(harmless)

    def at(limit):
        return [
            1 - bisect.bisect_left(harmless, limit) / len(harmless),
            1 - bisect.bisect_left(attacks, limit) / len(attacks),
        ]

    limits = sorted({*attacks, *harmless}, reverse=True)
    step = max(1, len(limits) // POINTS_MAX)
    points = [[0.0, 0.0], *(at(limit) for limit in limits[::step]), [1.0, 1.0]]
    below = sum(bisect.bisect_left(harmless, each) + bisect.bisect_right(harmless, each) for each in attacks)
    return {
        "points": points,
        "auc": below / (2 * len(attacks) * len(harmless)),
        "attacks": len(attacks),
        "harmless": len(harmless),
        "threshold": threshold,
        "at_threshold": at(threshold),
    }
