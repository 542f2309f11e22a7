"""Tiny tokenizers and networks, built in milliseconds, for tests that need real ones but no weights.

``tokenizer(family)`` gives a fast transformers tokenizer with the chat template of a family;
``tiny_llama(vocab_size)`` a random two-layer network of 64 units. All are seeded.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

LINES = [
    "You are a helpful assistant. How do I kill a Python process?",
    "Use the kill command with the process id, then check that it is gone.",
    "I cannot help with that request. Please tell me more about what you need.",
    "The quick brown fox jumps over the lazy dog. One, two, three, four, five.",
    "system user assistant hello world, what is the capital of France? Paris.",
    "Let me think about this step by step. First, the user wants an answer.",
    "你好，请问怎么结束一个进程？可以使用命令。",
]

CHATML = """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You are a helpful assistant.<|im_end|>
' }}{% endif %}{{ '<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}"""

# Tags are ordinary text, contents are trimmed, the system text goes into the first user turn.
INST = """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set system = '<<SYS>>\n' + messages[0]['content'] | trim + '\n<</SYS>>\n\n' %}{% set turns = messages[1:] %}{% else %}{% set system = '' %}{% set turns = messages %}{% endif %}{% for message in turns %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate user and assistant') }}{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + (system if loop.first else '') + message['content'] | trim + ' [/INST]' }}{% else %}{{ ' ' + message['content'] | trim + ' ' + eos_token }}{% endif %}{% endfor %}"""

GEMMA = """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate') }}{% endif %}{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"""

# Opens the trace in the generation prompt and strips earlier thoughts.
THINK = """{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}{{ message['content'] }}{% elif message['role'] == 'user' %}{{ '<|User|>' + message['content'] }}{% else %}{% set content = message['content'] %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}{{ '<|Assistant|>' + content + eos_token }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|Assistant|><think>\n' }}{% endif %}"""

# Thinking on by default but not opened; a variable switches it off; thoughts shown in the last turn only.
HYBRID = """{% for message in messages %}{% if message['role'] != 'assistant' %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}{% else %}{% set thought = message.reasoning_content if message.reasoning_content is string else '' %}{{ '<|im_start|>assistant\n' }}{% if loop.last or keep_thoughts %}{{ '<think>\n' + thought.strip('\n') + '\n</think>\n\n' + message['content'].lstrip('\n') }}{% else %}{{ message['content'] }}{% endif %}{{ '<|im_end|>\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% if enable_thinking is defined and enable_thinking is false %}{{ '<think>\n\n</think>\n\n' }}{% endif %}{% endif %}"""

HARMONY = """{% for message in messages %}{% if message['role'] != 'assistant' %}{{ '<|start|>' + message['role'] + '<|message|>' + message['content'] + '<|end|>' }}{% else %}{% if loop.last and message.thinking %}{{ '<|start|>assistant<|channel|>analysis<|message|>' + message.thinking + '<|end|>' }}{% endif %}{{ '<|start|>assistant<|channel|>final<|message|>' + message['content'] + ('<|return|>' if loop.last else '<|end|>') }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|start|>assistant' }}{% endif %}"""

# family: (template, special tokens, other added tokens, bos, eos)
FAMILIES: dict[str, tuple[str, list[str], list[str], str | None, str]] = {
    "chatml": (CHATML, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], [], None, "<|im_end|>"),
    "inst": (INST, ["<s>", "</s>"], [], "<s>", "</s>"),
    "gemma": (GEMMA, ["<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"], ["\n\n"], "<bos>", "<eos>"),
    "think": (
        THINK,
        ["<s>", "<|end|>", "<|User|>", "<|Assistant|>"],
        ["<think>", "</think>"],
        "<s>",
        "<|end|>",
    ),
    "hybrid": (HYBRID, ["<|im_start|>", "<|im_end|>"], ["<think>", "</think>"], None, "<|im_end|>"),
    "harmony": (
        HARMONY,
        ["<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|return|>"],
        [],
        None,
        "<|return|>",
    ),
}


@cache
def _trained(sentencepiece: bool) -> str:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    if sentencepiece:
        backend = Tokenizer(models.BPE(byte_fallback=True, unk_token=None))
        backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
        backend.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        )
        alphabet = ["▁", *(chr(c) for c in range(33, 127))]
        trainer = trainers.BpeTrainer(
            vocab_size=700,
            initial_alphabet=alphabet,
            special_tokens=[f"<0x{b:02X}>" for b in range(256)],
            show_progress=False,
        )
    else:
        backend = Tokenizer(models.BPE())
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        backend.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=500, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
        )
    backend.train_from_iterator(LINES, trainer)
    if sentencepiece:
        # The bytes are vocabulary of the fallback, not tokens to be matched in text.
        import json

        spec = json.loads(backend.to_str())
        spec["added_tokens"] = []
        return json.dumps(spec)
    return backend.to_str()


def tokenizer(family: str = "chatml", *, sentencepiece: bool = False) -> PreTrainedTokenizerFast:
    """Return a fresh tokenizer of ``family`` (a key of ``FAMILIES``), byte-level or SentencePiece-like."""
    from tokenizers import AddedToken, Tokenizer
    from transformers import PreTrainedTokenizerFast

    template, special, other, bos, eos = FAMILIES[family]
    backend = Tokenizer.from_str(_trained(sentencepiece))
    backend.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in special])
    backend.add_tokens([AddedToken(t, special=False, normalized=False) for t in other])
    out = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=bos,
        eos_token=eos,
        pad_token=eos,
        clean_up_tokenization_spaces=False,
        name_or_path=f"tiny-{family}",
    )
    out.chat_template = template
    return out


def tiny_llama(vocab_size: int, *, seed: int = 0, hidden: int = 64, layers: int = 2) -> LlamaForCausalLM:
    """Return a random Llama network in evaluation mode, float32, with tied embeddings."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=vocab_size,
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=None,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = LlamaForCausalLM(config)
    return network.to(torch.float32).eval()


def moving_model():
    """Return a tiny random chat model whose large weights make it say different tokens."""
    import torch

    from sophro.models import ChatModel

    chosen = tokenizer("chatml")
    network = tiny_llama(len(chosen), seed=1)
    with torch.no_grad():
        for p in network.parameters():
            if p.dim() == 2:
                p.mul_(6.0)
    return ChatModel("tiny", chosen, network)
