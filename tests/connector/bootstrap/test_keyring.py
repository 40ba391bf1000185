"""Keys that robots need and nobody wrote down."""

from __future__ import annotations

from pathlib import Path

from connector import settings
from connector.bootstrap import configuration, files, keyring

TEXT = """
version: 1
portal: {kind: bitrix24, address: romashka.bitrix24.ru}
outside:
  hosts: [one.example.com, sms.example.com]
  sms: {url: "https://sms.example.com/send", fields: {to: $phone, text: $text}, secret: OUTSIDE_SMS}
robots:
  - name: Оплата из 1С
    when: {webhook: oplata-1c}
    pipeline: Продажи
    do:
      - call_url: {url: "https://one.example.com/paid", secret: OUTSIDE_ONE}
      - message: {sms: Спасибо за оплату}
"""


def lacking(folder: Path, **kept: dict[str, str]) -> list[str]:
    path = folder / "romashka.yaml"
    path.write_text(TEXT, "utf-8")
    seen = configuration.compiled(files.read(path), None)
    assert not seen.errors, seen.shown()
    return [f"{line}: {what}" for line, what in keyring.lacking(seen, settings.Secrets(**kept))]


def test_each_missing_line_is_named_with_what_it_stops(tmp_path: Path) -> None:
    """Before the first call is refused."""
    assert lacking(tmp_path) == [
        "TRIGGER_OPLATA_1C: вызовы /trigger/oplata-1c не принимаются",
        "OUTSIDE_ONE: робот «Оплата из 1С/call_url» не может сообщить другой программе",
        "OUTSIDE_SMS: SMS не уходят",
    ]
    written = {"OUTSIDE_ONE": "a" * 20, "OUTSIDE_SMS": "b" * 20}
    assert lacking(tmp_path, outside=written, triggers={"TRIGGER_OPLATA_1C": "c" * 20}) == []
