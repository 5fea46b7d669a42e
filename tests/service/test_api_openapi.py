"""The API refuses what it does not know, and its OpenAPI document is held by a golden file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent.parent / "golden" / "openapi.json"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("set=squares&contry=AAA", "contry"),
        ("set=squares&set=other", "2 times"),
        ("", "set"),
        ("set=squares&limit=0", "limit"),
        ("set=squares&limit=1001", "limit"),
        ("set=squares&horizon=two", "horizon"),
        ("set=squares&country=mli", "country"),
        ("set=squares&as_of=15.1.2022", "as_of"),
        ("set=squares&as_of=2022-02-31", "2022-02-31"),
        ("set=squares&as_of=1642204800", "as_of"),
    ],
)
def test_wrong_parameters_are_refused(api, publish, make_publication, query, says):
    publish(make_publication())
    answer = api.get(f"/api/v1/scores?{query}")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "usage")
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["instance"] == "/api/v1/scores"
    assert says in problem["detail"]


@pytest.mark.parametrize(
    "path", ["/sets", "/health", "/problems", "/openapi.json", "/sets/squares/regions"]
)
def test_addresses_without_parameters_take_none(api, path):
    answer = api.get(f"/api/v1{path}?x=1")
    assert (answer.status_code, answer.json()["code"]) == (422, "usage")
    assert answer.json()["hint"] == "Parameters here: none."


def test_the_openapi_document_is_the_golden_one(openapi_document):
    """`UPDATE_GOLDEN=1 pytest tests/service/test_api_openapi.py` writes it anew."""
    text = json.dumps(openapi_document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_the_openapi_document_is_served(api, openapi_document):
    answer = api.get("/api/v1/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == json.loads(json.dumps(openapi_document))


def test_the_openapi_document_is_whole(openapi_document):
    text = json.dumps(openapi_document)
    names = openapi_document["components"]["schemas"]
    referred = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert referred <= set(names)
    assert "HTTPValidationError" not in text
    operations = [
        operation for path in openapi_document["paths"].values() for operation in path.values()
    ]
    for operation in operations:
        responses = operation["responses"]
        assert {"422", "500"} < set(responses)
        assert {"200", "201", "202"} & set(responses)
        assert "application/problem+json" in responses["422"]["content"]
        if "security" in operation:
            assert {"401", "403", "429"} <= set(responses)
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)


def test_whatever_changes_something_needs_a_key(openapi_document):
    for path, item in openapi_document["paths"].items():
        for method, operation in item.items():
            if method != "get":
                assert operation["security"], path
