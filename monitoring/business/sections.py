"""What the page of the business shows of stock, value, segments and cohorts. Start reading at `sections`."""

from collections.abc import Iterator

from monitoring.business import retention_sections, segment_sections, value_sections
from monitoring.business.taking_stock import Stocktaking
from monitoring.section import Section


def sections(found: Stocktaking | None) -> Iterator[Section]:
    """In the order of the page; nothing where the log could not be read."""
    if found is not None:
        yield from retention_sections.sections(found)
        yield from value_sections.sections(found)
        yield from segment_sections.sections(found)
