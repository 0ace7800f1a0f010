"""`restock serve` and `restock worker`."""

import gc
import socket
import subprocess
import sys
import threading
from pathlib import Path

import structlog

from restock.errors import UsageError
from restock.language import Text
from restock.service import logs
from restock.service.app import create_app
from restock.service.host import Host, with_service
from restock.service.queue import open_queue
from restock.service.worker import BOT, Worker
from restock.workflows.accounts.at_terminal import welcome
from restock.workflows.accounts.sessions import first_link
from restock.workflows.approval.desk import Desk, state_of
from restock.workflows.project import open_project

OPEN_TO_ALL = ("0.0.0.0", "::")


def serve(folder: Path, host: str | None = None, port: int | None = None, *, with_worker: bool = True) -> None:
    """Answer until told to stop.

    Args:
        host: who can reach it; none: as the settings say, this machine only where they say nothing.
        with_worker: do long work in a process beside; else `restock worker` runs elsewhere.

    Raises:
        UsageError: the port is taken.
    """
    import uvicorn

    given = {key: value for key, value in {"host": host, "port": port}.items() if value is not None}
    project = with_service(open_project(folder), given)
    service = project.config.service
    _check_free(service.host, service.port)
    logs.set_up()
    state = state_of(project)
    token = first_link(Desk(project, state, BOT))
    if token is not None:
        link = welcome(Desk(project, state, BOT), token)
        sys.stderr.write(f"\nfirst sign-in, works once / 首次登录，仅限一次:\n  {link}\n\n")
    if service.host in OPEN_TO_ALL:
        structlog.get_logger().warning("everybody on the network can reach it; put TLS in front", host=service.host)
    beside = _start_worker(folder) if with_worker else None
    threading.Thread(target=warm_up, name="warm up", daemon=True).start()
    try:
        app = create_app(Host(folder, state, open_queue(project), given=given))
        uvicorn.run(
            app,
            host=service.host,
            port=service.port,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,  # seconds: a planner thinks, a till waits for customers
        )
    finally:
        if beside is not None:
            beside.terminate()
            beside.wait(30)


def work(folder: Path, workers: int = 1) -> None:
    """Do long work until told to stop."""
    logs.set_up()
    Worker(open_project(folder), workers).run()


def warm_up() -> None:
    """Compile what `POST /decisions` needs before somebody waits for it: a hundred items with four weeks of days."""
    from restock.workflows.asked import Asked, AskedItem
    from restock.workflows.decisions import decide_items

    item = AskedItem(item="-", on_hand=1.0, sales=(1.0,) * 28)
    decide_items(Asked(items=(item,) * 100))
    gc.collect()
    gc.freeze()  # what is there by now stays: it need not be looked through again and again
    structlog.get_logger().info("decisions are compiled")


def _start_worker(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "restock.cli.main", "worker", "--project", str(folder)]
    return subprocess.Popen(command)


def _check_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UsageError(
                Text(
                    f"`{host}` port {port} cannot be used: {error.strerror}",
                    f"无法使用 `{host}` 的端口 {port}：{error.strerror}",
                ),
                hint=Text("choose another with `--port`", "请用 `--port` 换一个端口"),
            ) from None
