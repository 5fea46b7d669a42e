"""The API holds what its OpenAPI document promises, whatever is asked.

Schemathesis (Hatfield-Dodds & Dygalo 2022, doi:10.1145/3510454.3528637) asks the whole
application in this process: every operation, with parameters and bodies that fit the document and
such that do not, with a key and without. The examples are few and always the same, so that the
suite stays short; `TOCSIN_TEST_EXAMPLES=500 pytest tests/service/test_api_schemathesis.py` asks
more.
"""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from service.app import make_app
from service.keys import SCOPES, make_key
from service.pipeline import run_cycle

DOCUMENT = json.loads((Path(__file__).parent.parent / "golden" / "openapi.json").read_text())
OPERATIONS = [
    (method, path) for path, item in sorted(DOCUMENT["paths"].items()) for method in sorted(item)
]
BEYOND_A_SCHEMA = {
    ("get", "/api/v1/scores"): "a cursor is that of the page before; a box has a south and a north",
    ("get", "/api/v1/fatalities"): "a cursor is that of the page before",
    ("get", "/api/v1/sets/{set}/indicators"): "one of two parameters is given",
    ("get", "/api/v1/sources/{source}/events"): "a day is one of the calendar",
    (
        "post",
        "/api/v1/events",
    ): "a whole number is not written 5.0; low, best and high are in order",
    ("post", "/api/v1/rules"): "levels rise, and leave below where they enter",
    ("post", "/api/v1/silences"): "it ends in the future, after at most 90 days",
    ("post", "/api/v1/alerts/{incident_id}/acknowledge"): "it ends in the future",
}
"""What a request must hold that no schema can say: there a 422 is right."""
EXAMPLES = int(os.environ.get("TOCSIN_TEST_EXAMPLES", "6"))
FEW = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def promised(copy_demo, tmp_path_factory):
    """The document as the application serves it, over a demo that is published."""
    with copy_demo(tmp_path_factory.mktemp("promised")) as demo:
        run_cycle(
            demo.database, demo.settings, demo.clock, region_set="demo", as_of=date(2022, 1, 15)
        )
        with demo.database.write() as connection:
            key = make_key(
                connection, "test", SCOPES, actor="test", expires_at=None, now=demo.clock()
            )
        app = make_app(demo.database, demo.settings, demo.clock)
        schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)

        @schema.auth()
        class Key:
            def get(self, case, context):
                return key

            def set(self, case, data, context):
                case.headers["authorization"] = f"Bearer {data}"

        yield schema


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda word: word)
def test_every_operation_keeps_its_promise(promised, method, path, mode):
    operation = promised[path][method]
    excluded = [positive_data_acceptance] if (method, path) in BEYOND_A_SCHEMA else []

    @FEW
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        case.call_and_validate(excluded_checks=excluded)

    try:
        ask()
    except Unsatisfiable:
        # Where any text fits, there is nothing that does not.
        assert mode is GenerationMode.NEGATIVE
