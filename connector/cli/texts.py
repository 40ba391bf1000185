"""The commands' own words in Russian and English. Texts about robots and cards come from `robots` and are Russian."""

from __future__ import annotations

from collections.abc import Mapping

RU, EN = "ru", "en"
_language = RU

QUESTIONS: Mapping[str, tuple[tuple[str, str], ...]] = {
    RU: (
        ("посмотреть, как это работает", "voronka demo"),
        ("подключить свой портал", "voronka connect"),
        ("нет ли ошибок в файле", "voronka check"),
        ("запустить роботов", "voronka run ФАЙЛ"),
        ("что изменится, если включить файл", "voronka plan ФАЙЛ → voronka apply ФАЙЛ"),
        ("что было бы с одной сделкой", "voronka try ССЫЛКА"),
        ("то ли делают роботы, без портала", "voronka test РЕПЕТИЦИЯ"),
        ("почему так вышло", "voronka why ССЫЛКА"),
        ("жив ли робот", "voronka status"),
        ("что не вышло, и сделать ещё раз", "voronka problems → voronka retry"),
        ("что писал журнал", "voronka logs ФАЙЛ"),
        ("что сделали бы те, кто смотрит", "voronka diary"),
        ("что ждёт моего решения", "voronka held"),
        ("всё остановить", "voronka stop"),
    ),
    EN: (
        ("see how it works", "voronka demo"),
        ("connect a portal of mine", "voronka connect"),
        ("know whether the file has mistakes", "voronka check"),
        ("start the robots", "voronka run FILE"),
        ("know what a changed file would do", "voronka plan FILE → voronka apply FILE"),
        ("know what one deal would get", "voronka try LINK"),
        ("rehearse the robots without a portal", "voronka test REHEARSAL"),
        ("know why something happened", "voronka why LINK"),
        ("know whether the robots are alive", "voronka status"),
        ("see what failed, and do it again", "voronka problems → voronka retry"),
        ("read the log in words", "voronka logs FILE"),
        ("know what watching robots would do", "voronka diary"),
        ("see what waits for my word", "voronka held"),
        ("stop everything", "voronka stop"),
    ),
}

_TEXTS: Mapping[str, tuple[str, str]] = {
    "want": ("Хочу узнать…", "I want to…"),
    "command": ("команда", "command"),
    "more": ("Подробно о команде: voronka КОМАНДА --help", "More about a command: voronka COMMAND --help"),
    "no_file": ("нет такого файла: {path}", "no such file: {path}"),
    "no_yaml": (
        "не вижу файла настройки: назовите его (voronka {command} romashka.yaml) или создайте: voronka connect",
        "no configuration file here: name it (voronka {command} romashka.yaml) or make one: voronka connect",
    ),
    "no_rehearsals": (
        "не вижу репетиций: назовите файл (voronka test rehearsals/romashka.yaml)",
        "no rehearsals here: name a file (voronka test rehearsals/romashka.yaml)",
    ),
    "which_yaml": ("здесь несколько файлов, назовите один: {files}", "several files here, name one: {files}"),
    "clean": (
        "Ошибок нет: роботов {robots}, проверок стадий {gates}.",
        "No mistakes: {robots} robots, {gates} gates.",
    ),
    "names_unchecked": (
        "Имена стадий, полей и людей не проверены: нет связи с порталом (адрес вебхука в {secrets} или --snapshot).",
        "Names of stages, fields and people weren't checked: no portal (webhook in {secrets}, or --snapshot).",
    ),
    "no_store": (
        "Voronka здесь ещё не работала: базы {url} нет. Запустите: voronka run ФАЙЛ",
        "Voronka never ran here: there is no database {url}. Start it: voronka run FILE",
    ),
    "no_portal": ("В базе нет такого портала: {portal}", "no such portal in the database: {portal}"),
    "not_a_person": (
        "не понимаю, кого стереть: «{text}». Напишите телефон, e-mail, contact 7, company 7, lead 5 или ссылку",
        "who is that: {text}? A phone, an e-mail, contact 7, company 7, lead 5 or a link",
    ),
    "nobody_copied": (
        "В копии такого человека нет; занесу его в список, чтобы он в неё не попал.",
        "The copy knows nobody like that; they will be kept out of it.",
    ),
    "will_erase": (
        "Будет стёрто без возврата: {counts}. В текстах вместо имени, телефона и почты встанет «клиент»; "
        "роботы его сделок работают дальше. В портале ничего не изменится.",
        "Will be erased for good: {counts}. Texts will say «клиент»; the robots of their deals go on. "
        "Nothing changes in the portal.",
    ),
    "several_persons": (
        "Ничего не стёрто: этот телефон или почта у нескольких ({refs}). Назовите одного (contact 7) или всех: --all",
        "Nothing was erased: several have that ({refs}). Name one (contact 7) or all of them: --all",
    ),
    "erase_ask": ("Чтобы стереть, наберите слово «{word}»:", "To erase, type the word «{word}»:"),
    "erase_unasked": (
        "Ничего не стёрто: здесь некому подтвердить. Если решено, добавьте --yes",
        "Nothing was erased: nobody here to confirm it. If it is decided, add --yes",
    ),
    "not_erased": ("Ничего не стёрто.", "Nothing was erased."),
    "which_portal": ("Назовите портал: --portal {portals}", "name the portal: --portal {portals}"),
    "which_card": (
        "И сделка, и лид с номером {id}: напишите deal {id} или lead {id}",
        "both a deal and a lead have the number {id}: say deal {id} or lead {id}",
    ),
    "not_a_card": (
        "Не понимаю «{text}»: нужна ссылка на карточку или deal 123, lead 123, task 123",
        "can't read “{text}”: give a card's link, or deal 123, lead 123, task 123",
    ),
    "no_task": (
        "Задачу {id} ставил не робот: в базе Voronka её нет.",
        "task {id} wasn't set by a robot: Voronka's database doesn't know it.",
    ),
    "no_problems": ("Проблем нет.", "No problems."),
    "retried": ("Повторим: {count}.", "Will be tried again: {count}."),
    "believed": (
        "Поверила: пропавшие карточки удалены; ещё час не переспрашиваю.",
        "Believed: the cards that vanished are deleted; no question for an hour.",
    ),
    "woken": ("Посмотрим снова: {count}.", "Will be looked at again: {count}."),
    "nothing_to_retry": ("Повторять нечего.", "Nothing to try again."),
    "applied": (
        "Передано: работающая Voronka возьмёт этот файл за несколько секунд.",
        "Told: the running Voronka will take this file within seconds.",
    ),
    "taken": ("Принято: работает настройка {hash}.", "Taken: configuration {hash} is at work."),
    "rejected": (
        "Не принято: в файле ошибки, работает прежняя настройка.",
        "Not taken: mistakes in the file.",
    ),
    "nothing_to_save": ("Снимок не записан: нет связи с порталом.", "No snapshot written: no portal."),
    "saved": ("Снимок портала записан: {path}", "snapshot written: {path}"),
    "bad_duration": ("не понимаю срок «{text}»: 20s, 2m или 1h", "can't read “{text}”: say 20s, 2m or 1h"),
    "no_port": ("нет свободного порта", "no free port"),
    "no_sandbox": ("учебный портал не запустился: {why}", "the sandbox portal didn't start: {why}"),
    "demo_board": ("Доска учебного портала: {url}", "The sandbox's board: {url}"),
    "demo_page": ("Состояние роботов:      {url}", "The robots' state:   {url}"),
    "demo_stop": ("Остановить: Ctrl-C\n", "Stop: Ctrl-C\n"),
    "need_public": (
        "приложению нужен адрес, по которому портал видит Voronka из интернета: --public-url https://voronka.romashka.ru",
        "an application needs the address where the portal reaches Voronka: --public-url https://voronka.example.com",
    ),
    "need_address": (
        "нужен адрес портала: --address romashka.bitrix24.ru",
        "the portal's address is needed: --address example.bitrix24.com",
    ),
    "ask_address": ("Адрес портала", "The portal's address"),
    "need_app": (
        "нужны client_id и client_secret приложения: переменные B24_CLIENT_ID и B24_CLIENT_SECRET",
        "the application's client_id and client_secret are needed: B24_CLIENT_ID and B24_CLIENT_SECRET",
    ),
    "app_came": (
        "                ✓ портал пришёл",
        "                ✓ the portal came",
    ),
    "ask_app": (
        "                Впишите то, что портал показал после сохранения",
        "                Enter what the portal showed after saving",
    ),
    "app_foreign": (
        "                ~ пришла чужая установка, не этого приложения: жду дальше",
        "                ~ a stranger's installation came, not this application's: waiting on",
    ),
    "need_url": (
        "нужен адрес входящего вебхука: --url или переменная B24_URL",
        "the incoming webhook's address is needed: --url or B24_URL",
    ),
    "ask_url": (
        "Вставьте адрес входящего вебхука (Разработчикам → Другое → Входящий вебхук); его не видно при вводе.",
        "Paste the incoming webhook's address (Developer resources → Other → Inbound webhook); it isn't shown.",
    ),
    "check_more": (
        "Тариф и права видны только через вебхук: voronka connect --check {host} --url АДРЕС",
        "The plan and the rights show only through a webhook: voronka connect --check {host} --url ADDRESS",
    ),
    "other_type": (
        "                ! поле «{field}» уже есть, но другого типа: переименуйте его или назовите своё в with: names:",
        "                ! the field “{field}” is there with another type: rename it, or name yours in with: names:",
    ),
    "create": ("Создать?", "Create them?"),
    "overwrite": ("Файл {path} уже есть. Заменить?", "{path} exists. Replace it?"),
    "kept": ("Файл {path} оставлен как был.", "{path} was left as it is."),
    "new_pipeline": ("новая воронка «{called}»", "a new pipeline “{called}”"),
    "pick": ("Номер воронки", "Number of the pipeline"),
    "running": ("работает", "running"),
    "stands": ("стоит", "stands"),
    "not_running": ("не запущена", "not running"),
    "usage": ("не так вызвана: {error}", "wrong usage: {error}"),
}


def speak(language: str) -> None:
    global _language
    _language = EN if language == EN else RU


def language() -> str:
    return _language


def text(name: str, **values: object) -> str:
    ru, en = _TEXTS[name]
    return (en if _language == EN else ru).format(**values)
