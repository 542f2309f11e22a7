"""A scripted server of the streaming protocol, for the page: what is said decides what comes."""
from __future__ import annotations

import asyncio
import json
import math
import threading
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse

from sophro.guard.server._page import page_routes

T = {"response_harm.harmful": 0.8, "secrets.found": 0.9, "crisis.risk": 0.5}


def decision(action="allow", reasons=(), scores=None, reply=""):
    return {"action": action, "scores": scores or {}, "reasons": list(reasons), "reply": reply, "not_evaluated": [], "dry_run": False}


def sse(**x):
    return f"data: {json.dumps(x)}\n\n"


def text_chunk(text, **sophro):
    return sse(choices=[{"index": 0, "delta": {"content": text}, "finish_reason": None}], **({"sophro": sophro} if sophro else {}))


LONG = """A hung Python process can be stopped in **three ways**, from gentle to final.

1. Press `Ctrl + C` in its terminal; Python raises `KeyboardInterrupt`.
2. Ask it to end from another terminal:

```bash
pgrep -af python
kill 12345
```

3. If it does not react, force it: `kill -9 12345`. Nothing is saved then, so try the others first.

Afterwards look at *why* it hung: `py-spy dump --pid 12345` shows where it stands."""


def app(runs: Path | None = None) -> FastAPI:
    a = FastAPI()
    a.include_router(page_routes(runs=runs, policies=lambda: ["strict", "dry-run"]))

    @a.get("/v1/models")
    def models():
        return {"object": "list", "data": [{"id": "scripted", "object": "model"}]}

    @a.post("/v1/chat/completions")
    async def chat(request: Request):
        body = await request.json()
        said = body["messages"][-1]["content"]
        zh = any("\u4e00" <= c <= "\u9fff" for c in said)

        async def go():
            if "bomb" in said:
                r = {"detector": "prompt_harm", "label": "harmful", "score": 0.97, "threshold": 0.8, "where": "input", "window": [0, len(said)], "action": "refuse"}
                yield sse(choices=[], sophro={"input": decision("refuse", [r], {"prompt_harm.harmful": 0.97, "jailbreak.pattern": 0.12})})
                yield text_chunk("I can't help with making weapons. If you are curious about the chemistry of safe demonstrations, I am glad to talk about that.", decision=decision("refuse", [r]), id="e1")
            elif "matters" in said or "没有意义" in said:
                r = {"detector": "crisis", "label": "ideation", "score": 0.91, "threshold": 0.5, "where": "input", "window": [0, len(said)], "action": "escalate"}
                yield sse(choices=[], sophro={"input": decision("escalate", [r], {"crisis.ideation": 0.91}), "crisis": {"resources": [{"phone": "988", "name": "Suicide & Crisis Lifeline", "country": "US", "hours": "24/7"}, {"phone": "12356", "name": "全国统一心理援助热线", "country": "中国", "hours": "24/7"}]}})
                yield text_chunk("谢谢您告诉我。听起来您很累。您现在有伤害自己的念头吗？" if zh else "Thank you for telling me. That sounds heavy, and I am glad you said it. Are you having thoughts of killing yourself?", decision=decision("escalate", [r]), id="e2")
            else:
                yield sse(choices=[], sophro={"input": decision("allow", [], {"prompt_harm.harmful": 0.04, "jailbreak.pattern": 0.01, "crisis.risk": 0.02})})
                words = LONG if "hold" not in said else LONG[:180]
                at = 0
                if "xss" in said or "<" in said:
                    words = said
                for i in range(0, len(words), 12):
                    piece = words[i:i + 12]
                    at = i + len(piece)
                    s = 0.06 + 0.1 * abs(math.sin(i / 40))
                    yield text_chunk(piece, windows=[{"start": i, "end": at, "scores": {"response_harm.harmful": s, "secrets.found": 0.02, "crisis.risk": 0.05 + 0.04 * math.cos(i / 30)}}], thresholds=T)
                    await asyncio.sleep(0.01)
                if "hold" in said:
                    for j, s in enumerate((0.4, 0.71, 0.88, 0.94)):
                        yield sse(choices=[], sophro={"windows": [{"start": at + 30 * j, "end": at + 30 * (j + 1), "scores": {"response_harm.harmful": s, "secrets.found": 0.03, "crisis.risk": 0.1}}], "thresholds": T})
                    r = {"detector": "response_harm", "label": "harmful", "score": 0.94, "threshold": 0.8, "where": "stream", "window": [at + 60, at + 120], "action": "hold"}
                    yield sse(choices=[], sophro={"held": {"start": at + 60, "end": at + 120, "tokens": 34, "ms": 212, "reflection": "Wait. The steps I began to write would hurt someone. I should stop here and say what I can do instead."}, "decision": decision("hold", [r]), "id": "e3"})
                    yield text_chunk("\n\nI won't go on with that. What I can do is help you make the place safer: tell me what you want to protect, and I will list what usually works.")
                else:
                    yield sse(choices=[], sophro={"decision": decision(), "id": "e4"})
            yield sse(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}], sophro={"overhead_ms": 2.4})
            yield "data: [DONE]\n\n"

        return StreamingResponse(go(), media_type="text/event-stream")

    @a.get("/v1/sophro/explain")
    def explain(id: str):
        return JSONResponse({"id": id, "why": "<b>scripted</b>"})

    return a


class Running:
    """A server on a free port of the loopback, in a thread."""

    def __init__(self, application):
        config = uvicorn.Config(application, host="127.0.0.1", port=0, log_level="error", lifespan="on", timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            if not self.thread.is_alive():
                raise RuntimeError("the server did not start")
            self.thread.join(0.01)
        self.url = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    def stop(self):
        self.server.should_exit = True
        self.thread.join(10)
