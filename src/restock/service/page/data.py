"""Data: bring files, see what would be made of them, load them; what is known, and what was set aside."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from restock.errors import RestockError
from restock.language import Text
from restock.service.page import uploading
from restock.service.page.dialogs import CANCEL
from restock.service.page.pieces import PLAIN, column, table
from restock.service.page.rows import data as rows
from restock.service.page.visitor import PATH, Visitor, act, complain, tell
from restock.workflows.load import LoadResult


async def build(visitor: Visitor, _: Mapping[str, str]) -> None:
    """Draw it."""
    say, language = visitor.say, visitor.language
    if visitor.may("load"):
        _upload(visitor)
    sentences = await act(visitor, lambda desk: rows.sentences_of_last_load(desk, language))
    snapshots = await act(visitor, rows.snapshot_rows)
    bad = await act(visitor, lambda desk: rows.quarantine_rows(desk, language))
    if sentences:
        ui.label(say(Text("What the newest files are like", "最近一次导入的数据质量"))).classes("heading")
        with ui.element("ul").classes("sentences").mark("quality"):
            for sentence in sentences:
                with ui.element("li"):
                    ui.label(sentence)
    ui.label(say(Text("Snapshots", "快照"))).classes("heading")
    columns = [
        column(visitor, "id", Text("Snapshot", "快照"), flex=2),
        column(visitor, "created", Text("Made (UTC)", "生成时间（UTC）"), flex=1),
        column(visitor, "rows", Text("Rows", "行数"), flex=4, tooltipField="rows"),
        column(visitor, "files", Text("Files", "文件"), flex=3, tooltipField="files"),
    ]
    table(visitor, columns, snapshots or [], "snapshots")
    ui.label(say(Text("Set aside: rows that could not be used", "隔离：无法使用的行"))).classes("heading")
    columns = [
        column(visitor, "file", Text("File", "文件"), flex=2),
        column(visitor, "row", Text("Row", "行"), flex=1, type="rightAligned"),
        column(visitor, "column", Text("Column", "列"), flex=1),
        column(visitor, "value", Text("Value", "值"), flex=2),
        column(visitor, "reason", Text("Why", "原因"), flex=4),
    ]
    table(visitor, columns, bad or [], "quarantine")


def _upload(visitor: Visitor) -> None:
    """Choose files, look at what would become of them, load them or not."""
    chosen = visitor.say(Text("Choose files: sales, items, stock, orders …", "选择文件：销售、商品、库存、采购单……"))
    with ui.row().classes("actions"):
        field = (
            ui.element("input").props(f'type=file multiple aria-label="{chosen}"').classes("files-input").mark("files")
        )
        field.props('accept=".csv,.tsv,.txt,.xlsx,.xls,.parquet,.json,.zip"')
        ui.label(chosen).classes("note")
    place = ui.element("section").classes("listed")
    send = uploading.SEND % (visitor.csrf, visitor.language, PATH)
    field.on("change", js_handler=f"(event) => ({send})(event.target)")

    async def arrived(event: Any) -> None:
        said = event.args["said"]
        if not event.args["ok"]:
            complain(
                visitor, RestockError(Text(said["said"]["en"], said["said"]["zh"]), hint=Text(*[said["hint"]] * 2))
            )
            return
        name = str(said["name"])
        result = await act(visitor, lambda desk: rows.preview(uploading.files_of(desk, name)))
        if result is None:
            await act(visitor, lambda desk: uploading.throw_away(desk, name))
            return
        place.clear()
        with place:
            _preview(visitor, result, name, place)

    ui.on("restock-uploaded", arrived)


def _preview(visitor: Visitor, result: LoadResult, name: str, place: ui.element) -> None:
    """What is taken for what, before anything is kept."""
    ui.label(visitor.say(Text("This is how the files would be read", "文件将按以下方式读取"))).classes("heading")
    with ui.element("ul").classes("sentences"):
        for sentence in result.quality.sentences:
            with ui.element("li"):
                ui.label(visitor.say(sentence))
    columns = [
        column(visitor, "file", Text("File", "文件"), flex=2),
        column(visitor, "table", Text("Is taken for", "识别为"), flex=1),
        column(visitor, "rows", Text("Rows", "行数"), PLAIN, flex=1),
        column(
            visitor,
            "columns",
            Text("Columns", "列对应"),
            flex=5,
            tooltipField="columns",
            wrapText=True,
            autoHeight=True,
        ),
        column(visitor, "unused", Text("Not used", "未使用"), flex=2),
        column(visitor, "personal", Text("Dropped: personal", "已丢弃：个人信息"), flex=1),
    ]
    table(visitor, columns, rows.mapping_rows(result), "mapping")

    async def load() -> None:
        if await act(visitor, lambda desk: uploading.load(visitor, desk, name)) is not None:
            tell(visitor, Text("The files are being loaded; see Admin, Work", "正在导入文件，进度见“管理—任务”"))
            place.clear()

    async def leave() -> None:
        await act(visitor, lambda desk: uploading.throw_away(desk, name))
        place.clear()

    with ui.row().classes("actions"):
        ui.button(visitor.say(Text("Load", "导入")), on_click=load).props("dense no-caps unelevated").mark("load")
        ui.button(visitor.say(CANCEL), on_click=leave).props("dense no-caps flat")
