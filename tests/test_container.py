"""The image and the compose file: their commands are the program's own, and their health checks tell the truth."""

import ast
import os
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml

from restock.cli.main import main
from restock.service.alive import SIGN, SILENT, check_server, check_worker, give_sign

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def commands() -> list[list[str]]:
    """Every call of `restock` in both files."""
    found = [ast.literal_eval(text) for text in re.findall(r"CMD (\[.*\])", DOCKERFILE)]
    found = [words[1:] if words[0] == "restock" else words for words in found]
    for service in SERVICES.values():
        found += [service["command"]] if "command" in service else []
        test = service["healthcheck"]["test"][1:]
        found += [test[1:]] if test[0] == "restock" else []
    return found


def test_every_command_is_one_of_the_program_with_options_that_it_knows(capsys):
    calls = commands()
    assert len(calls) == 6
    for name, *options in calls:
        assert main([name, "--help"]) == 0
        said = capsys.readouterr().out
        assert all(option in said for option in options if option.startswith("--")), (name, options)


def test_every_service_has_a_health_check_and_nobody_outside_reaches_it_unasked():
    assert all("healthcheck" in service for service in SERVICES.values())
    assert set(SERVICES) == {"app", "worker", "db"}
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["app"]["ports"])
    assert "ports" not in SERVICES["db"]
    assert SERVICES["worker"]["environment"] == SERVICES["app"]["environment"]
    assert SERVICES["worker"]["volumes"] == SERVICES["app"]["volumes"]


def test_the_image_is_built_from_what_is_let_in():
    kept = (ROOT / ".dockerignore").read_text().split()
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists()
        assert f"!{name}" in kept
    assert "USER restock" in DOCKERFILE


class Healthy(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/api/v1/health" else 404)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    started = HTTPServer(("127.0.0.1", 0), Healthy)
    threading.Thread(target=started.serve_forever, daemon=True).start()
    yield started.server_address[1]
    started.shutdown()
    started.server_close()


def test_a_server_that_answers_is_well_and_one_that_is_gone_is_not(server, tmp_path):
    (tmp_path / "restock.toml").write_text(f"[service]\nport = {server}\n")
    assert check_server(tmp_path).well
    gone = check_server(tmp_path, 1)
    assert (gone.well, gone.exit_code) == (False, 1)


def test_a_worker_that_is_silent_is_not_well(tmp_path):
    assert not check_worker(tmp_path).well
    give_sign(tmp_path)
    assert check_worker(tmp_path).well
    before = time.time() - SILENT - 1
    os.utime(tmp_path / SIGN, (before, before))
    assert check_worker(tmp_path).exit_code == 1
