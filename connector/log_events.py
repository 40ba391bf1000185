"""The catalogue of log events: every constant that may stand in `event`, and its sentence in both languages.

`voronka logs` renders a line by its sentence, docs/logs.md lists them (a test keeps the two equal). A sentence names only
keys of its own event; a key that a line lacks is shown as «—».
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    ru: str
    en: str


CATALOGUE: Mapping[str, Told] = {
    "daemon.started": Told(
        "Voronka запущена: портал {portal}, адрес {url}", "started: portal {portal}, at {url}"
    ),
    "daemon.stopping": Told("Останавливаюсь: доделываю начатое", "stopping: finishing what was begun"),
    "daemon.stopped": Told("Остановилась", "stopped"),
    "daemon.failed": Told("Не могу работать: {reason}", "can't run: {reason}"),
    "daemon.orphaned": Told(
        "Программы, что запустила рабочие процессы, больше нет: останавливаюсь",
        "the crew's parent is gone: stopping",
    ),
    "portal.crashed": Told("Портал упал и будет поднят: {reason}", "the portal fell over: {reason}"),
    "daemon.crash_point": Told("Проверка падения в точке {point}", "crash trial at {point}"),
    "hook.received": Told("Сигнал портала: {thing}", "doorbell: {thing}"),
    "hook.ignored": Told("Сигнал не про нас: {name}", "doorbell of no concern: {name}"),
    "hook.refused": Told("Сигнал отклонён: {reason}", "doorbell refused: {reason}"),
    "hook.unsaved": Told(
        "Сигнал не записан, ответили 503: {reason}", "doorbell not saved, answered 503: {reason}"
    ),
    "hook.failed": Told("Сигнал не разобран: {error}", "doorbell failed: {error}"),
    "trigger.received": Told(
        "{card}: внешний вызов «{name}», новый: {new}", "{card}: called from outside: {name}, new: {new}"
    ),
    "trigger.refused": Told(
        "Внешний вызов «{name}» отклонён: {reason}", "call {name} from outside refused: {reason}"
    ),
    "trigger.unsaved": Told(
        "Внешний вызов «{name}» не записан, ответили 503: {reason}",
        "call {name} not saved, answered 503: {reason}",
    ),
    "arrival.told": Told(
        "Пришло карточкам ({cards}): {what}, № {number}", "came for {cards} cards: {what} {number}"
    ),
    "page.failed": Told("Страница не открылась: {error}", "page failed: {error}"),
    "card.looked": Told("{card}: посмотрела", "{card}: looked"),
    "card.gone": Told("{card}: удалена в портале", "{card}: deleted in the portal"),
    "card.torn": Told(
        "{card}: история и карточка расходятся, смотрю ещё раз", "{card}: torn look, looking again"
    ),
    "card.parked": Told("{card}: отложена до {until}: {reason}", "{card}: parked until {until}: {reason}"),
    "robot.decided": Told("{card}: «{robot}»: {outcome}. {reason}", "{card}: {robot}: {outcome}. {reason}"),
    "intent.sent": Told("{card}: «{robot}»: отправила", "{card}: {robot}: sent"),
    "intent.done": Told("{card}: «{robot}»: сделано", "{card}: {robot}: done"),
    "intent.refused": Told(
        "{card}: «{robot}»: портал отказал: {reason}", "{card}: {robot}: refused: {reason}"
    ),
    "intent.unknown": Told(
        "{card}: «{robot}»: неизвестно, выполнил ли портал; проверю", "{card}: {robot}: unknown, will look"
    ),
    "intent.superseded": Told(
        "{card}: «{robot}»: уже не нужно: {reason}", "{card}: {robot}: superseded: {reason}"
    ),
    "intent.waiting": Told(
        "{card}: «{robot}»: сообщение ждёт до {until}: {reason}",
        "{card}: {robot}: waits until {until}: {reason}",
    ),
    "intent.held": Told(
        "{card}: «{robot}»: придержано: {reason}; voronka held",
        "{card}: {robot}: held: {reason}; voronka held",
    ),
    "intent.adopted": Told("{card}: «{robot}»: нашла сделанное раньше", "{card}: {robot}: found it done"),
    "intent.retrying": Told("{card}: «{robot}»: повторю в {until}", "{card}: {robot}: again at {until}"),
    "intent.given_up": Told("{card}: «{robot}»: не вышло: {reason}", "{card}: {robot}: given up: {reason}"),
    "portal.throttled": Told("Портал просит реже: {reason}", "the portal asks to slow down: {reason}"),
    "portal.closed": Told("{reason}", "portal closed: {reason}"),
    "portal.opened": Told("Портал снова открыт", "the portal is open again"),
    "portal.unreachable": Told(
        "{reason}. Попробую через {delay} с",
        "portal unreachable: {reason}; again in {delay} s",
    ),
    "portal.connected": Told("Портал отвечает: {address}", "portal answers: {address}"),
    "portal.degraded": Told("Работаю без части возможностей: {reason}", "degraded: {reason}"),
    "token.renewed": Told("Ключи приложения обновлены", "the application's tokens were renewed"),
    "token.unsaved": Told(
        "Новые ключи приложения пока только в памяти: {reason}", "new tokens are in memory only: {reason}"
    ),
    "app.installed": Told("Приложение установлено, ключи получены", "the application is installed"),
    "app.refused": Told("Установка приложения не принята: {reason}", "installation refused: {reason}"),
    "app.removed": Told(
        "Приложение удалено из портала, ключи стёрты", "the application was removed, its tokens erased"
    ),
    "app.bound": Told("Привязала события портала: {events}", "bound {events} events of the portal"),
    "sweep.done": Told("Обошла портал: нового {fresh}", "swept: {fresh} new"),
    "sweep.failed": Told("Обход не удался: {reason}", "sweep failed: {reason}"),
    "backfill.page": Told("Скопировала страницу: {kind}", "copied a page: {kind}"),
    "backfill.done": Told("Копия готова: {kind}", "copy complete: {kind}"),
    "loop.failed": Told(
        "Цикл «{loop}» упал и будет поднят: {error}", "loop {loop} failed, restarting: {error}"
    ),
    "config.loaded": Told(
        "Настройка принята: {config}, роботов {robots}", "configuration {config}: {robots} robots"
    ),
    "config.rejected": Told(
        "Файл с ошибками не принят, работает прежняя настройка: {problems}",
        "file rejected, the last good configuration works on: {problems}",
    ),
    "config.broken": Told("Робот не понят и не работает: {place} {reason}", "broken robot: {place} {reason}"),
    "config.delayed": Told(
        "Настройку пока нельзя сменить: {reason}", "the configuration can't be changed yet: {reason}"
    ),
    "config.waiting": Told("Изменения ждут: voronka apply", "changes wait: voronka apply"),
    "store.failed": Told("База не принимает запись: {reason}", "the database refuses: {reason}"),
    "store.recovered": Told("База снова пишет", "the database writes again"),
    "lease.taken": Told("Портал теперь ведёт этот процесс", "the portal is this worker's now"),
    "lease.lost": Told(
        "Портал перешёл к другому процессу: этот долго молчал", "the portal went to another worker"
    ),
    "lease.given_up": Told("Портал отдан другому процессу", "the portal is given to another worker"),
    "lease.failed": Told("Базу не спросить, чей портал: {reason}", "the lease can't be asked for: {reason}"),
    "limit.reached": Told(
        "«{robot}»: предел достигнут, остальное придержано; voronka held",
        "{robot}: limit reached, the rest is held; voronka held",
    ),
    "report.written": Told("Отчёт «{report}»: читателей {count}", "report {report}: {count} readers"),
    "report.skipped": Told("Отчёт «{report}» не ушёл: {reason}", "report {report} wasn't sent: {reason}"),
    "enroll.begun": Told(
        "Открытые карточки берутся под роботов {robots}: {cards} (решил {by})",
        "open cards are given to the robots {robots}: {cards} (decided by {by})",
    ),
    "enroll.done": Told(
        "Все открытые карточки взяты под роботов {robots}: {cards}",
        "all open cards were given to the robots {robots}: {cards}",
    ),
    "undo.begun": Told(
        "Отменяется сделанное роботами {robots}: {acts} (решил {by})",
        "what the robots {robots} did is taken back: {acts} (decided by {by})",
    ),
    "person.replaced": Told(
        "Карточки уходящего сотрудника переданы: {cards} (решил {by})",
        "a leaver's cards are given to others: {cards} (decided by {by})",
    ),
    "person.left": Told(
        "Уволен сотрудник № {person}: открытых карточек {cards}, задач роботов {tasks}",
        "employee no. {person} was dismissed: {cards} open cards, {tasks} tasks of robots",
    ),
    "retention.done": Told(
        "Убрала из журнала старше {days} дней: взглядов {looks}, слов из {wishes} действий",
        "cleared what is older than {days} days: {looks} looks, the words of {wishes} acts",
    ),
    "restore.needed": Told("Стою: {reason}", "standing still: {reason}"),
    "restore.done": Told(
        "Сверка с порталом после восстановления базы окончена: засчитано {adopted}, на решение человека {doubtful}",
        "checked against the portal after a restore: {adopted} adopted, {doubtful} left to a person",
    ),
    "portal.shared": Told("{reason}", "another Voronka works here: {reason}"),
    "alert.sent": Told("Сообщила о беде ({kind})", "alerted ({kind})"),
    "alert.failed": Told("Не могу сообщить о беде ({kind}): {reason}", "can't alert ({kind}): {reason}"),
    "limit.held": Told("«{robot}» придержан лимитом: {reason}", "{robot} held by a limit: {reason}"),
    "log.foreign": Told("{message}", "{message}"),
}


def sentence(line: Mapping[str, object], language: str = "ru") -> str:
    """A log line as a sentence; an event of another version is shown by its own name and keys."""
    event = str(line.get("event", ""))
    told = CATALOGUE.get(event)
    if told is None:
        rest = " ".join(f"{k}={v}" for k, v in line.items() if k not in {"event", "level", "timestamp"})
        return f"{event} {rest}".strip()
    return (told.en if language == "en" else told.ru).format_map(_Known(line))


class _Known(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "—"
