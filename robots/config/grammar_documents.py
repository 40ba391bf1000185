"""The shape of `document`: a document made of a template of the portal."""

from __future__ import annotations

from robots.config import grammar_more, shapes
from robots.config.grammar_words import COMMON
from robots.config.shapes import Key

_TEMPLATE = shapes.Name("имя шаблона")
DOCUMENT = shapes.Keys(
    {
        "template": Key(_TEMPLATE, "имя или номер шаблона документа портала", required=True),
        "values": Key(
            shapes.MapOf(shapes.Text(), "код поля шаблона"), "что вписать: код поля шаблона: текст"
        ),
        "stamps": Key(shapes.Flag(), "поставить печать и подпись"),
        "email": Key(grammar_more.LETTER, "послать клиенту письмом с файлом документа"),
        "file": Key(shapes.Word(("pdf", "docx")), "в каком виде приложить к письму; без этого — pdf"),
        **COMMON,
    },
    "document",
    short=_TEMPLATE,
)
ACTS: dict[str, Key] = {"document": Key(DOCUMENT, "сделать документ по шаблону портала")}
