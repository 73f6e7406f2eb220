"""Why an action is recommended, or none, in numbers that people can follow; English and Chinese.

Every sentence is of what is expected: nobody is promised that an action works. Start reading at `best_words`.
"""

from campaigns.catalogue.eligible import WHY, Known
from campaigns.catalogue.offers import Offers
from campaigns.suppress import WORDS
from churn.action_sections import Action
from churn.settings import Settings

Both = tuple[str, str]  # English, Chinese


def best_words(settings: Settings, known: Known, offers: Offers, row: int, column: int) -> Both:
    """Why this action of this customer: what it is expected to turn, to cost and to earn."""
    en, zh = _money(settings, offers, row, column)
    profit, currency = f"{offers.profit[row, column]:,.2f}", settings.business.currency
    news = _news(offers.actions[column], known, row)
    en = f"expected to earn {profit} {currency} after cost: {en}"
    zh = f"预计净收益{profit} {currency}：{zh}"
    return (f"{news[0]}; {en}", f"{news[1]}；{zh}") if news else (en, zh)


def dear_words(settings: Settings, offers: Offers, row: int, column: int) -> Both:
    """Why nothing is worth it: the best that is for them costs more than it brings."""
    action, (en, zh) = offers.actions[column], _money(settings, offers, row, column)
    loss, currency = f"{-float(offers.profit[row, column]):,.2f}", settings.business.currency
    return (
        f"nothing earns its cost; the nearest, {action.en!r}, would lose {loss} {currency}: {en}",
        f"没有行动能收回成本；最接近的“{action.zh}”预计亏损{loss} {currency}：{zh}",
    )


def refused_words(code: str) -> Both:
    """Why nothing is for them: what stands first in the way."""
    if code not in WHY:
        return "no action of the catalogue is chosen by a score", "目录中没有由评分选择的行动"
    en, zh = WHY[code]
    return (en, zh) if code in WORDS else (f"no action is for them: {en}", f"没有适合该客户的行动：{zh}")


def waiting_words() -> Both:
    """Why a complaint comes first."""
    return "a complaint of theirs waits for an answer: that comes first", "客户有未解决的投诉，应优先处理"


def _money(settings: Settings, offers: Offers, row: int, column: int) -> Both:
    turned, value, cost = (float(table[row, column]) for table in (offers.turned, offers.value, offers.cost))
    lost, currency = float(offers.turnable[row]), settings.business.currency
    en = f"{lost:.0%} would be lost without it, it turns {turned:.1%}, worth {value:,.2f} {currency} each"
    zh = f"不采取行动流失概率{lost:.0%}，预计挽回{turned:.1%}，每位价值{value:,.2f} {currency}"
    if offers.actions[column].code in offers.measured:
        en, zh = f"{en} (measured)", f"{zh}（实测）"
    return f"{en}; cost {cost:,.2f}", f"{zh}；成本{cost:,.2f}"


def _news(action: Action, known: Known, row: int) -> Both | None:
    if action.kind != "product_news" or known.news_en is None or known.news_zh is None:
        return None
    return known.news_en[row], known.news_zh[row]
