"""What an admin knows from the portal's own robots and REST gives to nobody: said with the nearest thing that works (X9).

Source: the catalogue of the portal's robots and triggers (reference/bitrix24-robots.md); docs/robots has the whole list.
"""

from __future__ import annotations

from collections.abc import Mapping

_ADS = "рекламные аудитории портал по REST не отдаёт: ближайшее — task сотруднику, который ведёт рекламу"
_SMS = "SMS через провайдеров портала по REST не отправить: ближайшее — task менеджеру позвонить или написать"
_OPENED = "об открытых письмах и нажатых ссылках REST не рассказывает: ближайшее — task со сроком «спросить клиента»"
_VISIT = "о посетителях сайта REST не рассказывает: ближайшее — форма на сайте, она создаёт лид, и on_create сработает"
_SIGN = "подписать документ по REST нельзя: ближайшее — task «отправить на подпись» и поле с отметкой"
_QR = "QR-кода на оплату REST не даёт: ближайшее — comment со ссылкой из поля карточки"
_COPILOT = "CoPilot по REST не вызвать: ближайшее — validate и условия if: по полям карточки"

UNREACHABLE: Mapping[str, str] = {
    **dict.fromkeys(
        ("ads", "audience", "audiences", "advertising", "аудитория", "аудитории", "реклама"), _ADS
    ),
    **dict.fromkeys(("sms", "смс", "send_sms"), _SMS),
    **dict.fromkeys(("opened", "mail_opened", "email_opened", "clicked", "link_clicked"), _OPENED),
    **dict.fromkeys(("письмо открыто", "ссылка нажата"), _OPENED),
    **dict.fromkeys(("visited", "site_visit", "посетитель", "посетитель на сайте"), _VISIT),
    **dict.fromkeys(("sign", "signature", "подпись"), _SIGN),
    **dict.fromkeys(("qr", "qr_code", "qr-код"), _QR),
    **dict.fromkeys(("copilot", "ai"), _COPILOT),
}


def said(word: str) -> str:
    """Empty: REST may well reach it, or nobody ever heard of it."""
    return UNREACHABLE.get(" ".join(word.casefold().split()), "")
