"""oneDNN layers give what plain layers give, see every change of the weights, and leave no trace."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sophro.models import _packed
from sophro.models._packed import packed, packed_of


@pytest.fixture(autouse=True)
def always(monkeypatch):
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        pytest.skip("this torch has no oneDNN linear operator")
    monkeypatch.setattr(_packed, "worthwhile", lambda: True)


def network(bias: bool = True) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(96, 128, bias=bias), nn.Tanh(), nn.Linear(128, 80)).requires_grad_(False)


@pytest.mark.parametrize("shape", [(1, 96), (3, 5, 96), (64, 96)])
@pytest.mark.parametrize("bias", [True, False])
def test_same_values(shape, bias):
    net, x = network(bias), torch.randn(shape)
    want = net(x)
    with packed(net), torch.no_grad():
        assert torch.allclose(net(x), want, rtol=1e-5, atol=1e-5)
    assert "forward" not in vars(net[0]) and packed_of(net[0]) is None


def test_no_rows():
    net = network()
    with packed(net):
        assert net(torch.empty(0, 96)).shape == (0, 80)


def test_the_gradient_of_the_input_is_that_of_the_plain_layer():
    net, x = network(), torch.randn(7, 96, requires_grad=True)
    (want,) = torch.autograd.grad(net(x).square().sum(), x)
    with packed(net):
        (got,) = torch.autograd.grad(net(x).square().sum(), x)
    assert torch.allclose(got, want, rtol=1e-4, atol=1e-5)


def test_a_gradient_after_packing_in_inference_mode():
    net, x = network(), torch.randn(7, 96, requires_grad=True)
    with torch.inference_mode(), packed(net):
        net(x)
    with packed(net):
        net(x).sum().backward()
    assert x.grad is not None


@pytest.mark.parametrize("change", ["swap", "in place", "data"])
def test_changed_weights_are_packed_again(change):
    net, x = network(), torch.randn(4, 96)
    with packed(net):
        net(x)
    with torch.no_grad():
        if change == "swap":
            net[0].weight.data = torch.randn_like(net[0].weight)
        elif change == "in place":
            net[0].weight.mul_(2)
        else:
            net[0].weight.data.mul_(2)  # does not raise the version counter
    want = net(x)
    with packed(net):
        assert torch.allclose(net(x), want, rtol=1e-5, atol=1e-5)


def test_layers_that_train_are_left_alone():
    net = network().requires_grad_(True)
    with packed(net):
        assert packed_of(net[0]) is None
    with torch.no_grad(), packed(net):
        assert packed_of(net[0]) is not None


def test_nested_blocks_and_errors_leave_no_trace():
    net = network()
    with pytest.raises(RuntimeError, match="boom"), packed(net), packed(net):
        raise RuntimeError("boom")
    assert not any("forward" in vars(m) for m in net.modules())


def test_large_models_keep_plain_layers(monkeypatch):
    monkeypatch.setattr(_packed, "LIMIT", 1000)
    net = network()
    with packed(net):
        assert packed_of(net[0]) is None
