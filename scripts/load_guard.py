"""Load, leaks and faults of the guard server, with numbers.

    load    N concurrent streams of a scripted model for some seconds: errors, the guard's share of each step, memory
    harm    streams of a scripted harmful model behind a reflection, a stream rule and an upstream, cut anywhere:
            how often does a held word reach the wire? A dry run is the control: it must leak.
    faults  an upstream that dies, dawdles or babbles: what does the client read, and does the server stand afterwards?
    fuzz    strange Unicode as messages, echoed by the model: no 5xx, ASCII on the wire, nothing lost on the way
    api     schemathesis on the OpenAPI schema: no 5xx

The server is the real one in a process of its own (`load_guard.py server`), reached over loopback; the clients are this
process, and share the machine. Exit code 3 if a bound does not hold. Needs the extras `serve` and, for `api`, `dev`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from load_texts import ANSWERS

SECRET = "WHEELBARROW"  # stands for text that must not leave; harmless in itself
TRIGGER = "anna.kettle@harbour-mail.org"  # what the stream rule of `POLICY` finds; belongs to nobody
POLICY = """
format: 1
name: load
dry_run: {dry}
input:
  - {{detector: personal_data, label: card, action: refuse}}
stream:
  - {{detector: personal_data, label: email, action: hold}}
streaming: {{window: 160, context: 240, first: 60, behind: 64, max_hold: 1.0}}
"""
WINDOWS = {"first": 60, "window": 160, "behind": 64}  # of the policy above and of the shipped one
P99_BOUND, GROWTH_BOUND = 0.020, 32.0  # seconds, megabytes
PROSE = (
    "A garden in autumn asks for little work and gives much back. Rake the leaves from the lawn but leave them under "
    "the hedge, where hedgehogs look for a bed. Cut dead stalks in spring, not now, since insects sleep in them. "
    "Water young trees once a week while it is dry, and spread compost around them so that the soil stays warm. Plant "
    "bulbs twice as deep as they are tall, with the pointed end up, and mark the place. Clean your tools, oil the "
    "blades, and hang them where it is dry. What you do now in an hour will save you a day in April."
)


# ---- the server ------------------------------------------------------------------------------------------------


def script(transcript: Any) -> str:
    """What the scripted model writes; the last message says which part it plays."""
    from sophro.chat import REFLECTION_TOKEN

    said = transcript.turns[-1].segments[-1].text
    if said.startswith("harm "):
        kind, number = said.split()[1:3]
        return harmful(kind, int(number), REFLECTION_TOKEN)
    if said.startswith("echo "):
        return said[5:]
    return ANSWERS.get(said.partition("\n")[0], PROSE)


def harmful(kind: str, seed: int, token: str = "") -> str:
    """An answer that turns harmful somewhere: taken back by the model itself, or found by the stream rule."""
    rng = random.Random(seed)
    words = PROSE.split(" ")
    before = " ".join(words[: rng.randrange(0, len(words))])
    if kind == "reflection":
        prefix = " ".join(rng.choice((SECRET, "and", "then")) for _ in range(rng.randrange(1, 62)))
        thought = "Wait, this would hurt someone."
        return f"{before} {prefix} {SECRET} {token}{thought}\n\nI stop here and help with something safe."
    return f"{before} {SECRET} {TRIGGER} {SECRET} {' '.join(words[:20])} {SECRET}"


class NoGuard:
    """The control of `load`: what the server costs without detectors. Also its own stream check."""

    decision, stopped = None, False

    def check(self, conversations: Any, where: str = "input") -> list[Any]:
        from sophro.guard.server._contract import Allowed

        return [Allowed() for _ in conversations]

    def stream(self, conversation: Any) -> NoGuard:
        return self

    def due(self, more: int = 0) -> bool:
        return False

    def push(self, text: str) -> str:
        return text

    def poll(self) -> str:
        return ""

    finish = poll


def make_app(
    delay: float = 0.0,
    policy: str | None = None,
    upstream: str = "",
    seconds: float = 60.0,
    events: Path | None = None,
) -> Any:
    """The real application with a scripted model, or in front of ``upstream``; ``policy`` is a file's text or None."""
    from sophro.guard import server as served
    from sophro.guard.server._page import page_routes
    from sophro.guard.server._upstream import UpstreamBackEnd
    from sophro.models import ScriptedModel

    settings = served.Settings(limits=served.Limits(streams=4096, streams_per_key=4096))
    if policy == "none":
        guards: Any = served.FixedGuards(NoGuard())
    elif policy is None:
        guards = served.PolicyGuards(None)
    else:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "policy.yaml")
            path.write_text(policy)
            guards = served.PolicyGuards(path)
    if upstream:
        back_end: Any = UpstreamBackEnd(upstream, settings, None, seconds)
    else:
        back_end = served.ScriptedBackEnd(ScriptedModel(script), settings, delay)
    store = served.EventStore(events, store_text=False, days=0) if events else None
    server = served.Server(settings, back_end, lambda: guards, store)
    return served.create_app(server, [page_routes(server)])


def serve(args: argparse.Namespace) -> int:
    """Run the server and say where."""
    import socket

    import uvicorn

    policies = {
        "shipped": None,
        "none": "none",
        "load": POLICY.format(dry="false"),
        "dry": POLICY.format(dry="true"),
    }
    policy = policies[args.policy]
    app = make_app(
        args.delay, policy, args.upstream, args.upstream_seconds, Path(args.events) if args.events else None
    )
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=5)
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))
    return 0


@contextlib.contextmanager
def running(**options: Any) -> Iterator[tuple[str, int]]:
    """Start the server as a process; yield its address and process id."""
    command = [sys.executable, __file__, "server"]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            raise SystemExit("the server did not start; its error is above")
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(20)


# ---- a client that is cheap enough not to be what is measured ------------------------------------------------------


@dataclass
class Reply:
    """One response as it came."""

    status: int = 0
    body: bytes = b""
    first: float = 0.0
    seconds: float = 0.0
    error: str = ""
    streamed: bool = False
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.body.rstrip().endswith(b"data: [DONE]")

    @property
    def text(self) -> str:
        return "".join(c["choices"][0]["delta"].get("content", "") for c in self.events if c.get("choices"))

    @property
    def failure(self) -> str:
        """The error that the client reads, as status or event; empty for an answer."""
        found = next((e["error"] for e in self.events if "error" in e), None)
        return str(found["code"]) if found else ""


async def request(url: str, path: str, body: bytes | None = None, limit: float = 120.0) -> Reply:
    """Send one request and read everything that comes back."""
    parts = urlsplit(url)
    reply = Reply()
    start = time.perf_counter()
    try:
        async with asyncio.timeout(limit):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 24)
            verb = "GET" if body is None else "POST"
            head = f"{verb} {path} HTTP/1.1\r\nhost: {parts.netloc}\r\nconnection: close\r\n"
            if body is not None:
                head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
            writer.write(head.encode() + b"\r\n" + (body or b""))
            top = await reader.readuntil(b"\r\n\r\n")
            reply.status = int(top.split()[1])
            reply.streamed = b"text/event-stream" in top
            if b"transfer-encoding: chunked" in top.lower():
                while size := int(await reader.readline(), 16):
                    piece = (await reader.readexactly(size + 2))[:-2]
                    if not reply.first and b'"content":"' in piece.replace(b'"content":""', b""):
                        reply.first = time.perf_counter() - start
                    reply.body += piece
            else:
                reply.body = await reader.read()
            writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
        reply.error = f"{type(error).__name__}: {error}"
    reply.seconds = time.perf_counter() - start
    if reply.streamed:
        lines = [line[6:] for line in reply.body.split(b"\n") if line.startswith(b"data: {")]
        reply.events = [json.loads(line) for line in lines]
    elif reply.body[:1] == b"{":
        reply.events = [json.loads(reply.body)]
    return reply


def ask(text: str, *, stream: bool = True, model: str = "", **more: Any) -> bytes:
    """The body of a chat request."""
    body = {"messages": [{"role": "user", "content": text}], "stream": stream, "max_tokens": 1024, **more}
    return json.dumps({**body, "model": model} if model else body).encode()


CHAT = "/v1/chat/completions"


async def numbers(url: str) -> dict[str, float]:
    """The server's metrics."""
    text = (await request(url, "/metrics")).body.decode()
    return {k: float(v) for k, v in re.findall(r"^(sophro_\S+) (\S+)$", text, re.M)}


def quantile(found: dict[str, float], name: str, share: float) -> float:
    """A quantile of a histogram, linear inside its bucket."""
    pattern = re.compile(rf'{name}_bucket{{le="([^"]+)"}}')
    edges = sorted((float(m[1]), v) for k, v in found.items() if (m := pattern.fullmatch(k)))
    wanted, low, below = share * edges[-1][1], 0.0, 0.0
    for edge, count in edges:
        if count >= wanted:
            return (
                low
                if edge == float("inf")
                else low + (edge - low) * (wanted - below) / max(1e-9, count - below)
            )
        low, below = edge, count
    return low


def memory(pid: int) -> float:
    """Resident megabytes of a process."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024  # pyright: ignore[reportOptionalSubscript]


def cpu(pid: int) -> float:
    """Seconds of a core that a process has used; unlike waiting, it does not grow when the machine is shared."""
    found = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(found[11]) + int(found[12])) / os.sysconf("SC_CLK_TCK")


# ---- load ------------------------------------------------------------------------------------------------------


def wait_of(answer: str, delay: float, first: int, window: int, behind: int, hold: int) -> float:
    """Seconds until the scripted model has written what must exist before a first word may leave.

    That is the end of the first window with more in it than what waits for the next one, and the tokens that are held
    because a reflection may take them back.
    """
    edge = first
    while edge <= behind:
        edge += window
    needed = len(answer[:edge].split(" ")) + hold
    return delay * min(needed, len(answer.split(" ")))


async def load(url: str, pid: int, streams: int, seconds: float, delay: float) -> dict[str, Any]:
    """Keep ``streams`` streams open for ``seconds``; no request is asked twice, so that none is judged from memory."""
    from sophro.guard.server import Settings

    replies: list[tuple[bool, float, float, float]] = []
    asked = itertools.count()
    held_back = Settings().hold
    faults: Counter[str] = Counter()
    sizes: list[float] = []
    end = time.monotonic() + seconds

    async def client(number: int) -> None:
        await asyncio.sleep(number / streams)
        going = True
        while going:
            turn = next(asked)
            question = list(ANSWERS)[turn % len(ANSWERS)]
            reply = await request(url, CHAT, ask(f"{question}\n(This is question {turn} of today.)"))
            going = time.monotonic() < end
            good = (
                reply.status == 200 and reply.done and reply.text == ANSWERS[question] and not reply.failure
            )
            if not good:
                faults[
                    reply.error or reply.failure or f"status {reply.status}, {len(reply.text)} characters"
                ] += 1
            wait = wait_of(ANSWERS[question], delay, **WINDOWS, hold=held_back)
            replies.append((good, reply.first, reply.seconds, reply.first - wait))

    async def watch() -> None:
        while time.monotonic() < end or len(sizes) < 4:
            sizes.append(memory(pid))
            await asyncio.sleep(min(0.5, seconds / 8))

    start, used, before = time.monotonic(), cpu(pid), (await numbers(url))["sophro_tokens_total"]
    await asyncio.gather(watch(), *(client(i) for i in range(streams)))
    took = time.monotonic() - start
    used = cpu(pid) - used
    found = await numbers(url)
    tokens = found["sophro_tokens_total"] - before
    if not tokens:
        raise SystemExit(f"no answer was written; the clients read: {dict(faults)}")
    quick = found['sophro_push_seconds_bucket{le="0.02"}']
    # Start-up and first use are over in the second quarter.
    quarter = max(1, len(sizes) // 4)
    late, early = statistics.mean(sizes[-quarter:]), statistics.mean(sizes[quarter : 2 * quarter])
    return {
        "streams": streams,
        "seconds": round(took, 1),
        "answers": len(replies),
        "errors": sum(faults.values()),
        "faults": dict(faults),
        "tokens_per_second": round(tokens / took, 1),
        "server_cpu_ms_per_token": round(1000 * used / tokens, 3),
        "load_average": round(os.getloadavg()[0], 1),
        "pushes": int(found["sophro_push_seconds_count"]),
        "guard_ms_per_token": round(1000 * found["sophro_push_seconds_sum"] / found["sophro_tokens_total"], 3),
        "push_p50_ms": round(1000 * quantile(found, "sophro_push_seconds", 0.5), 3),
        "push_p99_ms": round(1000 * quantile(found, "sophro_push_seconds", 0.99), 3),
        "pushes_over_20_ms": round(1 - quick / found["sophro_push_seconds_count"], 5),
        "first_word_p50_s": round(statistics.median(r[1] for r in replies), 3),
        "first_word_after_its_window_p50_s": round(statistics.median(r[3] for r in replies), 3),
        "answer_p50_s": round(statistics.median(r[2] for r in replies), 3),
        "memory_mb": {"start": round(sizes[0], 1), "peak": round(max(sizes), 1), "growth": round(late - early, 1)},
    }  # fmt: skip


def load_held(found: dict[str, Any]) -> bool:
    """Whether the bounds of ``load`` hold."""
    grown = found["memory_mb"]["growth"]
    return found["errors"] == 0 and found["push_p99_ms"] < 1000 * P99_BOUND and grown < GROWTH_BOUND


# ---- an upstream with faults -----------------------------------------------------------------------------------


def event(text: str | bytes) -> bytes:
    return b"data: " + (text.encode() if isinstance(text, str) else text) + b"\n\n"


def chunk(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}
    return event(json.dumps({"id": "x", "object": "chat.completion.chunk", "choices": [choice]}))


OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
PAGE = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<html>hello</html>"
PIECES = [w + " " for w in PROSE.split(" ")]
BEGUN = [OK, *map(chunk, PIECES[:40])]
END = [chunk("", "stop"), b"data: [DONE]\n\n"]
TYPES = '{"choices": [{"index": "a", "delta": [1], "finish_reason": 3}]}'
LATIN = b'{"choices": [{"index": 0, "delta": {"content": "\xff\xfe"}}]}'
HALF = '{"choices": [{"index": 0, "delta": {"content": "\\ud83d"}}]}'

# What the upstream sends (a number is a pause in seconds), and the code that a streaming client reads; "" is an answer.
FAULTS: dict[str, tuple[list[bytes | float], str]] = {
    "dies mid-stream": ([*BEGUN], "upstream_incomplete"),
    "dies inside an event": ([*BEGUN, chunk("half")[:25]], "upstream_incomplete"),
    "dies before its head": ([b"HTTP/1.1 200 OK\r\nconten"], "upstream_died"),
    "says nothing": ([OK, 30.0], "upstream_timeout"),
    "falls silent": ([*BEGUN, 30.0], "upstream_timeout"),
    "is slow": ([OK, *(x for p in PIECES[:20] for x in (chunk(p), 0.02)), *END], ""),
    "sends no end mark": ([*BEGUN, END[0]], ""),
    "ends without a reason": ([*BEGUN, END[1]], "upstream_incomplete"),
    "sends noise": ([OK, random.Random(1).randbytes(4000)], "upstream_incomplete"),
    "sends noise in an event": ([OK, chunk("one "), event('{"choices": [{]}')], "upstream_garbage"),
    "sends bytes that are no UTF-8": ([OK, event(LATIN)], "upstream_garbage"),
    "sends half a surrogate pair": ([OK, event(HALF), *END], ""),
    "sends one endless line": ([OK, b"data: ", *[b"a" * 65536] * 40], "upstream_garbage"),
    "nests deeply": ([OK, event('{"choices":' * 20000)], "upstream_garbage"),
    "sends numbers that are none": ([OK, event('{"choices": NaN}')], "upstream_garbage"),
    "sends wrong types": ([OK, event(TYPES)], "upstream_garbage"),
    "sends a list": ([OK, event("[1, 2]")], "upstream_garbage"),
    "is a web page": ([PAGE], "upstream_garbage"),
    "fails": ([b"HTTP/1.1 500 no\r\ncontent-length: 4\r\n\r\noops"], "upstream_error"),
    "speaks no HTTP": ([b"\x00\x01\x02 hello\r\n\r\n"], "upstream_died"),
    "hangs up": ([], "upstream_died"),
}
# Who asked for a whole answer gets an event stream from this upstream, which is no answer either.
WHOLE = {"upstream_incomplete": "upstream_garbage", "": "upstream_garbage"}


@contextlib.asynccontextmanager
async def upstream() -> AsyncIterator[str]:
    """A server of scripted faults; the model's name says which, or ``harm N`` for a harmful answer cut anywhere."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task that is cancelled at the end of the run is no error.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head.lower())
            body = json.loads(await reader.readexactly(int(length[1]))) if length else {}
            name = str(body.get("model", ""))
            if name.startswith("harm"):
                await torn(writer, int(name.split()[1]))
            for step in FAULTS[name][0] if name in FAULTS else []:
                if isinstance(step, float):
                    await asyncio.sleep(step)
                else:
                    writer.write(step)
                    await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


async def torn(writer: asyncio.StreamWriter, seed: int) -> None:
    """Send a harmful answer in pieces of any size, torn between any two bytes on the wire."""
    rng = random.Random(seed)
    text = harmful("rule", seed)
    sizes = (1, 2, 3, 7, 20, 64, 200, 5000)
    size, at, sent = rng.choice(sizes), 0, OK
    while at < len(text):
        step = rng.randrange(1, size + 1)
        sent += chunk(text[at : at + step])
        at += step
    sent += b"".join(END)
    byte, at = rng.choice((37, 501, 4096, 1 << 20)), 0
    while at < len(sent):
        step = rng.randrange(1, byte + 1)
        writer.write(sent[at : at + step])
        at += step
        await asyncio.sleep(0)
    await writer.drain()


async def faults(url: str) -> dict[str, Any]:
    """Ask for every fault, streamed and whole; ``url`` is a guard in front of ``upstream``."""
    rows: dict[str, str] = {}
    wrong: list[str] = []
    for name, (_, streamed) in FAULTS.items():
        for stream in (True, False):
            how = f"{name} ({'stream' if stream else 'whole'})"
            reply = await request(url, CHAT, ask("hello", stream=stream, model=name), limit=20)
            code = reply.error or reply.failure
            ended = reply.done if stream else reply.body[-1:] == b"}" and reply.status in (502, 504)
            rows[how] = f"{reply.status} {code or 'answer'} {reply.seconds:.1f} s"
            if not ended or code != (streamed if stream else WHOLE.get(streamed, streamed)):
                wrong.append(f"{how}: {rows[how]}, ended well: {ended}")
    health = await request(url, "/healthz")
    found = await numbers(url)
    if health.status != 200 or found["sophro_answers_running"]:
        wrong.append(
            f"afterwards: healthz {health.status}, {found['sophro_answers_running']} answers still running"
        )
    return {"faults": len(rows), "wrong": wrong, "rows": rows}


# ---- harm ------------------------------------------------------------------------------------------------------


async def harm(url: str, kind: str, count: int, at_once: int = 50) -> dict[str, Any]:
    """Ask for ``count`` harmful answers and look for the held word in every byte that came back."""
    leaks, odd, held = 0, Counter[str](), 0
    gate = asyncio.Semaphore(at_once)

    async def one(seed: int) -> None:
        nonlocal leaks, held
        async with gate:
            if kind == "upstream":
                reply = await request(url, CHAT, ask("hello", model=f"harm {seed}"))
            else:
                reply = await request(url, CHAT, ask(f"harm {kind} {seed}"))
        wire = reply.body + reply.text.encode("utf-8", "surrogatepass")
        leaks += SECRET.encode() in wire or b"harbour-mail" in wire
        if reply.status != 200 or not reply.done or reply.failure or reply.error:
            odd[reply.error or reply.failure or str(reply.status)] += 1
        else:
            finish = [c["choices"][0]["finish_reason"] for c in reply.events if c.get("choices")][-1]
            held += finish == "content_filter" or "I stop here" in reply.text

    await asyncio.gather(*(one(i) for i in range(count)))
    return {"kind": kind, "streams": count, "leaks": leaks, "held": held, "odd": dict(odd)}


# ---- fuzz ------------------------------------------------------------------------------------------------------

_ODD = (
    "\x00\x07\x1b\x7f\x85\u200b\u200d\u200f\u202e\u2066\u2069\u2028\ufeff\ufffe\uffff\u0301\u0489\ud800\udfff\udbff"
    "\U0001f600\U0001f1e9\U000e0041\U0010ffff你好世界傻тест\u0645\u0631ﷺ𝕳𝔬𝔩𝔡Ⅷ½ｆｕｌｌ\r\n\t"
    '<|im_end|><think></think>data: [DONE]"\\'
)


def _any(rng: random.Random, letters: str, most: int) -> str:
    return "".join(rng.choice(letters) for _ in range(rng.randrange(1, most)))


def strange(seed: int) -> str:
    """A text that few programs expect."""
    rng = random.Random(seed)
    kind = rng.randrange(5)
    if kind == 0:
        ranges = (0x80, 0x3000, 0x110000)
        return "".join(chr(rng.randrange(rng.choice(ranges))) for _ in range(rng.randrange(1, 300)))
    if kind == 1:
        return _any(rng, _ODD, 300)
    if kind == 2:
        return "a" + "\u0301" * rng.randrange(1, 2000)
    if kind == 3:
        return " ".join(_any(rng, _ODD, 9) for _ in range(rng.randrange(1, 80)))
    marks = ("<think>", "</think>", "data: [DONE]\n\n", "\n\n", "\r\r", "event: x\n")
    return rng.choice(marks) * rng.randrange(1, 50)


async def fuzz(url: str, cases: int, at_once: int = 16) -> dict[str, Any]:
    """Send strange texts, streamed and whole, to a model that echoes."""
    statuses: Counter[int] = Counter()
    wrong: list[str] = []
    echoed = 0
    gate = asyncio.Semaphore(at_once)

    async def one(seed: int) -> None:
        nonlocal echoed
        text = strange(seed)
        stream = seed % 3 > 0
        async with gate:
            reply = await request(url, CHAT, ask("echo " + text, stream=stream))
        statuses[reply.status] += 1
        whole = reply.done or not stream or reply.status != 200
        if reply.error or not 0 < reply.status < 500 or not reply.body.isascii() or not whole:
            wrong.append(
                f"seed {seed}: status {reply.status} {reply.error or reply.failure}, ended well: {whole}"
            )
            return
        if reply.status == 200 and not reply.failure:
            back = reply.text if stream else reply.events[0]["choices"][0]["message"]["content"]
            decisions = [d for e in reply.events for d in (e.get("sophro") or {}).get("decisions", ())]
            if all(d["enforced"] == "allow" for d in decisions) and len(text.split(" ")) < 1000:
                echoed += 1
                # Two halves of a pair that meet are one character in JSON; a half alone may come back as a mark.
                clean = [
                    x.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for x in (back, text)
                ]
                if clean[0] != clean[1]:
                    wrong.append(f"seed {seed}: sent {text[:60]!r}, came back {back[:60]!r}")

    await asyncio.gather(*(one(i) for i in range(cases)))
    return {
        "cases": cases,
        "statuses": dict(statuses),
        "echoed": echoed,
        "wrong": wrong[:20],
        "wrongs": len(wrong),
    }


# ---- api -------------------------------------------------------------------------------------------------------


def api(cases: int) -> dict[str, Any]:
    """Let schemathesis make requests of every operation, valid and not, against the application itself."""
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from schemathesis.generation import GenerationMode
    from starlette.testclient import TestClient

    app = make_app(policy=POLICY.format(dry="false"))
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations()]
    statuses: Counter[str] = Counter()
    bad: list[str] = []
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    with TestClient(app, raise_server_exceptions=False) as session:

        def check(case: Any) -> None:
            if isinstance(case.body, dict) and len(statuses) and sum(statuses.values()) % 2:
                case.body.pop("model", None)  # an invented name ends at once with 404
            response = case.call(session=session)
            statuses[str(response.status_code)] += 1
            if response.status_code >= 500 and len(bad) < 20:
                bad.append(f"{case.method} {case.formatted_path} {response.status_code} {case.body!r}"[:300])

        # Operations with little to vary are done after a few cases; the others go round again with other seeds.
        number = 0
        while sum(statuses.values()) < cases:
            number += 1
            before = sum(statuses.values())
            for operation in operations:
                for mode in modes if operation.body else modes[:1]:
                    if sum(statuses.values()) >= cases:
                        break
                    run = given(case=operation.as_strategy(generation_mode=mode))(check)
                    config = settings(
                        max_examples=min(100, cases), deadline=None, database=None, phases=[Phase.generate],
                        suppress_health_check=list(HealthCheck),
                    )  # fmt: skip
                    seed(number)(config(run))()
            if sum(statuses.values()) == before:
                raise SystemExit("schemathesis made no case")
    return {
        "operations": len(operations),
        "cases": sum(statuses.values()),
        "statuses": dict(statuses),
        "bad": bad,
    }


# ---- the command -----------------------------------------------------------------------------------------------


async def _harm(total: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    third = -(-total // 3)
    with running(policy="load") as (url, _):
        found["reflection"] = await harm(url, "reflection", third)
        found["rule"] = await harm(url, "rule", third)
    async with upstream() as address:
        with running(policy="load", upstream=address) as (url, _):
            found["upstream"] = await harm(url, "upstream", total - 2 * third)
        with running(policy="dry", upstream=address) as (url, _):
            found["control"] = await harm(url, "upstream", max(10, total // 20))
    return found


async def _faults() -> dict[str, Any]:
    async with upstream() as address:
        with running(policy="load", upstream=address, upstream_seconds=1.0) as (url, _):
            return await faults(url)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("load", "harm", "faults", "fuzz", "api", "server"))
    parser.add_argument("--streams", type=int, default=0, help="load: at once (100); harm: in all (1000)")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument(
        "--delay", type=float, default=0.05, help="seconds between two words of the scripted model"
    )
    parser.add_argument("--policy", choices=("shipped", "load", "dry", "none"), default="shipped")
    parser.add_argument("--events", default="", help="file for the record of decisions")
    parser.add_argument("--upstream", default="", help=argparse.SUPPRESS)
    parser.add_argument("--upstream-seconds", type=float, default=60.0, help=argparse.SUPPRESS)
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if args.what == "server":
        return serve(args)
    if args.what == "load":
        more = {"events": args.events} if args.events else {}
        with running(policy=args.policy, delay=args.delay, **more) as (url, pid):
            asyncio.run(request(url, CHAT, ask("warm up")))
            found: dict[str, Any] = asyncio.run(load(url, pid, args.streams or 100, args.seconds, args.delay))
        held = load_held(found)
    elif args.what == "harm":
        found = asyncio.run(_harm(args.streams or 1000))
        kinds = [found[k] for k in ("reflection", "rule", "upstream")]
        held = all(k["leaks"] == 0 and not k["odd"] and k["held"] == k["streams"] for k in kinds)
        held &= found["control"]["leaks"] == found["control"]["streams"]
    elif args.what == "faults":
        found = asyncio.run(_faults())
        held = not found["wrong"]
    elif args.what == "fuzz":
        with running(policy="load", delay=0.0) as (url, _):
            found = asyncio.run(fuzz(url, args.cases))
        held = not found["wrongs"]
    else:
        found = api(args.cases)
        held = not found["bad"] and found["cases"] >= args.cases
    print(json.dumps({**found, "held": held}, indent=1, ensure_ascii=True))
    return 0 if held else 3


if __name__ == "__main__":
    sys.exit(main())
