"""Checks the hybrid level tables cases/levels/L*.txt: constraints, layer thicknesses, published pressures."""

import pathlib

import numpy as np
import pytest

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "cases" / "levels"
P0 = 1.0e5
LAYERS = (26, 30, 60, 91, 137)
ECMWF = (60, 91, 137)

# Top of the first layer and, for ECMWF's tables, the half level below it [Pa].
TOP = {26: 219.4067, 30: 225.5240, 60: 0.0, 91: 0.0, 137: 0.0}
SECOND = {60: 20.0, 91: 2.00004, 137: 2.000365}
# Lowest surface pressure [hPa] at which every layer has a thickness: ECMWF's tables end a little above 303 hPa.
LOWEST_PS = {26: 300.0, 30: 300.0, 60: 303.25, 91: 303.25, 137: 303.31}

# ECMWF's published pressures [hPa] at ps = 1013.25 hPa. Half level n is the lower interface of layer n = 1, 2, ...
HALF = {
    60: {1: 0.2, 2: 0.3843, 10: 4.6462, 20: 39.6029, 25: 104.229, 32: 272.059, 40: 557.973, 50: 897.112, 57: 1002.02},
    91: {30: 51.5086, 50: 218.6172, 59: 381.6144, 69: 656.6129, 79: 899.6602, 89: 1007.4431, 90: 1010.8487},
    137: {10: 0.4288, 50: 57.9834, 66: 137.2703, 80: 265.5556, 96: 517.4198, 110: 795.6396, 136: 1010.8487},
}
FULL = {
    60: {22: 54.6236, 33: 287.6383, 39: 500.0, 50: 884.2660, 58: 1004.6437, 59: 1009.0563, 60: 1012.0494},
    91: {91: 1012.0494},
    137: {51: 59.7721, 80: 259.7553, 96: 507.5021, 117: 888.7066, 136: 1009.5363, 137: 1012.0494},
}


def read(layers):
    ah, bh = np.loadtxt(FOLDER / f"L{layers}.txt", unpack=True)
    return ah, bh


def half_pressure(layers, ps):
    ah, bh = read(layers)
    return ah * P0 + bh * ps


@pytest.mark.parametrize("layers", LAYERS)
def test_header_and_shape(layers):
    lines = (FOLDER / f"L{layers}.txt").read_text(encoding="ascii").splitlines()
    rows = [line for line in lines if not line.startswith("#")]
    assert lines[0].startswith("#") and any(line.startswith("# Source:") for line in lines)
    assert len(rows) == layers + 1
    assert all(len(row.split()) == 2 for row in rows)


@pytest.mark.parametrize("layers", LAYERS)
def test_end_values(layers):
    ah, bh = read(layers)
    assert bh[0] == 0.0
    assert ah[-1] == 0.0
    assert bh[-1] == 1.0
    assert np.all(ah >= 0.0)
    assert np.all(np.diff(bh) >= 0.0)


@pytest.mark.parametrize("layers", LAYERS)
def test_eta_increases(layers):
    ah, bh = read(layers)
    assert np.all(np.diff(ah + bh) > 0.0)


@pytest.mark.parametrize("layers", LAYERS)
def test_layers_have_thickness(layers):
    # The thickness is linear in ps, so that the two ends are enough.
    for ps in (LOWEST_PS[layers] * 100.0, 1100.0e2):
        assert np.all(np.diff(half_pressure(layers, ps)) > 0.0), f"ps = {ps} Pa"


@pytest.mark.parametrize("layers", ECMWF)
def test_ecmwf_layers_fold_below_303_hpa(layers):
    """As published: a level check over 300..1100 hPa refuses these three tables."""
    assert np.any(np.diff(half_pressure(layers, 303.2e2)) <= 0.0)


@pytest.mark.parametrize("layers", LAYERS)
def test_top(layers):
    half = half_pressure(layers, P0)
    assert half[0] == pytest.approx(TOP[layers], abs=5.0e-5)
    if layers in ECMWF:
        assert half[0] == 0.0
        assert half[1] == pytest.approx(SECOND[layers], abs=1.0e-9)


@pytest.mark.parametrize("layers", (26, 30))
def test_lowest_full_level(layers):
    half = half_pressure(layers, P0)
    assert 0.5 * (half[-2] + half[-1]) == pytest.approx(992.556e2, abs=0.05)


def agrees(pressure, published):
    """Within the rounding of a number printed with 4 decimals, or with 6 digits where that is coarser."""
    return abs(pressure / 100.0 - published) <= 1.1 * max(0.5e-4, 0.5e-5 * 10 ** np.floor(np.log10(published)))


@pytest.mark.parametrize("layers", ECMWF)
def test_published_half_levels(layers):
    half = half_pressure(layers, 101325.0)
    for n, published in HALF[layers].items():
        assert agrees(half[n], published), (n, half[n], published)


@pytest.mark.parametrize("layers", ECMWF)
def test_published_full_levels(layers):
    half = half_pressure(layers, 101325.0)
    full = 0.5 * (half[:-1] + half[1:])
    for n, published in FULL[layers].items():
        assert agrees(full[n - 1], published), (n, full[n - 1], published)
