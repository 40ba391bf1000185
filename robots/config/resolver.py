"""The portal's dictionaries asked by name: pipelines, stages, fields, list values, employees.

Without a directory (offline) every name is taken as written and stands for itself, unchecked.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import TypeVar

from robots import model, paths
from robots.config import names

T = TypeVar("T")
Answer = names.Found[T] | names.Miss

LEADS_NAMES = ("Лиды", "leads")
_OWNER_WORDS = {
    "сделка": paths.Owner.CARD,
    "лид": paths.Owner.CARD,
    "карточка": paths.Owner.CARD,
    "контакт": paths.Owner.CONTACT,
    "компания": paths.Owner.COMPANY,
    "найденный клиент": paths.Owner.FOUND,
}
_OWNER_NAMES = {
    paths.Owner.CONTACT: "контакта",
    paths.Owner.COMPANY: "компании",
    paths.Owner.FOUND: "найденного клиента",
}
_V = paths.Virtual
_CARD_VIRTUAL: Mapping[_V | str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    _V.CLIENT: (("Клиент",), ("contactId", "companyId", "contactIds", "contacts")),
    _V.SUM: (("Сумма", "Сумма и валюта", "Бюджет"), ("opportunity",)),
    _V.STAGE: (("Стадия", "Стадия сделки", "Этап"), ("stageId", "statusId")),
    _V.PIPELINE: (("Воронка", "Направление"), ("categoryId",)),
    _V.RESPONSIBLE: (("Ответственный",), ("assignedById",)),
    _V.ID: (("ID", "Номер"), ("id",)),
    _V.LINK: (("Ссылка",), ()),
    _V.LEAD_LINK: (("Ссылка на лид",), ()),
    _V.PHONE: (("Телефон",), ("phone",)),
    _V.EMAIL: (("E-mail", "Email", "Почта"), ("email",)),
    _V.SITE: (("Сайт",), ("web",)),
    "title": (("Название",), ("title",)),
}
"""Virtual or plain code -> (what people call it, the portal's codes that it stands for)."""
_CLIENT_VIRTUAL: Mapping[_V | str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    _V.FULL_NAME: (("Полное имя", "ФИО", "Имя и фамилия"), ()),
    _V.PHONE: (("Телефон",), ("phone",)),
    _V.EMAIL: (("E-mail", "Email", "Почта"), ("email",)),
    _V.SITE: (("Сайт",), ("web",)),
    _V.LINK: (("Ссылка",), ()),
    _V.RESPONSIBLE: (("Ответственный",), ("assignedById",)),
    _V.ID: (("ID",), ("id",)),
}
_FOUND_VIRTUAL: Mapping[_V | str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    _V.NAME: (("Название", "Имя"), ()),
    _V.LINK: (("Ссылка",), ()),
    _V.RESPONSIBLE: (("Ответственный",), ()),
}
_NAMED = {paths.Owner.CONTACT: (("Имя",), ("name",)), paths.Owner.COMPANY: (("Название",), ("title",))}

_VIRTUAL = {paths.Owner.CARD: _CARD_VIRTUAL, paths.Owner.FOUND: _FOUND_VIRTUAL}


class Resolver:
    def __init__(self, directory: model.Directory | None) -> None:
        self.directory = directory

    # --- pipelines and stages

    def pipeline(self, written: str) -> Answer[model.Pipeline]:
        if self.directory is None:
            return names.Found(_offline_pipeline(written), "", written)
        known = [
            names.Candidate(
                one, (one.name, *(LEADS_NAMES if one.id == model.LEADS else ())), (str(int(one.id)),)
            )
            for one in self.directory.pipelines
        ]
        match names.match(written, known):
            case names.Found() as found:
                return found
            case names.Several(values):
                ids = ", ".join(str(one.id) for one in values)
                return names.Miss(
                    f"воронок «{written}» несколько: напишите номер", notes=(f"номера: {ids}",), code="V021"
                )
            case _:
                listed = [one.name for one in self.directory.pipelines if one.id != model.LEADS]
                return names.miss(f"нет такой воронки: «{written}»", written, listed, "воронки")

    def leads(self) -> model.Pipeline | None:
        if self.directory is None:
            return model.Pipeline(model.LEADS, "Лиды", model.CardKind.LEAD, ())
        return self.directory.pipeline(model.LEADS)

    def stage(self, pipeline: model.Pipeline, written: str) -> Answer[model.Stage]:
        if self.directory is None:
            return names.Found(
                model.Stage(model.StageId(written), written, 0, model.Semantic.WORK), "", written
            )
        known = [names.Candidate(one, (one.name,), (one.id,)) for one in pipeline.stages]
        where = "у лидов" if pipeline.id == model.LEADS else f"в воронке «{pipeline.name}»"
        match names.match(written, known):
            case names.Found() as found:
                return found
            case names.Several(values):
                ids = ", ".join(one.id for one in values)
                text = f"стадий «{written}» {where} несколько: напишите код"
                return names.Miss(text, notes=(f"коды: {ids}",), code="V021")
            case _:
                listed = [one.name for one in pipeline.stages]
                return names.miss(f"нет такой стадии {where}", written, listed, "стадии")

    # --- fields

    def path(self, written: str, kind: model.CardKind) -> Answer[paths.Path]:
        """«Сумма», «Контакт / Телефон», «Сделка: Название», a code. A whole name wins over its parts."""
        shown = " ".join(written.split())
        whole = self._field(paths.Owner.CARD, shown, kind, shown)
        if not isinstance(whole, names.Miss) or whole.code == "V021":
            return whole
        for separator in ("/", ":"):
            head, found, tail = shown.partition(separator)
            owner = _OWNER_WORDS.get(names.fold_alike(head))
            if found and owner is not None and tail.strip():
                return self._field(owner, tail.strip(), kind, shown)
        return whole

    def _field(self, owner: paths.Owner, name: str, kind: model.CardKind, shown: str) -> Answer[paths.Path]:
        candidates = list(self._codes(owner, kind))
        if self.directory is None:
            found = names.match(name, candidates)
            code = found.value if isinstance(found, names.Found) else model.FieldCode(name)
            unknown = not isinstance(found, names.Found) and owner is paths.Owner.CARD and _has_owner(name)
            return names.Miss("") if unknown else names.Found(paths.Path(owner, code, shown))
        match names.match(name, candidates):
            case names.Found(code, odd, real):
                return names.Found(paths.Path(owner, code, shown), odd, real)
            case names.Several(values):
                text = f"полей «{name}» несколько: напишите код"
                return names.Miss(text, notes=(f"коды: {', '.join(map(str, values))}",), code="V021")
            case _:
                known = [one.names[0] for one in candidates]
                of = _OWNER_NAMES.get(owner, "сделки" if kind is model.CardKind.DEAL else "лида")
                return names.miss(f"нет такого поля {of}: «{name}»", name, known, "поля")

    def _codes(
        self, owner: paths.Owner, kind: model.CardKind
    ) -> Iterator[names.Candidate[model.FieldCode | paths.Virtual]]:
        """Virtual names first; a portal's own field that a virtual one stands for isn't offered twice."""
        virtual = dict(_VIRTUAL.get(owner, _CLIENT_VIRTUAL))
        if owner in _NAMED:
            virtual = {_V.NAME: _NAMED[owner], **virtual}
        key = kind.value if owner is paths.Owner.CARD else owner.value
        known = self.directory.fields.get(key, {}) if self.directory else {}
        if any(code != "web" and names.fold(one.title) == "сайт" for code, one in known.items()):
            virtual.pop(_V.SITE)  # a field of their own had this name before we did
        covered: set[str] = set()
        for code, (titles, codes) in virtual.items():
            covered.update(codes)
            value = code if isinstance(code, _V) else model.FieldCode(code)
            yield names.Candidate(value, titles, (str(value), *codes))
        for field_code, field in known.items():
            if field_code not in covered:
                yield names.Candidate(field_code, (field.title,), (field_code,))

    def field(self, path: paths.Path, kind: model.CardKind) -> model.Field | None:
        if self.directory is None:
            return None
        return paths.field_of(path, self.directory, kind)

    def option(self, field: model.Field, written: str) -> Answer[int | str]:
        """A list's value by what people see."""
        known = [names.Candidate(key, (title,), (str(key),)) for key, title in field.options.items()]
        match names.match(written, known):
            case names.Found() as found:
                return found
            case names.Several(values):
                ids = ", ".join(map(str, values))
                return names.Miss(f"значений «{written}» несколько", notes=(f"номера: {ids}",), code="V021")
            case _:
                listed = list(field.options.values())
                return names.miss(
                    f"в списке «{field.title}» нет значения «{written}»", written, listed, "значения"
                )

    # --- templates of documents

    def template(self, written: str) -> Answer[model.DocumentTemplate]:
        if self.directory is None:
            return names.Found(model.DocumentTemplate(0, written), "", written)
        if self.directory.templates is None:
            hint = "дайте пользователю вебхука право изменять шаблоны документов (настройки CRM)"
            return names.Miss("шаблонов документов на портале не видно", hint)
        known = [names.Candidate(one, (one.name,), (str(one.id),)) for one in self.directory.templates]
        match names.match(written, known):
            case names.Found() as found:
                return found
            case names.Several(values):
                ids = ", ".join(str(one.id) for one in values)
                text = f"шаблонов «{written}» несколько: напишите номер"
                return names.Miss(text, notes=(f"номера: {ids}",), code="V021")
            case _:
                listed = [one.name for one in self.directory.templates]
                return names.miss(f"нет такого шаблона документа: «{written}»", written, listed, "шаблоны")

    # --- employees

    def employee(self, written: str) -> Answer[model.User]:
        if self.directory is None:
            return names.Found(model.User(model.UserId(0), written), "", written)
        everyone = list(self.directory.users.values())
        active = [one for one in everyone if one.active]
        found = names.match(written, [_person(one) for one in active])
        if found is None:
            found = names.match(written, [_person(one) for one in everyone])
        match found:
            case names.Found():
                return found
            case names.Several(values):
                mails = ", ".join(f"{one.full_name} — {one.email or one.id}" for one in values)
                text = f"сотрудников «{written}» несколько: напишите e-mail"
                return names.Miss(text, notes=(mails,), code="V021")
            case _:
                return names.miss(
                    f"нет такого сотрудника: «{written}»", written, [one.full_name for one in active]
                )


def _person(user: model.User) -> names.Candidate[model.User]:
    both = (user.full_name, f"{user.name} {user.last_name}".strip())
    return names.Candidate(user, (*both, *((user.email,) if user.email else ())), (str(int(user.id)),))


def _has_owner(name: str) -> bool:
    head = name.partition("/")[0] if "/" in name else name.partition(":")[0]
    return head != name and names.fold_alike(head) in _OWNER_WORDS


def _offline_pipeline(written: str) -> model.Pipeline:
    """A stable id made of the name: there is no other."""
    if names.fold(written) in {names.fold(one) for one in LEADS_NAMES}:
        return model.Pipeline(model.LEADS, "Лиды", model.CardKind.LEAD, ())
    number = 1_000_000 + zlib.crc32(names.fold(written).encode()) % 1_000_000
    return model.Pipeline(model.PipelineId(number), written, model.CardKind.DEAL, ())
