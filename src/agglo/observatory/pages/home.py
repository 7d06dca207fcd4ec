"""The first page and the last: where to start, and whether to trust it."""

from __future__ import annotations

from agglo.observatory.page import Column, Page, Text, View

__all__ = ["ABOUT", "HOME"]

_NONE = Text("none: a list", "无：清单")

HOME = Page(
    id="home",
    question=Text("Where do I start?", "从哪里开始"),
    lead=Text(
        "Search a region or an industry, or take one of the questions of the menu.",
        "检索地区或产业，或从菜单中的问题开始。",
    ),
    empty=Text(
        "No results yet: agglo demo shows an example, agglo run computes your project.",
        "尚无结果：agglo demo 给出示例，agglo run 运行您的项目。",
    ),
    views=(
        View(
            id="home.studies",
            title=Text("What has been computed", "已完成的研究"),
            table="project.studies",
            chart="table",
            columns=(
                Column(name="study", label=Text("Study", "研究")),
                Column(name="question_en", label=Text("Question", "问题（英文）")),
                Column(name="question_zh", label=Text("Question (zh)", "问题")),
                Column(name="tables", label=Text("Tables", "表数"), decimals=0),
                Column(name="findings", label=Text("Findings", "结论数"), decimals=0),
                Column(name="released", label=Text("Released", "是否发布")),
                Column(name="reason_en", label=Text("Why not", "未发布原因（英文）")),
                Column(name="reason_zh", label=Text("Why not (zh)", "未发布原因")),
            ),
            uncertainty=_NONE,
            method="run-a-project",
        ),
    ),
)

ABOUT = Page(
    id="about",
    question=Text("Can I trust this?", "数据与方法"),
    lead=Text(
        "Where the numbers come from, what is missing, how to cite and to repeat them.",
        "数据来源、缺失情况、引用方式与复现方法。",
    ),
    empty=Text(
        "No release yet: agglo serve makes one.", "尚无发布：agglo serve 生成。"
    ),
    views=(
        View(
            id="about.sources",
            title=Text("Sources and licences", "来源与许可"),
            table="project.sources",
            chart="table",
            columns=(
                Column(name="table", label=Text("Table", "表")),
                Column(name="title", label=Text("Title", "标题")),
                Column(name="publisher", label=Text("Publisher", "发布机构")),
                Column(name="licence", label=Text("Licence", "许可")),
                Column(name="citation", label=Text("Citation", "引用")),
                Column(name="studies", label=Text("Read by", "用于研究")),
            ),
            uncertainty=_NONE,
            method="sources",
        ),
        View(
            id="about.tables",
            title=Text("Tables of this release", "本次发布的表"),
            table="project.tables",
            chart="table",
            columns=(
                Column(name="table", label=Text("Table", "表")),
                Column(name="study", label=Text("Study", "研究")),
                Column(name="rows", label=Text("Rows", "行数"), decimals=0),
                Column(name="columns", label=Text("Columns", "列数"), decimals=0),
                Column(name="digest", label=Text("SHA-256", "SHA-256")),
            ),
            uncertainty=_NONE,
            method="store",
        ),
    ),
)
