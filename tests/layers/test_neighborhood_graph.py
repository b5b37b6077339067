import pytest
import torch

from restora.layers.neighborhood_attention import neighborhood_attention_reference
from restora.layers.neighborhood_graph import attend_in_graph


@pytest.mark.parametrize(
    ("height", "width", "dilation"), [(7, 9, 1), (24, 17, 1), (30, 29, 3), (22, 40, 2), (21, 14, 2)]
)
@pytest.mark.parametrize("kernel_size", [3, 7])
def test_the_graph_computes_the_attention(height: int, width: int, dilation: int, kernel_size: int) -> None:
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, height, width, 2, 4, dtype=torch.float64)
    bias = torch.randn(2, 2 * kernel_size - 1, 2 * kernel_size - 1, dtype=torch.float64)
    expected = neighborhood_attention_reference(q, k, v, bias, kernel_size=kernel_size, dilation=dilation)
    torch.testing.assert_close(attend_in_graph(q, k, v, bias, kernel_size, dilation), expected)


def test_keys_may_reach_further_than_queries() -> None:
    k, v = torch.randn(2, 1, 16, 18, 1, 4, dtype=torch.float64)
    q, bias = k[:, :9, :11], torch.randn(1, 13, 13, dtype=torch.float64)
    expected = neighborhood_attention_reference(q, k, v, bias, dilation=2)
    torch.testing.assert_close(attend_in_graph(q, k, v, bias, 7, 2), expected)
