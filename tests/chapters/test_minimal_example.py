"""The sphere that the minimal example draws."""

import matplotlib.pyplot as plt
import torch

from toysae.chapters.minimal_example import _draw_path, _sphere_map


def test_the_sphere_map_keeps_the_octant_upright_and_the_sphere_inside_the_disc():
    corners = _sphere_map(torch.eye(3).double())
    assert torch.allclose(corners.norm(dim=1), corners.norm(dim=1)[0].expand(3))
    assert corners[2, 0].abs() < 1e-9
    assert corners[2, 1] > 0
    anywhere = torch.nn.functional.normalize(torch.randn(500, 3, generator=torch.Generator().manual_seed(0)), dim=1)
    assert _sphere_map(anywhere.double()).norm(dim=1).max() <= 2 + 1e-9
    middle = torch.full((3,), 3**-0.5).double()
    assert _sphere_map(middle).norm() < 1e-6


def test_a_jump_breaks_the_path():
    axes = plt.Figure().subplots()
    path = torch.tensor([[0.0, 0.0], [0.1, 0.0], [1.5, 0.0], [1.6, 0.0]]).numpy()
    _draw_path(axes, path, "#000000")
    x = axes.lines[0].get_xdata()
    assert [bool(torch.isnan(torch.tensor(float(v)))) for v in x] == [False, False, True, False]
