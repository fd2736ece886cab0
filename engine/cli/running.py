"""``serve``, ``web``, ``work``, ``doctor``, ``demo``: what runs, and whether it can."""

from __future__ import annotations

import gc
import importlib.metadata
import logging
import secrets
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Any

import click
import waitress

from engine.background import EVERY, Round, Worker
from engine.cli.output import table, write
from engine.cli.session import Exit, Session, command, open_engine
from engine.cli.top import top
from engine.cli.wording import SpokenOption, say
from engine.demo import load_demo
from engine.doctor import examine, require_production_ready


@command(
    top,
    "work",
    zh="后台处理：到时触发定时、传递信号与消息、发送。--once 只处理已到时的，然后结束；有失败时返回 1。",
    en="Do the background work: timers, signals, what leaves. --once does what is due now; ends with 1 if some failed.",
)
@click.option("--once", is_flag=True, cls=SpokenOption, zh="处理已到时的后结束。", en="Do what is due now and end.")
@click.option(
    "--every",
    type=click.IntRange(1, 3540),
    default=EVERY,
    metavar="SECONDS",
    cls=SpokenOption,
    zh="每隔多少秒查看一次；满一分钟的按整分钟。",
    en="Seconds between two looks; from a minute on, whole minutes.",
)
@click.option(
    "--parallel",
    type=click.IntRange(1, 32),
    default=None,
    metavar="N",
    cls=SpokenOption,
    zh="本进程同时处理的批数；默认 SQLite 为 1，PostgreSQL 为 4。",
    en="Batches at once in this process; by default 1 on SQLite, 4 on PostgreSQL.",
)
def work(session: Session, once: bool, every: int, parallel: int | None) -> Exit:
    worker = Worker(session.engine, every, parallel)
    if once:
        done = worker.once()
        session.answer(done.as_json(), lambda: _told(done))
        return 0 if done.ok else 1
    _log_to_stderr()
    _settle()
    _end_on_sigterm()
    try:
        worker.run()
    except KeyboardInterrupt:
        write(say("正在结束。", "Ending."), sys.stderr)
    return 0


def _told(done: Round) -> str:
    moved, failed = len(done.moved), len(done.failed)
    return say(
        f"推进 {moved} 件诉求，失败 {failed} 件；传递 {done.handed_on} 条；"
        f"发出 {done.sent} 条，未发出 {done.not_sent} 条。",
        f"{moved} case(s) moved, {failed} failed; {done.handed_on} handed on; "
        f"{done.sent} sent, {done.not_sent} not sent.",
    )


def web_options(function: Callable[..., Exit]) -> Callable[..., Exit]:
    """Where the web listens, and whom it believes."""
    options = (
        click.option(
            "--host",
            default="127.0.0.1",
            show_default=True,
            cls=SpokenOption,
            zh="监听地址。",
            en="Address to listen on.",
        ),
        click.option(
            "--port",
            type=click.IntRange(0, 65535),
            default=8000,
            show_default=True,
            cls=SpokenOption,
            zh="监听端口；0 为任一空闲端口。",
            en="Port to listen on; 0 takes a free one.",
        ),
        click.option(
            "--proxy",
            metavar="ADDRESS",
            cls=SpokenOption,
            zh="前面的反向代理的地址；只信它的 X-Forwarded-For、-Host、-Proto。",
            en="Address of the reverse proxy in front; "
            "its X-Forwarded-For, -Host and -Proto are believed, nobody else's.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


@command(
    top,
    "serve",
    zh="提供网页服务，并在同一进程中做后台处理。",
    en="Serve the web and do the background work in one process.",
)
@web_options
def serve(session: Session, host: str, port: int, proxy: str | None) -> Exit:
    return _serve(session, host, port, proxy, Worker(session.engine))


@command(
    top,
    "web",
    zh="只提供网页服务；后台处理由 huiyin work 做。",
    en="Serve the web only; huiyin work does the background work.",
)
@web_options
def web(session: Session, host: str, port: int, proxy: str | None) -> Exit:
    return _serve(session, host, port, proxy, None)


def _serve(session: Session, host: str, port: int, proxy: str | None, worker: Worker | None) -> Exit:
    settings = session.settings
    require_production_ready(settings, session.engine)
    if not settings.secret_key:
        # Outside production only: sessions end with the process.
        settings = replace(settings, secret_key=secrets.token_urlsafe(48))
    _log_to_stderr()
    _settle()
    application = _web()(session.engine, settings)
    believed: dict[str, Any] = {"clear_untrusted_proxy_headers": True}
    if proxy:
        believed.update(
            trusted_proxy=proxy, trusted_proxy_headers={"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"}
        )
    try:
        server = waitress.create_server(application, host=host, port=port, threads=8, ident="huiyin", **believed)
    except OSError as error:
        raise click.UsageError(
            say(f"不能在 {host}:{port} 上监听：{error.strerror}", f"cannot listen on {host}:{port}: {error.strerror}")
        ) from None
    address = f"http://{host}:{server.effective_port}"
    session.answer(
        {"address": address},
        lambda: say(f"回音在 {address} 提供服务，按 Ctrl+C 结束。", f"Huiyin is at {address}, Ctrl+C ends it."),
    )
    if worker is not None:
        worker.start()
    _end_on_sigterm()
    try:
        server.run()
    except KeyboardInterrupt:
        write(say("正在结束。", "Ending."), sys.stderr)
    finally:
        server.close()
        if worker is not None:
            worker.stop()
    return 0


def _web() -> Any:
    """The web's application factory, found by name: the engine does not import the web."""
    found = list(importlib.metadata.entry_points(group="huiyin.web", name="application"))
    if not found:
        raise click.UsageError(
            say("没有安装网页部分，请运行 make setup。", "The web part is not installed: run make setup.")
        )
    return found[0].load()


@command(
    top,
    "doctor",
    zh="检查安装与设置，说明哪里不对。有错误时返回 1。",
    en="Say what is wrong with the installation and its settings. Ends with 1 if something is.",
)
def doctor(session: Session) -> Exit:
    findings = examine(session.settings, lambda: session.engine)
    ok = all(finding.level != "error" for finding in findings)
    words = {"ok": say("正常", "ok"), "warning": say("注意", "note"), "error": say("错误", "error")}

    def text() -> str:
        rows = [(finding.name, words[finding.level], finding.message) for finding in findings]
        return table([say("项目", "What"), say("状态", "State"), say("说明", "Why")], rows)

    session.answer({"ok": ok, "findings": [finding.as_json() for finding in findings]}, text)
    return 0 if ok else 1


@command(
    top,
    "demo",
    zh="载入演示数据：发布流程和表单，建立部门、人员和若干诉求件。已有的不动。",
    en="Load the demonstration: procedures, forms, units, people and a few cases. What is there is left alone.",
)
def demo(session: Session) -> Exit:
    loaded = load_demo(session.settings, open_engine)
    session.answer(
        loaded.as_json(),
        lambda: say(
            f"发布 {loaded.versions} 个版本，{loaded.units} 个部门，{loaded.users} 个账号，{loaded.cases} 件诉求。",
            f"{loaded.versions} version(s) published, {loaded.units} unit(s), {loaded.users} account(s), "
            f"{loaded.cases} case(s).",
        ),
    )
    return 0


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")


def _settle() -> None:
    """What was loaded to begin with stays for as long as the process runs: the collector need not look through it."""
    gc.collect()
    gc.freeze()


def _end_on_sigterm() -> None:
    """A service manager's SIGTERM ends us as tidily as Ctrl+C does."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
