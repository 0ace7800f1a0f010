"""The OpenAPI against the server: made-up calls, right and wrong ones; nothing unexpected, nothing undocumented."""

import pytest
import schemathesis
from conftest import start
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as conformance

CHECKS = [
    checks.not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_headers_conformance,
    conformance.response_schema_conformance,
]
EXAMPLES = 6  # of each operation: enough to find what is wrong with a type, few enough for every run


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    started = start(tmp_path_factory.mktemp("fuzz") / "shop")
    yield started
    started.state.close()


@pytest.fixture(scope="module")
def api(served):
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", served.client.app)


schema = schemathesis.pytest.from_fixture("api")


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_answers_as_documented(case, served):
    headers = {} if case.path.startswith("/api/v1/session") else served.as_("admin")
    answer = case.call(headers=headers, base_url="http://localhost")
    case.validate_response(answer, checks=CHECKS)


def test_every_operation_has_a_sentence_and_an_example_where_something_is_sent(served):
    said = served.client.get("/api/v1/openapi.json").json()
    for path, operations in said["paths"].items():
        for method, operation in operations.items():
            assert operation["description"].strip(), (method, path)
            assert "503" in operation["responses"], (method, path)
    assert "Problem" in said["components"]["schemas"]
    assert "HTTPValidationError" not in said["components"]["schemas"]
