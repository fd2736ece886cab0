"""What is wrong with an installation, in words; and what a production server must not start with."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from engine import Engine
from engine.errors import EngineError, NotFitForProduction, language
from engine.settings import Settings
from engine.topics import can_deliver

#: The password of everybody in the demonstration. It is written in the documentation: no secret, on purpose.
DEMO_PASSWORD = "huiyin-demo"

#: A session key shorter than this can be guessed.
SHORTEST_SECRET = 32

#: Hashes looked at for the demonstration's password: some 50 ms each.
MOST_HASHES = 50

_well_known = ("secret", "changeme", "change-me", "default", "password", "example", "huiyin", "insecure")

#: Work that has been due for longer says that nobody does it, or not enough.
LATE = timedelta(minutes=5)

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at: its name, how it stands, and the sentence in both languages."""

    name: str
    level: Level
    zh: str
    en: str

    @property
    def message(self) -> str:
        """The sentence in the language in force."""
        return self.zh if language.get() == "zh" else self.en

    def as_json(self) -> dict[str, Any]:
        """The shape of a finding in ``huiyin doctor --json``."""
        return {"name": self.name, "level": self.level, "message": self.message}


def examine(settings: Settings, open_engine: Callable[[], Engine]) -> list[Finding]:
    """Looks at everything an installation needs, in the order in which one would put it right. Never raises."""
    findings = [_python(), _environment(settings), _secret(settings), _data_key(settings), _assets(), _translations()]
    findings.append(_notices(settings))
    try:
        engine = open_engine()
    except EngineError as error:
        findings.append(Finding("database", "error", error.text("zh"), error.text("en")))
        return findings
    findings.append(
        Finding("database", "ok", "数据库可用，结构为最新", "the database answers and its schema is up to date")
    )
    try:
        findings += [_people(engine, settings), _procedures(engine), _background(engine)]
    except EngineError as error:
        findings.append(Finding("database", "error", error.text("zh"), error.text("en")))
    return findings


def require_production_ready(settings: Settings, engine: Engine) -> None:
    """Raises ``NotFitForProduction`` for a missing key, or a secret key or password that everybody can know."""
    if settings.env != "production":
        return
    for finding in (_secret(settings), _data_key(settings), _people(engine, settings)):
        if finding.level == "error":
            raise NotFitForProduction(reason=finding.message)


def demo_logins(engine: Engine) -> list[str]:
    """The active accounts that still have the demonstration's password.

    A check of a hash is slow on purpose. The demonstration gives its people one hash, so the hashes most accounts share
    are looked at first, and no more than ``MOST_HASHES``.
    """
    logins: dict[str, list[str]] = {}
    for person in engine.users():
        user = engine.user(person.login)
        if user.active and user.password_hash:
            logins.setdefault(user.password_hash, []).append(user.login)
    shared = sorted(logins, key=lambda text: len(logins[text]), reverse=True)
    return sorted(login for text in shared[:MOST_HASHES] if _is_demo_password(text) for login in logins[text])


def _is_demo_password(text: str) -> bool:
    try:
        return PasswordHasher().verify(text, DEMO_PASSWORD)
    except (VerificationError, InvalidHashError):
        return False


def _python() -> Finding:
    version = platform.python_version()
    huiyin = importlib.metadata.version("huiyin")
    return Finding("python", "ok", f"Python {version}，回音 {huiyin}", f"Python {version}, Huiyin {huiyin}")


def _environment(settings: Settings) -> Finding:
    level: Level = "ok" if settings.env == "production" else "warning"
    return Finding(
        "environment",
        level,
        f"HUIYIN_ENV={settings.env}" + ("" if level == "ok" else "，不可用于正式工作"),
        f"HUIYIN_ENV={settings.env}" + ("" if level == "ok" else ", not for real work"),
    )


def _secret(settings: Settings) -> Finding:
    key = settings.secret_key
    level: Level = "error" if settings.env == "production" else "warning"
    if not key:
        return Finding(
            "secret_key",
            level,
            "未设置 HUIYIN_SECRET_KEY（会话签名密钥，不少于 32 个字符）",
            "HUIYIN_SECRET_KEY is not set: it signs sessions, 32 characters or more",
        )
    known = any(word in key.lower() for word in _well_known) and len(key) < 2 * SHORTEST_SECRET
    if known or len(key) < SHORTEST_SECRET or len(set(key)) < 8:
        return Finding(
            "secret_key",
            level,
            "HUIYIN_SECRET_KEY 是默认值或容易猜到，请换成随机的 32 个以上字符",
            "HUIYIN_SECRET_KEY is a default or can be guessed; use 32 or more random characters",
        )
    return Finding("secret_key", "ok", "会话签名密钥已设置", "the session key is set")


def _data_key(settings: Settings) -> Finding:
    try:
        if settings.key_bytes() is not None:
            return Finding("data_key", "ok", "数据密钥已设置", "the data key is set")
    except EngineError as error:
        return Finding("data_key", "error", error.text("zh"), error.text("en"))
    if settings.env == "production" and not settings.database_url.startswith("sqlite"):
        return Finding(
            "data_key",
            "error",
            "未设置 HUIYIN_DATA_KEY：不能存取诉求人信息",
            "HUIYIN_DATA_KEY is not set: callers' data can be neither stored nor read",
        )
    level: Level = "warning" if settings.env == "production" else "ok"
    return Finding(
        "data_key",
        level,
        "数据密钥在文件中，请另行备份；没有它就读不出诉求人信息",
        "the data key is a file; keep a copy elsewhere, callers' data cannot be read without it",
    )


def _web() -> Path | None:
    found = importlib.util.find_spec("webui")
    return Path(found.origin).parent if found is not None and found.origin else None


def _assets() -> Finding:
    web = _web()
    if web is None:
        return Finding("assets", "error", "没有找到网页部分 webui", "the web part, webui, was not found")
    if any((web / "static" / "dist").glob("*.js")):
        return Finding("assets", "ok", "浏览器资源已生成", "the browser assets are built")
    return Finding(
        "assets", "error", "浏览器资源未生成，请运行 make assets", "the browser assets are not built: run make assets"
    )


def _translations() -> Finding:
    web = _web()
    if web is not None and any((web / "translations").glob("*/LC_MESSAGES/*.mo")):
        return Finding("translations", "ok", "译文已编译", "the translations are compiled")
    return Finding(
        "translations",
        "warning",
        "译文未编译，只有中文页面；请运行 make assets",
        "the translations are not compiled, pages are Chinese only: run make assets",
    )


def _notices(settings: Settings) -> Finding:
    if not settings.notify_urls.split():
        return Finding(
            "notices",
            "warning",
            "未设置 HUIYIN_NOTIFY_URLS：通知留在发件箱，不会发出",
            "HUIYIN_NOTIFY_URLS is not set: notices stay in the outbox",
        )
    if not can_deliver(settings):
        return Finding(
            "notices",
            "error",
            "未安装 apprise，通知不能发出：请运行 pip install 'huiyin[notify]'",
            "apprise is not installed, notices cannot leave: pip install 'huiyin[notify]'",
        )
    return Finding("notices", "ok", "通知可以发出", "notices can leave")


def _people(engine: Engine, settings: Settings) -> Finding:
    known = demo_logins(engine)
    if known and settings.env == "production":
        names = known[:5]
        return Finding(
            "people",
            "error",
            f"这些账号仍使用演示密码：{'、'.join(names)}（共 {len(known)} 个）",
            f"these accounts still have the demonstration's password: {', '.join(names)} ({len(known)} in all)",
        )
    count = len(list(engine.users()))
    if not count:
        return Finding("people", "warning", "还没有账号，没有人能登录", "there are no accounts, nobody can sign in")
    return Finding("people", "ok", f"{count} 个账号", f"{count} account(s)")


def _procedures(engine: Engine) -> Finding:
    count = len(list(engine.procedures()))
    if not count:
        return Finding(
            "procedures",
            "warning",
            "还没有发布流程，请运行 huiyin publish",
            "no procedure is published: run huiyin publish",
        )
    return Finding("procedures", "ok", f"已发布 {count} 个流程", f"{count} procedure(s) published")


def _background(engine: Engine) -> Finding:
    health = engine.health()
    minutes = int(health.lag // 60)
    if health.lag < LATE.total_seconds():
        alive = sum(worker.alive for worker in health.workers)
        return Finding(
            "background",
            "ok",
            f"没有积压的后台工作，{alive} 个后台进程在工作",
            f"no background work is overdue, {alive} worker(s) at work",
        )
    if not health.someone_works:
        return Finding(
            "background",
            "warning",
            f"后台工作已积压 {minutes} 分钟，却没有后台进程；请运行 huiyin work 或 huiyin serve",
            f"background work has been due for {minutes} minutes and no worker was seen: "
            "run huiyin work or huiyin serve",
        )
    return Finding(
        "background",
        "warning",
        f"后台工作已积压 {minutes} 分钟；请查看 huiyin jobs，必要时增加 huiyin work",
        f"background work is {minutes} minutes late: see huiyin jobs, and run more of huiyin work if need be",
    )
