"""The services' documents become one that a machine and a person can read."""

from __future__ import annotations

from typing import Any

from siga.services.gateway.reference.merge import merged
from siga.services.gateway.reference.own import own_document
from siga.services.gateway.reference.readable import kind_of, pieces, subjects


def document(name: str, **schema: Any) -> dict[str, Any]:
    ref = {"$ref": f"#/components/schemas/{name}"}
    answer = {"description": "ok", "content": {"application/json": {"schema": ref}}}
    return {
        "paths": {
            "/api/v1/bays": {"get": {"operationId": f"{name}List", "responses": {"200": answer, "400": {}}}},
            "/internal/v1/secret": {"get": {"responses": {"200": answer}}},
        },
        "components": {"schemas": {name: {"type": "object", **schema}, "Unused": {"type": "object"}}},
    }


def test_only_public_paths_and_the_schemas_they_need_are_told() -> None:
    found = merged({"parking": document("Bay")}, own_document(), [])
    assert "/api/v1/bays" in found["paths"]
    assert not [path for path in found["paths"] if path.startswith("/internal")]
    assert "Bay" in found["components"]["schemas"]
    assert "Unused" not in found["components"]["schemas"]


def test_refusals_are_problems_and_open_reads_need_no_sign_in() -> None:
    found = merged({"parking": document("Bay")}, own_document(), ["GET /api/v1/bays"])
    operation = found["paths"]["/api/v1/bays"]["get"]
    assert set(operation["responses"]) == {"200", "default"}
    assert {} in operation["security"]
    closed = merged({"parking": document("Bay")}, own_document(), [])["paths"]["/api/v1/bays"]["get"]
    assert {} not in closed["security"]


def test_one_name_with_two_meanings_is_kept_apart() -> None:
    other = document("Bay", description="another")
    other["paths"] = {"/api/v1/cases": other["paths"]["/api/v1/bays"]}
    found = merged({"parking": document("Bay"), "enforcement": other}, own_document(), [])
    answer = found["paths"]["/api/v1/cases"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/EnforcementBay"}
    assert found["components"]["schemas"]["EnforcementBay"]["description"] == "another"


def test_every_reference_of_the_whole_leads_somewhere() -> None:
    found = merged({"parking": document("Bay")}, own_document(), [])

    def refs(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [ref for one in value.values() for ref in refs(one)]
        return [ref for one in value for ref in refs(one)] if isinstance(value, list) else []

    for ref in refs(found):
        _, _, kind, name = ref.split("/")
        assert name in found["components"][kind], ref


def test_the_sensors_door_is_in_it_and_operation_ids_are_unique() -> None:
    found = own_document()
    ids = [one["operationId"] for item in found["paths"].values() for key, one in item.items() if key != "servers"]
    assert len(ids) == len(set(ids))
    assert "/sensors/v1/photos/{case_id}" in found["paths"]


def test_types_are_told_in_words() -> None:
    assert kind_of({"oneOf": [{"type": "null"}, {"type": "string", "format": "date-time"}]}) == "time or nothing"
    assert kind_of({"type": "array", "items": {"$ref": "#/components/schemas/Ack"}}) == "list of Ack"
    assert kind_of({"enum": ["free", "occupied"]}) == "free | occupied"


def test_a_person_reads_operations_by_subject_with_the_fields_of_their_answers() -> None:
    found = dict(subjects(own_document()))
    report = next(one for one in found["sensors"] if one.path == "/sensors/v1/reports")
    assert report.who == "a device, by signature"
    assert pieces("of `x` and y") == [(False, "of "), (True, "x"), (False, " and y")]
    assert {"device_id", "epoch", "sequence"} <= {field.name for field in report.body}
    assert any(field.name == "until" and field.depth == 1 for field in report.answer)
