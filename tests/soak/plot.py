"""Lines over time as an SVG: one panel a quantity, two panels side by side."""

import math
from typing import NamedTuple, Tuple
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 620, 250, 70, 20, 46, 44
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")   # told apart by those who see fewer colours too
POINTS = 700                                             # of a line; more would not be seen


class Panel(NamedTuple):
    title: str
    unit: str
    columns: Tuple[str, ...]


PANELS = (
    Panel("Memory the roles made (anonymous)", "KiB", ("collect.anon", "ship.anon")),
    Panel("Memory of center and SOC (anonymous)", "KiB", ("nginx.anon", "follow.anon")),
    Panel("Resident memory of the roles", "KiB", ("collect.rss", "ship.rss")),
    Panel("Private memory of the roles (USS)", "KiB", ("collect.uss", "ship.uss")),
    Panel("Open files", "descriptors", ("collect.fds", "ship.fds", "nginx.fds", "follow.fds")),
    Panel("Threads", "threads", ("collect.threads", "ship.threads", "nginx.threads", "follow.threads")),
    Panel("CPU of the roles", "ms a second", ("collect.cpu", "ship.cpu")),
    Panel("CPU of center and SOC", "ms a second", ("nginx.cpu", "follow.cpu")),
    Panel("State of the agent on disk", "KiB", ("disk.state", "disk.journal")),
    Panel("What waits in the outbox", "KiB", ("disk.outbox",)),
    Panel("Batches and marks that wait", "files", ("disk.waiting", "disk.marks")),
    Panel("What the SOC and the center keep: grows with the events", "KiB",
          ("disk.lake", "disk.index", "disk.center")),
)


def step_of(most, about=5):
    """A round step, so that `about` of them reach `most`."""
    raw = max(most, 1e-9) / about
    power = 10 ** math.floor(math.log10(raw))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= raw)


def text(x, y, what, anchor="start", more=""):
    return '<text x="%.1f" y="%.1f" text-anchor="%s" %s>%s</text>' % (x, y, anchor, more, escape(what))


def line(x1, y1, x2, y2, color):
    return '<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>' % (x1, y1, x2, y2, color)


class Axes:
    """From values to places inside a panel."""

    def __init__(self, most_x, most_y):
        self.step_x, self.step_y = step_of(most_x, 6), step_of(most_y)
        self.most_x = max(most_x, 1e-9)
        self.most_y = self.step_y * max(1, math.ceil(most_y / self.step_y))

    def x(self, value):
        return LEFT + (WIDTH - LEFT - RIGHT) * value / self.most_x

    def y(self, value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.most_y

    def drawn(self, unit_x, unit_y):
        out = []
        for i in range(int(self.most_y / self.step_y + 0.5) + 1):
            y = self.y(i * self.step_y)
            out += [line(LEFT, y, WIDTH - RIGHT, y, "#e4e4e4"),
                    text(LEFT - 6, y + 4, "%g" % (i * self.step_y), "end")]
        for i in range(int(self.most_x / self.step_x + 1e-6) + 1):
            x = self.x(i * self.step_x)
            out += [line(x, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 4, "#444"),
                    text(x, HEIGHT - BOTTOM + 16, "%g" % (i * self.step_x), "middle")]
        out += [line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "#444"),
                text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, unit_x, "middle"),
                text(14, (TOP + HEIGHT - BOTTOM) / 2, unit_y, "middle",
                     'transform="rotate(-90 14 %g)"' % ((TOP + HEIGHT - BOTTOM) / 2))]
        return out


def panel(what, samples, scale, unit):
    lines = [(name, [(x / scale, y) for x, y in samples.column(name)]) for name in what.columns]
    axes = Axes(max([x for _, points in lines for x, _ in points], default=1),
                max([y for _, points in lines for _, y in points], default=1))
    out = [text(LEFT, 18, what.title, more='font-weight="bold"')] + axes.drawn("time in %s" % unit, what.unit)
    at = LEFT
    for color, (name, points) in zip(COLORS, lines):
        step = max(1, len(points) // POINTS)
        out.append('<polyline fill="none" stroke="%s" stroke-width="1.3" points="%s"/>' % (
            color, " ".join("%.1f,%.1f" % (axes.x(x), axes.y(y)) for x, y in points[::step])))
        label = name.rpartition(".")[2] if name.startswith("disk.") else name.partition(".")[0]
        out += ['<rect x="%g" y="27" width="14" height="4" fill="%s"/>' % (at, color), text(at + 18, 33, label)]
        at += 34 + 7 * len(label)
    return out


def draw(samples, path, title):
    seconds = samples.rows[-1]["s"] if samples.rows else 0
    scale, unit = (3600, "hours") if seconds > 5400 else (60, "minutes") if seconds > 300 else (1, "seconds")
    rows = -(-len(PANELS) // 2)
    size = (2 * WIDTH, rows * HEIGHT + 40)
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d"' % (size + size)
           + ' font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>',
           text(LEFT, 26, title, more='font-size="17" font-weight="bold"')]
    for i, what in enumerate(PANELS):
        out.append('<g transform="translate(%d %d)">' % (i % 2 * WIDTH, i // 2 * HEIGHT + 40))
        out += panel(what, samples, scale, unit) + ["</g>"]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out + ["</svg>", ""]))
