"""When we ask: where in the local year the cutoff lies, so that a quiet season is not taken for silence."""

from features.catalogue.present import Present
from features.feature import Feature
from features.feature_set import grouped
from features.formula import Season


def features(_log: Present) -> list[Feature]:
    """Sine and cosine of the day of the year."""
    return grouped(
        "season",
        *(
            Feature(f"season_{part}", f"time of the year ({part})", f"一年中的时节（{zh}）", "ratio", Season(part))
            for part, zh in (("sine", "正弦"), ("cosine", "余弦"))
        ),
    )
