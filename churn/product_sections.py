"""`[products]` of churn.toml: where it stands which product became new or better when.

News of products is for those alone who have some: something new or improved in what they buy since they were here last.
Reads nothing. Start reading at `Products`.
"""

from pydantic import Field

from churn.definition import Section


class Products(Section):
    """`[products]`: a dated table of products; docs/actions.md."""

    path: str | None = Field(default=None, description="CSV or Parquet, one row a product and change; unset: no news")
    product_id: str = Field(default="product_id", description="its column of the product")
    category: str = Field(default="category", description="its column of the category, named as in the event log")
    changed_at: str = Field(default="changed_at", description="its column of since when it is new or better")
    what: str | None = Field(default=None, description="its column of `new` or `improved`; unset: all are new")
    name: str | None = Field(default=None, description="its column of what people call it; unset: product_id")
    known_at: str | None = Field(default=None, description="its column of when we knew; unset: since it changed")
