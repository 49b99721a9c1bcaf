"""Where the labels of points go, so that they cover neither each other nor a point.

Pure geometry: boxes and lines in one unit of length, typographic points (1/72 inch) by intention.
"""

from collections.abc import Sequence

import numpy as np

from word2vec.checks import FloatArray

MARKER_RADIUS = 3.0
PADDING = np.array([2.5, 1.0])  # beside a label and above it: two side by side are two words
DIRECTIONS = 48
GAPS = np.geomspace(4.0, 200.0, 16)  # between a point and its label
CROWD_RADIUS = 30.0
# How much farther from its point a label would rather be than: have a leader line run through a
# label or a point; have two such lines cross; be read as the label of another point close by.
STRIKE, CROSSING, AMBIGUOUS = 100.0, 30.0, 8.0
# The same for overlapping, in each sweep over the labels: cheap at first, so that labels can still
# get past each other, and in the end dearer than anything.
OVERLAP = (10.0, 30.0, 100.0, 1e4, 1e4, 1e4)


def place_labels(
    anchors: FloatArray, sizes: FloatArray, bounds: FloatArray, taken: Sequence[FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Where labels cover neither each other nor a point, each as near its point as can be.

    One label after the other takes the cheapest position around its point, given where the others
    are; in several sweeps, for what was best may no longer be.

    Parameters
    ----------
    anchors, sizes : arrays of shape (n, 2)
        Points, and width and height of their labels.
    bounds : array of shape (2, 2)
        Lower left and upper right corner of the room there is.
    taken : list of arrays of shape (2, 2)
        Boxes to keep clear of, given as `bounds` is.

    Returns
    -------
    centers, ends : arrays of shape (n, 2)
        Centers of the labels, and where a leader line from the point meets the label.
    """
    n = len(anchors)
    angles = np.arange(DIRECTIONS) * 2 * np.pi / DIRECTIONS
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    # On the square, not the circle: the edge of a label, not its middle, is at the wanted distance.
    directions /= np.abs(directions).max(axis=1, keepdims=True)

    centers, ends = anchors.copy(), anchors.copy()
    markers = np.stack([anchors - MARKER_RADIUS, anchors + MARKER_RADIUS], axis=1)
    unplaced = np.full((n, 2, 2), np.nan)  # a box of NaN meets nothing
    boxes = np.concatenate([unplaced, markers, np.reshape(taken, (-1, 2, 2))])

    distances = np.linalg.norm(anchors[:, None] - anchors, axis=2)
    crowd = np.exp(-distances / CROWD_RADIUS).sum(axis=1)
    order = np.argsort(-crowd, kind="stable")  # in a crowd there is the least choice
    for overlap_cost in OVERLAP:
        for i in order:
            boxes[i] = np.nan
            lines = np.delete(np.stack([anchors, ends], axis=1), i, axis=0)
            lowest = np.inf
            for gap in GAPS:
                if gap >= lowest:
                    break  # no cost is below the distance
                center = anchors[i] + directions * (sizes[i] / 2 + gap)
                box = np.stack([center - sizes[i] / 2, center + sizes[i] / 2], axis=1)
                end = np.clip(anchors[i], box[:, 0], box[:, 1])
                cost = np.linalg.norm(end - anchors[i], axis=1)
                cost += overlap_cost * _count_overlaps(box, boxes, bounds)
                hopeful = cost < lowest  # most are not, and lines take the most time
                cost[hopeful] += _line_cost(anchors[i], end[hopeful], box[hopeful], lines, boxes)
                best = cost.argmin()
                if cost[best] < lowest:
                    lowest = cost[best]
                    centers[i], ends[i], chosen = center[best], end[best], box[best]
            boxes[i] = chosen
    return centers, ends


def _count_overlaps(box, boxes, bounds):
    """How many of `boxes` each candidate `box` (m, 2, 2) overlaps, and one for leaving `bounds`."""
    low, high = box[:, None, 0], box[:, None, 1]
    overlaps = ((low < boxes[:, 1]) & (high > boxes[:, 0])).all(axis=2).sum(axis=1)
    return overlaps + ((box[:, 0] < bounds[0]) | (box[:, 1] > bounds[1])).any(axis=1)


def _line_cost(anchor, end, box, lines, boxes):
    """Cost of each candidate `box` (m, 2, 2) for its leader line, from anchor (2,) to end (m, 2).

    Around it are the `lines` of the other labels, from their points to the labels, and `boxes`.
    """
    low, high = box[:, None, 0], box[:, None, 1]
    # No line can avoid a box that its own point is in.
    avoidable = boxes[((anchor < boxes[:, 0]) | (anchor > boxes[:, 1])).any(axis=1)]
    strikes = _line_meets_box(anchor, end[:, None], avoidable[:, 0], avoidable[:, 1]).sum(axis=1)
    strikes += _line_meets_box(lines[:, 0], lines[:, 1], low, high).sum(axis=1)
    crossings = _lines_cross(anchor, end[:, None], lines[:, 0], lines[:, 1]).sum(axis=1)
    length = np.linalg.norm(end - anchor, axis=1)
    distances = np.linalg.norm(np.clip(lines[:, 0], low, high) - lines[:, 0], axis=2)
    ambiguous = (distances < 1.5 * length[:, None]).any(axis=1)
    return STRIKE * strikes + CROSSING * crossings + AMBIGUOUS * ambiguous


def _line_meets_box(start, end, low, high):
    """Whether the line from start to end passes through the box from low to high; all broadcast."""
    step = np.where(end == start, 1e-9, end - start)
    first, second = (low - start) / step, (high - start) / step
    enters = np.minimum(first, second).max(axis=-1)
    leaves = np.maximum(first, second).min(axis=-1)
    return np.maximum(enters, 0) < np.minimum(leaves, 1)


def _lines_cross(a, b, c, d):
    """Whether the lines from a to b and from c to d cross; all broadcast."""

    def side(p, q, r):  # of the line through p and q on which r lies: the sign of a cross product
        x, y = q - p, r - p
        return x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0]

    return (side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)
