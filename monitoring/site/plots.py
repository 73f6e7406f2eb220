"""Pictures for the pages, as inline SVG or a table: no library, no script, both languages, light, dark and on paper.

    line      numbers over time, with a band, limits and marked moments     steps    the same, in steps (survival)
    bars      a bar a row, with its interval                                stacked  parts of a whole over time
    heat      a triangle of cohorts; what is immature is hatched            dots     told against happened
    shares    then and now, a pair of bars a bin                            spark    a figure's way over the runs

Each gives HTML for a section's body; several stand side by side in `<div class="grid">`. What is None has a gap, never
a zero. A text is (English, Chinese), plain; it is escaped here. Start reading at `line`.
"""

from monitoring.site.canvas import Tone
from monitoring.site.lines import Limit, Mark, Series, line, steps
from monitoring.site.pictures import Bar, Cell, bars, dots, heat, shares, stacked
from monitoring.site.sparks import spark

__all__ = [
    "Bar", "Cell", "Limit", "Mark", "Series", "Tone", "bars", "dots", "heat", "line", "shares", "spark", "stacked",
    "steps",
]  # fmt: skip
