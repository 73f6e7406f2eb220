"""Settings: environment over file over defaults; every fault says how to mend it."""

from datetime import date
from pathlib import Path

import pytest

from churn.calendar import Calendar
from churn.definition import ChurnDefinition, OwnCadence, Silence, Subscription
from churn.errors import SettingsError
from churn.settings import Settings, expand, load


def _write(folder: Path, text: str) -> Path:
    path = folder / "churn.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _fault(path: Path, environ: dict[str, str] | None = None) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load(path, environ or {})
    assert caught.value.exit_code == 12
    return caught.value


def test_defaults_need_no_line(tmp_path: Path) -> None:
    settings = load(_write(tmp_path, ""), {})
    assert settings == Settings(root=tmp_path)
    assert settings.definition.lapse == Silence(days=90)
    assert settings.folder == tmp_path / "artifacts" / "demo"
    assert settings.registry_uri == f"sqlite:///{tmp_path}/artifacts/demo/mlflow.db"
    assert settings.model_name("churn") == "churn-demo"


def test_the_file_of_the_main_issue(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        """
        artifacts = "out"
        [business]
        name = "Zhang's teas"
        slug = "teas"
        timezone = "Asia/Shanghai"
        currency = "CNY"
        language = "zh"
        [definition]
        qualifying = ["order where amount > 0 and channel != 'sample'"]
        eligible = "did not complaint within 14 days"
        horizon_days = 60
        lapse = { rule = "own_cadence", times = 3.0, min_days = 30, max_days = 365 }
        observed_until = "1998-04-01"
        [[source]]
        path = "orders.csv.gz"
        customer_id = "customer_id"
        event_type = "'order'"
        event_timestamp = "date"
        timezone = "Europe/London"
        """,
    )
    settings = load(path, {})
    assert settings.definition.lapse == OwnCadence(times=3.0, min_days=30, max_days=365)
    assert settings.definition.observed_until == date(1998, 4, 1)
    assert settings.source[0].event_type == "'order'"
    assert settings.lifecycle.calendar == Calendar("Asia/Shanghai")
    assert settings.folder == tmp_path / "out" / "teas"


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    path = _write(tmp_path, "[definition]\nhorizon_days = 60\n[business]\nname = 'x'\n")
    environ = {
        "CHURN_DEFINITION__HORIZON_DAYS": "30",
        "CHURN_DEFINITION__LAPSE": '{rule = "subscription", grace_days = 3}',
        "CHURN_BUSINESS__NAME": "Anna's",
        "CHURN_ARTIFACTS": "elsewhere",
        "CHURN_DATA": "not a section",
        "CHURN_TEST_POSTGRES_URL": "nor this",
        "HOME": "nor this",
    }
    settings = load(path, environ)
    assert settings.definition.horizon_days == 30
    assert settings.definition.lapse == Subscription(grace_days=3)
    assert (settings.business.name, settings.artifacts) == ("Anna's", Path("elsewhere"))
    nested = load(path, {"CHURN_DEFINITION__LAPSE__RULE": "silence", "CHURN_DEFINITION__LAPSE__DAYS": "44"})
    assert nested.definition.lapse == Silence(days=44)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (
            "[definition]\nhorizn_days = 3",
            "horizn_days: there is no such setting; did you mean 'horizon_days'?",
        ),
        ("[defintion]\nhorizon_days = 3", "defintion: there is no such setting; did you mean 'definition'?"),
        ("[business]\nzzz = 3", "business.zzz: there is no such setting"),
        ("[[source]]\ncustomer_id='a'\nevent_timestamp='b'\nchanel='c'", "did you mean 'channel'?"),
        ("[definition]\nhorizon_days = 0", "definition.horizon_days: Input should be greater than or equal to 1"),
        ("[definition]\nlapse = { rule = 'sillence' }", "definition.lapse: Input tag 'sillence'"),
        (
            "[definition]\nlapse = { rule = 'own_cadence', min_days = 9, max_days = 3 }",
            "min_days (9) is more than max_days (3); swap them",
        ),
        ("[definition]\nqualifying = ['order where amuont > 0']", "did you mean amount?"),
        ("[definition]\neligible = 'amount > 0'", "`eligible` speaks of customers"),
        ("[definition]\nqualifying = []", "definition.qualifying"),
        ("[business]\nslug = 'Has Spaces'", "business.slug"),
    ],
)
def test_faults_of_the_file_name_their_place(tmp_path: Path, toml: str, said: str) -> None:
    fault = _fault(_write(tmp_path, toml))
    assert said in fault.problem
    assert "Value error" not in fault.problem
    assert "`churn settings` prints every setting" in fault.mend


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    fault = _fault(_write(tmp_path, "[definition]\nhorizn_days = 3\ngap_days = -1\n[business]\ncurrency = 'euro'"))
    assert [name in fault.problem for name in ("horizn_days", "gap_days", "currency")] == [True] * 3


@pytest.mark.parametrize(
    ("variable", "mend"),
    [
        ("CHURN_DEFINITION__HORIZN_DAYS", "did you mean CHURN_DEFINITION__HORIZON_DAYS?"),
        ("CHURN_ARTEFACTS", "did you mean CHURN_ARTIFACTS?"),
        ("CHURN_XYZZY__PLUGH", "see `churn settings` for the names"),
    ],
)
def test_a_misspelt_variable_is_an_error(tmp_path: Path, variable: str, mend: str) -> None:
    fault = _fault(_write(tmp_path, ""), {variable: "1"})
    assert variable in fault.problem
    assert mend in fault.mend


def test_a_bad_zone(tmp_path: Path) -> None:
    fault = _fault(_write(tmp_path, "[business]\ntimezone = 'Asia/Shanghia'"))
    assert "Asia/Shanghia" in fault.problem
    assert "IANA name such as `Asia/Shanghai`" in fault.mend


def test_a_missing_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        assert "`-c FILE`" in _fault(path).mend


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    assert "correct that line" in _fault(_write(tmp_path, "[definition\n")).mend
    path = tmp_path / "latin.toml"
    path.write_bytes(b"name = '\xe9'")
    assert "correct that line" in _fault(path).mend


def test_variables_in_paths() -> None:
    assert expand("${A}/x/${B}", {"A": "1", "B": "2"}) == "1/x/2"
    assert expand("plain", {}) == "plain"
    with pytest.raises(SettingsError) as caught:
        expand("${CHURN_DATA}/x", {})
    assert "export CHURN_DATA=" in caught.value.mend


def test_the_id_of_a_definition_is_its_meaning() -> None:
    plain = ChurnDefinition()
    assert plain.id == ChurnDefinition(observed_until=date(2024, 1, 1)).id
    assert plain.id != ChurnDefinition(gap_days=1).id
    assert plain.id.startswith("def-")


@pytest.mark.parametrize(
    ("url", "uri"),
    [
        ("postgresql://churn@db/mlflow", "postgresql+psycopg://churn@db/mlflow"),
        ("postgres://churn:s@db/mlflow", "postgresql+psycopg://churn:s@db/mlflow"),
        ("postgresql+psycopg://db/mlflow", "postgresql+psycopg://db/mlflow"),
        ("sqlite:////srv/all.db", "sqlite:////srv/all.db"),
    ],
)
def test_the_registry_says_which_driver(url: str, uri: str, tmp_path: Path) -> None:
    path = _write(tmp_path, f'[business]\nslug = "shop"\n[registry]\nurl = "{url}"\nartifacts = "models"')
    settings = load(path, {})
    assert settings.registry_uri == uri
    assert settings.registry_artifacts == f"file://{tmp_path}/models/shop"
    assert (
        load(path, {"CHURN_REGISTRY__ARTIFACTS": "s3://bucket/models/"}).registry_artifacts == "s3://bucket/models/shop"
    )


@pytest.mark.parametrize("url", ["mysql://db/mlflow", "sqlite:///relative.db", "db:secret@host"])
def test_a_registry_that_is_none_of_ours_is_refused_without_its_secret(url: str, tmp_path: Path) -> None:
    fault = _fault(_write(tmp_path, f'[registry]\nurl = "{url}"'))
    assert "registry.url: begins neither with postgresql://" in fault.problem
    assert "secret" not in str(fault)
