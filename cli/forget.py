"""`churn forget`: a customer leaves every store, and does not come back by themselves."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churn.errors import DataError, SettingsError
from cli.console import table
from cli.outcome import Outcome

if TYPE_CHECKING:
    from churn.settings import Settings
    from features.erasure.forgetting import Receipt


class NobodyToForget(SettingsError):
    """`churn forget` was not told whom to forget."""

    def __init__(self) -> None:
        super().__init__(
            "Whom shall I forget?", mend="name customers: `churn forget C000123 C000456`; ids are those of the events."
        )


class NobodyKnown(DataError):
    """Nothing is known of any customer who was to be forgotten."""

    def __init__(self, customer_ids: Sequence[str]) -> None:
        super().__init__(
            f"No store knows {', '.join(customer_ids)}; nothing was changed.",
            mend="check the spelling, leading zeros and spaces too; to keep out somebody who is not here yet say "
            "`--keep-out`.",
        )


def forget(settings: "Settings", customer_ids: Sequence[str], *, keep_out: bool) -> Outcome:
    """Forget customers in every store; keep them out from now on.

    Raises:
        NobodyToForget: nobody was named. NobodyKnown: nothing is known of any of them.
        Busy, StoreUnavailable: something could not be reached; ask again, what is done stays done.
    """
    from cli.stores import stores
    from features.erasure.forgetting import forget as forget_in

    ids = list(dict.fromkeys(one for one in customer_ids if one.strip()))  # a log may hold an id with spaces
    if not ids:
        raise NobodyToForget
    receipt = forget_in(
        settings.folder, stores(settings), ids, keep_out=keep_out, models=lambda hashes: _models(settings, hashes)
    )
    if set(receipt.unknown) == set(ids) and not keep_out:
        raise NobodyKnown(ids)
    return _told(settings, receipt)


def forget_one(settings: "Settings", customer_id: str, keep_out: bool) -> dict[str, Any]:  # the desk's
    """Forget one customer for the service; the receipt.

    Raises:
        UnknownCustomer: no store knows them, and they are not to be kept out.
    """
    from serving.refusals import UnknownCustomer

    try:
        receipt: dict[str, Any] = forget(settings, [customer_id], keep_out=keep_out).as_json
    except (NobodyKnown, NobodyToForget) as error:
        raise UnknownCustomer from error
    return receipt


def forget_again(settings: "Settings") -> Outcome:
    """Forget once more whoever is on the list of the forgotten: a backup that came back still knows them."""
    from cli.stores import stores
    from features.erasure.forgetting import forget_again as forget_in

    receipt = forget_in(settings.folder, stores(settings), models=lambda hashes: _models(settings, hashes))
    return _told(settings, receipt)


def let_back(settings: "Settings", customer_ids: Sequence[str]) -> Outcome:
    """Let forgotten customers in again, with what their sources say from the next ingest on.

    Raises:
        NobodyToForget: nobody was named.
    """
    from features.erasure.forgetting import let_back as let_back_in

    if not customer_ids:
        raise NobodyToForget
    back = sorted(let_back_in(settings.folder, list(customer_ids)))
    others = sorted(set(customer_ids) - set(back))
    lines = [f"{one} may come in again, with the next `churn ingest`." for one in back]
    lines += [f"{one} was not forgotten." for one in others]
    return Outcome("\n".join(lines), {"let_back": back, "not_forgotten": others})


def _models(settings: "Settings", hashes: set[str]) -> list[dict[str, Any]]:
    """The registered models that learned from snapshots which had to change."""
    from features.registry_place import may_exist

    if not may_exist(settings):
        return []
    from churn.cohort import MODELS
    from training.learned import learned_from
    from training.registry import MlflowRegistry

    return learned_from(MlflowRegistry(settings), [settings.model_name(model) for model in MODELS], hashes)


def _told(settings: "Settings", receipt: "Receipt") -> Outcome:
    from cli.stores import OUT_OF_REACH, OUT_OF_REACH_MODELS

    out_of_reach = [*OUT_OF_REACH, *([OUT_OF_REACH_MODELS] if receipt.content["models"] else [])]
    content = receipt.content | {"out_of_reach": out_of_reach}
    known = sum(one["known"] for one in content["customers"])
    kept_out = sum(one["kept_out"] for one in content["customers"])
    rows = [one for one in content["stores"] if one["rows"] or one["files"]]
    lines = [f"{known} of {len(content['customers'])} customers forgotten; {kept_out} kept out from now on.", ""]
    lines += [f"{one}: no store knew them." for one in receipt.unknown]
    lines += [f"{one}: had been forgotten before." for one in receipt.again]
    lines += [table(rows, ("store", "rows", "files", "bytes_written")) if rows else "No store held a row.", ""]
    lines += [_line(one) for one in content["models"]] or ["No model learned from their rows."]
    lines += ["", "Out of reach:", *(f"  - {one}" for one in out_of_reach)]
    lines += [f"Receipt: {_below(receipt.path, settings)}, request {content['request']}"]
    return Outcome("\n".join(lines), content)


def _line(model: dict[str, Any]) -> str:
    serves = ", which serves" if model["serves"] else ""
    return f"{model['name']} version {model['version']}{serves}: {model['role']} their rows; it stays as it is."


def _below(path: Path, settings: "Settings") -> Path:
    return path.relative_to(settings.folder) if path.is_relative_to(settings.folder) else path
