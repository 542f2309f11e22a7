"""Properties of the objectives, and agreement with torch and trl."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from sophro.errors import SophroError
from sophro.train import objectives as o
from sophro.train._logprobs import FrozenHead

settings.register_profile("train", max_examples=25, deadline=None, derandomize=True)
settings.load_profile("train")

seeds = st.integers(0, 10_000)


def draw(seed, *shape, scale=3.0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * scale


def labels_for(seed, rows, vocabulary):
    return torch.randint(0, vocabulary, (rows,), generator=torch.Generator().manual_seed(seed + 1))


@pytest.fixture(params=["one slice", "many slices"])
def sliced(request, monkeypatch):
    if request.param == "many slices":
        monkeypatch.setattr("sophro.train._logprobs.SLICE_VALUES", 3 * 11)


@pytest.mark.usefixtures("sliced")
class TestLogProbs:
    @given(seed=seeds, rows=st.integers(1, 9))
    def test_equal_log_softmax_with_gradient(self, seed, rows):
        logits, labels = draw(seed, rows, 11).requires_grad_(), labels_for(seed, rows, 11)
        upstream = draw(seed + 2, rows)
        expected = logits.log_softmax(-1).gather(-1, labels[:, None])[:, 0]
        (grad,) = torch.autograd.grad(expected, logits, upstream)
        got = o.token_log_probs(logits, labels)
        (got_grad,) = torch.autograd.grad(got, logits, upstream)
        torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(got_grad, grad, rtol=1e-5, atol=1e-5)

    @given(seed=seeds, rows=st.integers(0, 9), bias=st.booleans())
    def test_head_equals_linear_then_log_softmax(self, seed, rows, bias):
        hidden, weight = draw(seed, rows, 5).requires_grad_(), draw(seed + 3, 11, 5)
        offset = draw(seed + 4, 11) if bias else None
        labels, upstream = labels_for(seed, rows, 11), draw(seed + 2, rows)
        expected = o.token_log_probs(F.linear(hidden, weight, offset), labels)
        (grad,) = torch.autograd.grad(expected, hidden, upstream)
        got = o.head_log_probs(hidden, FrozenHead(weight, offset), labels)
        (got_grad,) = torch.autograd.grad(got, hidden, upstream)
        torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(got_grad, grad, rtol=1e-4, atol=1e-5)

    @given(seed=seeds)
    def test_rows_that_train_are_those_of_a_copied_matrix(self, seed):
        hidden, weight = draw(seed, 9, 6).requires_grad_(), draw(seed + 1, 11, 6)
        values, labels = draw(seed + 2, 2, 6).requires_grad_(), labels_for(seed, 9, 11)
        rows, upstream = torch.tensor([3, 10]), draw(seed + 3, 9)
        merged = weight.index_copy(0, rows, values)
        expected = (hidden @ merged.T).log_softmax(-1).gather(-1, labels[:, None]).squeeze(-1)
        want = torch.autograd.grad(expected, (hidden, values), upstream)
        got = o.head_log_probs(hidden, FrozenHead(weight, rows=rows), labels, values)
        found = torch.autograd.grad(got, (hidden, values), upstream)
        torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-5)
        for a, b in zip(found, want, strict=True):
            # Terms of size 30 cancel: float32 keeps five decimals of them.
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)

    @given(seed=seeds, shift=st.floats(-50, 50))
    def test_shift_of_logits_changes_nothing(self, seed, shift):
        logits, labels = draw(seed, 4, 11), labels_for(seed, 4, 11)
        moved = o.token_log_probs(logits + shift, labels)
        torch.testing.assert_close(moved, o.token_log_probs(logits, labels), rtol=1e-4, atol=1e-4)

    def test_ignored_rows_are_zero_and_get_no_gradient_even_when_infinite(self):
        logits = draw(0, 3, 11)
        logits[1] = float("inf")
        logits.requires_grad_()
        values = o.token_log_probs(logits, torch.tensor([1, -100, 2]))
        values.sum().backward()
        assert values[1] == 0
        assert torch.equal(logits.grad[1], torch.zeros(11))
        assert torch.isfinite(logits.grad).all()

    def test_gradient_equals_finite_differences(self):
        logits, labels = draw(5, 2, 11).requires_grad_(), torch.tensor([3, 7])
        (grad,) = torch.autograd.grad(o.token_log_probs(logits, labels).sum(), logits)
        step = torch.zeros(2, 11)
        step[0, 3] = 1e-2
        with torch.no_grad():
            up, down = (o.token_log_probs(logits + s * step, labels).sum() for s in (1, -1))
        assert float((up - down) / 2e-2) == pytest.approx(float(grad[0, 3]), abs=1e-3)


def test_trl_selective_log_softmax_agrees():
    from trl.trainer.utils import selective_log_softmax

    logits, labels = draw(1, 2, 6, 50), labels_for(1, 12, 50).reshape(2, 6)
    torch.testing.assert_close(
        o.token_log_probs(logits, labels), selective_log_softmax(logits, labels), rtol=1e-5, atol=1e-5
    )


class TestSequence:
    def test_hand_computed(self):
        values = torch.tensor([[-1.0, -2.0, -4.0], [-1.0, -1.0, -1.0]])
        mask = torch.tensor([[0.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
        assert o.sequence_log_probs(values, mask).tolist() == [-6.0, 0.0]
        assert o.sequence_log_probs(values, mask, mean=True).tolist() == [-3.0, 0.0]

    def test_masked_infinities_do_not_leak(self):
        values = torch.tensor([[-math.inf, -2.0]], requires_grad=True)
        total = o.sequence_log_probs(values, torch.tensor([[0.0, 1.0]]))
        total.sum().backward()
        assert total.item() == -2.0
        assert values.grad.tolist() == [[0.0, 1.0]]


class TestSft:
    @given(seed=seeds)
    def test_equals_torch_cross_entropy(self, seed):
        logits, labels = draw(seed, 6, 11), labels_for(seed, 6, 11)
        labels[::3] = -100
        weights = (labels != -100).float()
        got = o.weighted_sft(o.token_log_probs(logits, labels), weights).loss
        torch.testing.assert_close(got, F.cross_entropy(logits, labels, ignore_index=-100))

    @given(seed=seeds, pad=st.integers(1, 5), mode=st.sampled_from(["tokens", "sequences"]))
    def test_padding_changes_nothing(self, seed, pad, mode):
        values, weights = -draw(seed, 3, 4).abs(), draw(seed + 1, 3, 4).abs()
        garbage = torch.full((3, pad), float("nan"))
        padded = o.weighted_sft(
            torch.cat([values, garbage], 1), torch.cat([weights, torch.zeros(3, pad)], 1), normalise=mode
        )
        torch.testing.assert_close(padded.loss, o.weighted_sft(values, weights, normalise=mode).loss)

    @given(seed=seeds, cut=st.integers(1, 4), mode=st.sampled_from(["tokens", "sequences"]))
    def test_pieces_add_up_to_the_whole(self, seed, cut, mode):
        values, weights = -draw(seed, 5, 4).abs(), draw(seed + 1, 5, 4)
        total = float(weights.abs().sum()) if mode == "tokens" else 5.0
        whole = o.weighted_sft(values, weights, normalise=mode).loss
        pieces = [
            o.weighted_sft(values[s], weights[s], normalise=mode, total_weight=total).loss
            for s in (slice(cut), slice(cut, None))
        ]
        torch.testing.assert_close(sum(pieces), whole, rtol=1e-5, atol=1e-6)

    def test_without_the_total_pieces_do_not_add_up(self):
        # The control of the test above: this is the bug that the total exists for.
        values, weights = torch.tensor([[-1.0, -1.0], [-9.0, 0.0]]), torch.tensor([[1.0, 1.0], [1.0, 0.0]])
        mean = sum(o.weighted_sft(values[i : i + 1], weights[i : i + 1]).loss for i in (0, 1)) / 2
        assert not torch.isclose(mean, o.weighted_sft(values, weights).loss)

    def test_gradient_pushes_likelihood_up_or_down_with_the_sign_of_the_weight(self):
        values = torch.full((1, 3), -1.0, requires_grad=True)
        o.weighted_sft(values, torch.tensor([[1.0, 0.0, -1.0]])).loss.backward()
        assert values.grad[0, 0] < 0 and values.grad[0, 1] == 0 and values.grad[0, 2] > 0

    def test_unknown_reduction(self):
        with pytest.raises(SophroError, match="tokens, sequences"):
            o.weighted_sft(torch.zeros(1, 1), torch.ones(1, 1), normalise="batch")


class TestDpo:
    @given(seed=seeds, beta=st.floats(0.01, 2), smoothing=st.floats(0, 0.49))
    def test_log_two_at_the_reference(self, seed, beta, smoothing):
        chosen, rejected = draw(seed, 4), draw(seed + 1, 4)
        result = o.dpo(chosen, rejected, chosen, rejected, beta=beta, label_smoothing=smoothing)
        assert result.loss.item() == pytest.approx(math.log(2), abs=1e-6)
        assert result.diagnostics["margin"] == 0

    @given(seed=seeds)
    def test_gradient_raises_chosen_and_lowers_rejected(self, seed):
        chosen, rejected = draw(seed, 4).requires_grad_(), draw(seed + 1, 4).requires_grad_()
        o.dpo(chosen, rejected, draw(seed + 2, 4), draw(seed + 3, 4), beta=0.1).loss.backward()
        assert (chosen.grad < 0).all() and (rejected.grad > 0).all()

    @given(seed=seeds, shared=st.floats(-100, 100))
    def test_a_shared_prefix_cancels(self, seed, shared):
        a = [draw(seed + i, 4) for i in range(4)]
        moved = [a[0] + shared, a[1] + shared, a[2] + shared, a[3] + shared]
        torch.testing.assert_close(
            o.dpo(*moved, beta=0.1).loss, o.dpo(*a, beta=0.1).loss, rtol=1e-4, atol=1e-4
        )

    @given(seed=seeds, cut=st.integers(1, 4))
    def test_pieces_add_up(self, seed, cut):
        a = [draw(seed + i, 5) for i in range(4)]
        parts = [o.dpo(*(x[s] for x in a), beta=0.3, total_pairs=5) for s in (slice(cut), slice(cut, None))]
        whole = o.dpo(*a, beta=0.3)
        torch.testing.assert_close(parts[0].loss + parts[1].loss, whole.loss)
        for name, value in whole.diagnostics.items():
            torch.testing.assert_close(parts[0].diagnostics[name] + parts[1].diagnostics[name], value)

    def test_extreme_margins_stay_finite(self):
        loss = o.dpo(torch.tensor([-1e4]), torch.tensor([1e4]), torch.zeros(1), torch.zeros(1), beta=1.0).loss
        assert loss.item() == pytest.approx(2e4)

    def test_smoothing_punishes_certainty(self):
        zero, far = torch.zeros(1), torch.tensor([100.0])
        plain = o.dpo(far, zero, zero, zero, beta=1.0).loss
        smoothed = o.dpo(far, zero, zero, zero, beta=1.0, label_smoothing=0.1).loss
        assert plain.item() == pytest.approx(0, abs=1e-6)
        assert smoothed.item() == pytest.approx(10.0, rel=1e-5)

    @pytest.mark.parametrize(("beta", "smoothing"), [(0.0, 0.0), (-1.0, 0.0), (0.1, 0.5), (0.1, -0.1)])
    def test_refuses_senseless_settings(self, beta, smoothing):
        with pytest.raises(SophroError):
            o.dpo(*[torch.zeros(1)] * 4, beta=beta, label_smoothing=smoothing)


class TestKl:
    @pytest.mark.parametrize("direction", ["forward", "reverse"])
    @given(seed=seeds)
    def test_zero_at_equality_and_shift_invariant(self, direction, seed):
        logits, mask = draw(seed, 2, 3, 7), torch.ones(2, 3)
        loss = o.kl_to_reference(logits, logits + 5.0, mask, direction=direction).loss
        assert loss.item() == pytest.approx(0, abs=1e-5)

    @given(seed=seeds)
    def test_equals_torch(self, seed):
        policy, reference = draw(seed, 4, 7), draw(seed + 1, 4, 7)
        got = o.kl_to_reference(policy, reference, torch.ones(4)).loss
        expected = F.kl_div(
            policy.log_softmax(-1), reference.log_softmax(-1), log_target=True, reduction="batchmean"
        )
        torch.testing.assert_close(got, expected)
        back = o.kl_to_reference(policy, reference, torch.ones(4), direction="reverse").loss
        torch.testing.assert_close(back, o.kl_to_reference(reference, policy, torch.ones(4)).loss)
        assert got > 0 and not torch.isclose(got, back)

    @given(seed=seeds)
    def test_gradient_reaches_only_the_policy_and_reduces_the_divergence(self, seed):
        policy, reference = draw(seed, 4, 7).requires_grad_(), draw(seed + 1, 4, 7).requires_grad_()
        before = o.kl_to_reference(policy, reference, torch.ones(4)).loss
        before.backward()
        assert reference.grad is None
        with torch.no_grad():
            after = o.kl_to_reference(policy - 0.05 * policy.grad, reference, torch.ones(4)).loss
        assert after < before

    def test_masked_positions_and_impossible_tokens(self):
        policy, reference = draw(0, 1, 3, 7), draw(1, 1, 3, 7)
        policy[0, 2] = float("nan")
        reference[0, 0, 0] = -math.inf
        mask = torch.tensor([[1.0, 1.0, 0.0]])
        loss = o.kl_to_reference(policy.requires_grad_(), reference, mask).loss
        loss.backward()
        assert torch.isfinite(loss) and torch.isfinite(policy.grad).all()


class TestHidden:
    @given(seed=seeds, pad=st.integers(1, 3))
    def test_zero_at_equality_and_padding_changes_nothing(self, seed, pad):
        hidden, other, mask = draw(seed, 2, 3, 5), draw(seed + 1, 2, 3, 5), torch.ones(2, 3)
        assert o.hidden_mse(hidden, hidden, mask).loss == 0
        got = o.hidden_mse(hidden, other, mask).loss
        torch.testing.assert_close(got, F.mse_loss(hidden, other))
        garbage = torch.full((2, pad, 5), float("nan"))
        padded = o.hidden_mse(
            torch.cat([hidden, garbage], 1),
            torch.cat([other, garbage], 1),
            torch.cat([mask, torch.zeros(2, pad)], 1),
        )
        torch.testing.assert_close(padded.loss, got)

    @given(seed=seeds)
    def test_gradient_points_to_the_reference(self, seed):
        hidden, other = draw(seed, 2, 3, 5).requires_grad_(), draw(seed + 1, 2, 3, 5)
        o.hidden_mse(hidden, other, torch.ones(2, 3)).loss.backward()
        assert torch.equal(hidden.grad.sign(), (hidden.detach() - other).sign())


class TestAscent:
    @given(seed=seeds, pad=st.integers(1, 5))
    def test_is_minus_cross_entropy_per_sequence_and_padding_changes_nothing(self, seed, pad):
        logits, labels = draw(seed, 3, 6, 11), labels_for(seed, 18, 11).reshape(3, 6)
        values, weights = o.token_log_probs(logits, labels), torch.ones(3, 6)
        weights[1, :4] = 0
        expected = -torch.stack(
            [F.cross_entropy(logits[i][weights[i] != 0], labels[i][weights[i] != 0]) for i in range(3)]
        ).mean()
        got = o.gradient_ascent(values, weights)
        torch.testing.assert_close(got.loss, expected)
        assert got.diagnostics["forget_nll"] == -got.loss
        garbage = torch.full((3, pad), float("nan"))
        padded = o.gradient_ascent(
            torch.cat([values, garbage], 1), torch.cat([weights, torch.zeros(3, pad)], 1)
        )
        torch.testing.assert_close(padded.loss, got.loss)

    def test_a_step_against_the_gradient_lowers_the_likelihood(self):
        values = torch.full((1, 3), -1.0, requires_grad=True)
        o.gradient_ascent(values, torch.tensor([[1.0, 0.0, 1.0]])).loss.backward()
        assert values.grad.tolist() == [[0.5, 0.0, 0.5]]


class TestNpo:
    @given(seed=seeds, beta=st.floats(0.01, 2))
    def test_equals_scipy_in_double_precision(self, seed, beta):
        import numpy as np
        from scipy.special import log_expit

        policy, reference = draw(seed, 5), draw(seed + 1, 5)
        ratio = policy.double().numpy() - reference.double().numpy()
        expected = np.mean(-2.0 / beta * log_expit(-beta * ratio))
        assert o.npo(policy, reference, beta=beta).loss.item() == pytest.approx(expected, rel=1e-4)

    @given(seed=seeds, beta=st.floats(0.01, 2))
    def test_is_dpo_without_a_preferred_sequence(self, seed, beta):
        policy, reference = draw(seed, 5), draw(seed + 1, 5)
        same = draw(seed + 2, 5)
        paired = o.dpo(same, policy, same, reference, beta=beta).loss * 2 / beta
        torch.testing.assert_close(o.npo(policy, reference, beta=beta).loss, paired, rtol=1e-4, atol=1e-4)

    @given(seed=seeds, beta=st.floats(0.01, 2))
    def test_gradient_is_that_of_ascent_at_the_reference_and_smaller_below(self, seed, beta):
        start = draw(seed, 4).requires_grad_()
        at = o.npo(start, start.detach(), beta=beta)
        (grad,) = torch.autograd.grad(at.loss, start)
        torch.testing.assert_close(grad, torch.full((4,), 0.25))  # ascent: d mean(p) / dp
        assert at.diagnostics["forget_weight"].item() == pytest.approx(1.0, abs=1e-5)
        below = (start.detach() - draw(seed + 1, 4).abs() - 0.1).requires_grad_()
        (less,) = torch.autograd.grad(o.npo(below, start.detach(), beta=beta).loss, below)
        assert (less > 0).all() and (less < 0.25).all() and less.norm() < grad.norm()
        weight = 2 * (beta * below).exp() / ((beta * below).exp() + (beta * start).exp())
        torch.testing.assert_close(less, weight.detach() / 4, rtol=1e-4, atol=1e-6)

    @given(seed=seeds, cut=st.integers(1, 4))
    def test_pieces_add_up(self, seed, cut):
        policy, reference = draw(seed, 5), draw(seed + 1, 5)
        parts = [
            o.npo(policy[s], reference[s], beta=0.3, total_sequences=5)
            for s in (slice(cut), slice(cut, None))
        ]
        whole = o.npo(policy, reference, beta=0.3)
        torch.testing.assert_close(parts[0].loss + parts[1].loss, whole.loss)
        for name, value in whole.diagnostics.items():
            torch.testing.assert_close(parts[0].diagnostics[name] + parts[1].diagnostics[name], value)

    def test_extremes_stay_finite_and_a_small_beta_is_ascent(self):
        for value in (-1e4, 1e4):
            assert torch.isfinite(o.npo(torch.tensor([value]), torch.zeros(1), beta=1.0).loss)
        policy = draw(0, 4).requires_grad_()
        (grad,) = torch.autograd.grad(o.npo(policy, draw(1, 4), beta=1e-4).loss, policy)
        torch.testing.assert_close(grad, torch.full((4,), 0.25), rtol=1e-3, atol=1e-4)
        with pytest.raises(SophroError, match="greater than 0"):
            o.npo(torch.zeros(1), torch.zeros(1), beta=0.0)


class TestRmu:
    @given(seed=seeds, pad=st.integers(1, 3))
    def test_zero_at_the_control_vector_equals_mse_and_ignores_padding(self, seed, pad):
        hidden, control, mask = draw(seed, 2, 3, 5), draw(seed + 1, 5), torch.ones(2, 3)
        assert o.rmu(control.expand(2, 3, 5), mask, control).loss == 0
        got = o.rmu(hidden, mask, control).loss
        torch.testing.assert_close(got, (hidden - control).square().mean())
        garbage = torch.full((2, pad, 5), float("nan"))
        padded = o.rmu(torch.cat([hidden, garbage], 1), torch.cat([mask, torch.zeros(2, pad)], 1), control)
        torch.testing.assert_close(padded.loss, got)

    @given(seed=seeds)
    def test_a_step_moves_towards_the_control_vector(self, seed):
        hidden, control = draw(seed, 2, 3, 5).requires_grad_(), draw(seed + 1, 5)
        o.rmu(hidden, torch.ones(2, 3), control).loss.backward()
        assert torch.equal(hidden.grad.sign(), (hidden.detach() - control).sign())


class TestWeightedSum:
    def test_adds_and_names(self):
        x = torch.tensor([2.0], requires_grad=True)
        a, b = o.Objective(x.sum(), {"v": x.detach()[0]}), o.Objective(3 * x.sum(), {"v": torch.tensor(7.0)})
        both = o.weighted_sum({"": (1.0, a), "kept": (-0.5, b)})
        both.loss.backward()
        assert both.loss.item() == -1.0 and x.grad.item() == -0.5
        assert {k: v.item() for k, v in both.diagnostics.items()} == {"v": 2.0, "kept_v": 7.0}

    def test_a_term_of_weight_zero_cannot_poison_the_others(self):
        x = torch.tensor([2.0], requires_grad=True)
        broken = o.Objective(x.sum() * float("nan"), {})
        both = o.weighted_sum({"a": (1.0, o.Objective(x.sum(), {})), "b": (0.0, broken)})
        both.loss.backward()
        assert both.loss.item() == 2.0 and x.grad.item() == 1.0

    def test_needs_a_term(self):
        with pytest.raises(SophroError, match="at least one"):
            o.weighted_sum({})
