"""The budget of false alarms: how seldom each question may be wrong, so that the whole business is wrong seldom enough.

`[monitoring] false_alarms_per_quarter` is for everything together. It is dealt in equal shares to the questions that
can ring on a quiet week: of each model, has something jumped, has it gone far, do columns still fit together, is its
early sign odd; and does the log arrive as ever. Start reading at `weekly_chance`.
"""

from typing import Final

WEEKS_A_QUARTER: Final = 13
QUESTIONS: Final = 9  # jump, level, joint, early sign of two models; arrivals


def weekly_chance(false_alarms_per_quarter: float) -> float:
    """The chance, in a quiet week, that one question of one model may ring by mistake; in (0, 0.2]."""
    return min(false_alarms_per_quarter / (WEEKS_A_QUARTER * QUESTIONS), 0.2)
