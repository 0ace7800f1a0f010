"""The OpenAPI against the server: made-up calls, right and wrong ones; nothing unexpected, nothing undocumented."""

from collections import Counter

import pytest
import schemathesis
from conftest import start
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as conformance

CHECKS = [
    checks.not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_headers_conformance,
    conformance.response_schema_conformance,
]
EXAMPLES = 5  # of each operation: enough to find what is wrong with a type, few enough for every run


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    started = start(tmp_path_factory.mktemp("fuzz") / "shop")
    yield started
    started.state.close()


@pytest.fixture(scope="module")
def api(served):
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", served.client.app)


BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def ask(operation, mode, served) -> tuple[Counter, str]:
    """What some made-up calls of one operation were answered, and what was wrong with the first that was."""
    seen = Counter()

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers(case):
        headers = {} if case.path.startswith("/api/v1/session") else served.as_("admin")
        answer = case.call(headers=headers, base_url="http://localhost")
        seen[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    try:
        answers()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, operation.label  # nothing that could be wrong is sent
    except (AssertionError, BaseExceptionGroup) as error:
        return seen, f"{operation.label}: {str(error)[:600]}"
    return seen, ""


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_operation_answers_as_documented(api, served, mode):
    """Right and wrong calls by somebody who may do everything."""
    operations = [result.ok() for result in api.get_all_operations()]
    told = {operation.label: ask(operation, mode, served) for operation in operations}
    assert len(told) > 50
    assert [problem for _, problem in told.values() if problem] == []
    assert {label: seen for label, (seen, _) in told.items() if set(seen) & {500, 503}} == {}


def test_every_operation_has_a_sentence_and_an_example_where_something_is_sent(served):
    said = served.client.get("/api/v1/openapi.json").json()
    for path, operations in said["paths"].items():
        for method, operation in operations.items():
            assert operation["description"].strip(), (method, path)
            assert "503" in operation["responses"], (method, path)
    assert "Problem" in said["components"]["schemas"]
    assert "HTTPValidationError" not in said["components"]["schemas"]
