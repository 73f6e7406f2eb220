"""The table of categories to offer, which `campaigns` writes and `serving` reads; its form is that of churn/tables.py.

Reads and writes nothing. Start reading at `CATEGORIES`.
"""

from churn.tables import INSTANT, Column, Table

CATEGORIES = Table(
    "CATEGORIES",
    (
        Column("customer_id", "str", "whom to offer them to"),
        Column("rank", "float64", "1 is offered first"),
        Column("category", "str", "what to offer"),
        Column("because", "str", "own (their orders), look_alikes (orders of customers like them) or popularity"),
        Column("as_of", INSTANT, "by orders known before it"),
        Column("hit_rate", "float64", "share of later buyers whom such offers hit, before; of all", nullable=True),
        Column("popularity_hit_rate", "float64", "the same, had all been offered what is popular", nullable=True),
    ),
    key=("customer_id", "rank"),
)
